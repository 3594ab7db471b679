//! Building the web UI and the programs.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::reproducible;
use crate::steps::{Steps, command, output};

/// How the programs are built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Fast to build.
    Debug,
    /// As released.
    Release,
}

/// A program whose name differs between systems.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Tool {
    /// The cargo that runs this program.
    Cargo,
    /// npm.
    Npm,
}

impl Tool {
    /// What to start.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Cargo => std::env::var_os("CARGO")
                .map_or_else(|| "cargo".into(), |path| path.to_string_lossy().into_owned()),
            Self::Npm => if cfg!(windows) { "npm.cmd" } else { "npm" }.to_owned(),
        }
    }
}

/// The workspace's folder.
pub(crate) fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(PathBuf::new, Path::to_owned)
}

/// A cargo command on the workspace's locked dependencies.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut cargo = command(Tool::Cargo.name());
    let (subcommand, rest) =
        arguments.split_first().map_or(("help", arguments), |(first, rest)| (*first, rest));
    cargo.arg(subcommand);
    if subcommand != "fmt" {
        cargo.arg("--locked");
    }
    cargo.args(rest);
    cargo
}

/// An npm script of the UI.
pub(crate) fn npm(script: &str) -> Command {
    let mut npm = command(Tool::Npm.name());
    npm.current_dir("ui").args(["run", "--silent", script]);
    npm
}

/// Builds the web UI, which the app carries inside, once in a run.
///
/// # Errors
/// When it does not build.
pub(crate) fn ui(steps: &mut Steps) -> Result<()> {
    if !steps.take_ui_as_it_is() {
        steps.run("build the web UI", npm("build"))?;
    }
    Ok(())
}

/// Builds the app with its UI, and says where it is.
///
/// # Errors
/// When it does not build.
pub(crate) fn app(steps: &mut Steps, profile: Profile) -> Result<PathBuf> {
    ui(steps)?;
    steps.run("build the app", programs(profile, &["tunekey-desktop"]))?;
    Ok(folder(profile)?.join("tunekey-desktop").with_extension(std::env::consts::EXE_EXTENSION))
}

/// Builds the app, the command line and the simulator.
///
/// # Errors
/// When they do not build.
pub(crate) fn products(steps: &mut Steps, profile: Profile) -> Result<()> {
    if profile == Profile::Release {
        released(steps)?;
        return steps.run("build the simulator", programs(Profile::Debug, &["tunekey-simulator"]));
    }
    steps.run("build the programs", programs(profile, &["tunekey-desktop", "tunekey", "tunekey-simulator"]))
}

/// Builds the command line and the app as they are released, around the web UI that was built before.
///
/// # Errors
/// When they do not build.
pub(crate) fn released(steps: &mut Steps) -> Result<()> {
    // Feature unification must not put what one program needs into another: each is built alone.
    command_line(steps, Profile::Release)?;
    steps.run("build the app", released_program("tunekey-desktop"))
}

/// Builds the command line.
///
/// # Errors
/// When it does not build.
pub(crate) fn command_line(steps: &mut Steps, profile: Profile) -> Result<()> {
    let build = match profile {
        Profile::Debug => programs(profile, &["tunekey"]),
        Profile::Release => released_program("tunekey"),
    };
    steps.run("build the command line", build)
}

/// Builds the smallest Tauri window, which the app's memory is held against.
///
/// # Errors
/// When it does not build.
pub(crate) fn bare_window(steps: &mut Steps) -> Result<()> {
    let mut build = programs(Profile::Release, &["tunekey-desktop"]);
    build.args(["--example", "bare_window"]);
    steps.run("build a bare Tauri window", build)
}

/// A program as it is released, of the package of that name.
fn released_program(package: &str) -> Command {
    let mut build = building("rustc", Profile::Release, &[package]);
    build.args(["--bin", package]);
    if cfg!(target_os = "linux") {
        // Relative, as the compiler is run here: a path of this computer would make other bytes elsewhere.
        build.args([
            "--",
            "-Clink-arg=-Wl,--no-eh-frame-hdr",
            "-Clink-arg=-Wl,-T,packaging/linux/release.ld",
        ]);
    }
    build
}

fn programs(profile: Profile, packages: &[&str]) -> Command {
    building("build", profile, packages)
}

fn building(with: &str, profile: Profile, packages: &[&str]) -> Command {
    let mut build = cargo(&[with]);
    for package in packages {
        build.args(["--package", package]);
    }
    if profile == Profile::Release {
        build.arg("--release");
        reproducible::without_local_paths(&mut build, &workspace());
        if packages.contains(&"tunekey-desktop") {
            // What `tauri build` adds: without it Tauri takes the build for a development one.
            build.args(["--features", "tauri/custom-protocol"]);
        }
    }
    build
}

/// Where cargo puts the programs.
///
/// # Errors
/// When cargo does not say.
pub(crate) fn folder(profile: Profile) -> Result<PathBuf> {
    let metadata = output(&mut cargo(&["metadata", "--no-deps", "--format-version", "1"]))
        .context("cargo metadata does not answer")?;
    let (_, rest) =
        metadata.split_once("\"target_directory\":\"").context("cargo metadata names no target folder")?;
    let target = rest.split('"').next().unwrap_or_default().replace("\\\\", "\\");
    Ok(PathBuf::from(target).join(match profile {
        Profile::Debug => "debug",
        Profile::Release => "release",
    }))
}
