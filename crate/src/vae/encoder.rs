//! Video to latent (`WanEncoder3d`).

use std::rc::Rc;

use super::attention_block::MiddleBlock;
use super::causal_conv::{CausalConv, Memory, Slots, video_shape};
use super::config::VaeConfig;
use super::resample::Downsample;
use super::residual_block::{RMS, ResidualBlock};
use crate::error::Result;
use crate::gpu::{Arena, Cancel, Gpu, Recorder, Tensor};
use crate::ops::{Activation, Epilogue, Linear, Permutation, average_down, linear, permute, rms_norm};
use crate::weights::Weights;

/// The encoder with its weights on the device.
pub struct Encoder {
    config: VaeConfig,
    conv_in: CausalConv,
    stages: Vec<Stage>,
    middle: MiddleBlock,
    norm_out: Tensor,
    conv_out: CausalConv,
    quant_conv: Linear,
}

/// The residual blocks of one width, `WanResidualDownBlock` where they have a shortcut.
struct Stage {
    blocks: Vec<ResidualBlock>,
    downsample: Option<Downsample>,
    /// Factors over frames and size of the shortcut.
    shortcut: Option<(usize, usize)>,
}

/// A video being encoded, one chunk after the other.
pub struct Encoding<'a> {
    gpu: Rc<Gpu>,
    encoder: &'a Encoder,
    arena: Arena,
    memory: Memory,
    size: (usize, usize),
    started: bool,
}

impl Encoder {
    /// Loads the weights under diffusers' names.
    ///
    /// # Errors
    /// [`crate::Error::BadModel`] when a tensor is missing or of another size.
    pub async fn load(weights: &Weights, config: &VaeConfig) -> Result<Self> {
        let slots = Slots::new(config.kernel_frames);
        let dims: Vec<usize> =
            std::iter::once(&1).chain(&config.dim_mult).map(|multiple| multiple * config.base_dim).collect();
        let conv_in = CausalConv::load(weights, &slots, "encoder.conv_in", config.in_channels, dims[0]).await?;
        let mut stages = Vec::new();
        for number in 0..config.dim_mult.len() {
            stages.push(Stage::load(weights, &slots, config, &dims, number).await?);
        }
        let last = dims[dims.len() - 1];
        let outputs = 2 * config.z_dim;
        Ok(Self {
            conv_in,
            stages,
            middle: MiddleBlock::load(weights, &slots, "encoder.mid_block", last).await?,
            norm_out: weights.vector("encoder.norm_out.gamma", last).await?,
            conv_out: CausalConv::load(weights, &slots, "encoder.conv_out", last, outputs).await?,
            quant_conv: weights.linear("quant_conv", outputs, outputs, true).await?,
            config: config.clone(),
        })
    }

    /// Dimensions of the network.
    pub fn config(&self) -> &VaeConfig {
        &self.config
    }

    /// Starts a video of `height` × `width` pixels.
    pub fn start(&self, gpu: &Rc<Gpu>, height: usize, width: usize) -> Encoding<'_> {
        Encoding {
            gpu: Rc::clone(gpu),
            encoder: self,
            arena: Arena::new(gpu),
            memory: Memory::default(),
            size: (height, width),
            started: false,
        }
    }

    /// Video [T, H, W, 3] → moments [t, h, w, 2 · z], means first.
    fn forward(&self, recorder: &mut Recorder, memory: &mut Memory, video: &Tensor, first: bool) -> Result<Tensor> {
        let mut x = patchify(recorder, video, self.config.patch())?;
        x = self.conv_in.forward(recorder, memory, &x, Epilogue::Store)?;
        for stage in &self.stages {
            x = stage.forward(recorder, memory, x, first)?;
        }
        x = self.middle.forward(recorder, memory, x)?;
        let y = rms_norm(recorder, &x, &self.norm_out, RMS, Activation::Silu)?;
        let moments = self.conv_out.forward(recorder, memory, &y, Epilogue::Store)?;
        linear(recorder, &moments, &self.quant_conv, Activation::None, Epilogue::Store)
    }
}

impl Stage {
    async fn load(weights: &Weights, slots: &Slots, config: &VaeConfig, dims: &[usize], number: usize) -> Result<Self> {
        let (inputs, outputs) = (dims[number], dims[number + 1]);
        let last = number + 1 == config.dim_mult.len();
        // The plain form numbers blocks and downsamplers of all stages in one list.
        let first = number * (config.num_res_blocks + 1);
        let block_name = |block: usize| {
            if config.is_residual {
                format!("encoder.down_blocks.{number}.resnets.{block}")
            } else {
                format!("encoder.down_blocks.{}", first + block)
            }
        };
        let mut blocks = Vec::new();
        for block in 0..config.num_res_blocks {
            let from = if block == 0 { inputs } else { outputs };
            blocks.push(ResidualBlock::load(weights, slots, &block_name(block), from, outputs).await?);
        }
        let halve_frames = !last && config.halves_frames(number);
        let downsample = if last {
            None
        } else {
            let name = if config.is_residual {
                format!("encoder.down_blocks.{number}.downsampler")
            } else {
                block_name(config.num_res_blocks)
            };
            Some(Downsample::load(weights, slots, &name, outputs, halve_frames).await?)
        };
        let shortcut = config.is_residual.then_some((if halve_frames { 2 } else { 1 }, if last { 1 } else { 2 }));
        Ok(Self { blocks, downsample, shortcut })
    }

    fn forward(&self, recorder: &mut Recorder, memory: &mut Memory, mut x: Tensor, first: bool) -> Result<Tensor> {
        let shortcut = self.shortcut.map(|factors| (x.clone(), factors));
        for block in &self.blocks {
            x = block.forward(recorder, memory, x)?;
        }
        if let Some(downsample) = &self.downsample {
            x = downsample.forward(recorder, memory, x, first)?;
        }
        match shortcut {
            Some((input, (factor_frames, factor))) => average_down(recorder, &input, &x, factor_frames, factor),
            None => Ok(x),
        }
    }
}

impl Encoding<'_> {
    /// Frames of the next chunk: 1, then as many as one latent frame stands for.
    pub fn chunk_frames(&self) -> usize {
        if self.started { self.encoder.config.temporal_factor() } else { 1 }
    }

    /// Encodes the next chunk, values [T, H, W, 3] in [−1, 1], to the posterior mean [t, h, w, z].
    ///
    /// # Errors
    /// [`crate::Error::BadInput`] when the chunk has another size; [`crate::Error::Cancelled`].
    pub async fn next(&mut self, video: &[f32], cancel: &Cancel) -> Result<Vec<f32>> {
        let (height, width) = self.size;
        let video = self.gpu.upload("video", &[self.chunk_frames(), height, width, 3], video)?;
        let mut recorder = Recorder::new(&self.arena);
        let moments = self.encoder.forward(&mut recorder, &mut self.memory, &video, !self.started)?;
        self.started = true;
        recorder.finish()?.run(cancel).await?;
        let values = self.gpu.read(&moments).await?;
        let z = self.encoder.config.z_dim;
        Ok(values.chunks_exact(2 * z).flat_map(|moments| &moments[..z]).copied().collect())
    }
}

/// [T, H, W, C] → [T, H / p, W / p, C · p²]; within a patch's channels the row is the fastest, then the column.
fn patchify(recorder: &mut Recorder, x: &Tensor, patch: usize) -> Result<Tensor> {
    if patch == 1 {
        return Ok(x.clone());
    }
    let [frames, height, width, channels] = video_shape(x)?;
    let (h, w) = (height / patch, width / patch);
    permute(
        recorder,
        x,
        &Permutation {
            split: &[frames, h, patch, w, patch, channels],
            order: &[0, 1, 3, 5, 4, 2],
            shape: &[frames, h, w, channels * patch * patch],
        },
    )
}
