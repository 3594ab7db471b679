//! `cargo xtask ci`: all that `test` and `cross` check, in less time than one after the other. The tests of the whole
//! product mostly wait, so that what is for other systems is built and tried beside them.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, ExitCode};

use anyhow::{Context as _, Result, bail};

use crate::counted::Counted;
use crate::packages::{self, Purpose};
use crate::steps::{Steps, command, say};
use crate::{build, test};

/// What `cross` prints beside the tests.
const LOG: &str = "target/cross/beside.log";

/// Checks everything up to the first step that fails, and says how many checks passed.
pub(crate) fn everything(mut steps: Steps) -> ExitCode {
    let mut counted = Counted::default();
    let came = check(&mut steps, &mut counted);
    counted.close(&steps, came)
}

fn check(steps: &mut Steps, counted: &mut Counted) -> Result<()> {
    if !packages::has_apt() {
        return test::check(steps, counted);
    }
    // Before the two go separate ways: both install packages, and both carry the UI inside.
    packages::install(steps, Purpose::Cross)?;
    build::ui(steps)?;
    let cross = Beside::start()?;
    test::check(steps, counted)?;
    steps.step("other systems, begun beside the tests", || cross.wait(counted))
}

/// What checks other systems beside the tests. It ends with them.
struct Beside(Child);

impl Beside {
    fn start() -> Result<Self> {
        let log = Path::new(LOG);
        std::fs::create_dir_all(log.parent().unwrap_or(log))?;
        let log = File::create(log)?;
        let mut cross = command(std::env::current_exe()?);
        cross.args(["cross", "--ui-as-it-is"]).stderr(log.try_clone()?).stdout(log);
        Ok(Self(spawned(&mut cross)?))
    }

    /// Waits until everything is tried, and says what was printed.
    fn wait(mut self, counted: &mut Counted) -> Result<()> {
        let status = self.0.wait()?;
        let printed = std::fs::read_to_string(LOG).unwrap_or_default();
        printed.lines().for_each(|line| counted.read(line));
        let lines: Vec<&str> = printed.lines().collect();
        let shown = if status.success() {
            lines.iter().filter(|line| is_of_steps(line) || is_of_tests(line)).collect()
        } else {
            last(&lines)
        };
        for line in shown {
            say(line);
        }
        if !status.success() {
            bail!("it ended with {status}; all that it printed is in {LOG}");
        }
        Ok(())
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        // What is missing is built by the next run.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// How many lines of what failed are shown.
const SHOWN: usize = 200;

fn last<'a>(lines: &'a [&'a str]) -> Vec<&'a &'a str> {
    lines.iter().skip(lines.len().saturating_sub(SHOWN)).collect()
}

/// Whether a line is how long a step took.
fn is_of_steps(line: &str) -> bool {
    line.starts_with("    ") && line.contains(": done in ")
}

/// Whether a line is what became of a test.
fn is_of_tests(line: &str) -> bool {
    line.starts_with("test ")
}

fn spawned(command: &mut Command) -> Result<Child> {
    command.spawn().with_context(|| format!("cannot start {}", command.get_program().display()))
}
