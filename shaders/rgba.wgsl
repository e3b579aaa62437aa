// Pixels for a screen: video in [-1, 1], channels fastest, becomes one word of R, G, B, A a pixel, lowest byte first.

struct Parameters {
    first_workgroup: u32,
    pixels: u32,
}

@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> video: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<u32>;

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
) {
    let i = (p.first_workgroup + group.y * groups.x + group.x) * 256u + index;
    if (i < p.pixels) {
        let colour = vec4<f32>(video[3u * i], video[3u * i + 1u], video[3u * i + 2u], 1.0);
        let bytes = vec4<u32>(round(clamp(colour * 0.5 + 0.5, vec4<f32>(), vec4<f32>(1.0)) * 255.0));
        out[i] = bytes.x | (bytes.y << 8u) | (bytes.z << 16u) | 0xff000000u;
    }
}
