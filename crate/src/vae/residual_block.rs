//! Two convolutions around a shortcut (`WanResidualBlock`).

use super::causal_conv::{CausalConv, Memory, Slots};
use crate::error::Result;
use crate::gpu::{Recorder, Tensor};
use crate::ops::{Activation, Epilogue, Linear, Rms, linear, rms_norm};
use crate::weights::Weights;

/// `torch.nn.functional.normalize` divides by no less.
pub(super) const RMS: Rms = Rms::Floor(1e-12);

pub(super) struct ResidualBlock {
    norm1: Tensor,
    conv1: CausalConv,
    norm2: Tensor,
    conv2: CausalConv,
    shortcut: Option<Linear>,
}

impl ResidualBlock {
    pub(super) async fn load(
        weights: &Weights,
        slots: &Slots,
        prefix: &str,
        inputs: usize,
        outputs: usize,
    ) -> Result<Self> {
        let shortcut = if inputs == outputs {
            None
        } else {
            Some(weights.linear(&format!("{prefix}.conv_shortcut"), inputs, outputs, true).await?)
        };
        Ok(Self {
            norm1: weights.vector(&format!("{prefix}.norm1.gamma"), inputs).await?,
            conv1: CausalConv::load(weights, slots, &format!("{prefix}.conv1"), inputs, outputs).await?,
            norm2: weights.vector(&format!("{prefix}.norm2.gamma"), outputs).await?,
            conv2: CausalConv::load(weights, slots, &format!("{prefix}.conv2"), outputs, outputs).await?,
            shortcut,
        })
    }

    /// Takes its input, and overwrites `y`, so that what is needed no more makes room for the next.
    pub(super) fn forward(&self, recorder: &mut Recorder, memory: &mut Memory, x: Tensor) -> Result<Tensor> {
        let mut y = rms_norm(recorder, &x, &self.norm1, RMS, Activation::Silu)?;
        let residual = match &self.shortcut {
            Some(shortcut) => linear(recorder, &x, shortcut, Activation::None, Epilogue::Store)?,
            None => x.clone(),
        };
        drop(x);
        y = self.conv1.forward(recorder, memory, &y, Epilogue::Store)?;
        y = rms_norm(recorder, &y, &self.norm2, RMS, Activation::Silu)?;
        self.conv2.forward(recorder, memory, &y, Epilogue::Add(&residual))
    }
}
