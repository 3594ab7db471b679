//! A virtual screen: Xvfb and a window manager. For `desktop.rs`.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use image::{DynamicImage, RgbImage};
use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{self, ConnectionExt as _};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;

use crate::eventually::{until, until_blocking};
use crate::process::Process;
use crate::sandbox::Sandbox;

/// The Enter key, as the X protocol names it.
pub const ENTER: u32 = 0xff0d;

/// The Tab key.
pub const TAB: u32 = 0xff09;

/// The Escape key.
pub const ESCAPE: u32 = 0xff1b;

/// The state of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WindowState {
    /// On the screen.
    Shown,
    /// Minimised, so that the window list still has it.
    Minimised,
    /// In no window list.
    Hidden,
}

/// A connection to the server, as a window list or a task bar has one.
struct Server {
    connection: RustConnection,
    root: xproto::Window,
}

impl Server {
    fn connect(display: &str) -> Result<Self> {
        let (connection, screen) = x11rb::connect(Some(display))?;
        let root = connection.setup().roots.get(screen).context("there is no screen")?.root;
        Ok(Self { connection, root })
    }

    fn atom(&self, name: &str) -> Result<xproto::Atom> {
        Ok(self.connection.intern_atom(false, name.as_bytes())?.reply()?.atom)
    }

    /// A property that is a list of numbers; none when the window has gone meanwhile.
    fn numbers(&self, window: xproto::Window, property: &str) -> Result<Vec<u32>> {
        let (property, any) = (self.atom(property)?, xproto::AtomEnum::ANY);
        let reply = self.connection.get_property(false, window, property, any, 0, 1024)?.reply();
        Ok(reply.ok().and_then(|reply| Some(reply.value32()?.collect())).unwrap_or_default())
    }

    /// The first window whose title begins so, among those that the window manager knows.
    fn find(&self, title: &str) -> Result<Option<xproto::Window>> {
        let (name, any) = (self.atom("_NET_WM_NAME")?, xproto::AtomEnum::ANY);
        for window in self.numbers(self.root, "_NET_CLIENT_LIST")? {
            let reply = self.connection.get_property(false, window, name, any, 0, 1024)?.reply();
            if reply.is_ok_and(|reply| reply.value.starts_with(title.as_bytes())) {
                return Ok(Some(window));
            }
        }
        Ok(None)
    }

    /// Asks the window manager to do something with a window, as a task bar does.
    fn ask(&self, window: xproto::Window, what: &str) -> Result<()> {
        // The first number says that a task bar asks: it acts for the user.
        let event = xproto::ClientMessageEvent::new(32, window, self.atom(what)?, [2_u32, 0, 0, 0, 0]);
        let mask = xproto::EventMask::SUBSTRUCTURE_REDIRECT | xproto::EventMask::SUBSTRUCTURE_NOTIFY;
        self.connection.send_event(false, self.root, mask, event)?.check()?;
        Ok(())
    }

    fn press(&self, keysym: u32) -> Result<()> {
        let setup = self.connection.setup();
        let (first, count) = (setup.min_keycode, setup.max_keycode - setup.min_keycode + 1);
        let keys = self.connection.get_keyboard_mapping(first, count)?.reply()?;
        let at = keys.keysyms.iter().position(|known| *known == keysym).context("there is no such key")?;
        let key = first + u8::try_from(at / usize::from(keys.keysyms_per_keycode))?;
        for kind in [xproto::KEY_PRESS_EVENT, xproto::KEY_RELEASE_EVENT] {
            self.connection.xtest_fake_input(kind, key, 0, x11rb::NONE, 0, 0, 0)?.check()?;
        }
        Ok(())
    }
}

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
            let text = std::fs::read_to_string(&number).context("it has not written its number")?;
            ensure!(text.ends_with('\n'), "it has not written its number");
            Ok(format!(":{}", text.trim()))
        })?;
        sandbox.set("DISPLAY", display.as_str());
        let window_manager = Process::start(&mut sandbox.command("openbox"), &sandbox.log("openbox"))?;
        let pixels = pixels.join("Xvfb_screen0");
        Ok(Self { display, pixels, _window_manager: window_manager, _server: server })
    }

    /// A picture of the whole screen.
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

    /// The state of the window whose title begins so.
    ///
    /// # Errors
    /// When the server does not answer.
    pub fn window(&self, title: &str) -> Result<WindowState> {
        let x = Server::connect(&self.display)?;
        let Some(window) = x.find(title)? else { return Ok(WindowState::Hidden) };
        let hidden = x.atom("_NET_WM_STATE_HIDDEN")?;
        let state = x.numbers(window, "_NET_WM_STATE")?;
        Ok(if state.contains(&hidden) { WindowState::Minimised } else { WindowState::Shown })
    }

    /// Waits until a window is in a state.
    ///
    /// # Errors
    /// When it does not get there. The error names its state.
    pub async fn wait_for_window(&self, title: &str, state: WindowState) -> Result<()> {
        until(format!("the window “{title}” to be {state:?}"), || async {
            let now = self.window(title)?;
            ensure!(now == state, "it is {now:?}");
            Ok(())
        })
        .await
    }

    /// Closes the window whose title begins so, as its frame's button does.
    ///
    /// # Errors
    /// When there is none.
    pub fn close(&self, title: &str) -> Result<()> {
        let x = Server::connect(&self.display)?;
        let window = x.find(title)?.with_context(|| format!("there is no window “{title}”"))?;
        x.ask(window, "_NET_CLOSE_WINDOW")
    }

    /// Brings the window whose title begins so to the front, with the keyboard's focus.
    ///
    /// # Errors
    /// When there is none.
    pub fn activate(&self, title: &str) -> Result<()> {
        let x = Server::connect(&self.display)?;
        let window = x.find(title)?.with_context(|| format!("there is no window “{title}”"))?;
        x.ask(window, "_NET_ACTIVE_WINDOW")
    }

    /// Waits until the window whose title begins so has the keyboard's focus.
    ///
    /// # Errors
    /// When it does not get it.
    pub async fn wait_for_focus(&self, title: &str) -> Result<()> {
        until(format!("the window “{title}” to have the focus"), || async {
            let x = Server::connect(&self.display)?;
            let window = x.find(title)?.context("there is no such window")?;
            ensure!(x.numbers(x.root, "_NET_ACTIVE_WINDOW")?.contains(&window), "another has it");
            Ok(())
        })
        .await
    }

    /// Presses a key on the keyboard: whichever window has the focus hears of it.
    ///
    /// # Errors
    /// When the server does not take it.
    pub fn press(&self, keysym: u32) -> Result<()> {
        Server::connect(&self.display)?.press(keysym)
    }

    /// Its name, such as `:99`.
    pub fn display(&self) -> &str {
        &self.display
    }
}
