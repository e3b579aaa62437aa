//! Where things are.

use crate::command;
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The repository and cargo's target directory.
pub(crate) struct Project {
    pub(crate) root: PathBuf,
    pub(crate) target: PathBuf,
}

impl Project {
    pub(crate) fn find() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .context("xtask lies at the top of the repository")?
            .to_path_buf();
        let mut metadata = cargo_command();
        metadata.args(["metadata", "--format-version=1", "--no-deps"]).current_dir(&root);
        let metadata: serde_json::Value = serde_json::from_str(&command::output(&mut metadata)?)?;
        let target = metadata["target_directory"].as_str().context("cargo metadata names no target_directory")?.into();
        Ok(Self { root, target })
    }

    /// `cargo` with the toolchain that runs this, in the repository.
    pub(crate) fn cargo(&self) -> Command {
        let mut cargo = cargo_command();
        cargo.current_dir(&self.root);
        cargo
    }

    /// The native command line, from the same build as the tests: a build of its own would have other features in
    /// shared dependencies, and wgpu would be compiled twice.
    pub(crate) fn kinora(&self) -> Result<Command> {
        command::run(self.cargo().args(["build", "--package", "kinora", "--all-targets"]))?;
        let mut kinora = Command::new(self.target.join(format!("debug/kinora{}", std::env::consts::EXE_SUFFIX)));
        kinora.current_dir(&self.root);
        Ok(kinora)
    }

    /// The npm package of the page.
    pub(crate) fn web(&self) -> PathBuf {
        self.root.join("web")
    }
}

fn cargo_command() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}
