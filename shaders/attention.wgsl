// Bindings of attention. Prepended to its kernels, which declare q, k and v, bindings 1 to 3:
// out[i, h, :] = sum_j softmax_j(scale * q[i, h, :] . k[j, h, :] + bias[h, j - i]) v[j, h, :]
//
// Rows are tokens; the heads of a token lie one after the other in its row.

struct Parameters {
    first_workgroup: u32,
    queries: u32,
    keys: u32,
    heads: u32,
    head_dim: u32,
    query_stride: u32,
    key_stride: u32,
    value_stride: u32,
    query_offset: u32,
    key_offset: u32,
    value_offset: u32,
    has_bias: u32,
    scale: f32,
}

@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(4) var<storage, read> bias: array<f32>;
@group(0) @binding(5) var<storage, read_write> out: array<f32>;

const LOWEST: f32 = -3.0e38;

fn bias_of(head: u32, query: u32, key: u32) -> f32 {
    return bias[head * (p.queries + p.keys - 1u) + key + p.queries - 1u - query];
}
