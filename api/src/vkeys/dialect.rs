//! What tells one service's vkeys routes from the other's.

use serde_json::Value;
use tunekey_core::{AccountId, CookieMap, Credential, Method, ServiceId};

use super::parameters::Parameters;
use super::wrong::Wrong;

/// A service in that shape.
#[derive(Clone, Copy)]
pub(super) struct Dialect {
    /// The service.
    pub(super) service: fn() -> ServiceId,
    /// The ways in by a code, the usual one first.
    pub(super) methods: &'static [Method],
    /// Reads what is to be renewed.
    pub(super) read: fn(&Parameters) -> Result<Given, Wrong>,
    /// Parameters that are refused, and why.
    pub(super) refused: &'static [(&'static str, Wrong)],
    /// Writes a credential as `cookie`.
    pub(super) cookie: fn(&Credential) -> Value,
}

/// What is to be renewed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Given {
    /// The account, where it is named.
    pub(super) account: Option<AccountId>,
    /// The credential under the names that the service uses; `None` when it is not given.
    pub(super) fields: Option<CookieMap>,
}
