//! What the window is told: the core's events, and what happens in the desktop app itself.

use std::collections::BTreeSet;

use serde::Serialize;
use tauri::{AppHandle, Emitter as _, Manager as _};
use tokio::sync::broadcast::error::RecvError;
use tunekey_core::{AccountId, Event, ServiceId, SignInStep, Snapshot, TuneKey};

use crate::app::Desktop;
use crate::copying::Clip;
use crate::preferences::Preferences;
use crate::tray::Tray;

/// The one name under which the window hears everything.
const NAME: &str = "tunekey";

/// What the desktop app itself has to say. Like the core's events, each carries the whole new state of one thing.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum DesktopEvent {
    /// A sign-in has come to another step.
    SignIn {
        /// Which sign-in. Later ones have larger numbers.
        id: u32,
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
    /// Something outside the window, such as the tray, asks for a view.
    Open {
        /// Which view.
        view: OpenView,
        /// About which account, if about one.
        #[cfg_attr(feature = "typescript", ts(type = "string | null"))]
        account: Option<AccountId>,
        /// For which service, if for one.
        service: Option<ServiceId>,
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

/// Tells the window.
pub(crate) fn emit<E: Serialize + Clone>(app: &AppHandle, event: &E) {
    if let Err(error) = app.emit(NAME, event) {
        tracing::warn!(%error, "the window was not told");
    }
}

/// Passes the core's events on to the window, and has the tray look again after each, until the app ends.
pub(crate) fn forward(app: &AppHandle, tray: Tray) {
    let core = app.state::<Desktop>().core.clone();
    // Subscribed before anything else is asked of the core, so that no change falls in between.
    let mut events = core.events();
    let changed = tray.follow(app);
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let mut known = ids(&core);
        loop {
            match events.recv().await {
                Ok(event) => {
                    note(&mut known, &event);
                    emit(&app, &event);
                }
                Err(RecvError::Lagged(_)) => {
                    for event in catch_up(core.snapshot(), &mut known) {
                        emit(&app, &event);
                    }
                }
                Err(RecvError::Closed) => return,
            }
            changed.notify_one();
        }
    });
}

fn ids(core: &TuneKey) -> BTreeSet<AccountId> {
    core.snapshot().accounts.into_iter().map(|account| account.id).collect()
}

fn note(known: &mut BTreeSet<AccountId>, event: &Event) {
    match event {
        Event::Account { account } => {
            known.insert(account.id.clone());
        }
        Event::AccountGone { id, .. } => {
            known.remove(id);
        }
        Event::Keychain { .. } | Event::Settings { .. } => {}
    }
}

/// The events that lead from what the window knows to what is, when some were missed.
fn catch_up(snapshot: Snapshot, known: &mut BTreeSet<AccountId>) -> Vec<Event> {
    let mut gone = std::mem::take(known);
    let revision = snapshot.revision;
    let mut events = Vec::new();
    for account in snapshot.accounts {
        gone.remove(&account.id);
        known.insert(account.id.clone());
        events.push(Event::Account { account: Box::new(account) });
    }
    events.extend(gone.into_iter().map(|id| Event::AccountGone { id, revision }));
    events.push(Event::Keychain { state: snapshot.keychain });
    events.push(Event::Settings { settings: snapshot.settings });
    events
}

#[cfg(test)]
mod tests {
    use tunekey_core::{KeychainState, Settings};

    use super::*;

    #[test]
    fn a_window_that_missed_events_is_told_of_the_accounts_that_went_meanwhile() {
        let gone = AccountId::new(ServiceId::Netease, "90001");
        let mut known = BTreeSet::from([gone.clone()]);
        let snapshot = Snapshot {
            revision: 7,
            accounts: Vec::new(),
            keychain: KeychainState::Locked,
            settings: Settings::default(),
            notice: None,
            system_proxy: None,
        };
        let events = catch_up(snapshot, &mut known);
        let expected = [
            Event::AccountGone { id: gone, revision: 7 },
            Event::Keychain { state: KeychainState::Locked },
            Event::Settings { settings: Settings::default() },
        ];
        assert_eq!(events, expected, "everything that may have changed");
        assert!(known.is_empty(), "and it is told once");
    }

    #[test]
    fn events_have_the_shape_that_the_window_expects() {
        let open = DesktopEvent::Open {
            view: OpenView::Add,
            account: Some(AccountId::new(ServiceId::QqMusic, "10001")),
            service: Some(ServiceId::QqMusic),
        };
        let expected = serde_json::json!({"kind": "open", "view": "add", "account": "qqmusic:10001", "service": "qqmusic"});
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
