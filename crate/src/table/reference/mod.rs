//! What each operation should give, in f64 and straight from its formula.

mod activation;
mod attention;
mod conv;
mod elementwise;
mod embedding;
mod epilogue;
mod linear;
mod norm;
mod permute;
mod residual;
mod rgba;
mod rope;
mod softmax;

pub(super) use activation::activation;
pub(super) use attention::{Heads, attention};
pub(super) use conv::{Geometry, conv};
pub(super) use elementwise::{add, channel_affine};
pub(super) use embedding::embedding;
pub(super) use epilogue::{Operand, epilogue};
pub(super) use linear::linear;
pub(super) use norm::{layer_norm, rms_norm};
pub(super) use permute::gather;
pub(super) use residual::{average_down, duplicate_up};
pub(super) use rgba::rgba;
pub(super) use rope::rope;
pub(super) use softmax::softmax;
