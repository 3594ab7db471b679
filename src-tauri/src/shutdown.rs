//! Ending the app: the clipboard is cleared first, then running saves are waited for, no longer than [`LIMIT`].

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use tauri::async_runtime::JoinHandle;
use tauri::{AppHandle, Manager as _};
use tunekey_core::TuneKey;

use crate::clipboard::Clipboard;
use crate::sign_in::SignIns;
use crate::window;

/// How long the clipboard may take. A program that owns the clipboard and hangs must not hold us up.
const CLIPBOARD_LIMIT: Duration = Duration::from_secs(2);
/// After this the process ends whatever is still running: a keychain that hangs holds up a thread for ever.
const LIMIT: Duration = Duration::from_secs(4);

/// Whether the app is ending, and what must not go on then.
#[derive(Debug, Default)]
pub(crate) struct Shutdown {
    begun: AtomicBool,
    schedule: Mutex<Option<JoinHandle<()>>>,
}

impl Shutdown {
    /// Whether the app is ending.
    pub(crate) fn has_begun(&self) -> bool {
        self.begun.load(Ordering::Acquire)
    }

    /// The schedule is stopped when the app ends: what it has begun is waited for, and nothing more is begun that
    /// would be cut off.
    pub(crate) fn stop_at_begin(&self, schedule: JoinHandle<()>) {
        *self.schedule.lock().unwrap_or_else(PoisonError::into_inner) = Some(schedule);
        if self.has_begun() {
            self.stop_schedule();
        }
    }

    /// True for the first caller.
    fn begin(&self) -> bool {
        let first = !self.begun.swap(true, Ordering::AcqRel);
        self.stop_schedule();
        first
    }

    fn stop_schedule(&self) {
        if let Some(schedule) = self.schedule.lock().unwrap_or_else(PoisonError::into_inner).take() {
            schedule.abort();
        }
    }
}

/// Ends the app. Returns at once.
pub(crate) fn quit(app: &AppHandle) {
    if !app.state::<Shutdown>().begin() {
        return;
    }
    // Set before anything else, so that nothing that follows can prevent it.
    let _ = thread::Builder::new().name("quit-limit".to_owned()).spawn(|| {
        thread::sleep(LIMIT);
        std::process::exit(0);
    });
    window::hide(app);
    app.state::<SignIns>().cancel_any();
    let handle = app.clone();
    let ending = thread::Builder::new().name("quit".to_owned()).spawn(move || {
        let settling = handle.clone();
        let drain = tauri::async_runtime::spawn(async move {
            settling.state::<TuneKey>().drain().await;
        });
        handle.state::<Clipboard>().close(CLIPBOARD_LIMIT);
        drop(tauri::async_runtime::block_on(drain));
        handle.exit(0);
    });
    if ending.is_err() {
        app.exit(0);
    }
}

/// When the event loop ends without [`quit`], such as when the session is closed: the clipboard is still ours to
/// clear, and a key that was just issued to be saved.
pub(crate) fn on_exit(app: &AppHandle) {
    app.state::<SignIns>().cancel_any();
    if app.state::<Shutdown>().begin() {
        app.state::<Clipboard>().close(CLIPBOARD_LIMIT);
    }
    let core = app.state::<TuneKey>();
    let rest = LIMIT.saturating_sub(CLIPBOARD_LIMIT);
    let drain = async { tokio::time::timeout(rest, core.drain()).await };
    drop(tauri::async_runtime::block_on(drain));
}

/// Ends the app in the same orderly way when the system asks the process to end. That is heard on a thread of its
/// own, whatever keeps the others busy.
pub(crate) fn on_signals(app: &AppHandle) {
    let app = app.clone();
    let heard = move || match alone(asked_to_end()) {
        Ok(()) => quit(&app),
        Err(error) => tracing::warn!(%error, "signals cannot be heard"),
    };
    if let Err(error) = thread::Builder::new().name("signals".to_owned()).spawn(heard) {
        tracing::warn!(%error, "signals cannot be heard");
    }
}

/// Waits on this thread alone, in a runtime of its own.
fn alone<T>(waiting: impl Future<Output = std::io::Result<T>>) -> std::io::Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(waiting)
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

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    /// A schedule that would go on for ever, and what tells when it is stopped.
    fn schedule() -> (JoinHandle<()>, oneshot::Receiver<()>) {
        let (runs, stopped) = oneshot::channel();
        let schedule = tauri::async_runtime::spawn(async move {
            let _runs = runs;
            std::future::pending::<()>().await;
        });
        (schedule, stopped)
    }

    #[cfg(unix)]
    #[test]
    fn a_signal_is_heard_while_every_thread_of_the_runtime_is_busy() {
        use std::sync::mpsc;
        use std::task::Poll;

        use nix::sys::signal::{Signal, raise};

        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().expect("a runtime");
        let (release, held) = mpsc::channel::<()>();
        runtime.spawn(async move { held.recv() });
        let (ready, set) = mpsc::channel();
        let (heard, hearing) = mpsc::channel();
        thread::spawn(move || {
            let came = alone(async {
                let mut asked = std::pin::pin!(asked_to_end());
                // What it listens for is set up when it is first asked.
                let early = std::future::poll_fn(|context| Poll::Ready(asked.as_mut().poll(context))).await;
                assert!(early.is_pending(), "nothing was sent yet");
                ready.send(()).expect("the test listens");
                asked.await
            });
            heard.send(came.is_ok()).expect("the test listens");
        });
        set.recv().expect("it listens");
        raise(Signal::SIGHUP).expect("a signal can be sent");
        assert_eq!(hearing.recv_timeout(Duration::from_secs(5)), Ok(true), "it was heard");
        drop(release);
    }

    #[test]
    fn the_schedule_begins_nothing_more_once_the_app_is_ending() {
        let (schedule, stopped) = schedule();
        let shutdown = Shutdown::default();
        shutdown.stop_at_begin(schedule);
        assert!(shutdown.begin(), "the first one ends the app");
        tauri::async_runtime::block_on(stopped).expect_err("it was stopped");
        assert!(!shutdown.begin(), "and once is enough");
    }

    #[test]
    fn a_schedule_that_comes_when_the_app_is_ending_already_does_not_run() {
        let (schedule, stopped) = schedule();
        let shutdown = Shutdown::default();
        shutdown.begin();
        shutdown.stop_at_begin(schedule);
        tauri::async_runtime::block_on(stopped).expect_err("it was stopped");
    }
}
