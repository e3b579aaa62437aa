//! The page on localhost, rebuilt when a source file changes.

use crate::project::Project;
use crate::wasm::Optimise;
use crate::{command, setup, wasm, web};
use anyhow::{Result, bail};
use notify::{Event, RecursiveMode, Watcher};
use std::path::Path;
use std::process::Child;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// Builds, serves web/dist until interrupted, and builds again after every change of a source file.
pub(crate) fn serve(project: &Project, port: u16) -> Result<()> {
    setup::for_build(project)?;
    build(project)?;

    let (sender, changes) = channel();
    let mut watcher = notify::recommended_watcher(sender)?;
    let folders = ["crate/src", "shaders", "web/src", "models/nano"].map(|folder| (folder, RecursiveMode::Recursive));
    for (folder, mode) in folders.into_iter().chain([("web", RecursiveMode::NonRecursive)]) {
        watcher.watch(&project.root.join(folder), mode)?;
    }

    command::heading(&format!("Kinora is at http://localhost:{port}/ (stop with Ctrl+C)"));
    let mut server = web::npm(&project.web());
    server.args(["exec", "--no", "--", "vite", "preview", "--strictPort", "--port", &port.to_string()]);
    rebuild_while_running(project, &mut server.spawn()?, &changes)
}

fn rebuild_while_running(
    project: &Project,
    server: &mut Child,
    changes: &Receiver<notify::Result<Event>>,
) -> Result<()> {
    loop {
        if let Some(status) = server.try_wait()? {
            bail!("vite preview ended ({status})");
        }
        let Ok(first) = changes.recv_timeout(Duration::from_secs(1)) else { continue };
        std::thread::sleep(Duration::from_millis(100));
        let events = std::iter::once(first).chain(changes.try_iter());
        if events.filter(|event| changes_sources(project, event)).count() > 0 {
            match build(project) {
                Ok(()) => println!("Built; reload the page"),
                Err(error) => println!("✗ {error:#}"),
            }
        }
    }
}

/// Without wasm-opt, so that a change shows within seconds.
fn build(project: &Project) -> Result<()> {
    wasm::build(project, Optimise::No)?;
    web::build(project)
}

/// Whether an event changes what a build reads: reading changes nothing, and builds write some folders themselves.
fn changes_sources(project: &Project, event: &notify::Result<Event>) -> bool {
    let built = ["node_modules", "dist", "src/wasm"].map(|folder| project.web().join(folder));
    let is_source = |path: &Path| !built.iter().any(|folder| path.starts_with(folder));
    event.as_ref().is_ok_and(|event| !event.kind.is_access() && event.paths.iter().any(|path| is_source(path)))
}
