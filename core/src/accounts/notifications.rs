//! How the person is told, as it stands in the ledger.

use super::{Accounts, Problem, ProblemCode};
use crate::notify::{Channel, ChannelId, Notifications, Voice};

impl Accounts {
    /// All of it.
    pub(crate) fn notifications(&self) -> Notifications {
        self.0.now().ledger.notifications.clone()
    }

    /// One channel.
    pub(crate) fn channel(&self, id: &ChannelId) -> Result<Channel, Problem> {
        let channels = self.notifications().settings.channels;
        channels.into_iter().find(|channel| channel.id == *id).ok_or_else(|| unknown(id))
    }

    /// Changes any of it. What `change` returns is passed on.
    pub(crate) async fn update_notifications<R: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Notifications) -> R + Send + 'static,
    ) -> Result<R, Problem> {
        self.change(move |ledger| change(&mut ledger.notifications)).await
    }

    /// Changes one channel, and what it remembers.
    pub(crate) async fn update_channel(
        &self,
        id: &ChannelId,
        change: impl FnOnce(&mut Channel, &mut Voice) + Send + 'static,
    ) -> Result<(), Problem> {
        let wanted = id.clone();
        let changed = self.update_notifications(move |notifications| {
            let Notifications { settings, channels, .. } = notifications;
            let channel = settings.channels.iter_mut().find(|channel| channel.id == wanted)?;
            change(channel, channels.entry(wanted).or_default());
            Some(())
        });
        changed.await?.ok_or_else(|| unknown(id))
    }
}

fn unknown(id: &ChannelId) -> Problem {
    Problem::new(ProblemCode::NotFound).with_detail(format!("there is no channel {id}"))
}
