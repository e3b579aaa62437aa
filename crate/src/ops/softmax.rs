//! Softmax where it stands alone.

use super::memory_cost;
use crate::error::Result;
use crate::gpu::{Access, Dispatch, Kernel, Recorder, Tensor};

static SOFTMAX: Kernel = Kernel {
    name: "softmax",
    source: &[include_str!("../../../shaders/softmax.wgsl")],
    bindings: &[Access::Read, Access::Write],
};

/// `x` [.., columns] → softmax over the columns.
///
/// # Errors
/// When no memory is left.
pub fn softmax(recorder: &mut Recorder, x: &Tensor) -> Result<Tensor> {
    let (rows, columns) = x.rows_and_columns();
    let out = recorder.tensor(x.shape())?;
    recorder.dispatch(&Dispatch {
        kernel: &SOFTMAX,
        constants: &[],
        bindings: &[Some(x.storage()), Some(out.storage())],
        parameters: [rows as u32, columns as u32],
        workgroups: rows as u64,
        cost: memory_cost(x.elements()),
    });
    Ok(out)
}
