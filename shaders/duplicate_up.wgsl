// out = other + DupUp3D(x): the parameter-free shortcut of the residual VAE's decoder. Channels are repeated and spread
// over blocks of factor_frames x factor x factor positions. Channels fastest; `skipped_frames` are left out in front.

struct Parameters {
    first_workgroup: u32,
    elements: u32,
    in_height: u32,
    in_width: u32,
    in_channels: u32,
    out_height: u32,
    out_width: u32,
    out_channels: u32,
    factor_frames: u32,
    factor: u32,
    skipped_frames: u32,
    repeats: u32,
}

@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> other: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

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
    let channel = i % p.out_channels;
    let w = i / p.out_channels % p.out_width;
    let h = i / p.out_channels / p.out_width % p.out_height;
    let t = i / p.out_channels / p.out_width / p.out_height + p.skipped_frames;
    let expanded =
        ((channel * p.factor_frames + t % p.factor_frames) * p.factor + h % p.factor) * p.factor + w % p.factor;
    let position = (t / p.factor_frames * p.in_height + h / p.factor) * p.in_width + w / p.factor;
    out[i] = other[i] + x[position * p.in_channels + expanded / p.repeats];
}
