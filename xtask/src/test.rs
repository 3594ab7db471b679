//! `cargo xtask test`: everything, from a clean checkout, each step with its time.

use std::num::NonZero;
use std::process::ExitCode;

use anyhow::Result;

use crate::bindings;
use crate::build::{self, cargo, npm};
use crate::counted::Counted;
use crate::packages::{self, CARGO_MACHETE, Purpose};
use crate::steps::{Steps, output, say};

/// Checks everything up to the first step that fails, and says how many checks passed.
pub(crate) fn everything(mut steps: Steps) -> ExitCode {
    let mut counted = Counted::default();
    let came = check(&mut steps, &mut counted);
    counted.close(&steps, came)
}

/// Checks everything up to the first step that fails.
///
/// # Errors
/// What that fails with.
pub(crate) fn check(steps: &mut Steps, counted: &mut Counted) -> Result<()> {
    packages::install(steps, Purpose::Test)?;
    if cfg!(target_os = "linux") {
        packages::tauri_driver(steps)?;
    }

    steps.run("format", cargo(&["fmt", "--all", "--check"]))?;
    dependencies(steps)?;
    build::ui(steps)?;
    steps.run("UI: types", npm("check"))?;
    steps.run("UI: lints", npm("lint"))?;
    steps.run("UI: unit tests", npm("test"))?;
    steps.run("UI: every view and state in Chromium, with axe and by keyboard", npm("test:browser"))?;

    // The tests of the whole product need a virtual display: they run on Linux, and are not built elsewhere.
    let everywhere: &[&str] = if cfg!(target_os = "linux") { &[] } else { &["--exclude", "tunekey-tests"] };
    let mut lints = cargo(&["clippy", "--workspace", "--all-targets"]);
    if everywhere.is_empty() {
        // Also the suites that only `cargo xtask cross` runs.
        lints.args(["--features", "tunekey-tests/cross"]);
    }
    steps.run("lints", lints.args(everywhere).args(["--", "-D", "warnings"]))?;
    // The whole-product tests start these programs.
    build::products(steps, build::Profile::Debug)?;
    steps.step("documentation", || {
        let mut doc = cargo(&["doc", "--quiet", "--no-deps", "--workspace", "--document-private-items"]);
        crate::steps::succeed(doc.args(everywhere).env("RUSTDOCFLAGS", "-D warnings"))
    })?;
    steps.step("tests of each crate", || {
        let mut tests = cargo(&["test", "--workspace", "--exclude", "tunekey-tests", "--no-fail-fast"]);
        counted.run(bindings::written_by(&mut tests)?)
    })?;
    bindings::compare(steps)?;
    if everywhere.is_empty() {
        steps.step("tests of the whole product", || {
            let mut tests = cargo(&["test", "--package", "tunekey-tests", "--no-fail-fast"]);
            counted.run(tests.env("RUST_TEST_THREADS", at_once().to_string()))
        })?;
    }
    Ok(())
}

/// How many tests of the whole product run at once: they mostly wait, for windows and for services at their own pace.
fn at_once() -> usize {
    2 * std::thread::available_parallelism().map_or(1, NonZero::get)
}

/// That all of them are used; licences, sources and banned crates, as `deny.toml` says; known advisories where their list can be fetched.
fn dependencies(steps: &mut Steps) -> Result<()> {
    let machete = CARGO_MACHETE.command(steps)?;
    steps.run("dependencies that nothing uses", machete)?;
    let mut deny = packages::cargo_deny(steps)?;
    steps.run("licences, sources, banned crates", deny.args(["check", "bans", "licenses", "sources"]))?;
    let mut fetch = packages::cargo_deny(steps)?;
    if output(fetch.args(["fetch", "db"])).is_none() {
        say("    the list of known advisories can’t be fetched: not checked here, but by the workflow");
        return Ok(());
    }
    let mut deny = packages::cargo_deny(steps)?;
    steps.run("known advisories", deny.args(["check", "--disable-fetch", "advisories"]))
}
