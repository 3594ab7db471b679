//! A token of the local API: 32 random bytes, of which only the SHA-256 is kept.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use rand::Rng as _;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq as _};
use tunekey_services::Secret;

use super::scope::ApiScope;

/// How each begins, so that programs that look for leaked secrets can find one.
const PREFIX: &str = "tunekey_";

/// A token as it is shown: who uses it for what, and not the token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct ApiToken {
    /// The person's name for whoever uses it.
    pub name: String,
    /// What it allows.
    pub scopes: BTreeSet<ApiScope>,
    /// When it was made.
    #[cfg_attr(feature = "typescript", ts(type = "string"))]
    pub created_at: Timestamp,
    /// When it was last used; `None` when it never was, or not since the log was lost.
    #[cfg_attr(feature = "typescript", ts(type = "string | null"))]
    pub last_used_at: Option<Timestamp>,
}

/// Who bears a token that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiCaller {
    /// Which token: never used again for another.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it allows.
    pub scopes: BTreeSet<ApiScope>,
}

/// A token as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TokenRecord {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) scopes: BTreeSet<ApiScope>,
    pub(super) created_at: Timestamp,
    /// The digest in hexadecimal.
    sha256: String,
}

impl TokenRecord {
    /// A new token with its record. It is in no other place from now on than where the caller puts it.
    pub(super) fn new(
        id: String,
        name: String,
        scopes: BTreeSet<ApiScope>,
        created_at: Timestamp,
    ) -> (Self, Secret) {
        let token = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(rand::rng().random::<[u8; 32]>()));
        (Self { id, name, scopes, created_at, sha256: digest(&token) }, token.into())
    }

    /// Whether the text with that digest is this token. Takes as long whether or not it is.
    pub(super) fn is(&self, digest: &str) -> Choice {
        self.sha256.as_bytes().ct_eq(digest.as_bytes())
    }

    /// Who bears it.
    pub(super) fn caller(&self) -> ApiCaller {
        ApiCaller { id: self.id.clone(), name: self.name.clone(), scopes: self.scopes.clone() }
    }
}

/// What is kept of a token: the token is random, so that its digest need not be slow.
pub(super) fn digest(token: &str) -> String {
    format!("{:x}", Sha256::digest(token))
}
