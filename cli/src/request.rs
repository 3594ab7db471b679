//! The sign-in that a command asks for. For `sign_in.rs` and `steps.rs`.

use tunekey_browser::InstalledBrowser;
use tunekey_core::{AccountId, DeliveryId, Method, Secret, ServiceId};

use crate::args::QrTarget;

/// The sign-in that a command asks for.
pub(crate) struct SignInRequest {
    pub(crate) service: ServiceId,
    pub(crate) method: Method,
    /// The account that is to be signed in again; any when `None`.
    pub(crate) wanted: Option<AccountId>,
    /// Where a code is drawn; in the terminal when `None`.
    pub(crate) qr: Option<QrTarget>,
    /// The text to import, when it was read before the sign-in began.
    pub(crate) text: Option<Secret>,
    /// What shows the service's own page, where a method needs that.
    pub(crate) browser: Option<InstalledBrowser>,
    /// The delivery that it is for, if it is for one alone.
    pub(crate) delivery: Option<DeliveryId>,
}

impl SignInRequest {
    /// A sign-in of any account, by a method.
    pub(crate) fn new(service: ServiceId, method: Method) -> Self {
        Self { service, method, wanted: None, qr: None, text: None, browser: None, delivery: None }
    }
}
