//! Flow matching: from noise to a latent in a number of steps.
//!
//! A state is x = (1 − σ) clean + σ noise, the network predicts the velocity noise − clean, and its timestep is 1000 σ.
//! Latents are small, so all of this runs on the host.

mod dmd;
mod euler;
mod noise;
mod schedule;
mod unipc;

use serde::{Deserialize, Serialize};

pub use noise::Noise;
pub use schedule::Schedule;

use crate::error::{Error, Result};
use crate::format::manifest::TimestepSpacing;

/// The samplers that the engine knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(not(target_arch = "wasm32"), derive(clap::ValueEnum))]
pub enum SamplerKind {
    /// `FlowMatchEulerDiscreteScheduler` of diffusers.
    Euler,
    /// `UniPCMultistepScheduler` of diffusers with flow sigmas, order 2, bh2 (Zhao et al.).
    #[serde(rename = "unipc")]
    #[cfg_attr(not(target_arch = "wasm32"), value(name = "unipc"))]
    UniPc,
    /// Few-step sampling of models distilled by distribution matching: clean prediction, then fresh noise (Yin et al.,
    /// DMD2; FastVideo, Self-Forcing).
    Dmd,
}

impl SamplerKind {
    /// The sampler that a manifest names.
    ///
    /// # Errors
    /// [`Error::BadInput`] for a name that is not known.
    pub fn from_name(name: &str) -> Result<Self> {
        match name {
            "euler" => Ok(Self::Euler),
            "unipc" => Ok(Self::UniPc),
            "dmd" => Ok(Self::Dmd),
            other => Err(Error::BadInput(format!("there is no sampler {other}; choose euler, unipc or dmd"))),
        }
    }
}

/// A sampler in the middle of its steps.
pub enum Sampler {
    /// See [`SamplerKind::Euler`].
    Euler(euler::Euler),
    /// See [`SamplerKind::UniPc`].
    UniPc(unipc::UniPc),
    /// See [`SamplerKind::Dmd`].
    Dmd(dmd::Dmd),
}

impl Sampler {
    /// A sampler for this many steps. `spacing` is for Euler's method; `timesteps` are those that a model was distilled for
    /// by distribution matching, others have none.
    ///
    /// # Errors
    /// [`crate::Error::BadInput`] for no step, too many, or a shift that is not positive.
    pub fn new(
        kind: SamplerKind,
        steps: usize,
        shift: f64,
        spacing: TimestepSpacing,
        timesteps: Option<&[f32]>,
    ) -> Result<Self> {
        schedule::check(steps, shift)?;
        Ok(match kind {
            SamplerKind::Euler => Self::Euler(euler::Euler::new(Schedule::euler(steps, shift, spacing))),
            SamplerKind::UniPc => Self::UniPc(unipc::UniPc::new(Schedule::unipc(steps, shift))),
            SamplerKind::Dmd => Self::Dmd(dmd::Dmd::new(Schedule::dmd(steps, shift, timesteps)?)),
        })
    }

    /// The noise levels and timesteps.
    pub fn schedule(&self) -> &Schedule {
        match self {
            Self::Euler(sampler) => &sampler.schedule,
            Self::UniPc(sampler) => &sampler.schedule,
            Self::Dmd(sampler) => &sampler.schedule,
        }
    }

    /// Step number `step`, to be called in order: the state and the velocity predicted for it → the next state.
    /// `noise` gives fresh normal values to samplers that add some.
    pub fn step(&mut self, step: usize, latent: &[f32], velocity: &[f32], noise: &mut dyn FnMut() -> f32) -> Vec<f32> {
        match self {
            Self::Euler(sampler) => sampler.step(step, latent, velocity),
            Self::UniPc(sampler) => sampler.step(step, latent, velocity),
            Self::Dmd(sampler) => sampler.step(step, latent, velocity, noise),
        }
    }
}

/// The clean latent that a velocity points to: x − σ v.
pub fn clean(latent: &[f32], velocity: &[f32], sigma: f32) -> Vec<f32> {
    latent.iter().zip(velocity).map(|(x, v)| x - sigma * v).collect()
}
