//! The clipboard as other programs see it, through xclip. For `desktop.rs`.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::eventually::within;
use crate::sandbox::Sandbox;

/// The target that tells clipboard histories to leave the content out.
const SECRET_HINT: &str = "x-kde-passwordManagerHint";

/// How long the clipboard's owner may take to respond.
const RESPONSE_LIMIT: Duration = Duration::from_secs(5);

/// The clipboard of a sandbox's screen.
#[derive(Debug, Clone, Copy)]
pub struct Clipboard<'a> {
    sandbox: &'a Sandbox,
}

impl<'a> Clipboard<'a> {
    /// The clipboard of this sandbox's screen.
    pub fn of(sandbox: &'a Sandbox) -> Self {
        Self { sandbox }
    }

    /// The text in it; empty when there is none.
    ///
    /// # Errors
    /// When the program that owns it does not answer.
    pub async fn text(self) -> Result<String> {
        Ok(String::from_utf8(self.read("UTF8_STRING").await?)?)
    }

    /// Whether what is in it is marked as a secret.
    ///
    /// # Errors
    /// When the program that owns it does not answer.
    pub async fn is_marked_secret(self) -> Result<bool> {
        let targets = String::from_utf8(self.read("TARGETS").await?)?;
        Ok(targets.lines().any(|target| target == SECRET_HINT) && self.read(SECRET_HINT).await? == b"secret")
    }

    /// Puts text in it as another program would.
    ///
    /// # Errors
    /// When xclip does not start.
    pub async fn put(self, text: &str) -> Result<()> {
        let mut command = Command::from(self.sandbox.command("xclip"));
        command.args(["-selection", "clipboard", "-in"]);
        let mut xclip = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let mut pipe = xclip.stdin.take().context("xclip reads nothing")?;
        pipe.write_all(text.as_bytes()).await?;
        drop(pipe);
        xclip.wait().await?;
        self.wait_for_content(text).await
    }

    /// Puts a text of so many bytes in it as another program would, and does not wait for it.
    ///
    /// # Errors
    /// When xclip does not start.
    pub async fn put_large(self, bytes: usize) -> Result<()> {
        let mut command = Command::from(self.sandbox.command("xclip"));
        command.args(["-selection", "clipboard", "-in"]);
        let mut xclip = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let mut pipe = xclip.stdin.take().context("xclip reads nothing")?;
        let piece = [b'x'; 64 * 1024];
        for _ in 0..bytes / piece.len() {
            pipe.write_all(&piece).await?;
        }
        drop(pipe);
        xclip.wait().await?;
        Ok(())
    }

    /// Waits until it holds this text.
    ///
    /// # Errors
    /// When it does not.
    pub async fn wait_for_content(self, text: &str) -> Result<()> {
        within(RESPONSE_LIMIT, "the clipboard to hold the text", || async {
            ensure!(self.text().await? == text, "it holds something else");
            Ok(())
        })
        .await
    }

    /// Waits until there is a text in it and gives it.
    ///
    /// # Errors
    /// When none comes.
    pub async fn wait_for_any_text(self) -> Result<String> {
        within(RESPONSE_LIMIT, "a text in the clipboard", || async {
            let text = self.text().await?;
            ensure!(!text.is_empty(), "it is empty");
            Ok(text)
        })
        .await
    }

    /// Waits until it is empty.
    ///
    /// # Errors
    /// When it is not within `limit`.
    pub async fn wait_until_empty(self, limit: Duration) -> Result<()> {
        within(limit, "the clipboard to be empty", || async {
            ensure!(self.text().await?.is_empty(), "it still holds something");
            Ok(())
        })
        .await
    }

    async fn read(self, target: &str) -> Result<Vec<u8>> {
        let mut command = Command::from(self.sandbox.command("xclip"));
        command.args(["-selection", "clipboard", "-out", "-target", target]);
        command.stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        // Without an owner xclip fails; that is an empty clipboard.
        let output = tokio::time::timeout(RESPONSE_LIMIT, command.output())
            .await
            .context("the clipboard’s owner hangs")??;
        Ok(if output.status.success() { output.stdout } else { Vec::new() })
    }
}
