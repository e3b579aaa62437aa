//! Pixels for a screen.

use super::{elementwise, ensure, memory_cost};
use crate::error::Result;
use crate::gpu::{Access, Dispatch, Kernel, Recorder, Tensor};

static RGBA: Kernel = Kernel {
    name: "rgba",
    source: &[include_str!("../../../shaders/rgba.wgsl")],
    bindings: &[Access::Read, Access::Write],
};

/// `video` [.., 3] in [−1, 1] → [..] words of R, G, B, A bytes, lowest first; values outside are clamped.
///
/// # Errors
/// [`crate::Error::BadInput`] unless there are three channels.
pub fn rgba(recorder: &mut Recorder, video: &Tensor) -> Result<Tensor> {
    let (pixels, channels) = video.rows_and_columns();
    ensure(channels == 3, "rgba", || format!("{channels} channels instead of 3"))?;
    let out = recorder.tensor(&video.shape()[..video.shape().len() - 1])?;
    recorder.dispatch(&Dispatch {
        kernel: &RGBA,
        constants: &[],
        bindings: &[Some(video.storage()), Some(out.storage())],
        parameters: [pixels as u32],
        workgroups: elementwise(pixels as u64),
        cost: memory_cost(video.elements()),
    });
    Ok(out)
}
