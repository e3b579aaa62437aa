// out[r, c] = activate(x[r, c] / divisor(x[r, :]) * weight[c])
//
// divisor is sqrt(mean(x^2) + epsilon), or, where `floor` is set, max(|x|, floor) / sqrt(columns) as the VAE has it
// (torch.nn.functional.normalize). One workgroup a row.

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
    var squares = 0.0;
    for (var c = index; c < p.columns; c += THREADS) {
        squares += x[base + c] * x[base + c];
    }
    partial[index] = squares;
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
    var inverse = inverseSqrt(partial[0] / f32(p.columns) + p.epsilon);
    if (p.floor > 0.0) {
        inverse = sqrt(f32(p.columns)) / max(sqrt(partial[0]), p.floor);
    }
    for (var c = index; c < p.columns; c += THREADS) {
        out[base + c] = activate(x[base + c] * inverse * weight[c], p.activation);
    }
}
