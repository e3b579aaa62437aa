//! Values that share a scale, which is what blocks of every format are made of.

/// `N` values, each `scale · quant + minimum`.
pub(super) struct Group<const N: usize> {
    pub(super) scale: f32,
    /// Of the value whose quant is zero; zero in formats without.
    pub(super) minimum: f32,
    pub(super) quants: [i8; N],
}
