//! The secrets of a profile: in a store such as the operating system's keychain, and nowhere else.
//!
//! Each account has two slots. A new credential goes to the slot that does not hold the newest one, in one
//! write, so that at every moment, whatever dies, at least one slot holds a whole credential. The generation
//! counts up with each save; the higher one is the truth. A secret that belongs to no account has one slot.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tunekey_services::{AccountId, Credential, Secret};

use crate::problem::{Problem, ProblemCode};
use crate::store::{
    AskPassphrase, DatabaseError, Interaction, NamedSlot, SecretStore, Side, SlotName, StoreError, StoreKind,
    StoreState,
};

mod own_sign_in;
mod record;
mod shared;

use record::Unreadable;

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

    /// The one after it.
    pub(crate) fn next(self) -> Self {
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

/// Why the store did not do it, and which kind of store that is: its words are those of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", store.says(*error))]
pub struct VaultError {
    /// What kind of store it is.
    pub store: StoreKind,
    /// What it said.
    pub error: StoreError,
}

impl From<VaultError> for Problem {
    fn from(said: VaultError) -> Self {
        let code = match said.error {
            StoreError::Locked => ProblemCode::KeychainLocked,
            StoreError::Denied => ProblemCode::KeychainDenied,
            StoreError::Unreadable(_) => ProblemCode::CredentialUnreadable,
            StoreError::RolledBack => ProblemCode::CredentialRolledBack,
            StoreError::NoIdentity => ProblemCode::IdentityMissing,
            StoreError::WrongIdentity => ProblemCode::IdentityWrong,
            StoreError::ExposedIdentity => ProblemCode::IdentityExposed,
            StoreError::Database(error) => return of_database(error).with_detail(said.to_string()),
            StoreError::Unavailable(_) | StoreError::Silent | StoreError::Moved | StoreError::Failed(_) => {
                ProblemCode::KeychainUnavailable
            }
        };
        let problem = Self::of_store(code, said.store).with_detail(said.to_string());
        match said.error {
            StoreError::Moved => problem.with_words(
                "This profile’s credentials were moved to another store while TuneKey was running. Restart it.",
                "TuneKey 运行期间，本数据目录的凭据已迁移到另一种存储，请重启 TuneKey。",
            ),
            _ => problem,
        }
    }
}

/// What a database says, in its own words.
fn of_database(error: DatabaseError) -> Problem {
    let code = match error {
        DatabaseError::NoPassword | DatabaseError::WrongPassword | DatabaseError::ExposedPassword => {
            ProblemCode::KeychainDenied
        }
        DatabaseError::Leased | DatabaseError::LeaseLost => ProblemCode::ProfileBusy,
        DatabaseError::Unreachable
        | DatabaseError::NoEncryption
        | DatabaseError::PlainAbroad
        | DatabaseError::Untrusted
        | DatabaseError::NoAuthority
        | DatabaseError::NoTables
        | DatabaseError::NewerTables => ProblemCode::KeychainUnavailable,
    };
    let (english, chinese) = error.words();
    Problem::new(code).with_words(english, chinese)
}

/// Why a secret was not saved. The one saved before is still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SaveError {
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] VaultError),
    /// Somebody else has saved another one in the meantime: load it and think again.
    #[error("another process has saved a newer credential")]
    Conflict {
        /// What is there.
        found: Option<Generation>,
    },
    /// It is larger than any credential can be.
    #[error("the credential is too large for the {}", store.noun())]
    TooLarge {
        /// What kind of store it is.
        store: StoreKind,
    },
}

impl From<SaveError> for Problem {
    fn from(error: SaveError) -> Self {
        match error {
            SaveError::Store(error) => error.into(),
            SaveError::Conflict { .. } | SaveError::TooLarge { .. } => {
                Problem::new(ProblemCode::Unexpected).with_detail(error.to_string())
            }
        }
    }
}

/// The secrets of a profile. Cheap to clone; every clone is the same.
///
/// A store cannot compare and swap by itself: whoever saves or forgets a credential MUST hold the account's
/// [`AccountLock`](crate::ledger::AccountLock), and in a store that several computers share its lease. The check of the
/// generation catches those who do not.
#[derive(Debug, Clone)]
pub struct Vault {
    store: Arc<dyn SecretStore>,
    passphrase: Option<Arc<dyn AskPassphrase>>,
}

impl Vault {
    /// The vault in that store.
    pub fn new(store: Arc<dyn SecretStore>) -> Self {
        Self { store, passphrase: None }
    }

    /// The same, with a way to ask for a passphrase whenever a person may be asked for anything.
    pub fn prompting(self, passphrase: Option<Arc<dyn AskPassphrase>>) -> Self {
        Self { passphrase, ..self }
    }

    /// Sees to it that the store can be used now. When it is allowed, the person may be asked to unlock it.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub async fn open(&self, interaction: Interaction<'_>) -> Result<(), VaultError> {
        let probed = self.store.probe(self.with_passphrase(interaction)).await;
        probed.map_err(|error| self.said(error))
    }

    /// Whether the store can be used now. When it is allowed, the person may be asked to unlock it.
    pub async fn state(&self, interaction: Interaction<'_>) -> StoreState {
        match self.open(interaction).await {
            Ok(()) => StoreState::Ready,
            Err(said) => said.error.state().unwrap_or(StoreState::Unavailable),
        }
    }

    /// The account's newest credential; `None` when the store is open and has none.
    ///
    /// # Errors
    /// When the store did not say; that proves nothing about the credential. `Unreadable` when what is there is
    /// damaged or was written by a newer TuneKey.
    pub async fn load(
        &self,
        id: &AccountId,
        interaction: Interaction<'_>,
    ) -> Result<Option<StoredCredential>, VaultError> {
        self.load_since(id, Generation::default(), interaction).await
    }

    /// As [`load`](Self::load), for whoever knows that the generation `least` was saved: where files can be replaced by
    /// older ones, an older credential is an error.
    ///
    /// # Errors
    /// As [`load`](Self::load); `RolledBack` for an older one, `Unreadable` when there is an older one because the
    /// newer one is damaged.
    pub async fn load_since(
        &self,
        id: &AccountId,
        least: Generation,
        interaction: Interaction<'_>,
    ) -> Result<Option<StoredCredential>, VaultError> {
        let sides = self.read(id, interaction).await?;
        match sides.newest() {
            Some(kept) if kept.generation < least && self.kind().can_be_rolled_back() => {
                Err(self.said(if sides.damaged { DAMAGED } else { StoreError::RolledBack }))
            }
            Some(kept) => Ok(Some(kept.clone())),
            None if sides.damaged => Err(self.said(DAMAGED)),
            None => Ok(None),
        }
    }

    /// What kind of store it is in.
    pub fn kind(&self) -> StoreKind {
        self.store.kind()
    }

    /// Saves a credential and reads it back. `expected` is the generation that it replaces: what
    /// [`load`](Self::load) gave, or `None` when it gave none.
    ///
    /// # Errors
    /// With any, the credential that was there before is still there. After [`SaveError::Store`] the new
    /// one may be there, too; saving it once more is right.
    pub async fn save(
        &self,
        credential: &Credential,
        expected: Option<Generation>,
        interaction: Interaction<'_>,
    ) -> Result<Generation, SaveError> {
        let id = &credential.account;
        let sides = self.read(id, interaction).await?;
        let found = sides.newest();
        let generation = match expected {
            Some(replaced) => replaced.next(),
            None => self.last_generation(id).await?.next(),
        };
        if found.map(|kept| kept.generation) != expected {
            // An earlier try that seemed to fail has worked after all.
            if found.is_some_and(|kept| kept.generation == generation && kept.credential == *credential) {
                return Ok(generation);
            }
            return Err(SaveError::Conflict { found: found.map(|kept| kept.generation) });
        }
        self.write(sides.idle(), credential, generation, interaction).await?;
        Ok(generation)
    }

    /// Writes to the store without changing anything, to find out whether it takes writes: before a
    /// request is made whose answer would be lost if it does not. The newest credential is written to the
    /// idle slot as it is.
    ///
    /// # Errors
    /// When the store does not take it.
    pub async fn prove_writable(
        &self,
        id: &AccountId,
        interaction: Interaction<'_>,
    ) -> Result<(), SaveError> {
        let sides = self.read(id, interaction).await?;
        if let Some(kept) = sides.newest() {
            return self.write(sides.idle(), &kept.credential, kept.generation, interaction).await;
        }
        let (slot, line) = (SlotName::proof(id), record::proof());
        self.set(&slot, &line, interaction).await?;
        let kept = self.get(&slot, interaction).await? == Some(line);
        self.delete(&slot, interaction).await?;
        if kept { Ok(()) } else { Err(self.said(NOT_KEPT).into()) }
    }

    /// Deletes the account's credential, and looks whether it is gone. Doing it again, or when there is none, is fine.
    ///
    /// # Errors
    /// When the store did not do it; then some of it may be left, and doing it again is right.
    pub async fn forget(&self, id: &AccountId, interaction: Interaction<'_>) -> Result<(), VaultError> {
        if let Some(shared) = self.store.shared() {
            return shared.remove(id).await.map_err(|error| self.said(error));
        }
        for side in [Side::A, Side::B] {
            self.delete_for_good(&SlotName::credential(id, side), interaction).await?;
        }
        self.delete(&SlotName::proof(id), interaction).await
    }

    /// A secret that belongs to no account; `None` when the store is open and has none there.
    ///
    /// # Errors
    /// When the store did not say. `Unreadable` when what is there is damaged or was written by a newer TuneKey.
    pub async fn named(
        &self,
        slot: &NamedSlot,
        interaction: Interaction<'_>,
    ) -> Result<Option<Secret>, VaultError> {
        let Some(line) = self.get(&slot.slot(), interaction).await? else {
            return Ok(None);
        };
        record::decode_named(slot, &line).map(Some).map_err(|unreadable| match unreadable {
            Unreadable::Damaged => self.said(DAMAGED),
            Unreadable::Newer => self.said(NEWER),
        })
    }

    /// Saves a secret that belongs to no account in the place of what was there, and reads it back.
    ///
    /// # Errors
    /// `TooLarge` for one of more than two kilobytes; otherwise when the store did not do it, and saving it once more
    /// is right.
    pub async fn save_named(
        &self,
        slot: &NamedSlot,
        secret: &Secret,
        interaction: Interaction<'_>,
    ) -> Result<(), SaveError> {
        let line = record::encode_named(slot, secret).map_err(|record::TooLarge| self.too_large())?;
        self.set(&slot.slot(), &line, interaction).await?;
        let kept = self.get(&slot.slot(), interaction).await? == Some(line);
        if kept { Ok(()) } else { Err(self.said(NOT_KEPT).into()) }
    }

    /// Deletes a secret that belongs to no account, and looks whether it is gone. That there is none is fine.
    ///
    /// # Errors
    /// When the store did not do it.
    pub async fn forget_named(
        &self,
        slot: &NamedSlot,
        interaction: Interaction<'_>,
    ) -> Result<(), VaultError> {
        self.delete_for_good(&slot.slot(), interaction).await
    }

    async fn read(&self, id: &AccountId, interaction: Interaction<'_>) -> Result<Sides, VaultError> {
        let mut damaged = false;
        let mut sides = [None, None];
        for (side, content) in [Side::A, Side::B].into_iter().zip(&mut sides) {
            match self.read_side(id, side, interaction).await? {
                Content::StoredCredential(kept) => *content = Some(*kept),
                Content::Nothing => {}
                Content::Damaged => damaged = true,
            }
        }
        let [a, b] = sides;
        Ok(Sides { a, b, damaged })
    }

    async fn read_side(
        &self,
        id: &AccountId,
        side: Side,
        interaction: Interaction<'_>,
    ) -> Result<Content, VaultError> {
        let slot = SlotName::credential(id, side);
        let read = match self.get(&slot, interaction).await {
            Ok(Some(line)) => record::decode(id, &line),
            Ok(None) => return Ok(Content::Nothing),
            Err(VaultError { error: StoreError::Unreadable(_), .. }) => Err(Unreadable::Damaged),
            Err(error) => return Err(error),
        };
        match read {
            Ok(kept) => Ok(Content::StoredCredential(Box::new(kept))),
            // The other slot is the last good one.
            Err(Unreadable::Damaged) => {
                tracing::warn!(%slot, "what is in the store is damaged");
                Ok(Content::Damaged)
            }
            Err(Unreadable::Newer) => Err(self.said(NEWER)),
        }
    }

    /// Writes a slot and reads it back.
    async fn write(
        &self,
        side: Side,
        credential: &Credential,
        generation: Generation,
        interaction: Interaction<'_>,
    ) -> Result<(), SaveError> {
        let id = &credential.account;
        let line = record::encode(credential, generation).map_err(|record::TooLarge| self.too_large())?;
        self.set(&SlotName::credential(id, side), &line, interaction).await?;
        match self.read_side(id, side, interaction).await? {
            Content::StoredCredential(kept)
                if kept.generation == generation && kept.credential == *credential =>
            {
                Ok(())
            }
            Content::StoredCredential(_) | Content::Nothing | Content::Damaged => {
                Err(self.said(NOT_KEPT).into())
            }
        }
    }

    async fn delete_for_good(&self, slot: &SlotName, interaction: Interaction<'_>) -> Result<(), VaultError> {
        self.delete(slot, interaction).await?;
        match self.get(slot, interaction).await? {
            Some(_) => Err(self.said(NOT_DELETED)),
            None => Ok(()),
        }
    }

    async fn get(&self, slot: &SlotName, interaction: Interaction<'_>) -> Result<Option<Secret>, VaultError> {
        let found = self.store.get(slot, self.with_passphrase(interaction)).await;
        found.map_err(|error| self.said(error))
    }

    async fn set(
        &self,
        slot: &SlotName,
        line: &Secret,
        interaction: Interaction<'_>,
    ) -> Result<(), VaultError> {
        let set = self.store.set(slot, line, self.with_passphrase(interaction)).await;
        set.map_err(|error| self.said(error))
    }

    async fn delete(&self, slot: &SlotName, interaction: Interaction<'_>) -> Result<(), VaultError> {
        let deleted = self.store.delete(slot, self.with_passphrase(interaction)).await;
        deleted.map_err(|error| self.said(error))
    }

    /// A person who may be asked can be asked for a passphrase, too, where the front knows how.
    pub(crate) fn with_passphrase<'a>(&'a self, interaction: Interaction<'a>) -> Interaction<'a> {
        match (interaction, &self.passphrase) {
            (Interaction::Allowed, Some(ask)) => Interaction::AllowedWith(&**ask),
            (interaction, _) => interaction,
        }
    }

    fn said(&self, error: StoreError) -> VaultError {
        VaultError { store: self.kind(), error }
    }

    fn too_large(&self) -> SaveError {
        SaveError::TooLarge { store: self.kind() }
    }
}

const DAMAGED: StoreError = StoreError::Unreadable("it is damaged");
const NEWER: StoreError = StoreError::Unreadable("a newer version of TuneKey has written it");
const NOT_DELETED: StoreError = StoreError::Failed("it did not delete what it was told to");
const NOT_KEPT: StoreError = StoreError::Failed("it did not keep what was written");

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
struct Sides {
    a: Option<StoredCredential>,
    b: Option<StoredCredential>,
    /// Whether one of them holds an item that is no whole credential.
    damaged: bool,
}

impl Sides {
    fn newest(&self) -> Option<&StoredCredential> {
        match self.newest_side()? {
            Side::A => self.a.as_ref(),
            Side::B => self.b.as_ref(),
        }
    }

    /// The slot that may be overwritten without losing the newest credential.
    fn idle(&self) -> Side {
        match self.newest_side() {
            Some(Side::A) => Side::B,
            Some(Side::B) | None => Side::A,
        }
    }

    fn newest_side(&self) -> Option<Side> {
        match (&self.a, &self.b) {
            (None, None) => None,
            (Some(_), None) => Some(Side::A),
            (None, Some(_)) => Some(Side::B),
            (Some(a), Some(b)) if a.generation >= b.generation => Some(Side::A),
            (Some(_), Some(_)) => Some(Side::B),
        }
    }
}

#[cfg(test)]
mod tests;
