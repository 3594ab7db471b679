//! The events that the desktop app itself sends to the page. Those of the core go by the same name, from
//! `core_events.rs`. Any file above `clipboard.rs`, `preferences.rs` and `api_status.rs` may use this.

use serde::Serialize;
use tauri::{AppHandle, Emitter as _};
use tunekey_core::{AccountId, Delivery, DeliveryId, ServiceId, SignInId, SignInStep};

use crate::api_status::ApiStatus;
use crate::clipboard::Clip;
use crate::preferences::Preferences;

/// The name of every event that is sent to the page.
const EVENT_NAME: &str = "tunekey";

/// What the desktop app itself has to say. Like the core's events, each carries the whole new state of one thing.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum DesktopEvent {
    /// A sign-in has come to another step.
    SignIn {
        /// Which sign-in. Later ones have larger numbers.
        #[cfg_attr(feature = "typescript", ts(type = "number"))]
        id: SignInId,
        /// Where it stands.
        step: SignInStep,
    },
    /// The window's preferences have changed.
    Preferences {
        /// All of them.
        preferences: Preferences,
    },
    /// Our text has been put on the clipboard, or has left it.
    Clipboard {
        /// What is there now; `None` when it is no longer ours.
        clip: Option<Clip>,
    },
    /// The local API was switched, somebody used it, or others may.
    LocalApi {
        /// How it stands.
        status: ApiStatus,
    },
    /// Something outside the window, such as the tray, asks for a view.
    Open {
        /// Which view.
        view: OpenView,
        /// About which account, if about one.
        #[cfg_attr(feature = "typescript", ts(type = "string | null"))]
        account: Option<AccountId>,
        /// For which service, if for one.
        service: Option<ServiceId>,
        /// Which delivery, if it is about one.
        #[cfg_attr(feature = "typescript", ts(type = "string | null"))]
        delivery: Option<DeliveryId>,
    },
}

/// A view that can be asked for from outside the window.
#[derive(Debug, Clone, Copy, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub(crate) enum OpenView {
    /// An account.
    Accounts,
    /// Adding an account, or signing in to one again.
    Add,
}

impl DesktopEvent {
    /// Asks for the view in which an account is signed in again.
    pub(crate) fn open_sign_in(account: AccountId) -> Self {
        let service = Some(account.service);
        Self::Open { view: OpenView::Add, account: Some(account), service, delivery: None }
    }

    /// Asks for the accounts.
    pub(crate) fn open_accounts() -> Self {
        Self::Open { view: OpenView::Accounts, account: None, service: None, delivery: None }
    }

    /// Asks for the view of an account.
    pub(crate) fn open_account(account: AccountId) -> Self {
        let service = Some(account.service);
        Self::Open { view: OpenView::Accounts, account: Some(account), service, delivery: None }
    }

    /// Asks for the view of a delivery.
    pub(crate) fn open_delivery(Delivery { id, account, .. }: &Delivery) -> Self {
        let (service, account) = (Some(account.service), Some(account.clone()));
        Self::Open { view: OpenView::Accounts, account, service, delivery: Some(id.clone()) }
    }
}

/// Sends an event to the page. A failure is logged.
pub(crate) fn emit<E: Serialize + Clone>(app: &AppHandle, event: &E) {
    if let Err(error) = app.emit(EVENT_NAME, event) {
        tracing::warn!(%error, "the event was not sent");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_have_the_shape_that_the_window_expects() {
        let open = DesktopEvent::Open {
            view: OpenView::Add,
            account: Some(AccountId::new(ServiceId::new("qqmusic"), "10001")),
            service: Some(ServiceId::new("qqmusic")),
            delivery: None,
        };
        let expected = serde_json::json!({"kind": "open", "view": "add", "account": "qqmusic:10001", "service": "qqmusic", "delivery": null});
        assert_eq!(serde_json::to_value(open).expect("events are plain data"), expected);
        let cleared =
            serde_json::to_value(DesktopEvent::Clipboard { clip: None }).expect("events are plain data");
        assert_eq!(
            cleared,
            serde_json::json!({"kind": "clipboard", "clip": null}),
            "null says that it is gone"
        );
    }
}
