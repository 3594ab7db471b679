//! `cargo xtask cross`: TuneKey for Windows, macOS and static Linux, built from this system and tried as far as it can
//! run here, each step with its time.
//!
//! The command line for static Linux is also what `cargo xtask dist` puts into archives.
//!
//! On Debian and Ubuntu everything that it takes is installed into a cache folder. Elsewhere the targets are checked
//! that rustup has installed and the system's own C compiler serves.

mod apple;
mod elsewhere;
mod sid;
mod target;
pub(crate) mod windows_packages;
mod wine;
mod zig;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, ensure};
use sid::Sid;
use target::{ARM_LINUX, ARM_MAC, INTEL_LINUX, INTEL_MAC, WINDOWS};
use windows_packages::{Compression, Contents, LOADER, PROGRAMS};
use zig::Zig;

use crate::build::{self, Profile, workspace};
use crate::counted::Counted;
use crate::packages::{self, Purpose};
use crate::product::VERSION;
use crate::steps::{Steps, say};
use crate::suites::Suite;
use crate::{reproducible, suites};

/// Where the installers are that the tests install, as their `windows_installer.rs` has it.
const INSTALLERS: &str = "target/cross/installers";

/// What stands for the next version there.
const NEXT_VERSION: &str = "99.0.0";

/// Checks and builds for every other target and runs what runs here, up to the first step that fails, and says how many
/// checks passed.
pub(crate) fn everything(mut steps: Steps) -> ExitCode {
    let mut counted = Counted::default();
    let came = run(&mut steps, &mut counted);
    counted.close(&steps, came)
}

/// Builds the programs for Windows as they are released, and says in which folder they are.
///
/// # Errors
/// When something cannot be installed, or does not build.
pub(crate) fn released_windows(steps: &mut Steps) -> Result<PathBuf> {
    build::ui(steps)?;
    let sid = Sid::install(steps)?;
    steps.run(
        "Windows: build the released command line and app",
        WINDOWS.build_release(&sid, reproducible::commit_time()?),
    )?;
    Ok(WINDOWS.programs(Profile::Release))
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
    let tests = compile(steps, &sid, &zig)?;
    run_built(steps, &sid, tests, counted)
}

/// Checks and builds for every other target. Gives the tests for Windows.
///
/// # Errors
/// When something does not build, or is warned of.
fn compile(steps: &mut Steps, sid: &Sid, zig: &Zig) -> Result<Vec<Suite>> {
    steps.step("Windows: lint and build the command line and the app", || {
        suites::built(&mut WINDOWS.build_products(sid))
    })?;
    let tests = steps.step("Windows: lint and build the tests of each crate", || {
        suites::built(&mut WINDOWS.build_tests(sid))
    })?;
    steps.step("Windows: installers of this version and the next", pack_installers)?;
    steps.step("Windows: packing twice gives the same", pack_small_installer)?;
    let stubs = apple::stub_tools()?;
    let macs = [ARM_MAC, INTEL_MAC];
    let mut lint = target::lint(&macs, sid);
    for mac in macs {
        stubs.add_to(&mut lint, mac);
    }
    steps.run("macOS on ARM and on Intel: lints", lint)?;
    for linux in [INTEL_LINUX, ARM_LINUX] {
        steps.run(
            &format!("{}: build the command line", linux.name),
            zig.build(sid, linux, Profile::Debug)?,
        )?;
    }
    Ok(tests)
}

/// Runs what was built.
fn run_built(steps: &mut Steps, sid: &Sid, of_windows: Vec<Suite>, counted: &mut Counted) -> Result<()> {
    sid.write_launcher("qemu-aarch64", "", "/usr/bin/qemu-aarch64")?;
    wine::set_up(steps, sid)?;
    let of_windows = wine::suites(sid, of_windows)?;
    steps.step("Windows: tests of each crate", || suites::run(&of_windows, suites::cores(), &[], counted))?;
    let suites = steps.step("build the tests of what was built", || {
        let mut tests = suites::command(&["test", "--no-run"]);
        suites::built(tests.args(suites::OF_OTHER_BUILDS.iter().flat_map(|suite| ["--test", suite])))
    })?;
    steps.step("tests of what was built", || suites::run(&suites, suites::cores(), &[], counted))
}

/// Packs the programs that were built for the tests, as this version and as the next.
fn pack_installers() -> Result<()> {
    let folder = workspace().join(INSTALLERS);
    let (programs, licences) = (WINDOWS.programs(Profile::Debug), windows_packages::licences_inside()?);
    let time = reproducible::commit_time()?;
    let contents = Contents::gather(&programs, &licences, &folder.join("TuneKey"), time)?;
    for (name, version) in [("this", VERSION), ("next", NEXT_VERSION)] {
        let installer = folder.join(format!("{name}-setup.exe"));
        contents.pack_installer(version, Compression::Test, &installer)?;
    }
    Ok(())
}

/// Packs texts in the place of programs, for tests that run none, and sees to it that packing twice gives the same.
fn pack_small_installer() -> Result<()> {
    let folder = workspace().join(INSTALLERS).join("small");
    std::fs::create_dir_all(&folder)?;
    for name in PROGRAMS.into_iter().chain([LOADER]) {
        std::fs::copy(workspace().join("README.md"), folder.join(name))?;
    }
    let pack = |name: &str| -> Result<[Vec<u8>; 2]> {
        let time = reproducible::commit_time()?;
        let contents =
            Contents::gather(&folder, "None of these is a program.", &folder.join("TuneKey"), time)?;
        let (installer, zip) = (
            folder.with_file_name(format!("{name}-setup.exe")),
            folder.with_file_name(format!("{name}.zip")),
        );
        contents.pack_installer(VERSION, Compression::Release, &installer)?;
        contents.pack_zip(&zip)?;
        Ok([std::fs::read(installer)?, std::fs::read(zip)?])
    };
    ensure!(pack("small")? == pack("again")?, "the same files make other packages: see {}", folder.display());
    Ok(())
}
