//! Scale and shift by channel: latent normalisation and its inverse.

use super::{elementwise, ensure, memory_cost};
use crate::error::Result;
use crate::gpu::{Access, Dispatch, Kernel, Recorder, Tensor};

static CHANNEL_AFFINE: Kernel = Kernel {
    name: "channel_affine",
    source: &[include_str!("../../../shaders/channel_affine.wgsl")],
    bindings: &[Access::Read, Access::Read, Access::Read, Access::Write],
};

/// `x` [.., C] → `x · scale + shift`, both `[C]`.
///
/// # Errors
/// [`crate::Error::BadInput`] when shapes disagree.
pub fn channel_affine(recorder: &mut Recorder, x: &Tensor, scale: &Tensor, shift: &Tensor) -> Result<Tensor> {
    let (_, channels) = x.rows_and_columns();
    ensure([scale, shift].iter().all(|factors| factors.elements() == channels as u64), "channel_affine", || {
        format!("{} factors for {channels} channels", scale.elements())
    })?;
    let out = recorder.tensor(x.shape())?;
    recorder.dispatch(&Dispatch {
        kernel: &CHANNEL_AFFINE,
        constants: &[],
        bindings: &[Some(x.storage()), Some(scale.storage()), Some(shift.storage()), Some(out.storage())],
        parameters: [x.elements() as u32, channels as u32],
        workgroups: elementwise(x.elements()),
        cost: memory_cost(x.elements()),
    });
    Ok(out)
}
