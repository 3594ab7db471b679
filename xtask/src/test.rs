//! `cargo xtask test`: everything, from a clean checkout, each step with its time.

use std::process::ExitCode;

use anyhow::Result;

use crate::build::{self, cargo, npm};
use crate::counted::Counted;
use crate::packages::{self, CARGO_MACHETE, Purpose};
use crate::steps::{Steps, output, say, succeed};
use crate::{bindings, suites};

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

    steps.step("documentation", || {
        let mut doc = cargo(&["doc", "--quiet", "--no-deps", "--workspace", "--document-private-items"]);
        succeed(doc.args(suites::not_built()).env("RUSTDOCFLAGS", "-D warnings"))
    })?;
    let bindings = bindings::fresh_folder()?;
    let suites = steps
        .step("lint and build the tests", || suites::built(&mut suites::command(&["test", "--no-run"])))?;
    // After the tests, which leave programs with what they need of them: these are as they are used.
    build::products(steps, build::Profile::Debug)?;
    let (whole_product, of_crates): (Vec<_>, Vec<_>) =
        suites.iter().partition(|suite| suite.package == suites::WHOLE_PRODUCT);
    // What they run is not built yet.
    let whole_product =
        whole_product.into_iter().filter(|suite| !suites::OF_OTHER_BUILDS.contains(&suite.name.as_str()));
    steps.step("tests of each crate", || {
        suites::run(of_crates, suites::cores(), &[(bindings::FOLDER, &bindings)], counted)?;
        counted.run(suites::command(&["test", "--doc"]).env(bindings::FOLDER, &bindings))
    })?;
    bindings::compare(steps)?;
    steps.step("tests of the whole product", || suites::run(whole_product, AT_ONCE, &[], counted))
}

/// That all of them are used; licences, sources and banned crates, as `deny.toml` says; known advisories where their
/// list can be fetched.
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
