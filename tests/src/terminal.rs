//! The command line in a terminal of a given size. For `terminal.rs` and `sign_in_cli.rs`.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use image::{DynamicImage, GrayImage, Luma};
use nix::pty::{Winsize, openpty};
use nix::sys::signal::{Signal, kill};
use tokio::process::{Child, Command};

use crate::eventually::until;
use crate::process::pid;
use crate::programs::program;
use crate::sandbox::Sandbox;

/// Longer than any command may take.
const LIMIT: Duration = Duration::from_secs(90);

/// A terminal with the command line in it.
#[derive(Debug)]
pub struct Terminal {
    child: Child,
    keys: File,
    shown: Arc<Mutex<String>>,
}

impl Terminal {
    /// Opens one of so many columns and rows.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn start(sandbox: &Sandbox, size: (u16, u16), arguments: &[&str]) -> Result<Self> {
        Self::start_with(sandbox, size, &[("TERM", "xterm-256color")], arguments)
    }

    /// Opens one with these variables.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn start_with(
        sandbox: &Sandbox,
        size: (u16, u16),
        variables: &[(&str, &str)],
        arguments: &[&str],
    ) -> Result<Self> {
        Self::open(sandbox, size, |command| {
            command.arg(program("tunekey")?).arg("--profile").arg(sandbox.profile());
            command.args(arguments).envs(variables.iter().copied());
            Ok(())
        })
    }

    /// Opens one for the program that `add` adds to the command.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(
        sandbox: &Sandbox,
        (columns, rows): (u16, u16),
        add: impl FnOnce(&mut std::process::Command) -> Result<()>,
    ) -> Result<Self> {
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        let pair = openpty(&size, None)?;
        // In a session of its own, whose terminal this is: only so do its keys mean what they should.
        let mut command = sandbox.command("setsid");
        command.arg("--ctty");
        add(&mut command)?;
        let mut command = Command::from(command);
        command.kill_on_drop(true);
        let stdio = |slave: &OwnedFd| anyhow::Ok(Stdio::from(slave.try_clone()?));
        command.stdin(stdio(&pair.slave)?).stdout(stdio(&pair.slave)?).stderr(stdio(&pair.slave)?);
        let child = command.spawn().context("setsid (Debian: util-linux) is needed")?;
        // Kept by nobody here: the last one to close it ends what can be read.
        drop((command, pair.slave));
        let mut screen = File::from(pair.master.try_clone()?);
        let shown = Arc::new(Mutex::new(String::new()));
        let written = shown.clone();
        std::thread::spawn(move || {
            let (mut bytes, mut unfinished) = ([0; 4096], Vec::new());
            while let Ok(count @ 1..) = screen.read(&mut bytes) {
                unfinished.extend_from_slice(&bytes[..count]);
                // A character may come in two pieces.
                let whole = match std::str::from_utf8(&unfinished) {
                    Ok(text) => text.len(),
                    Err(error) => error.valid_up_to(),
                };
                let rest = unfinished.split_off(whole);
                let text = String::from_utf8_lossy(&unfinished).into_owned();
                written.lock().unwrap_or_else(PoisonError::into_inner).push_str(&text);
                unfinished = rest;
            }
        });
        Ok(Self { child, keys: File::from(pair.master), shown })
    }

    /// All that it has shown so far, escape sequences and all.
    pub fn shown(&self) -> String {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until it has shown this text.
    ///
    /// # Errors
    /// When it does not.
    pub async fn wait_for_text(&self, text: &str) -> Result<()> {
        self.wait_for_text_times(text, 1).await
    }

    /// Waits until it has shown this text so many times.
    ///
    /// # Errors
    /// When it does not.
    pub async fn wait_for_text_times(&self, text: &str, times: usize) -> Result<()> {
        until(format!("the terminal to show “{text}”"), || async {
            let shown = self.shown();
            ensure!(shown.matches(text).count() >= times, "it shows {shown}");
            Ok(())
        })
        .await
    }

    /// Types; Enter is `\r`.
    ///
    /// # Errors
    /// When it has been closed.
    pub fn type_keys(&mut self, keys: &str) -> Result<()> {
        Ok(self.keys.write_all(keys.as_bytes())?)
    }

    /// Resizes it, as a user who drags its corner.
    ///
    /// # Errors
    /// When it has been closed.
    pub fn resize(&self, (columns, rows): (u16, u16)) -> Result<()> {
        let (columns, rows) = (columns.to_string(), rows.to_string());
        let status = std::process::Command::new("stty")
            .args(["cols", &columns, "rows", &rows])
            .stdin(Stdio::from(self.keys.try_clone()?))
            .status()?;
        ensure!(status.success(), "stty says no");
        // The kernel tells the programs at the other end; it does so only from there.
        Ok(kill(pid(self.child.id().context("it has ended")?), Signal::SIGWINCH)?)
    }

    /// Waits until the command ends and gives back its exit code.
    ///
    /// # Errors
    /// When it does not.
    pub async fn wait_for_exit(mut self) -> Result<i32> {
        let status = tokio::time::timeout(LIMIT, self.child.wait()).await;
        let status = status.with_context(|| format!("it does not end: {}", self.shown()))??;
        Ok(status.code().unwrap_or(-1))
    }
}

/// A picture of the first code in a text, as a camera sees it. Each character is two modules, in explicit colours or,
/// on a dark terminal, as the light parts of a block; in ASCII two characters are one module.
pub fn picture(text: &str) -> DynamicImage {
    const MODULE: u32 = 4;
    let plain: Vec<&str> =
        text.lines().map(|line| line.trim_end_matches('\r')).filter(|line| is_plain(line)).collect();
    if !plain.is_empty() {
        let is_light = |x: u32, y: u32| {
            let row = usize::try_from(y / MODULE).ok().and_then(|y| plain.get(y));
            let sign =
                usize::try_from(x / MODULE * 2).ok().zip(row).and_then(|(x, row)| row.as_bytes().get(x));
            sign == Some(&b'#')
        };
        let side = |modules: usize| u32::try_from(modules).unwrap_or_default() * MODULE;
        let (width, height) = (side(plain[0].len() / 2), side(plain.len()));
        return GrayImage::from_fn(width, height, |x, y| Luma([if is_light(x, y) { 255 } else { 0 }])).into();
    }
    let rows: Vec<Vec<(bool, bool)>> =
        text.lines().map(cells).skip_while(Vec::is_empty).take_while(|row| !row.is_empty()).collect();
    let dark = |x: u32, y: u32| {
        let row = rows.get(usize::try_from(y / 2).unwrap_or(usize::MAX));
        let cell = row.and_then(|row| row.get(usize::try_from(x).unwrap_or(usize::MAX)));
        cell.is_some_and(|(upper, lower)| if y.is_multiple_of(2) { *upper } else { *lower })
    };
    let side = |modules: usize| u32::try_from(modules).unwrap_or_default() * MODULE;
    let width = rows.iter().map(Vec::len).max().unwrap_or_default();
    GrayImage::from_fn(side(width), side(rows.len() * 2), |x, y| {
        Luma([if dark(x / MODULE, y / MODULE) { 0 } else { 255 }])
    })
    .into()
}

/// Whether a line is one of a code in ASCII.
fn is_plain(line: &str) -> bool {
    line.starts_with("##") && line.chars().all(|sign| matches!(sign, '#' | ' '))
}

/// Whether the halves of each character of a line are dark; empty when the line is no part of a code.
fn cells(line: &str) -> Vec<(bool, bool)> {
    let is_code = line.contains(['▀', '▄', '█']);
    let mut cells = Vec::new();
    let mut colours = None;
    for part in line.trim_end_matches('\r').split_inclusive(['m', '▀', '▄', '█', ' ']) {
        if let Some(numbers) = part.strip_prefix("\u{1b}[38;5;") {
            let numbers: Vec<&str> = numbers.trim_end_matches('m').split(';').collect();
            let dark = |at: usize| numbers.get(at).is_some_and(|number| *number == "16");
            colours = Some((dark(0), dark(3)));
            continue;
        }
        match part {
            "▀" => cells.push(colours.unwrap_or((false, true))),
            "▄" => cells.push((true, false)),
            "█" => cells.push((false, false)),
            " " => cells.push((true, true)),
            _ => {}
        }
    }
    if is_code { cells } else { Vec::new() }
}
