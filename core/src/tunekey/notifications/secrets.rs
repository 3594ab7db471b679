//! What opens the channels: kept in the store, read once, and remembered in memory, so that a store that is locked
//! later does not keep the message of that from going out.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tunekey_services::Secret;

use crate::notify::{Channel, ChannelError, ChannelFields, ChannelId, Ping};
use crate::problem::Problem;
use crate::store::{Interaction, NamedSlot};
use crate::tunekey::TuneKey;

/// What has been read, each with the revision of the channel that it belongs to. `None` when the store had it not.
#[derive(Debug, Default)]
pub(super) struct ReadSecrets {
    channels: Mutex<HashMap<ChannelId, (u32, Option<ChannelFields>)>>,
    ping: Mutex<Option<(u32, Option<Secret>)>>,
}

impl ReadSecrets {
    fn channels(&self) -> MutexGuard<'_, HashMap<ChannelId, (u32, Option<ChannelFields>)>> {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ping(&self) -> MutexGuard<'_, Option<(u32, Option<Secret>)>> {
        self.ping.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TuneKey {
    /// All that a channel has to be told.
    pub(super) async fn channel_fields(
        &self,
        channel: &Channel,
        interaction: Interaction<'_>,
    ) -> Result<ChannelFields, ChannelError> {
        let open = channel.open.iter().map(|(key, value)| (key.clone(), Secret::new(value.clone())));
        let mut fields: ChannelFields = open.collect();
        let revision = self.channel_revision(&channel.id);
        let known = self.0.notifier.secrets.channels().get(&channel.id).cloned();
        if let Some((of, Some(secrets))) = known
            && of == revision
        {
            fields.extend(secrets);
            return Ok(fields);
        }
        let read = self.read_channel(channel, interaction).await;
        let remembered = match &read {
            Ok(secrets) => Some(secrets.clone()),
            Err(ChannelError::NoSecret(_)) => None,
            // The store did not say.
            Err(_) => return read,
        };
        self.0.notifier.secrets.channels().insert(channel.id.clone(), (revision, remembered));
        fields.extend(read?);
        Ok(fields)
    }

    /// The address that is pinged.
    pub(super) async fn ping_secret(&self, interaction: Interaction<'_>) -> Result<Secret, ChannelError> {
        let revision = self.ping_revision();
        let known = self.0.notifier.secrets.ping().clone();
        if let Some((of, Some(address))) = known
            && of == revision
        {
            return Ok(address);
        }
        let read = self.store_says(self.0.vault.named(&Ping::slot(), interaction).await)?;
        *self.0.notifier.secrets.ping() = Some((revision, read.clone()));
        read.ok_or_else(|| ChannelError::NoSecret("address".to_owned()))
    }

    /// Reads what has not been read yet, as long as the store is open, and forgets what belongs to no channel any more.
    pub(super) async fn read_secrets_ahead(&self, channels: &[Channel], has_ping: bool) {
        let is_there = |id: &ChannelId| channels.iter().any(|channel| channel.id == *id);
        self.0.notifier.secrets.channels().retain(|id, _| is_there(id));
        for channel in channels {
            let known = self.0.notifier.secrets.channels().get(&channel.id).map(|(revision, _)| *revision);
            if known != Some(self.channel_revision(&channel.id)) {
                drop(self.channel_fields(channel, Interaction::Forbidden).await);
            }
        }
        let known = self.0.notifier.secrets.ping().as_ref().map(|(revision, _)| *revision);
        if has_ping && known != Some(self.ping_revision()) {
            drop(self.ping_secret(Interaction::Forbidden).await);
        }
    }

    fn channel_revision(&self, id: &ChannelId) -> u32 {
        self.0.accounts.notifications().channels.get(id).map_or(0, |voice| voice.revision)
    }

    fn ping_revision(&self) -> u32 {
        self.0.accounts.notifications().pings.revision
    }

    /// Keeps what opens a channel.
    pub(super) async fn save_channel_secrets(
        &self,
        id: &ChannelId,
        secrets: &ChannelFields,
    ) -> Result<(), Problem> {
        for (key, secret) in secrets {
            self.store_saves(&slot(id, key)?, secret).await?;
        }
        Ok(())
    }

    /// Deletes what opens a channel. That there is nothing is fine.
    pub(super) async fn forget_channel_secrets(
        &self,
        id: &ChannelId,
        keys: &[String],
    ) -> Result<(), Problem> {
        for key in keys {
            self.store_forgets(&slot(id, key)?).await?;
        }
        self.0.notifier.secrets.channels().remove(id);
        Ok(())
    }

    pub(super) async fn store_saves(&self, slot: &NamedSlot, secret: &Secret) -> Result<(), Problem> {
        self.0.vault.save_named(slot, secret, Interaction::Allowed).await.map_err(Problem::from)
    }

    pub(super) async fn store_forgets(&self, slot: &NamedSlot) -> Result<(), Problem> {
        self.store_says(self.0.vault.forget_named(slot, Interaction::Allowed).await)
    }

    async fn read_channel(
        &self,
        channel: &Channel,
        interaction: Interaction<'_>,
    ) -> Result<ChannelFields, ChannelError> {
        let mut secrets = ChannelFields::new();
        for key in &channel.secrets {
            let read = self.store_says(self.0.vault.named(&slot(&channel.id, key)?, interaction).await)?;
            secrets.insert(key.clone(), read.ok_or_else(|| ChannelError::NoSecret(key.clone()))?);
        }
        Ok(secrets)
    }
}

fn slot(id: &ChannelId, key: &str) -> Result<NamedSlot, Problem> {
    id.slot(key).ok_or_else(|| {
        Problem::new(crate::problem::ProblemCode::InvalidInput).with_detail("no secret can have that name")
    })
}
