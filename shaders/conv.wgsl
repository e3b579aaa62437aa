// Convolution over time, height and width as an implicit matrix product:
// out[T', H', W', N] = combine(activate(conv(input[T, H, W, C]) + bias[N]), other[T', H', W', N])
//
// Channels are the fastest dimension of activations. Rows of the product are output positions, columns output channels,
// and the inner dimension runs over the taps of the kernel and the input channels. Positions
// outside of the picture are zero. Frames before the first are read from `history` (the causal cache) where it has
// them, and are zero otherwise. With `upsample` 2 the input is seen enlarged to its nearest neighbours.

struct Parameters {
    first_workgroup: u32,
    in_frames: u32,
    in_height: u32,
    in_width: u32,
    in_channels: u32,
    out_frames: u32,
    out_height: u32,
    out_width: u32,
    out_channels: u32,
    kernel_frames: u32,
    kernel_height: u32,
    kernel_width: u32,
    stride_frames: u32,
    stride: u32,
    pad_frames: u32,
    pad: u32,
    history_frames: u32,
    upsample: u32,
    activation: u32,
    epilogue: u32,
    has_bias: u32,
}

@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(2) var<storage, read> history: array<f32>;
@group(0) @binding(3) var<storage, read> weight_data: array<u32>;
@group(0) @binding(4) var<storage, read> weight_scales: array<u32>;
@group(0) @binding(5) var<storage, read> bias: array<f32>;
@group(0) @binding(6) var<storage, read> other: array<f32>;
@group(0) @binding(7) var<storage, read_write> out: array<f32>;

// Whether each tap is a segment of the inner dimension, so that its place is computed once for all channels. The weight
// must have the channels fastest, and whole vectors of them. Otherwise all taps are one segment.
override SEGMENTED: bool = true;
// Order of the inner dimension in the weight: channels fastest, or, as files store it, taps fastest.
override TAPS_FASTEST: bool = false;

// An output position: where the kernel's first tap lies for it.
struct Row {
    inside: bool,
    frame: i32,
    row: i32,
    column: i32,
}

fn taps() -> u32 {
    return p.kernel_frames * p.kernel_height * p.kernel_width;
}

fn product_size() -> ProductSize {
    let positions = p.out_frames * p.out_height * p.out_width;
    if (SEGMENTED) {
        return ProductSize(positions, p.out_channels, taps(), p.in_channels);
    }
    return ProductSize(positions, p.out_channels, 1u, taps() * p.in_channels);
}

fn row_at(position: u32) -> Row {
    let area = p.out_height * p.out_width;
    let t = position / area;
    let h = position % area / p.out_width;
    let w = position % p.out_width;
    return Row(
        t < p.out_frames,
        i32(t * p.stride_frames) - i32(p.pad_frames),
        i32(h * p.stride) - i32(p.pad),
        i32(w * p.stride) - i32(p.pad));
}

const ZERO: i32 = -1;

// Where channel 0 under a tap lies: in the input from 0 on; ZERO for padding; in the history from -2 on downwards.
// Frames of the history are counted from its end.
fn tap_base(row: Row, tap: u32) -> i32 {
    let kernel_area = p.kernel_height * p.kernel_width;
    let t = row.frame + i32(tap / kernel_area);
    let h = row.row + i32(tap % kernel_area / p.kernel_width);
    let w = row.column + i32(tap % p.kernel_width);
    let height = i32(p.in_height * p.upsample);
    let width = i32(p.in_width * p.upsample);
    if (!row.inside || h < 0 || h >= height || w < 0 || w >= width || t >= i32(p.in_frames)) {
        return ZERO;
    }
    let pixel = h / i32(p.upsample) * i32(p.in_width) + w / i32(p.upsample);
    let area = i32(p.in_height * p.in_width);
    if (t >= 0) {
        return (t * area + pixel) * i32(p.in_channels);
    }
    let past = t + i32(p.history_frames);
    if (past < 0) {
        return ZERO;
    }
    return -2 - (past * area + pixel) * i32(p.in_channels);
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

fn store(row: u32, column: u32, sum: f32) {
    var value = sum;
    if (p.has_bias == 1u) {
        value += bias[column];
    }
    value = activate(value, p.activation);
    let at = row * p.out_channels + column;
    if (p.epilogue == STORE) {
        out[at] = value;
    } else {
        out[at] = combine(value, p.epilogue, other[at], 0.0);
    }
}
