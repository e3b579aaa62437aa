//! Noise from a seed, the same on every machine.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// A stream of normal values, mean 0 and variance 1.
pub struct Noise(ChaCha8Rng);

impl Noise {
    /// The stream of a seed.
    pub fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// The next value.
    pub fn value(&mut self) -> f32 {
        StandardNormal.sample(&mut self.0)
    }

    /// The next `length` values.
    pub fn values(&mut self, length: usize) -> Vec<f32> {
        (0..length).map(|_| self.value()).collect()
    }
}
