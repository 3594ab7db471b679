//! A child process that ends with its owner and whose output goes to a file. For the other harnesses.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::eventually;

/// A running program.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts a program whose output goes to `log`.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(command: &mut Command, log: &Path) -> Result<Self> {
        Self::start_reading(command, log, None)
    }

    /// Starts a program with this input.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start_reading(command: &mut Command, log: &Path, input: Option<&str>) -> Result<Self> {
        let name =
            Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy().into_owned();
        let output = File::options().create(true).append(true).open(log)?;
        command.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() });
        command.stdout(output.try_clone()?).stderr(output);
        let mut child = command.spawn().with_context(|| format!("cannot start {name}"))?;
        if let (Some(input), Some(mut pipe)) = (input, child.stdin.take()) {
            pipe.write_all(input.as_bytes())?;
        }
        Ok(Self { name, child, log: log.to_owned() })
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Its output so far.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn output(&self) -> Result<String> {
        Ok(String::from_utf8_lossy(&std::fs::read(&self.log)?).into_owned())
    }

    /// Sends it a signal.
    ///
    /// # Errors
    /// When it is gone.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        kill(pid(self.id()), signal).with_context(|| format!("cannot signal {}", self.name))
    }

    /// Waits until it ends by itself.
    ///
    /// # Errors
    /// When it does not within `limit`.
    pub async fn wait_for_exit(&mut self, limit: Duration) -> Result<ExitStatus> {
        let name = self.name.clone();
        let child = &mut self.child;
        eventually::within(limit, format!("{name} to end"), || {
            let status = child.try_wait();
            async move { status?.context("it still runs") }
        })
        .await
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // A stopped process takes SIGKILL, too.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The most memory that a process has used so far, in bytes; `None` when it has ended.
pub fn peak_memory(id: u32) -> Option<u64> {
    memory_figure(id, "VmHWM:")
}

/// How much memory a process uses now, in bytes.
pub fn memory(id: u32) -> Option<u64> {
    memory_figure(id, "VmRSS:")
}

fn memory_figure(id: u32, name: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

/// A process id for system calls.
pub fn pid(id: u32) -> Pid {
    Pid::from_raw(i32::try_from(id).unwrap_or(i32::MAX))
}

/// Waits until a process that is not our child is gone.
///
/// # Errors
/// When it is still there after `limit`.
pub async fn wait_until_gone(id: u32, limit: Duration) -> Result<()> {
    eventually::within(limit, format!("process {id} to end"), || async move {
        // A zombie has ended: it only waits for its parent to notice.
        let status = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        let state = status.rsplit_once(") ").map_or("", |(_, rest)| rest);
        anyhow::ensure!(state.is_empty() || state.starts_with('Z'), "it is in state {state:.1}");
        Ok(())
    })
    .await
}
