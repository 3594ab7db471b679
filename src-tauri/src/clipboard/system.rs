//! The system's clipboard. Only this file names the clipboard library `arboard`.

use std::fmt;

#[cfg(target_os = "macos")]
use arboard::SetExtApple as _;
#[cfg(all(unix, not(target_os = "macos")))]
use arboard::SetExtLinux as _;
#[cfg(windows)]
use arboard::SetExtWindows as _;
use tunekey_core::Secret;
#[cfg(not(target_os = "macos"))]
use tunekey_core::import::LONGEST;

use super::backend::{ClipboardBackend, ClipboardError};

/// The most that is read, in bytes: one more than a text that is pasted may have, to see that it is too long.
#[cfg(not(target_os = "macos"))]
const READ_LIMIT: usize = LONGEST + 1;

/// The system's clipboard, opened at first use and then kept: on Linux a text lives as long as the connection
/// that offers it.
#[derive(Default)]
pub(super) struct SystemClipboard(Option<arboard::Clipboard>);

impl fmt::Debug for SystemClipboard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SystemClipboard").field(&self.0.is_some()).finish()
    }
}

impl SystemClipboard {
    fn open(&mut self) -> Result<&mut arboard::Clipboard, ClipboardError> {
        let clipboard = match self.0.take() {
            Some(clipboard) => clipboard,
            None => arboard::Clipboard::new().map_err(failed)?,
        };
        Ok(self.0.insert(clipboard))
    }
}

impl ClipboardBackend for SystemClipboard {
    #[expect(clippy::disallowed_methods, reason = "copying is what the person asked for")]
    fn write(&mut self, text: &Secret) -> Result<(), ClipboardError> {
        let set = self.open()?.set();
        // A wish, not a guarantee: clipboard histories that know the mark leave the text out.
        #[cfg(windows)]
        let set = set.exclude_from_monitoring();
        #[cfg(not(windows))]
        let set = set.exclude_from_history();
        set.text(text.expose()).map_err(failed)
    }

    fn write_open(&mut self, text: &str) -> Result<(), ClipboardError> {
        self.open()?.set_text(text).map_err(failed)
    }

    #[cfg(target_os = "linux")]
    fn read(&mut self) -> Result<Option<Secret>, ClipboardError> {
        let bytes = super::bounded_read::read_text(READ_LIMIT)?;
        Ok(bytes.map(|bytes| match String::from_utf8(bytes) {
            Ok(text) => text.into(),
            // Latin 1 of an old program, or a character that the limit has cut.
            Err(error) => Secret::new(&*String::from_utf8_lossy(error.as_bytes())),
        }))
    }

    /// Windows says how much there is before it gives it; on macOS the text is here before it can be measured.
    #[cfg(not(target_os = "linux"))]
    fn read(&mut self) -> Result<Option<Secret>, ClipboardError> {
        #[cfg(windows)]
        if is_too_long() {
            return Ok(Some(" ".repeat(READ_LIMIT).into()));
        }
        match self.open()?.get_text() {
            Ok(text) => Ok(Some(text.into())),
            Err(arboard::Error::ContentNotAvailable | arboard::Error::ConversionFailure) => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    fn clear(&mut self) -> Result<(), ClipboardError> {
        self.open()?.clear().map_err(failed)
    }
}

/// Whether the text is longer than anything that is looked at, as the system measures it.
#[cfg(windows)]
fn is_too_long() -> bool {
    use clipboard_win::{Clipboard, formats, raw};
    let Ok(_open) = Clipboard::new_attempts(10) else { return false };
    // Two bytes and more a character, where we count one and more.
    raw::size(formats::CF_UNICODETEXT).is_some_and(|size| size.get() / 2 > READ_LIMIT)
}

fn failed(error: arboard::Error) -> ClipboardError {
    ClipboardError(error.to_string())
}
