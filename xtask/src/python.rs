//! A small Python environment for checks against Python packages.

use crate::project::Project;
use crate::{command, debian, setup};
use anyhow::Result;
use std::path::PathBuf;
use std::process::Command;

const PYTHON: &str = if cfg!(windows) { "python" } else { "python3" };

/// Creates the environment, in cargo's target folder, unless it is there, and returns its Python.
pub(crate) fn environment(project: &Project) -> Result<PathBuf> {
    let requirements = project.root.join("tests/reference/requirements-check.txt");
    let folder = project.target.join("python");
    let python = folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let wanted = std::fs::read_to_string(&requirements)?;
    let stamp = folder.join("installed-requirements.txt");
    if !std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        if !can_create_environments() {
            debian::install(&["python3", "python3-venv"], "The tests need Python 3 with its module venv")?;
        }
        command::heading("Installing Python packages");
        command::run(Command::new(PYTHON).args(["-m", "venv", "--clear"]).arg(&folder))?;
        command::run(Command::new(&python).args(["-m", "pip", "install", "--quiet", "-r"]).arg(&requirements))?;
        std::fs::write(stamp, wanted)?;
    }
    setup::found("Python", &python.display().to_string());
    Ok(python)
}

fn can_create_environments() -> bool {
    command::output(Command::new(PYTHON).args(["-c", "import ensurepip, venv"])).is_ok()
}
