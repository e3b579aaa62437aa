// Convolution over time, height and width as an implicit matrix product:
// out[T', H', W', N] = combine(activate(conv(input[T, H, W, C]) + bias[N]), other[T', H', W', N])
//
// Channels are the fastest dimension of activations. Rows of the product are output positions, columns output channels,
// and the inner dimension runs over the taps of the kernel and the input channels. Positions
// outside of the picture are zero. Frames before the first are read from `history` (the causal cache) where it has
// them, and are zero otherwise. With `upsample` 2 the input is seen enlarged to its nearest neighbours. Prepended to its
// two forms, which declare input and history, bindings 1 and 2.

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
@group(0) @binding(3) var<storage, read> weight_data: array<u32>;
@group(0) @binding(4) var<storage, read> weight_scales: array<u32>;
@group(0) @binding(5) var<storage, read> bias: array<f32>;
@group(0) @binding(6) var<storage, read> other: array<f32>;
@group(0) @binding(7) var<storage, read_write> out: array<f32>;

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
// Frames of the history are counted from its end. Without branches: SwiftShader's compiler chokes on eight copies of them.
fn tap_base(row: Row, tap: u32) -> i32 {
    let kernel_area = p.kernel_height * p.kernel_width;
    let t = row.frame + i32(tap / kernel_area);
    let h = row.row + i32(tap % kernel_area / p.kernel_width);
    let w = row.column + i32(tap % p.kernel_width);
    let height = i32(p.in_height * p.upsample);
    let width = i32(p.in_width * p.upsample);
    let in_picture = (h >= 0) & (h < height) & (w >= 0) & (w < width);
    let in_history = t < 0;
    let frame = select(t, t + i32(p.history_frames), in_history);
    let in_time = (frame >= 0) & (t < i32(p.in_frames));
    let doubled = p.upsample - 1u;
    let pixel = (h >> doubled) * i32(p.in_width) + (w >> doubled);
    let at = (frame * i32(p.in_height * p.in_width) + pixel) * i32(p.in_channels);
    return select(ZERO, select(at, -2 - at, in_history), row.inside & in_picture & in_time);
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
