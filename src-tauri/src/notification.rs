//! System notifications, of which a click may open a view in the window. Best effort: where no server shows them,
//! nothing happens.

#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(target_os = "linux")]
mod freedesktop;

#[cfg(not(target_os = "linux"))]
use elsewhere as system;
#[cfg(target_os = "linux")]
use freedesktop as system;
use tauri::AppHandle;

use crate::events::DesktopEvent;

/// A notification in plain text: where the server reads markup, it is escaped.
#[derive(Debug, Clone)]
pub(crate) struct Notification {
    /// One line.
    pub(crate) title: String,
    /// A sentence or two.
    pub(crate) text: String,
    /// What a click does; `None` when there is nothing to click.
    pub(crate) click: Option<Click>,
}

/// What a click on a notification does, where the server knows of clicks.
#[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "a click does nothing there"))]
#[derive(Debug, Clone)]
pub(crate) struct Click {
    /// What the button says, where there is a button.
    pub(crate) label: String,
    /// The view that is opened in the window.
    pub(crate) opens: DesktopEvent,
    /// Added to the text where the server knows no clicks: the other way to that view.
    pub(crate) fallback: String,
}

impl Notification {
    /// Without anything to click.
    pub(crate) fn plain(title: impl Into<String>, text: impl Into<String>) -> Self {
        Self { title: title.into(), text: text.into(), click: None }
    }
}

/// Shows a notification. Returns at once.
pub(crate) fn show(app: &AppHandle, notification: Notification) {
    system::show(app, notification);
}
