// out[r, c] = activate(x[r, c] / divisor(x[r, :]) * weight[c])
//
// divisor is sqrt(mean(x^2) + epsilon), or, where `floor` is set, max(|x|, floor) / sqrt(columns) as the VAE has it
// (torch.nn.functional.normalize).

struct Parameters {
    first_workgroup: u32,
    rows: u32,
    columns: u32,
    activation: u32,
    epsilon: f32,
    floor: f32,
}

@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(INVOCATIONS)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
) {
    let row = row_of(p.first_workgroup + group.y * groups.x + group.x, index);
    // Past the last row an invocation still reaches every barrier; it reads the last row and writes nothing.
    let base = min(row, p.rows - 1u) * p.columns;
    var squares = 0.0;
    for (var c = first_column(index); c < p.columns; c += SHARERS) {
        squares += x[base + c] * x[base + c];
    }
    squares = total(squares, index);
    if (row >= p.rows) {
        return;
    }
    var inverse = inverseSqrt(squares / f32(p.columns) + p.epsilon);
    if (p.floor > 0.0) {
        inverse = sqrt(f32(p.columns)) / max(sqrt(squares), p.floor);
    }
    for (var c = first_column(index); c < p.columns; c += SHARERS) {
        out[base + c] = activate(x[base + c] * inverse * weight[c], p.activation);
    }
}
