//! Ending the app: the clipboard first, then what must not be cut off, and never later than promised.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use tauri::{AppHandle, Manager as _};

use crate::app::Desktop;
use crate::window;

/// How long the clipboard may take. A program that owns the clipboard and hangs must not hold us up.
const CLIPBOARD_LIMIT: Duration = Duration::from_secs(2);
/// After this the process ends whatever is still running: a keychain that hangs holds up a thread for ever.
const LIMIT: Duration = Duration::from_secs(4);

/// Whether the app is ending.
#[derive(Debug, Default)]
pub(crate) struct Quitting(AtomicBool);

/// Ends the app. Returns at once.
pub(crate) fn quit(app: &AppHandle) {
    if app.state::<Desktop>().quitting.0.swap(true, Ordering::AcqRel) {
        return;
    }
    window::hide(app);
    app.state::<Desktop>().sign_ins.end();
    let handle = app.clone();
    let ending = thread::Builder::new().name("quit".to_owned()).spawn(move || {
        // Set before anything else, so that nothing that follows can prevent it.
        let _ = thread::Builder::new().name("quit-limit".to_owned()).spawn(|| {
            thread::sleep(LIMIT);
            std::process::exit(0);
        });
        let settling = handle.clone();
        let settled = tauri::async_runtime::spawn(async move {
            settling.state::<Desktop>().core.settled().await;
        });
        handle.state::<Desktop>().clipboard.close(CLIPBOARD_LIMIT);
        drop(tauri::async_runtime::block_on(settled));
        handle.exit(0);
    });
    if ending.is_err() {
        app.exit(0);
    }
}

/// When the event loop ends without [`quit`], such as when the session is closed: the clipboard is still ours to
/// clear, and a key that was just issued to be saved.
pub(crate) fn last_words(app: &AppHandle) {
    let desktop = app.state::<Desktop>();
    desktop.sign_ins.end();
    if !desktop.quitting.0.swap(true, Ordering::AcqRel) {
        desktop.clipboard.close(CLIPBOARD_LIMIT);
    }
    let rest = LIMIT.saturating_sub(CLIPBOARD_LIMIT);
    let settled = async { tokio::time::timeout(rest, desktop.core.settled()).await };
    drop(tauri::async_runtime::block_on(settled));
}

/// Ends the app in the same orderly way when the system asks the process to end.
pub(crate) fn on_signals(app: &AppHandle) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        match asked_to_end().await {
            Ok(()) => quit(&app),
            Err(error) => tracing::warn!(%error, "signals cannot be heard"),
        }
    });
}

#[cfg(unix)]
async fn asked_to_end() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        _ = hang_up.recv() => Ok(()),
        interrupted = tokio::signal::ctrl_c() => interrupted,
    }
}

#[cfg(not(unix))]
async fn asked_to_end() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
