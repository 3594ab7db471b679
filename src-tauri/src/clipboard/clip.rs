//! A cookie on its way to the clipboard, and what the page may know of it once it is there. No secret is in the latter.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use tunekey_core::{AccountId, Format, Health, Scope, Secret};

/// What the window may know of a copied cookie.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub(crate) struct Clip {
    /// Whose cookie it is.
    #[cfg_attr(feature = "typescript", ts(type = "string"))]
    pub(crate) account: AccountId,
    /// The shape that it was copied in.
    pub(crate) format: Format,
    /// How much of the credential it carries: a minimal one only plays.
    pub(crate) scope: Scope,
    /// How its account was doing when it was copied: a cookie that no longer works is not handed out without a word.
    pub(crate) health: Health,
    /// After how many seconds it is cleared.
    pub(crate) seconds: u32,
    /// When it is cleared.
    #[cfg_attr(feature = "typescript", ts(type = "string"))]
    pub(crate) until: Timestamp,
}

/// A cookie on its way to the clipboard.
#[derive(Debug)]
pub(crate) struct CookieCopy {
    pub(crate) text: Secret,
    pub(crate) account: AccountId,
    pub(crate) format: Format,
    pub(crate) scope: Scope,
    pub(crate) health: Health,
    /// After how many seconds it is cleared.
    pub(crate) seconds: u32,
}

impl CookieCopy {
    /// What the window may know of it, if it is put there now.
    pub(crate) fn clip(self, now: Timestamp) -> Clip {
        let Self { text: _, account, format, scope, health, seconds } = self;
        let until = now + SignedDuration::from_secs(seconds.into());
        Clip { account, format, scope, health, seconds, until }
    }
}
