//! Activation functions.

use super::{elementwise, memory_cost};
use crate::error::Result;
use crate::gpu::{Access, Dispatch, Kernel, Recorder, Tensor};

static ACTIVATE: Kernel = Kernel {
    name: "activate",
    source: &[include_str!("../../../shaders/activation.wgsl"), include_str!("../../../shaders/activate.wgsl")],
    bindings: &[Access::Read, Access::Write],
};

/// An activation function, by its number in `shaders/activation.wgsl`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// x
    None = 0,
    /// GELU in its tanh approximation.
    GeluTanh = 1,
    /// x · sigmoid(x)
    Silu = 2,
    /// GELU by the error function.
    GeluErf = 3,
    /// max(x, 0)
    Relu = 4,
}

/// `activation(x)`, where it cannot be part of another operation.
///
/// # Errors
/// When no memory is left.
pub fn activate(recorder: &mut Recorder, x: &Tensor, activation: Activation) -> Result<Tensor> {
    let out = recorder.tensor(x.shape())?;
    recorder.dispatch(&Dispatch {
        kernel: &ACTIVATE,
        constants: &[],
        bindings: &[Some(x.storage()), Some(out.storage())],
        parameters: [x.elements() as u32, activation as u32],
        workgroups: elementwise(x.elements()),
        cost: memory_cost(x.elements()),
    });
    Ok(out)
}
