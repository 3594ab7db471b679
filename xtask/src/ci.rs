//! `cargo xtask ci`: all that `test` and `cross` check, in less time than one after the other. The tests of the whole
//! product mostly wait, so that what is built for other systems is built beside them, at the lowest priority.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, ExitCode};

use anyhow::{Context as _, Result, bail};

use crate::counted::Counted;
use crate::packages::{self, Purpose};
use crate::steps::{Steps, command, say};
use crate::{build, cross, test};

/// What the build beside the tests prints.
const LOG: &str = "target/cross/build.log";

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
    let built = Beside::start()?;
    test::check(steps, counted)?;
    steps.step("builds for other systems, begun beside the tests", || built.wait())?;
    cross::run_built(steps, counted)
}

/// The build beside the tests. It ends with them.
struct Beside(Child);

impl Beside {
    fn start() -> Result<Self> {
        let log = Path::new(LOG);
        std::fs::create_dir_all(log.parent().unwrap_or(log))?;
        let log = File::create(log)?;
        let mut build = command("nice");
        build.args(["-n", "19"]).arg(std::env::current_exe()?).args(["cross", "--build", "--ui-as-it-is"]);
        build.stderr(log.try_clone()?).stdout(log);
        Ok(Self(spawned(&mut build)?))
    }

    /// Waits until everything is built, and says what was printed.
    fn wait(mut self) -> Result<()> {
        let status = self.0.wait()?;
        let printed = std::fs::read_to_string(LOG).unwrap_or_default();
        let lines: Vec<&str> = printed.lines().collect();
        let shown = if status.success() {
            lines.iter().filter(|line| is_of_steps(line)).collect()
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

/// How many lines of a failed build are shown.
const SHOWN: usize = 60;

fn last<'a>(lines: &'a [&'a str]) -> Vec<&'a &'a str> {
    lines.iter().skip(lines.len().saturating_sub(SHOWN)).collect()
}

/// Whether a line is how long a step took.
fn is_of_steps(line: &str) -> bool {
    line.starts_with("    ") && line.contains(": done in ")
}

fn spawned(command: &mut Command) -> Result<Child> {
    command.spawn().with_context(|| format!("cannot start {}", command.get_program().display()))
}
