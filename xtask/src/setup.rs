//! What a machine needs to build and to test, checked, and installed where that is possible.

use crate::project::Project;
use crate::{command, debian, python, web};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Everything that builds need: the wasm target, Node and the npm packages.
pub(crate) fn for_build(project: &Project) -> Result<()> {
    wasm_target(project)?;
    node()?;
    web::install_packages(project)
}

/// Everything that builds and tests need.
pub(crate) fn for_tests(project: &Project) -> Result<()> {
    for_build(project)?;
    vulkan_driver()?;
    chromium()?;
    ffprobe()?;
    python::environment(project).map(drop)
}

/// Rust's standard library for wasm.
pub(crate) fn wasm_target(project: &Project) -> Result<()> {
    const TARGET: &str = "wasm32-unknown-unknown";
    let is_installed = || -> Result<bool> {
        let mut rustc = Command::new("rustc");
        rustc.args(["--print", "target-libdir", "--target", TARGET]).current_dir(&project.root);
        Ok(Path::new(&command::output(&mut rustc)?).is_dir())
    };
    if !is_installed()? {
        if command::find_program(&["rustup"]).is_none() {
            bail!(
                "Rust's target {TARGET} is missing and there is no rustup to add it. \
                 Install Rust with rustup (https://rustup.rs), or your distribution's package of that target"
            );
        }
        command::heading(&format!("Installing Rust's target {TARGET}"));
        command::run(Command::new("rustup").args(["target", "add", TARGET]).current_dir(&project.root))?;
    }
    found("Rust target", TARGET);
    Ok(())
}

/// Node.js in a version that Vite runs on, and npm.
fn node() -> Result<()> {
    const OLDEST: (u32, u32) = (20, 19);
    let advice = format!("Install Node.js {}.{} or newer with npm: https://nodejs.org", OLDEST.0, OLDEST.1);
    let version = command::output(Command::new("node").arg("--version")).with_context(|| advice.clone())?;
    let mut numbers = version.trim_start_matches('v').split('.').map(|part| part.parse().unwrap_or(0));
    if (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) < OLDEST {
        bail!("Node.js {version} is too old. {advice}");
    }
    let npm = command::output(web::npm(Path::new(".")).arg("--version")).with_context(|| advice.clone())?;
    found("Node.js", &format!("{version}, npm {npm}"));
    Ok(())
}

/// A GPU driver for the native tests: any Vulkan driver will do, Mesa's runs on the CPU. macOS and Windows bring one.
pub(crate) fn vulkan_driver() -> Result<()> {
    if !cfg!(target_os = "linux") {
        return Ok(());
    }
    if vulkan_driver_manifest().is_none() || vulkan_loader().is_none() {
        debian::install(&["mesa-vulkan-drivers", "libvulkan1"], "The tests need a Vulkan driver")?;
    }
    let manifest = vulkan_driver_manifest().context("No Vulkan driver after its installation")?;
    found("Vulkan driver", &manifest.display().to_string());
    Ok(())
}

fn vulkan_driver_manifest() -> Option<PathBuf> {
    if let Some(chosen) = std::env::var_os("VK_DRIVER_FILES").or_else(|| std::env::var_os("VK_ICD_FILENAMES")) {
        return Some(chosen.into());
    }
    ["/usr/share/vulkan/icd.d", "/usr/local/share/vulkan/icd.d", "/etc/vulkan/icd.d"]
        .iter()
        .flat_map(|folder| std::fs::read_dir(folder).into_iter().flatten().flatten())
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "json"))
}

fn vulkan_loader() -> Option<PathBuf> {
    let multiarch = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten().map(|entry| entry.path());
    ["/usr/lib", "/usr/lib64", "/lib64", "/usr/local/lib"]
        .iter()
        .map(PathBuf::from)
        .chain(multiarch)
        .map(|folder| folder.join("libvulkan.so.1"))
        .find(|library| library.exists())
}

/// Chromium (or Chrome) for the tests of the page; `CHROMIUM` overrides the search.
pub(crate) fn chromium() -> Result<PathBuf> {
    if find_chromium().is_none() {
        debian::install(&["chromium"], "The tests of the page need Chromium")?;
    }
    let browser = find_chromium().context("No Chromium after its installation")?;
    found("Chromium", &browser.display().to_string());
    Ok(browser)
}

fn find_chromium() -> Option<PathBuf> {
    let chosen = std::env::var_os("CHROMIUM").map(PathBuf::from);
    chosen
        .or_else(|| command::find_program(&["chromium", "google-chrome", "google-chrome-stable", "chromium-browser"]))
        .or_else(|| {
            [
                "/Applications/Chromium.app/Contents/MacOS/Chromium",
                "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
            ]
            .iter()
            .map(PathBuf::from)
            .find(|program| program.is_file())
        })
}

/// ffprobe, which looks at the files that the page writes.
pub(crate) fn ffprobe() -> Result<()> {
    if command::find_program(&["ffprobe"]).is_none() {
        debian::install(&["ffmpeg"], "The tests of the page need ffprobe (ffmpeg)")?;
    }
    let program = command::find_program(&["ffprobe"]).context("No ffprobe after its installation")?;
    found("ffprobe", &program.display().to_string());
    Ok(())
}

pub(crate) fn found(what: &str, which: &str) {
    println!("✓ {what}: {which}");
}
