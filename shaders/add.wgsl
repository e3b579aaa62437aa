// out[i] = x[i] + y[i % period]: a residual sum, or the same vector added to every row

struct Parameters {
    first_workgroup: u32,
    elements: u32,
    period: u32,
}

@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> y: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
) {
    let i = (p.first_workgroup + group.y * groups.x + group.x) * 256u + index;
    if (i < p.elements) {
        out[i] = x[i] + y[i % p.period];
    }
}
