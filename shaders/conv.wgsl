// Convolution over time, height and width as an implicit matrix product:
// out[T', H', W', N] = combine(activate(conv(input[T, H, W, C]) + bias[N]), other[T', H', W', N])
//
// Channels are the fastest dimension of activations. Rows of the product are output positions, columns output channels,
// and the inner dimension runs over the taps of the kernel and the input channels; tiles as in matmul. Positions
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

override SIDE: u32 = 16u;
// Order of the inner dimension in the weight: channels fastest, or, as files store it, taps fastest.
override TAPS_FASTEST: bool = false;
const TILE_K4: u32 = 8u;

var<workgroup> x_tile: array<vec4<f32>, 512>;
var<workgroup> w_tile: array<vec4<f32>, 512>;

struct Position {
    inside: bool,
    frame: i32,
    row: i32,
    column: i32,
}

// Where the kernel's first tap lies for an output position.
fn origin(position: u32) -> Position {
    let area = p.out_height * p.out_width;
    let t = position / area;
    let h = position % area / p.out_width;
    let w = position % p.out_width;
    return Position(
        t < p.out_frames,
        i32(t * p.stride_frames) - i32(p.pad_frames),
        i32(h * p.stride) - i32(p.pad),
        i32(w * p.stride) - i32(p.pad));
}

// Index of channel 0 under a tap, in elements; -1 for zero padding. Frames of the history are counted from its end.
fn tap_index(from_origin: Position, tap: u32) -> vec2<i32> {
    let kernel_area = p.kernel_height * p.kernel_width;
    let t = from_origin.frame + i32(tap / kernel_area);
    let h = from_origin.row + i32(tap % kernel_area / p.kernel_width);
    let w = from_origin.column + i32(tap % p.kernel_width);
    let height = i32(p.in_height * p.upsample);
    let width = i32(p.in_width * p.upsample);
    if (!from_origin.inside || h < 0 || h >= height || w < 0 || w >= width || t >= i32(p.in_frames)) {
        return vec2<i32>(-1, 0);
    }
    let pixel = h / i32(p.upsample) * i32(p.in_width) + w / i32(p.upsample);
    let area = i32(p.in_height * p.in_width);
    if (t >= 0) {
        return vec2<i32>((t * area + pixel) * i32(p.in_channels), 0);
    }
    let past = t + i32(p.history_frames);
    if (past < 0) {
        return vec2<i32>(-1, 0);
    }
    return vec2<i32>((past * area + pixel) * i32(p.in_channels), 1);
}

fn load(at: vec2<i32>, channel: u32) -> f32 {
    if (at.x < 0) {
        return 0.0;
    }
    let index = u32(at.x) + channel;
    if (at.y == 0) {
        return input[index];
    }
    return history[index];
}

fn x1(from_origin: Position, k: u32, taps: u32) -> f32 {
    if (k >= taps * p.in_channels) {
        return 0.0;
    }
    if (TAPS_FASTEST) {
        return load(tap_index(from_origin, k % taps), k / taps);
    }
    return load(tap_index(from_origin, k / p.in_channels), k % p.in_channels);
}

fn x4(from_origin: Position, k: u32, taps: u32) -> vec4<f32> {
    if (!TAPS_FASTEST && p.in_channels % 4u == 0u) {
        if (k >= taps * p.in_channels) {
            return vec4<f32>();
        }
        let at = tap_index(from_origin, k / p.in_channels);
        let channel = k % p.in_channels;
        return vec4<f32>(
            load(at, channel), load(at, channel + 1u), load(at, channel + 2u), load(at, channel + 3u));
    }
    return vec4<f32>(
        x1(from_origin, k, taps),
        x1(from_origin, k + 1u, taps),
        x1(from_origin, k + 2u, taps),
        x1(from_origin, k + 3u, taps));
}

@compute @workgroup_size(SIDE, SIDE)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_id) local: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
) {
    let tile = 4u * SIDE;
    let taps = p.kernel_frames * p.kernel_height * p.kernel_width;
    let inner = taps * p.in_channels;
    let column_tiles = (p.out_channels + tile - 1u) / tile;
    let linear = p.first_workgroup + group.y * groups.x + group.x;
    let first_row = linear / column_tiles * tile;
    let first_column = linear % column_tiles * tile;

    // The rows that an invocation loads are the same at every step of K.
    let loads = tile * TILE_K4 / (SIDE * SIDE);
    var origins: array<Position, 4>;
    for (var j = 0u; j < loads; j++) {
        origins[j] = origin(first_row + (index + j * SIDE * SIDE) / TILE_K4);
    }

    var sum: array<vec4<f32>, 4>;
    for (var k = 0u; k < inner; k += 4u * TILE_K4) {
        for (var j = 0u; j < loads; j++) {
            let i = index + j * SIDE * SIDE;
            let row = i / TILE_K4;
            let k4 = i % TILE_K4;
            x_tile[k4 * tile + row] = x4(origins[j], k + 4u * k4, taps);
            var w = vec4<f32>();
            if (first_column + row < p.out_channels && k + 4u * k4 < inner) {
                w = weight4(first_column + row, k + 4u * k4, inner);
            }
            w_tile[k4 * tile + row] = w;
        }
        workgroupBarrier();
        for (var k4 = 0u; k4 < TILE_K4; k4++) {
            let base = k4 * tile;
            let w0 = w_tile[base + local.x];
            let w1 = w_tile[base + local.x + SIDE];
            let w2 = w_tile[base + local.x + 2u * SIDE];
            let w3 = w_tile[base + local.x + 3u * SIDE];
            for (var r = 0u; r < 4u; r++) {
                let a = x_tile[base + local.y + r * SIDE];
                sum[r] += vec4<f32>(dot(a, w0), dot(a, w1), dot(a, w2), dot(a, w3));
            }
        }
        workgroupBarrier();
    }

    let positions = p.out_frames * p.out_height * p.out_width;
    for (var r = 0u; r < 4u; r++) {
        let row = first_row + local.y + r * SIDE;
        for (var c = 0u; c < 4u; c++) {
            let column = first_column + local.x + c * SIDE;
            if (row < positions && column < p.out_channels) {
                store(row, column, sum[r][c]);
            }
        }
    }
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
