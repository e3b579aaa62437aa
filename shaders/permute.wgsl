// A strided gather: out, contiguous with up to 8 dimensions, reads input at sum(index[d] * stride[d]). It is
// patchify and unpatchify, the change between channels first and last, and the interleaving of doubled frames.

struct Parameters {
    first_workgroup: u32,
    elements: u32,
    sizes: array<vec4<u32>, 2>,
    strides: array<vec4<u32>, 2>,
}

@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
) {
    let i = (p.first_workgroup + group.y * groups.x + group.x) * 256u + index;
    if (i >= p.elements) {
        return;
    }
    var rest = i;
    var at = 0u;
    for (var d = 8u; d > 0u; d--) {
        let size = p.sizes[(d - 1u) / 4u][(d - 1u) % 4u];
        at += rest % size * p.strides[(d - 1u) / 4u][(d - 1u) % 4u];
        rest /= size;
    }
    out[i] = input[at];
}
