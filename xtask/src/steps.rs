//! What is being done, how long it took, and a loud end when it fails.

use std::borrow::BorrowMut;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};

/// The steps done so far.
#[derive(Debug)]
pub(crate) struct Steps {
    began: Instant,
    done: u32,
    /// The web UI need not be built any more.
    ui_is_built: bool,
}

impl Default for Steps {
    fn default() -> Self {
        Self { began: now(), done: 0, ui_is_built: false }
    }
}

impl Steps {
    /// Runs a command as a step.
    ///
    /// # Errors
    /// When it cannot be started or does not succeed.
    pub(crate) fn run(&mut self, name: &str, mut command: impl BorrowMut<Command>) -> Result<()> {
        self.step(name, || succeed(command.borrow_mut()))
    }

    /// Does something as a step.
    ///
    /// # Errors
    /// What it fails with, under the step's name.
    pub(crate) fn step<T>(&mut self, name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        say(&format!("==> {name}"));
        let began = now();
        let came = work().with_context(|| format!("step “{name}” failed"))?;
        say(&format!("    {name}: done in {:.1} s", began.elapsed().as_secs_f64()));
        self.done += 1;
        Ok(came)
    }

    /// Has the web UI taken as it is from now on. Returns whether it was so already.
    pub(crate) fn take_ui_as_it_is(&mut self) -> bool {
        std::mem::replace(&mut self.ui_is_built, true)
    }

    /// How many steps were done.
    pub(crate) fn done(&self) -> u32 {
        self.done
    }

    /// Says that all is done.
    pub(crate) fn close(&self) {
        say(&format!("==> done in {:.0} s", self.began.elapsed().as_secs_f64()));
    }
}

/// A command with nothing to read, so that nothing ever waits for an answer nobody gives.
pub(crate) fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null());
    command
}

/// Runs a command to its end.
///
/// # Errors
/// When it cannot be started or does not succeed.
pub(crate) fn succeed(command: &mut Command) -> Result<()> {
    let status =
        command.status().with_context(|| format!("cannot start {}", command.get_program().display()))?;
    if !status.success() {
        bail!("{} ended with {status}", command.get_program().display());
    }
    Ok(())
}

/// What a command prints, or nothing when it cannot be started or fails.
pub(crate) fn output(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Writes a file into a folder that is made for it.
///
/// # Errors
/// When it cannot be written.
#[expect(clippy::disallowed_methods, reason = "nothing reads it before it is whole")]
pub(crate) fn write(path: &Path, content: impl AsRef<[u8]>) -> Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, content).with_context(|| path.display().to_string())
}

/// Says something to the person at the terminal.
#[expect(clippy::print_stdout, reason = "this program talks to a terminal")]
pub(crate) fn say(words: &str) {
    println!("{words}");
}

#[expect(clippy::disallowed_methods, reason = "durations of build steps need no Clock")]
fn now() -> Instant {
    Instant::now()
}
