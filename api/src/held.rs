//! The sign-ins that were started here. The front that has started one ends it: so each is held for as long as somebody
//! looks at it, and a while longer. What came of one stays to be seen for a while: it may be over before whoever has
//! started it looks for the first time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tunekey_core::{SignIn, SignInId, SignInStatus, SignInSteps, StepKind};

use crate::tickets::Tickets;

/// For how long one is held that nobody looks at: a program may ask for its step from time to time instead.
const GRACE: Duration = Duration::from_secs(60);
/// For how long what came of one can be seen.
const AFTERWARDS: Duration = Duration::from_secs(60);
/// How many there may be.
const MOST: usize = 1_024;

/// The sign-ins that were started here.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    list: Arc<Mutex<HashMap<SignInId, Entry>>>,
    tickets: Arc<Tickets>,
    ending: CancellationToken,
}

#[derive(Debug)]
enum Entry {
    /// It is under way, or over with an outcome.
    Here {
        sign_in: SignIn,
        /// How many look at it, counting up for those who only ask.
        watchers: Arc<watch::Sender<usize>>,
    },
    /// Nobody is to see it any more, though it may take a moment to end: what was confirmed is saved first.
    Cancelled,
}

/// Somebody who looks at one.
#[derive(Debug)]
pub(crate) struct Watching(Arc<watch::Sender<usize>>);

impl Drop for Watching {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

impl Held {
    /// None yet. All end when `ending` does.
    pub(crate) fn new(tickets: Arc<Tickets>, ending: CancellationToken) -> Self {
        Self { list: Arc::default(), tickets, ending }
    }

    /// Whether there is room for one more.
    pub(crate) fn has_room(&self) -> bool {
        self.list().values().filter(|entry| entry.is_under_way()).count() < MOST
    }

    /// Holds one until it is cancelled, nobody has looked at it for a while, or it has been over for a while.
    pub(crate) fn hold(&self, sign_in: SignIn) {
        let (id, mut steps) = (sign_in.id(), sign_in.watch());
        let watchers = Arc::new(watch::Sender::new(0));
        let looks = watchers.subscribe();
        self.list().insert(id, Entry::Here { sign_in, watchers });
        let held = self.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = ended(&mut steps) => {}
                () = held.given_up(looks) => {
                    held.cancel(id);
                    ended(&mut steps).await;
                }
            }
            let is_done = held.list().get(&id).is_some_and(Entry::is_done);
            if is_done {
                tokio::select! {
                    () = tokio::time::sleep(AFTERWARDS) => {}
                    () = held.ending.cancelled() => {}
                }
            }
            held.list().remove(&id);
            held.tickets.end(&id.to_string());
        });
    }

    /// When nobody has looked for a while, or the server ends.
    async fn given_up(&self, looks: watch::Receiver<usize>) {
        tokio::select! {
            () = abandoned(looks) => {}
            () = self.ending.cancelled() => {}
        }
    }

    /// How one stands or ended, and that somebody looks at it. `None` when it was not started here, or is gone.
    pub(crate) fn look(&self, id: SignInId) -> Option<(SignInStatus, Watching)> {
        self.here(id, SignIn::status)
    }

    /// The steps of one, from its latest on. `None` as above.
    pub(crate) fn steps(&self, id: SignInId) -> Option<(SignInSteps, Watching)> {
        self.here(id, SignIn::watch)
    }

    /// Whether nobody is to see it any more.
    pub(crate) fn is_cancelled(&self, id: SignInId) -> bool {
        matches!(self.list().get(&id), Some(Entry::Cancelled))
    }

    /// Cancels one. False when it was not started here, or is gone.
    pub(crate) fn cancel(&self, id: SignInId) -> bool {
        let mut list = self.list();
        let Some(entry @ Entry::Here { .. }) = list.get_mut(&id) else { return false };
        let here = std::mem::replace(entry, Entry::Cancelled);
        drop(list);
        self.tickets.end(&id.to_string());
        // Dropping it is what cancels it.
        drop(here);
        true
    }

    fn here<T>(&self, id: SignInId, of: impl FnOnce(&SignIn) -> T) -> Option<(T, Watching)> {
        let list = self.list();
        let Some(Entry::Here { sign_in, watchers }) = list.get(&id) else { return None };
        watchers.send_modify(|count| *count += 1);
        Some((of(sign_in), Watching(watchers.clone())))
    }

    fn list(&self) -> MutexGuard<'_, HashMap<SignInId, Entry>> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    /// Whether somebody may still wait for something.
    fn is_under_way(&self) -> bool {
        matches!(self, Self::Here { .. }) && !self.is_done()
    }

    /// Whether something came of it.
    fn is_done(&self) -> bool {
        matches!(self, Self::Here { sign_in, .. } if sign_in.status().step.kind() == StepKind::Done)
    }
}

/// When a sign-in is over.
async fn ended(steps: &mut SignInSteps) {
    while steps.next().await.is_some() {}
}

/// When nobody has looked for a while.
async fn abandoned(mut watchers: watch::Receiver<usize>) {
    loop {
        if watchers.wait_for(|count| *count == 0).await.is_err() {
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(GRACE) => return,
            // Also when somebody has only asked: then the while begins anew.
            changed = watchers.changed() => if changed.is_err() { return },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn whoever_only_asks_from_time_to_time_keeps_it_and_silence_does_not() {
        let watchers = Arc::new(watch::Sender::new(0));
        let mut left = tokio::spawn(abandoned(watchers.subscribe()));
        for _ in 0..3 {
            tokio::time::sleep(GRACE / 2).await;
            watchers.send_modify(|count| *count += 1);
            drop(Watching(watchers.clone()));
        }
        let held = tokio::time::timeout(GRACE / 2, &mut left).await;
        assert!(held.is_err(), "somebody has asked a moment ago");
        left.await.expect("then nobody does");
    }
}
