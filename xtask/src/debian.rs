//! Debian packages: installed where that is allowed, named where it is not.

use crate::command;
use anyhow::{Result, bail};
use std::process::{Command, Stdio};

/// Installs packages with apt-get, or fails with the command that a person has to run.
pub(crate) fn install(packages: &[&str], reason: &str) -> Result<()> {
    let packages = packages.join(" ");
    let command_line = format!("apt-get install --yes --no-install-recommends {packages}");
    let Some(mut prefix) = privileged_prefix().filter(|_| is_debian()) else {
        let advice = if is_debian() { format!("sudo {command_line}") } else { format!("Debian: sudo {command_line}") };
        bail!("{reason}. Install it, then run this again ({advice})");
    };
    command::heading(&format!("Installing {packages}"));
    prefix.push("env");
    prefix.push("DEBIAN_FRONTEND=noninteractive");
    for line in ["apt-get update", &command_line] {
        let words: Vec<&str> = prefix.iter().copied().chain(line.split(' ')).collect();
        command::run(Command::new(words[0]).args(&words[1..]).stdin(Stdio::null()))?;
    }
    Ok(())
}

fn is_debian() -> bool {
    command::find_program(&["apt-get"]).is_some()
}

/// What to put before a command so that it runs as root without asking; none if that is impossible.
fn privileged_prefix() -> Option<Vec<&'static str>> {
    let is_root = command::output(Command::new("id").arg("-u")).is_ok_and(|id| id == "0");
    if is_root {
        return Some(Vec::new());
    }
    command::output(Command::new("sudo").args(["-n", "true"])).is_ok().then(|| vec!["sudo", "-n"])
}
