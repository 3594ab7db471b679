//! Where credentials live: the operating system's keychain, and nowhere else.
//!
//! Each account has two slots. A new credential goes to the slot that does not hold the newest one, in one
//! write, so that at every moment, whatever dies, at least one slot holds a whole credential. The generation
//! counts up with each save; the higher one is the truth.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tunekey_services::{AccountId, Credential, Secret};

use crate::problem::{Problem, ProblemCode};
use crate::vault::keychain::KeychainState;

pub(crate) mod keychain;
mod record;
#[cfg(test)]
pub(crate) mod sim;

use keychain::{Interaction, Keychain, KeychainError};
use record::{Encoded, Head, MAX_PIECES, Unreadable};

/// Counts the saves of one account's credential.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Generation(u64);

impl Generation {
    /// The one of that number.
    pub fn new(number: u64) -> Self {
        Self(number)
    }

    /// Its number.
    pub fn number(self) -> u64 {
        self.0
    }

    fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// A credential as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCredential {
    /// The credential.
    pub credential: Credential,
    /// Which save wrote it.
    pub generation: Generation,
}

/// Why a credential was not saved. The one saved before is still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SaveError {
    /// The keychain did not do it.
    #[error(transparent)]
    Keychain(#[from] KeychainError),
    /// Somebody else has saved another one in the meantime: load it and think again.
    #[error("another process has saved a newer credential")]
    Conflict {
        /// What is there.
        found: Option<Generation>,
    },
    /// It is larger than any credential can be.
    #[error("the credential is too large for the keychain")]
    TooLarge,
}

impl From<SaveError> for KeychainError {
    fn from(error: SaveError) -> Self {
        match error {
            SaveError::Keychain(error) => error,
            SaveError::Conflict { .. } => Self::Failed("another process has saved a newer credential"),
            SaveError::TooLarge => Self::Failed("the credential is too large for the keychain"),
        }
    }
}

impl From<SaveError> for Problem {
    fn from(error: SaveError) -> Self {
        match error {
            SaveError::Keychain(error) => error.into(),
            SaveError::Conflict { .. } | SaveError::TooLarge => {
                Problem::new(ProblemCode::Unexpected).with_detail(error.to_string())
            }
        }
    }
}

/// The credentials of a profile. Cheap to clone; every clone is the same.
///
/// A keychain cannot compare and swap by itself: whoever saves or forgets MUST hold the account's
/// [`AccountLock`](crate::ledger::AccountLock). The check of the generation catches those who do not.
#[derive(Debug, Clone)]
pub struct Vault {
    keychain: Arc<dyn Keychain>,
}

impl Vault {
    /// The vault in that keychain.
    pub fn new(keychain: Arc<dyn Keychain>) -> Self {
        Self { keychain }
    }

    /// Whether the keychain can be used now. With [`Interaction::Allowed`] it may ask the person to unlock it.
    pub async fn state(&self, interaction: Interaction) -> KeychainState {
        match self.keychain.probe(interaction).await {
            Ok(()) => KeychainState::Ready,
            Err(error) => error.state().unwrap_or(KeychainState::Unavailable),
        }
    }

    /// The account's newest credential; `None` when the keychain is open and has none.
    ///
    /// # Errors
    /// When the keychain did not say; that proves nothing about the credential. `Unreadable` when what is there is
    /// damaged or was written by a newer TuneKey.
    pub async fn load(
        &self,
        id: &AccountId,
        interaction: Interaction,
    ) -> Result<Option<StoredCredential>, KeychainError> {
        let slots = self.read(id, interaction).await?;
        match slots.newest() {
            Some(kept) => Ok(Some(kept.clone())),
            None if slots.damaged => Err(KeychainError::Unreadable("it is damaged")),
            None => Ok(None),
        }
    }

    /// Saves a credential and reads it back. `expected` is the generation that it replaces: what
    /// [`load`](Self::load) gave, or `None` when it gave none.
    ///
    /// # Errors
    /// With any, the credential that was there before is still there. After [`SaveError::Keychain`] the new
    /// one may be there, too; saving it once more is right.
    pub async fn save(
        &self,
        credential: &Credential,
        expected: Option<Generation>,
        interaction: Interaction,
    ) -> Result<Generation, SaveError> {
        let id = &credential.account;
        let slots = self.read(id, interaction).await?;
        let found = slots.newest();
        let generation = expected.unwrap_or_default().next();
        if found.map(|kept| kept.generation) != expected {
            // An earlier try that seemed to fail has worked after all.
            if found.is_some_and(|kept| kept.generation == generation && kept.credential == *credential) {
                return Ok(generation);
            }
            return Err(SaveError::Conflict { found: found.map(|kept| kept.generation) });
        }
        self.write(slots.idle(), credential, generation, interaction).await?;
        Ok(generation)
    }

    /// Writes to the keychain without changing anything, to find out whether it takes writes: before a
    /// request is made whose answer would be lost if it does not. The newest credential is written to the
    /// idle slot as it is.
    ///
    /// # Errors
    /// When the keychain does not take it.
    pub async fn prove_writable(&self, id: &AccountId, interaction: Interaction) -> Result<(), SaveError> {
        let slots = self.read(id, interaction).await?;
        if let Some(kept) = slots.newest() {
            return self.write(slots.idle(), &kept.credential, kept.generation, interaction).await;
        }
        let name = format!("{}:probe", prefix(id));
        let line = Secret::new(r#"{"v":1,"probe":true}"#);
        self.keychain.set(&name, &line, interaction).await?;
        let kept = self.keychain.get(&name, interaction).await? == Some(line);
        self.keychain.delete(&name, interaction).await?;
        if kept { Ok(()) } else { Err(NOT_KEPT.into()) }
    }

    /// Deletes the account's credential, and looks whether it is gone: on macOS the library drops what the keychain
    /// says to a deletion. Doing it again, or when there is none, is fine.
    ///
    /// # Errors
    /// When the keychain did not do it; then some of it may be left, and doing it again is right.
    pub async fn forget(&self, id: &AccountId, interaction: Interaction) -> Result<(), KeychainError> {
        for slot in [Slot::A, Slot::B] {
            let name = head_name(id, slot);
            self.keychain.delete(&name, interaction).await?;
            if self.keychain.get(&name, interaction).await?.is_some() {
                return Err(NOT_DELETED);
            }
            self.sweep(id, slot, 0, interaction).await?;
        }
        self.keychain.delete(&format!("{}:probe", prefix(id)), interaction).await
    }

    async fn read(&self, id: &AccountId, interaction: Interaction) -> Result<Slots, KeychainError> {
        let mut damaged = false;
        let mut slots = [None, None];
        for (slot, content) in [Slot::A, Slot::B].into_iter().zip(&mut slots) {
            match self.read_slot(id, slot, interaction).await? {
                Content::StoredCredential(kept) => *content = Some(*kept),
                Content::Nothing => {}
                Content::Damaged => damaged = true,
            }
        }
        let [a, b] = slots;
        Ok(Slots { a, b, damaged })
    }

    async fn read_slot(
        &self,
        id: &AccountId,
        slot: Slot,
        interaction: Interaction,
    ) -> Result<Content, KeychainError> {
        let Some(line) = self.keychain.get(&head_name(id, slot), interaction).await? else {
            return Ok(Content::Nothing);
        };
        let read = match record::decode_head(id, &line) {
            Ok(Head::Whole(kept)) => Ok(kept),
            Ok(Head::Pieces(pieces)) => {
                let mut lines = Vec::with_capacity(pieces.count());
                for index in 0..pieces.count() {
                    match self.keychain.get(&piece_name(id, slot, index), interaction).await? {
                        Some(line) => lines.push(line),
                        None => break,
                    }
                }
                pieces.join(id, &lines)
            }
            Err(unreadable) => Err(unreadable),
        };
        match read {
            Ok(kept) => Ok(Content::StoredCredential(Box::new(kept))),
            // The other slot is the last good one.
            Err(Unreadable::Damaged) => {
                tracing::warn!(account = %id, slot = slot.as_str(), "a keychain item is damaged");
                Ok(Content::Damaged)
            }
            Err(Unreadable::Newer) => {
                Err(KeychainError::Unreadable("a newer version of TuneKey has written it"))
            }
        }
    }

    /// Writes a slot, the head last, and reads it back.
    async fn write(
        &self,
        slot: Slot,
        credential: &Credential,
        generation: Generation,
        interaction: Interaction,
    ) -> Result<(), SaveError> {
        let id = &credential.account;
        let Encoded { head, pieces } =
            record::encode(credential, generation).map_err(|record::TooLarge| SaveError::TooLarge)?;
        for (index, piece) in pieces.iter().enumerate() {
            self.keychain.set(&piece_name(id, slot, index), piece, interaction).await?;
        }
        self.keychain.set(&head_name(id, slot), &head, interaction).await?;
        match self.read_slot(id, slot, interaction).await? {
            Content::StoredCredential(kept)
                if kept.generation == generation && kept.credential == *credential => {}
            Content::StoredCredential(_) | Content::Nothing | Content::Damaged => return Err(NOT_KEPT.into()),
        }
        // The credential is safe; pieces of an older one are litter, and the next save sweeps, too.
        if let Err(error) = self.sweep(id, slot, pieces.len(), interaction).await {
            tracing::debug!(account = %id, %error, "old keychain pieces could not be removed");
        }
        Ok(())
    }

    /// Deletes the slot's pieces from `first` on. From the last one down: where one is missing, none follows.
    async fn sweep(
        &self,
        id: &AccountId,
        slot: Slot,
        first: usize,
        interaction: Interaction,
    ) -> Result<(), KeychainError> {
        let mut end = first;
        while end < MAX_PIECES && self.keychain.get(&piece_name(id, slot, end), interaction).await?.is_some()
        {
            end += 1;
        }
        for index in (first..end).rev() {
            self.keychain.delete(&piece_name(id, slot, index), interaction).await?;
        }
        Ok(())
    }
}

const NOT_DELETED: KeychainError = KeychainError::Failed("it did not delete what it was told to");
const NOT_KEPT: KeychainError = KeychainError::Failed("it did not keep what was written");

/// One of an account's two places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slot {
    A,
    B,
}

impl Slot {
    fn as_str(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::B => "b",
        }
    }
}

/// What one slot holds.
#[derive(Debug)]
enum Content {
    /// A credential.
    StoredCredential(Box<StoredCredential>),
    /// No item.
    Nothing,
    /// An item that is no whole credential.
    Damaged,
}

/// What the two slots hold.
#[derive(Debug)]
struct Slots {
    a: Option<StoredCredential>,
    b: Option<StoredCredential>,
    /// Whether one of them holds an item that is no whole credential.
    damaged: bool,
}

impl Slots {
    fn newest(&self) -> Option<&StoredCredential> {
        match self.newest_slot()? {
            Slot::A => self.a.as_ref(),
            Slot::B => self.b.as_ref(),
        }
    }

    /// The slot that may be overwritten without losing the newest credential.
    fn idle(&self) -> Slot {
        match self.newest_slot() {
            Some(Slot::A) => Slot::B,
            Some(Slot::B) | None => Slot::A,
        }
    }

    fn newest_slot(&self) -> Option<Slot> {
        match (&self.a, &self.b) {
            (None, None) => None,
            (Some(_), None) => Some(Slot::A),
            (None, Some(_)) => Some(Slot::B),
            (Some(a), Some(b)) if a.generation >= b.generation => Some(Slot::A),
            (Some(_), Some(_)) => Some(Slot::B),
        }
    }
}

/// The user name that all items of an account begin with.
fn prefix(id: &AccountId) -> String {
    format!("v1:{}:{}", id.service, id.uid)
}

fn head_name(id: &AccountId, slot: Slot) -> String {
    format!("{}:{}", prefix(id), slot.as_str())
}

fn piece_name(id: &AccountId, slot: Slot, index: usize) -> String {
    format!("{}:{}:c{index}", prefix(id), slot.as_str())
}

#[cfg(test)]
mod tests;
