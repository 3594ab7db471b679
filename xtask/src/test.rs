//! `cargo xtask test`: everything, from a clean checkout, each step with its time.

use std::io::{BufRead, BufReader};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, bail};

use crate::bindings;
use crate::build::{self, cargo, npm};
use crate::packages::{self, Purpose};
use crate::steps::{Steps, output, say};

/// Checks everything up to the first step that fails, and says how many checks passed.
pub(crate) fn everything(mut steps: Steps) -> ExitCode {
    let mut counted = Counted::default();
    let came = check(&mut steps, &mut counted);
    match &came {
        Ok(()) => steps.close(),
        Err(problem) => {
            say(&format!("\nFAILED: {problem:#}"));
            counted.failed = counted.failed.max(1);
        }
    }
    // Steps that only check (format, lints, drift) count as one each, beside the tests that were counted.
    say(&format!("\n{} passed, {} failed", counted.passed + steps.done(), counted.failed));
    if came.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn check(steps: &mut Steps, counted: &mut Counted) -> Result<()> {
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
            counted.run(&mut cargo(&["test", "--package", "tunekey-tests", "--no-fail-fast"]))
        })?;
    }
    Ok(())
}

/// That all of them are used; licences, sources and banned crates, as `deny.toml` says; known advisories where their list can be fetched.
fn dependencies(steps: &mut Steps) -> Result<()> {
    let mut machete = packages::cargo_machete(steps)?;
    steps.run("dependencies that nothing uses", &mut machete)?;
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

/// How many tests passed and failed, read from cargo's closing lines.
#[derive(Debug, Default)]
struct Counted {
    passed: u32,
    failed: u32,
}

impl Counted {
    /// Runs tests and passes on what they print.
    fn run(&mut self, tests: &mut Command) -> Result<()> {
        let mut child = tests.stdout(Stdio::piped()).spawn().context("cannot start cargo")?;
        let printed = child.stdout.take().context("cargo prints nowhere")?;
        for line in BufReader::new(printed).lines() {
            let line = line?;
            say(&line);
            self.read(&line);
        }
        let status = child.wait()?;
        if !status.success() {
            bail!("{} tests failed ({status})", self.failed);
        }
        Ok(())
    }

    /// Reads `test result: ok. 12 passed; 0 failed; 0 ignored; …`.
    fn read(&mut self, line: &str) {
        let Some(result) = line.strip_prefix("test result: ") else { return };
        let number = |word: &str| {
            let before = result.split(word).next().unwrap_or_default();
            before
                .trim()
                .rsplit([' ', '.', ';'])
                .next()
                .and_then(|number| number.parse::<u32>().ok())
                .unwrap_or(0)
        };
        self.passed += number(" passed");
        self.failed += number(" failed");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closing_lines_of_cargo_are_added_up() {
        let mut counted = Counted::default();
        for line in [
            "running 2 tests",
            "test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.01s",
        ] {
            counted.read(line);
        }
        assert_eq!((counted.passed, counted.failed), (15, 2), "both lines count, nothing else does");
    }
}
