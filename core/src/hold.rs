//! An account that nobody else may change: locked on this computer, and leased in a store that several computers share.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};
use tokio_util::task::AbortOnDropHandle;
use tunekey_services::AccountId;

use crate::ledger::AccountLock;
use crate::problem::Problem;
use crate::profile::Profile;
use crate::short_id;
use crate::store::{DatabaseError, LEASE, SecretStore, StoreError};
use crate::vault::VaultError;

/// For how long to wait for another computer: as long as for another process.
const BUDGET: Duration = Duration::from_secs(60);
/// How often to look.
const PACE: Duration = Duration::from_millis(250);
/// How soon to tell the store again what it has not heard.
const AGAIN: Duration = Duration::from_secs(2);
/// How long to wait until others may have it. One that is not released ends by itself.
const RELEASE_LIMIT: Duration = Duration::from_secs(5);

/// An account that nobody else may renew, sign out or replace.
#[derive(Debug)]
pub(crate) struct Hold {
    lease: Option<Lease>,
    // After the lease: whoever waits for the lock takes the lease next.
    _lock: AccountLock,
}

impl Hold {
    /// Waits until neither another process nor another computer holds the account, for at most a minute each.
    ///
    /// # Errors
    /// As [`AccountLock::acquire`]; `ProfileBusy` when another computer does not finish, or a problem of the store.
    pub(crate) async fn acquire(
        profile: &Profile,
        store: &Arc<dyn SecretStore>,
        id: &AccountId,
    ) -> Result<Self, Problem> {
        let lock = AccountLock::acquire(profile, id).await?;
        let said = |error| Problem::from(VaultError { store: store.kind(), error }).with_service(id.service);
        let lease = Lease::take(store, id).await.map_err(said)?;
        Ok(Self { lease, _lock: lock })
    }

    /// Lets others have it. One that is only dropped lets other processes of this computer have it at once, and other
    /// computers once the lease has ended by itself.
    pub(crate) async fn release(self) {
        if let Some(lease) = self.lease {
            lease.release().await;
        }
    }
}

/// An account's lease in a shared store, which is extended until this is dropped.
#[derive(Debug)]
pub(crate) struct Lease {
    named: NamedLease,
    keeper: AbortOnDropHandle<()>,
}

/// Which lease it is.
#[derive(Debug, Clone)]
struct NamedLease {
    store: Arc<dyn SecretStore>,
    id: AccountId,
    name: String,
}

impl Lease {
    /// Waits until no other computer has the account's lease; `None` in a store that nobody shares. Only with the
    /// account's lock held.
    ///
    /// # Errors
    /// `Leased` when another computer does not finish; or what the store says.
    pub(crate) async fn take(
        store: &Arc<dyn SecretStore>,
        id: &AccountId,
    ) -> Result<Option<Self>, StoreError> {
        let Some(shared) = store.shared() else { return Ok(None) };
        let named = NamedLease { store: store.clone(), id: id.clone(), name: short_id::random() };
        let end = Instant::now() + BUDGET;
        loop {
            match shared.lease(id, &named.name).await {
                Ok(true) => break,
                Ok(false) if Instant::now() >= end => {
                    return Err(StoreError::Database(DatabaseError::Leased));
                }
                Ok(false) => sleep(PACE).await,
                Err(error) => {
                    // Only the answer may have been lost.
                    tokio::spawn(named.release_at_last());
                    return Err(error);
                }
            }
        }
        let keeper = AbortOnDropHandle::new(tokio::spawn(keep(store.clone(), id.clone())));
        Ok(Some(Self { named, keeper }))
    }

    /// Lets other computers have it. Where the store does not hear it now, it is told again for as long as the lease
    /// lasts.
    pub(crate) async fn release(self) {
        let Self { named, keeper } = self;
        drop(keeper);
        if timeout(RELEASE_LIMIT, named.release()).await != Ok(true) {
            tracing::info!(account = %named.id, "a lease could not be given back yet");
            tokio::spawn(named.release_at_last());
        }
    }
}

impl NamedLease {
    /// Whether the store was told.
    async fn release(&self) -> bool {
        match self.store.shared() {
            Some(shared) => shared.release(&self.id, &self.name).await.is_ok(),
            None => true,
        }
    }

    async fn release_at_last(self) {
        let end = Instant::now() + LEASE;
        while Instant::now() < end && !self.release().await {
            sleep(AGAIN).await;
        }
    }
}

/// Extends a lease long before it ends, again and again, until it is lost.
async fn keep(store: Arc<dyn SecretStore>, id: AccountId) {
    let Some(shared) = store.shared() else { return };
    let mut pause = LEASE / 3;
    loop {
        sleep(pause).await;
        pause = match shared.extend(&id).await {
            Ok(()) => LEASE / 3,
            Err(StoreError::Database(DatabaseError::LeaseLost)) => {
                tracing::warn!(account = %id, "the lease was lost to another computer");
                return;
            }
            Err(_) => AGAIN,
        };
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    use async_trait::async_trait;
    use tunekey_services::{Secret, qqmusic};

    use super::*;
    use crate::store::{Interaction, SharedAccount, SharedStore, SharedStoreState, SlotName, StoreKind};

    /// A shared store that keeps nothing but who has leased what.
    #[derive(Debug, Default)]
    struct Leases {
        is_taken: AtomicBool,
        is_gone: AtomicBool,
        extended: AtomicUsize,
    }

    #[async_trait]
    impl SecretStore for Leases {
        fn kind(&self) -> StoreKind {
            StoreKind::Postgres
        }
        async fn get(&self, _: &SlotName, _: Interaction<'_>) -> Result<Option<Secret>, StoreError> {
            panic!("nothing is read here")
        }
        async fn set(&self, _: &SlotName, _: &Secret, _: Interaction<'_>) -> Result<(), StoreError> {
            panic!("nothing is written here")
        }
        async fn delete(&self, _: &SlotName, _: Interaction<'_>) -> Result<(), StoreError> {
            panic!("nothing is deleted here")
        }
        async fn probe(&self, _: Interaction<'_>) -> Result<(), StoreError> {
            Ok(())
        }
        fn shared(&self) -> Option<&dyn SharedStore> {
            Some(self)
        }
    }

    #[async_trait]
    impl SharedStore for Leases {
        async fn lease(&self, _: &AccountId, _: &str) -> Result<bool, StoreError> {
            Ok(!self.is_taken.swap(true, Ordering::Relaxed))
        }
        async fn extend(&self, _: &AccountId) -> Result<(), StoreError> {
            self.extended.fetch_add(1, Ordering::Relaxed);
            Ok(())
        }
        async fn release(&self, _: &AccountId, _: &str) -> Result<(), StoreError> {
            if self.is_gone.load(Ordering::Relaxed) {
                return Err(StoreError::Database(DatabaseError::Unreachable));
            }
            self.is_taken.store(false, Ordering::Relaxed);
            Ok(())
        }
        fn was_interrupted(&self, _: &AccountId) -> bool {
            false
        }
        async fn begin_renewal(&self, _: &AccountId) -> Result<(), StoreError> {
            Ok(())
        }
        async fn end_renewal(&self, _: &AccountId) -> Result<(), StoreError> {
            Ok(())
        }
        async fn accounts(&self) -> Result<Vec<SharedAccount>, StoreError> {
            Ok(Vec::new())
        }
        async fn last_generation(&self, _: &AccountId) -> Result<u64, StoreError> {
            Ok(0)
        }
        async fn description(&self, _: &AccountId) -> Result<Option<Secret>, StoreError> {
            Ok(None)
        }
        async fn describe(&self, _: &AccountId, _: &Secret) -> Result<(), StoreError> {
            Ok(())
        }
        async fn remove(&self, _: &AccountId) -> Result<(), StoreError> {
            Ok(())
        }
        async fn changed(&self) {}
        async fn examine(&self) -> Result<SharedStoreState, StoreError> {
            panic!("nobody examines it here")
        }
    }

    fn store() -> (Arc<Leases>, Arc<dyn SecretStore>, AccountId) {
        let leases = Arc::<Leases>::default();
        (leases.clone(), leases, AccountId::new(qqmusic::ID, "10001"))
    }

    #[tokio::test(start_paused = true)]
    async fn a_lease_is_extended_long_before_it_ends_for_as_long_as_it_is_needed() {
        let (leases, store, id) = store();
        let lease = Lease::take(&store, &id).await.expect("it answers").expect("it is shared");
        sleep(LEASE * 10).await;
        let extended = leases.extended.load(Ordering::Relaxed);
        assert!((25..=31).contains(&extended), "three times in each lease: {extended}");
        lease.release().await;
        sleep(LEASE * 10).await;
        assert_eq!(leases.extended.load(Ordering::Relaxed), extended, "and then no more");
    }

    #[tokio::test(start_paused = true)]
    async fn another_computer_is_waited_for_but_not_for_ever() {
        let (leases, store, id) = store();
        leases.is_taken.store(true, Ordering::Relaxed);
        let began = Instant::now();
        let late = Lease::take(&store, &id).await.map(drop);
        assert_eq!(late, Err(StoreError::Database(DatabaseError::Leased)));
        assert!((BUDGET..BUDGET + PACE * 2).contains(&began.elapsed()), "it took {:?}", began.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_lease_that_cannot_be_given_back_at_once_is_given_back_as_soon_as_the_store_is_there_again() {
        let (leases, store, id) = store();
        let lease = Lease::take(&store, &id).await.expect("it answers").expect("it is shared");
        leases.is_gone.store(true, Ordering::Relaxed);
        lease.release().await;
        sleep(LEASE / 2).await;
        assert!(leases.is_taken.load(Ordering::Relaxed), "the store has not heard of it");
        leases.is_gone.store(false, Ordering::Relaxed);
        sleep(AGAIN * 2).await;
        assert!(!leases.is_taken.load(Ordering::Relaxed), "now it has");
    }
}
