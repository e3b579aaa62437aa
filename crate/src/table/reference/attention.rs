//! Attention with its whole score matrix.

/// Queries, keys and values [rows, heads × head_dim] and how they are compared.
pub(in crate::table) struct Heads<'a> {
    pub(in crate::table) query: &'a [f64],
    pub(in crate::table) key: &'a [f64],
    pub(in crate::table) value: &'a [f64],
    pub(in crate::table) heads: usize,
    pub(in crate::table) head_dim: usize,
    pub(in crate::table) scale: f64,
    /// [heads, queries + keys − 1], by key − query + queries − 1.
    pub(in crate::table) bias: Option<&'a [f32]>,
}

/// softmax(scale · q kᵀ + bias) v for each head → [queries, heads × head_dim]
pub(in crate::table) fn attention(a: &Heads<'_>) -> Vec<f64> {
    let width = a.heads * a.head_dim;
    let (queries, keys) = (a.query.len() / width, a.key.len() / width);
    let mut out = vec![0.0; queries * width];
    for head in 0..a.heads {
        let columns = |row: usize| row * width + head * a.head_dim..row * width + (head + 1) * a.head_dim;
        for i in 0..queries {
            let scores = (0..keys).map(|j| {
                let products = a.query[columns(i)].iter().zip(&a.key[columns(j)]).map(|(q, k)| q * k);
                let bias =
                    a.bias.map_or(0.0, |bias| f64::from(bias[head * (queries + keys - 1) + j + queries - 1 - i]));
                a.scale * products.sum::<f64>() + bias
            });
            for (j, weight) in super::softmax::of_row(scores).into_iter().enumerate() {
                for (out, value) in out[columns(i)].iter_mut().zip(&a.value[columns(j)]) {
                    *out += weight * value;
                }
            }
        }
    }
    out
}
