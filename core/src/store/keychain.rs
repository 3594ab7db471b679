//! The operating system's keychain as a store: the Secret Service on Linux, the login keychain on macOS, the Credential
//! Manager on Windows. It keeps named items; how long one may be differs.

use async_trait::async_trait;
use tunekey_services::Secret;

use super::{Interaction, SecretStore, SlotName, StoreError, StoreKind};

mod items;
mod pieces;
#[cfg(test)]
pub(crate) mod sim;
mod thread;

use pieces::InPieces;
use thread::KeychainThread;

/// The operating system's keychain.
#[derive(Debug)]
pub struct SystemKeychain(InPieces<KeychainThread>);

impl SystemKeychain {
    /// The items with this service name. Does not touch the keychain yet.
    pub fn new(service: impl Into<String>) -> Self {
        Self(InPieces::new(KeychainThread::new(service), thread::LARGEST_ITEM))
    }
}

#[async_trait]
impl SecretStore for SystemKeychain {
    fn kind(&self) -> StoreKind {
        self.0.kind()
    }

    async fn get(&self, slot: &SlotName, interaction: Interaction<'_>) -> Result<Option<Secret>, StoreError> {
        self.0.get(slot, interaction).await
    }

    async fn set(
        &self,
        slot: &SlotName,
        line: &Secret,
        interaction: Interaction<'_>,
    ) -> Result<(), StoreError> {
        self.0.set(slot, line, interaction).await
    }

    async fn delete(&self, slot: &SlotName, interaction: Interaction<'_>) -> Result<(), StoreError> {
        self.0.delete(slot, interaction).await
    }

    async fn probe(&self, interaction: Interaction<'_>) -> Result<(), StoreError> {
        self.0.probe(interaction).await
    }
}
