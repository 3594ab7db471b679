//! The system's own file dialog.

use std::path::PathBuf;

use tauri::{AppHandle, Manager as _};
use tokio::sync::oneshot;
use tunekey_core::Language;

use super::DialogLock;
use crate::window;
use crate::words::{Word, word};

/// Lets the person choose a certificate file. `None` when they change their mind.
pub(crate) async fn choose_certificate(app: &AppHandle, language: Language) -> Option<PathBuf> {
    let filter = (word(Word::Certificates, language), ["pem", "crt", "cer"].as_slice());
    choose(app, word(Word::ChooseCertificate, language), Some(filter)).await
}

/// Lets the person choose a file whose text holds a credential. `None` when they change their mind.
pub(crate) async fn choose_text(app: &AppHandle, language: Language) -> Option<PathBuf> {
    choose(app, word(Word::ChooseText, language), None).await
}

async fn choose(
    app: &AppHandle,
    title: &'static str,
    filter: Option<(&'static str, &'static [&'static str])>,
) -> Option<PathBuf> {
    let lock = app.state::<DialogLock>();
    let _open = lock.try_acquire()?;
    let (chosen, choice) = oneshot::channel();
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
        let picked = dialog.pick_file();
        tauri::async_runtime::spawn(async move {
            // Nobody waits any more when the app is ending.
            let _ = chosen.send(picked.await.map(|file| file.path().to_owned()));
        });
    })
    .ok()?;
    choice.await.ok().flatten()
}
