//! The sign-ins under way. Every front sees the same ones and can answer them; the one that has started it ends it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::broadcast;
use tokio_util::task::TaskTracker;
use tunekey_services::{AccountId, Method, Service};

use crate::sign_in::{
    Conversation, Machine, SignInHost, SignInId, SignInStatus, SignInStep, SignInSteps, UnderWay, UserInput,
};
use crate::tunekey::Event;

#[cfg(test)]
mod tests;

/// A sign-in in the hands of the front that has started it. Dropping it cancels the sign-in, unless the step [cannot
/// be cancelled](SignInStep::cannot_be_cancelled); then it stays [under way](crate::TuneKey::sign_ins) until what comes
/// of it is saved.
#[derive(Debug)]
pub struct SignIn {
    under_way: Arc<UnderWay>,
    steps: SignInSteps,
}

impl SignIn {
    /// By which every front can [watch](crate::TuneKey::watch_sign_in) and [answer](crate::TuneKey::answer_sign_in) it.
    pub fn id(&self) -> SignInId {
        self.under_way.id()
    }

    /// How it stands; once it is over, how it ended.
    pub fn status(&self) -> SignInStatus {
        self.under_way.status()
    }

    /// Its steps for somebody else, from the latest on.
    pub fn watch(&self) -> SignInSteps {
        self.under_way.watch()
    }

    /// The next step, from the first on; `None` after [`SignInStep::Done`].
    pub async fn next(&mut self) -> Option<SignInStep> {
        self.steps.next().await
    }

    /// What the person says. Does nothing when the sign-in is over.
    pub fn answer(&self, input: UserInput) {
        self.under_way.give(input);
    }
}

impl Drop for SignIn {
    fn drop(&mut self) {
        self.under_way.cancel();
    }
}

/// The sign-ins under way.
#[derive(Debug)]
pub(crate) struct SignIns {
    list: Arc<Mutex<List>>,
    events: broadcast::Sender<Event>,
}

#[derive(Debug, Default)]
struct List {
    last: u32,
    under_way: BTreeMap<SignInId, Arc<UnderWay>>,
}

impl SignIns {
    /// None yet. The events say when one begins or ends.
    pub(crate) fn new(events: broadcast::Sender<Event>) -> Self {
        Self { list: Arc::default(), events }
    }

    /// Starts a sign-in on the current runtime, among those tasks.
    pub(crate) fn start(
        &self,
        tasks: &TaskTracker,
        service: &'static dyn Service,
        method: Method,
        wanted: Option<AccountId>,
        host: impl SignInHost,
    ) -> SignIn {
        let mut list = lock(&self.list);
        list.last += 1;
        let id = SignInId::new(list.last);
        let (under_way, inputs) = UnderWay::new(id, service.id(), method, wanted.clone());
        list.under_way.insert(id, under_way.clone());
        list.announce(&self.events);
        drop(list);

        let entry =
            Entry { list: self.list.clone(), events: self.events.clone(), under_way: under_way.clone() };
        let steps = under_way.watch();
        let conversation = Conversation::new(under_way.clone(), inputs);
        let machine = Machine::new(service, method, wanted, host, conversation);
        tasks.spawn(async move {
            machine.run().await;
            drop(entry);
        });
        SignIn { under_way, steps }
    }

    /// Starts one that nobody else sees: what comes of it is for whoever has started it.
    pub(crate) fn start_unlisted(
        &self,
        tasks: &TaskTracker,
        service: &'static dyn Service,
        method: Method,
        host: impl SignInHost,
    ) -> SignIn {
        let id = {
            let mut list = lock(&self.list);
            list.last += 1;
            SignInId::new(list.last)
        };
        let (under_way, inputs) = UnderWay::new(id, service.id(), method, None);
        let steps = under_way.watch();
        let conversation = Conversation::new(under_way.clone(), inputs);
        let machine = Machine::new(service, method, None, host, conversation);
        let ended = under_way.clone();
        tasks.spawn(async move {
            machine.run().await;
            ended.end();
        });
        SignIn { under_way, steps }
    }

    /// How each stands, oldest first.
    pub(crate) fn statuses(&self) -> Vec<SignInStatus> {
        lock(&self.list).statuses()
    }

    /// The steps of one, from its latest on. `None` when it is over.
    pub(crate) fn watch(&self, id: SignInId) -> Option<SignInSteps> {
        lock(&self.list).under_way.get(&id).map(|under_way| under_way.watch())
    }

    /// Says something to one. False when it is over.
    pub(crate) fn give(&self, id: SignInId, input: UserInput) -> bool {
        lock(&self.list).under_way.get(&id).is_some_and(|under_way| under_way.give(input))
    }

    /// Cancels all that can be cancelled.
    pub(crate) fn cancel_all(&self) {
        lock(&self.list).under_way.values().for_each(|under_way| under_way.cancel());
    }
}

impl List {
    fn statuses(&self) -> Vec<SignInStatus> {
        self.under_way.values().map(|under_way| under_way.status()).collect()
    }

    /// Sent while the list is held, so that two changes cannot overtake each other. Nobody listening is fine.
    fn announce(&self, events: &broadcast::Sender<Event>) {
        drop(events.send(Event::SignIns { sign_ins: self.statuses() }));
    }
}

/// A place in the list, for as long as the machine runs.
struct Entry {
    list: Arc<Mutex<List>>,
    events: broadcast::Sender<Event>,
    under_way: Arc<UnderWay>,
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut list = lock(&self.list);
        list.under_way.remove(&self.under_way.id());
        list.announce(&self.events);
        drop(list);
        // Only now: whoever sees the end no longer finds it in the list.
        self.under_way.end();
    }
}

fn lock(list: &Mutex<List>) -> MutexGuard<'_, List> {
    list.lock().unwrap_or_else(PoisonError::into_inner)
}
