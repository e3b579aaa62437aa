//! Softmax.

/// Softmax over the columns of each row.
pub(in crate::table) fn softmax(x: &[f32], columns: usize) -> Vec<f64> {
    x.chunks_exact(columns).flat_map(|row| of_row(row.iter().copied().map(f64::from))).collect()
}

/// exp(x) / Σ exp(x), with the maximum taken off first.
pub(super) fn of_row(row: impl Iterator<Item = f64>) -> Vec<f64> {
    let row: Vec<f64> = row.collect();
    let maximum = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let total: f64 = row.iter().map(|x| (x - maximum).exp()).sum();
    row.iter().map(|x| (x - maximum).exp() / total).collect()
}
