//! The items of the computer's own keychain, behind one thread of its own.
//!
//! The libraries below block for as long as the keychain likes, some while holding a lock that blocks every
//! later call, and Windows wants all calls from one thread. So one thread makes them all, and whoever asks
//! waits for an answer only until a deadline. A thread that hangs is given up: never joined, so that it
//! cannot keep the process from ending, and replaced once.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use keyring_core::{CredentialStore, Entry, Error};
use tokio::sync::oneshot;
use tunekey_services::{Clock as _, Secret, SystemClock};

use super::items::Items;
use crate::store::line::exposed;
use crate::store::{Interaction, StoreError};

#[cfg(target_os = "linux")]
#[path = "linux.rs"]
mod platform;
#[cfg(target_os = "macos")]
#[path = "macos.rs"]
mod platform;
#[cfg(windows)]
#[path = "windows.rs"]
mod platform;

use platform::Platform;

/// The largest item that this system's keychain takes, in bytes, with something to spare; `None` where any length will
/// do.
pub(super) const LARGEST_ITEM: Option<usize> = platform::LARGEST_ITEM;

/// How long things may take.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// A call when nobody is there.
    background: Duration,
    /// A call when somebody may have to type a password.
    user: Duration,
    /// For how long after a refused prompt nobody is asked again: one click may need several items.
    quiet: Duration,
}

const LIMITS: Limits = Limits {
    background: Duration::from_secs(5),
    user: Duration::from_secs(60),
    quiet: Duration::from_secs(3),
};

/// How many hanging threads there may be: the first one and its replacement.
const MAX_STUCK: usize = 2;

/// The items of the operating system's keychain.
pub(super) struct KeychainThread {
    service: String,
    dispatcher: Arc<Mutex<Dispatcher>>,
}

impl KeychainThread {
    /// The items with this service name. Does not touch the keychain yet.
    pub(super) fn new(service: impl Into<String>) -> Self {
        Self::with_backend(service, LIMITS, || Box::<Platform>::default())
    }

    fn with_backend(
        service: impl Into<String>,
        limits: Limits,
        backend: impl Fn() -> Box<dyn Backend> + Send + Sync + 'static,
    ) -> Self {
        let dispatcher = Dispatcher {
            backend: Arc::new(backend),
            limits,
            thread: None,
            in_flight: None,
            stuck: 0,
            changes_in_doubt: 0,
            quiet: None,
        };
        Self { service: service.into(), dispatcher: Arc::new(Mutex::new(dispatcher)) }
    }

    /// Hands a call to the thread and waits for the answer, or for the deadline.
    async fn call(
        &self,
        name: &str,
        action: Action,
        interaction: Interaction<'_>,
    ) -> Result<Option<Secret>, StoreError> {
        let progress = Arc::new(Mutex::new(Progress::Queued));
        let (reply, answer) = oneshot::channel();
        let call = Call {
            service: self.service.clone(),
            name: name.to_owned(),
            action,
            may_prompt: interaction.is_allowed(),
            progress: Arc::clone(&progress),
            reply,
        };
        Dispatcher::dispatch(&self.dispatcher, call)?;
        let deadline = self.dispatcher().limits.deadline(interaction.is_allowed());
        match tokio::time::timeout(deadline, answer).await {
            Ok(Ok(answer)) => answer,
            // The thread was given up with this call in its queue.
            Ok(Err(_)) => Err(StoreError::Silent),
            Err(_) => Err(self.dispatcher().give_up_on(&progress)),
        }
    }

    fn dispatcher(&self) -> MutexGuard<'_, Dispatcher> {
        lock(&self.dispatcher)
    }
}

impl Drop for KeychainThread {
    fn drop(&mut self) {
        // The thread knows the dispatcher: without this it would wait for calls for ever.
        self.dispatcher().thread = None;
    }
}

impl fmt::Debug for KeychainThread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeychainThread").field("service", &self.service).finish_non_exhaustive()
    }
}

#[async_trait]
impl Items for KeychainThread {
    async fn get(&self, name: &str, interaction: Interaction<'_>) -> Result<Option<Secret>, StoreError> {
        self.call(name, Action::Get, interaction).await
    }

    async fn set(&self, name: &str, line: &Secret, interaction: Interaction<'_>) -> Result<(), StoreError> {
        self.call(name, Action::Set(line.clone()), interaction).await.map(drop)
    }

    async fn delete(&self, name: &str, interaction: Interaction<'_>) -> Result<(), StoreError> {
        self.call(name, Action::Delete, interaction).await.map(drop)
    }

    async fn probe(&self, interaction: Interaction<'_>) -> Result<(), StoreError> {
        self.call("", Action::Look, interaction).await.map(drop)
    }
}

/// What is asked of the keychain.
enum Action {
    Look,
    Get,
    Set(Secret),
    Delete,
}

/// One call on its way to the thread.
struct Call {
    service: String,
    name: String,
    action: Action,
    /// Whether a person is there who may be asked.
    may_prompt: bool,
    progress: Arc<Mutex<Progress>>,
    reply: oneshot::Sender<Result<Option<Secret>, StoreError>>,
}

/// How far a call has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    /// It waits for the thread.
    Queued,
    /// The thread is getting ready for it; the person may be looking at a prompt.
    Preparing,
    /// The thread reads.
    Reading,
    /// The thread changes an item: from here on nobody knows what the item holds until it is done.
    Writing,
    /// It has been answered.
    Done,
    /// Nobody waits any more. `writing` is whether a change was under way.
    GivenUp { writing: bool },
}

/// What the thread makes its calls to. Every call may block for ever.
trait Backend {
    /// Makes sure that the keychain is there and open for the item of that name, or at all. Asks the person
    /// only if it may. After it has succeeded, [`perform`](Self::perform) neither prompts when it must not nor
    /// mistakes a missing keychain for a missing item.
    fn prepare(&mut self, service: &str, name: Option<&str>, may_prompt: bool) -> Result<(), StoreError>;

    /// Does it.
    fn perform(&mut self, service: &str, name: &str, action: &Action) -> Result<Option<Secret>, StoreError>;

    /// Starts afresh, as after the keychain was restarted.
    fn forget_connection(&mut self);
}

/// Where calls are handed over.
struct Dispatcher {
    backend: Arc<dyn Fn() -> Box<dyn Backend> + Send + Sync>,
    limits: Limits,
    thread: Option<mpsc::Sender<Call>>,
    /// What the thread is doing, since when, and whether it may prompt.
    in_flight: Option<(Arc<Mutex<Progress>>, Instant, bool)>,
    /// How many threads have been given up and still hang.
    stuck: usize,
    /// How many of those hang in the middle of a change.
    changes_in_doubt: usize,
    /// Until when no prompt is shown, and what the last one came to.
    quiet: Option<(Instant, StoreError)>,
}

impl Dispatcher {
    fn dispatch(dispatcher: &Arc<Mutex<Self>>, call: Call) -> Result<(), StoreError> {
        let mut this = lock(dispatcher);
        if matches!(call.action, Action::Set(_) | Action::Delete) && this.changes_in_doubt > 0 {
            // The hanging change may still be made, and must not undo this one.
            return Err(StoreError::Silent);
        }
        let call = match &this.thread {
            Some(thread) => match thread.send(call) {
                Ok(()) => return Ok(()),
                Err(mpsc::SendError(call)) => call,
            },
            None => call,
        };
        if this.stuck >= MAX_STUCK {
            return Err(StoreError::Silent);
        }
        let (thread, calls) = mpsc::channel();
        let (dispatcher, backend) = (Arc::clone(dispatcher), Arc::clone(&this.backend));
        std::thread::Builder::new()
            .name("keychain".to_owned())
            .spawn(move || Worker { dispatcher, calls, backend: backend() }.run())
            .map_err(|_| StoreError::Failed("no thread could be started for it"))?;
        // The channel is new and the thread is alive: it cannot be closed yet.
        let _ = thread.send(call);
        this.thread = Some(thread);
        Ok(())
    }

    /// What to say to somebody whose deadline has passed. Gives the thread up if it hangs.
    fn give_up_on(&mut self, progress: &Arc<Mutex<Progress>>) -> StoreError {
        let mine = *lock(progress);
        let (hanging, at) = match mine {
            Progress::Preparing | Progress::Reading | Progress::Writing => (Arc::clone(progress), mine),
            // It waits behind another call, whose own asker may be long gone.
            Progress::Queued => {
                *lock(progress) = Progress::GivenUp { writing: false };
                let Some((in_flight, since, may_prompt)) = &self.in_flight else {
                    return StoreError::Silent;
                };
                let at = *lock(in_flight);
                if SystemClock.monotonic().duration_since(*since) < self.limits.deadline(*may_prompt) {
                    // A person is being asked to unlock the keychain right now.
                    let prompting = at == Progress::Preparing && *may_prompt;
                    return if prompting { StoreError::Locked } else { StoreError::Silent };
                }
                (Arc::clone(in_flight), at)
            }
            Progress::Done | Progress::GivenUp { .. } => return StoreError::Silent,
        };
        let writing = at == Progress::Writing;
        *lock(&hanging) = Progress::GivenUp { writing };
        self.thread = None;
        self.in_flight = None;
        self.stuck += 1;
        self.changes_in_doubt += usize::from(writing);
        StoreError::Silent
    }
}

/// The thread's own side.
struct Worker {
    dispatcher: Arc<Mutex<Dispatcher>>,
    calls: mpsc::Receiver<Call>,
    backend: Box<dyn Backend>,
}

impl Worker {
    fn run(mut self) {
        while let Ok(call) = self.calls.recv() {
            {
                let mut dispatcher = lock(&self.dispatcher);
                let mut progress = lock(&call.progress);
                if *progress != Progress::Queued {
                    continue;
                }
                *progress = Progress::Preparing;
                drop(progress);
                dispatcher.in_flight =
                    Some((Arc::clone(&call.progress), SystemClock.monotonic(), call.may_prompt));
            }
            let answer = self.answer(&call);
            let mut dispatcher = lock(&self.dispatcher);
            let progress = std::mem::replace(&mut *lock(&call.progress), Progress::Done);
            if let Progress::GivenUp { writing } = progress {
                // Given up: another thread has taken over, if one was needed. What is still queued here is
                // answered by its going away.
                dispatcher.stuck -= 1;
                dispatcher.changes_in_doubt -= usize::from(writing);
                return;
            }
            dispatcher.in_flight = None;
            if call.may_prompt {
                dispatcher.quiet = match answer {
                    Err(error @ (StoreError::Locked | StoreError::Denied)) => match dispatcher.quiet {
                        // A call that was refused because of the quiet does not prolong it.
                        Some((until, _)) if SystemClock.monotonic() < until => dispatcher.quiet,
                        _ => Some((SystemClock.monotonic() + dispatcher.limits.quiet, error)),
                    },
                    _ => None,
                };
            }
            drop(dispatcher);
            // The asker may have gone away.
            let _ = call.reply.send(answer);
        }
    }

    fn answer(&mut self, call: &Call) -> Result<Option<Secret>, StoreError> {
        let quiet = lock(&self.dispatcher).quiet.filter(|(until, _)| SystemClock.monotonic() < *until);
        let may_prompt = call.may_prompt && quiet.is_none();
        let name = if matches!(call.action, Action::Look) { None } else { Some(call.name.as_str()) };
        self.backend.prepare(&call.service, name, may_prompt).map_err(|error| match quiet {
            // What the person has just said still holds.
            Some((_, said)) if call.may_prompt && error == StoreError::Locked => said,
            _ => error,
        })?;
        let Some(name) = name else {
            return Ok(None);
        };
        let next = match call.action {
            Action::Look | Action::Get => Progress::Reading,
            Action::Set(_) | Action::Delete => Progress::Writing,
        };
        {
            let mut progress = lock(&call.progress);
            if matches!(*progress, Progress::GivenUp { .. }) {
                // The prompt was answered too late. A change that nobody waits for must not be made.
                return Err(StoreError::Silent);
            }
            *progress = next;
        }
        let result = self.backend.perform(&call.service, name, &call.action);
        if matches!(result, Err(StoreError::Failed(_) | StoreError::Unavailable(_))) {
            // A keychain that was restarted has forgotten us: the second try is with a new connection.
            self.backend.forget_connection();
            return self.backend.perform(&call.service, name, &call.action);
        }
        result
    }
}

impl Backend for Platform {
    fn prepare(&mut self, service: &str, name: Option<&str>, may_prompt: bool) -> Result<(), StoreError> {
        self.prepare(service, name, may_prompt)
    }

    fn perform(&mut self, service: &str, name: &str, action: &Action) -> Result<Option<Secret>, StoreError> {
        let store: Arc<CredentialStore> = self.store()?;
        let entry = store
            .build(service, name, platform::modifiers().as_ref())
            .map_err(|error| platform::classify(&error))?;
        perform(&entry, action)
    }

    fn forget_connection(&mut self) {
        self.forget_connection();
    }
}

fn perform(entry: &Entry, action: &Action) -> Result<Option<Secret>, StoreError> {
    let result = match action {
        Action::Look => return Ok(None),
        Action::Get => entry.get_secret().map(Some),
        Action::Set(line) => entry.set_secret(exposed(line).as_bytes()).map(|()| None),
        Action::Delete => entry.delete_credential().map(|()| None),
    };
    match result {
        Ok(None) => Ok(None),
        // Bytes that are no text are no item of ours; as text they are damaged and say so when decoded.
        Ok(Some(bytes)) => Ok(Some(Secret::new(String::from_utf8(bytes).unwrap_or_default()))),
        Err(Error::NoEntry) => Ok(None),
        Err(error) => Err(platform::classify(&error)),
    }
}

/// The errors that mean the same on every system. Only their kind is looked at: some carry the secret.
fn classify_common(error: &Error) -> StoreError {
    match error {
        Error::NoStorageAccess(_) => StoreError::Unavailable("its storage cannot be reached"),
        Error::PlatformFailure(_) => StoreError::Failed("the system reports an error"),
        Error::NoEntry => StoreError::Failed("the item is gone"),
        Error::BadEncoding(_) | Error::BadDataFormat(..) | Error::BadStoreFormat(_) => {
            StoreError::Failed("it holds something that it cannot read itself")
        }
        Error::TooLong(..) => StoreError::Failed("it refuses an item of this length"),
        Error::Invalid(..) => StoreError::Failed("it refuses the item's name"),
        Error::Ambiguous(_) => StoreError::Failed("it holds several items of the same name"),
        Error::NoDefaultStore => StoreError::Unavailable("no store has been opened"),
        Error::NotSupportedByStore(_) => StoreError::Failed("it does not support this"),
        // The library says that there may be more kinds one day.
        _ => StoreError::Failed("the system reports an unknown error"),
    }
}

impl Limits {
    fn deadline(self, may_prompt: bool) -> Duration {
        if may_prompt { self.user } else { self.background }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
