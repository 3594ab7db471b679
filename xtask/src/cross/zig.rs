//! Zig, which is a C compiler and linker for any Linux, and what lets cargo link with it.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};

use super::sid::{Sid, cache};
use super::target::Target;
use crate::build::{Profile, workspace};
use crate::reproducible;
use crate::steps::{Steps, command, output, succeed};

/// Both are programs that the Python registry has for every system.
const PACKAGES: [&str; 2] = ["ziglang==0.17.1", "cargo-zigbuild==0.24.1"];

/// Where they are.
#[derive(Debug)]
pub(super) struct Zig {
    folder: PathBuf,
}

/// Installs them, unless the cache has them.
///
/// # Errors
/// When they cannot be fetched or written.
pub(super) fn install(steps: &mut Steps) -> Result<Zig> {
    let zig = Zig { folder: cache()?.join("zig") };
    steps.step("zig", || {
        let pip = |arguments: &[&str]| {
            let mut pip = command(zig.folder.join("bin/python"));
            pip.args(["-m", "pip", "--disable-pip-version-check", "--quiet"]).args(arguments);
            pip
        };
        let installed = output(&mut pip(&["freeze"])).unwrap_or_default();
        if PACKAGES.iter().all(|package| installed.lines().any(|line| line == *package)) {
            return Ok(());
        }
        succeed(command("python3").args(["-m", "venv", "--clear"]).arg(&zig.folder))
            .context("python3 with its venv module is needed (Debian: python3-venv)")?;
        succeed(pip(&["install", "--only-binary", ":all:"]).args(PACKAGES))
    })?;
    Ok(zig)
}

impl Zig {
    /// Builds the command line for a Linux, with the C library in it.
    ///
    /// # Errors
    /// When zig is not where it was installed.
    pub(super) fn build(&self, sid: &Sid, target: Target, profile: Profile) -> Result<Command> {
        let mut build =
            target.cargo(sid, &self.folder.join("bin/cargo-zigbuild").display().to_string(), "rustc");
        build.args(["--package", "tunekey", "--bin", "tunekey"]);
        if profile == Profile::Release {
            build.arg("--release");
            reproducible::without_local_paths(&mut build, &workspace());
        }
        // The start files and the C library are zig's, too.
        build.args(["--", "-C", "link-self-contained=no"]);
        build.env("CARGO_ZIGBUILD_ZIG_PATH", self.program()?);
        Ok(build)
    }

    /// The licence of the C library that it links.
    ///
    /// # Errors
    /// When it is not where it was installed.
    pub(super) fn c_library_licence(&self) -> Result<PathBuf> {
        self.file("lib/libc/musl/COPYRIGHT")
    }

    fn program(&self) -> Result<PathBuf> {
        self.file("zig")
    }

    fn file(&self, path: &str) -> Result<PathBuf> {
        let versions = std::fs::read_dir(self.folder.join("lib"))?.flatten();
        versions
            .map(|python| python.path().join("site-packages/ziglang").join(path))
            .find(|file| file.is_file())
            .context("zig is not where it was installed")
    }
}
