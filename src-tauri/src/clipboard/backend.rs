//! What the clipboard of any system can do. [`system`](super::system) is the real one, the tests have their own.

use std::fmt;

use tunekey_core::Secret;

/// A clipboard that holds at most one text.
pub(super) trait ClipboardBackend {
    /// Replaces what is on the clipboard by a text that is marked as secret.
    ///
    /// # Errors
    /// When the system does not take it; what was there before stays.
    fn write(&mut self, text: &Secret) -> Result<(), ClipboardError>;

    /// Replaces what is on the clipboard by a text that is no secret.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    fn write_open(&mut self, text: &str) -> Result<(), ClipboardError>;

    /// The text on the clipboard; `None` when there is none (nothing at all, or a picture).
    ///
    /// # Errors
    /// When the clipboard cannot be read.
    fn read(&mut self) -> Result<Option<Secret>, ClipboardError>;

    /// Empties the clipboard, whoever wrote what is there.
    ///
    /// # Errors
    /// When the system does not let us.
    fn clear(&mut self) -> Result<(), ClipboardError>;
}

/// A clipboard call failed. Carries the system's words, never what is on the clipboard.
#[derive(Debug)]
pub(super) struct ClipboardError(pub(super) String);

impl fmt::Display for ClipboardError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
