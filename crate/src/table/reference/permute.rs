//! Changes of layout.

/// The values that `from` names for each index of a tensor of this shape, row-major.
pub(in crate::table) fn gather<const N: usize>(
    x: &[f32],
    shape: [usize; N],
    from: impl Fn([usize; N]) -> usize,
) -> Vec<f64> {
    let index = |mut rest: usize| {
        let mut index = [0; N];
        for d in (0..N).rev() {
            index[d] = rest % shape[d];
            rest /= shape[d];
        }
        index
    };
    (0..shape.iter().product()).map(|i| f64::from(x[from(index(i))])).collect()
}
