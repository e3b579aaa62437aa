//! Euler's method.

use super::Schedule;

/// x + (σ' − σ) v
pub struct Euler {
    pub(super) schedule: Schedule,
}

impl Euler {
    pub(super) fn new(schedule: Schedule) -> Self {
        Self { schedule }
    }

    pub(super) fn step(&self, step: usize, latent: &[f32], velocity: &[f32]) -> Vec<f32> {
        let difference = self.schedule.sigmas[step + 1] - self.schedule.sigmas[step];
        latent.iter().zip(velocity).map(|(x, v)| x + difference * v).collect()
    }
}
