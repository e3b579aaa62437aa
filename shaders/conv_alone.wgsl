// A convolution of whole vectors of channels, which are fastest in its weight: each tap is a segment.

@group(0) @binding(1) var<storage, read> input: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> history: array<vec4<f32>>;

override HAS_HISTORY: bool = true;

fn product_size() -> ProductSize {
    return ProductSize(p.out_frames * p.out_height * p.out_width, p.out_channels, taps(), p.in_channels);
}

fn base_of(row: Row, segment: u32) -> i32 {
    return tap_base(row, segment);
}

fn x4(base: i32, k: u32) -> vec4<f32> {
    if (HAS_HISTORY && base < ZERO) {
        return history[(u32(-2 - base) + k) / 4u];
    }
    return select(vec4<f32>(), input[(u32(max(base, 0)) + k) / 4u], base >= 0);
}
