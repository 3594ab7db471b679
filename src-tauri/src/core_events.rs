//! Forwards the core's events to the page. Only `app.rs` uses this.

use std::collections::BTreeSet;

use tauri::AppHandle;
use tokio::sync::broadcast::error::RecvError;
use tunekey_core::{AccountId, Event, SignInStatus, Snapshot, TuneKey};

use crate::events;

/// Forwards the core's events to the page until the app ends, and calls `changed` after each. When events were missed,
/// sends the whole state instead. Returns at once.
pub(crate) fn forward(app: &AppHandle, core: TuneKey, changed: impl Fn() + Send + 'static) {
    // Subscribed before anything else is asked of the core, so that no change falls in between.
    let mut events = core.events();
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let mut known = account_ids(&core);
        loop {
            match events.recv().await {
                Ok(event) => {
                    track(&mut known, &event);
                    events::emit(&app, &event);
                }
                Err(RecvError::Lagged(_)) => {
                    for event in catch_up(core.snapshot(), core.sign_ins(), &mut known) {
                        events::emit(&app, &event);
                    }
                }
                Err(RecvError::Closed) => return,
            }
            changed();
        }
    });
}

/// The accounts that there are.
fn account_ids(core: &TuneKey) -> BTreeSet<AccountId> {
    core.snapshot().accounts.into_iter().map(|account| account.id).collect()
}

/// Keeps `known` to the accounts that the page has been told of.
fn track(known: &mut BTreeSet<AccountId>, event: &Event) {
    match event {
        Event::Account { account } => {
            known.insert(account.id.clone());
        }
        Event::AccountGone { id, .. } => {
            known.remove(id);
        }
        Event::Store { .. }
        | Event::Settings { .. }
        | Event::SignIns { .. }
        | Event::Deliveries { .. }
        | Event::Notifications { .. } => {}
    }
}

/// The events that lead from the accounts that the page knows to the state of now.
fn catch_up(snapshot: Snapshot, sign_ins: Vec<SignInStatus>, known: &mut BTreeSet<AccountId>) -> Vec<Event> {
    let mut gone = std::mem::take(known);
    let revision = snapshot.revision;
    let mut events = Vec::new();
    for account in snapshot.accounts {
        gone.remove(&account.id);
        known.insert(account.id.clone());
        events.push(Event::Account { account: Box::new(account) });
    }
    events.extend(gone.into_iter().map(|id| Event::AccountGone { id, revision }));
    events.push(Event::Store { state: snapshot.store });
    events.push(Event::Settings { settings: snapshot.settings });
    events.push(Event::Notifications { notifications: snapshot.notifications });
    events.push(Event::SignIns { sign_ins });
    events.push(Event::Deliveries { deliveries: snapshot.deliveries, revision });
    events
}

#[cfg(test)]
mod tests {
    use tunekey_core::{NotificationSettings, ServiceId, Settings, StoreState};

    use super::*;

    #[test]
    fn a_window_that_missed_events_is_told_of_the_accounts_that_went_meanwhile() {
        let gone = AccountId::new(ServiceId::new("netease"), "90001");
        let mut known = BTreeSet::from([gone.clone()]);
        let snapshot = Snapshot {
            revision: 7,
            accounts: Vec::new(),
            deliveries: Vec::new(),
            store: StoreState::Locked,
            settings: Settings::default(),
            notifications: NotificationSettings::default(),
            notice: None,
            system_proxy: None,
        };
        let events = catch_up(snapshot, Vec::new(), &mut known);
        let expected = [
            Event::AccountGone { id: gone, revision: 7 },
            Event::Store { state: StoreState::Locked },
            Event::Settings { settings: Settings::default() },
            Event::Notifications { notifications: NotificationSettings::default() },
            Event::SignIns { sign_ins: Vec::new() },
            Event::Deliveries { deliveries: Vec::new(), revision: 7 },
        ];
        assert_eq!(events, expected, "everything that may have changed");
        assert!(known.is_empty(), "and it is told once");
    }
}
