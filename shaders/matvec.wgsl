// A linear layer on few rows: one workgroup of 64 invocations computes one column of weight for up to 4 rows of x,
// the invocations share K.

@group(0) @binding(1) var<storage, read> x: array<f32>;

const THREADS: u32 = 64u;
var<workgroup> partial: array<vec4<f32>, 64>;

fn x_at(row: u32, k: u32) -> f32 {
    if (row < p.rows && k < p.inner) {
        return x[row * p.inner + k];
    }
    return 0.0;
}

fn x4(row: u32, k: u32) -> vec4<f32> {
    return vec4<f32>(x_at(row, k), x_at(row, k + 1u), x_at(row, k + 2u), x_at(row, k + 3u));
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
) {
    let linear = p.first_workgroup + group.y * groups.x + group.x;
    let column = linear % p.columns;
    let first_row = linear / p.columns * 4u;
    var sum = vec4<f32>();
    for (var k = 4u * index; k < p.inner; k += 4u * THREADS) {
        let w = weight4(column, k, p.inner);
        sum += vec4<f32>(
            dot(x4(first_row, k), w),
            dot(x4(first_row + 1u, k), w),
            dot(x4(first_row + 2u, k), w),
            dot(x4(first_row + 3u, k), w));
    }
    partial[index] = sum;
    workgroupBarrier();
    for (var stride = THREADS / 2u; stride > 0u; stride /= 2u) {
        if (index < stride) {
            partial[index] += partial[index + stride];
        }
        workgroupBarrier();
    }
    let row = first_row + index;
    if (index < 4u && row < p.rows) {
        store(row, column, partial[0][index]);
    }
}
