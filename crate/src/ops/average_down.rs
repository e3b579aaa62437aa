//! The shortcut of the residual VAE's encoder.

use super::{elementwise, ensure, memory_cost};
use crate::error::{Error, Result};
use crate::gpu::{Access, Dispatch, Kernel, Recorder, Tensor};

static AVERAGE_DOWN: Kernel = Kernel {
    name: "average_down",
    source: &[include_str!("../../../shaders/average_down.wgsl")],
    bindings: &[Access::Read, Access::Read, Access::Write],
};

/// `other` [T', H', W', N] + the blocks of `x` [T, H, W, C] as channels, averaged in groups (`AvgDown3D` of diffusers).
///
/// # Errors
/// [`crate::Error::BadInput`] when shapes disagree.
pub fn average_down(
    recorder: &mut Recorder,
    x: &Tensor,
    other: &Tensor,
    factor_frames: usize,
    factor: usize,
) -> Result<Tensor> {
    let (&[frames, height, width, channels], &[out_frames, out_height, out_width, out_channels]) =
        (x.shape(), other.shape())
    else {
        return Err(Error::BadInput("average_down: needs two videos".into()));
    };
    let expanded = channels * factor_frames * factor * factor;
    ensure(expanded > 0 && out_channels > 0, "average_down", || "empty blocks or channels".into())?;
    let fits = out_frames == frames.div_ceil(factor_frames)
        && (out_height, out_width) == (height / factor, width / factor)
        && expanded.is_multiple_of(out_channels);
    ensure(fits, "average_down", || format!("{:?} to {:?}", x.shape(), other.shape()))?;
    let out = recorder.tensor(other.shape())?;
    recorder.dispatch(&Dispatch {
        kernel: &AVERAGE_DOWN,
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
            out_frames * factor_frames - frames,
            expanded / out_channels,
        ]
        .map(|value| value as u32),
        workgroups: elementwise(out.elements()),
        cost: memory_cost(x.elements()),
    });
    Ok(out)
}
