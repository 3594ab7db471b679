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
        notification.appname("TuneKey").summary(&title).body(&as_body(text)).icon("tunekey-desktop");
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

/// A text as the body of a notification. Names that people chose stand in it, and to many services of the desktop
/// a body is markup: a name must make nothing bold, nor be a link.
#[cfg(all(unix, not(target_os = "macos")))]
fn as_body(text: String) -> String {
    // One that does not say what it can do is taken for one that shows the text as it is, which is the standard.
    let capabilities = notify_rust::get_capabilities().unwrap_or_default();
    if capabilities.iter().any(|one| one == "body-markup") { escaped(&text) } else { text }
}

#[cfg(not(all(unix, not(target_os = "macos"))))]
fn as_body(text: String) -> String {
    text
}

/// A text in the markup of notifications, which has the marks of XML.
#[cfg(any(test, all(unix, not(target_os = "macos"))))]
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_makes_no_markup() {
        assert_eq!(
            escaped("<a href=\"https://evil.example\">A & B</a>"),
            "&lt;a href=&quot;https://evil.example&quot;&gt;A &amp; B&lt;/a&gt;"
        );
    }
}
