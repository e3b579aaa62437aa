//! Rotary position embedding.

use super::{elementwise, ensure, memory_cost};
use crate::error::Result;
use crate::gpu::{Access, Dispatch, Kernel, Recorder, Tensor};

static ROPE: Kernel = Kernel {
    name: "rope",
    source: &[include_str!("../../../shaders/rope.wgsl")],
    bindings: &[Access::Read, Access::Write],
};

/// Turns the pairs of `x` [tokens, heads × head_dim] in place by `table` [tokens, head_dim / 2, 2] of cosines and sines.
///
/// # Errors
/// [`crate::Error::BadInput`] when shapes disagree.
pub fn rope(recorder: &mut Recorder, x: &Tensor, table: &Tensor) -> Result<()> {
    let (tokens, columns) = x.rows_and_columns();
    let head_dim: usize = table.shape().iter().skip(1).product();
    let fits = table.shape().first() == Some(&tokens)
        && head_dim > 0
        && head_dim.is_multiple_of(2)
        && columns.is_multiple_of(head_dim);
    ensure(fits, "rope", || format!("table {:?} does not fit {:?}", table.shape(), x.shape()))?;
    recorder.dispatch(&Dispatch {
        kernel: &ROPE,
        constants: &[],
        bindings: &[Some(table.storage()), Some(x.storage())],
        parameters: [tokens as u32, (columns / head_dim) as u32, head_dim as u32],
        workgroups: elementwise(x.elements() / 2),
        cost: memory_cost(x.elements()),
    });
    Ok(())
}
