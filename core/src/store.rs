//! The contract of a place that keeps secrets by name, and which one a profile uses. What holds the secrets of
//! accounts in it is the vault.
//!
//! A store can hang, prompt, be locked, be denied, be wiped or not exist. Each of these is a different answer here, and
//! none of them looks like "there is no such secret".

use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tunekey_services::Secret;

mod database_error;
pub(crate) mod file;
pub(crate) mod identity;
pub(crate) mod keychain;
mod kind;
pub(crate) mod line;
pub(crate) mod postgres;
mod sealer;
mod secret_file;
mod shared;
mod slot;
mod target;

pub use database_error::DatabaseError;
pub use keychain::SystemKeychain;
pub(crate) use kind::{EXPOSED_IDENTITY_OF_A_DATABASE, WRONG_IDENTITY_OF_A_DATABASE};
pub use kind::{StoreKind, UnknownStore};
pub use postgres::DatabaseUrl;
pub(crate) use shared::LEASE;
pub use shared::{SharedAccount, SharedStore, SharedStoreState};
pub(crate) use slot::{AccountSlot, Side};
pub use slot::{NamedSlot, SecretKind, SlotName};
pub use target::StoreTarget;

/// A store: one line of printable ASCII, however long, under each name. What tests replace.
#[async_trait]
pub trait SecretStore: Send + Sync + fmt::Debug {
    /// What it is, for the words about it.
    fn kind(&self) -> StoreKind;

    /// What stands under that name; `None` only when the store is there, open, and has nothing there.
    async fn get(&self, slot: &SlotName, interaction: Interaction<'_>) -> Result<Option<Secret>, StoreError>;

    /// Puts a line there in the place of what was there, as a whole. After an error other than
    /// [`StoreError::Locked`] it may or may not have been written, and what was there before may be gone.
    async fn set(
        &self,
        slot: &SlotName,
        line: &Secret,
        interaction: Interaction<'_>,
    ) -> Result<(), StoreError>;

    /// Deletes what stands there; that there is nothing is fine. Whoever has to know that it is gone reads again: some
    /// systems do not say that they have not deleted.
    async fn delete(&self, slot: &SlotName, interaction: Interaction<'_>) -> Result<(), StoreError>;

    /// Whether secrets can be read and written now. When it is [allowed](Interaction::is_allowed), the person may be
    /// asked to unlock the store.
    async fn probe(&self, interaction: Interaction<'_>) -> Result<(), StoreError>;

    /// What it does besides where several computers share it; `None` for a store of this computer alone.
    fn shared(&self) -> Option<&dyn SharedStore> {
        None
    }
}

/// Whether somebody is there who asked for this, and how they can be asked for what opens the store.
#[derive(Debug, Clone, Copy)]
pub enum Interaction<'a> {
    /// Nobody: an answer within 5 s or none, and never a prompt.
    Forbidden,
    /// A person, who may be asked by the system to unlock the store: an answer within 60 s.
    Allowed,
    /// A person, who can be asked for a passphrase, too.
    AllowedWith(&'a dyn AskPassphrase),
}

impl<'a> Interaction<'a> {
    /// Whether a person may be asked for anything.
    pub fn is_allowed(self) -> bool {
        match self {
            Self::Forbidden => false,
            Self::Allowed | Self::AllowedWith(_) => true,
        }
    }

    /// The way to ask the person for a passphrase, if there is one.
    pub fn passphrase(self) -> Option<&'a dyn AskPassphrase> {
        match self {
            Self::Forbidden | Self::Allowed => None,
            Self::AllowedWith(ask) => Some(ask),
        }
    }
}

/// How a front asks the person for what opens a store: a passphrase, or the identity of a [file
/// store](StoreKind::File).
#[async_trait]
pub trait AskPassphrase: Send + Sync + fmt::Debug {
    /// What opens it; `None` when the person gives nothing.
    async fn ask(&self, question: PassphraseQuestion) -> Option<Secret>;
}

/// Why a passphrase is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PassphraseQuestion {
    /// The store is new, and is to be closed with it from now on.
    Choose,
    /// It opens the store.
    Open,
    /// The last one did not open it.
    OpenAgain,
}

/// Whether the store can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export, rename = "KeychainState"))]
#[serde(rename_all = "snake_case")]
pub enum StoreState {
    /// It can.
    Ready,
    /// It exists and is locked.
    Locked,
    /// There is none.
    Unavailable,
    /// It said no.
    Denied,
    /// It does not answer.
    Silent,
}

/// Why the store did not do it. Carries nothing that came from the store: the errors of the libraries below hold
/// secrets in their fields. The words for it are [those of its kind](StoreKind::says).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreError {
    /// It exists and is locked.
    Locked,
    /// There is none.
    Unavailable(&'static str),
    /// It said no.
    Denied,
    /// It did not answer in time.
    Silent,
    /// It holds something there that cannot be read.
    Unreadable(&'static str),
    /// What it holds is older than what was saved last.
    RolledBack,
    /// Nothing that could open it was found or given.
    NoIdentity,
    /// What was found or given does not open it.
    WrongIdentity,
    /// Others could have read what opens it.
    ExposedIdentity,
    /// The profile uses another one by now.
    Moved,
    /// It is a database, which says why.
    Database(DatabaseError),
    /// Something else went wrong with this one call.
    Failed(&'static str),
}

impl StoreError {
    /// What this says of the store as a whole, if it says anything.
    pub fn state(self) -> Option<StoreState> {
        match self {
            Self::Locked | Self::NoIdentity => Some(StoreState::Locked),
            Self::Unavailable(_) | Self::Moved => Some(StoreState::Unavailable),
            Self::Denied | Self::WrongIdentity | Self::ExposedIdentity => Some(StoreState::Denied),
            Self::Silent => Some(StoreState::Silent),
            Self::Database(error) => error.state(),
            Self::Failed(_) | Self::Unreadable(_) | Self::RolledBack => None,
        }
    }
}
