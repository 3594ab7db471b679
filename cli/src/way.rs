//! What a command says of the sign-in that it wants.

use tunekey_core::{AccountId, Method, Secret, ServiceId};

use crate::args::QrTarget;

/// How to sign in.
pub(crate) struct Way {
    /// To what.
    pub(crate) service: ServiceId,
    /// By what.
    pub(crate) method: Method,
    /// The account that is to be signed in again; any when `None`.
    pub(crate) wanted: Option<AccountId>,
    /// Where a code is drawn; in the terminal when `None`.
    pub(crate) qr: Option<QrTarget>,
    /// What is pasted, when it was read before.
    pub(crate) text: Option<Secret>,
}
