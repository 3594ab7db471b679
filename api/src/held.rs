//! The sign-ins that were started here. The front that has started one ends it: so each is held for as long as somebody
//! looks at it, and a while longer.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tunekey_core::{SignIn, SignInId, StepKind};

use crate::tickets::Tickets;

/// For how long one is held that nobody looks at: a program may ask for its step from time to time instead.
const GRACE: Duration = Duration::from_secs(60);
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
struct Entry {
    /// How many look at it, counting up for those who only ask.
    watchers: Arc<watch::Sender<usize>>,
    cancel: CancellationToken,
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
        self.list().len() < MOST
    }

    /// Holds one until it is over, cancelled, or nobody has looked at it for a while.
    pub(crate) fn hold(&self, mut sign_in: SignIn) {
        let (id, watchers) = (sign_in.id(), Arc::new(watch::Sender::new(0)));
        let cancel = self.ending.child_token();
        self.list().insert(id, Entry { watchers: watchers.clone(), cancel: cancel.clone() });
        let held = self.clone();
        tokio::spawn(async move {
            let mut abandoned = pin!(abandoned(watchers.subscribe()));
            loop {
                tokio::select! {
                    step = sign_in.next() => match step {
                        Some(step) if step.kind() != StepKind::Done => {}
                        _ => break,
                    },
                    () = &mut abandoned => break,
                    () = cancel.cancelled() => break,
                }
            }
            drop(sign_in);
            held.list().remove(&id);
            held.tickets.end(&id.to_string());
        });
    }

    /// Notes that somebody looks at one, for as long as that lives. `None` when it was not started here.
    pub(crate) fn watch(&self, id: SignInId) -> Option<Watching> {
        let watchers = self.list().get(&id)?.watchers.clone();
        watchers.send_modify(|count| *count += 1);
        Some(Watching(watchers))
    }

    /// Cancels one. False when it was not started here.
    pub(crate) fn cancel(&self, id: SignInId) -> bool {
        self.list().get(&id).is_some_and(|entry| {
            entry.cancel.cancel();
            true
        })
    }

    fn list(&self) -> MutexGuard<'_, HashMap<SignInId, Entry>> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
