//! Attention within each frame (`WanAttentionBlock`), and the blocks around it (`WanMidBlock`).

use super::causal_conv::{Memory, Slots, video_shape};
use super::residual_block::{RMS, ResidualBlock};
use crate::error::Result;
use crate::gpu::{Recorder, Tensor};
use crate::ops::{Activation, Attention, Epilogue, Linear, attention, linear, rms_norm};
use crate::weights::Weights;

struct AttentionBlock {
    norm: Tensor,
    query_key_value: Linear,
    projection: Linear,
}

impl AttentionBlock {
    async fn load(weights: &Weights, prefix: &str, dim: usize) -> Result<Self> {
        Ok(Self {
            norm: weights.vector(&format!("{prefix}.norm.gamma"), dim).await?,
            query_key_value: weights.linear(&format!("{prefix}.to_qkv"), dim, 3 * dim, true).await?,
            projection: weights.linear(&format!("{prefix}.proj"), dim, dim, true).await?,
        })
    }

    fn forward(&self, recorder: &mut Recorder, x: Tensor) -> Result<Tensor> {
        let [frames, height, width, channels] = video_shape(&x)?;
        let positions = height * width;
        let y = rms_norm(recorder, &x, &self.norm, RMS, Activation::None)?;
        let projected = linear(recorder, &y, &self.query_key_value, Activation::None, Epilogue::Store)?;
        drop(y);
        let attended = recorder.tensor(x.shape())?;
        for frame in 0..frames {
            let one = attention(
                recorder,
                &Attention {
                    query: &projected,
                    key: &projected,
                    value: &projected,
                    offsets: [0, channels, 2 * channels],
                    rows: (frame * positions, positions, positions),
                    heads: 1,
                    head_dim: channels,
                    scale: (channels as f32).sqrt().recip(),
                    bias: None,
                },
            )?;
            recorder.copy(&one, 0, &attended, frame as u64 * one.elements(), one.elements());
        }
        linear(recorder, &attended, &self.projection, Activation::None, Epilogue::Add(&x))
    }
}

/// Residual block, attention, residual block.
pub(super) struct MiddleBlock {
    before: ResidualBlock,
    attention: AttentionBlock,
    after: ResidualBlock,
}

impl MiddleBlock {
    pub(super) async fn load(weights: &Weights, slots: &Slots, prefix: &str, dim: usize) -> Result<Self> {
        Ok(Self {
            before: ResidualBlock::load(weights, slots, &format!("{prefix}.resnets.0"), dim, dim).await?,
            attention: AttentionBlock::load(weights, &format!("{prefix}.attentions.0"), dim).await?,
            after: ResidualBlock::load(weights, slots, &format!("{prefix}.resnets.1"), dim, dim).await?,
        })
    }

    pub(super) fn forward(&self, recorder: &mut Recorder, memory: &mut Memory, x: Tensor) -> Result<Tensor> {
        let x = self.before.forward(recorder, memory, x)?;
        let x = self.attention.forward(recorder, x)?;
        self.after.forward(recorder, memory, x)
    }
}
