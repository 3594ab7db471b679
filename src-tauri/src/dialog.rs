//! The system's own dialogs. One is open at a time: a page that asks for a hundred gets one.

pub(crate) mod confirmation;
pub(crate) mod file;

use tokio::sync::{Mutex, MutexGuard};

/// Held by the dialog that is open. The app manages one.
#[derive(Debug, Default)]
pub(crate) struct DialogLock(Mutex<()>);

impl DialogLock {
    /// Holds the lock until the guard is dropped; `None` while another dialog is open.
    fn try_acquire(&self) -> Option<MutexGuard<'_, ()>> {
        self.0.try_lock().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_dialog_is_open_at_a_time() {
        let lock = DialogLock::default();
        let first = lock.try_acquire().expect("none is open");
        assert!(lock.try_acquire().is_none(), "one is");
        drop(first);
        assert!(lock.try_acquire().is_some(), "it was closed");
    }
}
