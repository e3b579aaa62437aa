//! Softmax where it stands alone.

use super::{ROW_ALONE, ROW_TOGETHER, for_rows, memory_cost};
use crate::error::Result;
use crate::gpu::{Access, Dispatch, Forms, Kernel, Recorder, Tensor};

static SOFTMAX: Forms = Forms {
    together: Kernel {
        name: "softmax",
        source: &[ROW_TOGETHER, include_str!("../../../shaders/softmax.wgsl")],
        bindings: BINDINGS,
    },
    alone: Kernel {
        name: "softmax_alone",
        source: &[ROW_ALONE, include_str!("../../../shaders/softmax.wgsl")],
        bindings: BINDINGS,
    },
};
const BINDINGS: &[Access] = &[Access::Read, Access::Write];

/// `x` [.., columns] → softmax over the columns.
///
/// # Errors
/// When no memory is left.
pub fn softmax(recorder: &mut Recorder, x: &Tensor) -> Result<Tensor> {
    let (rows, columns) = x.rows_and_columns();
    let out = recorder.tensor(x.shape())?;
    let (kernel, workgroups) = for_rows(recorder, &SOFTMAX, (rows, columns), 3);
    recorder.dispatch(&Dispatch {
        kernel,
        constants: &[],
        bindings: &[Some(x.storage()), Some(out.storage())],
        parameters: [rows as u32, columns as u32],
        workgroups,
        cost: memory_cost(x.elements()),
    });
    Ok(out)
}
