//! Ends the app: the clipboard is cleared first, then running saves are waited for, no longer than [`DEADLINE`]. The
//! commands, the tray and `app.rs` use this.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use tauri::async_runtime::JoinHandle;
use tauri::{AppHandle, Manager as _};
use tunekey_core::TuneKey;

use crate::clipboard::Clipboard;
use crate::local_api::LocalApi;
use crate::sign_in::ShownSignIn;
use crate::window;

/// How long the clipboard may take: a program that owns the clipboard may hang.
const CLIPBOARD_DEADLINE: Duration = Duration::from_secs(2);
/// After this the process ends whatever is still running: a keychain that hangs holds up a thread for ever.
const DEADLINE: Duration = Duration::from_secs(4);

/// Whether the app is ending, and the schedule to stop then. The app manages one.
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

    /// Stops the schedule of renewals when the app begins to end, or now if it is ending: no renewal begins that would
    /// be cut off. Those that run already are not stopped.
    pub(crate) fn stop_on_shutdown(&self, schedule: JoinHandle<()>) {
        *self.schedule.lock().unwrap_or_else(PoisonError::into_inner) = Some(schedule);
        if self.has_begun() {
            self.stop_schedule();
        }
    }

    /// Begins to end the app. True for the first caller.
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
        thread::sleep(DEADLINE);
        std::process::exit(0);
    });
    window::hide(app);
    app.state::<ShownSignIn>().cancel_any();
    let handle = app.clone();
    let ending = thread::Builder::new().name("quit".to_owned()).spawn(move || {
        let draining = handle.clone();
        let drain = tauri::async_runtime::spawn(async move {
            let (api, core) = (draining.state::<LocalApi>(), draining.state::<TuneKey>());
            // Together: neither waits for the other.
            tokio::join!(api.end(), core.drain());
        });
        handle.state::<Clipboard>().close(CLIPBOARD_DEADLINE);
        drop(tauri::async_runtime::block_on(drain));
        handle.exit(0);
    });
    if ending.is_err() {
        app.exit(0);
    }
}

/// Does what is left to do when the event loop ends. That may be without [`quit`], such as when the session is closed:
/// then the clipboard is cleared and a key that was just issued is saved here.
pub(crate) fn on_exit(app: &AppHandle) {
    if app.try_state::<Shutdown>().is_none() {
        // It never came to be set up.
        return;
    }
    app.state::<ShownSignIn>().cancel_any();
    if app.state::<Shutdown>().begin() {
        app.state::<Clipboard>().close(CLIPBOARD_DEADLINE);
    }
    let core = app.state::<TuneKey>();
    let rest = DEADLINE.saturating_sub(CLIPBOARD_DEADLINE);
    let api = app.state::<LocalApi>();
    let drain = async { tokio::time::timeout(rest, async { tokio::join!(api.end(), core.drain()) }).await };
    drop(tauri::async_runtime::block_on(drain));
}

/// Calls [`quit`] on SIGTERM, SIGHUP and Ctrl+C. A thread of its own waits for them, whatever keeps the others busy.
pub(crate) fn on_signals(app: &AppHandle) {
    let app = app.clone();
    let wait = move || match block_on_own_runtime(end_signal()) {
        Ok(()) => quit(&app),
        Err(error) => tracing::warn!(%error, "signals cannot be heard"),
    };
    if let Err(error) = thread::Builder::new().name("signals".to_owned()).spawn(wait) {
        tracing::warn!(%error, "signals cannot be heard");
    }
}

/// Runs a future on this thread, in a runtime of its own.
fn block_on_own_runtime<T>(waiting: impl Future<Output = std::io::Result<T>>) -> std::io::Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(waiting)
}

/// Waits for a signal that asks the process to end.
///
/// # Errors
/// When the system does not let us listen.
#[cfg(unix)]
async fn end_signal() -> std::io::Result<()> {
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
async fn end_signal() -> std::io::Result<()> {
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
            let came = block_on_own_runtime(async {
                let mut asked = std::pin::pin!(end_signal());
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
        shutdown.stop_on_shutdown(schedule);
        assert!(shutdown.begin(), "the first one ends the app");
        tauri::async_runtime::block_on(stopped).expect_err("it was stopped");
        assert!(!shutdown.begin(), "and once is enough");
    }

    #[test]
    fn a_schedule_that_comes_when_the_app_is_ending_already_does_not_run() {
        let (schedule, stopped) = schedule();
        let shutdown = Shutdown::default();
        shutdown.begin();
        shutdown.stop_on_shutdown(schedule);
        tauri::async_runtime::block_on(stopped).expect_err("it was stopped");
    }
}
