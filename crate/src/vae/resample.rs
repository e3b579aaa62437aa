//! Halving and doubling of size and frames (`WanResample`).

use super::causal_conv::{CausalConv, Memory, Slots, load_conv, video_shape};
use crate::error::Result;
use crate::gpu::{Recorder, Tensor};
use crate::ops::{Activation, Conv, Epilogue, Permutation, conv, permute};
use crate::weights::Weights;

/// Halves the picture, and the frames where it has a convolution over time.
pub(super) struct Downsample {
    spatial: Conv,
    time: Option<CausalConv>,
}

impl Downsample {
    pub(super) async fn load(
        weights: &Weights,
        slots: &Slots,
        prefix: &str,
        dim: usize,
        halve_frames: bool,
    ) -> Result<Self> {
        let spatial = load_conv(weights, &format!("{prefix}.resample.1"), dim, dim, [1, 3, 3]).await?;
        let time = if halve_frames {
            Some(CausalConv::load_over_time(weights, slots, &format!("{prefix}.time_conv"), dim, dim, 2).await?)
        } else {
            None
        };
        Ok(Self { spatial: Conv { stride: 2, pad_after: 1, ..spatial }, time })
    }

    /// The first frame of a video passes the convolution over time unchanged.
    pub(super) fn forward(
        &self,
        recorder: &mut Recorder,
        memory: &mut Memory,
        mut x: Tensor,
        first: bool,
    ) -> Result<Tensor> {
        x = conv(recorder, &x, None, &self.spatial, Activation::None, Epilogue::Store)?;
        match &self.time {
            Some(time) if first => time.skip(recorder, memory, &x).map(|()| x),
            Some(time) => time.forward(recorder, memory, &x, Epilogue::Store),
            None => Ok(x),
        }
    }
}

/// Doubles the picture, and the frames where it has a convolution over time.
pub(super) struct Upsample {
    time: Option<CausalConv>,
    spatial: Conv,
}

impl Upsample {
    pub(super) async fn load(
        weights: &Weights,
        slots: &Slots,
        prefix: &str,
        dim: usize,
        outputs: usize,
        double_frames: bool,
    ) -> Result<Self> {
        let time = if double_frames {
            Some(CausalConv::load_over_time(weights, slots, &format!("{prefix}.time_conv"), dim, 2 * dim, 1).await?)
        } else {
            None
        };
        let spatial = load_conv(weights, &format!("{prefix}.resample.1"), dim, outputs, [1, 3, 3]).await?;
        Ok(Self { time, spatial: Conv { pad_before: 1, pad_after: 1, upsample: 2, ..spatial } })
    }

    /// The convolution over time neither doubles nor remembers the first frame of a video.
    pub(super) fn forward(
        &self,
        recorder: &mut Recorder,
        memory: &mut Memory,
        x: Tensor,
        first: bool,
    ) -> Result<Tensor> {
        let doubled = match &self.time {
            Some(time) if !first => {
                let [frames, height, width, channels] = video_shape(&x)?;
                let pairs = time.forward(recorder, memory, &x, Epilogue::Store)?;
                drop(x);
                permute(
                    recorder,
                    &pairs,
                    &Permutation {
                        split: &[frames, height * width, 2, channels],
                        order: &[0, 2, 1, 3],
                        shape: &[2 * frames, height, width, channels],
                    },
                )?
            }
            _ => x,
        };
        conv(recorder, &doubled, None, &self.spatial, Activation::None, Epilogue::Store)
    }
}
