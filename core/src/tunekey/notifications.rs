//! Notifications: what the person does with their channels, their hours and the ping, and what the desktop shows.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::sync::{Notify, OnceCell};
use tunekey_services::Secret;

use super::TuneKey;
use super::lookup::find_named;
use crate::notify::{
    Channel, ChannelDraft, ChannelError, ChannelFacts, ChannelFields, ChannelId, ChannelKind, ChannelRecord,
    HOURS, Incident, Message, NotificationSettings, Notifications, PING_MINUTES, Ping, QuietHours, Situation,
    Stage, Voice, message,
};
use crate::outbound;
use crate::problem::{Language, Problem, ProblemCode};
use crate::store::{Interaction, StoreState};

mod queue;
mod secrets;

use secrets::ReadSecrets;

/// What notifications need of the core.
#[derive(Debug, Default)]
pub(super) struct Notifier {
    /// Something may be due.
    news: Arc<Notify>,
    /// What opens the channels. Kept in memory: a message that the store is locked cannot wait until it is open.
    secrets: ReadSecrets,
    /// Since when the store is closed, as far as this process has seen.
    closed_since: Mutex<Option<Timestamp>>,
    /// Set when the store has been asked: until then nobody knows whether it is open.
    asked: OnceCell<()>,
}

impl Notifier {
    /// Since when the store is closed, if it is.
    fn closed(&self, state: StoreState, now: Timestamp) -> Option<(Timestamp, StoreState)> {
        let mut since = self.closed_since.lock().unwrap_or_else(PoisonError::into_inner);
        *since = match state {
            StoreState::Ready => None,
            StoreState::Locked | StoreState::Unavailable | StoreState::Denied | StoreState::Silent => {
                Some(since.unwrap_or(now))
            }
        };
        since.map(|since| (since, state))
    }
}

/// Something that the desktop is to tell the person now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// What it is about.
    pub incident: Incident,
    /// How far that is.
    pub stage: Stage,
    /// What to say.
    pub message: Message,
}

impl TuneKey {
    /// The kinds of channels, and what each has to be told.
    pub fn channel_kinds() -> Vec<ChannelFacts> {
        <ChannelKind as strum::VariantArray>::VARIANTS.iter().map(|kind| kind.facts()).collect()
    }

    /// How the person is told.
    pub fn notifications(&self) -> NotificationSettings {
        self.0.accounts.notifications().settings
    }

    /// The channel that a person means: by its id, by a unique beginning of it, or by its label.
    ///
    /// # Errors
    /// `NotFound` when it is none, `InvalidInput` when it could be several.
    pub fn find_channel(&self, name: &str) -> Result<Channel, Problem> {
        find_named(self.notifications().channels, name)
    }

    /// Adds a channel, with what opens it. It is switched on, and hears of what is wrong now.
    ///
    /// # Errors
    /// `InvalidInput` when it cannot work, or a problem of the store or the profile. Nothing is added then.
    pub async fn add_channel(&self, draft: ChannelDraft) -> Result<Channel, Problem> {
        let host = draft.check(&ChannelFields::new())?;
        let channel = draft.channel(ChannelId::random(), host);
        let added = channel.clone();
        let saved = match self.save_channel_secrets(&channel.id, &draft.fields().secret).await {
            Ok(()) => self.0.accounts.update_notifications(|all| all.settings.channels.push(added)).await,
            Err(problem) => Err(problem),
        };
        if let Err(problem) = saved {
            // Nothing would ever find them again. What is left of them is of no use to anybody.
            drop(self.forget_channel_secrets(&channel.id, &channel.secrets).await);
            return Err(problem);
        }
        self.0.notifier.news.notify_one();
        Ok(channel)
    }

    /// Makes another of a channel of the same kind. Secrets that are not given stay as they are; what it has told it
    /// remembers.
    ///
    /// # Errors
    /// As [`TuneKey::add_channel`]; `NotFound` when there is no such channel.
    pub async fn change_channel(&self, id: &ChannelId, draft: ChannelDraft) -> Result<Channel, Problem> {
        let changed = draft.channel(id.clone(), self.check_channel_change(id, &draft).await?);
        self.save_channel_secrets(id, &draft.fields().secret).await?;
        let change = move |channel: &mut Channel, voice: &mut Voice| {
            let given = changed.secrets.into_iter().filter(|key| !channel.secrets.contains(key));
            channel.secrets.extend(given.collect::<Vec<_>>());
            channel.label = changed.label;
            channel.language = changed.language;
            channel.open = changed.open;
            channel.host = changed.host;
            channel.allows_plain_http = changed.allows_plain_http;
            voice.revision = voice.revision.wrapping_add(1);
            voice.end_try();
        };
        self.0.accounts.update_channel(id, change).await?;
        self.0.notifier.news.notify_one();
        self.0.accounts.channel(id)
    }

    /// The host that messages would go to after that change: what a person is asked about before.
    ///
    /// # Errors
    /// `NotFound` when there is no such channel, `InvalidInput` when it cannot be changed so, or a problem of the store.
    pub async fn check_channel_change(
        &self,
        id: &ChannelId,
        draft: &ChannelDraft,
    ) -> Result<String, Problem> {
        let channel = self.0.accounts.channel(id)?;
        if draft.kind != channel.kind {
            return Err(Problem::invalid(
                "A channel stays of its kind. Remove it, and add another.",
                "渠道的类型不能更改，请移除后重新添加。",
            ));
        }
        let kept =
            self.channel_fields(&channel, Interaction::Allowed).await.map_err(ChannelError::problem)?;
        let kept = kept.into_iter().filter(|(key, _)| channel.secrets.contains(key)).collect();
        draft.check(&kept)
    }

    /// Switches a channel on or off. One that is switched on is tried anew.
    ///
    /// # Errors
    /// `NotFound`, or a problem of the profile.
    pub async fn switch_channel(&self, id: &ChannelId, enabled: bool) -> Result<(), Problem> {
        let change = move |channel: &mut Channel, voice: &mut Voice| {
            channel.enabled = enabled;
            voice.end_try();
        };
        self.0.accounts.update_channel(id, change).await?;
        self.0.notifier.news.notify_one();
        Ok(())
    }

    /// Removes a channel and what opens it.
    ///
    /// # Errors
    /// `NotFound`, or a problem of the store or the profile; then it is still there.
    pub async fn remove_channel(&self, id: &ChannelId) -> Result<(), Problem> {
        let channel = self.0.accounts.channel(id)?;
        self.forget_channel_secrets(id, &channel.secrets).await?;
        let id = id.clone();
        let remove = move |all: &mut Notifications| {
            all.settings.channels.retain(|channel| channel.id != id);
            all.channels.remove(&id);
        };
        self.0.accounts.update_notifications(remove).await
    }

    /// Chooses when no message goes to a phone.
    ///
    /// # Errors
    /// A problem of the profile.
    pub async fn set_quiet_hours(&self, hours: Option<QuietHours>) -> Result<(), Problem> {
        self.0.accounts.update_notifications(move |all| all.settings.quiet_hours = hours).await
    }

    /// Chooses for how many hours renewals may fail, and the store be closed, before the person hears of it. `None`
    /// leaves it as it is.
    ///
    /// # Errors
    /// `InvalidInput` unless it is 1 to 168, or a problem of the profile.
    pub async fn set_alert_hours(&self, renewal: Option<u32>, keychain: Option<u32>) -> Result<(), Problem> {
        if renewal.iter().chain(&keychain).any(|hours| !HOURS.contains(hours)) {
            return Err(Problem::invalid("The hours are a number from 1 to 168.", "小时数应为 1 到 168。"));
        }
        let change = move |all: &mut Notifications| {
            all.settings.renewal_hours = renewal.unwrap_or(all.settings.renewal_hours);
            all.settings.keychain_hours = keychain.unwrap_or(all.settings.keychain_hours);
        };
        self.0.accounts.update_notifications(change).await
    }

    /// Chooses whom to tell, every so many minutes, that all is well.
    ///
    /// # Errors
    /// `InvalidInput` when the address or the interval cannot be used, or a problem of the store or the profile.
    pub async fn set_ping(
        &self,
        address: &Secret,
        minutes: u32,
        allows_plain_http: bool,
    ) -> Result<(), Problem> {
        let ping = new_ping(address, minutes, allows_plain_http)?;
        self.store_saves(&Ping::slot(), address).await?;
        let change = move |all: &mut Notifications| {
            all.settings.ping = Some(ping);
            all.pings.start_anew();
        };
        self.0.accounts.update_notifications(change).await?;
        self.0.notifier.news.notify_one();
        Ok(())
    }

    /// Chooses how often to ping.
    ///
    /// # Errors
    /// `InvalidInput`, `NotFound` when nobody is pinged, or a problem of the profile.
    pub async fn set_ping_minutes(&self, minutes: u32) -> Result<(), Problem> {
        check_minutes(minutes)?;
        let change = move |all: &mut Notifications| {
            let ping = all.settings.ping.as_mut()?;
            ping.minutes = minutes;
            all.pings.start_anew();
            Some(())
        };
        self.0.accounts.update_notifications(change).await?.ok_or_else(no_ping)?;
        self.0.notifier.news.notify_one();
        Ok(())
    }

    /// Pings nobody any more. That nobody was is fine.
    ///
    /// # Errors
    /// A problem of the store or the profile.
    pub async fn remove_ping(&self) -> Result<(), Problem> {
        self.store_forgets(&Ping::slot()).await?;
        self.0.accounts.update_notifications(|all| all.settings.ping = None).await
    }

    /// The host that would be pinged: what a person is asked about before.
    ///
    /// # Errors
    /// `InvalidInput` when it cannot be set up like this.
    pub fn checked_ping_host(
        address: &Secret,
        minutes: u32,
        allows_plain_http: bool,
    ) -> Result<String, Problem> {
        Ok(new_ping(address, minutes, allows_plain_http)?.host)
    }

    /// What the desktop is to tell now, in the person's language. It stays due until it is
    /// [noted](TuneKey::note_alerts).
    pub async fn due_alerts(&self, language: Language) -> Vec<Alert> {
        let situation = self.situation().await;
        let due = self.0.accounts.notifications().desktop.due(&situation.causes(), situation.now);
        let mut silent = Vec::new();
        let mut alerts = Vec::new();
        for (incident, stage) in due {
            match message(&incident, stage, &situation, language) {
                Some(message) => alerts.push(Alert { incident, stage, message }),
                None => silent.push((incident, stage)),
            }
        }
        if let Err(problem) = self.note_desktop(silent).await {
            tracing::info!(code = ?problem.code, "what is over could not be noted");
        }
        alerts
    }

    /// Notes that the desktop has told this, or that the person has seen it in the window.
    ///
    /// # Errors
    /// A problem of the profile.
    pub async fn note_alerts(&self, alerts: &[Alert]) -> Result<(), Problem> {
        let told = alerts.iter().map(|alert| (alert.incident.clone(), alert.stage)).collect();
        self.note_desktop(told).await
    }

    /// Takes over what an older version has told on the desktop, so that nothing is told twice.
    ///
    /// # Errors
    /// A problem of the profile.
    pub async fn adopt_alerts(&self, incidents: Vec<Incident>) -> Result<(), Problem> {
        self.note_desktop(incidents.into_iter().map(|incident| (incident, Stage::Begins)).collect()).await
    }

    async fn note_desktop(&self, told: Vec<(Incident, Stage)>) -> Result<(), Problem> {
        if told.is_empty() {
            return Ok(());
        }
        let now = self.0.clock.now();
        let note = move |all: &mut Notifications| {
            told.iter().for_each(|(incident, stage)| all.desktop.note(incident, *stage, now));
        };
        self.0.accounts.update_notifications(note).await
    }

    /// All that notifications are about, at this moment.
    async fn situation(&self) -> Situation {
        let ask = || async {
            self.probe_store(Interaction::Forbidden).await;
        };
        self.0.notifier.asked.get_or_init(ask).await;
        let (now, state, settings) = (self.0.clock.now(), *self.store(), self.notifications());
        Situation {
            accounts: self.0.accounts.views(),
            deliveries: self.0.accounts.deliveries(),
            store: self.store_kind(),
            closed: self.0.notifier.closed(state, now),
            renewal_patience: settings.renewal_patience(),
            keychain_patience: settings.keychain_patience(),
            now,
            zone: TimeZone::system(),
        }
    }
}

/// How a message, or a ping, went.
fn record(at: Timestamp, sent: Result<(), ChannelError>) -> ChannelRecord {
    ChannelRecord { at, problem: sent.err().map(ChannelError::problem) }
}

#[expect(clippy::disallowed_methods, reason = "it is only parsed")]
fn ping_address(address: &Secret) -> Result<url::Url, ChannelError> {
    Ok(outbound::address(address.expose().trim())?)
}

fn new_ping(address: &Secret, minutes: u32, allows_plain_http: bool) -> Result<Ping, Problem> {
    check_minutes(minutes)?;
    let ping = ping_address(address).and_then(|url| Ping::to(&url, minutes, allows_plain_http));
    ping.map_err(ChannelError::problem)
}

fn check_minutes(minutes: u32) -> Result<(), Problem> {
    if PING_MINUTES.contains(&minutes) {
        return Ok(());
    }
    Err(Problem::invalid("The interval is 5 to 1440 minutes.", "间隔应为 5 到 1440 分钟。"))
}

fn no_ping() -> Problem {
    Problem::new(ProblemCode::NotFound)
        .with_detail("nobody is pinged")
        .with_words("There is no address to ping yet. Set one first.", "尚未设置 ping 地址，请先设置。")
}

#[cfg(test)]
mod tests;
