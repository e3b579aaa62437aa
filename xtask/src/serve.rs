//! The page on localhost, rebuilt when a source file changes.

use crate::project::Project;
use crate::wasm::Optimise;
use crate::{command, setup, wasm, web};
use anyhow::Result;
use notify_debouncer_mini::notify::RecursiveMode;
use notify_debouncer_mini::{DebounceEventResult, new_debouncer};
use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// Builds, serves web/dist until interrupted, and builds again after every change of a source file.
pub(crate) fn serve(project: &Project, port: u16) -> Result<()> {
    setup::for_build(project)?;
    build(project)?;

    let (sender, changes) = channel();
    let mut watcher = new_debouncer(Duration::from_millis(200), sender)?;
    let folders = ["crate/src", "shaders", "web/src", "models/nano"].map(|folder| (folder, RecursiveMode::Recursive));
    for (folder, mode) in folders.into_iter().chain([("web", RecursiveMode::NonRecursive)]) {
        watcher.watcher().watch(&project.root.join(folder), mode)?;
    }

    command::heading(&format!("Kinora is at http://localhost:{port}/ (stop with Ctrl+C)"));
    let mut server = web::npm(&project.web());
    server.args(["exec", "--no", "--", "vite", "preview", "--strictPort", "--port", &port.to_string()]);
    let mut server = server.spawn()?;
    loop {
        match changes.recv_timeout(Duration::from_secs(1)) {
            Ok(event) if concerns_sources(project, &event) => {
                if let Err(error) = build(project) {
                    println!("✗ {error:#}");
                }
            }
            Ok(_) | Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        }
        if let Some(status) = server.try_wait()? {
            anyhow::bail!("vite preview ended ({status})");
        }
    }
}

/// Without wasm-opt, so that a change shows within seconds.
fn build(project: &Project) -> Result<()> {
    wasm::build(project, Optimise::No)?;
    web::build(project)
}

fn concerns_sources(project: &Project, event: &DebounceEventResult) -> bool {
    let built = ["node_modules", "dist", "src/wasm"].map(|folder| project.web().join(folder));
    let is_source = |path: &Path| !built.iter().any(|folder| path.starts_with(folder));
    event.as_ref().is_ok_and(|events| events.iter().any(|event| is_source(&event.path)))
}
