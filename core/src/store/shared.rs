//! What a store does besides when several computers use it: who may change an account now, and which accounts there are.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use tunekey_services::{AccountId, Secret};

use super::StoreError;

/// For how long an account is leased: longer than a renewal with all its retries takes. It is renewed meanwhile.
pub(crate) const LEASE: Duration = Duration::from_secs(120);

/// A store that several computers share. Whoever writes an account's credential must have leased the account: the write
/// takes effect only as long as nobody else has.
#[async_trait]
pub trait SharedStore: Send + Sync + fmt::Debug {
    /// Leases an account to this computer for two minutes, by the clock of the store, under a name that no other lease
    /// has. False when another computer has it. After an error it may have been leased all the same.
    async fn lease(&self, id: &AccountId, name: &str) -> Result<bool, StoreError>;

    /// Leases it for two more minutes.
    ///
    /// # Errors
    /// [`DatabaseError::LeaseLost`](super::DatabaseError::LeaseLost) when another computer has leased it since.
    async fn extend(&self, id: &AccountId) -> Result<(), StoreError>;

    /// Lets others have it, if the lease of that name is still the one that it has.
    async fn release(&self, id: &AccountId, name: &str) -> Result<(), StoreError>;

    /// Whether a renewal of the account that this computer has leased was begun, and nobody has said how it ended: the
    /// service may have issued a key that was lost.
    fn was_interrupted(&self, id: &AccountId) -> bool;

    /// Writes down that a renewal begins, before the service is asked.
    async fn begin_renewal(&self, id: &AccountId) -> Result<(), StoreError>;

    /// Writes down that it has ended without a new key. A new key says so by itself.
    async fn end_renewal(&self, id: &AccountId) -> Result<(), StoreError>;

    /// Every account that the store knows, without what is encrypted.
    async fn accounts(&self) -> Result<Vec<SharedAccount>, StoreError>;

    /// The generation that was saved last for an account, even when its credential has been removed since; 0 for none.
    async fn last_generation(&self, id: &AccountId) -> Result<u64, StoreError>;

    /// What was last said of an account with [`describe`](Self::describe).
    async fn description(&self, id: &AccountId) -> Result<Option<Secret>, StoreError>;

    /// Says what other computers need to know to show an account that has a credential: one line of printable ASCII.
    async fn describe(&self, id: &AccountId, line: &Secret) -> Result<(), StoreError>;

    /// Removes an account for every computer.
    async fn remove(&self, id: &AccountId) -> Result<(), StoreError>;

    /// Waits until something may have changed. A hint, which need not come.
    async fn changed(&self);

    /// How the store is.
    async fn examine(&self) -> Result<SharedStoreState, StoreError>;
}

/// An account of a shared store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedAccount {
    /// Which.
    pub id: AccountId,
    /// The newest generation of its credential.
    pub generation: u64,
    /// Whether there is a credential.
    pub has_credential: bool,
    /// Whether it was described: before, its credential is only about to come.
    pub is_described: bool,
    /// Whether a person has removed it.
    pub is_removed: bool,
}

/// How a shared store is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedStoreState {
    /// The version of the program that keeps it.
    pub server_version: String,
    /// The version of its tables.
    pub table_version: i32,
    /// Whom what it keeps is encrypted to.
    pub recipient: String,
    /// What time it says it is.
    pub time: Timestamp,
}
