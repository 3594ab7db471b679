//! The credential of a sign-in that a delivery has of its own: in one slot, because it is written once, and deleted when
//! it has been delivered.

use tunekey_services::{AccountId, Credential};

use super::record::{self, Unreadable};
use super::{DAMAGED, Generation, NEWER, NOT_KEPT, SaveError, StoredCredential, Vault, VaultError};
use crate::store::{Interaction, NamedSlot};

impl Vault {
    /// The credential of that account in a slot; `None` when the store is open and has none there.
    ///
    /// # Errors
    /// As [`named`](Self::named).
    pub(crate) async fn own(
        &self,
        slot: &NamedSlot,
        account: &AccountId,
        interaction: Interaction<'_>,
    ) -> Result<Option<StoredCredential>, VaultError> {
        let Some(line) = self.get(&slot.slot(), interaction).await? else { return Ok(None) };
        record::decode(account, &line).map(Some).map_err(|unreadable| match unreadable {
            Unreadable::Damaged => self.said(DAMAGED),
            Unreadable::Newer => self.said(NEWER),
        })
    }

    /// Saves a credential in a slot, in the place of what was there, and reads it back.
    ///
    /// # Errors
    /// When the store did not do it, and saving it once more is right.
    pub(crate) async fn save_own(
        &self,
        slot: &NamedSlot,
        credential: &Credential,
        generation: Generation,
        interaction: Interaction<'_>,
    ) -> Result<(), SaveError> {
        let line = record::encode(credential, generation).map_err(|record::TooLarge| self.too_large())?;
        self.set(&slot.slot(), &line, interaction).await?;
        let kept = self.get(&slot.slot(), interaction).await? == Some(line);
        if kept { Ok(()) } else { Err(self.said(NOT_KEPT).into()) }
    }
}
