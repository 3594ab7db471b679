//! A sign-in under way as everyone sees it who looks: its latest step at once, each later one, a way to answer, an end.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tunekey_services::{AccountId, Method, ServiceId};

use super::input::UserInput;
use super::step::SignInStep;

/// Which sign-in of this process. Later ones have larger numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SignInId(u32);

impl SignInId {
    /// The one with that number.
    pub(crate) fn new(number: u32) -> Self {
        Self(number)
    }
}

impl fmt::Display for SignInId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A sign-in under way, as it stands at one moment.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct SignInStatus {
    /// Which one.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub id: SignInId,
    /// The service.
    pub service: ServiceId,
    /// The method.
    pub method: Method,
    /// The account that is to be signed in again; any when `None`.
    #[cfg_attr(feature = "typescript", ts(type = "string | null"))]
    pub wanted: Option<AccountId>,
    /// Its latest step.
    pub step: SignInStep,
}

/// The steps of a sign-in for one who looks: the latest at once, then each later one.
///
/// Each has a queue of its own, because a front may print or speak every step: a channel of the latest value alone
/// would skip those that pass quickly, and one that all share would drop the oldest of whoever is slow. A sign-in has
/// a few dozen steps, so that a queue stays short. It has room for 32 from the start, and a step is large: boxed, the
/// thousand queues of a server take half a megabyte in place of five.
#[derive(Debug)]
pub struct SignInSteps(mpsc::UnboundedReceiver<Box<SignInStep>>);

impl SignInSteps {
    /// The next step; `None` once the sign-in is over, which is after [`SignInStep::Done`] or when it was cancelled.
    pub async fn next(&mut self) -> Option<SignInStep> {
        self.0.recv().await.map(|step| *step)
    }
}

/// A sign-in under way: what the machine and everyone who looks share.
#[derive(Debug)]
pub(crate) struct UnderWay {
    id: SignInId,
    service: ServiceId,
    method: Method,
    wanted: Option<AccountId>,
    feed: Mutex<Feed>,
    inputs: mpsc::UnboundedSender<UserInput>,
    cancelled: CancellationToken,
}

/// The latest step, and who hears of the next. Nobody does once it is over.
#[derive(Debug)]
struct Feed {
    latest: SignInStep,
    subscribers: Vec<mpsc::UnboundedSender<Box<SignInStep>>>,
    is_over: bool,
}

impl UnderWay {
    /// One that has just begun, at [`SignInStep::Preparing`]; with what people say to it.
    pub(crate) fn new(
        id: SignInId,
        service: ServiceId,
        method: Method,
        wanted: Option<AccountId>,
    ) -> (Arc<Self>, mpsc::UnboundedReceiver<UserInput>) {
        let (inputs, given) = mpsc::unbounded_channel();
        let feed = Feed { latest: SignInStep::Preparing, subscribers: Vec::new(), is_over: false };
        let cancelled = CancellationToken::new();
        let under_way = Self { id, service, method, wanted, feed: Mutex::new(feed), inputs, cancelled };
        (Arc::new(under_way), given)
    }

    pub(crate) fn id(&self) -> SignInId {
        self.id
    }

    pub(crate) fn status(&self) -> SignInStatus {
        SignInStatus {
            id: self.id,
            service: self.service,
            method: self.method,
            wanted: self.wanted.clone(),
            step: self.feed().latest.clone(),
        }
    }

    /// The latest step and all later ones.
    pub(crate) fn watch(&self) -> SignInSteps {
        let (sender, receiver) = mpsc::unbounded_channel();
        let mut feed = self.feed();
        // Its own receiver is there.
        let _ = sender.send(Box::new(feed.latest.clone()));
        if !feed.is_over {
            feed.subscribers.push(sender);
        }
        SignInSteps(receiver)
    }

    /// Enters a step: everyone who looks gets it, and whoever comes later.
    pub(super) fn publish(&self, step: SignInStep) {
        let mut feed = self.feed();
        feed.subscribers.retain(|subscriber| subscriber.send(Box::new(step.clone())).is_ok());
        feed.latest = step;
    }

    /// Ends it for everyone who looks.
    pub(crate) fn end(&self) {
        let mut feed = self.feed();
        feed.is_over = true;
        feed.subscribers.clear();
    }

    /// Says something to it. False when it is over.
    pub(crate) fn give(&self, input: UserInput) -> bool {
        self.inputs.send(input).is_ok()
    }

    /// Cancels it, unless the step [cannot be cancelled](SignInStep::cannot_be_cancelled).
    pub(crate) fn cancel(&self) {
        self.cancelled.cancel();
    }

    /// Whether and when it is cancelled.
    pub(super) fn cancelled(&self) -> &CancellationToken {
        &self.cancelled
    }

    fn feed(&self) -> MutexGuard<'_, Feed> {
        self.feed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
