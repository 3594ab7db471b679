//! A secret on its way to the clipboard, and what the page may know of it once it is there. No secret is in the latter.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use tunekey_core::{AccountId, Format, Health, Scope, Secret};

/// What the window may know of a copied secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub(crate) struct Clip {
    /// What it is.
    #[serde(flatten)]
    pub(crate) content: ClipContent,
    /// After how many seconds it is cleared.
    pub(crate) seconds: u32,
    /// When it is cleared.
    #[cfg_attr(feature = "typescript", ts(type = "string"))]
    pub(crate) until: Timestamp,
}

/// What a copied secret is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum ClipContent {
    /// A cookie.
    Cookie {
        /// Whose cookie it is.
        #[cfg_attr(feature = "typescript", ts(type = "string"))]
        account: AccountId,
        /// The shape that it was copied in.
        format: Format,
        /// How much of the credential it carries: a minimal one only plays.
        scope: Scope,
        /// How its account was doing when it was copied: a cookie that no longer works is not handed out without a word.
        health: Health,
    },
    /// A token of the local API.
    Token {
        /// Whose token it is.
        name: String,
    },
}

/// A secret on its way to the clipboard.
#[derive(Debug)]
pub(crate) struct SecretCopy {
    pub(crate) text: Secret,
    pub(crate) content: ClipContent,
    /// After how many seconds it is cleared.
    pub(crate) seconds: u32,
}

impl SecretCopy {
    /// What the window may know of it, if it is put there now.
    pub(crate) fn clip(self, now: Timestamp) -> Clip {
        let Self { text: _, content, seconds } = self;
        Clip { content, seconds, until: now + SignedDuration::from_secs(seconds.into()) }
    }
}
