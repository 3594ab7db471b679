//! System notifications. Best effort: where nobody shows them, nothing happens.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// Whether a notification is on its way. A notification service that hangs holds up one thread, not one more
/// for each notification.
static BUSY: AtomicBool = AtomicBool::new(false);

/// Shows a notification. Returns at once.
pub(crate) fn show(title: String, text: String) {
    if BUSY.swap(true, Ordering::AcqRel) {
        return;
    }
    let started = thread::Builder::new().name("notification".to_owned()).spawn(move || {
        let mut notification = notify_rust::Notification::new();
        notification.appname("TuneKey").summary(&title).body(&text).icon("tunekey-desktop");
        #[cfg(windows)]
        notification.app_id("dev.tunekey.desktop");
        if let Err(error) = notification.show() {
            tracing::info!(%error, "the notification was not shown");
        }
        BUSY.store(false, Ordering::Release);
    });
    if started.is_err() {
        BUSY.store(false, Ordering::Release);
    }
}
