//! The command line, started as a user or a script starts it. For `desktop.rs` and the suites.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use nix::sys::signal::{Signal, kill};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::task::JoinHandle;

use crate::process::pid;
use crate::programs::program;
use crate::sandbox::Sandbox;

/// Longer than any command may take with everything in order, or with one request that never ends.
const LIMIT: Duration = Duration::from_secs(90);

/// The command line while it runs.
#[derive(Debug)]
pub struct Cli {
    child: Child,
    input: Option<ChildStdin>,
    out: BufReader<ChildStdout>,
    read: String,
    log: JoinHandle<std::io::Result<String>>,
    prints_secret: bool,
}

/// The output of a command that has ended.
#[derive(Debug, Clone)]
pub struct CommandOutput {
    /// Its exit code.
    pub code: i32,
    /// What it printed to standard output.
    pub stdout: String,
    /// What it printed to standard error: messages for people and the log.
    pub stderr: String,
    pub(crate) prints_secret: bool,
}

impl Cli {
    /// Starts it on a sandbox's profile, logging at `trace`.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start<S: AsRef<OsStr>>(sandbox: &Sandbox, arguments: &[S]) -> Result<Self> {
        Self::start_on(sandbox, &sandbox.profile(), arguments)
    }

    /// Starts it on another profile.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start_on<S: AsRef<OsStr>>(sandbox: &Sandbox, profile: &Path, arguments: &[S]) -> Result<Self> {
        Self::start_command(sandbox.command(program("tunekey")?), profile, arguments)
    }

    /// Starts what a command names, which is the command line, or runs it, or is one, too; on a profile as that one
    /// spells it.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start_command<S: AsRef<OsStr>>(
        command: std::process::Command,
        profile: impl AsRef<OsStr>,
        arguments: &[S],
    ) -> Result<Self> {
        Self::spawn(command, profile, &["--log", "trace"], arguments)
    }

    /// Starts it on a sandbox's profile as it is used, which logs nothing. For what measures; `command` is as in
    /// [`start_command`](Self::start_command).
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start_quiet<S: AsRef<OsStr>>(
        command: std::process::Command,
        sandbox: &Sandbox,
        arguments: &[S],
    ) -> Result<Self> {
        Self::spawn(command, sandbox.profile(), &[], arguments)
    }

    fn spawn<S: AsRef<OsStr>>(
        command: std::process::Command,
        profile: impl AsRef<OsStr>,
        log: &[&str],
        arguments: &[S],
    ) -> Result<Self> {
        let mut command = Command::from(command);
        command.arg("--profile").arg(profile).args(log).args(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().context("the command line does not start")?;
        let input = child.stdin.take();
        let out = BufReader::new(child.stdout.take().context("no standard output")?);
        let mut errors = child.stderr.take().context("no standard error")?;
        let log = tokio::spawn(async move {
            let mut log = String::new();
            errors.read_to_string(&mut log).await.map(|_| log)
        });
        // Only the output of `cookie` and `get` may contain a secret.
        let prints_secret =
            arguments.iter().any(|argument| ["cookie", "get"].iter().any(|name| argument.as_ref() == *name));
        Ok(Self { child, input, out, read: String::new(), log, prints_secret })
    }

    /// Reads the next line that it prints, as JSON.
    ///
    /// # Errors
    /// When it prints something else, or nothing more.
    pub async fn next_line(&mut self) -> Result<Value> {
        let mut line = String::new();
        tokio::time::timeout(LIMIT, self.out.read_line(&mut line)).await.context("it prints nothing")??;
        ensure!(
            !line.is_empty(),
            "it printed no more after “{}”",
            self.read.lines().last().unwrap_or_default()
        );
        self.read.push_str(&line);
        serde_json::from_str(&line).with_context(|| format!("not JSON: “{line}”"))
    }

    /// Reads until a sign-in is at this step.
    ///
    /// # Errors
    /// When it never gets there.
    pub async fn wait_for_step(&mut self, step: &str) -> Result<Value> {
        loop {
            let line = self.next_line().await.with_context(|| format!("waiting for the step “{step}”"))?;
            if line["step"] == step {
                return Ok(line);
            }
        }
    }

    /// Leaves the output out of the search for canaries: it contains a secret of the user's, such as a captcha's
    /// address.
    pub fn allow_secret_output(&mut self) {
        self.prints_secret = true;
    }

    /// Types a line.
    ///
    /// # Errors
    /// When the command has ended.
    pub async fn type_line(&mut self, line: &str) -> Result<()> {
        let input = self.input.as_mut().context("its input has ended")?;
        input.write_all(format!("{line}\n").as_bytes()).await?;
        Ok(input.flush().await?)
    }

    /// Writes a text to its input and ends it.
    ///
    /// # Errors
    /// When the command has ended.
    pub async fn pipe_text(&mut self, text: &str) -> Result<()> {
        let mut input = self.input.take().context("its input has ended")?;
        Ok(input.write_all(text.as_bytes()).await?)
    }

    /// Ends its input.
    pub fn close_input(&mut self) {
        self.input = None;
    }

    /// The most memory that it has used so far, in bytes; `None` when it has ended.
    pub fn peak_memory(&self) -> Option<u64> {
        crate::process::peak_memory(self.child.id()?)
    }

    /// How much memory it uses now, in bytes; `None` when it has ended.
    pub fn memory(&self) -> Option<u64> {
        crate::process::memory(self.child.id()?)
    }

    /// Its process id; `None` when it has ended.
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Presses Ctrl-C.
    ///
    /// # Errors
    /// When it has ended already.
    pub fn interrupt(&self) -> Result<()> {
        self.signal(Signal::SIGINT)
    }

    /// Sends it a signal.
    ///
    /// # Errors
    /// When it has ended already.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        Ok(kill(pid(self.child.id().context("it has ended")?), signal)?)
    }

    /// Waits until it ends.
    ///
    /// # Errors
    /// When it does not.
    pub async fn wait_for_exit(mut self) -> Result<CommandOutput> {
        let mut out = std::mem::take(&mut self.read);
        let ended = async {
            self.out.read_to_string(&mut out).await?;
            self.child.wait().await
        };
        let status = tokio::time::timeout(LIMIT, ended).await.context("the command line does not end")??;
        let log = self.log.await??;
        Ok(CommandOutput {
            code: status.code().unwrap_or(-1),
            stdout: out,
            stderr: log,
            prints_secret: self.prints_secret,
        })
    }
}

impl CommandOutput {
    /// Checks that the command succeeded.
    ///
    /// # Errors
    /// When it did not.
    pub fn succeeded(self) -> Result<Self> {
        self.exited_with(0)
    }

    /// Checks that the command ended with this exit code.
    ///
    /// # Errors
    /// When it ended with another. The error shows its output without the log.
    pub fn exited_with(self, code: i32) -> Result<Self> {
        let words: Vec<&str> =
            self.stderr.lines().filter(|line| !line.contains("TRACE") && !line.contains("DEBUG")).collect();
        ensure!(
            self.code == code,
            "it ended with {}, not {code}: {}{}",
            self.code,
            self.stdout,
            words.join("\n")
        );
        Ok(self)
    }

    /// Every line of its output, as JSON.
    ///
    /// # Errors
    /// When one is something else.
    pub fn json(&self) -> Result<Vec<Value>> {
        self.stdout
            .lines()
            .map(|line| serde_json::from_str(line).with_context(|| format!("not JSON: “{line}”")))
            .collect()
    }

    /// The code of the problem that it ended with.
    ///
    /// # Errors
    /// When its last line is no problem.
    pub fn problem(&self) -> Result<String> {
        let lines = self.json()?;
        let problem = &lines.last().context("it printed nothing")?["problem"];
        ensure!(problem["message"].as_str().is_some_and(|words| !words.is_empty()), "no message: {problem}");
        Ok(problem["code"].as_str().context("no code")?.to_owned())
    }
}
