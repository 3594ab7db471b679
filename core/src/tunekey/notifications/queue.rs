//! Messages to the phones and the ping, sent by themselves in the process of a profile that runs the schedule. Each
//! channel hears of each incident by itself: one that fails is tried again, and makes no other say anything twice.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use tokio_util::task::AbortOnDropHandle;
use tunekey_services::http::HttpError;

use super::{TuneKey, ping_address, record};
use crate::notify::{
    self, Channel, ChannelError, ChannelId, ChannelRecord, Incident, MOST_TOGETHER, Message, Notifications,
    Ping, Stage, Voice,
};
use crate::problem::Problem;
use crate::store::{Interaction, StoreState};

/// How often to look for what is due.
const TICK: Duration = Duration::from_secs(5);
/// For all of one message: to find the address, to send and to hear the answer.
const LIMIT: Duration = Duration::from_secs(15);

/// What is sent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Receiver {
    Channel(ChannelId),
    Ping,
}

impl TuneKey {
    /// Sends a message through a channel, so that the person sees whether it works. Also in quiet hours.
    ///
    /// # Errors
    /// `NotFound`, or a problem of the profile. That it did not work is in the record.
    pub async fn test_channel(&self, id: &ChannelId) -> Result<ChannelRecord, Problem> {
        let (this, id) = (self.clone(), id.clone());
        self.to_its_end(async move {
            let channel = this.0.accounts.channel(&id)?;
            let message = notify::test_message(channel.language);
            let sent = this.send_message(&channel, message, Interaction::Allowed).await;
            this.note_message(&id, Vec::new(), sent).await
        })
        .await
    }

    /// Pings now.
    ///
    /// # Errors
    /// `NotFound` when nobody is to be pinged, or a problem of the profile. That it did not work is in the record.
    pub async fn test_ping(&self) -> Result<ChannelRecord, Problem> {
        let this = self.clone();
        self.to_its_end(async move {
            let is_failing = this.is_failing().await;
            let ping = this.notifications().ping.ok_or_else(super::no_ping)?;
            let sent = this.send_ping(&ping, is_failing, Interaction::Allowed).await;
            this.note_ping(is_failing, sent).await
        })
        .await
    }

    /// Tells the phones what is due, until the handle is dropped. What is under way then is sent again by whoever runs
    /// the schedule next, unless it has been noted.
    pub(in crate::tunekey) fn start_notifications(&self) -> AbortOnDropHandle<()> {
        let this = self.clone();
        AbortOnDropHandle::new(tokio::spawn(async move { this.run_notifications().await }))
    }

    async fn run_notifications(&self) {
        let mut looks = tokio::time::interval(TICK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut under_way, mut receivers) = (JoinSet::new(), BTreeSet::new());
        loop {
            tokio::select! {
                _ = looks.tick() => {}
                () = self.0.notifier.news.notified() => {}
                Some(ended) = under_way.join_next() => match ended {
                    Ok(receiver) => drop(receivers.remove(&receiver)),
                    // Which one it was is not known. What it has not noted waits for a while.
                    Err(_) => receivers.clear(),
                },
            }
            for receiver in self.due_receivers().await {
                if receivers.insert(receiver.clone()) {
                    let this = self.clone();
                    under_way.spawn(async move {
                        this.tell(&receiver).await;
                        receiver
                    });
                }
            }
        }
    }

    /// Who is to be told something now. Nobody in a process that does not run the schedule, or is about to end.
    pub(super) async fn due_receivers(&self) -> Vec<Receiver> {
        if self.0.ending.load(Ordering::Acquire) || !self.runs_the_schedule() {
            return Vec::new();
        }
        let Notifications { settings, channels, pings, .. } = self.0.accounts.notifications();
        if settings.channels.is_empty() && settings.ping.is_none() {
            return Vec::new();
        }
        let situation = self.situation().await;
        if *self.store() == StoreState::Ready {
            self.read_secrets_ahead(&settings.channels, settings.ping.is_some()).await;
        }
        let (causes, now) = (situation.causes(), situation.now);
        let is_quiet = settings.quiet_hours.is_some_and(|hours| hours.contains(wall_clock(now)));
        let is_due = |channel: &&Channel| {
            let voice = channels.get(&channel.id).cloned().unwrap_or_default();
            channel.enabled && !voice.is_waiting(now) && !voice.told.due(&causes, now).is_empty()
        };
        let phones = settings.channels.iter().filter(|_| !is_quiet).filter(is_due);
        let phones = phones.map(|channel| Receiver::Channel(channel.id.clone()));
        let is_failing = causes.iter().any(|cause| cause.is_incident);
        let ping = settings
            .ping
            .filter(|ping| pings.is_due(ping.interval(), ping.reports_failures, is_failing, now));
        let ping = ping.map(|_| Receiver::Ping);
        phones.chain(ping).collect()
    }

    pub(super) async fn tell(&self, receiver: &Receiver) {
        let told = match receiver {
            Receiver::Channel(id) => self.tell_channel(id).await,
            Receiver::Ping => self.ping().await.map(Some),
        };
        match told {
            Ok(Some(ChannelRecord { problem: None, .. })) => tracing::info!(?receiver, "told"),
            Ok(Some(ChannelRecord { problem: Some(problem), .. })) | Err(problem) => {
                tracing::info!(?receiver, code = ?problem.code, "nothing was told");
            }
            Ok(None) => {}
        }
    }

    /// Sends what is due through a channel. `None` when there was nothing to say.
    async fn tell_channel(&self, id: &ChannelId) -> Result<Option<ChannelRecord>, Problem> {
        let channel = self.0.accounts.channel(id)?;
        let situation = self.situation().await;
        let voice = self.0.accounts.notifications().channels.remove(id).unwrap_or_default();
        let mut due = voice.told.due(&situation.causes(), situation.now);
        due.truncate(MOST_TOGETHER);
        let language = channel.language;
        let said =
            |(incident, stage): &(Incident, Stage)| notify::message(incident, *stage, &situation, language);
        let Some(message) = notify::together(due.iter().filter_map(said).collect(), language) else {
            let now = situation.now;
            let note = move |_: &mut Channel, voice: &mut Voice| note_told(voice, &due, now);
            return self.0.accounts.update_channel(id, note).await.map(|()| None);
        };
        let now = situation.now;
        // What cannot be written down is not sent: it would be sent again and again.
        self.0.accounts.update_channel(id, move |_, voice| voice.begin_try(now)).await?;
        let sent = self.send_message(&channel, message, Interaction::Forbidden).await;
        self.note_message(id, due, sent).await.map(Some)
    }

    async fn ping(&self) -> Result<ChannelRecord, Problem> {
        let (is_failing, now) = (self.is_failing().await, self.0.clock.now());
        let begin = move |all: &mut Notifications| {
            let ping = all.settings.ping.clone()?;
            all.pings.begin(ping.interval(), now);
            Some(ping)
        };
        let ping = self.0.accounts.update_notifications(begin).await?.ok_or_else(super::no_ping)?;
        let sent = self.send_ping(&ping, is_failing, Interaction::Forbidden).await;
        self.note_ping(is_failing, sent).await
    }

    /// Whether something is wrong that the person hears of.
    async fn is_failing(&self) -> bool {
        self.situation().await.causes().iter().any(|cause| cause.is_incident)
    }

    async fn send_message(
        &self,
        channel: &Channel,
        message: Message,
        interaction: Interaction<'_>,
    ) -> Result<(), ChannelError> {
        let fields = self.channel_fields(channel, interaction).await?;
        let post = channel.kind.post(&fields, &message, self.0.clock.now())?;
        let clients = notify::clients(self.outbound_clients().await?);
        in_time(notify::send(channel.kind, post, &clients, channel.allows_plain_http)).await
    }

    async fn send_ping(
        &self,
        ping: &Ping,
        is_failing: bool,
        interaction: Interaction<'_>,
    ) -> Result<(), ChannelError> {
        let url = ping_address(&self.ping_secret(interaction).await?)?;
        let clients = notify::clients(self.outbound_clients().await?);
        in_time(notify::send_ping(ping, url, is_failing, &clients)).await
    }

    /// Keeps how a message went, and what the person has been told with it.
    async fn note_message(
        &self,
        id: &ChannelId,
        told: Vec<(Incident, Stage)>,
        sent: Result<(), ChannelError>,
    ) -> Result<ChannelRecord, Problem> {
        let now = self.0.clock.now();
        let (worked, wish) = (sent.is_ok(), sent.as_ref().err().and_then(ChannelError::wish));
        let record = record(now, sent);
        let noted = record.clone();
        let note = move |channel: &mut Channel, voice: &mut Voice| {
            if worked {
                note_told(voice, &told, now);
                voice.end_try();
            } else if let Some(wish) = wish {
                voice.put_off(now, wish);
            }
            channel.last = Some(noted);
        };
        self.0.accounts.update_channel(id, note).await?;
        Ok(record)
    }

    async fn note_ping(
        &self,
        is_failing: bool,
        sent: Result<(), ChannelError>,
    ) -> Result<ChannelRecord, Problem> {
        let now = self.0.clock.now();
        let worked = sent.is_ok();
        let record = record(now, sent);
        let noted = record.clone();
        let note = move |all: &mut Notifications| {
            if let Some(ping) = &mut all.settings.ping {
                if worked {
                    all.pings.end(ping.interval(), is_failing, now);
                }
                ping.last = Some(noted);
            }
        };
        self.0.accounts.update_notifications(note).await?;
        Ok(record)
    }
}

fn note_told(voice: &mut Voice, told: &[(Incident, Stage)], now: Timestamp) {
    told.iter().for_each(|(incident, stage)| voice.told.note(incident, *stage, now));
}

/// The time of the day on this computer.
fn wall_clock(now: Timestamp) -> jiff::civil::Time {
    now.to_zoned(TimeZone::system()).time()
}

async fn in_time(sending: impl Future<Output = Result<(), ChannelError>>) -> Result<(), ChannelError> {
    tokio::time::timeout(LIMIT, sending).await.unwrap_or_else(|_| Err(HttpError::Timeout.into()))
}
