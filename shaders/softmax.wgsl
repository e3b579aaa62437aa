// out[r, :] = softmax(x[r, :])

struct Parameters {
    first_workgroup: u32,
    rows: u32,
    columns: u32,
}

@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(INVOCATIONS)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
) {
    let row = row_of(p.first_workgroup + group.y * groups.x + group.x, index);
    // Past the last row an invocation still reaches every barrier; it reads the last row and writes nothing.
    let base = min(row, p.rows - 1u) * p.columns;
    var maximum = -3.0e38;
    for (var c = first_column(index); c < p.columns; c += SHARERS) {
        maximum = max(maximum, x[base + c]);
    }
    maximum = largest(maximum, index);
    var sum = 0.0;
    for (var c = first_column(index); c < p.columns; c += SHARERS) {
        sum += exp(x[base + c] - maximum);
    }
    sum = total(sum, index);
    if (row >= p.rows) {
        return;
    }
    for (var c = first_column(index); c < p.columns; c += SHARERS) {
        out[base + c] = exp(x[base + c] - maximum) / sum;
    }
}
