//! A screen that nobody sees: Xvfb and a window manager.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use image::{DynamicImage, RgbImage};

use crate::patience::until_blocking;
use crate::process::Process;
use crate::sandbox::Sandbox;

/// A virtual screen.
#[derive(Debug)]
pub struct Screen {
    display: String,
    /// Where the server keeps what it shows.
    pixels: PathBuf,
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
        let pixels = sandbox.root().join("run/screen");
        std::fs::create_dir_all(&pixels)?;
        let mut command = sandbox.command("sh");
        let script =
            "exec Xvfb -displayfd 1 -screen 0 1280x900x24 -nolisten tcp -noreset -fbdir \"$1\" >\"$0\"";
        command.args(["-c", script]).arg(&number).arg(&pixels);
        let server = Process::start(&mut command, &log)?;
        let display = until_blocking("Xvfb to be ready", || {
            let text = std::fs::read_to_string(&number).context("it has not said its number")?;
            ensure!(text.ends_with('\n'), "it has not said its number");
            Ok(format!(":{}", text.trim()))
        })?;
        sandbox.set("DISPLAY", display.as_str());
        let window_manager = Process::start(&mut sandbox.command("openbox"), &sandbox.log("openbox"))?;
        let pixels = pixels.join("Xvfb_screen0");
        Ok(Self { display, pixels, _window_manager: window_manager, _server: server })
    }

    /// What is on it now: every window, whoever drives it.
    ///
    /// # Errors
    /// When the server's picture cannot be read.
    pub fn picture(&self) -> Result<DynamicImage> {
        // The X window dump format, version 7: numbers of 32 bits, colours, then lines of blue, green, red and a gap.
        let dump = std::fs::read(&self.pixels)?;
        let number = |index: usize| {
            let bytes = dump.get(index * 4..index * 4 + 4).and_then(|bytes| bytes.try_into().ok());
            bytes.map(|bytes| u32::from_be_bytes(bytes) as usize).context("the screen’s picture is cut off")
        };
        let (width, height, line) = (number(4)?, number(5)?, number(12)?);
        ensure!(number(11)? == 32, "the screen’s picture has {} bits a pixel", number(11)?);
        let start = number(0)? + number(19)? * 12;
        let pixels = dump.get(start..).context("the screen’s picture is cut off")?;
        let mut picture = RgbImage::new(u32::try_from(width)?, u32::try_from(height)?);
        for (x, y, pixel) in picture.enumerate_pixels_mut() {
            let at = y as usize * line + x as usize * 4;
            let colours = pixels.get(at..at + 3).context("the screen’s picture is cut off")?;
            pixel.0 = [colours[2], colours[1], colours[0]];
        }
        Ok(picture.into())
    }

    /// Its name, such as `:99`.
    pub fn display(&self) -> &str {
        &self.display
    }
}
