//! Prompt to frames: the one place that knows the whole way.

use std::rc::Rc;

use serde::Deserialize;

use crate::dit::{Dit, Inputs, Step};
use crate::error::{Error, Result};
use crate::gpu::{Arena, Cancel, Tensor};
use crate::model::Model;
use crate::plan::{ClipSize, Planner};
use crate::preview::{Preview, preview};
use crate::sampler::{Noise, Sampler, SamplerKind, clean};
use crate::text::{negative_prompt_tokens, prompt_tokens};
use crate::vae::{Decoder, LatentVideo, Tiling, channels_last};

/// A clip to be made.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// What the clip should show.
    pub prompt: String,
    /// What it should not show; has no effect without guidance.
    pub negative_prompt: String,
    /// Pixels.
    pub width: usize,
    /// Pixels.
    pub height: usize,
    /// 1 + a multiple of the VAE's temporal factor.
    pub frames: usize,
    /// Frames per second at which the clip will play; one of the model's frame rates, if it has some.
    pub fps: f64,
    /// Denoising steps, 1 to 1000.
    pub steps: usize,
    /// Scale of classifier-free guidance; up to 1 is none.
    pub guidance: f32,
    /// Shift of the noise schedule, above 0.
    pub shift: f64,
    /// The sampler.
    pub sampler: SamplerKind,
    /// Seed of the noise.
    pub seed: u64,
}

/// A part of the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Prompts are encoded.
    Text,
    /// The latent is denoised, step by step.
    Denoise,
    /// Latent frames become video.
    Decode,
}

/// A decoded frame.
pub struct Frame {
    /// Number in the clip.
    pub index: usize,
    /// Pixels.
    pub width: usize,
    /// Pixels.
    pub height: usize,
    /// Bytes R, G, B, A of each pixel, row by row.
    pub data: Vec<u8>,
}

/// Hears of what happens.
pub trait Events {
    /// `done` of `total` pieces of a phase are done.
    fn progress(&mut self, phase: Phase, done: usize, total: usize);
    /// What the clip looks like so far.
    fn preview(&mut self, preview: &Preview);
    /// The denoised latent [C, F, H, W], before it is decoded.
    fn latent(&mut self, latent: &[f32]);
    /// The next frame of the clip.
    fn frame(&mut self, frame: Frame);
}

/// Rows of text for the transformer, with and without the prompt.
struct Conditions {
    positive: Rc<Vec<f32>>,
    /// Where there is guidance.
    negative: Option<Rc<Vec<f32>>>,
}

/// Makes a clip.
///
/// `latent` is what [`Events::latent`] heard when this very request was denoised before: when decoding failed, nothing has
/// to be denoised again.
///
/// # Errors
/// [`Error::EmptyPrompt`], [`Error::PromptTooLong`], [`Error::BadInput`] and [`Error::DoesNotFit`] before anything is
/// computed (a latent that is of another clip is found once the decoder is there); [`Error::Cancelled`]; whatever the device reported.
pub async fn generate(
    model: &Model,
    request: &Request,
    latent: Option<Vec<f32>>,
    events: &mut dyn Events,
    cancel: &Cancel,
) -> Result<()> {
    let planner = Planner::new(model.manifest())?;
    let size = ClipSize { width: request.width, height: request.height, frames: request.frames };
    let latent_size = planner.latent_size(size)?;
    model.manifest().require_frame_rate(request.fps)?;
    if !request.guidance.is_finite() || request.guidance < 0.0 || request.guidance > 100.0 {
        return Err(Error::bad_input("guidance must be from 0 to 100"));
    }
    planner.require(size, model.gpu().budget())?;
    let sampler = sampler_of(model, request)?;

    let latent = match latent {
        Some(latent) => latent,
        None => {
            let conditions = encode(model, request, events, cancel).await?;
            let latent = denoise(model, request, latent_size, sampler, &conditions, events, cancel).await?;
            events.latent(&latent);
            latent
        }
    };
    decode(model, &planner.ways_to_decode(size, model.gpu().budget())?, latent_size, &latent, events, cancel).await
}

async fn encode(model: &Model, request: &Request, events: &mut dyn Events, cancel: &Cancel) -> Result<Conditions> {
    let limit = model.manifest().text_length;
    let template = model.manifest().prompt_template_at(request.fps);
    let positive = prompt_tokens(model.tokenizer(), &template, &request.prompt, limit)?;
    let negative = (request.guidance > 1.0)
        .then(|| negative_prompt_tokens(model.tokenizer(), &template, &request.negative_prompt, limit))
        .transpose()?;
    let total = 1 + usize::from(negative.is_some());
    events.progress(Phase::Text, 0, total);
    let positive = rows(model, positive, cancel).await?;
    events.progress(Phase::Text, 1, total);
    let negative = match negative {
        Some(negative) => Some(rows(model, negative, cancel).await?),
        None => None,
    };
    events.progress(Phase::Text, total, total);
    Ok(Conditions { positive, negative })
}

/// The encoder's rows for a prompt, padded with zeros to the length that the transformer reads.
async fn rows(model: &Model, tokens: Vec<u32>, cancel: &Cancel) -> Result<Rc<Vec<f32>>> {
    if let Some(rows) = model.encoded.borrow().rows_of(&tokens) {
        return Ok(rows);
    }
    let encoder = model.text().await?;
    let mut values = encoder.encode(model.gpu(), &tokens, cancel).await?;
    values.resize(model.manifest().text_length * encoder.config().d_model, 0.0);
    let values = Rc::new(values);
    model.encoded.borrow_mut().keep(tokens, Rc::clone(&values));
    Ok(values)
}

async fn denoise(
    model: &Model,
    request: &Request,
    latent_size: [usize; 3],
    sampler: Sampler,
    conditions: &Conditions,
    events: &mut dyn Events,
    cancel: &Cancel,
) -> Result<Vec<f32>> {
    let dit = model.dit().await?;
    let denoiser = Denoiser::new(model, &dit, latent_size, conditions, cancel).await?;
    let mut noise = Noise::new(request.seed);
    let latent = noise.values(denoiser.inputs.latent.elements() as usize);
    let mut fresh = || noise.value();
    let shape = [dit.config().in_channels, latent_size[0], latent_size[1], latent_size[2]];
    events.progress(Phase::Denoise, 0, request.steps);
    run(&denoiser, sampler, request.guidance, latent, &mut fresh, cancel, |done, clean| {
        // The preview of a step travels with the news of it.
        events.preview(&preview(model.manifest().preview.as_ref(), clean, shape));
        events.progress(Phase::Denoise, done, request.steps);
    })
    .await
}

/// The transformer with its conditions, ready to be stepped.
struct Denoiser {
    model_gpu: Rc<crate::gpu::Gpu>,
    inputs: Inputs,
    positive: Step,
    negative: Option<Step>,
}

impl Denoiser {
    async fn new(
        model: &Model,
        dit: &Dit,
        latent_size: [usize; 3],
        conditions: &Conditions,
        cancel: &Cancel,
    ) -> Result<Self> {
        let gpu = model.gpu();
        let inputs = dit.inputs(gpu, latent_size)?;
        let arena = Arena::new(gpu);
        let positive = record(model, dit, &arena, &inputs, &conditions.positive, cancel).await?;
        let negative = match &conditions.negative {
            Some(rows) => Some(record(model, dit, &arena, &inputs, rows, cancel).await?),
            None => None,
        };
        Ok(Self { model_gpu: Rc::clone(gpu), inputs, positive, negative })
    }

    /// The velocity [C, F, H, W], guided: u + g (c − u).
    async fn velocity(&self, latent: &[f32], timestep: f32, guidance: f32, cancel: &Cancel) -> Result<Vec<f32>> {
        self.inputs.set(&self.model_gpu, latent, timestep)?;
        let mut velocity = self.positive.run(&self.model_gpu, cancel).await?;
        if let Some(negative) = &self.negative {
            let without = negative.run(&self.model_gpu, cancel).await?;
            for (with, without) in velocity.iter_mut().zip(without) {
                *with = without + guidance * (*with - without);
            }
        }
        Ok(velocity)
    }
}

async fn record(
    model: &Model,
    dit: &Dit,
    arena: &Arena,
    inputs: &Inputs,
    rows: &[f32],
    cancel: &Cancel,
) -> Result<Step> {
    let shape = [model.manifest().text_length, dit.config().text_dim];
    let text: Tensor = model.gpu().upload("text", &shape, rows)?;
    let context = dit.context(model.gpu(), &text, None, cancel).await?;
    dit.record(arena, inputs, &context)
}

/// The sampler that a request names, with the levels that the model is made for.
fn sampler_of(model: &Model, request: &Request) -> Result<Sampler> {
    let own = &model.manifest().sampler;
    Sampler::new(request.sampler, request.steps, request.shift, own.timestep_spacing, own.timesteps.as_deref())
}

/// All steps of a sampler from this noise; `after_step` hears the number of steps done and the clean prediction.
async fn run(
    denoiser: &Denoiser,
    mut sampler: Sampler,
    guidance: f32,
    noise: Vec<f32>,
    fresh_noise: &mut dyn FnMut() -> f32,
    cancel: &Cancel,
    mut after_step: impl FnMut(usize, &[f32]),
) -> Result<Vec<f32>> {
    let schedule = sampler.schedule().clone();
    let mut latent = noise;
    for (step, &timestep) in schedule.timesteps.iter().enumerate() {
        cancel.check()?;
        let velocity = denoiser.velocity(&latent, timestep, guidance, cancel).await?;
        if velocity.iter().any(|value| !value.is_finite()) {
            let what = format!("In step {} the model computed values that are not numbers.", step + 1);
            return Err(Error::WrongResult(what));
        }
        after_step(step + 1, &clean(&latent, &velocity, schedule.sigmas[step]));
        latent = sampler.step(step, &latent, &velocity, fresh_noise);
    }
    Ok(latent)
}

/// Denoises given noise [C, F, H, W] for given rows of text; for comparison with other implementations.
///
/// # Errors
/// As [`generate`].
pub async fn denoise_from(model: &Model, request: &Request, noise: Vec<f32>, cancel: &Cancel) -> Result<Vec<f32>> {
    let planner = Planner::new(model.manifest())?;
    let size = ClipSize { width: request.width, height: request.height, frames: request.frames };
    let sampler = sampler_of(model, request)?;
    let conditions = encode(model, request, &mut Silent, cancel).await?;
    let dit = model.dit().await?;
    let denoiser = Denoiser::new(model, &dit, planner.latent_size(size)?, &conditions, cancel).await?;
    run(&denoiser, sampler, request.guidance, noise, &mut || 0.0, cancel, |_, _| {}).await
}

struct Silent;

impl Events for Silent {
    fn progress(&mut self, _: Phase, _: usize, _: usize) {}
    fn preview(&mut self, _: &Preview) {}
    fn latent(&mut self, _: &[f32]) {}
    fn frame(&mut self, _: Frame) {}
}

/// Decodes in the first of the ways for which there is memory.
async fn decode(
    model: &Model,
    ways: &[Option<Tiling>],
    latent_size: [usize; 3],
    latent: &[f32],
    events: &mut dyn Events,
    cancel: &Cancel,
) -> Result<()> {
    let decoder = model.decoder().await?;
    let [frames, height, width] = latent_size;
    let channels = decoder.config().z_dim;
    if latent.len() != channels * frames * height * width {
        return Err(Error::bad_input("the latent is one of another clip"));
    }
    let values = channels_last(latent, channels);
    let latent = LatentVideo { values: &values, size: [height, width], normalised: true };
    let mut sent = 0;
    for (number, tiling) in ways.iter().enumerate() {
        let outcome = match tiling {
            None => decode_whole(model, &decoder, &latent, &mut sent, events, cancel).await,
            Some(tiling) => decode_in_tiles(model, &decoder, &latent, *tiling, sent, events, cancel).await,
        };
        match outcome {
            // The device may have more to say about what it had no memory for.
            Err(Error::OutOfMemory(_)) if number + 1 < ways.len() => match model.gpu().finish().await {
                Err(lost @ Error::DeviceLost(_)) => return Err(lost),
                _ => continue,
            },
            outcome => return outcome,
        }
    }
    Ok(())
}

/// Decodes and sends frame after frame; `sent` counts them.
async fn decode_whole(
    model: &Model,
    decoder: &Decoder,
    latent: &LatentVideo<'_>,
    sent: &mut usize,
    events: &mut dyn Events,
    cancel: &Cancel,
) -> Result<()> {
    let [height, width] = latent.size;
    let mut decoding = decoder.start(model.gpu(), height, width, latent.normalised)?;
    let frames = latent.values.chunks_exact(height * width * decoder.config().z_dim);
    let total = frames.len();
    events.progress(Phase::Decode, 0, total);
    for (number, values) in frames.enumerate() {
        cancel.check()?;
        let decoded = decoding.next(values, cancel).await?;
        let pixels = decoded.rgba(model.gpu()).await?;
        for data in pixels.chunks_exact(4 * decoded.width * decoded.height) {
            events.frame(Frame { index: *sent, width: decoded.width, height: decoded.height, data: data.to_vec() });
            *sent += 1;
        }
        events.progress(Phase::Decode, number + 1, total);
    }
    Ok(())
}

/// Decodes tile after tile, then sends all frames but the `sent` first.
async fn decode_in_tiles(
    model: &Model,
    decoder: &Decoder,
    latent: &LatentVideo<'_>,
    tiling: Tiling,
    sent: usize,
    events: &mut dyn Events,
    cancel: &Cancel,
) -> Result<()> {
    let progress = |done, total| events.progress(Phase::Decode, done, total);
    let video = decoder.decode_in_tiles(model.gpu(), latent, tiling, progress, cancel).await?;
    for (index, data) in video.frames().enumerate().skip(sent) {
        events.frame(Frame { index, width: video.width, height: video.height, data: data.to_vec() });
    }
    Ok(())
}
