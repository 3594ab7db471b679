//! A process that renews when it is told to: `renews-when-told`. For `renewal_races.rs` and `shared_store.rs`.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use nix::sys::signal::{Signal, kill};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::process::pid;

/// How long one answer may take.
const LIMIT: Duration = Duration::from_secs(90);

/// The process.
#[derive(Debug)]
pub struct Renewer {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    callers: usize,
}

impl Renewer {
    /// Starts it, and waits until it is ready. `callers` is how many it was told will ask for each renewal.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn start(command: std::process::Command, callers: usize) -> Result<Self> {
        let mut command = Command::from(command);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
        let input = child.stdin.take().context("no input")?;
        let output = BufReader::new(child.stdout.take().context("no output")?).lines();
        let mut renewer = Self { child, input, output, callers };
        renewer.hears("ready").await?;
        Ok(renewer)
    }

    /// Tells it something.
    ///
    /// # Errors
    /// When it has ended.
    pub async fn tell(&mut self, word: &str) -> Result<()> {
        self.input.write_all(format!("{word}\n").as_bytes()).await?;
        Ok(self.input.flush().await?)
    }

    /// What it says next.
    ///
    /// # Errors
    /// When it says nothing.
    pub async fn says(&mut self) -> Result<String> {
        let line = tokio::time::timeout(LIMIT, self.output.next_line()).await.context("it says nothing")?;
        line?.context("it has ended")
    }

    /// Waits until it says this.
    ///
    /// # Errors
    /// When it says something else.
    pub async fn hears(&mut self, word: &str) -> Result<()> {
        let said = self.says().await?;
        ensure!(said == word, "it says “{said}” for “{word}”");
        Ok(())
    }

    /// Waits until every caller has the renewal that it was told to make.
    ///
    /// # Errors
    /// When one has not.
    pub async fn has_renewed(&mut self) -> Result<()> {
        for _ in 0..self.callers {
            self.hears("renewed").await?;
        }
        Ok(())
    }

    /// Sends it a signal.
    ///
    /// # Errors
    /// When it has ended.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        Ok(kill(pid(self.child.id().context("it has ended")?), signal)?)
    }

    /// Waits until it is gone.
    ///
    /// # Errors
    /// When the system does not say.
    pub async fn wait(mut self) -> Result<()> {
        self.child.wait().await?;
        Ok(())
    }
}
