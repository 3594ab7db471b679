//! An account that nobody else may change: locked on this computer, and leased in a store that several computers share.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};
use tokio_util::task::AbortOnDropHandle;
use tunekey_services::AccountId;

use crate::ledger::AccountLock;
use crate::problem::Problem;
use crate::profile::Profile;
use crate::store::{DatabaseError, LEASE, SecretStore, StoreError};
use crate::vault::VaultError;

/// For how long to wait for another computer: as long as for another process.
const BUDGET: Duration = Duration::from_secs(60);
/// How often to look.
const PACE: Duration = Duration::from_millis(250);
/// How soon to try again to keep a lease that could not be extended.
const EXTEND_AGAIN: Duration = Duration::from_secs(5);
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
    store: Arc<dyn SecretStore>,
    id: AccountId,
    keeper: AbortOnDropHandle<()>,
}

impl Lease {
    /// Waits until no other computer has the account's lease; `None` in a store that nobody shares. Only with the account's
    /// lock held.
    ///
    /// # Errors
    /// `Leased` when another computer does not finish; or what the store says.
    pub(crate) async fn take(
        store: &Arc<dyn SecretStore>,
        id: &AccountId,
    ) -> Result<Option<Self>, StoreError> {
        let Some(shared) = store.shared() else { return Ok(None) };
        let end = Instant::now() + BUDGET;
        while !shared.lease(id).await? {
            if Instant::now() >= end {
                return Err(StoreError::Database(DatabaseError::Leased));
            }
            sleep(PACE).await;
        }
        let keeper = AbortOnDropHandle::new(tokio::spawn(keep(store.clone(), id.clone())));
        Ok(Some(Self { store: store.clone(), id: id.clone(), keeper }))
    }

    /// Lets other computers have it.
    pub(crate) async fn release(self) {
        let Self { store, id, keeper } = self;
        drop(keeper);
        if let Some(shared) = store.shared()
            && !matches!(timeout(RELEASE_LIMIT, shared.release(&id)).await, Ok(Ok(())))
        {
            tracing::info!(account = %id, "a lease could not be given back, and ends by itself");
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
            Err(_) => EXTEND_AGAIN,
        };
    }
}
