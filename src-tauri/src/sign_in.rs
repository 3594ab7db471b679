//! The one sign-in that may be running. Starting another cancels it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tauri::async_runtime::JoinHandle;
use tauri::{AppHandle, Manager as _};
use tokio::sync::mpsc::UnboundedSender;
use tunekey_core::account::{Method, ServiceId};
use tunekey_core::sign_in::Answer;

use crate::app::Desktop;
use crate::events::{self, DesktopEvent};

/// The running sign-in, if there is one.
#[derive(Debug, Default)]
pub(crate) struct SignIns(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    last_id: u32,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    id: u32,
    answers: UnboundedSender<Answer>,
    pump: JoinHandle<()>,
}

impl Drop for Running {
    /// Dropping the pump drops the core's `SignIn`, and that cancels it, unless it is already saving.
    fn drop(&mut self) {
        self.pump.abort();
    }
}

impl SignIns {
    /// Starts a sign-in and passes its steps on to the window. Gives back its number. Must be called on a runtime.
    pub(crate) fn start(&self, app: &AppHandle, service: ServiceId, method: Method) -> u32 {
        let mut sign_in = app.state::<Desktop>().core.sign_in(service, method, None);
        let answers = sign_in.answers();
        let mut state = self.lock();
        state.last_id += 1;
        let id = state.last_id;
        let app = app.clone();
        let pump = tauri::async_runtime::spawn(async move {
            while let Some(step) = sign_in.next().await {
                events::emit(&app, &DesktopEvent::SignIn { id, step });
            }
        });
        state.running = Some(Running { id, answers, pump });
        id
    }

    /// Asks for a new code, or another try. Does nothing when that sign-in is over.
    pub(crate) fn again(&self, id: u32) {
        if let Some(running) = self.lock().running.as_ref().filter(|running| running.id == id) {
            // A sign-in that has just ended no longer listens.
            let _ = running.answers.send(Answer::Again);
        }
    }

    /// Cancels a sign-in. Does nothing when it is over or another has been started since.
    pub(crate) fn cancel(&self, id: u32) {
        self.lock().running.take_if(|running| running.id == id);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
