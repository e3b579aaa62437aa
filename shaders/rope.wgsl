// Rotary position embedding in place: pair (2i, 2i + 1) of every head of token n is turned by the angle whose cosine and
// sine stand in table[n, i].

struct Parameters {
    first_workgroup: u32,
    tokens: u32,
    heads: u32,
    head_dim: u32,
}

@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> table: array<vec2<f32>>;
@group(0) @binding(2) var<storage, read_write> x: array<vec2<f32>>;

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
) {
    let i = (p.first_workgroup + group.y * groups.x + group.x) * 256u + index;
    let pairs = p.head_dim / 2u;
    let row = pairs * p.heads;
    if (i >= p.tokens * row) {
        return;
    }
    let turn = table[i / row * pairs + i % pairs];
    let value = x[i];
    x[i] = vec2<f32>(value.x * turn.x - value.y * turn.y, value.x * turn.y + value.y * turn.x);
}
