//! Rows of a table by number.

use std::rc::Rc;

use super::{Weight, ensure, memory_cost};
use crate::error::Result;
use crate::gpu::{Access, Dispatch, Kernel, Recorder, Storage, Tensor};

static EMBEDDING: Kernel = Kernel {
    name: "embedding",
    source: &[include_str!("../../../shaders/weight.wgsl"), include_str!("../../../shaders/embedding.wgsl")],
    bindings: &[Access::Read, Access::Read, Access::Read, Access::Write],
};

/// `table` [rows, d] and `tokens` row numbers (u32, each below the number of rows) → [tokens, d].
///
/// # Errors
/// [`crate::Error::BadInput`] when `ids` holds fewer numbers.
pub fn embedding(recorder: &mut Recorder, ids: &Rc<Storage>, tokens: usize, table: &Weight) -> Result<Tensor> {
    ensure(ids.bytes() >= 4 * tokens as u64, "embedding", || format!("{} bytes of {tokens} numbers", ids.bytes()))?;
    let out = recorder.tensor(&[tokens, table.columns])?;
    recorder.dispatch(&Dispatch {
        kernel: &EMBEDDING,
        constants: &[("WEIGHT_FORMAT", table.shader_format())],
        bindings: &[Some(ids), Some(&table.data), table.scales.as_ref(), Some(out.storage())],
        parameters: [tokens as u32, table.columns as u32],
        workgroups: tokens as u64,
        cost: memory_cost(out.elements()),
    });
    Ok(out)
}
