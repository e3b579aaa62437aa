//! Every check and test, with a summary.

use crate::command::{self, run, run_with_lines};
use crate::count::Count;
use crate::project::Project;
use crate::wasm::Optimise;
use crate::{gguf, python, recipe, setup, wasm, web};
use anyhow::Result;
use clap::ValueEnum;
use std::time::{Duration, Instant};

/// One part of the checks; the order is the order in which they run, cheap ones first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Step {
    /// Formatting of the Rust code.
    Fmt,
    /// Formatting, lint and types of the page.
    Web,
    /// Lints of the Rust code, native and wasm.
    Clippy,
    /// Rust documentation without warnings.
    Docs,
    /// Rust tests on the native GPU (or on Mesa's software driver).
    Native,
    /// The op table on the native GPU.
    Ops,
    /// Quantised files, read back by Python's package gguf.
    Gguf,
    /// Release build of the engine and the page.
    Build,
    /// Tests of the page and the op table in Chromium.
    Browser,
    /// Tests of the model's training, with the whole recipe in its smallest form (with --long, or named).
    Recipe,
}

/// Steps that run only where they are asked for.
const LONG: [Step; 1] = [Step::Recipe];

struct Outcome {
    name: String,
    error: Option<anyhow::Error>,
    count: Count,
    time: Duration,
}

/// Runs the chosen steps (all, if none is chosen, the long ones with `long`), goes on after failures, and fails in the
/// end if any failed.
pub(crate) fn test(project: &Project, only: &[Step], long: bool) -> Result<()> {
    let chosen = |step: &Step| {
        if LONG.contains(step) { long || only.contains(step) } else { only.is_empty() || only.contains(step) }
    };
    let steps: Vec<Step> = Step::value_variants().iter().copied().filter(chosen).collect();

    let setup = timed("setup", |_| steps.iter().try_for_each(|&step| prepare(project, step)));
    let mut outcomes = Vec::new();
    if setup.error.is_some() {
        outcomes.push(setup);
    } else {
        for step in steps {
            command::heading(&format!("Test: {}", name(step)));
            outcomes.push(timed(&name(step), |count| check(project, step, count)));
        }
    }
    summarise(&outcomes)
}

fn name(step: Step) -> String {
    step.to_possible_value().map_or_else(String::new, |value| value.get_name().to_string())
}

/// Installs what the step needs.
fn prepare(project: &Project, step: Step) -> Result<()> {
    match step {
        Step::Fmt | Step::Docs => Ok(()),
        Step::Clippy => setup::wasm_target(project),
        Step::Web | Step::Build => setup::for_build(project),
        Step::Native | Step::Ops => setup::vulkan_driver(),
        Step::Recipe => setup::vulkan_driver().and_then(|()| recipe::python(project)).map(drop),
        Step::Gguf => python::environment(project).map(drop),
        Step::Browser => setup::for_build(project).and_then(|()| setup::chromium()).and_then(|_| setup::ffprobe()),
    }
}

/// Cargo is given one package a call: the features of several would be unified, and shared dependencies built twice.
fn check(project: &Project, step: Step, count: &mut Count) -> Result<()> {
    match step {
        Step::Fmt => run(project.cargo().args(["fmt", "--all", "--check"])),
        Step::Web => {
            wasm::build(project, Optimise::Yes)?;
            run(web::npm(&project.web()).args(["run", "check"]))
        }
        Step::Clippy => {
            let native = ["--all-targets"].as_slice();
            // In the profile of the module's build, which has compiled the macros for it already.
            let wasm = ["--lib", "--target", "wasm32-unknown-unknown", "--profile", "wasm"].as_slice();
            let runs = [("xtask", native), ("kinora", native), ("kinora", wasm)].map(|(package, targets)| {
                let mut cargo = project.cargo();
                run(cargo.args(["clippy", "--package", package]).args(targets).args(["--", "-D", "warnings"]))
            });
            runs.into_iter().collect()
        }
        Step::Docs => {
            let mut cargo = project.cargo();
            cargo.args(["doc", "--package", "kinora", "--no-deps", "--document-private-items"]);
            run(cargo.env("RUSTDOCFLAGS", "-D warnings"))
        }
        Step::Native => ["xtask", "kinora"].into_iter().try_for_each(|package| {
            let mut cargo = project.cargo();
            cargo.args(["test", "--package", package, "--no-fail-fast"]);
            run_with_lines(&mut cargo, |line| count.add_line(line))
        }),
        Step::Ops => run(project.kinora()?.arg("ops")),
        Step::Gguf => {
            count.passed = gguf::check(project)?;
            Ok(())
        }
        Step::Build => {
            wasm::build(project, Optimise::Yes)?;
            web::build(project)
        }
        Step::Browser => {
            wasm::build(project, Optimise::Yes)?;
            web::build(project)?;
            let mut npm = web::npm(&project.web());
            npm.args(["test"]).env("CHROMIUM", setup::chromium()?);
            run_with_lines(&mut npm, |line| count.add_line(line))
        }
        Step::Recipe => recipe::test(project, count),
    }
}

/// Runs a step; one that counts no tests itself counts as one.
fn timed(name: &str, step: impl FnOnce(&mut Count) -> Result<()>) -> Outcome {
    let start = Instant::now();
    let mut count = Count::default();
    let error = step(&mut count).err();
    if let Some(error) = &error {
        println!("✗ {name}: {error:#}");
        count.failed = count.failed.max(1);
    } else if count == Count::default() {
        count.passed = 1;
    }
    Outcome { name: name.to_string(), error, count, time: start.elapsed() }
}

fn summarise(outcomes: &[Outcome]) -> Result<()> {
    command::heading("Summary");
    println!("{:<10} {:>8} {:>8} {:>10}", "step", "passed", "failed", "time");
    for Outcome { name, error, count, time } in outcomes {
        let mark = if error.is_none() { "✓" } else { "✗" };
        println!("{name:<10} {:>8} {:>8} {:>8.1} s {mark}", count.passed, count.failed, time.as_secs_f64());
    }
    for Outcome { name, error, .. } in outcomes {
        if let Some(error) = error {
            println!("{name}: {error:#}");
        }
    }
    let passed: usize = outcomes.iter().map(|outcome| outcome.count.passed).sum();
    let failed: usize = outcomes.iter().map(|outcome| outcome.count.failed).sum();
    println!("\n{passed} passed, {failed} failed");
    if failed > 0 {
        std::process::exit(1);
    }
    Ok(())
}
