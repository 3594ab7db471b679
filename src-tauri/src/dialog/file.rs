//! The system's file dialog. The commands open it.

use std::path::PathBuf;

use tauri::{AppHandle, Manager as _};
use tokio::sync::oneshot;
use tunekey_core::Language;

use super::DialogLock;
use crate::text::Phrase;
use crate::window;

/// Lets the person choose a certificate file. `None` when they cancel, or while another dialog is open.
pub(crate) async fn choose_certificate(app: &AppHandle, language: Language) -> Option<PathBuf> {
    let filter = (Phrase::Certificates.text(language), ["pem", "crt", "cer"].as_slice());
    choose(app, Phrase::ChooseCertificate.text(language), Some(filter)).await
}

/// Lets the person choose a file whose text holds a credential. `None` when they cancel, or while another dialog is
/// open.
pub(crate) async fn choose_text(app: &AppHandle, language: Language) -> Option<PathBuf> {
    choose(app, Phrase::ChooseText.text(language), None).await
}

/// Lets the person choose the file that a cookie is written into: one that is there, or any. `None` as above.
pub(crate) async fn choose_target(app: &AppHandle, language: Language, exists: bool) -> Option<PathBuf> {
    let title = Phrase::ChooseTarget.text(language);
    if exists { choose(app, title, None).await } else { open(app, title, None, Picks::New).await }
}

/// What a dialog picks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Picks {
    /// A file that is there.
    Existing,
    /// A file that need not be there yet.
    New,
}

async fn choose(
    app: &AppHandle,
    title: &'static str,
    filter: Option<(&'static str, &'static [&'static str])>,
) -> Option<PathBuf> {
    open(app, title, filter, Picks::Existing).await
}

async fn open(
    app: &AppHandle,
    title: &'static str,
    filter: Option<(&'static str, &'static [&'static str])>,
    picks: Picks,
) -> Option<PathBuf> {
    let lock = app.state::<DialogLock>();
    let _open = lock.try_acquire()?;
    let (reply, receiver) = oneshot::channel();
    let handle = app.clone();
    // The dialog has to be made on the main thread, and must not be waited for there.
    app.run_on_main_thread(move || {
        let mut dialog = rfd::AsyncFileDialog::new().set_title(title);
        if let Some((name, endings)) = filter {
            dialog = dialog.add_filter(name, endings);
        }
        if let Some(window) = handle.get_webview_window(window::LABEL) {
            dialog = dialog.set_parent(&window);
        }
        // Made here, waited for there: each makes its dialog when it is called.
        match picks {
            Picks::Existing => answer(reply, dialog.pick_file()),
            Picks::New => answer(reply, dialog.save_file()),
        }
    })
    .ok()?;
    receiver.await.ok().flatten()
}

/// Passes the file that the person picks on.
fn answer(
    reply: oneshot::Sender<Option<PathBuf>>,
    picked: impl Future<Output = Option<rfd::FileHandle>> + Send + 'static,
) {
    tauri::async_runtime::spawn(async move {
        // Nobody waits any more when the app is ending.
        let _ = reply.send(picked.await.map(|file| file.path().to_owned()));
    });
}
