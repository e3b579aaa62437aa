// Attention without workgroup memory: every invocation has one query of one head, walks over the keys and rescales its
// sums as the running maximum grows. As attention_together.wgsl, for devices on which waiting is dear. Neighbouring
// invocations have neighbouring queries and read the same keys and values.

const INVOCATIONS: u32 = 8u;

// Four columns of a row that begins at `base`, zeros beyond the head; one function a binding.
fn q4(base: u32, column: u32) -> vec4<f32> {
    let at = base + column;
    if (column + 4u <= p.head_dim) {
        return vec4<f32>(q[at], q[at + 1u], q[at + 2u], q[at + 3u]);
    }
    var value = vec4<f32>(q[at], 0.0, 0.0, 0.0);
    if (column + 1u < p.head_dim) { value.y = q[at + 1u]; }
    if (column + 2u < p.head_dim) { value.z = q[at + 2u]; }
    return value;
}

fn k4(base: u32, column: u32) -> vec4<f32> {
    let at = base + column;
    if (column + 4u <= p.head_dim) {
        return vec4<f32>(k[at], k[at + 1u], k[at + 2u], k[at + 3u]);
    }
    var value = vec4<f32>(k[at], 0.0, 0.0, 0.0);
    if (column + 1u < p.head_dim) { value.y = k[at + 1u]; }
    if (column + 2u < p.head_dim) { value.z = k[at + 2u]; }
    return value;
}

fn v4(base: u32, column: u32) -> vec4<f32> {
    let at = base + column;
    if (column + 4u <= p.head_dim) {
        return vec4<f32>(v[at], v[at + 1u], v[at + 2u], v[at + 3u]);
    }
    var value = vec4<f32>(v[at], 0.0, 0.0, 0.0);
    if (column + 1u < p.head_dim) { value.y = v[at + 1u]; }
    if (column + 2u < p.head_dim) { value.z = v[at + 2u]; }
    return value;
}

@compute @workgroup_size(INVOCATIONS)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
) {
    let linear = p.first_workgroup + group.y * groups.x + group.x;
    let slices = (p.head_dim + WIDTH - 1u) / WIDTH;
    let first_column = linear % slices * WIDTH;
    let head = linear / slices % p.heads;
    let query = linear / slices / p.heads * INVOCATIONS + index;
    if (query >= p.queries) {
        return;
    }
    let end_column = min(first_column + WIDTH, p.head_dim);
    let query_base = p.query_offset + query * p.query_stride + head * p.head_dim;

    var sums: array<vec4<f32>, 32>;
    for (var i = 0u; i < 32u; i++) {
        sums[i] = vec4<f32>();
    }
    var maximum = LOWEST;
    var total = 0.0;
    // Four keys at a time; past the last one it is read again and weighs nothing.
    for (var first_key = 0u; first_key < p.keys; first_key += 4u) {
        let key = min(first_key + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(p.keys - 1u));
        let key_base = p.key_offset + key * p.key_stride + head * p.head_dim;
        var scores = vec4<f32>();
        for (var column = 0u; column < p.head_dim; column += 4u) {
            let keys = mat4x4<f32>(
                k4(key_base.x, column), k4(key_base.y, column), k4(key_base.z, column), k4(key_base.w, column));
            scores += q4(query_base, column) * keys;
        }
        scores *= p.scale;
        if (p.has_bias == 1u) {
            scores += vec4<f32>(
                bias_of(head, query, key.x), bias_of(head, query, key.y),
                bias_of(head, query, key.z), bias_of(head, query, key.w));
        }
        scores = select(vec4<f32>(LOWEST), scores, first_key + vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(p.keys));
        let larger = max(max(max(scores.x, scores.y), max(scores.z, scores.w)), maximum);
        let rescale = exp(maximum - larger);
        let weights = exp(scores - larger);
        maximum = larger;
        total = total * rescale + dot(weights, vec4<f32>(1.0));
        let value_base = p.value_offset + key * p.value_stride + head * p.head_dim;
        for (var column = first_column; column < end_column; column += 4u) {
            let values = mat4x4<f32>(
                v4(value_base.x, column), v4(value_base.y, column), v4(value_base.z, column), v4(value_base.w, column));
            let at = (column - first_column) / 4u;
            sums[at] = sums[at] * rescale + values * weights;
        }
    }
    for (var column = first_column; column < end_column; column++) {
        let at = column - first_column;
        out[(query * p.heads + head) * p.head_dim + column] = sums[at / 4u][at % 4u] / total;
    }
}
