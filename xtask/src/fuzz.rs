//! `cargo xtask fuzz`: the fuzz targets, for longer than a test has time.

use anyhow::Result;

use crate::build::{cargo, workspace};
use crate::steps::Steps;

/// Runs the targets whose names contain `target`, each so many times.
///
/// # Errors
/// When one fails; it says with which input.
pub(crate) fn run(steps: &mut Steps, runs: u64, target: &str) -> Result<()> {
    let mut tests = cargo(&[
        "test",
        "--package",
        "tunekey-services",
        "--package",
        "tunekey-core",
        "--lib",
        "--target-dir",
        "target/fuzz",
    ]);
    // Quick, and as strict as a test: sums that do not fit are found, too.
    tests.args(["--config", "profile.dev.opt-level=2"]);
    tests.args(["--", "--test-threads", "1", &format!("fuzz::{target}")]);
    tests.env("BOLERO_RANDOM_ITERATIONS", runs.to_string());
    // What was read last, should a reader take all the memory or never end.
    tests.env("TUNEKEY_FUZZ_INPUT", workspace().join("target/fuzz/input"));
    tests.env("BOLERO_RANDOM_TEST_TIME_MS", (24 * 60 * 60 * 1000).to_string());
    steps.run(&format!("fuzz, {runs} runs a target"), tests)
}
