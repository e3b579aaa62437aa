//! Convolutions that look into the past, and what they remember of it (`WanCausalConv3d` with its feature cache).

use std::cell::Cell;

use crate::error::{Error, Result};
use crate::gpu::{Recorder, Tensor, elements_of};
use crate::ops::{Activation, Conv, Epilogue, conv};
use crate::weights::Weights;

/// Says how far the convolutions of a network look, and numbers those that remember.
pub(super) struct Slots {
    kernel_frames: usize,
    taken: Cell<usize>,
}

impl Slots {
    /// For convolutions over `kernel_frames` frames: the present one and those before it.
    pub(super) fn new(kernel_frames: usize) -> Self {
        Self { kernel_frames, taken: Cell::default() }
    }

    fn next(&self) -> usize {
        let slot = self.taken.get();
        self.taken.set(slot + 1);
        slot
    }
}

/// The last frames that each convolution saw, by its slot. Zeros before the first frame.
#[derive(Default)]
pub(super) struct Memory {
    frames: Vec<Option<Tensor>>,
    bytes: u64,
}

impl Memory {
    /// The memory of a slot, [frames, H, W, C] for inputs of the shape of `x`.
    fn slot(&mut self, recorder: &Recorder, slot: usize, frames: usize, x: &Tensor) -> Result<Tensor> {
        if self.frames.len() <= slot {
            self.frames.resize(slot + 1, None);
        }
        if let Some(tensor) = &self.frames[slot] {
            return Ok(tensor.clone());
        }
        let shape = [&[frames], &x.shape()[1..]].concat();
        let tensor = match recorder.arena().gpu() {
            Some(gpu) => gpu.zeros("convolution memory", &shape)?,
            None => Tensor::planned(&shape),
        };
        self.bytes += tensor.storage().bytes();
        self.frames[slot] = Some(tensor.clone());
        Ok(tensor)
    }

    /// Bytes of everything remembered.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }
}

pub(super) struct CausalConv {
    conv: Conv,
    /// Where it remembers, if it looks into the past.
    slot: Option<usize>,
}

impl CausalConv {
    /// A convolution of 3 × 3 positions, over as many frames as the network looks at, that keeps the size.
    pub(super) async fn load(
        weights: &Weights,
        slots: &Slots,
        prefix: &str,
        inputs: usize,
        outputs: usize,
    ) -> Result<Self> {
        let frames = slots.kernel_frames;
        let conv = load_conv(weights, prefix, inputs, outputs, [frames, 3, 3]).await?;
        Ok(Self {
            conv: Conv { pad_frames: frames - 1, pad_before: 1, pad_after: 1, ..conv },
            slot: (frames > 1).then(|| slots.next()),
        })
    }

    /// A convolution over 3 frames of each position, that gives one frame for each `stride` frames.
    pub(super) async fn load_over_time(
        weights: &Weights,
        slots: &Slots,
        prefix: &str,
        inputs: usize,
        outputs: usize,
        stride: usize,
    ) -> Result<Self> {
        let conv = load_conv(weights, prefix, inputs, outputs, [3, 1, 1]).await?;
        // With stride 2 the kernel reaches one frame back: the last of the chunk before.
        let pad_frames = if stride == 1 { 2 } else { 1 };
        Ok(Self { conv: Conv { stride_frames: stride, pad_frames, ..conv }, slot: Some(slots.next()) })
    }

    /// [T, H, W, C] → [T', H, W, N], and remembers the input's end.
    pub(super) fn forward(
        &self,
        recorder: &mut Recorder,
        memory: &mut Memory,
        x: &Tensor,
        epilogue: Epilogue<'_>,
    ) -> Result<Tensor> {
        let history = self.history(recorder, memory, x)?;
        let out = conv(recorder, x, history.as_ref(), &self.conv, Activation::None, epilogue)?;
        remember(recorder, history.as_ref(), x)?;
        Ok(out)
    }

    /// Remembers the input's end without computing anything.
    pub(super) fn skip(&self, recorder: &mut Recorder, memory: &mut Memory, x: &Tensor) -> Result<()> {
        let history = self.history(recorder, memory, x)?;
        remember(recorder, history.as_ref(), x)
    }

    fn history(&self, recorder: &Recorder, memory: &mut Memory, x: &Tensor) -> Result<Option<Tensor>> {
        self.slot.map(|slot| memory.slot(recorder, slot, self.conv.pad_frames, x)).transpose()
    }
}

/// Moves the last frames of history and `x` together into the history, where there is one.
fn remember(recorder: &mut Recorder, history: Option<&Tensor>, x: &Tensor) -> Result<()> {
    let Some(history) = history else { return Ok(()) };
    let (kept, given) = (history.shape()[0], x.shape()[0]);
    let frame = elements_of(&x.shape()[1..]);
    let fresh = kept.min(given);
    let stale = kept - fresh;
    if stale > 0 {
        // A buffer cannot be copied onto itself.
        let shifted = recorder.tensor(&[&[stale], &x.shape()[1..]].concat())?;
        recorder.copy(history, fresh as u64 * frame, &shifted, 0, shifted.elements());
        recorder.copy(&shifted, 0, history, 0, shifted.elements());
    }
    recorder.copy(x, (given - fresh) as u64 * frame, history, stale as u64 * frame, fresh as u64 * frame);
    Ok(())
}

/// A convolution with bias, one step at a time and no padding.
pub(super) async fn load_conv(
    weights: &Weights,
    prefix: &str,
    inputs: usize,
    outputs: usize,
    kernel: [usize; 3],
) -> Result<Conv> {
    let taps = kernel.iter().product();
    Ok(Conv {
        weight: weights.convolution(&format!("{prefix}.weight"), outputs, inputs, taps).await?,
        bias: Some(weights.vector(&format!("{prefix}.bias"), outputs).await?),
        kernel,
        stride_frames: 1,
        stride: 1,
        pad_frames: 0,
        pad_before: 0,
        pad_after: 0,
        upsample: 1,
    })
}

/// Frames, height, width and channels of a video.
///
/// # Errors
/// [`Error::BadInput`] for any other tensor.
pub(super) fn video_shape(x: &Tensor) -> Result<[usize; 4]> {
    x.shape().try_into().map_err(|_| Error::BadInput(format!("{:?} is no video", x.shape())))
}
