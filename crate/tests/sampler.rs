//! Every sampler against diffusers, on the trajectories that `tests/reference` writes.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::path::Path;

use kinora::command::forward::read_tensors;
use kinora::format::manifest::TimestepSpacing;
use kinora::sampler::{Sampler, SamplerKind};
use kinora::table::relative_error;

const LINSPACE: TimestepSpacing = TimestepSpacing::Linspace;

/// The stand-in for a network that the fixtures were made with.
fn velocity(latent: &[f32], timestep: f32) -> Vec<f32> {
    latent.iter().map(|&x| (0.5 * (3.0 * f64::from(x)).sin() + f64::from(timestep) / 1000.0) as f32).collect()
}

#[test]
fn trajectories_equal_diffusers() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/sampler");
    let index: serde_json::Value =
        serde_json::from_slice(&std::fs::read(directory.join("index.json")).unwrap()).unwrap();
    let runs = index["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 19);
    for run in runs {
        let file = run["file"].as_str().unwrap();
        let tensors = read_tensors(&directory.join(file)).unwrap();
        let kind: SamplerKind = serde_json::from_value(run["sampler"].clone()).unwrap();
        let timesteps: Option<Vec<f32>> =
            (run["family"] == "fastvideo").then(|| serde_json::from_value(run["requested_timesteps"].clone()).unwrap());
        let spacing = run.get("spacing").map_or(LINSPACE, |name| serde_json::from_value(name.clone()).unwrap());
        let steps = run["steps"].as_u64().unwrap() as usize;
        let mut sampler =
            Sampler::new(kind, steps, run["shift"].as_f64().unwrap(), spacing, timesteps.as_deref()).unwrap();
        let schedule = sampler.schedule().clone();
        assert!(relative_error(&schedule.sigmas, &tensors["sigmas"].values) < 1e-6, "{file}: {:?}", schedule.sigmas);
        assert!(relative_error(&schedule.timesteps, &tensors["timesteps"].values) < 1e-6, "{file}");

        let size = tensors["noise"].values.len();
        let mut fresh = tensors.get("step_noise").map(|t| t.values.clone()).unwrap_or_default().into_iter();
        let mut latent = tensors["noise"].values.clone();
        for step in 0..steps {
            let predicted = velocity(&latent, schedule.timesteps[step]);
            latent = sampler.step(step, &latent, &predicted, &mut || fresh.next().unwrap());
            let expected = &tensors["latents"].values[(step + 1) * size..(step + 2) * size];
            let error = relative_error(&latent, expected);
            assert!(error < 1e-5, "{file} step {step}: {error:.1e}");
        }
    }
}

#[test]
fn impossible_schedules_are_refused() {
    for (steps, shift) in [(0, 1.0), (1001, 1.0), (4, 0.0), (4, f64::NAN), (4, -3.0), (4, 100.1)] {
        assert!(Sampler::new(SamplerKind::Euler, steps, shift, LINSPACE, None).is_err());
    }
    assert!(Sampler::new(SamplerKind::Dmd, 4, 8.0, LINSPACE, Some(&[1000.0, 757.0, 522.0])).is_err());
}
