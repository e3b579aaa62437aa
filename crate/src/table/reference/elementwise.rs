//! Sums and products value by value.

/// x + y, with y repeated.
pub(in crate::table) fn add(x: &[f32], y: &[f32]) -> Vec<f64> {
    x.iter().zip(y.iter().cycle()).map(|(&x, &y)| f64::from(x) + f64::from(y)).collect()
}

/// x · scale + shift, by channel.
pub(in crate::table) fn channel_affine(x: &[f32], scale: &[f32], shift: &[f32]) -> Vec<f64> {
    let affine = |(&x, (&scale, &shift)): (&f32, (&f32, &f32))| f64::from(x) * f64::from(scale) + f64::from(shift);
    x.chunks_exact(scale.len()).flat_map(|row| row.iter().zip(scale.iter().zip(shift)).map(affine)).collect()
}
