//! Finds the programs under test and the tools. For the harnesses and suites.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

/// The variable with the folder of the programs where they are installed.
const INSTALLED: &str = "TUNEKEY_TEST_PROGRAMS";

/// A program of the workspace, as it was built beside this test; or as it is installed, for `cargo xtask dist --try`.
///
/// # Errors
/// When it was not built: `cargo xtask test` builds all of them first.
pub fn program(name: &str) -> Result<PathBuf> {
    match std::env::var_os(INSTALLED) {
        Some(folder) => found(Path::new(&folder).join(name)),
        None => built("debug", name),
    }
}

/// The same as it is released.
///
/// # Errors
/// When it was not built: `cargo xtask bench` builds it first.
pub fn released(name: &str) -> Result<PathBuf> {
    built("release", name)
}

/// A tool that the project installs for itself.
///
/// # Errors
/// When it is not there: `cargo xtask test` installs it.
pub fn tool(name: &str) -> Result<PathBuf> {
    found(workspace().join("target/tools/bin").join(name))
}

/// The workspace's folder.
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or_else(|| Path::new("."))
}

/// A program as it was built for another target, in the compiler's words: `x86_64-pc-windows-gnu`.
///
/// # Errors
/// When it was not built: `cargo xtask cross` builds it first.
pub fn program_for(target: &str, name: &str) -> Result<PathBuf> {
    found(cross().join(target).join("debug").join(name))
}

/// The folder of what is built for other systems, and of what is needed to run it.
pub fn cross() -> PathBuf {
    workspace().join("target/cross")
}

fn built(profile: &str, name: &str) -> Result<PathBuf> {
    found(target()?.join(profile).join(name))
}

/// The folder that cargo builds this program in.
///
/// # Errors
/// When it is in none.
pub fn target() -> Result<PathBuf> {
    // A test is target/<profile>/deps/NAME, a program target/<profile>/NAME.
    let own = std::env::current_exe()?;
    let target = own.ancestors().find(|folder| folder.join("CACHEDIR.TAG").exists());
    target.map(Path::to_owned).context("this program is not in a target folder")
}

fn found(path: PathBuf) -> Result<PathBuf> {
    ensure!(path.is_file(), "{} is not built; `cargo xtask test` or `cross` sees to that", path.display());
    Ok(path)
}
