//! The rows of the table, one file an operation.

mod attention;
mod conv;
mod elementwise;
mod embedding;
mod linear;
mod norm;
mod permute;
mod residual;
mod rgba;
mod rope;
mod softmax;

use super::case::Case;
use crate::format::DataType;

/// Every case, hot operations first.
pub(super) fn all() -> Vec<Case> {
    [
        linear::cases(),
        attention::cases(),
        conv::cases(),
        norm::cases(),
        rope::cases(),
        embedding::cases(),
        elementwise::cases(),
        softmax::cases(),
        permute::cases(),
        rgba::cases(),
        residual::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Weight formats with a kernel.
const FORMATS: [DataType; 8] = [
    DataType::F32,
    DataType::F16,
    DataType::BF16,
    DataType::Q8_0,
    DataType::Q4_0,
    DataType::Q4_K,
    DataType::Q5_K,
    DataType::Q6_K,
];

/// Sizes as people write them: `3×5×7`.
fn shape_text(sizes: &[usize]) -> String {
    sizes.iter().map(usize::to_string).collect::<Vec<_>>().join("×")
}

/// The parts that there are, separated by commas.
fn words(parts: &[&str]) -> String {
    parts.iter().copied().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}
