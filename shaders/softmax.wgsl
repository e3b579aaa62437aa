// out[r, :] = softmax(x[r, :]). One workgroup a row.

struct Parameters {
    first_workgroup: u32,
    rows: u32,
    columns: u32,
}

@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;

const THREADS: u32 = 64u;
var<workgroup> partial: array<f32, 64>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
) {
    let row = p.first_workgroup + group.y * groups.x + group.x;
    // Past the last row a workgroup still reaches every barrier; it reads the last row and writes nothing.
    let base = min(row, p.rows - 1u) * p.columns;
    var maximum = -3.0e38;
    for (var c = index; c < p.columns; c += THREADS) {
        maximum = max(maximum, x[base + c]);
    }
    partial[index] = maximum;
    workgroupBarrier();
    for (var stride = THREADS / 2u; stride > 0u; stride /= 2u) {
        if (index < stride) {
            partial[index] = max(partial[index], partial[index + stride]);
        }
        workgroupBarrier();
    }
    maximum = partial[0];
    workgroupBarrier();
    var sum = 0.0;
    for (var c = index; c < p.columns; c += THREADS) {
        sum += exp(x[base + c] - maximum);
    }
    partial[index] = sum;
    workgroupBarrier();
    for (var stride = THREADS / 2u; stride > 0u; stride /= 2u) {
        if (index < stride) {
            partial[index] += partial[index + stride];
        }
        workgroupBarrier();
    }
    if (row >= p.rows) {
        return;
    }
    for (var c = index; c < p.columns; c += THREADS) {
        out[base + c] = exp(x[base + c] - maximum) / partial[0];
    }
}
