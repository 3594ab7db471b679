//! Notifies the person of accounts that need them while the window is not in use: once for each incident, also after
//! a restart. Only `app.rs` starts this.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tauri::{AppHandle, Manager as _};
use tunekey_core::{Account, Clock as _, Health, Language, SignInReason, SystemClock, TuneKey};

use crate::events::DesktopEvent;
use crate::notification::{self, Click, Notification};
use crate::preferences::PreferenceFile;
use crate::shutdown::Shutdown;
use crate::text::{self, Phrase};
use crate::window;

/// How often to check without an event: none tells that a key ends soon.
const CHECK_INTERVAL: Duration = Duration::from_secs(60);

/// How long before its end the person is notified of a key that will not be renewed.
const ENDS_SOON: SignedDuration = SignedDuration::from_hours(24);

/// An account that needs the person.
#[derive(Debug, Clone, PartialEq)]
struct Incident<'a> {
    account: &'a Account,
    kind: IncidentKind,
}

/// Why an account needs the person.
#[derive(Debug, Clone, Copy, PartialEq)]
enum IncidentKind {
    /// Only a new sign-in helps.
    NeedsSignIn { since: Timestamp, reason: SignInReason },
    /// The key works, is not being renewed, and ends soon.
    EndsSoon { at: Timestamp },
}

impl Incident<'_> {
    /// The key that an incident is remembered by. The same account may need the person again, some other time.
    fn key(&self) -> String {
        let id = &self.account.id;
        match self.kind {
            IncidentKind::NeedsSignIn { since, .. } => format!("{id} needs_sign_in {since}"),
            IncidentKind::EndsSoon { at } => format!("{id} ends {at}"),
        }
    }

    fn notification(&self, now: Timestamp, language: Language) -> Notification {
        let account = self.account;
        let (name, service) = (text::account_name(account), language.service_name(account.service));
        let (title, text) = match self.kind {
            IncidentKind::NeedsSignIn { reason, .. } => text::signed_out(&name, service, reason, language),
            IncidentKind::EndsSoon { at } => text::ends_soon(&name, service, at, now, language),
        };
        let click = Click {
            label: Phrase::SignInAgain.text(language).to_owned(),
            opens: DesktopEvent::open_sign_in(account.id.clone()),
            fallback: Phrase::SignInFromTray.text(language).to_owned(),
        };
        Notification { title, text, click: Some(click) }
    }
}

/// The incidents at `now`.
fn incidents(accounts: &[Account], now: Timestamp) -> Vec<Incident<'_>> {
    accounts
        .iter()
        .filter_map(|account| {
            let kind = match account.health {
                Health::NeedsSignIn { since, reason } => IncidentKind::NeedsSignIn { since, reason },
                Health::Warning { .. } => {
                    let at = account.life.expires_at.filter(|at| *at > now && *at <= now + ENDS_SOON)?;
                    IncidentKind::EndsSoon { at }
                }
                Health::Healthy | Health::RenewsSoon => return None,
            };
            Some(Incident { account, kind })
        })
        .collect()
}

/// Watches the accounts until the app ends. `hidden` is whether the app has started without a window. Returns at once.
pub(crate) fn watch(app: &AppHandle, hidden: bool) {
    let core = app.state::<TuneKey>().inner().clone();
    // Subscribed before the first check, so that no change falls in between.
    let mut events = core.events();
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        // A window that is still being built will be in use.
        notify(&app, !hidden);
        loop {
            // Which event it was does not matter: all incidents are checked.
            let event = tokio::time::timeout(CHECK_INTERVAL, events.recv()).await;
            if matches!(event, Ok(Err(tokio::sync::broadcast::error::RecvError::Closed))) {
                return;
            }
            if !app.state::<Shutdown>().has_begun() {
                notify(&app, window::is_in_use(&app));
            }
        }
    });
}

/// Shows a notification for each new incident, unless the window is in use, which shows it itself.
fn notify(app: &AppHandle, in_use: bool) {
    let preferences = app.state::<PreferenceFile>();
    let (now, language) = (SystemClock.now(), preferences.current().language());
    let snapshot = app.state::<TuneKey>().snapshot();
    let incidents = incidents(&snapshot.accounts, now);
    // An incident that is over is forgotten; when it happens again, it is new.
    let keys: BTreeSet<String> = incidents.iter().map(Incident::key).collect();
    let known = preferences.replace_incidents(keys);
    for incident in incidents.iter().filter(|incident| !known.contains(&incident.key())) {
        if !in_use {
            notification::show(app, incident.notification(now, language));
        }
    }
}

#[cfg(test)]
mod tests {
    use tunekey_core::{AccountId, ServiceId, WarningReason};

    use super::*;
    use crate::fixtures::{NOW, account};

    fn dead(hours_ago: i64, reason: SignInReason) -> Account {
        let since = NOW - SignedDuration::from_hours(hours_ago);
        account("1", "Lin <b>Jian</b>", Health::NeedsSignIn { since, reason })
    }

    fn warned(reason: WarningReason, ends_in: i64) -> Account {
        let mut account = account("2", "Mori", Health::Warning { since: NOW, reason });
        account.life.expires_at = Some(NOW + SignedDuration::from_hours(ends_in));
        account
    }

    #[test]
    fn an_account_that_only_a_new_sign_in_helps_is_an_incident_with_a_name_and_a_way_out() {
        let accounts = [dead(1, SignInReason::Rejected)];
        let incidents = incidents(&accounts, NOW);
        let said = incidents[0].notification(NOW, Language::English);
        assert_eq!(said.title, "Lin <b>Jian</b> needs a new sign-in", "escaping is the server's side's");
        assert_eq!(said.text, "QQ Music no longer accepts this credential.");
        let chinese = incidents[0].notification(NOW, Language::Chinese);
        assert_eq!(chinese.text, "QQ 音乐不再接受此凭据。");
        let Some(Click { opens: DesktopEvent::Open { account, service, .. }, .. }) = said.click else {
            panic!("it leads nowhere");
        };
        assert_eq!(account, Some(AccountId::new(ServiceId::new("qqmusic"), "1")));
        assert_eq!(service, Some(ServiceId::new("qqmusic")));
    }

    #[test]
    fn what_the_keychain_has_lost_is_not_blamed_on_the_service() {
        let accounts = [dead(1, SignInReason::Missing)];
        let said = incidents(&accounts, NOW)[0].notification(NOW, Language::English);
        assert!(!said.text.contains("no longer accepts"), "{}", said.text);
        assert!(said.text.contains("keychain") && said.text.contains("QQ Music"), "{}", said.text);
    }

    #[test]
    fn dying_twice_is_two_incidents_and_staying_dead_is_one() {
        let key = |hours| incidents(&[dead(hours, SignInReason::Rejected)], NOW)[0].key();
        assert_eq!(key(1), key(1));
        assert_ne!(key(1), key(2));
    }

    #[test]
    fn a_key_that_is_not_renewed_is_told_of_a_day_before_its_end() {
        for reason in [WarningReason::NotRenewable, WarningReason::RenewalFailing] {
            assert!(incidents(&[warned(reason, 25)], NOW).is_empty(), "there is time");
            assert!(incidents(&[warned(reason, -1)], NOW).is_empty(), "it has ended: that is another matter");
            let accounts = [warned(reason, 20)];
            let said = incidents(&accounts, NOW)[0].notification(NOW, Language::English);
            assert_eq!(said.text, "The QQ Music credential isn’t being renewed and ends in 20 h.");
        }
    }

    #[test]
    fn accounts_that_need_nobody_are_no_incidents() {
        let mut fine = account("3", "a", Health::RenewsSoon);
        fine.life.expires_at = Some(NOW + SignedDuration::from_hours(1));
        assert!(incidents(&[fine, account("4", "b", Health::Healthy)], NOW).is_empty());
    }
}
