// out = other + AvgDown3D(x): the parameter-free shortcut of the residual VAE's encoder. Blocks of factor_frames x
// factor x factor positions become channels, and groups of channels are averaged. Channels fastest; missing frames in
// front are zero.

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
    missing_frames: u32,
    group: u32,
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
    let t = i / p.out_channels / p.out_width / p.out_height;
    var sum = 0.0;
    for (var g = 0u; g < p.group; g++) {
        let expanded = channel * p.group + g;
        let column = w * p.factor + expanded % p.factor;
        let row = h * p.factor + expanded / p.factor % p.factor;
        let frame = t * p.factor_frames + expanded / p.factor / p.factor % p.factor_frames;
        let source = expanded / p.factor / p.factor / p.factor_frames;
        if (frame >= p.missing_frames) {
            let position = ((frame - p.missing_frames) * p.in_height + row) * p.in_width + column;
            sum += x[position * p.in_channels + source];
        }
    }
    out[i] = other[i] + sum / f32(p.group);
}
