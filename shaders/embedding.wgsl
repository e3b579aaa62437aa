// out[t, :] = table[ids[t], :]

struct Parameters {
    first_workgroup: u32,
    tokens: u32,
    columns: u32,
}

@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> ids: array<u32>;
@group(0) @binding(2) var<storage, read> weight_data: array<u32>;
@group(0) @binding(3) var<storage, read> weight_scales: array<u32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
) {
    let token = p.first_workgroup + group.y * groups.x + group.x;
    if (token >= p.tokens) {
        return;
    }
    for (var c = 4u * index; c < p.columns; c += 256u) {
        let values = weight4(ids[token], c, p.columns);
        for (var i = 0u; i < 4u && c + i < p.columns; i++) {
            out[token * p.columns + c + i] = values[i];
        }
    }
}
