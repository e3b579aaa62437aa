//! Normalisation of rows.

use crate::ops::Rms;

/// (x − mean) / √(variance + ε)
pub(in crate::table) fn layer_norm(x: &[f32], columns: usize, epsilon: f64) -> Vec<f64> {
    let normalise = |row: &[f32]| -> Vec<f64> {
        let mean = row.iter().copied().map(f64::from).sum::<f64>() / columns as f64;
        let variance = row.iter().map(|&x| (f64::from(x) - mean).powi(2)).sum::<f64>() / columns as f64;
        row.iter().map(|&x| (f64::from(x) - mean) / (variance + epsilon).sqrt()).collect()
    };
    x.chunks_exact(columns).flat_map(normalise).collect()
}

/// x / rms(x) · weight
pub(in crate::table) fn rms_norm(x: &[f32], weight: &[f32], rms: Rms) -> Vec<f64> {
    let normalise = |row: &[f32]| -> Vec<f64> {
        let squares = row.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>();
        let columns = weight.len() as f64;
        let divisor = match rms {
            Rms::Epsilon(epsilon) => (squares / columns + f64::from(epsilon)).sqrt(),
            Rms::Floor(floor) => squares.sqrt().max(f64::from(floor)) / columns.sqrt(),
        };
        row.iter().zip(weight).map(|(&x, &w)| f64::from(x) / divisor * f64::from(w)).collect()
    };
    x.chunks_exact(weight.len()).flat_map(normalise).collect()
}
