//! The system's clipboard. Only this file names the clipboard library.

use std::fmt;

#[cfg(target_os = "macos")]
use arboard::SetExtApple as _;
#[cfg(all(unix, not(target_os = "macos")))]
use arboard::SetExtLinux as _;
#[cfg(windows)]
use arboard::SetExtWindows as _;
use tunekey_core::secret::Secret;

use super::keeper::{Board, BoardError};

/// The system's clipboard, opened at first use and then kept: on Linux a text lives as long as the connection
/// that offers it.
#[derive(Default)]
pub(super) struct SystemBoard(Option<arboard::Clipboard>);

impl fmt::Debug for SystemBoard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SystemBoard").field(&self.0.is_some()).finish()
    }
}

impl SystemBoard {
    fn open(&mut self) -> Result<&mut arboard::Clipboard, BoardError> {
        let board = match self.0.take() {
            Some(board) => board,
            None => arboard::Clipboard::new().map_err(said)?,
        };
        Ok(self.0.insert(board))
    }
}

impl Board for SystemBoard {
    #[expect(clippy::disallowed_methods, reason = "copying is what the person asked for")]
    fn put(&mut self, text: &Secret) -> Result<(), BoardError> {
        let set = self.open()?.set();
        // A wish, not a guarantee: clipboard histories that know the mark leave the text out.
        #[cfg(windows)]
        let set = set.exclude_from_monitoring();
        #[cfg(not(windows))]
        let set = set.exclude_from_history();
        set.text(text.expose()).map_err(said)
    }

    fn text(&mut self) -> Result<Option<Secret>, BoardError> {
        match self.open()?.get_text() {
            Ok(text) => Ok(Some(text.into())),
            Err(arboard::Error::ContentNotAvailable | arboard::Error::ConversionFailure) => Ok(None),
            Err(error) => Err(said(error)),
        }
    }

    fn clear(&mut self) -> Result<(), BoardError> {
        self.open()?.clear().map_err(said)
    }
}

fn said(error: arboard::Error) -> BoardError {
    BoardError(error.to_string())
}
