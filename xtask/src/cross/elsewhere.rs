//! What can be checked on a system whose packages are not Debian's.

use anyhow::{Result, ensure};

use crate::build::{self, cargo};
use crate::packages::{self, Purpose};
use crate::steps::{Steps, command, output};

/// The targets that a system's own C compiler serves.
const TARGETS: &[&str] = if cfg!(target_os = "macos") {
    &["aarch64-apple-darwin", "x86_64-apple-darwin"]
} else if cfg!(windows) {
    &["x86_64-pc-windows-msvc", "aarch64-pc-windows-msvc"]
} else {
    &[]
};

/// Checks everything for these targets.
///
/// # Errors
/// When one of them is not installed, or a check fails.
pub(super) fn check(steps: &mut Steps) -> Result<()> {
    ensure!(
        !TARGETS.is_empty(),
        "other systems can be built for on Debian, Ubuntu, macOS and Windows: nothing here is known to link their programs"
    );
    let installed = output(command("rustup").args(["target", "list", "--installed"])).unwrap_or_default();
    let is_installed = |target: &&&str| installed.lines().any(|line| line == **target);
    let missing: Vec<&str> = TARGETS.iter().filter(|target| !is_installed(target)).copied().collect();
    ensure!(missing.is_empty(), "missing: `rustup target add {}`", missing.join(" "));
    packages::install(steps, Purpose::Build)?;
    build::ui(steps)?;
    for target in TARGETS {
        let mut lint = cargo(&["clippy", "--workspace", "--exclude", "tunekey-tests", "--all-targets"]);
        steps.run(&format!("{target}: lints"), lint.args(["--target", target, "--", "-D", "warnings"]))?;
    }
    Ok(())
}
