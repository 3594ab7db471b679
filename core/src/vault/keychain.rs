//! The operating system's keychain, as little of it as we need: named one-line items.
//!
//! A keychain can hang, prompt, be locked, be denied, be wiped or not exist. Each of these is a different
//! answer here, and none of them looks like "there is no such item".

use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tunekey_services::Secret;

use crate::problem::{Problem, ProblemCode};

mod system;

pub use system::SystemKeychain;

/// Whether somebody is there who asked for this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interaction {
    /// Nobody: an answer within 5 s or none, and never a prompt.
    Forbidden,
    /// A person, who may be asked to unlock the keychain: an answer within 60 s.
    Allowed,
}

/// Whether the keychain can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum KeychainState {
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

/// A keychain: items of one line of printable ASCII by name. What tests replace.
#[async_trait]
pub trait Keychain: Send + Sync + fmt::Debug {
    /// The item of that name; `None` only when the keychain is there, open, and has none.
    async fn get(&self, name: &str, interaction: Interaction) -> Result<Option<Secret>, KeychainError>;

    /// Makes or replaces the item of that name, as a whole. After an error other than
    /// [`KeychainError::Locked`] it may or may not have been written.
    async fn set(&self, name: &str, line: &Secret, interaction: Interaction) -> Result<(), KeychainError>;

    /// Deletes the item of that name; that there is none is fine.
    async fn delete(&self, name: &str, interaction: Interaction) -> Result<(), KeychainError>;

    /// Whether items can be read and written now. With [`Interaction::Allowed`] the person may be asked to unlock.
    async fn probe(&self, interaction: Interaction) -> Result<(), KeychainError>;
}

/// Why the keychain did not do it. Carries nothing that came from the keychain: the errors of the libraries
/// below hold secrets in their fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeychainError {
    /// It exists and is locked.
    #[error("the keychain is locked")]
    Locked,
    /// There is none.
    #[error("there is no keychain: {0}")]
    Unavailable(&'static str),
    /// It said no.
    #[error("the keychain denies access")]
    Denied,
    /// It did not answer in time.
    #[error("the keychain does not answer")]
    Silent,
    /// It holds the item, which cannot be read.
    #[error("the item cannot be read: {0}")]
    Unreadable(&'static str),
    /// Something else went wrong with this one call.
    #[error("the keychain failed: {0}")]
    Failed(&'static str),
}

impl KeychainError {
    /// What this says of the keychain as a whole, if it says anything.
    pub fn state(self) -> Option<KeychainState> {
        match self {
            Self::Locked => Some(KeychainState::Locked),
            Self::Unavailable(_) => Some(KeychainState::Unavailable),
            Self::Denied => Some(KeychainState::Denied),
            Self::Silent => Some(KeychainState::Silent),
            Self::Failed(_) | Self::Unreadable(_) => None,
        }
    }
}

impl From<KeychainError> for Problem {
    fn from(error: KeychainError) -> Self {
        let code = match error {
            KeychainError::Locked => ProblemCode::KeychainLocked,
            KeychainError::Denied => ProblemCode::KeychainDenied,
            KeychainError::Unreadable(_) => ProblemCode::CredentialUnreadable,
            KeychainError::Unavailable(_) | KeychainError::Silent | KeychainError::Failed(_) => {
                ProblemCode::KeychainUnavailable
            }
        };
        Problem::new(code).with_detail(error.to_string())
    }
}
