// out[r, c] = normalised(x[r, :])[c] * (scale_base + scale[scale_offset + c]) + shift[shift_offset + c]
//
// Affine layer normalisation has scale_base 0 and its weight and bias as scale and shift; modulation (adaLN) has
// scale_base 1. One workgroup a row.

struct Parameters {
    first_workgroup: u32,
    rows: u32,
    columns: u32,
    scale_offset: u32,
    shift_offset: u32,
    has_scale: u32,
    scale_base: f32,
    epsilon: f32,
}

@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> scale: array<f32>;
@group(0) @binding(3) var<storage, read> shift: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;

const THREADS: u32 = 64u;
var<workgroup> partial: array<f32, 64>;

fn total(value: f32, index: u32) -> f32 {
    partial[index] = value;
    workgroupBarrier();
    for (var stride = THREADS / 2u; stride > 0u; stride /= 2u) {
        if (index < stride) {
            partial[index] += partial[index + stride];
        }
        workgroupBarrier();
    }
    let result = partial[0];
    workgroupBarrier();
    return result;
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
) {
    let row = p.first_workgroup + group.y * groups.x + group.x;
    // Past the last row a workgroup still reaches every barrier; it reads the last row and writes nothing.
    let base = min(row, p.rows - 1u) * p.columns;
    var sum = 0.0;
    for (var c = index; c < p.columns; c += THREADS) {
        sum += x[base + c];
    }
    let mean = total(sum, index) / f32(p.columns);
    var squares = 0.0;
    for (var c = index; c < p.columns; c += THREADS) {
        let centred = x[base + c] - mean;
        squares += centred * centred;
    }
    let inverse = inverseSqrt(total(squares, index) / f32(p.columns) + p.epsilon);
    if (row >= p.rows) {
        return;
    }
    for (var c = index; c < p.columns; c += THREADS) {
        var value = (x[base + c] - mean) * inverse;
        if (p.has_scale == 1u) {
            value = value * (p.scale_base + scale[p.scale_offset + c]) + shift[p.shift_offset + c];
        }
        out[base + c] = value;
    }
}
