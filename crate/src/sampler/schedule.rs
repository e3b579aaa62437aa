//! Noise levels and timesteps.

use crate::error::{Error, Result};
use crate::format::manifest::{MAX_SHIFT, MAX_STEPS, TimestepSpacing};

/// Timesteps that models are trained with.
const TRAINING_STEPS: f64 = 1000.0;

/// Noise level of every state and timestep of every step.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// σ of the states, from about 1 down to 0: one more than there are steps.
    pub sigmas: Vec<f32>,
    /// What the network is told, 0 to 1000.
    pub timesteps: Vec<f32>,
}

/// # Errors
/// [`Error::BadInput`] for no step, too many, or a shift that is not positive or too large.
pub(super) fn check(steps: usize, shift: f64) -> Result<()> {
    if steps == 0 || steps > MAX_STEPS {
        return Err(Error::BadInput(format!("the number of steps must be from 1 to {MAX_STEPS}")));
    }
    if !(shift > 0.0 && shift <= MAX_SHIFT) {
        return Err(Error::BadInput(format!("the shift must be above 0 and at most {MAX_SHIFT}")));
    }
    Ok(())
}

/// Moves noise levels up, as longer sequences need (Esser et al., section 5.3.2).
fn shifted(sigma: f64, shift: f64) -> f64 {
    shift * sigma / (1.0 + (shift - 1.0) * sigma)
}

/// `count` values from `first` to `last`.
fn line(first: f64, last: f64, count: usize) -> impl Iterator<Item = f64> {
    let step = if count > 1 { (last - first) / (count - 1) as f64 } else { 0.0 };
    (0..count).map(move |i| first + step * i as f64)
}

impl Schedule {
    /// `FlowMatchEulerDiscreteScheduler(shift)`, with trailing levels as `FluxPipeline` asks it for them. Its own smallest
    /// level is shifted twice, once when it is made and once here.
    pub fn euler(steps: usize, shift: f64, spacing: TimestepSpacing) -> Self {
        let last = match spacing {
            TimestepSpacing::Linspace => shifted(1.0 / TRAINING_STEPS, shift),
            TimestepSpacing::Trailing => 1.0 / steps as f64,
        };
        let sigmas: Vec<f32> = line(1.0, last, steps).map(|sigma| shifted(sigma, shift) as f32).collect();
        let timesteps = sigmas.iter().map(|sigma| sigma * TRAINING_STEPS as f32).collect();
        Self::with_end(sigmas, timesteps)
    }

    /// `UniPCMultistepScheduler(use_flow_sigmas, flow_shift)`: whole timesteps, and no level of exactly 1, whose
    /// signal-to-noise ratio has no logarithm.
    pub fn unipc(steps: usize, shift: f64) -> Self {
        let levels = line(1.0, 1.0 / TRAINING_STEPS, steps + 1).take(steps).map(|sigma| shifted(sigma, shift));
        let levels: Vec<f64> =
            levels.map(|sigma| if (sigma - 1.0).abs() < 1e-6 { sigma - 1e-6 } else { sigma }).collect();
        let timesteps = levels.iter().map(|sigma| (sigma * TRAINING_STEPS).trunc() as f32).collect();
        Self::with_end(levels.into_iter().map(|sigma| sigma as f32).collect(), timesteps)
    }

    /// The timesteps of a distilled model and the nearest of the 1000 shifted training levels. Without a list, evenly
    /// spaced steps are taken from the shifted levels (Self-Forcing); a list goes to the network as it is (FastVideo).
    ///
    /// # Errors
    /// [`Error::BadInput`] when the list has fewer entries than there are steps.
    pub fn dmd(steps: usize, shift: f64, timesteps: Option<&[f32]>) -> Result<Self> {
        let table: Vec<f64> = (0..TRAINING_STEPS as usize)
            .map(|i| shifted((TRAINING_STEPS - i as f64) / TRAINING_STEPS, shift))
            .collect();
        let timesteps: Vec<f32> = match timesteps {
            Some(list) => list
                .get(..steps)
                .ok_or_else(|| Error::BadInput(format!("this model was distilled for at most {} steps", list.len())))?
                .to_vec(),
            None => (0..steps)
                .map(|i| (table[(TRAINING_STEPS * i as f64 / steps as f64) as usize] * TRAINING_STEPS) as f32)
                .collect(),
        };
        let distance = |sigma: f64, timestep: f32| (sigma * TRAINING_STEPS - f64::from(timestep)).abs();
        let nearest = |timestep: f32| {
            let by_distance = |a: &&f64, b: &&f64| distance(**a, timestep).total_cmp(&distance(**b, timestep));
            table.iter().min_by(by_distance).map_or(0.0, |&sigma| sigma as f32)
        };
        let sigmas = timesteps.iter().map(|&timestep| nearest(timestep)).collect();
        Ok(Self::with_end(sigmas, timesteps))
    }

    fn with_end(mut sigmas: Vec<f32>, timesteps: Vec<f32>) -> Self {
        sigmas.push(0.0);
        Self { sigmas, timesteps }
    }
}
