//! Notifications of Windows and macOS. Clicks are not reported there.

use tauri::AppHandle;

use super::Notification;

pub(super) fn show(_: &AppHandle, notification: Notification) {
    // On a thread where it may wait: the system's service may hang.
    tauri::async_runtime::spawn_blocking(move || {
        let Notification { title, mut text, click } = notification;
        if let Some(click) = click {
            text = format!("{text} {}", click.fallback);
        }
        let mut notification = notify_rust::Notification::new();
        notification.appname("TuneKey").summary(&title).body(&text);
        #[cfg(windows)]
        notification.app_id("dev.tunekey.desktop");
        if let Err(error) = notification.show() {
            tracing::info!(%error, "the notification was not shown");
        }
    });
}
