//! Closing the window: it is hidden into the tray, given up a little later, and brought back when the tray goes away.
//!
//! Where no tray is shown, the window is minimised rather than hidden, and rather than asked about: a question each
//! time would be in the way, renewals go on in any case, and a minimised window is found where windows are looked for.
//! Only `app.rs` uses this.

use std::time::Duration;

use tauri::{AppHandle, Manager as _};

use crate::notification::{self, Notification};
use crate::preferences::{Hint, PreferenceFile};
use crate::shutdown::{self, Shutdown};
use crate::sign_in::{self, ShownSignIn};
use crate::text::Phrase;
use crate::tray_host::TrayHost;
use crate::window::{self, HiddenTurn};

/// How long the tray may be absent before a window that was hidden into it comes back: panels are restarted, and start
/// after the app does at a log-in.
const TRAY_ABSENCE: Duration = Duration::from_secs(10);

/// How long a hidden window keeps its page: whoever comes back soon finds it as it was.
const KEPT: Duration = Duration::from_secs(60);

/// How much longer it keeps it for a sign-in that is under way, such as on a service's own page.
const KEPT_FOR_SIGN_IN: Duration = Duration::from_secs(30 * 60);

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
        free_later(app, window::hide(app));
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

/// Gives up the hidden window and the processes that draw it, unless it is brought back. Returns at once.
fn free_later(app: &AppHandle, hidden: HiddenTurn) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        tokio::time::sleep(KEPT).await;
        // Its page shows the steps; and a sign-in that nobody has looked at for so long is nobody's any more.
        let over = sign_in::wait_until_over(&app);
        let is_over = tokio::time::timeout(KEPT_FOR_SIGN_IN, over).await.is_ok();
        if window::free_hidden(&app, hidden) && !is_over {
            app.state::<ShownSignIn>().cancel_any();
        }
    });
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
