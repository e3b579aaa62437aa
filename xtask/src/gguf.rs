//! Files that `kinora quantize` writes, compared with what Python's package gguf makes of the same weights.

use crate::command::run;
use crate::project::Project;
use crate::python;
use anyhow::Result;
use std::process::Command;

const WEIGHTS: [&str; 3] = [
    "dit/head64/diffusion_pytorch_model.safetensors",
    "text/head64/model.safetensors",
    "vae/patched/diffusion_pytorch_model.safetensors",
];

const TYPES: [&str; 3] = ["f16", "q8_0", "q4_0"];

/// Quantises each network into each type and has Python check every tensor; returns how many files agreed.
pub(crate) fn check(project: &Project) -> Result<usize> {
    let python = python::environment(project)?;
    let folder = project.target.join("quantised");
    std::fs::create_dir_all(&folder)?;
    let mut agreed = 0;
    for weights in WEIGHTS {
        let weights = project.root.join("tests/fixtures").join(weights);
        for data_type in TYPES {
            let quantised = folder.join("checked.gguf");
            run(project.kinora()?.arg("quantize").args([&weights, &quantised]).args(["--type", data_type]))?;
            let script = project.root.join("tests/reference/check_gguf.py");
            run(Command::new(&python).arg(script).args([&quantised, &weights]))?;
            agreed += 1;
        }
    }
    Ok(agreed)
}
