//! How many tests passed and failed, for whoever reads only the last line.

use std::io::{BufRead, BufReader};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, bail};

use crate::steps::{Steps, say};

/// How many tests passed and failed, read from cargo's closing lines.
#[derive(Debug, Default)]
pub(crate) struct Counted {
    passed: u32,
    failed: u32,
}

impl Counted {
    /// Runs tests and passes on what they print.
    ///
    /// # Errors
    /// When cargo cannot be started, or one failed.
    pub(crate) fn run(&mut self, tests: &mut Command) -> Result<()> {
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

    /// Says how many passed and failed, and gives what the program ends with.
    pub(crate) fn close(mut self, steps: &Steps, came: Result<()>) -> ExitCode {
        match &came {
            Ok(()) => steps.close(),
            Err(problem) => {
                say(&format!("\nFAILED: {problem:#}"));
                self.failed = self.failed.max(1);
            }
        }
        // Steps that only check (format, lints, drift) count as one each, beside the tests that were counted.
        say(&format!("\n{} passed, {} failed", self.passed + steps.done(), self.failed));
        if came.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    /// Reads `test result: ok. 12 passed; 0 failed; 0 ignored; …`.
    pub(crate) fn read(&mut self, line: &str) {
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
