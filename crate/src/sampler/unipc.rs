//! UniPC (Zhao et al., "UniPC: a unified predictor-corrector framework"), as diffusers computes it: data prediction,
//! order 2, B(h) = exp(h) − 1, lower order on the first and the last step.

use super::{Schedule, clean};

/// Predictor and corrector of order 2.
pub struct UniPc {
    pub(super) schedule: Schedule,
    /// Clean predictions of the last two steps, the newest last.
    predictions: Vec<Vec<f32>>,
    /// State before the last predictor, and the predictor's order.
    last: Option<(Vec<f32>, usize)>,
}

const ORDER: usize = 2;

impl UniPc {
    pub(super) fn new(schedule: Schedule) -> Self {
        Self { schedule, predictions: Vec::new(), last: None }
    }

    pub(super) fn step(&mut self, step: usize, latent: &[f32], velocity: &[f32]) -> Vec<f32> {
        // Made from the state before it is corrected, and kept so.
        let prediction = clean(latent, velocity, self.schedule.sigmas[step]);
        let state = match &self.last {
            Some((before, order)) => self.correct(step, before, *order, &prediction),
            None => latent.to_vec(),
        };
        self.predictions.push(prediction);
        if self.predictions.len() > ORDER {
            self.predictions.remove(0);
        }
        let order = ORDER.min(self.schedule.timesteps.len() - step).min(self.predictions.len());
        let next = self.predict(step, &state, order);
        self.last = Some((state, order));
        next
    }

    /// The state of this step, from the one before the predictor and all clean predictions up to this step's.
    fn correct(&self, step: usize, before: &[f32], order: usize, prediction: &[f32]) -> Vec<f32> {
        let (from, to) = (step - 1, step);
        let h = self.log_ratio(to) - self.log_ratio(from);
        let terms = Terms::new(h);
        let newest = &self.predictions[self.predictions.len() - 1];
        let (older_weight, newest_weight) = if order == 1 {
            (0.0, 0.5)
        } else {
            let ratio = (self.log_ratio(from - 1) - self.log_ratio(from)) / h;
            terms.corrector_weights(ratio)
        };
        let (older, ratio) = self.older(from, order, h);
        self.advance(from, to, before, newest, &terms, |i| {
            let difference = older.map_or(0.0, |older| f64::from(older[i] - newest[i]) / ratio);
            older_weight * difference + newest_weight * f64::from(prediction[i] - newest[i])
        })
    }

    /// The next state.
    fn predict(&self, step: usize, state: &[f32], order: usize) -> Vec<f32> {
        let newest = &self.predictions[self.predictions.len() - 1];
        if self.schedule.sigmas[step + 1] == 0.0 {
            // The logarithm is infinite there; the limit is the clean prediction itself.
            return newest.clone();
        }
        let h = self.log_ratio(step + 1) - self.log_ratio(step);
        let terms = Terms::new(h);
        let (older, ratio) = self.older(step, order, h);
        self.advance(step, step + 1, state, newest, &terms, |i| {
            older.map_or(0.0, |older| 0.5 * f64::from(older[i] - newest[i]) / ratio)
        })
    }

    /// The clean prediction before the newest and how far back it lies, in units of the step, for order 2.
    fn older(&self, newest: usize, order: usize, h: f64) -> (Option<&Vec<f32>>, f64) {
        if order == 1 {
            return (None, 1.0);
        }
        (Some(&self.predictions[self.predictions.len() - 2]), (self.log_ratio(newest - 1) - self.log_ratio(newest)) / h)
    }

    /// σ'/σ x − (1 − σ') (h1 m + B d), with m the clean prediction and d the weighted differences.
    fn advance(
        &self,
        from: usize,
        to: usize,
        state: &[f32],
        newest: &[f32],
        terms: &Terms,
        differences: impl Fn(usize) -> f64,
    ) -> Vec<f32> {
        let (sigma, next) = (f64::from(self.schedule.sigmas[from]), f64::from(self.schedule.sigmas[to]));
        let clean_share = 1.0 - next;
        (0..state.len())
            .map(|i| {
                let linear = next / sigma * f64::from(state[i]) - clean_share * terms.h1 * f64::from(newest[i]);
                (linear - clean_share * terms.h1 * differences(i)) as f32
            })
            .collect()
    }

    /// ln(1 − σ) − ln σ of a state.
    fn log_ratio(&self, state: usize) -> f64 {
        let sigma = f64::from(self.schedule.sigmas[state]);
        (1.0 - sigma).ln() - sigma.ln()
    }
}

/// The functions of the step length that the method is made of.
struct Terms {
    /// −h
    negative: f64,
    /// exp(−h) − 1, which is also B(h)
    h1: f64,
}

impl Terms {
    fn new(h: f64) -> Self {
        Self { negative: -h, h1: (-h).exp_m1() }
    }

    /// Solves the two order conditions for the weights of the older and of the newest difference.
    fn corrector_weights(&self, ratio: f64) -> (f64, f64) {
        let phi1 = self.h1 / self.negative - 1.0;
        let phi2 = phi1 / self.negative - 0.5;
        let (b1, b2) = (phi1 / self.h1, 2.0 * phi2 / self.h1);
        // [1 1; ratio 1] (older, newest) = (b1, b2)
        let older = (b1 - b2) / (1.0 - ratio);
        (older, b1 - older)
    }
}
