//! Operations: each checks its shapes, chooses its kernel and records a dispatch.
//!
//! Activations are f32. Tokens are rows; videos have channels as their fastest dimension.

mod activate;
mod add;
mod attention;
mod average_down;
mod channel_affine;
mod conv;
mod duplicate_up;
mod embedding;
mod layer_norm;
mod linear;
mod permute;
mod product;
mod rgba;
mod rms_norm;
mod rope;
mod softmax;
mod weight;

pub use activate::{Activation, activate};
pub use add::add;
pub use attention::{Attention, attention};
pub use average_down::average_down;
pub use channel_affine::channel_affine;
pub use conv::{Conv, conv};
pub use duplicate_up::duplicate_up;
pub use embedding::embedding;
pub use layer_norm::{Modulation, layer_norm};
pub use linear::{Epilogue, Linear, linear};
pub use permute::{Permutation, permute};
pub use rgba::rgba;
pub use rms_norm::{Rms, rms_norm};
pub use rope::rope;
pub use softmax::softmax;
pub use weight::Weight;

use crate::error::{Error, Result};
use crate::gpu::{Forms, Invocations, Kernel, Recorder};

/// Invocations of a workgroup in element-wise kernels.
const ELEMENTS_PER_WORKGROUP: u64 = 256;

/// # Errors
/// [`Error::BadInput`] with the operation's name and the text, unless the condition holds.
fn ensure(holds: bool, operation: &str, what: impl FnOnce() -> String) -> Result<()> {
    if holds { Ok(()) } else { Err(Error::BadInput(format!("{operation}: {}", what()))) }
}

const ROW_TOGETHER: &str = include_str!("../../../shaders/row_together.wgsl");
const ROW_ALONE: &str = include_str!("../../../shaders/row_alone.wgsl");
/// Rows of a workgroup in row_alone.wgsl.
const ROWS_ALONE: usize = 8;

/// The kernel for an operation that walks `passes` times over rows of `columns` values, and its workgroups.
fn for_rows(
    recorder: &Recorder,
    forms: &'static Forms,
    (rows, columns): (usize, usize),
    passes: usize,
) -> (&'static Kernel, u64) {
    let (kernel, invocations) = recorder.form(forms, Some(passes * columns));
    let workgroups = match invocations {
        Invocations::Together => rows,
        Invocations::Alone => rows.div_ceil(ROWS_ALONE),
    };
    (kernel, workgroups as u64)
}

/// Workgroups of an element-wise kernel.
fn elementwise(elements: u64) -> u64 {
    elements.div_ceil(ELEMENTS_PER_WORKGROUP)
}

/// Estimated cost of a kernel that moves more than it computes: about ten operations a value.
fn memory_cost(elements: u64) -> u64 {
    10 * elements
}

/// The product of these numbers as the cost of a dispatch. In a browser `usize` has 32 bits, which a product of two matrices
/// of a few thousand rows exceeds; the attention of a clip that is only planned may exceed 64.
fn cost(factors: &[usize]) -> u64 {
    factors.iter().fold(1, |product, &factor| product.saturating_mul(factor as u64))
}

#[cfg(test)]
mod tests {
    use super::cost;

    #[test]
    fn costs_may_exceed_32_bits() {
        assert_eq!(cost(&[2, 4096, 4096, 320, 2]), 21_474_836_480);
        assert_eq!(cost(&[2, 1 << 30, 1 << 30, 5120, 2]), u64::MAX);
    }
}
