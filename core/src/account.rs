//! What a front may see of an account. Nothing in this file is secret.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::export::Format;
use crate::problem::Problem;

/// A music service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "lowercase")]
pub enum ServiceId {
    /// QQ Music (Tencent).
    QqMusic,
    /// NetEase Cloud Music.
    Netease,
}

impl ServiceId {
    /// The name used in keychain keys, on the command line and in URLs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::QqMusic => "qqmusic",
            Self::Netease => "netease",
        }
    }

    /// The name that people know, in Latin letters.
    pub fn display_name(self) -> &'static str {
        match self {
            Self::QqMusic => "QQ Music",
            Self::Netease => "NetEase Cloud Music",
        }
    }
}

impl fmt::Display for ServiceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ServiceId {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        [Self::QqMusic, Self::Netease].into_iter().find(|s| s.as_str() == name).ok_or(UnknownName)
    }
}

/// A way to sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// A code scanned with mobile QQ.
    QqScan,
    /// A code scanned with WeChat.
    WechatScan,
    /// A code scanned with the service's own app.
    AppScan,
    /// A code sent to a phone number.
    Phone,
    /// The service's own sign-in page, in a window of its own.
    OfficialPage,
    /// A credential that the person already has.
    Paste,
}

impl Method {
    /// Every method, in the order in which fronts list them.
    pub const ALL: [Self; 6] =
        [Self::QqScan, Self::WechatScan, Self::AppScan, Self::Phone, Self::OfficialPage, Self::Paste];

    /// The name used on the command line and in the ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::QqScan => "qq-scan",
            Self::WechatScan => "wechat-scan",
            Self::AppScan => "app-scan",
            Self::Phone => "phone",
            Self::OfficialPage => "official-page",
            Self::Paste => "paste",
        }
    }

    /// Whether it shows a page of the service, for which a front needs a web view.
    pub fn needs_web_view(self) -> bool {
        self == Self::OfficialPage
    }

    /// Whether it is one more sign-in in the eyes of the service.
    pub fn is_new_sign_in(self) -> bool {
        self != Self::Paste
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Method {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        Self::ALL.into_iter().find(|m| m.as_str() == name).ok_or(UnknownName)
    }
}

/// A name that is not in the list it was looked up in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown name")]
pub struct UnknownName;

/// Which account: the service and the service's own number for the person, as text because the numbers
/// of WeChat accounts have 19 digits and do not survive a JavaScript number.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountId {
    /// The service that knows the account.
    pub service: ServiceId,
    /// The service's number for it: decimal digits.
    pub uid: String,
}

impl AccountId {
    /// Names an account.
    pub fn new(service: ServiceId, uid: impl Into<String>) -> Self {
        Self { service, uid: uid.into() }
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.service, self.uid)
    }
}

impl FromStr for AccountId {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let (service, uid) = text.split_once(':').ok_or(UnknownName)?;
        if uid.is_empty() || !uid.bytes().all(|b| b.is_ascii_digit()) {
            return Err(UnknownName);
        }
        Ok(Self::new(service.parse()?, uid))
    }
}

impl Serialize for AccountId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AccountId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// An account as every front shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct Account {
    /// Counts the changes of all accounts in this process: of two states of one account, the one with the
    /// larger number is the newer one, whichever arrives first.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub revision: u64,
    /// `service:uid`.
    #[cfg_attr(feature = "typescript", ts(type = "string"))]
    pub id: AccountId,
    /// The service that knows it.
    pub service: ServiceId,
    /// The service's number for it, as text.
    pub uid: String,
    /// The name that the service shows; never empty (the uid stands in).
    pub nickname: String,
    /// The person's own name for it, shown before the nickname.
    pub label: Option<String>,
    /// The person's own note on it, such as which tool uses it.
    pub note: Option<String>,
    /// The picture, fetched and re-encoded by us: a `data:image/png;base64,…` URL.
    pub avatar: Option<String>,
    /// How it was signed in.
    pub method: Method,
    /// How it is doing.
    pub health: Health,
    /// What is being done with it right now.
    pub busy: Option<Busy>,
    /// The life of its key.
    pub life: KeyLife,
    /// Whether its key can be renewed; `None` until its credential has been looked at.
    pub renewability: Option<Renewability>,
    /// What the service said of its membership, if it has said anything yet.
    pub membership: Option<Membership>,
    /// When the service last confirmed that the credential works.
    #[cfg_attr(feature = "typescript", ts(type = "string | null"))]
    pub checked_at: Option<Timestamp>,
    /// The renewals of the last 30 days, newest first.
    pub renewals: Vec<RenewalRecord>,
    /// The format that this account is copied in.
    pub format: Format,
    /// The last time that its cookie was handed out.
    pub copied: Option<CopyRecord>,
    /// What went wrong last, if the last thing tried went wrong: a note, not a verdict.
    pub trouble: Option<Problem>,
}

/// How an account is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Health {
    /// Nothing to do.
    Healthy,
    /// The renewal is near or overdue.
    RenewsSoon,
    /// It may still work, and something needs attention.
    Warning {
        /// Since when.
        #[cfg_attr(feature = "typescript", ts(type = "string"))]
        since: Timestamp,
        /// What it is.
        reason: WarningReason,
    },
    /// The service has said twice that the credential is dead, or the keychain has lost it: only a new sign-in
    /// helps.
    NeedsSignIn {
        /// When that became known.
        #[cfg_attr(feature = "typescript", ts(type = "string"))]
        since: Timestamp,
        /// Which of the two it is.
        reason: SignInReason,
    },
}

impl Health {
    /// Whether only a new sign-in helps.
    pub fn needs_sign_in(self) -> bool {
        match self {
            Self::NeedsSignIn { .. } => true,
            Self::Healthy | Self::RenewsSoon | Self::Warning { .. } => false,
        }
    }
}

/// What needs attention although the credential may still work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum WarningReason {
    /// The service has refused the credential once. It is asked again, at the earliest a minute later, before
    /// that is believed.
    RefusedOnce,
    /// The last renewals have failed, for whatever reason.
    RenewalFailing,
    /// Nothing in the credential can renew it: it works until it ends, then only a new sign-in helps.
    NotRenewable,
    /// The keychain has said once that it holds no such item. It is asked again before that is believed.
    MissingOnce,
    /// The keychain's item cannot be read: it is damaged, or a newer TuneKey has written it.
    Unreadable,
}

/// Why only a new sign-in helps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum SignInReason {
    /// The service refuses the credential.
    Rejected,
    /// The keychain no longer holds the credential; the service was not asked.
    Missing,
}

/// When an account's cookie was last handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct CopyRecord {
    /// When.
    #[cfg_attr(feature = "typescript", ts(type = "string"))]
    pub at: Timestamp,
    /// In which format.
    pub format: Format,
    /// Whether the key in it is still the account's key: `false` once a renewal has replaced it.
    pub is_current: bool,
}

/// What a check of a credential has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum CheckOutcome {
    /// The service accepts it.
    Valid,
    /// The key had run out, and a renewal has brought a new one that works.
    Renewed,
}

/// What is being done with an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum Busy {
    /// A renewal is under way.
    Renewing,
    /// The service is being asked whether the credential works.
    Checking,
    /// The account is being signed out.
    SigningOut,
}

/// From when until when a key lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct KeyLife {
    /// When the service issued it.
    #[cfg_attr(feature = "typescript", ts(type = "string"))]
    pub issued_at: Timestamp,
    /// When we mean to renew it.
    #[cfg_attr(feature = "typescript", ts(type = "string | null"))]
    pub renew_at: Option<Timestamp>,
    /// When the service says that it ends; `None` when it has not said.
    #[cfg_attr(feature = "typescript", ts(type = "string | null"))]
    pub expires_at: Option<Timestamp>,
}

/// The paid tiers of an account, in the order in which the service ranks them, lowest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct Membership {
    /// One entry for each tier that the service has, held or not.
    pub tiers: Vec<TierStatus>,
    /// When the service said so.
    #[cfg_attr(feature = "typescript", ts(type = "string"))]
    pub checked_at: Timestamp,
}

/// Whether a tier is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct TierStatus {
    /// Which tier.
    pub tier: Tier,
    /// Whether it holds: the service's flag is set *and* the end is not past.
    pub active: bool,
    /// When it ends or ended; `None` when it was never held or has no end.
    #[cfg_attr(feature = "typescript", ts(type = "string | null"))]
    pub until: Option<Timestamp>,
}

/// A paid tier of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// QQ Music 绿钻.
    QqGreen,
    /// QQ Music 豪华绿钻.
    QqLuxuryGreen,
    /// QQ Music 超级会员.
    QqSuper,
    /// NetEase 音乐包.
    NeteaseMusicPackage,
    /// NetEase 黑胶 VIP.
    NeteaseVinyl,
    /// NetEase 黑胶 SVIP.
    NeteaseVinylSuper,
}

/// One renewal as the history shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct RenewalRecord {
    /// When it ended.
    #[cfg_attr(feature = "typescript", ts(type = "string"))]
    pub at: Timestamp,
    /// What came of it.
    pub outcome: RenewalOutcome,
    /// Who asked for it.
    pub trigger: RenewalTrigger,
    /// What went wrong, when it failed.
    pub problem: Option<Problem>,
}

/// What came of a renewal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum RenewalOutcome {
    /// There is a new key.
    Renewed,
    /// The service kept the old key and says that it works.
    Unchanged,
    /// The service has ended the credential.
    Rejected,
    /// It did not work this time; nothing is known to be lost.
    Failed,
}

/// Why a renewal that was answered brought no new key (protocol: NetEase §12.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum UnchangedReason {
    /// The service issued none this time, and did not say that anything is wrong.
    NotReissued,
    /// The credential has no refresh token, and the service issues nothing without one.
    RefreshTokenMissing,
    /// The service no longer accepts the refresh token: the key works until it ends, then only a new sign-in
    /// helps.
    RefreshTokenDead,
}

/// Whether a service gives a new key for a credential, and until when (protocol: QQ §13.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum Renewability {
    /// It holds what renews it, even after its key has ended: such a key is due, never dead.
    Renewable,
    /// The key itself renews it, which works only while the key does.
    WhileAlive,
    /// Nothing renews it: it works until its key ends, then only a new sign-in helps.
    NotRenewable,
}

/// Who asked for a renewal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum RenewalTrigger {
    /// The person.
    Manual,
    /// The schedule.
    Automatic,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_id_reads_back_what_it_writes() {
        let id = AccountId::new(ServiceId::QqMusic, "1152921504600000042");
        assert_eq!(id.to_string(), "qqmusic:1152921504600000042");
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn an_account_id_needs_a_known_service_and_a_number() {
        for bad in ["", "qqmusic", "qqmusic:", "qqmusic:o10001", "spotify:1", "qqmusic:1 2"] {
            assert_eq!(bad.parse::<AccountId>(), Err(UnknownName), "{bad:?} names no account");
        }
    }
}
