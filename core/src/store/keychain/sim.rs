//! A keychain for tests: strict about what real ones are strict about, and breakable at every single call.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tunekey_services::Secret;

use super::items::Items;
use super::pieces::InPieces;
use crate::store::{Interaction, SecretStore, StoreError};

/// The largest item that Windows takes, in bytes: `CRED_MAX_CREDENTIAL_BLOB_SIZE`.
const MAX_ITEM: usize = 2_560;

/// What goes wrong, from the call of that number on (counted from 0).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// This one call fails and does nothing.
    FailsBefore(usize),
    /// This one call does what was asked and fails nevertheless, as when the answer is lost.
    FailsAfter(usize),
    /// The process is killed before this call.
    DiesBefore(usize),
    /// The process is killed after this call was done.
    DiesAfter(usize),
}

/// The keychain.
#[derive(Debug, Default)]
pub(crate) struct SimKeychain {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    items: BTreeMap<String, String>,
    calls: usize,
    last_error: Option<Trouble>,
    error: Option<StoreError>,
    latency: Duration,
    changes: usize,
    keeps_deleted: bool,
    takes_any_length: bool,
}

impl SimKeychain {
    /// A store on it, as Windows has it: what does not fit into one item is in pieces.
    pub(crate) fn store(self: &Arc<Self>) -> Arc<dyn SecretStore> {
        Arc::new(InPieces::new(Arc::clone(self), Some(2_400)))
    }

    /// Lets this go wrong, counting calls from now.
    pub(crate) fn last_error(&self, last_error: Trouble) {
        let mut state = self.state();
        state.calls = 0;
        state.last_error = Some(last_error);
    }

    /// Everything works again, as after a restart.
    pub(crate) fn heal(&self) {
        let mut state = self.state();
        state.last_error = None;
        state.error = None;
        state.keeps_deleted = false;
        state.calls = 0;
    }

    /// Every call gives this error.
    pub(crate) fn refuse(&self, error: StoreError) {
        self.state().error = Some(error);
    }

    /// Deletions are said to work and delete nothing, as on macOS, where the library drops the answer.
    pub(crate) fn keep_what_is_deleted(&self) {
        self.state().keeps_deleted = true;
    }

    /// Items may be of any length, as everywhere but on Windows.
    pub(crate) fn take_any_length(&self, any: bool) {
        self.state().takes_any_length = any;
    }

    /// How long each call takes.
    pub(crate) fn latency(&self, latency: Duration) {
        self.state().latency = latency;
    }

    /// How many calls there have been since the last [`last_error`](Self::last_error) or [`heal`](Self::heal).
    pub(crate) fn calls(&self) -> usize {
        self.state().calls
    }

    /// How many calls have changed an item, ever.
    pub(crate) fn changes(&self) -> usize {
        self.state().changes
    }

    /// The names of all items.
    pub(crate) fn names(&self) -> Vec<String> {
        self.state().items.keys().cloned().collect()
    }

    /// An item, without counting as a call.
    pub(crate) fn item(&self, name: &str) -> Option<String> {
        self.state().items.get(name).cloned()
    }

    /// Puts an item there, without counting as a call.
    pub(crate) fn put(&self, name: &str, line: &str) {
        self.state().items.insert(name.to_owned(), line.to_owned());
    }

    /// Takes an item away, without counting as a call.
    pub(crate) fn take(&self, name: &str) {
        self.state().items.remove(name);
    }

    async fn call<T>(
        &self,
        act: impl FnOnce(&mut State) -> Result<T, StoreError> + Send,
    ) -> Result<T, StoreError> {
        let latency = self.state().latency;
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        let mut state = self.state();
        let call = state.calls;
        state.calls += 1;
        if let Some(error) = state.error {
            return Err(error);
        }
        const CUT: StoreError = StoreError::Failed("the test wants it to");
        match state.last_error {
            Some(Trouble::FailsBefore(at)) if call == at => Err(CUT),
            Some(Trouble::FailsAfter(at)) if call == at => act(&mut state).and(Err(CUT)),
            Some(Trouble::DiesBefore(at)) if call >= at => Err(CUT),
            Some(Trouble::DiesAfter(at)) if call > at => Err(CUT),
            Some(Trouble::DiesAfter(at)) if call == at => act(&mut state).and(Err(CUT)),
            Some(_) | None => act(&mut state),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Items for Arc<SimKeychain> {
    async fn get(&self, name: &str, _: Interaction<'_>) -> Result<Option<Secret>, StoreError> {
        self.call(|state| Ok(state.items.get(name).map(|line| Secret::new(line.as_str())))).await
    }

    #[expect(clippy::disallowed_methods, reason = "a keychain is where secrets are kept")]
    async fn set(&self, name: &str, line: &Secret, _: Interaction<'_>) -> Result<(), StoreError> {
        let line = line.expose();
        assert!(
            line.bytes().all(|byte| (b' '..=b'~').contains(&byte)),
            "an item is one line of printable ASCII"
        );
        assert!(!line.is_empty(), "an empty item is lost on some systems");
        self.call(|state| {
            if line.len() > MAX_ITEM && !state.takes_any_length {
                return Err(StoreError::Failed("it refuses an item of this length"));
            }
            state.changes += 1;
            state.items.insert(name.to_owned(), line.to_owned());
            Ok(())
        })
        .await
    }

    async fn delete(&self, name: &str, _: Interaction<'_>) -> Result<(), StoreError> {
        self.call(|state| {
            state.changes += 1;
            if !state.keeps_deleted {
                state.items.remove(name);
            }
            Ok(())
        })
        .await
    }

    async fn probe(&self, _: Interaction<'_>) -> Result<(), StoreError> {
        self.call(|_| Ok(())).await
    }
}
