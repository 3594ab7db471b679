//! Where a person wants secrets to be kept.

use tunekey_services::Secret;

use super::line::exposed;
use super::{DatabaseUrl, StoreKind};
use crate::problem::Problem;

/// A store as a person names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreTarget {
    /// The operating system's keychain.
    Keychain,
    /// Encrypted files in the profile.
    File,
    /// A database.
    Postgres(DatabaseUrl),
}

impl StoreTarget {
    /// Reads `keychain`, `file` or the address of a database.
    ///
    /// # Errors
    /// `InvalidInput` for anything else. It does not repeat what was given, which may have a password in it.
    pub fn parse(text: &Secret) -> Result<Self, Problem> {
        let text = exposed(text);
        match text.parse() {
            Ok(StoreKind::Keychain) => Ok(Self::Keychain),
            Ok(StoreKind::File) => Ok(Self::File),
            Ok(StoreKind::Postgres) | Err(_) => DatabaseUrl::parse(text).map(Self::Postgres),
        }
    }

    /// What kind of store it is.
    pub fn kind(&self) -> StoreKind {
        match self {
            Self::Keychain => StoreKind::Keychain,
            Self::File => StoreKind::File,
            Self::Postgres(_) => StoreKind::Postgres,
        }
    }

    /// How it is named on the command line.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Keychain | Self::File => self.kind().as_str(),
            Self::Postgres(url) => url.as_str(),
        }
    }
}
