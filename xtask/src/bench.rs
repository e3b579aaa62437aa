//! Speed on this machine.

use crate::command;
use crate::project::Project;
use anyhow::Result;

/// The op table of the release build on the native GPU.
pub(crate) fn bench(project: &Project, filter: Option<&str>) -> Result<()> {
    command::heading("Kernels, native");
    let mut cargo = project.cargo();
    cargo.args(["run", "--release", "--package", "kinora", "--", "ops"]);
    if let Some(filter) = filter {
        cargo.args(["--filter", filter]);
    }
    command::run(&mut cargo)
}
