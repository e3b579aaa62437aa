//! Rotary position embedding.

/// x [tokens, heads × head_dim], its pairs as complex numbers multiplied by those of table [tokens, head_dim / 2]
pub(in crate::table) fn rope(x: &[f32], table: &[f32], tokens: usize, head_dim: usize) -> Vec<f64> {
    let columns = x.len() / tokens;
    let mut out = Vec::with_capacity(x.len());
    for (token, row) in x.chunks_exact(columns).enumerate() {
        for (pair, value) in row.chunks_exact(2).enumerate() {
            let at = token * head_dim + pair % (head_dim / 2) * 2;
            let (cos, sin) = (f64::from(table[at]), f64::from(table[at + 1]));
            let (re, im) = (f64::from(value[0]), f64::from(value[1]));
            out.extend([re * cos - im * sin, re * sin + im * cos]);
        }
    }
    out
}
