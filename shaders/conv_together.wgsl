// Where the tiles of a convolution come from.

@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(2) var<storage, read> history: array<f32>;

// Whether each tap is a segment of the inner dimension, so that its place is computed once for all channels. The weight
// must have the channels fastest, and whole vectors of them. Otherwise all taps are one segment.
override SEGMENTED: bool = true;
// Order of the inner dimension in the weight: channels fastest, or, as files store it, taps fastest.
override TAPS_FASTEST: bool = false;

fn product_size() -> ProductSize {
    let positions = p.out_frames * p.out_height * p.out_width;
    if (SEGMENTED) {
        return ProductSize(positions, p.out_channels, taps(), p.in_channels);
    }
    return ProductSize(positions, p.out_channels, 1u, taps() * p.in_channels);
}

fn base_of(row: Row, segment: u32) -> i32 {
    if (SEGMENTED) {
        return tap_base(row, segment);
    }
    return 0;
}

fn x4(row: Row, base: i32, k: u32) -> vec4<f32> {
    if (SEGMENTED) {
        return channels4(base, k);
    }
    if (!TAPS_FASTEST && p.in_channels % 4u == 0u) {
        return channels4(tap_base(row, k / p.in_channels), k % p.in_channels);
    }
    return vec4<f32>(x1(row, k), x1(row, k + 1u), x1(row, k + 2u), x1(row, k + 3u));
}

fn channels4(base: i32, channel: u32) -> vec4<f32> {
    if (base >= 0) {
        let at = u32(base) + channel;
        return vec4<f32>(input[at], input[at + 1u], input[at + 2u], input[at + 3u]);
    }
    if (base == ZERO) {
        return vec4<f32>();
    }
    let at = u32(-2 - base) + channel;
    return vec4<f32>(history[at], history[at + 1u], history[at + 2u], history[at + 3u]);
}

fn x1(row: Row, k: u32) -> f32 {
    if (k >= taps() * p.in_channels) {
        return 0.0;
    }
    var tap = k / p.in_channels;
    var channel = k % p.in_channels;
    if (TAPS_FASTEST) {
        tap = k % taps();
        channel = k / taps();
    }
    let base = tap_base(row, tap);
    if (base >= 0) {
        return input[u32(base) + channel];
    }
    if (base == ZERO) {
        return 0.0;
    }
    return history[u32(-2 - base) + channel];
}
