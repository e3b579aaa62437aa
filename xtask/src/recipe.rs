//! Tests of the training in `models/train`.

use crate::command;
use crate::count::Count;
use crate::project::Project;
use crate::setup;
use anyhow::{Result, bail};
use std::path::PathBuf;
use std::process::Command;

/// The training's own environment, which is too large (PyTorch) to be installed without being asked.
pub(crate) fn python(project: &Project) -> Result<PathBuf> {
    let folder = project.root.join("models/train/.venv");
    let python = folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let check = command::output(Command::new(&python).args(["-c", "import pytest, torch, diffusers, matplotlib"]));
    if check.is_err() {
        bail!(
            "The tests of the training need its Python environment:\n  cd models/train && python3 -m venv .venv && \
             .venv/bin/pip install -r requirements-test.txt\n(without a GPU, add --extra-index-url \
             https://download.pytorch.org/whl/cpu for the smaller torch)"
        );
    }
    setup::found("Python of the training", &python.display().to_string());
    Ok(python)
}

/// Runs pytest in `models/train`; the engine that makes clips with the trained model is the tests' build.
pub(crate) fn test(project: &Project, count: &mut Count) -> Result<()> {
    let kinora = project.kinora()?;
    let mut pytest = Command::new(python(project)?);
    pytest.args(["-m", "pytest"]).current_dir(project.root.join("models/train")).env("KINORA", kinora.get_program());
    command::run_with_lines(&mut pytest, |line| count.add_line(line))
}
