//! Latent to video (`WanDecoder3d`).

use std::rc::Rc;

use super::attention_block::MiddleBlock;
use super::causal_conv::{CausalConv, Memory, Slots, video_shape};
use super::config::VaeConfig;
use super::resample::Upsample;
use super::residual_block::{RMS, ResidualBlock};
use crate::error::{Error, Result};
use crate::gpu::{Arena, Cancel, Gpu, Recorder, Recording, Tensor};
use crate::ops::{
    Activation, Epilogue, Linear, Permutation, channel_affine, duplicate_up, linear, permute, rgba, rms_norm,
};
use crate::weights::Weights;

/// The decoder with its weights on the device.
pub struct Decoder {
    config: VaeConfig,
    /// Standard deviation and mean that undo the normalisation of latents.
    normalisation: (Tensor, Tensor),
    post_quant_conv: Linear,
    conv_in: CausalConv,
    middle: MiddleBlock,
    stages: Vec<Stage>,
    norm_out: Tensor,
    conv_out: CausalConv,
}

/// `WanUpBlock`, or `WanResidualUpBlock` where it has a shortcut.
struct Stage {
    blocks: Vec<ResidualBlock>,
    upsample: Option<Upsample>,
    /// Factor over frames of the shortcut.
    shortcut: Option<usize>,
}

/// A video being decoded, one latent frame after the other.
pub struct Decoding<'a> {
    gpu: Rc<Gpu>,
    decoder: &'a Decoder,
    arena: Arena,
    memory: Memory,
    latent: Tensor,
    normalised: bool,
    /// The recording for every latent frame but the first.
    later: Option<Chunk>,
    started: bool,
}

struct Chunk {
    recording: Recording,
    video: Tensor,
    pixels: Tensor,
}

/// Frames of one chunk.
pub struct Frames {
    /// Number of frames.
    pub frames: usize,
    /// Pixels.
    pub height: usize,
    /// Pixels.
    pub width: usize,
    video: Tensor,
    pixels: Tensor,
}

impl Frames {
    /// Values in [−1, 1], [frames, height, width, 3].
    ///
    /// # Errors
    /// Whatever the device reported.
    pub async fn values(&self, gpu: &Gpu) -> Result<Vec<f32>> {
        Ok(self.unclamped(gpu).await?.into_iter().map(|value| value.clamp(-1.0, 1.0)).collect())
    }

    /// As the network makes them, some beyond [−1, 1]; [frames, height, width, 3].
    pub(super) async fn unclamped(&self, gpu: &Gpu) -> Result<Vec<f32>> {
        gpu.read(&self.video).await
    }

    /// Bytes R, G, B, A of every pixel, [frames, height, width, 4].
    ///
    /// # Errors
    /// Whatever the device reported.
    pub async fn rgba(&self, gpu: &Gpu) -> Result<Vec<u8>> {
        gpu.read_bytes(self.pixels.storage(), 4 * self.pixels.elements()).await
    }
}

impl Decoder {
    /// Loads the weights under diffusers' names.
    ///
    /// # Errors
    /// [`Error::BadModel`] when a tensor is missing or of another size.
    pub async fn load(weights: &Weights, config: &VaeConfig) -> Result<Self> {
        let slots = Slots::new(config.kernel_frames);
        let multiples: Vec<usize> = config.dim_mult.iter().rev().copied().collect();
        let dims: Vec<usize> = multiples.iter().map(|multiple| multiple * config.decoder_dim()).collect();
        let z = config.z_dim;
        let (mean, deviation) = config.normalisation()?;
        let normalisation = (weights.upload("latents_std", &deviation)?, weights.upload("latents_mean", &mean)?);
        let post_quant_conv = weights.linear("post_quant_conv", z, z, true).await?;
        let conv_in = CausalConv::load(weights, &slots, "decoder.conv_in", z, dims[0]).await?;
        let middle = MiddleBlock::load(weights, &slots, "decoder.mid_block", dims[0]).await?;
        let mut stages = Vec::new();
        for number in 0..dims.len() {
            stages.push(Stage::load(weights, &slots, config, &dims, number).await?);
        }
        let last = dims[dims.len() - 1];
        Ok(Self {
            normalisation,
            post_quant_conv,
            conv_in,
            middle,
            stages,
            norm_out: weights.vector("decoder.norm_out.gamma", last).await?,
            conv_out: CausalConv::load(weights, &slots, "decoder.conv_out", last, config.out_channels).await?,
            config: config.clone(),
        })
    }

    /// Dimensions of the network.
    pub fn config(&self) -> &VaeConfig {
        &self.config
    }

    /// Starts a video whose latent frames are `height` × `width` positions. `normalised` latents are those that the
    /// transformer makes, with mean 0 and variance 1 by channel; others go in as they are.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn start(&self, gpu: &Rc<Gpu>, height: usize, width: usize, normalised: bool) -> Result<Decoding<'_>> {
        Ok(Decoding {
            gpu: Rc::clone(gpu),
            decoder: self,
            arena: Arena::new(gpu),
            memory: Memory::default(),
            latent: gpu.zeros("latent frame", &[1, height, width, self.config.z_dim])?,
            normalised,
            later: None,
            started: false,
        })
    }

    /// Compiles the kernels of a latent of [frames, height, width].
    ///
    /// # Errors
    /// When the device refuses a kernel.
    pub fn compile(&self, gpu: &Rc<Gpu>, [frames, height, width]: [usize; 3]) -> Result<()> {
        let mut decoding = self.start(gpu, height, width, true)?;
        for first in [true, false].into_iter().take(frames) {
            decoding.record(first)?;
        }
        Ok(())
    }

    /// Peak of the scratch memory and of what is remembered, in bytes, for latent frames of `height` × `width`
    /// positions; and the largest single tensor.
    ///
    /// # Errors
    /// When the shapes do not fit together.
    pub fn plan(&self, frames: usize, height: usize, width: usize) -> Result<(u64, u64)> {
        let arena = Arena::planning();
        let mut memory = Memory::default();
        let latent = Tensor::planned(&[1, height, width, self.config.z_dim]);
        for first in [true, false].into_iter().take(frames) {
            self.forward(&mut Recorder::new(&arena), &mut memory, &latent, true, first)?;
        }
        Ok((arena.reserved_bytes() + memory.bytes(), arena.largest_bytes()))
    }

    /// One latent frame [1, h, w, z] → video [T, H, W, 3].
    fn forward(
        &self,
        recorder: &mut Recorder,
        memory: &mut Memory,
        latent: &Tensor,
        normalised: bool,
        first: bool,
    ) -> Result<Tensor> {
        let (deviation, mean) = &self.normalisation;
        let z = if normalised { channel_affine(recorder, latent, deviation, mean)? } else { latent.clone() };
        let mut x = linear(recorder, &z, &self.post_quant_conv, Activation::None, Epilogue::Store)?;
        x = self.conv_in.forward(recorder, memory, &x, Epilogue::Store)?;
        x = self.middle.forward(recorder, memory, x)?;
        for stage in &self.stages {
            x = stage.forward(recorder, memory, x, first)?;
        }
        let y = rms_norm(recorder, &x, &self.norm_out, RMS, Activation::Silu)?;
        drop(x);
        let patches = self.conv_out.forward(recorder, memory, &y, Epilogue::Store)?;
        unpatchify(recorder, &patches, self.config.patch())
    }
}

impl Stage {
    async fn load(weights: &Weights, slots: &Slots, config: &VaeConfig, dims: &[usize], number: usize) -> Result<Self> {
        let prefix = format!("decoder.up_blocks.{number}");
        let outputs = dims[number];
        let mut inputs = dims[number.saturating_sub(1)];
        if number > 0 && !config.is_residual {
            inputs /= 2;
        }
        let mut blocks = Vec::new();
        for block in 0..=config.num_res_blocks {
            let from = if block == 0 { inputs } else { outputs };
            let name = format!("{prefix}.resnets.{block}");
            blocks.push(ResidualBlock::load(weights, slots, &name, from, outputs).await?);
        }
        if number + 1 == dims.len() {
            return Ok(Self { blocks, upsample: None, shortcut: None });
        }
        let double_frames = config.doubles_frames(number);
        let (name, to) = if config.is_residual { ("upsampler", outputs) } else { ("upsamplers.0", outputs / 2) };
        let name = format!("{prefix}.{name}");
        let upsample = Some(Upsample::load(weights, slots, &name, outputs, to, double_frames).await?);
        let shortcut = config.is_residual.then_some(if double_frames { 2 } else { 1 });
        Ok(Self { blocks, upsample, shortcut })
    }

    fn forward(&self, recorder: &mut Recorder, memory: &mut Memory, mut x: Tensor, first: bool) -> Result<Tensor> {
        let shortcut = self.shortcut.map(|factor_frames| (x.clone(), factor_frames));
        for block in &self.blocks {
            x = block.forward(recorder, memory, x)?;
        }
        if let Some(upsample) = &self.upsample {
            x = upsample.forward(recorder, memory, x, first)?;
        }
        match shortcut {
            Some((input, factor_frames)) => duplicate_up(recorder, &input, &x, factor_frames, 2),
            None => Ok(x),
        }
    }
}

impl Decoding<'_> {
    /// Decodes the next latent frame, values [h, w, z] with the channels fastest.
    ///
    /// # Errors
    /// [`Error::BadInput`] when the frame has another size; [`Error::Cancelled`].
    pub async fn next(&mut self, latent: &[f32], cancel: &Cancel) -> Result<Frames> {
        self.gpu.write(&self.latent, latent)?;
        let chunk = if self.started {
            match self.later.take() {
                Some(chunk) => chunk,
                None => self.record(false)?,
            }
        } else {
            self.record(true)?
        };
        chunk.recording.run(cancel).await?;
        let [frames, height, width, _] = video_shape(&chunk.video)?;
        let result = Frames { frames, height, width, video: chunk.video.clone(), pixels: chunk.pixels.clone() };
        if self.started {
            self.later = Some(chunk);
        }
        self.started = true;
        Ok(result)
    }

    fn record(&mut self, first: bool) -> Result<Chunk> {
        let mut recorder = Recorder::new(&self.arena);
        let video = self.decoder.forward(&mut recorder, &mut self.memory, &self.latent, self.normalised, first)?;
        let pixels = rgba(&mut recorder, &video)?;
        Ok(Chunk { recording: recorder.finish()?, video, pixels })
    }
}

/// [T, h, w, C · p²] → [T, h · p, w · p, C]; within a patch's channels the row is the fastest, then the column.
fn unpatchify(recorder: &mut Recorder, x: &Tensor, patch: usize) -> Result<Tensor> {
    if patch == 1 {
        return Ok(x.clone());
    }
    let [frames, height, width, channels] = video_shape(x)?;
    let colours = channels / (patch * patch);
    if colours * patch * patch != channels {
        return Err(Error::BadInput(format!("{channels} channels are no patches of {patch}")));
    }
    permute(
        recorder,
        x,
        &Permutation {
            split: &[frames, height, width, colours, patch, patch],
            order: &[0, 1, 5, 2, 4, 3],
            shape: &[frames, height * patch, width * patch, colours],
        },
    )
}
