//! What every keychain is: named items of one line.

use std::fmt;

use async_trait::async_trait;
use tunekey_services::Secret;

use crate::store::{Interaction, StoreError};

/// The items of a keychain. Each call is about one of them.
#[async_trait]
pub(crate) trait Items: Send + Sync + fmt::Debug {
    /// The item of that name; `None` only when the keychain is there, open, and has none.
    async fn get(&self, name: &str, interaction: Interaction<'_>) -> Result<Option<Secret>, StoreError>;

    /// Makes or replaces the item of that name, as a whole. After an error other than
    /// [`StoreError::Locked`] it may or may not have been written.
    async fn set(&self, name: &str, line: &Secret, interaction: Interaction<'_>) -> Result<(), StoreError>;

    /// Deletes the item of that name; that there is none is fine.
    async fn delete(&self, name: &str, interaction: Interaction<'_>) -> Result<(), StoreError>;

    /// Whether items can be read and written now. When it is allowed, the person may be asked to unlock.
    async fn probe(&self, interaction: Interaction<'_>) -> Result<(), StoreError>;
}
