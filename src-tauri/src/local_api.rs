//! The local API in this process: its switch, who may use it, and the news of who did. `app.rs` starts the watching, the
//! commands switch, the tray shows the status.
//!
//! One task tells the page how it stands, so that what is told later is newer. It also looks at the profile's files,
//! which another process may change: `tunekey token`, and `tunekey serve` when that answers.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tauri::async_runtime::JoinHandle;
use tauri::{AppHandle, Manager as _};
use tokio::sync::{Notify, oneshot};
use tunekey_api::{BindError, Options, Server};
use tunekey_core::{ApiAccess, Clock as _, Problem, ProblemCode, Secret, SystemClock, TuneKey};

use crate::api_status::ApiStatus;
use crate::events::{self, DesktopEvent};
use crate::preferences::PreferenceFile;
use crate::text;

/// How often the files are looked at, and a port that was taken is tried again.
const PACE: Duration = Duration::from_secs(2);
/// For how long a new token can be copied. After that only another one helps.
const KEPT: Duration = Duration::from_secs(10 * 60);

/// The local API of this process. The app manages one.
#[derive(Debug)]
pub(crate) struct LocalApi {
    /// Held while it is switched.
    server: tokio::sync::Mutex<State>,
    shown: Mutex<Shown>,
    /// A token that was just made, with its name: it is nowhere else.
    new_token: Mutex<Option<Arc<NewToken>>>,
    /// Wakes the task that tells.
    news: Notify,
    /// Whether somebody wants to be told although nothing has changed.
    is_asked: AtomicBool,
}

/// A token that was just made.
#[derive(Debug)]
struct NewToken {
    name: String,
    token: Secret,
}

#[derive(Debug)]
enum State {
    Off,
    On(Running),
    /// The app is ending.
    Ended,
}

/// A server that answers until it is told to stop.
#[derive(Debug)]
struct Running {
    port: u16,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

/// What is known for the status.
#[derive(Debug)]
struct Shown {
    address: Option<String>,
    problem: Option<Problem>,
    access: ApiAccess,
    off_since: Timestamp,
}

impl Default for LocalApi {
    fn default() -> Self {
        let shown = Shown {
            address: None,
            problem: None,
            access: ApiAccess::default(),
            off_since: SystemClock.now(),
        };
        Self {
            server: tokio::sync::Mutex::new(State::Off),
            shown: Mutex::new(shown),
            new_token: Mutex::default(),
            news: Notify::new(),
            is_asked: AtomicBool::new(false),
        }
    }
}

impl LocalApi {
    /// How it stands.
    pub(crate) fn status(&self, app: &AppHandle) -> ApiStatus {
        let port = app.state::<PreferenceFile>().current().local_api_port;
        let shown = self.shown();
        ApiStatus::new(
            shown.address.clone(),
            port,
            shown.problem.clone(),
            &shown.access,
            shown.off_since,
            SystemClock.now(),
        )
    }

    /// Has the page told how it stands, whether or not it knows. Returns at once.
    pub(crate) fn tell(&self) {
        self.is_asked.store(true, Ordering::Release);
        self.news.notify_one();
    }

    /// Keeps a new token for a while, so that it can be copied. One that was kept before is dropped.
    pub(crate) fn keep_token(&self, app: &AppHandle, name: String, token: Secret) {
        let kept = Arc::new(NewToken { name, token });
        *self.new_token() = Some(kept.clone());
        let app = app.clone();
        tauri::async_runtime::spawn(async move {
            tokio::time::sleep(KEPT).await;
            app.state::<Self>().new_token().take_if(|known| Arc::ptr_eq(known, &kept));
        });
    }

    /// The new token with its name, as long as it is kept.
    pub(crate) fn kept_token(&self) -> Option<(String, Secret)> {
        self.new_token().as_ref().map(|kept| (kept.name.clone(), kept.token.clone()))
    }

    /// Drops a new token: nobody needs it any more.
    pub(crate) fn drop_token(&self) {
        *self.new_token() = None;
    }

    /// Stops it for good: the app is ending.
    pub(crate) async fn end(&self) {
        let state = std::mem::replace(&mut *self.server.lock().await, State::Ended);
        self.stop(state).await;
    }

    /// Stops what runs, and notes that it is off.
    async fn stop(&self, state: State) {
        let State::On(Running { stop, task, port: _ }) = state else { return };
        // Whoever runs may have ended by itself.
        let _ = stop.send(());
        drop(task.await);
        let mut shown = self.shown();
        shown.address = None;
        shown.off_since = SystemClock.now();
    }

    /// Starts it on a port of this computer alone.
    ///
    /// # Errors
    /// When something else has the port, or the tokens cannot be read.
    async fn start(&self, core: TuneKey, port: u16) -> Result<Running, Problem> {
        let options = Options {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
            hosts: Vec::new(),
            origins: Vec::new(),
        };
        let server = Server::bind(core, options).await.map_err(not_bound)?;
        self.shown().address = Some(format!("http://{}", server.address()));
        let (stop, stopped) = oneshot::channel();
        let task = tauri::async_runtime::spawn(async move {
            tokio::select! {
                () = server.run() => {}
                // Also when whoever could say so is gone.
                _ = stopped => {}
            }
            server.stop().await;
        });
        Ok(Running { port, stop, task })
    }

    fn shown(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn new_token(&self) -> MutexGuard<'_, Option<Arc<NewToken>>> {
        self.new_token.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Switches it on at a port, or off, and remembers that it is so. What cannot be switched on stays off, and is not tried
/// again at the next start.
///
/// # Errors
/// When something else has the port, or the tokens cannot be read.
pub(crate) async fn switch(app: &AppHandle, on: bool, port: u16) -> Result<(), Problem> {
    let api = app.state::<LocalApi>();
    let result = {
        let mut state = api.server.lock().await;
        match &*state {
            State::Ended => return Ok(()),
            State::On(running) if on && running.port == port => return Ok(()),
            State::On(_) | State::Off => {}
        }
        let before = std::mem::replace(&mut *state, State::Off);
        api.stop(before).await;
        let started = match on {
            true => Some(api.start(app.state::<TuneKey>().inner().clone(), port).await),
            false => None,
        };
        match started.transpose() {
            Ok(running) => {
                api.shown().problem = None;
                app.state::<PreferenceFile>().set_local_api(running.is_some(), port);
                if let Some(running) = running {
                    *state = State::On(running);
                }
                Ok(())
            }
            Err(problem) => {
                api.shown().problem = Some(problem.clone());
                app.state::<PreferenceFile>().set_local_api(false, port);
                Err(problem)
            }
        }
    };
    api.news.notify_one();
    result
}

/// Tells the page how it stands, at each change until the app ends, and calls `changed` after each. Starts it when the
/// person has left it on; a port that is taken then is tried again. Returns at once.
pub(crate) fn watch(app: &AppHandle, changed: impl Fn() + Send + 'static) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let (api, core) = (app.state::<LocalApi>(), app.state::<TuneKey>().inner().clone());
        let mut told = None;
        loop {
            start_if_left_on(&app).await;
            let known = api.shown().access.clone();
            // Files that cannot be read are told of where somebody asks for them.
            if let Ok(Some(access)) = core.api_access_again(&known).await {
                api.shown().access = access;
            }
            let status = api.status(&app);
            if api.is_asked.swap(false, Ordering::AcqRel) || told.as_ref() != Some(&status) {
                events::emit(&app, &DesktopEvent::LocalApi { status: status.clone() });
                told = Some(status);
                changed();
            }
            let _ = tokio::time::timeout(PACE, api.news.notified()).await;
        }
    });
}

/// Starts it where the preferences say that it is on and it is not.
async fn start_if_left_on(app: &AppHandle) {
    let api = app.state::<LocalApi>();
    let mut state = api.server.lock().await;
    let preferences = app.state::<PreferenceFile>().current();
    if !preferences.local_api || !matches!(*state, State::Off) {
        return;
    }
    match api.start(app.state::<TuneKey>().inner().clone(), preferences.local_api_port).await {
        Ok(running) => {
            api.shown().problem = None;
            *state = State::On(running);
        }
        Err(problem) => api.shown().problem = Some(problem),
    }
}

/// Why it does not answer, in the words of the window.
fn not_bound(error: BindError) -> Problem {
    match error {
        BindError::Address { address, error } => {
            let (english, chinese) = text::port_taken(address.port());
            Problem::new(ProblemCode::InvalidInput)
                .with_detail(format!("listening at {address}: {error}"))
                .with_words(english, chinese)
        }
        BindError::Tokens(problem) => problem,
    }
}

#[cfg(test)]
mod tests {
    use tunekey_core::Language;

    use super::*;

    #[test]
    fn a_port_that_is_taken_says_which_and_what_helps() {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 7733));
        let error = std::io::Error::from(std::io::ErrorKind::AddrInUse);
        let problem = not_bound(BindError::Address { address, error });
        for language in [Language::English, Language::Chinese] {
            let words = problem.message(language);
            assert!(words.contains("7733") && words.contains("tunekey serve"), "{words}");
        }
    }

    #[test]
    fn a_new_token_shows_in_no_log() {
        let kept = NewToken { name: "nas".to_owned(), token: Secret::from("tunekey_canary") };
        assert!(!format!("{kept:?}").contains("canary"));
    }
}
