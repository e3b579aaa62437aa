//! The engine as a wasm module with its JavaScript, in web/src/wasm.

use crate::command;
use crate::project::Project;
use crate::web;
use anyhow::{Context, Result};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use wasm_bindgen_cli_support::Bindgen;

/// What rustc may emit for wasm32-unknown-unknown.
const FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// How much time to spend on the module's size and speed.
#[derive(Clone, Copy, Hash)]
pub(crate) enum Optimise {
    /// As rustc leaves it: seconds after a change.
    No,
    /// With wasm-opt, for publishing.
    Yes,
}

/// Builds the module if anything changed and returns its path.
pub(crate) fn build(project: &Project, optimise: Optimise) -> Result<PathBuf> {
    command::heading("Engine: Rust to wasm");
    let mut cargo = project.cargo();
    cargo.args(["build", "--package", "kinora", "--lib", "--profile", "wasm"]);
    cargo.args(["--target", "wasm32-unknown-unknown"]);
    command::run(&mut cargo)?;

    let compiled = project.target.join("wasm32-unknown-unknown/wasm/kinora.wasm");
    let published = project.web().join("src/wasm");
    let module = published.join("kinora_bg.wasm");
    let stamp = published.join(".stamp");
    let fingerprint = fingerprint(&compiled, optimise)?;
    let is_current = module.exists() && std::fs::read_to_string(&stamp).is_ok_and(|stamp| stamp == fingerprint);
    if !is_current {
        let work = project.target.join("wasm-bindgen");
        bind(&compiled, &work)?;
        if let Optimise::Yes = optimise {
            optimise_in_place(project, &work.join("kinora_bg.wasm"))?;
        }
        copy_files(&work, &published)?;
        std::fs::write(&stamp, fingerprint)?;
    }
    Ok(module)
}

/// Identifies the module and what is made of it.
fn fingerprint(compiled: &Path, optimise: Optimise) -> Result<String> {
    let bytes = std::fs::read(compiled).with_context(|| compiled.display().to_string())?;
    let mut hasher = DefaultHasher::new();
    (bytes, optimise, FEATURES).hash(&mut hasher);
    Ok(format!("{:016x}", hasher.finish()))
}

/// Splits the compiled module into plain wasm, JavaScript and type declarations.
fn bind(compiled: &Path, folder: &Path) -> Result<()> {
    command::heading("Engine: wasm-bindgen");
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    let mut bindgen = Bindgen::new();
    bindgen.input_path(compiled).out_name("kinora").typescript(true).web(true)?;
    bindgen.generate(folder).context("wasm-bindgen")
}

/// `-O1` because rustc has optimised already: `-O3` took three times as long for 1.5 % of the size.
fn optimise_in_place(project: &Project, module: &Path) -> Result<()> {
    command::heading("Engine: wasm-opt");
    let mut npm = web::npm(&project.web());
    npm.args(["exec", "--no", "--", "wasm-opt", "-O1", "--strip-debug", "--strip-producers"]);
    npm.args(FEATURES).arg(module).arg("-o").arg(module);
    command::run(&mut npm)
}

fn copy_files(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        std::fs::copy(entry.path(), to.join(entry.file_name()))?;
    }
    Ok(())
}
