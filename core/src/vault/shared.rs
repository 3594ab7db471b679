//! What the vault can do in a store that several computers share. In a store of this computer alone, nothing of it is
//! needed, and nothing happens.

use std::sync::Arc;

use tunekey_services::{AccountId, Secret};

use super::{Generation, Vault, VaultError};
use crate::store::{SecretStore, SharedAccount, SharedStoreState, StoreError};

impl Vault {
    /// The store that the secrets are in.
    pub(crate) fn store(&self) -> &Arc<dyn SecretStore> {
        &self.store
    }

    /// Whether other computers use the store, too.
    pub(crate) fn is_shared(&self) -> bool {
        self.store.shared().is_some()
    }

    /// Whether a renewal of an account that is leased was begun, and nobody has said how it ended.
    pub(crate) fn was_interrupted(&self, id: &AccountId) -> bool {
        self.store.shared().is_some_and(|shared| shared.was_interrupted(id))
    }

    /// Writes down that a renewal begins, before the service is asked.
    ///
    /// # Errors
    /// When another computer has leased the account meanwhile, or the store does not do it: then the service must not be
    /// asked.
    pub(crate) async fn begin_renewal(&self, id: &AccountId) -> Result<(), VaultError> {
        match self.store.shared() {
            Some(shared) => self.answered(shared.begin_renewal(id).await),
            None => Ok(()),
        }
    }

    /// Writes down that a renewal has ended without a new key. What cannot be written costs one question more next time.
    pub(crate) async fn end_renewal(&self, id: &AccountId) {
        if let Some(shared) = self.store.shared()
            && let Err(error) = shared.end_renewal(id).await
        {
            tracing::debug!(account = %id, ?error, "that a renewal has ended could not be noted");
        }
    }

    /// The accounts that the store knows; `None` where nobody shares it.
    ///
    /// # Errors
    /// When the store does not say.
    pub(crate) async fn shared_accounts(&self) -> Result<Option<Vec<SharedAccount>>, VaultError> {
        match self.store.shared() {
            Some(shared) => self.answered(shared.accounts().await).map(Some),
            None => Ok(None),
        }
    }

    /// What another computer has said of an account.
    ///
    /// # Errors
    /// When the store does not say.
    pub(crate) async fn description(&self, id: &AccountId) -> Result<Option<Secret>, VaultError> {
        match self.store.shared() {
            Some(shared) => self.answered(shared.description(id).await),
            None => Ok(None),
        }
    }

    /// Says what other computers need to know to show an account. What cannot be said now is said again when the
    /// accounts are looked through.
    pub(crate) async fn describe(&self, id: &AccountId, line: &Secret) {
        if let Some(shared) = self.store.shared()
            && let Err(error) = shared.describe(id, line).await
        {
            tracing::info!(account = %id, ?error, "other computers were not told of an account");
        }
    }

    /// Waits until something may have changed; for ever where nobody else changes anything.
    pub(crate) async fn changed(&self) {
        match self.store.shared() {
            Some(shared) => shared.changed().await,
            None => std::future::pending().await,
        }
    }

    /// How a shared store is; `None` where nobody shares it.
    ///
    /// # Errors
    /// When the store does not say.
    pub(crate) async fn examine(&self) -> Result<Option<SharedStoreState>, VaultError> {
        match self.store.shared() {
            Some(shared) => self.answered(shared.examine().await).map(Some),
            None => Ok(None),
        }
    }

    /// The generation that was saved last, also of an account that has been removed since.
    pub(super) async fn last_generation(&self, id: &AccountId) -> Result<Generation, VaultError> {
        match self.store.shared() {
            Some(shared) => self.answered(shared.last_generation(id).await).map(Generation),
            None => Ok(Generation::default()),
        }
    }

    fn answered<T>(&self, answer: Result<T, StoreError>) -> Result<T, VaultError> {
        answer.map_err(|error| self.said(error))
    }
}
