//! A screen that nobody sees: Xvfb and a window manager.

use anyhow::{Context, Result, ensure};

use crate::patience::until_blocking;
use crate::process::Process;
use crate::sandbox::Sandbox;

/// A virtual screen.
#[derive(Debug)]
pub struct Screen {
    display: String,
    _window_manager: Process,
    _server: Process,
}

impl Screen {
    /// Starts one on a display number that is free, and tells the sandbox.
    ///
    /// # Errors
    /// When Xvfb or openbox does not start.
    pub fn start(sandbox: &mut Sandbox) -> Result<Self> {
        let number = sandbox.root().join("run/display");
        let log = sandbox.log("xvfb");
        // The server picks a free number and writes it to standard output: a shell turns that into a file.
        let mut command = sandbox.command("sh");
        command.args(["-c", "exec Xvfb -displayfd 1 -screen 0 1280x900x24 -nolisten tcp -noreset >\"$0\""]);
        let server = Process::start(command.arg(&number), &log)?;
        let display = until_blocking("Xvfb to be ready", || {
            let text = std::fs::read_to_string(&number).context("it has not said its number")?;
            ensure!(text.ends_with('\n'), "it has not said its number");
            Ok(format!(":{}", text.trim()))
        })?;
        sandbox.set("DISPLAY", display.as_str());
        let window_manager = Process::start(&mut sandbox.command("openbox"), &sandbox.log("openbox"))?;
        Ok(Self { display, _window_manager: window_manager, _server: server })
    }

    /// Its name, such as `:99`.
    pub fn display(&self) -> &str {
        &self.display
    }
}
