//! A delivery: which account's credential goes where, and how the last one went. As the ledger keeps it and as fronts
//! show it.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use strum::VariantArray;
use tunekey_services::{AccountId, Bilingual, Scope, UnknownName, display_text};

use super::target::Target;
use crate::export::Format;
use crate::problem::Problem;
use crate::short_id;
use crate::store::{NamedSlot, SecretKind};
use crate::vault::Generation;

/// Where an account's credential goes by itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct Delivery {
    /// Which one.
    #[cfg_attr(feature = "typescript", ts(type = "string"))]
    pub id: DeliveryId,
    /// Whose credential.
    #[cfg_attr(feature = "typescript", ts(type = "string"))]
    pub account: AccountId,
    /// What it was set up as; a name that [`presets`](super::presets) lists, or one of a newer version.
    pub preset: String,
    /// The answers that it was made of, none of them secret; none when an older version has made it.
    #[serde(default)]
    #[cfg_attr(feature = "typescript", ts(type = "Record<string, string>"))]
    pub answers: BTreeMap<String, String>,
    /// The person's own name for it.
    #[serde(default, deserialize_with = "display_text::deserialize_detail")]
    pub label: Option<String>,
    /// Whether new values are delivered.
    pub enabled: bool,
    /// Where it goes.
    pub target: Target,
    /// The format of the credential.
    pub format: Format,
    /// How much of the credential goes there.
    pub scope: DeliveryScope,
    /// How the last one went.
    #[serde(default)]
    pub last: Option<DeliveryRecord>,
    /// How those before it went, newest first, 20 at most.
    #[serde(default)]
    pub earlier: Vec<DeliveryRecord>,
    /// What was delivered last.
    #[serde(default)]
    pub delivered: Option<DeliveredKey>,
    /// What the last sign-in of its own has brought, for one that has such; `None` until there was one.
    #[serde(default)]
    pub own: Option<DeliveredKey>,
    /// The key that was current when it was tried last: what waits is that, not a newer one.
    #[serde(default)]
    pub tried: Option<DeliveredKey>,
    /// How many have failed in a row.
    #[serde(default)]
    pub failures: u32,
    /// Before when not to try again.
    #[serde(default)]
    #[cfg_attr(feature = "typescript", ts(type = "string | null"))]
    pub next_try_at: Option<Timestamp>,
    /// The beginning of the SHA-256 of the file that was written last, in hexadecimal.
    #[serde(default)]
    pub written: Option<String>,
}

/// How many records there are of a delivery besides the last one.
const EARLIER: usize = 20;

impl Delivery {
    /// Keeps how it went now.
    pub(crate) fn record(&mut self, record: DeliveryRecord) {
        if let Some(last) = self.last.replace(record) {
            self.earlier.insert(0, last);
            self.earlier.truncate(EARLIER);
        }
    }
}

/// The name of a delivery: ten small letters and digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DeliveryId(String);

impl DeliveryId {
    /// A new one.
    pub(crate) fn random() -> Self {
        Self(short_id::random())
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where the store keeps a sign-in of its own until it is delivered.
    pub(crate) fn own_slot(&self) -> NamedSlot {
        NamedSlot::new(SecretKind::OwnSignIn, &self.0).expect("ten letters and digits are a name")
    }

    /// Where the store keeps a secret of its target; `None` when the secret cannot have that name.
    pub(crate) fn slot(&self, secret: &str) -> Option<NamedSlot> {
        NamedSlot::new(SecretKind::Delivery, &format!("{}-{secret}", self.0))
    }
}

impl fmt::Display for DeliveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for DeliveryId {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        if short_id::is_one(text) { Ok(Self(text.to_owned())) } else { Err(UnknownName) }
    }
}

impl TryFrom<String> for DeliveryId {
    type Error = UnknownName;

    fn try_from(text: String) -> Result<Self, UnknownName> {
        text.parse()
    }
}

impl From<DeliveryId> for String {
    fn from(id: DeliveryId) -> Self {
        id.0
    }
}

/// How much of a credential goes to a target. Two programs that renew one credential end each other's keys.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum DeliveryScope {
    /// Only what plays: TuneKey goes on renewing it.
    #[default]
    PlayingOnly,
    /// All of it: the target renews it from then on and TuneKey does not, until the account is signed in again.
    Renewable,
    /// All of a second credential of the account, from a sign-in for this delivery alone: the target renews that one,
    /// and TuneKey the account's own.
    OwnSignIn,
}

impl DeliveryScope {
    /// How much of the credential is exported.
    pub(crate) fn export(self) -> Scope {
        match self {
            Self::PlayingOnly => Scope::Minimal,
            Self::Renewable | Self::OwnSignIn => Scope::Full,
        }
    }
}

/// Which key was delivered. Generations begin anew when a store has lost all of them, so that the time counts, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct DeliveredKey {
    /// Its generation.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub generation: Generation,
    /// When the service issued it.
    #[cfg_attr(feature = "typescript", ts(type = "string"))]
    pub issued_at: Timestamp,
}

/// How one delivery went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct DeliveryRecord {
    /// When it ended.
    #[cfg_attr(feature = "typescript", ts(type = "string"))]
    pub at: Timestamp,
    /// What it came to.
    pub outcome: DeliveryOutcome,
    /// Why it failed.
    #[serde(default)]
    pub problem: Option<Problem>,
    /// What was noticed besides.
    #[serde(default)]
    pub notice: Option<DeliveryNotice>,
}

/// What a delivery came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, VariantArray)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum DeliveryOutcome {
    /// It is there, and that was looked at.
    Confirmed,
    /// The target has said that it has taken it.
    Accepted,
    /// It was sent; the target says nothing that means anything.
    Sent,
    /// The target wants it later.
    Later,
    /// It did not work.
    Failed,
}

impl DeliveryOutcome {
    /// What to tell the person.
    pub fn words(self) -> Bilingual {
        match self {
            Self::Confirmed => Bilingual::new("delivered and confirmed", "已送达并确认"),
            Self::Accepted => Bilingual::new("delivered", "已送达"),
            Self::Sent => Bilingual::new("sent, not confirmed", "已发送，未确认"),
            Self::Later => Bilingual::new("put off by the target", "目标要求稍后再试"),
            Self::Failed => Bilingual::new("not delivered", "未送达"),
        }
    }

    /// Whether the value is on its way and need not be sent again.
    pub(crate) fn is_success(self) -> bool {
        match self {
            Self::Confirmed | Self::Accepted | Self::Sent => true,
            Self::Later | Self::Failed => false,
        }
    }
}

/// What was noticed of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, VariantArray)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum DeliveryNotice {
    /// Another program had rewritten the file since the last delivery.
    Rewritten,
    /// The target has an entry of its own that may go before this one.
    OtherEntry,
    /// The entry is switched off at the target.
    SwitchedOff,
    /// There is an empty line in the file, at which the tool's own reader stops.
    EmptyLine,
}

impl DeliveryNotice {
    /// What to tell the person.
    pub fn words(self) -> Bilingual {
        match self {
            Self::Rewritten => Bilingual::new(
                "Another program had rewritten the file since the last delivery. If it keeps cookies of its own in it, give \
                 it a copy instead.",
                "上次送达后，有其他程序改写过该文件。如果它会把自己的 Cookie 写回其中，请改为给它一份副本。",
            ),
            Self::OtherEntry => Bilingual::new(
                "The target has another entry for this service that may be used before this one.",
                "目标中还有同一服务的其他条目，可能会优先使用。",
            ),
            Self::SwitchedOff => Bilingual::new(
                "The entry is switched off at the target; switch it on there.",
                "该条目在目标中已停用，请在目标里启用。",
            ),
            Self::EmptyLine => Bilingual::new(
                "There is an empty line in the file, at which the tool’s own reader stops. Unless Compose reads the file, \
                 take the line out.",
                "文件中有空行，该工具自带的读取器会在那里出错。若不是由 Compose 读取，请删除空行。",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_has_a_name_that_its_secrets_can_have() {
        let id = DeliveryId::random();
        assert_eq!(id.as_str().parse(), Ok(id.clone()));
        assert!(id.slot("client-secret").is_some());
        assert_eq!(id.slot("no name"), None);
        for bad in ["", "short", "UPPERCASE1", "ab:cd/ef..", "abcdefghijk"] {
            assert!(bad.parse::<DeliveryId>().is_err(), "{bad}");
        }
    }
}
