//! Runs a case: its error and its time.

use std::rc::Rc;

use super::OpRow;
use super::bench::{Bench, POISON};
use super::case::{Case, Check, Expected};
use crate::clock::Stopwatch;
use crate::error::{Error, Result};
use crate::gpu::{Cancel, Gpu, Invocations, Recording, Tensor};

/// A measurement runs the recording often enough to last about this long: clocks in browsers are coarse.
const BATCH_SECONDS: f64 = 0.01;
/// Most runs in a measurement.
const MAX_RUNS: usize = 20;
/// Measurements of which the median is taken.
const MEASUREMENTS: usize = 5;
/// An operation that takes longer is measured once.
const SLOW_SECONDS: f64 = 0.1;

/// Computes a row of the table, with the kernels' forms for these invocations.
pub(super) async fn measure(gpu: &Rc<Gpu>, case: &Case, invocations: Invocations) -> Result<OpRow> {
    let mut bench = Bench::new(gpu, invocations);
    let check = (case.prepare)(&mut bench)?;
    let recording = bench.finish()?;
    if !check.in_place && !words(gpu, &check.output).await?.iter().all(|&word| word == POISON) {
        return Err(Error::Device(format!("{} would run on an output that was not poisoned", case.title())));
    }
    recording.run(&Cancel::default()).await?;
    let error = error(gpu, &check).await?;
    let seconds = seconds_of_a_run(&recording).await?;
    Ok(OpRow {
        op: case.op,
        variant: case.variant.clone(),
        shape: case.shape.clone(),
        error,
        bound: case.bound,
        ok: error <= case.bound,
        milliseconds: 1e3 * seconds,
        gflops: case.flops.filter(|_| seconds > 0.0).map(|flops| flops / seconds / 1e9),
    })
}

/// All words of a tensor's buffer, also those behind its values.
async fn words(gpu: &Gpu, tensor: &Tensor) -> Result<Vec<u32>> {
    let bytes = gpu.read_bytes(tensor.storage(), tensor.storage().bytes()).await?;
    Ok(bytemuck::pod_collect_to_vec(&bytes))
}

/// Relative L2 error of the output; infinite when something behind it was overwritten.
async fn error(gpu: &Gpu, check: &Check) -> Result<f64> {
    let words = words(gpu, &check.output).await?;
    let (actual, behind) = words.split_at(check.output.elements() as usize);
    if behind.iter().any(|&word| word != POISON) {
        return Ok(f64::INFINITY);
    }
    Ok(match &check.expected {
        Expected::Values(expected) => relative_error(bytemuck::cast_slice(actual), expected),
        Expected::Bytes(expected) => {
            let expected: Vec<f64> = expected.iter().copied().map(f64::from).collect();
            let actual: Vec<f32> = actual.iter().flat_map(|word| word.to_le_bytes()).map(f32::from).collect();
            relative_error(&actual, &expected)
        }
    })
}

/// ‖a − b‖ / ‖b‖, and infinite where a value is missing or not a number.
pub fn relative_error<E: Copy + Into<f64>>(actual: &[f32], expected: &[E]) -> f64 {
    if actual.len() != expected.len() || actual.iter().any(|value| !value.is_finite()) {
        return f64::INFINITY;
    }
    let expected = || expected.iter().map(|&b| b.into());
    let difference: f64 = actual.iter().zip(expected()).map(|(&a, b)| (f64::from(a) - b).powi(2)).sum();
    if difference == 0.0 {
        return 0.0;
    }
    let error = (difference / expected().map(|b| b * b).sum::<f64>()).sqrt();
    if error.is_nan() { f64::INFINITY } else { error }
}

/// Median over several measurements; a slow operation is measured once. The recording has run before.
async fn seconds_of_a_run(recording: &Recording) -> Result<f64> {
    let cancel = Cancel::default();
    let measurement = async |runs: usize| -> Result<f64> {
        let stopwatch = Stopwatch::start();
        for _ in 0..runs {
            recording.run(&cancel).await?;
        }
        Ok(stopwatch.seconds() / runs as f64)
    };
    let estimate = measurement(1).await?;
    if estimate > SLOW_SECONDS {
        return Ok(estimate);
    }
    let runs = ((BATCH_SECONDS / estimate.max(1e-6)).ceil() as usize).clamp(1, MAX_RUNS);
    let mut seconds = Vec::new();
    for _ in 0..MEASUREMENTS {
        seconds.push(measurement(runs).await?);
    }
    seconds.sort_by(f64::total_cmp);
    Ok(seconds[seconds.len() / 2])
}
