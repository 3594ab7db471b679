//! `cargo xtask test`: everything, from a clean checkout, each step with its time.

use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::build::{self, cargo, npm};
use crate::counted::Counted;
use crate::packages::{self, CARGO_MACHETE, Purpose};
use crate::steps::{Steps, output, say, succeed};
use crate::{bindings, cross, suites};

/// What also has the suites that only [`cross`] runs.
const OF_OTHER_SYSTEMS: &str = "tunekey-tests/cross";
/// The package whose tests start the programs.
const WHOLE_PRODUCT: &str = "tunekey-tests";
/// How many tests of a suite of the whole product run at once: they mostly wait, for windows and for services at their
/// own pace.
const AT_ONCE: usize = 3;

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

    let mut lints = cargo(&["clippy", "--workspace", "--all-targets"]);
    if cfg!(target_os = "linux") {
        lints.args(["--features", OF_OTHER_SYSTEMS]);
    }
    steps.run("lints", lints.args(not_tested()).args(["--", "-D", "warnings"]))?;
    steps.step("documentation", || {
        let mut doc = cargo(&["doc", "--quiet", "--no-deps", "--workspace", "--document-private-items"]);
        succeed(doc.args(not_tested()).env("RUSTDOCFLAGS", "-D warnings"))
    })?;
    let bindings = bindings::fresh_folder()?;
    let suites = steps.step("build the tests", || suites::built(&mut with_tests(&["test"])))?;
    // After the tests, which leave programs with what they need of them: these are as they are used.
    build::products(steps, build::Profile::Debug)?;
    let (whole_product, of_crates): (Vec<_>, Vec<_>) =
        suites.iter().partition(|suite| suite.package == WHOLE_PRODUCT);
    // What they run is not built yet.
    let whole_product =
        whole_product.into_iter().filter(|suite| !cross::SUITES.contains(&suite.name.as_str()));
    steps.step("tests of each crate", || {
        suites::run(of_crates, suites::cores(), &[(bindings::FOLDER, &bindings)], counted)?;
        counted.run(with_tests(&["test", "--doc"]).env(bindings::FOLDER, &bindings))
    })?;
    bindings::compare(steps)?;
    steps.step("tests of the whole product", || suites::run(whole_product, AT_ONCE, &[], counted))
}

/// A command of cargo about all tests. Whatever it builds is built with the same features, so that nothing is built twice.
pub(crate) fn with_tests(arguments: &[&str]) -> Command {
    let mut tests = cargo(arguments);
    tests.args(["--workspace", "--features", bindings::FEATURES]).args(not_tested());
    if cfg!(target_os = "linux") {
        tests.args(["--features", OF_OTHER_SYSTEMS]);
    }
    tests
}

/// The tests of the whole product need a virtual display: they run on Linux, and are not built elsewhere.
fn not_tested() -> &'static [&'static str] {
    if cfg!(target_os = "linux") { &[] } else { &["--exclude", WHOLE_PRODUCT] }
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
