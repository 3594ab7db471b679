//! Tells the person what has become of an account while nobody was looking at the window: once for each incident,
//! also after a restart.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tauri::{AppHandle, Manager as _};
use tunekey_core::{Account, Clock as _, Health, Language, SignInReason, SystemClock, TuneKey};

use crate::events::DesktopEvent;
use crate::notification::{self, Click, Notification};
use crate::preferences::PreferenceFile;
use crate::shutdown::Shutdown;
use crate::window;
use crate::words::{self, Word, word};

/// How often to look at the time: that a key ends soon is no event.
const TICK: Duration = Duration::from_secs(60);

/// How long before its end a key that will not be renewed is told of.
const SOON: SignedDuration = SignedDuration::from_hours(24);

/// Something that only the person can mend.
#[derive(Debug, Clone, PartialEq)]
struct Incident<'a> {
    account: &'a Account,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    /// Only a new sign-in helps.
    NeedsSignIn { since: Timestamp, reason: SignInReason },
    /// The key works, is not being renewed, and ends soon.
    EndsSoon { at: Timestamp },
}

impl Incident<'_> {
    /// What an incident is recognised by: the same account may need a person again, some other time.
    fn mark(&self) -> String {
        let id = &self.account.id;
        match self.kind {
            Kind::NeedsSignIn { since, .. } => format!("{id} needs_sign_in {since}"),
            Kind::EndsSoon { at } => format!("{id} ends {at}"),
        }
    }

    fn notification(&self, now: Timestamp, language: Language) -> Notification {
        let account = self.account;
        let (name, service) = (words::account_name(account), words::service_name(account.service, language));
        let (title, text) = match self.kind {
            Kind::NeedsSignIn { reason, .. } => words::signed_out(&name, service, reason, language),
            Kind::EndsSoon { at } => words::ends_soon(&name, service, at, now, language),
        };
        let click = Click {
            label: word(Word::SignInAgain, language).to_owned(),
            opens: DesktopEvent::open_sign_in(account.id.clone()),
            otherwise: word(Word::SignInFromTray, language).to_owned(),
        };
        Notification { title, text, click: Some(click) }
    }
}

/// The incidents of a moment.
fn incidents(accounts: &[Account], now: Timestamp) -> Vec<Incident<'_>> {
    accounts
        .iter()
        .filter_map(|account| {
            let kind = match account.health {
                Health::NeedsSignIn { since, reason } => Kind::NeedsSignIn { since, reason },
                Health::Warning { .. } => {
                    let at = account.life.expires_at.filter(|at| *at > now && *at <= now + SOON)?;
                    Kind::EndsSoon { at }
                }
                Health::Healthy | Health::RenewsSoon => return None,
            };
            Some(Incident { account, kind })
        })
        .collect()
}

/// Watches the accounts until the app ends. `hidden` is whether the app has started without a window.
pub(crate) fn follow(app: &AppHandle, hidden: bool) {
    let core = app.state::<TuneKey>().inner().clone();
    // Subscribed before the first look, so that no change falls in between.
    let mut events = core.events();
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        // A window that is still being made will be looked at.
        tell(&app, !hidden);
        loop {
            // What it was does not matter: all incidents are looked at.
            let heard = tokio::time::timeout(TICK, events.recv()).await;
            if matches!(heard, Ok(Err(tokio::sync::broadcast::error::RecvError::Closed))) {
                return;
            }
            if !app.state::<Shutdown>().has_begun() {
                tell(&app, window::is_looked_at(&app));
            }
        }
    });
}

/// Tells of what has not been told yet. What happens before the person's eyes, the window tells.
fn tell(app: &AppHandle, looked_at: bool) {
    let preferences = app.state::<PreferenceFile>();
    let (now, language) = (SystemClock.now(), preferences.current().language());
    let snapshot = app.state::<TuneKey>().snapshot();
    let incidents = incidents(&snapshot.accounts, now);
    // What is over is forgotten; when it happens again, it is something new.
    let marks: BTreeSet<String> = incidents.iter().map(Incident::mark).collect();
    let told = preferences.told(marks);
    for incident in incidents.iter().filter(|incident| !told.contains(&incident.mark())) {
        if !looked_at {
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
        assert_eq!(account, Some(AccountId::new(ServiceId::QqMusic, "1")));
        assert_eq!(service, Some(ServiceId::QqMusic));
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
        let mark = |hours| incidents(&[dead(hours, SignInReason::Rejected)], NOW)[0].mark();
        assert_eq!(mark(1), mark(1));
        assert_ne!(mark(1), mark(2));
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
