//! Closing the window: it is hidden into the tray, and brought back when the tray goes away.
//!
//! Where no tray is shown, the window is minimised rather than hidden, and rather than asked about: a question each
//! time would be in the way, renewals go on in any case, and a minimised window is found where windows are looked for.
//! Only `app.rs` uses this.

use std::time::Duration;

use tauri::{AppHandle, Manager as _};

use crate::notification::{self, Notification};
use crate::preferences::{Hint, PreferenceFile};
use crate::shutdown::{self, Shutdown};
use crate::text::Phrase;
use crate::tray_host::TrayHost;
use crate::window;

/// How long the tray may be absent before a window that was hidden into it comes back: panels are restarted, and start
/// after the app does at a log-in.
const TRAY_ABSENCE: Duration = Duration::from_secs(10);

/// Hides or minimises the window, or ends the app where the preferences say so. The first time, a notification says
/// where the window has gone.
pub(crate) fn close(app: &AppHandle) {
    let file = app.state::<PreferenceFile>();
    let preferences = file.current();
    if !preferences.close_to_tray {
        shutdown::quit(app);
        return;
    }
    let (hint, phrase) = if app.state::<TrayHost>().is_present() {
        window::hide(app);
        (Hint::ClosedToTray, Phrase::StillInTray)
    } else {
        window::minimise(app);
        (Hint::ClosedWithoutTray, Phrase::StillMinimised)
    };
    if file.is_first_time(hint) {
        let language = preferences.language();
        let (title, text) = (Phrase::StillRunning.text(language), phrase.text(language));
        notification::show(app, Notification::plain(title, text));
    }
}

/// Brings back a window that is hidden when the tray that it was hidden into goes away, or never comes. Watches until
/// the app ends.
pub(crate) fn restore_without_tray(app: &AppHandle) {
    let (app, mut host) = (app.clone(), app.state::<TrayHost>().inner().clone());
    tauri::async_runtime::spawn(async move {
        loop {
            if !host.is_present() {
                if tokio::time::timeout(TRAY_ABSENCE, host.wait_until_present()).await.is_ok() {
                    continue;
                }
                if !app.state::<Shutdown>().has_begun() {
                    window::show_minimised(&app);
                }
            }
            // After it has come back it is not hidden any more: closing minimises until there is a tray again.
            if !host.changed().await {
                return;
            }
        }
    });
}
