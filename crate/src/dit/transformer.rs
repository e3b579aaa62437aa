//! The whole transformer (`WanTransformer3DModel`).

use std::rc::Rc;

use super::block::{Block, BlockModulation};
use super::condition::{ConditionEmbedder, Context, sinusoid};
use super::config::DitConfig;
use super::rotary::rotary_table;
use crate::error::{Error, Result};
use crate::gpu::{Arena, Cancel, Gpu, Recorder, Recording, Tensor};
use crate::ops::{Activation, Epilogue, Linear, Modulation, Permutation, add, layer_norm, linear, permute};
use crate::weights::Weights;

/// The diffusion transformer with its weights on the device.
pub struct Dit {
    config: DitConfig,
    patch_embedding: Linear,
    condition: ConditionEmbedder,
    blocks: Vec<Block>,
    /// The blocks' `scale_shift_table`s one after the other, [layers · 6 · dim].
    block_tables: Tensor,
    head_table: Tensor,
    projection: Linear,
}

/// What goes into a denoising step and what is the same for all steps of a size.
pub struct Inputs {
    /// Latent [C, F, H, W].
    pub latent: Tensor,
    sinusoid: Tensor,
    rotary: Tensor,
    grid: [usize; 3],
}

/// A denoising step, recorded once and replayed for every timestep.
pub struct Step {
    recording: Recording,
    velocity: Tensor,
}

impl Dit {
    /// Loads the weights under diffusers' names.
    ///
    /// # Errors
    /// [`Error::BadModel`] when a tensor is missing or of another size.
    pub async fn load(weights: &Weights, config: &DitConfig) -> Result<Self> {
        let dim = config.dim();
        let volume = config.patch_volume();
        let mut blocks = Vec::new();
        let mut tables = Vec::new();
        for number in 0..config.num_layers {
            blocks.push(Block::load(weights, config, &format!("blocks.{number}")).await?);
            tables.extend(weights.values(&format!("blocks.{number}.scale_shift_table"), 6 * dim).await?);
        }
        let bias = weights.vector("patch_embedding.bias", dim).await?;
        Ok(Self {
            patch_embedding: Linear {
                weight: weights.matrix("patch_embedding.weight", dim, config.in_channels * volume).await?,
                bias: Some(bias),
            },
            condition: ConditionEmbedder::load(weights, config).await?,
            blocks,
            block_tables: weights.upload("modulation", &tables)?,
            head_table: weights.vector("scale_shift_table", 2 * dim).await?,
            projection: weights.linear("proj_out", dim, config.velocity_channels() * volume, true).await?,
            config: config.clone(),
        })
    }

    /// Dimensions of the network.
    pub fn config(&self) -> &DitConfig {
        &self.config
    }

    /// Computes what all steps share: keys and values of the text [rows, text_dim] and of an image [n, image_dim].
    ///
    /// # Errors
    /// [`Error::BadInput`] when a model that needs an image is given none, or the reverse.
    pub async fn context(
        &self,
        gpu: &Rc<Gpu>,
        text: &Tensor,
        image: Option<&Tensor>,
        cancel: &Cancel,
    ) -> Result<Context> {
        let mut recorder = Recorder::new(&Arena::new(gpu));
        let context = self.condition.context(&mut recorder, &self.blocks, text, image)?;
        recorder.finish()?.run(cancel).await?;
        Ok(context)
    }

    /// Buffers for latents of [frames, height, width].
    ///
    /// # Errors
    /// [`Error::BadInput`] when the latent is no whole number of patches.
    pub fn inputs(&self, gpu: &Rc<Gpu>, latent: [usize; 3]) -> Result<Inputs> {
        let grid = self.config.grid(latent)?;
        let [frames, height, width] = latent;
        let table = rotary_table(self.config.attention_head_dim, grid);
        Ok(Inputs {
            latent: gpu.zeros("latent", &[self.config.in_channels, frames, height, width])?,
            sinusoid: gpu.zeros("timestep", &[1, self.config.freq_dim])?,
            rotary: gpu.upload(
                "rotary",
                &[grid.iter().product(), table.len() / grid.iter().product::<usize>()],
                &table,
            )?,
            grid,
        })
    }

    /// Records a step with this context. Steps that share an arena share their scratch memory.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn record(&self, arena: &Arena, inputs: &Inputs, context: &Context) -> Result<Step> {
        let mut recorder = Recorder::new(arena);
        let velocity = self.forward(&mut recorder, inputs, context)?;
        Ok(Step { recording: recorder.finish()?, velocity })
    }

    /// Compiles the kernels of a step for latents of [frames, height, width] with `text` rows of text.
    ///
    /// # Errors
    /// When the device refuses a kernel.
    pub fn compile(&self, gpu: &Rc<Gpu>, latent: [usize; 3], text: usize) -> Result<()> {
        let inputs = self.inputs(gpu, latent)?;
        let mut recorder = Recorder::new(&Arena::new(gpu));
        let rows = recorder.tensor(&[text, self.config.text_dim])?;
        let context = self.condition.context(&mut recorder, &self.blocks, &rows, None)?;
        self.forward(&mut recorder, &inputs, &context)?;
        recorder.finish().map(drop)
    }

    /// Peak of the scratch memory and of everything else but weights, in bytes, of a guided step for latents of
    /// [frames, height, width] with `text` rows of text; and the largest single tensor.
    ///
    /// # Errors
    /// [`Error::BadInput`] when the latent is no whole number of patches.
    pub fn plan(&self, latent: [usize; 3], text: usize) -> Result<(u64, u64)> {
        let grid = self.config.grid(latent)?;
        let tokens: usize = grid.iter().product();
        let [frames, height, width] = latent;
        let inputs = Inputs {
            latent: Tensor::planned(&[self.config.in_channels, frames, height, width]),
            sinusoid: Tensor::planned(&[1, self.config.freq_dim]),
            rotary: Tensor::planned(&[tokens, self.config.attention_head_dim]),
            grid,
        };
        let context_arena = Arena::planning();
        let image =
            self.config.image_dim.map(|dim| Tensor::planned(&[self.config.pos_embed_seq_len.unwrap_or(257), dim]));
        let context = self.condition.context(
            &mut Recorder::new(&context_arena),
            &self.blocks,
            &Tensor::planned(&[text, self.config.text_dim]),
            image.as_ref(),
        )?;
        let arena = Arena::planning();
        let velocity = self.forward(&mut Recorder::new(&arena), &inputs, &context)?;
        let fixed: u64 = [&inputs.latent, &inputs.sinusoid, &inputs.rotary].map(|t| t.storage().bytes()).iter().sum();
        // With guidance there are two contexts and two velocities.
        let bytes = fixed + 2 * context_arena.reserved_bytes() + arena.reserved_bytes() + velocity.storage().bytes();
        Ok((bytes, arena.largest_bytes().max(context_arena.largest_bytes())))
    }

    fn forward(&self, recorder: &mut Recorder, inputs: &Inputs, context: &Context) -> Result<Tensor> {
        let dim = self.config.dim();
        let (embedding, projection) = self.condition.timestep(recorder, &inputs.sinusoid)?;
        let modulation = add(recorder, &self.block_tables, &projection)?;
        // The head's two rows both get the embedding itself, not its projection.
        let head = add(recorder, &self.head_table, &embedding)?;
        let patches = self.patchify(recorder, inputs)?;
        let mut x = linear(recorder, &patches, &self.patch_embedding, Activation::None, Epilogue::Store)?;
        drop(patches);
        for (number, (block, context)) in self.blocks.iter().zip(&context.blocks).enumerate() {
            let modulation = BlockModulation { values: &modulation, first: number * 6 * dim, dim };
            x = block.forward(recorder, x, &inputs.rotary, &modulation, context)?;
        }
        let adaptive = Modulation::Adaptive { values: &head, shift: 0, scale: dim };
        let y = layer_norm(recorder, &x, adaptive, self.config.eps)?;
        drop(x);
        let patches = linear(recorder, &y, &self.projection, Activation::None, Epilogue::Store)?;
        self.unpatchify(recorder, &patches, inputs.grid)
    }

    /// [C, F, H, W] → [tokens, C · patch], a patch's channels slowest as the convolution's weight has them.
    fn patchify(&self, recorder: &mut Recorder, inputs: &Inputs) -> Result<Tensor> {
        let ([f, h, w], [pf, ph, pw]) = (inputs.grid, self.config.patch_size);
        let channels = self.config.in_channels;
        permute(
            recorder,
            &inputs.latent,
            &Permutation {
                split: &[channels, f, pf, h, ph, w, pw],
                order: &[1, 3, 5, 0, 2, 4, 6],
                shape: &[f * h * w, channels * pf * ph * pw],
            },
        )
    }

    /// [tokens, patch · C] → [C, F, H, W], a patch's channels fastest.
    fn unpatchify(&self, recorder: &mut Recorder, patches: &Tensor, grid: [usize; 3]) -> Result<Tensor> {
        let ([f, h, w], [pf, ph, pw]) = (grid, self.config.patch_size);
        let channels = self.config.velocity_channels();
        permute(
            recorder,
            patches,
            &Permutation {
                split: &[f, h, w, pf, ph, pw, channels],
                order: &[6, 0, 3, 1, 4, 2, 5],
                shape: &[channels, f * pf, h * ph, w * pw],
            },
        )
    }
}

impl Inputs {
    /// Sets the latent [C, F, H, W], row-major, and the timestep (0 to 1000) of the next run.
    ///
    /// # Errors
    /// [`Error::BadInput`] when the latent has another size.
    pub fn set(&self, gpu: &Gpu, latent: &[f32], timestep: f32) -> Result<()> {
        if !timestep.is_finite() {
            return Err(Error::bad_input("the timestep is not a number"));
        }
        gpu.write(&self.latent, latent)?;
        gpu.write(&self.sinusoid, &sinusoid(timestep, self.sinusoid.elements() as usize))
    }
}

impl Step {
    /// Runs the step on what the inputs hold and reads the velocity [C, F, H, W] back.
    ///
    /// # Errors
    /// [`Error::Cancelled`], or whatever the device reported.
    pub async fn run(&self, gpu: &Gpu, cancel: &Cancel) -> Result<Vec<f32>> {
        self.recording.run(cancel).await?;
        gpu.read(&self.velocity).await
    }
}
