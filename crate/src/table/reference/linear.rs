//! Matrix product.

/// `x` [rows, inner] · `weight` [columns, inner]ᵀ
pub(in crate::table) fn linear(x: &[f32], weight: &[f32], inner: usize) -> Vec<f64> {
    let dot = |x: &[f32], w: &[f32]| x.iter().zip(w).map(|(&x, &w)| f64::from(x) * f64::from(w)).sum::<f64>();
    x.chunks_exact(inner).flat_map(|row| weight.chunks_exact(inner).map(move |w| dot(row, w))).collect()
}
