//! The shortcut of the residual VAE's decoder.

use super::{elementwise, ensure, memory_cost};
use crate::error::{Error, Result};
use crate::gpu::{Access, Dispatch, Kernel, Recorder, Tensor};

static DUPLICATE_UP: Kernel = Kernel {
    name: "duplicate_up",
    source: &[include_str!("../../../shaders/duplicate_up.wgsl")],
    bindings: &[Access::Read, Access::Read, Access::Write],
};

/// `other` [T', H', W', N] + the channels of `x` [T, H, W, C], repeated and spread over blocks of positions (`DupUp3D` of
/// diffusers). Frames that `other` has fewer than the blocks give are left out in front.
///
/// # Errors
/// [`crate::Error::BadInput`] when shapes disagree.
pub fn duplicate_up(
    recorder: &mut Recorder,
    x: &Tensor,
    other: &Tensor,
    factor_frames: usize,
    factor: usize,
) -> Result<Tensor> {
    let (&[frames, height, width, channels], &[out_frames, out_height, out_width, out_channels]) =
        (x.shape(), other.shape())
    else {
        return Err(Error::BadInput("duplicate_up: needs two videos".into()));
    };
    let expanded = out_channels * factor_frames * factor * factor;
    ensure(expanded > 0 && channels > 0, "duplicate_up", || "empty blocks or channels".into())?;
    let fits = out_frames <= frames * factor_frames
        && (out_height, out_width) == (height * factor, width * factor)
        && expanded.is_multiple_of(channels);
    ensure(fits, "duplicate_up", || format!("{:?} to {:?}", x.shape(), other.shape()))?;
    let out = recorder.tensor(other.shape())?;
    recorder.dispatch(&Dispatch {
        kernel: &DUPLICATE_UP,
        constants: &[],
        bindings: &[Some(x.storage()), Some(other.storage()), Some(out.storage())],
        parameters: [
            out.elements() as usize,
            height,
            width,
            channels,
            out_height,
            out_width,
            out_channels,
            factor_frames,
            factor,
            frames * factor_frames - out_frames,
            expanded / channels,
        ]
        .map(|value| value as u32),
        workgroups: elementwise(out.elements()),
        cost: memory_cost(out.elements()),
    });
    Ok(out)
}
