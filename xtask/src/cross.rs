//! `cargo xtask cross`: TuneKey for Windows, macOS and static Linux, built from this system and tried as far as it can run
//! here, each step with its time.
//!
//! The command line for static Linux is also what `cargo xtask dist` puts into archives.
//!
//! On Debian and Ubuntu everything that it takes is installed into a cache folder. Elsewhere the targets are checked that
//! rustup has installed and the system's own C compiler serves.

mod apple;
mod elsewhere;
mod sid;
mod target;
mod wine;
mod zig;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use sid::Sid;
use target::{ARM_LINUX, ARM_MAC, INTEL_LINUX, INTEL_MAC, WINDOWS};

use crate::build::{self, Profile, cargo};
use crate::counted::Counted;
use crate::packages::{self, Purpose};
use crate::steps::{Steps, say};

/// Checks and builds for every other target and runs what runs here, up to the first step that fails, and says how many
/// checks passed.
pub(crate) fn everything(mut steps: Steps) -> ExitCode {
    let mut counted = Counted::default();
    let came = run(&mut steps, &mut counted);
    counted.close(&steps, came)
}

/// The command line with the C library in it.
#[derive(Debug)]
pub(crate) struct StaticProgram {
    /// What its processor is called: `x86_64` or `aarch64`.
    pub(crate) processor: &'static str,
    /// Where it is.
    pub(crate) path: PathBuf,
    /// The licence of the C library.
    pub(crate) c_library_licence: PathBuf,
}

/// Builds the command line for Linux on each processor, as it is released.
///
/// # Errors
/// When something cannot be fetched, or does not build.
pub(crate) fn static_linux(steps: &mut Steps) -> Result<Vec<StaticProgram>> {
    let sid = Sid::install(steps)?;
    let zig = zig::install(steps)?;
    let mut programs = Vec::new();
    for target in [INTEL_LINUX, ARM_LINUX] {
        let build = zig.build(&sid, target, Profile::Release)?;
        steps.run(&format!("{}: build the command line", target.name), build)?;
        programs.push(StaticProgram {
            processor: target.processor(),
            path: target.program("tunekey", Profile::Release),
            c_library_licence: zig.c_library_licence()?,
        });
    }
    Ok(programs)
}

fn run(steps: &mut Steps, counted: &mut Counted) -> Result<()> {
    if !packages::has_apt() {
        return elsewhere::check(steps);
    }
    say(
        "TuneKey for Windows, macOS and static Linux: about 20 minutes the first time on two cores, 5 after a change.\n\
         What it takes stays: 4.5 GB in the cache folder, 7 GB in target/cross.",
    );
    packages::install(steps, Purpose::Cross)?;
    build::ui(steps)?;
    let sid = Sid::install(steps)?;
    let zig = zig::install(steps)?;

    steps.run("Windows: lints", WINDOWS.lint(&sid))?;
    steps.run("Windows: build the command line and the app", WINDOWS.build_products(&sid))?;
    let stubs = apple::stub_tools()?;
    for mac in [ARM_MAC, INTEL_MAC] {
        let mut lint = mac.lint(&sid);
        stubs.add_to(&mut lint, mac);
        steps.run(&format!("{}: lints", mac.name), lint)?;
    }
    for linux in [INTEL_LINUX, ARM_LINUX] {
        steps.run(
            &format!("{}: build the command line", linux.name),
            zig.build(&sid, linux, Profile::Debug)?,
        )?;
    }
    sid.write_launcher("qemu-aarch64", "", "/usr/bin/qemu-aarch64")?;
    wine::set_up(steps, &sid)?;
    steps.step("tests of what was built", || {
        let mut tests = cargo(&["test", "--package", "tunekey-tests", "--features", "cross"]);
        counted.run(tests.args(["--no-fail-fast", "--test", "static_linux", "--test", "windows"]))
    })
}
