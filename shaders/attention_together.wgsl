// Attention whose scores are never stored: a workgroup holds 32 queries of one head, walks over the keys 32 at a time and
// rescales its sums as the running maximum grows (Dao et al., FlashAttention, algorithm 1).

@group(0) @binding(1) var<storage, read> q: array<f32>;
@group(0) @binding(2) var<storage, read> k: array<f32>;
@group(0) @binding(3) var<storage, read> v: array<f32>;

// Columns of a head's output that a workgroup computes; a wider head takes several workgroups, which repeat the scores.
const WIDTH: u32 = 128u;
const BLOCK: u32 = 32u;
// One vector more than the 8 that are used, so that rows start in different banks.
const STRIDE4: u32 = 9u;

var<workgroup> q_tile: array<vec4<f32>, 288>;
var<workgroup> k_tile: array<vec4<f32>, 288>;
var<workgroup> weights: array<f32, 1056>;
var<workgroup> row_maximum: array<f32, 32>;
var<workgroup> row_sum: array<f32, 32>;
var<workgroup> row_rescale: array<f32, 32>;

fn element4(base: u32, column: u32, which: u32) -> vec4<f32> {
    var value = vec4<f32>();
    for (var i = 0u; i < 4u; i++) {
        if (column + i < p.head_dim) {
            switch which {
                case 0u: { value[i] = q[base + i]; }
                case 1u: { value[i] = k[base + i]; }
                default: { value[i] = v[base + i]; }
            }
        }
    }
    return value;
}

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
) {
    let linear = p.first_workgroup + group.y * groups.x + group.x;
    let slices = (p.head_dim + WIDTH - 1u) / WIDTH;
    let slice = linear % slices;
    let head = linear / slices % p.heads;
    let first_query = linear / slices / p.heads * BLOCK;
    let first_column = slice * WIDTH;

    // For loads: 32 rows of 8 vectors. For scores: two queries and two keys an invocation. For sums: two queries
    // and eight columns.
    let load_row = index / 8u;
    let load_column = index % 8u * 4u;
    let x = index % 16u;
    let y = index / 16u;

    var sums: array<vec4<f32>, 4>;
    if (index < BLOCK) {
        row_maximum[index] = LOWEST;
        row_sum[index] = 0.0;
    }

    for (var first_key = 0u; first_key < p.keys; first_key += BLOCK) {
        var s = vec4<f32>();
        for (var d = 0u; d < p.head_dim; d += 32u) {
            let column = d + load_column;
            var q4 = vec4<f32>();
            if (first_query + load_row < p.queries) {
                q4 = element4(
                    p.query_offset + (first_query + load_row) * p.query_stride + head * p.head_dim + column, column, 0u);
            }
            var k4 = vec4<f32>();
            if (first_key + load_row < p.keys) {
                k4 = element4(
                    p.key_offset + (first_key + load_row) * p.key_stride + head * p.head_dim + column, column, 1u);
            }
            workgroupBarrier();
            q_tile[load_row * STRIDE4 + index % 8u] = q4;
            k_tile[load_row * STRIDE4 + index % 8u] = k4;
            workgroupBarrier();
            for (var i = 0u; i < 8u; i++) {
                let q0 = q_tile[y * STRIDE4 + i];
                let q1 = q_tile[(y + 16u) * STRIDE4 + i];
                let k0 = k_tile[x * STRIDE4 + i];
                let k1 = k_tile[(x + 16u) * STRIDE4 + i];
                s += vec4<f32>(dot(q0, k0), dot(q0, k1), dot(q1, k0), dot(q1, k1));
            }
        }
        for (var i = 0u; i < 4u; i++) {
            let query = y + 16u * (i / 2u);
            let key = x + 16u * (i % 2u);
            var score = s[i] * p.scale;
            if (p.has_bias == 1u && first_key + key < p.keys && first_query + query < p.queries) {
                score += bias_of(head, first_query + query, first_key + key);
            }
            weights[query * 33u + key] = select(LOWEST, score, first_key + key < p.keys);
        }
        workgroupBarrier();
        if (index < BLOCK) {
            var maximum = row_maximum[index];
            for (var j = 0u; j < BLOCK; j++) {
                maximum = max(maximum, weights[index * 33u + j]);
            }
            let rescale = exp(row_maximum[index] - maximum);
            var total = row_sum[index] * rescale;
            for (var j = 0u; j < BLOCK; j++) {
                var weight = 0.0;
                if (first_key + j < p.keys) {
                    weight = exp(weights[index * 33u + j] - maximum);
                }
                weights[index * 33u + j] = weight;
                total += weight;
            }
            row_maximum[index] = maximum;
            row_sum[index] = total;
            row_rescale[index] = rescale;
        }
        workgroupBarrier();
        let rescale0 = row_rescale[y];
        let rescale1 = row_rescale[y + 16u];
        sums[0] *= rescale0;
        sums[1] *= rescale0;
        sums[2] *= rescale1;
        sums[3] *= rescale1;
        // The columns of the values go through the key tile, 32 at a time.
        for (var d = 0u; d < WIDTH && first_column + d < p.head_dim; d += 32u) {
            let column = first_column + d + load_column;
            var v4 = vec4<f32>();
            if (first_key + load_row < p.keys) {
                v4 = element4(
                    p.value_offset + (first_key + load_row) * p.value_stride + head * p.head_dim + column, column, 2u);
            }
            workgroupBarrier();
            k_tile[load_row * STRIDE4 + index % 8u] = v4;
            workgroupBarrier();
            // Invocation x owns vector x % 8 of the 32-column slices of parity x / 8.
            if (d / 32u % 2u == x / 8u) {
                let at = d / 64u;
                var sum0 = vec4<f32>();
                var sum1 = vec4<f32>();
                for (var j = 0u; j < BLOCK; j++) {
                    let value = k_tile[j * STRIDE4 + x % 8u];
                    sum0 += weights[y * 33u + j] * value;
                    sum1 += weights[(y + 16u) * 33u + j] * value;
                }
                sums[at] += sum0;
                sums[2u + at] += sum1;
            }
        }
        workgroupBarrier();
    }

    for (var r = 0u; r < 2u; r++) {
        let query = first_query + y + 16u * r;
        if (query >= p.queries) {
            continue;
        }
        let inverse = 1.0 / row_sum[y + 16u * r];
        for (var at = 0u; at < 2u; at++) {
            let column = first_column + at * 64u + x / 8u * 32u + x % 8u * 4u;
            for (var i = 0u; i < 4u; i++) {
                if (column + i < p.head_dim && column + i < first_column + WIDTH) {
                    out[(query * p.heads + head) * p.head_dim + column + i] = sums[r * 2u + at][i] * inverse;
                }
            }
        }
    }
}
