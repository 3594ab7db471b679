//! The targets, and cargo for each. All of them share one target folder, without debug information.

use std::path::PathBuf;
use std::process::Command;

use super::sid::Sid;
use crate::build::{Profile, workspace};
use crate::{reproducible, suites};

/// A system and a processor that TuneKey is built for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target {
    /// What people call it.
    pub(super) name: &'static str,
    /// What the compiler calls it.
    pub(super) triple: &'static str,
}

pub(super) const WINDOWS: Target = Target { name: "Windows", triple: "x86_64-pc-windows-gnu" };
pub(super) const ARM_MAC: Target = Target { name: "macOS on ARM", triple: "aarch64-apple-darwin" };
pub(super) const INTEL_MAC: Target = Target { name: "macOS on Intel", triple: "x86_64-apple-darwin" };
pub(super) const INTEL_LINUX: Target = Target { name: "static Linux", triple: "x86_64-unknown-linux-musl" };
pub(super) const ARM_LINUX: Target =
    Target { name: "static Linux on ARM", triple: "aarch64-unknown-linux-musl" };

/// What is built with what the tests need: Wine has no authorities.
const FOR_TESTS: &str = "tunekey/only-extra-ca";

/// The compiler that lints what it compiles, of the same version.
const LINTER: &str = "/usr/bin/clippy-driver";

/// The folder of what is built, in the workspace.
const FOLDER: &str = "target/cross";

/// Checks all that can be built for these targets, tests too. The whole-product tests run on Linux alone.
pub(super) fn lint(targets: &[Target], sid: &Sid) -> Command {
    // Called by its path: cargo would find another version among the user's own programs.
    let mut lint = cargo(targets, sid, "/usr/bin/cargo-clippy", "clippy");
    lint.args(["--workspace", "--exclude", suites::WHOLE_PRODUCT, "--all-targets", "--keep-going"]);
    lint.args(["--", "-D", "warnings"]);
    lint
}

/// One of cargo's subcommands for these targets, and for their standard libraries.
fn cargo(targets: &[Target], sid: &Sid, program: &str, subcommand: &str) -> Command {
    let mut cargo = sid.command_of_low_priority(program);
    cargo.args([subcommand, "--locked", "-Zbuild-std=std,panic_abort,panic_unwind"]);
    for target in targets {
        cargo.args(["--target", target.triple]);
    }
    cargo.env("CARGO_TARGET_DIR", workspace().join(FOLDER));
    // The standard library can be built by a stable compiler, if one insists.
    cargo.env("RUSTC", "/usr/bin/rustc").env("RUSTC_BOOTSTRAP", "1");
    cargo.env("CARGO_INCREMENTAL", "0").env("CARGO_PROFILE_DEV_DEBUG", "0");
    cargo
}

impl Target {
    /// Builds the command line and the app as they are tested, with lints.
    pub(super) fn build_products(self, sid: &Sid) -> Command {
        let mut build = self.cargo(sid, "cargo", "build");
        build.args(["--package", "tunekey", "--package", "tunekey-desktop"]);
        build.args(["--features", FOR_TESTS]).env(suites::COMPILER, LINTER);
        build
    }

    /// Builds the tests of each crate, with lints. Those of the whole product run on Linux alone.
    pub(super) fn build_tests(self, sid: &Sid) -> Command {
        let mut build = self.cargo(sid, "cargo", "test");
        build.args(["--no-run", "--workspace", "--exclude", suites::WHOLE_PRODUCT]);
        build.args(["--features", FOR_TESTS]).env(suites::COMPILER, LINTER);
        build
    }

    /// Builds the command line and the app as they are released, of a time in seconds since 1970.
    pub(super) fn build_release(self, sid: &Sid, time: u64) -> Command {
        let mut build = self.cargo(sid, "cargo", "build");
        build.args(["--release", "--package", "tunekey", "--package", "tunekey-desktop"]);
        // What `tauri build` adds: without it Tauri takes the build for a development one.
        build.args(["--features", "tauri/custom-protocol"]);
        reproducible::without_local_paths(&mut build, &workspace());
        // The linker writes it into the programs, else the time of its own clock.
        build.env("SOURCE_DATE_EPOCH", time.to_string());
        build
    }

    /// Where cargo puts its programs.
    pub(super) fn programs(self, profile: Profile) -> PathBuf {
        let profile = if profile == Profile::Release { "release" } else { "debug" };
        workspace().join(FOLDER).join(self.triple).join(profile)
    }

    /// One of cargo's subcommands for this target, and for the standard library, which is built with it.
    pub(super) fn cargo(self, sid: &Sid, program: &str, subcommand: &str) -> Command {
        cargo(&[self], sid, program, subcommand)
    }

    /// What its processor is called: `x86_64` or `aarch64`.
    pub(super) fn processor(self) -> &'static str {
        self.triple.split('-').next().unwrap_or_default()
    }

    /// A program that was built for it.
    pub(super) fn program(self, name: &str, profile: Profile) -> PathBuf {
        self.programs(profile).join(name)
    }

    /// A variable's name for this target, as the crate `cc` reads it: `CC_aarch64_apple_darwin`.
    pub(super) fn variable(self, tool: &str) -> String {
        format!("{tool}_{}", self.triple.replace('-', "_"))
    }
}
