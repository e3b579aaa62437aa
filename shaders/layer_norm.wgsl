// out[r, c] = normalised(x[r, :])[c] * (scale_base + scale[scale_offset + c]) + shift[shift_offset + c]
//
// Affine layer normalisation has scale_base 0 and its weight and bias as scale and shift; modulation (adaLN) has
// scale_base 1.

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

@compute @workgroup_size(INVOCATIONS)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
) {
    let row = row_of(p.first_workgroup + group.y * groups.x + group.x, index);
    // Past the last row an invocation still reaches every barrier; it reads the last row and writes nothing.
    let base = min(row, p.rows - 1u) * p.columns;
    var sum = 0.0;
    for (var c = first_column(index); c < p.columns; c += SHARERS) {
        sum += x[base + c];
    }
    let mean = total(sum, index) / f32(p.columns);
    var squares = 0.0;
    for (var c = first_column(index); c < p.columns; c += SHARERS) {
        let centred = x[base + c] - mean;
        squares += centred * centred;
    }
    let inverse = inverseSqrt(total(squares, index) / f32(p.columns) + p.epsilon);
    if (row >= p.rows) {
        return;
    }
    for (var c = first_column(index); c < p.columns; c += SHARERS) {
        var value = (x[base + c] - mean) * inverse;
        if (p.has_scale == 1u) {
            value = value * (p.scale_base + scale[p.scale_offset + c]) + shift[p.shift_offset + c];
        }
        out[base + c] = value;
    }
}
