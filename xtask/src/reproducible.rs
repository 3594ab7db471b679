//! What makes a release of one commit the same bytes wherever and whenever it is built: no path of this computer in the
//! programs, and the commit's time in place of the clock's.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::build::workspace;
use crate::steps::{command, output};

/// Lets cargo build programs that name no folder of this computer.
pub(crate) fn without_local_paths(cargo: &mut Command) {
    let crates = cargo_home().map(|home| (home.join("registry/src"), "/crates"));
    let folders = [(workspace(), "/tunekey")].into_iter().chain(crates);
    let flags = folders.map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display()));
    // Unlike RUSTFLAGS it takes paths with spaces.
    cargo.env("CARGO_ENCODED_RUSTFLAGS", flags.collect::<Vec<_>>().join("\x1f"));
}

/// When the commit was made, in seconds since 1970.
///
/// # Errors
/// When git does not say.
pub(crate) fn commit_time() -> Result<u64> {
    let time = output(command("git").args(["log", "-1", "--format=%ct"]));
    time.and_then(|time| time.trim().parse().ok()).context("git does not say when the commit was made")
}

fn cargo_home() -> Option<PathBuf> {
    match std::env::var_os("CARGO_HOME") {
        Some(home) if Path::new(&home).is_absolute() => Some(home.into()),
        _ => std::env::home_dir().map(|home| home.join(".cargo")),
    }
}
