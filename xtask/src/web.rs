//! The npm package of the page.

use crate::project::Project;
use crate::wasm::Optimise;
use crate::{command, setup, wasm};
use anyhow::Result;
use std::path::Path;
use std::process::Command;

/// `npm` in a folder.
pub(crate) fn npm(folder: &Path) -> Command {
    let mut npm = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
    npm.current_dir(folder);
    npm
}

/// Installs the page's npm packages unless those of the lock file are there already.
pub(crate) fn install_packages(project: &Project) -> Result<()> {
    install_packages_in(&project.web())?;
    setup::found("npm packages", "web/node_modules");
    Ok(())
}

fn install_packages_in(folder: &Path) -> Result<()> {
    let wanted = std::fs::read_to_string(folder.join("package-lock.json"))?;
    let stamp = folder.join("node_modules/.installed-package-lock.json");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    command::heading("Installing npm packages");
    command::run(npm(folder).args(["ci", "--no-audit", "--no-fund"]))?;
    std::fs::write(stamp, wanted)?;
    Ok(())
}

/// The page and the npm package into web/dist, with whatever module lies in web/src/wasm.
pub(crate) fn build(project: &Project) -> Result<()> {
    command::heading("Page");
    command::run(npm(&project.web()).args(["run", "build"]))
}

/// Everything from nothing to web/dist, at its smallest and fastest, with the sizes.
pub(crate) fn build_for_release(project: &Project) -> Result<()> {
    setup::for_build(project)?;
    let module = wasm::build(project, Optimise::Yes)?;
    build(project)?;
    command::heading("web/dist");
    print_size("engine (wasm)", &module)?;
    println!("{:>9.1} KB  web/dist, all files", folder_size(&project.web().join("dist"))? as f64 / 1e3);
    Ok(())
}

fn print_size(name: &str, file: &Path) -> Result<()> {
    let raw = std::fs::metadata(file)?.len();
    let script = "process.stdout.write(String(zlib.brotliCompressSync(fs.readFileSync(process.argv[1])).length))";
    let brotli: u64 = command::output(Command::new("node").args(["-e", script]).arg(file))?.parse()?;
    println!("{:>9.1} KB  {name}; {:.1} KB with brotli", raw as f64 / 1e3, brotli as f64 / 1e3);
    Ok(())
}

fn folder_size(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        bytes += if entry.file_type()?.is_dir() { folder_size(&entry.path())? } else { entry.metadata()?.len() };
    }
    Ok(bytes)
}
