//! Tells the person on the desktop what the core says is due while the window is not in use, which shows it itself.
//! What has been told is remembered by the core, over restarts. Only `app.rs` starts this.

use std::collections::HashSet;
use std::time::Duration;

use tauri::{AppHandle, Manager as _};
use tokio::sync::broadcast::error::RecvError;
use tunekey_core::{AccountId, Alert, Delivery, Incident, IncidentKind, Language, Stage, TuneKey};

use crate::events::DesktopEvent;
use crate::notification::{self, Click, Notification};
use crate::preferences::PreferenceFile;
use crate::shutdown::Shutdown;
use crate::text::Phrase;
use crate::window;

/// How often to check without an event: none tells that a key ends soon.
const CHECK_INTERVAL: Duration = Duration::from_secs(60);

/// What was told and could not be noted, as in a profile that cannot be written: told once by this process all the same.
type Unnoted = HashSet<(Incident, Stage)>;

/// Watches until the app ends. `hidden` is whether the app has started without a window. Returns at once.
pub(crate) fn watch(app: &AppHandle, hidden: bool) {
    let core = app.state::<TuneKey>().inner().clone();
    // Subscribed before the first check, so that no change falls in between.
    let mut events = core.events();
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        adopt(&app, &core).await;
        let mut unnoted = Unnoted::new();
        // A window that is still being built will be in use.
        tell(&app, &core, !hidden, &mut unnoted).await;
        loop {
            // Which event it was does not matter: everything is checked.
            let event = tokio::time::timeout(CHECK_INTERVAL, events.recv()).await;
            if matches!(event, Ok(Err(RecvError::Closed))) {
                return;
            }
            if !app.state::<Shutdown>().has_begun() {
                tell(&app, &core, window::is_in_use(&app), &mut unnoted).await;
            }
        }
    });
}

/// Shows a notification for all that is due, unless the window is in use.
async fn tell(app: &AppHandle, core: &TuneKey, in_use: bool, unnoted: &mut Unnoted) {
    let language = app.state::<PreferenceFile>().current().language();
    let alerts = core.due_alerts(language).await;
    if alerts.is_empty() {
        return;
    }
    // Before it is shown: whatever ends the app now, nothing is told twice.
    let noted = core.note_alerts(&alerts).await;
    for alert in alerts {
        let is_new = noted.is_ok() || unnoted.insert((alert.incident.clone(), alert.stage));
        if is_new && !in_use {
            notification::show(app, notification(alert, &core.deliveries(), language));
        }
    }
}

fn notification(alert: Alert, deliveries: &[Delivery], language: Language) -> Notification {
    let click = click(&alert, deliveries, language);
    Notification { title: alert.message.title, text: alert.message.text, click }
}

/// What a click leads to; nothing where there is nothing to do any more.
fn click(alert: &Alert, deliveries: &[Delivery], language: Language) -> Option<Click> {
    let subject = alert.incident.subject.as_str();
    let account: Option<AccountId> = subject.parse().ok();
    if alert.stage == Stage::Over {
        return None;
    }
    let (label, opens, fallback) = match (alert.incident.kind, account) {
        (IncidentKind::NeedsSignIn | IncidentKind::KeyEnds, Some(account)) => {
            (Phrase::SignInAgain, DesktopEvent::open_sign_in(account), Phrase::SignInFromTray)
        }
        (IncidentKind::RenewalFailing | IncidentKind::MembershipEnds, Some(account)) => {
            (Phrase::Open, DesktopEvent::open_account(account), Phrase::SeeInWindow)
        }
        (IncidentKind::DeliveryFailing, _) => {
            let failing = deliveries.iter().find(|delivery| delivery.id.as_str() == subject);
            let opens = failing.map_or_else(DesktopEvent::open_accounts, DesktopEvent::open_delivery);
            (Phrase::Open, opens, Phrase::SeeInWindow)
        }
        (IncidentKind::StoreLocked, _) | (_, None) => {
            (Phrase::Open, DesktopEvent::open_accounts(), Phrase::SeeInWindow)
        }
    };
    Some(Click {
        label: label.text(language).to_owned(),
        opens,
        fallback: fallback.text(language).to_owned(),
    })
}

/// Lets the core know what an older version has told, so that nothing is told twice.
async fn adopt(app: &AppHandle, core: &TuneKey) {
    let told = app.state::<PreferenceFile>().take_told();
    let incidents: Vec<_> = told.iter().filter_map(|key| incident(key)).collect();
    if let Err(problem) = core.adopt_alerts(incidents).await {
        tracing::info!(code = ?problem.code, "what was told before is told again");
    }
}

/// The incident of a key as an older version has kept it: the account, what is wrong with it, and a time.
fn incident(key: &str) -> Option<Incident> {
    let mut words = key.split(' ');
    let account: AccountId = words.next()?.parse().ok()?;
    let kind = match words.next()? {
        "needs_sign_in" => IncidentKind::NeedsSignIn,
        "ends" => IncidentKind::KeyEnds,
        _ => return None,
    };
    Some(Incident { kind, subject: account.to_string() })
}

#[cfg(test)]
mod tests {
    use tunekey_core::{Message, ServiceId, Urgency};

    use super::*;

    fn alert(kind: IncidentKind, subject: &str, stage: Stage) -> Alert {
        let message =
            Message { title: "title".to_owned(), text: "text".to_owned(), urgency: Urgency::Normal };
        Alert { incident: Incident { kind, subject: subject.to_owned() }, stage, message }
    }

    fn opens(kind: IncidentKind, subject: &str) -> DesktopEvent {
        notification(alert(kind, subject, Stage::Begins), &[], Language::English)
            .click
            .expect("it leads somewhere")
            .opens
    }

    #[test]
    fn a_click_leads_to_where_something_can_be_done() {
        let account = Some(AccountId::new(ServiceId::new("qqmusic"), "1"));
        for kind in [IncidentKind::NeedsSignIn, IncidentKind::KeyEnds] {
            let DesktopEvent::Open { account: opened, service, .. } = opens(kind, "qqmusic:1") else {
                panic!("it opens nothing");
            };
            assert_eq!((opened, service), (account.clone(), Some(ServiceId::new("qqmusic"))));
        }
        for (kind, subject) in [
            (IncidentKind::StoreLocked, ""),
            (IncidentKind::DeliveryFailing, "0123456789"),
            (IncidentKind::NeedsSignIn, ""),
        ] {
            let DesktopEvent::Open { account, .. } = opens(kind, subject) else { panic!("it opens nothing") };
            assert_eq!(account, None, "{kind:?}");
        }
        let delivery: Delivery = serde_json::from_value(serde_json::json!({
            "id": "0123456789", "account": "qqmusic:1", "preset": "file", "enabled": true, "format": "header",
            "scope": "playing_only", "target": { "kind": "command", "arguments": ["true"] },
        }))
        .expect("it is a delivery");
        let failing = alert(IncidentKind::DeliveryFailing, "0123456789", Stage::Begins);
        let click = click(&failing, &[delivery], Language::English).expect("it leads somewhere");
        let DesktopEvent::Open { account: opened, delivery, .. } = click.opens else {
            panic!("it opens nothing")
        };
        assert_eq!((opened, delivery), (account, "0123456789".parse().ok()), "the one that fails");
        let over = alert(IncidentKind::NeedsSignIn, "qqmusic:1", Stage::Over);
        assert!(
            notification(over, &[], Language::English).click.is_none(),
            "there is nothing to do any more"
        );
    }

    #[test]
    fn what_an_older_version_has_kept_is_understood() {
        let about = |kind| Some(Incident { kind, subject: "qqmusic:10001".to_owned() });
        let since = "2026-09-21T14:13:20Z";
        assert_eq!(
            incident(&format!("qqmusic:10001 needs_sign_in {since}")),
            about(IncidentKind::NeedsSignIn)
        );
        assert_eq!(incident(&format!("qqmusic:10001 ends {since}")), about(IncidentKind::KeyEnds));
        for nonsense in ["", "qqmusic:10001", "nobody needs_sign_in x", "qqmusic:10001 sings x"] {
            assert_eq!(incident(nonsense), None, "{nonsense}");
        }
    }
}
