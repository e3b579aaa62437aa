//! Few-step sampling of distilled models.

use super::{Schedule, clean};

/// The clean prediction, noised again to the next level.
pub struct Dmd {
    pub(super) schedule: Schedule,
}

impl Dmd {
    pub(super) fn new(schedule: Schedule) -> Self {
        Self { schedule }
    }

    pub(super) fn step(
        &self,
        step: usize,
        latent: &[f32],
        velocity: &[f32],
        noise: &mut dyn FnMut() -> f32,
    ) -> Vec<f32> {
        let clean = clean(latent, velocity, self.schedule.sigmas[step]);
        let next = self.schedule.sigmas[step + 1];
        if step + 1 == self.schedule.timesteps.len() {
            return clean;
        }
        clean.iter().map(|value| (1.0 - next) * value + next * noise()).collect()
    }
}
