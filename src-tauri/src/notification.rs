//! System notifications. Best effort: where nobody shows them, nothing happens.

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

/// What is shown. Plain text: what a server would take for markup is escaped on the way there.
#[derive(Debug, Clone)]
pub(crate) struct Notification {
    /// One line.
    pub(crate) title: String,
    /// A sentence or two.
    pub(crate) text: String,
    /// Where a click leads.
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
    /// Said besides the text where a click does nothing: the other way there.
    pub(crate) otherwise: String,
}

impl Notification {
    /// Something to read and no more.
    pub(crate) fn note(title: impl Into<String>, text: impl Into<String>) -> Self {
        Self { title: title.into(), text: text.into(), click: None }
    }
}

/// Shows a notification. Returns at once.
pub(crate) fn show(app: &AppHandle, notification: Notification) {
    system::show(app, notification);
}
