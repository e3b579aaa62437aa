//! `cargo xtask`: sets up, builds, serves and tests Kinora, with one command each.

mod bench;
mod command;
mod count;
mod debian;
mod gguf;
mod project;
mod python;
mod recipe;
mod serve;
mod setup;
mod test;
mod wasm;
mod web;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

/// Sets up, builds, serves and tests Kinora.
#[derive(Subcommand)]
enum Task {
    /// Check for everything a build needs and install what is missing.
    Setup {
        /// Also what the tests need: Chromium, a Vulkan driver, ffmpeg, Python.
        #[arg(long)]
        tests: bool,
    },
    /// Build the page and the npm package into web/dist, which any static file server can serve.
    Build,
    /// Build, serve the page on localhost and rebuild when a source file changes.
    Serve {
        #[arg(long, default_value_t = 4173)]
        port: u16,
    },
    /// Run every check and test; the last line reads `N passed, M failed`.
    Test {
        /// Run these steps alone (comma-separated or repeated).
        #[arg(long, value_enum, value_delimiter = ',')]
        only: Vec<test::Step>,
        /// Also the steps that take many minutes.
        #[arg(long)]
        long: bool,
    },
    /// Measure every kernel on this machine's GPU: worst error and speed.
    Bench {
        /// Only the operations whose name contains this.
        #[arg(long)]
        filter: Option<String>,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("✗ {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> anyhow::Result<()> {
    let project = project::Project::find()?;
    match task {
        Task::Setup { tests: false } => setup::for_build(&project),
        Task::Setup { tests: true } => setup::for_tests(&project),
        Task::Build => web::build_for_release(&project),
        Task::Serve { port } => serve::serve(&project, port),
        Task::Test { only, long } => test::test(&project, &only, long),
        Task::Bench { filter } => bench::bench(&project, filter.as_deref()),
    }
}
