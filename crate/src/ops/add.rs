//! Sums.

use super::{elementwise, ensure, memory_cost};
use crate::error::Result;
use crate::gpu::{Access, Dispatch, Kernel, Recorder, Tensor};

static ADD: Kernel = Kernel {
    name: "add",
    source: &[include_str!("../../../shaders/add.wgsl")],
    bindings: &[Access::Read, Access::Read, Access::Write],
};

/// `x + y`, with `y` repeated along the slowest dimensions of `x`.
///
/// # Errors
/// [`crate::Error::BadInput`] unless `y` fits into `x` a whole number of times.
pub fn add(recorder: &mut Recorder, x: &Tensor, y: &Tensor) -> Result<Tensor> {
    ensure(y.elements() > 0 && x.elements().is_multiple_of(y.elements()), "add", || {
        format!("{:?} does not repeat over {:?}", y.shape(), x.shape())
    })?;
    let out = recorder.tensor(x.shape())?;
    recorder.dispatch(&Dispatch {
        kernel: &ADD,
        constants: &[],
        bindings: &[Some(x.storage()), Some(y.storage()), Some(out.storage())],
        parameters: [x.elements() as u32, y.elements() as u32],
        workgroups: elementwise(x.elements()),
        cost: memory_cost(x.elements()),
    });
    Ok(out)
}
