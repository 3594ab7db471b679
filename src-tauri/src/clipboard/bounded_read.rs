//! Reads the clipboard of Linux desktops up to a limit: by Wayland, or else by X11. The clipboard library reads all
//! of it, and whoever owns the clipboard decides how much that is. Only `system.rs` uses this.

use std::io::{self, Read as _};
use std::thread;
use std::time::Duration;

use wl_clipboard_rs::paste::{ClipboardType, MimeType, Seat, get_contents};
use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    Atom, AtomEnum, ConnectionExt as _, CreateWindowAux, EventMask, Property, SelectionNotifyEvent, Window,
    WindowClass,
};
use x11rb::rust_connection::RustConnection;
use x11rb::{COPY_DEPTH_FROM_PARENT, COPY_FROM_PARENT, CURRENT_TIME, NONE};

use super::backend::ClipboardError;

/// How long to wait between two polls for the next event.
const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// How often to poll: the owner has four seconds for each piece of its text.
const POLLS: u32 = 800;

/// The longest piece of a text that is asked for at once, in the units of four bytes that X counts in.
const PIECE_LENGTH: u32 = 64 * 1024;

/// The first `limit` bytes of the text on the clipboard; `None` when there is no text.
///
/// # Errors
/// When the clipboard cannot be reached, or its owner does not answer.
pub(super) fn read_text(limit: usize) -> Result<Option<Vec<u8>>, ClipboardError> {
    if std::env::var_os("WAYLAND_DISPLAY").is_some() {
        use wl_clipboard_rs::paste::Error;
        match get_contents(ClipboardType::Regular, Seat::Unspecified, MimeType::Text) {
            Ok((pipe, _)) => return read_up_to(pipe, limit).map(Some).map_err(|error| failed(&error)),
            Err(Error::NoSeats | Error::ClipboardEmpty | Error::NoMimeType) => return Ok(None),
            // Such as a desktop without data control: its X11 side has the clipboard, too.
            Err(error) => tracing::debug!(%error, "the clipboard is read by X11"),
        }
    }
    X11Reader::open(limit).and_then(|reader| reader.text()).map_err(|error| failed(&*error))
}

fn read_up_to(from: impl io::Read, limit: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(limit as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn failed(error: &dyn std::error::Error) -> ClipboardError {
    ClipboardError(error.to_string())
}

type X11Error = Box<dyn std::error::Error>;

/// A window that asks for the clipboard, and that its owner writes to (ICCCM §2.4).
struct X11Reader {
    x: RustConnection,
    window: Window,
    clipboard: Atom,
    incremental: Atom,
    /// The property of the window that the owner writes to.
    property: Atom,
    limit: usize,
}

impl X11Reader {
    fn open(limit: usize) -> Result<Self, X11Error> {
        let (x, screen) = x11rb::connect(None)?;
        let root = x.setup().roots[screen].root;
        let window = x.generate_id()?;
        let attributes = CreateWindowAux::new().event_mask(EventMask::PROPERTY_CHANGE);
        let class = WindowClass::INPUT_OUTPUT;
        x.create_window(
            COPY_DEPTH_FROM_PARENT,
            window,
            root,
            0,
            0,
            1,
            1,
            0,
            class,
            COPY_FROM_PARENT,
            &attributes,
        )?;
        let atom = |name: &str| x.intern_atom(false, name.as_bytes());
        let asked = [atom("CLIPBOARD")?, atom("INCR")?, atom("TUNEKEY_TEXT")?];
        let [clipboard, incremental, property] = asked.map(|cookie| cookie.reply().map(|reply| reply.atom));
        let (clipboard, incremental, property) = (clipboard?, incremental?, property?);
        Ok(Self { x, window, clipboard, incremental, property, limit })
    }

    fn text(&self) -> Result<Option<Vec<u8>>, X11Error> {
        for target in ["UTF8_STRING", "text/plain;charset=utf-8", "STRING"] {
            let target = self.x.intern_atom(false, target.as_bytes())?.reply()?.atom;
            self.x.convert_selection(self.window, self.clipboard, target, self.property, CURRENT_TIME)?;
            self.x.flush()?;
            let answered = self.next(|event| match event {
                Event::SelectionNotify(SelectionNotifyEvent { property, .. }) => Some(*property),
                _ => None,
            })?;
            if answered != NONE {
                return self.answer().map(Some);
            }
        }
        Ok(None)
    }

    /// Reads what the owner writes, at once or piece by piece.
    fn answer(&self) -> Result<Vec<u8>, X11Error> {
        let kind =
            self.x.get_property(false, self.window, self.property, AtomEnum::ANY, 0, 0)?.reply()?.type_;
        let mut text = Vec::new();
        if kind != self.incremental {
            self.take(&mut text)?;
            return Ok(text);
        }
        // Its removal asks for the first piece.
        self.x.delete_property(self.window, self.property)?;
        self.x.flush()?;
        while text.len() < self.limit {
            self.next(|event| match event {
                Event::PropertyNotify(change)
                    if change.atom == self.property && change.state == Property::NEW_VALUE =>
                {
                    Some(())
                }
                _ => None,
            })?;
            // An empty piece is the end.
            if self.take(&mut text)? == 0 {
                break;
            }
        }
        Ok(text)
    }

    /// Appends what the property holds to `text`, up to the limit. Returns how many bytes that were.
    fn take(&self, text: &mut Vec<u8>) -> Result<usize, X11Error> {
        let before = text.len();
        loop {
            let from = u32::try_from((text.len() - before) / 4)?;
            let cookie =
                self.x.get_property(false, self.window, self.property, AtomEnum::ANY, from, PIECE_LENGTH)?;
            let piece = cookie.reply()?;
            let room = self.limit - text.len();
            text.extend_from_slice(&piece.value[..piece.value.len().min(room)]);
            if piece.bytes_after == 0 || text.len() >= self.limit {
                break;
            }
        }
        self.x.delete_property(self.window, self.property)?;
        self.x.flush()?;
        Ok(text.len() - before)
    }

    /// Waits for the first event that `wanted` accepts.
    fn next<T>(&self, wanted: impl Fn(&Event) -> Option<T>) -> Result<T, X11Error> {
        for _ in 0..POLLS {
            while let Some(event) = self.x.poll_for_event()? {
                if let Some(found) = wanted(&event) {
                    return Ok(found);
                }
            }
            thread::sleep(POLL_INTERVAL);
        }
        Err("the program that holds the clipboard does not answer".into())
    }
}
