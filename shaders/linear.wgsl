// Bindings and epilogue of a linear layer: out[M, N] = combine(activate(x[M, K] . weight[N, K]^T + bias[N]), other[M, N],
// gate[N]). Prepended to the kernels that compute it, which declare x, binding 1.

struct Parameters {
    first_workgroup: u32,
    rows: u32,
    columns: u32,
    inner: u32,
    activation: u32,
    epilogue: u32,
    has_bias: u32,
    gate_offset: u32,
}

@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(2) var<storage, read> weight_data: array<u32>;
@group(0) @binding(3) var<storage, read> weight_scales: array<u32>;
@group(0) @binding(4) var<storage, read> bias: array<f32>;
@group(0) @binding(5) var<storage, read> other: array<f32>;
@group(0) @binding(6) var<storage, read> gate: array<f32>;
@group(0) @binding(7) var<storage, read_write> out: array<f32>;

fn store(row: u32, column: u32, sum: f32) {
    var value = sum;
    if (p.has_bias == 1u) {
        value += bias[column];
    }
    value = activate(value, p.activation);
    let at = row * p.columns + column;
    if (p.epilogue == STORE) {
        out[at] = value;
    } else if (p.epilogue == ADD_GATED) {
        out[at] = combine(value, p.epilogue, other[at], gate[p.gate_offset + column]);
    } else {
        out[at] = combine(value, p.epilogue, other[at], 0.0);
    }
}
