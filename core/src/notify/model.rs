//! How the person is told: the channels, the hours and the ping, as the ledger keeps them and as fronts show them; and
//! what each of those that tell has told.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tunekey_services::{UnknownName, display_text};

use super::channel::ChannelKind;
use super::incident::Incidents;
use super::pings::Pings;
use super::quiet_hours::QuietHours;
use super::voice::Voice;
use crate::problem::{Language, Problem};
use crate::short_id;
use crate::store::{NamedSlot, SecretKind};

/// The notifications' section of the ledger.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Notifications {
    /// What the person has chosen.
    pub settings: NotificationSettings,
    /// What the desktop has told.
    pub(crate) desktop: Incidents,
    /// What each channel has told.
    pub(crate) channels: BTreeMap<ChannelId, Voice>,
    /// What the address of the ping has been told.
    pub(crate) pings: Pings,
}

/// How the person is told. Nothing in it is secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(default)]
pub struct NotificationSettings {
    /// The ways to the person's phone, oldest first.
    pub channels: Vec<Channel>,
    /// When no message goes to a phone, by the clock of this computer.
    #[cfg_attr(feature = "typescript", ts(type = "string | null"))]
    pub quiet_hours: Option<QuietHours>,
    /// For how many hours renewals may fail before the person hears of it.
    pub renewal_hours: u32,
    /// For how many hours the store of the secrets may be closed before they do.
    pub keychain_hours: u32,
    /// Who is told that all is well, so that silence is noticed.
    pub ping: Option<Ping>,
}

/// The hours that can be chosen.
pub(crate) const HOURS: std::ops::RangeInclusive<u32> = 1..=168;

/// The minutes between two pings that can be chosen.
pub(crate) const PING_MINUTES: std::ops::RangeInclusive<u32> = 5..=1_440;

impl Default for NotificationSettings {
    fn default() -> Self {
        Self { channels: Vec::new(), quiet_hours: None, renewal_hours: 6, keychain_hours: 6, ping: None }
    }
}

impl NotificationSettings {
    /// For how long renewals may fail.
    pub(crate) fn renewal_patience(&self) -> SignedDuration {
        SignedDuration::from_hours(self.renewal_hours.into())
    }

    /// For how long the store may be closed.
    pub(crate) fn keychain_patience(&self) -> SignedDuration {
        SignedDuration::from_hours(self.keychain_hours.into())
    }
}

/// A way to the person's phone. What opens it stands in the store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct Channel {
    /// Which one.
    #[cfg_attr(feature = "typescript", ts(type = "string"))]
    pub id: ChannelId,
    /// What it is.
    pub kind: ChannelKind,
    /// The person's own name for it.
    #[serde(default, deserialize_with = "display_text::deserialize_detail")]
    pub label: Option<String>,
    /// Whether messages go there.
    pub enabled: bool,
    /// The language of its messages: that of the front in which it was set up.
    pub language: Language,
    /// What the person has told of it and is not secret, by the fields' keys.
    #[serde(default)]
    pub open: BTreeMap<String, String>,
    /// The keys of the secret fields that stand in the store.
    #[serde(default)]
    pub secrets: Vec<String>,
    /// Where messages go: a host, without a path.
    #[serde(default)]
    pub host: String,
    /// Whether the person has agreed to go without encryption, to their own network.
    #[serde(default)]
    pub allows_plain_http: bool,
    /// How the last message went.
    #[serde(default)]
    pub last: Option<ChannelRecord>,
}

/// How a message, or a ping, went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct ChannelRecord {
    /// When.
    #[cfg_attr(feature = "typescript", ts(type = "string"))]
    pub at: Timestamp,
    /// Why it was not taken; `None` when it was.
    #[serde(default)]
    pub problem: Option<Problem>,
}

/// Who is told, again and again, that all is well: a dead man's switch such as healthchecks.io. Its address is secret
/// and stands in the store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct Ping {
    /// The host of the address.
    pub host: String,
    /// How often, in minutes.
    pub minutes: u32,
    /// Whether it is told of failures, too, as healthchecks.io has it; another hears nothing as long as something is
    /// wrong.
    pub reports_failures: bool,
    /// Whether the person has agreed to go without encryption, to their own network.
    #[serde(default)]
    pub allows_plain_http: bool,
    /// How the last one went.
    #[serde(default)]
    pub last: Option<ChannelRecord>,
}

impl Ping {
    /// Where the store keeps the address.
    pub(crate) fn slot() -> NamedSlot {
        NamedSlot::new(SecretKind::Notification, "ping").expect("it is a name")
    }
}

/// The name of a channel: ten small letters and digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ChannelId(String);

impl ChannelId {
    /// A new one.
    pub(crate) fn random() -> Self {
        Self(short_id::random())
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where the store keeps a secret field; `None` when nothing can have that name.
    pub(crate) fn slot(&self, key: &str) -> Option<NamedSlot> {
        NamedSlot::new(SecretKind::Notification, &format!("{}-{}", self.0, key.replace('_', "-")))
    }
}

impl fmt::Display for ChannelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for ChannelId {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        if short_id::is_one(text) { Ok(Self(text.to_owned())) } else { Err(UnknownName) }
    }
}

impl TryFrom<String> for ChannelId {
    type Error = UnknownName;

    fn try_from(text: String) -> Result<Self, UnknownName> {
        text.parse()
    }
}

impl From<ChannelId> for String {
    fn from(id: ChannelId) -> Self {
        id.0
    }
}

#[cfg(test)]
mod tests {
    use strum::VariantArray as _;

    use super::*;

    #[test]
    fn each_secret_of_each_channel_has_a_place_of_its_own() {
        let id = ChannelId::random();
        for kind in ChannelKind::VARIANTS {
            let secrets = kind.facts().fields.iter().filter(|field| field.secret);
            let slots: Vec<_> = secrets.map(|field| id.slot(field.key).expect("a place")).collect();
            let names: std::collections::BTreeSet<_> =
                slots.iter().map(|slot| slot.slot().to_string()).collect();
            assert_eq!(names.len(), slots.len(), "{kind:?}");
            assert!(!names.contains(&Ping::slot().slot().to_string()));
        }
    }

    #[test]
    fn a_section_of_which_only_some_is_there_is_read() {
        let read: Notifications =
            serde_json::from_str(r#"{"settings":{"quiet_hours":"22:00-08:00"}}"#).expect("it is enough");
        assert_eq!(read.settings.renewal_hours, NotificationSettings::default().renewal_hours);
        assert_eq!(read.settings.quiet_hours.map(|hours| hours.to_string()).as_deref(), Some("22:00-08:00"));
    }
}
