//! `tunekey daemon`: renews and delivers by itself, without a window, and tells systemd how it is doing. For `lib.rs`
//! and `serve.rs`, which has the local API answer beside it.

use std::time::Duration;

use tunekey_api::Server;
use tunekey_core::{Interaction, StoreState, TuneKey};

use crate::failure::Failure;
use crate::keys::{Readers, Reporter, follow};
use crate::output::Output;
use crate::{socket, stdin};

/// How long what is under way may take to end when the daemon is to stop: within five seconds it is gone.
const STOP_LIMIT: Duration = Duration::from_secs(4);

/// Runs until it is stopped, with the local API if there is one. Gives whether all that was under way has ended.
///
/// # Errors
/// When the system's signals cannot be heard.
pub(crate) async fn run(tunekey: &TuneKey, api: Option<Server>, output: Output) -> Result<bool, Failure> {
    let mut requests = requests::Requests::listen()?;
    let mut reporter = Reporter::new(None, output);
    let watchdog = systemd::Watchdog::start(tunekey);
    systemd::ready();
    {
        let (schedule, followed) =
            (tunekey.run_schedule(), follow(tunekey, &mut reporter, Readers::Optional));
        let stopped = async {
            while requests.next().await == requests::Request::Reload {
                systemd::reloading();
                tunekey.reload().await;
                // What is due is looked at anew, as after a sleep.
                tunekey.wake();
                systemd::ready();
            }
        };
        tokio::select! {
            () = schedule => {}
            () = followed => {}
            () = socket::serve(tunekey, output) => {}
            () = open_store(tunekey, output) => {}
            () = answer(api.as_ref()) => {}
            () = stopped => {}
        }
    }
    systemd::stopping();
    drop(watchdog);
    let stopped = async {
        if let Some(api) = api {
            api.stop().await;
        }
    };
    let (drained, ()) = tokio::join!(tokio::time::timeout(STOP_LIMIT, tunekey.drain()), stopped);
    Ok(drained.is_ok())
}

/// Answers the callers of the local API for ever; without one it waits.
async fn answer(api: Option<&Server>) {
    if let Some(api) = api {
        api.run().await;
    }
    std::future::pending().await
}

/// Opens the store, or says why it cannot be opened; then waits for ever. Who starts the daemon at a terminal can be
/// asked for what opens it; later nobody is.
async fn open_store(tunekey: &TuneKey, output: Output) {
    let interaction = if stdin::is_terminal() { Interaction::Allowed } else { Interaction::Forbidden };
    if tunekey.probe_store(interaction).await != StoreState::Ready
        && let Some(problem) = tunekey.store_info(Interaction::Forbidden).await.problem
    {
        output.note(&problem.message(output.language));
    }
    std::future::pending().await
}

/// What the daemon is asked to do from outside.
mod requests {
    use std::io;

    use tunekey_core::{Problem, ProblemCode};

    use crate::failure::Failure;

    /// What is asked for.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(super) enum Request {
        /// To read everything again (SIGHUP).
        Reload,
        /// To end (SIGTERM, Ctrl-C).
        Stop,
    }

    /// The signals that say so.
    #[derive(Debug)]
    pub(super) struct Requests {
        #[cfg(unix)]
        reload: tokio::signal::unix::Signal,
        #[cfg(unix)]
        stop: tokio::signal::unix::Signal,
    }

    impl Requests {
        /// Hears them from now on.
        pub(super) fn listen() -> Result<Self, Failure> {
            Self::open().map_err(|error| {
                Problem::new(ProblemCode::Unexpected)
                    .with_detail(format!("listening to signals: {error}"))
                    .into()
            })
        }

        #[cfg(unix)]
        fn open() -> io::Result<Self> {
            use tokio::signal::unix::{SignalKind, signal};

            Ok(Self { reload: signal(SignalKind::hangup())?, stop: signal(SignalKind::terminate())? })
        }

        #[cfg(not(unix))]
        fn open() -> io::Result<Self> {
            Ok(Self {})
        }

        /// The next one.
        #[cfg(unix)]
        pub(super) async fn next(&mut self) -> Request {
            tokio::select! {
                _ = self.reload.recv() => Request::Reload,
                _ = self.stop.recv() => Request::Stop,
                _ = tokio::signal::ctrl_c() => Request::Stop,
            }
        }

        #[cfg(not(unix))]
        pub(super) async fn next(&mut self) -> Request {
            drop(tokio::signal::ctrl_c().await);
            Request::Stop
        }
    }
}

/// What systemd is told (sd_notify(3)). Without it, and on other systems, nobody is told anything.
mod systemd {
    use tokio::task::JoinHandle;
    use tunekey_core::TuneKey;

    #[cfg(target_os = "linux")]
    pub(super) fn ready() {
        tell(&[sd_notify::NotifyState::Ready]);
    }

    #[cfg(target_os = "linux")]
    pub(super) fn reloading() {
        if let Ok(now) = sd_notify::NotifyState::monotonic_usec_now() {
            tell(&[sd_notify::NotifyState::Reloading, now]);
        }
    }

    #[cfg(target_os = "linux")]
    pub(super) fn stopping() {
        tell(&[sd_notify::NotifyState::Stopping]);
    }

    #[cfg(target_os = "linux")]
    fn tell(state: &[sd_notify::NotifyState<'_>]) {
        // A service manager that does not listen is no reason not to work.
        drop(sd_notify::notify(state));
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn ready() {}

    #[cfg(not(target_os = "linux"))]
    pub(super) fn reloading() {}

    #[cfg(not(target_os = "linux"))]
    pub(super) fn stopping() {}

    /// Tells the service manager's watchdog again and again that the daemon is alive, as long as it reads the ledger.
    /// Until dropped.
    #[derive(Debug)]
    pub(super) struct Watchdog(Option<JoinHandle<()>>);

    impl Watchdog {
        #[cfg(target_os = "linux")]
        pub(super) fn start(tunekey: &TuneKey) -> Self {
            let tunekey = tunekey.clone();
            Self(sd_notify::watchdog_enabled().map(|limit| {
                tokio::spawn(async move {
                    let mut ticks = tokio::time::interval(limit / 2);
                    loop {
                        ticks.tick().await;
                        tunekey.reload().await;
                        tell(&[sd_notify::NotifyState::Watchdog]);
                    }
                })
            }))
        }

        #[cfg(not(target_os = "linux"))]
        pub(super) fn start(_: &TuneKey) -> Self {
            Self(None)
        }
    }

    impl Drop for Watchdog {
        fn drop(&mut self) {
            if let Some(task) = &self.0 {
                task.abort();
            }
        }
    }
}
