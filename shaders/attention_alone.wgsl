// Attention without workgroup memory: every invocation has four queries of one head, walks over the keys 16 at a time and
// rescales its sums as the running maximum grows. As attention_together.wgsl, for devices on which waiting is dear.
// Neighbouring invocations have neighbouring queries and read the same keys and values.
//
// Four rows of queries, keys or values are the columns of a matrix, and so are the scores of four queries with four keys:
// a column a query. Heads, rows and what lies before them are made of whole vectors.

@group(0) @binding(1) var<storage, read> q: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> k: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> v: array<vec4<f32>>;

const INVOCATIONS: u32 = 8u;
const QUERIES: u32 = 4u;
const KEYS: u32 = 16u;
// Columns of a head's output that an invocation computes; a wider head takes several, which repeat the scores. It is Mesa's
// compiler that makes this so few: it takes ten seconds for four times as many.
const WIDTH: u32 = 32u;

const FOUR: vec4<u32> = vec4<u32>(0u, 1u, 2u, 3u);

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
    let query = linear / slices / p.heads * INVOCATIONS * QUERIES + index + INVOCATIONS * FOUR;
    if (query.x >= p.queries) {
        return;
    }
    // Queries and keys past the last one are read as the last one; the queries are not stored, the keys weigh nothing.
    let some_query = min(query, vec4<u32>(p.queries - 1u));
    let query_at = (p.query_offset + some_query * p.query_stride + head * p.head_dim) / 4u;
    let vectors = p.head_dim / 4u;
    let first_vector = first_column / 4u;
    let end_vector = min(first_vector + WIDTH / 4u, vectors);

    var sums: array<mat4x4<f32>, 8>;
    var maximum = vec4<f32>(LOWEST);
    var total = vec4<f32>();
    for (var first_key = 0u; first_key < p.keys; first_key += KEYS) {
        let key0 = min(first_key + FOUR, vec4<u32>(p.keys - 1u));
        let key1 = min(first_key + FOUR + 4u, vec4<u32>(p.keys - 1u));
        let key2 = min(first_key + FOUR + 8u, vec4<u32>(p.keys - 1u));
        let key3 = min(first_key + FOUR + 12u, vec4<u32>(p.keys - 1u));
        let key_at0 = (p.key_offset + key0 * p.key_stride + head * p.head_dim) / 4u;
        let key_at1 = (p.key_offset + key1 * p.key_stride + head * p.head_dim) / 4u;
        let key_at2 = (p.key_offset + key2 * p.key_stride + head * p.head_dim) / 4u;
        let key_at3 = (p.key_offset + key3 * p.key_stride + head * p.head_dim) / 4u;
        var products0 = mat4x4<f32>();
        var products1 = mat4x4<f32>();
        var products2 = mat4x4<f32>();
        var products3 = mat4x4<f32>();
        for (var i = 0u; i < vectors; i++) {
            let queries = mat4x4<f32>(q[query_at.x + i], q[query_at.y + i], q[query_at.z + i], q[query_at.w + i]);
            products0 += transpose(keys_of(key_at0 + i)) * queries;
            products1 += transpose(keys_of(key_at1 + i)) * queries;
            products2 += transpose(keys_of(key_at2 + i)) * queries;
            products3 += transpose(keys_of(key_at3 + i)) * queries;
        }
        let scores0 = scores_of(products0, head, some_query, first_key);
        let scores1 = scores_of(products1, head, some_query, first_key + 4u);
        let scores2 = scores_of(products2, head, some_query, first_key + 8u);
        let scores3 = scores_of(products3, head, some_query, first_key + 12u);
        let larger = max(
            maximum,
            max(max(largest_of(scores0), largest_of(scores1)), max(largest_of(scores2), largest_of(scores3))));
        let rescale = exp(maximum - larger);
        maximum = larger;
        let weights0 = weights_of(scores0, larger);
        let weights1 = weights_of(scores1, larger);
        let weights2 = weights_of(scores2, larger);
        let weights3 = weights_of(scores3, larger);
        total = total * rescale + vec4<f32>(1.0) * (weights0 + weights1 + weights2 + weights3);
        let value_at0 = (p.value_offset + key0 * p.value_stride + head * p.head_dim) / 4u;
        let value_at1 = (p.value_offset + key1 * p.value_stride + head * p.head_dim) / 4u;
        let value_at2 = (p.value_offset + key2 * p.value_stride + head * p.head_dim) / 4u;
        let value_at3 = (p.value_offset + key3 * p.value_stride + head * p.head_dim) / 4u;
        for (var i = first_vector; i < end_vector; i++) {
            let before = sums[i - first_vector];
            sums[i - first_vector] = mat4x4<f32>(
                    before[0] * rescale.x, before[1] * rescale.y, before[2] * rescale.z, before[3] * rescale.w)
                + values_of(value_at0 + i) * weights0
                + values_of(value_at1 + i) * weights1
                + values_of(value_at2 + i) * weights2
                + values_of(value_at3 + i) * weights3;
        }
    }
    for (var i = first_vector; i < end_vector; i++) {
        let sum = sums[i - first_vector];
        for (var n = 0u; n < QUERIES && query[n] < p.queries; n++) {
            for (var c = 0u; c < 4u; c++) {
                out[(query[n] * p.heads + head) * p.head_dim + 4u * i + c] = sum[n][c] / total[n];
            }
        }
    }
}

fn keys_of(at: vec4<u32>) -> mat4x4<f32> {
    return mat4x4<f32>(k[at.x], k[at.y], k[at.z], k[at.w]);
}

fn values_of(at: vec4<u32>) -> mat4x4<f32> {
    return mat4x4<f32>(v[at.x], v[at.y], v[at.z], v[at.w]);
}

// Scores of four queries with the four keys from `first_key` on, from the products of their rows.
fn scores_of(products: mat4x4<f32>, head: u32, query: vec4<u32>, first_key: u32) -> mat4x4<f32> {
    var scores = products * p.scale;
    let key = first_key + FOUR;
    if (p.has_bias == 1u) {
        let some_key = min(key, vec4<u32>(p.keys - 1u));
        var biases: array<vec4<f32>, 4>;
        for (var i = 0u; i < 16u; i++) {
            biases[i / 4u][i % 4u] = bias_of(head, query[i / 4u], some_key[i % 4u]);
        }
        scores += mat4x4<f32>(biases[0], biases[1], biases[2], biases[3]);
    }
    let lowest = vec4<f32>(LOWEST);
    let is_key = key < vec4<u32>(p.keys);
    return mat4x4<f32>(
        select(lowest, scores[0], is_key),
        select(lowest, scores[1], is_key),
        select(lowest, scores[2], is_key),
        select(lowest, scores[3], is_key));
}

fn largest_of(scores: mat4x4<f32>) -> vec4<f32> {
    let keys = transpose(scores);
    return max(max(keys[0], keys[1]), max(keys[2], keys[3]));
}

fn weights_of(scores: mat4x4<f32>, maximum: vec4<f32>) -> mat4x4<f32> {
    return mat4x4<f32>(
        exp(scores[0] - maximum.x),
        exp(scores[1] - maximum.y),
        exp(scores[2] - maximum.z),
        exp(scores[3] - maximum.w));
}
