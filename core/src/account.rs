//! What a front may see of an account. Nothing in this file is secret.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tunekey_services::{
    AccountId, Membership, Method, Renewability, ServiceId, UnchangedReason, display_text,
};

use crate::export::Format;
use crate::problem::{Language, Problem};

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
    /// Names its picture, which the core gives to who asks for it: another picture has another name.
    #[cfg_attr(feature = "typescript", ts(type = "string | null"))]
    pub picture: Option<PictureId>,
    /// How it was signed in.
    pub method: Method,
    /// How it is doing.
    pub health: Health,
    /// What is being done with it right now.
    pub busy: Option<Busy>,
    /// The life of its key.
    pub life: KeyLifetime,
    /// Whether its key can be renewed; `None` until its credential has been looked at.
    pub renewability: Option<Renewability>,
    /// What the service said of its membership, if it has said anything yet.
    pub membership: Option<Membership>,
    /// When the service last confirmed that the credential works.
    #[cfg_attr(feature = "typescript", ts(type = "string | null"))]
    pub checked_at: Option<Timestamp>,
    /// What the service has shown to be true of its credential, the account first.
    pub lights: Vec<Light>,
    /// The renewals of the last 30 days, newest first.
    pub renewals: Vec<RenewalRecord>,
    /// The format that this account is copied in.
    pub format: Format,
    /// The last time that its cookie was handed out.
    pub copied: Option<CopyRecord>,
    /// When it was handed over to another program, which renews it since; `None` when TuneKey does.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional, type = "string"))]
    pub handed_over_at: Option<Timestamp>,
    /// What went wrong last, if the last thing tried went wrong: a note, not a verdict.
    pub last_error: Option<Problem>,
}

/// The longest [`Account::short_name`], in characters.
const SHORT_NAME: usize = 28;

impl Account {
    /// Its name where there is little room, as in menus and notifications: the person's own before the service's, cut
    /// to 28 characters. Both have been cleaned; cleaning again costs nothing and trusts nobody.
    pub fn short_name(&self) -> String {
        let chosen = self.label.as_ref().unwrap_or(&self.nickname);
        let Some(name) = display_text::name(chosen) else {
            return Language::English.service_name(self.service).to_owned();
        };
        if name.chars().count() <= SHORT_NAME {
            return name;
        }
        let mut cut: String = name.chars().take(SHORT_NAME - 1).collect();
        cut.push('…');
        cut
    }

    /// Whether a renewal can help it: not where only a new sign-in does, and not where another program renews it.
    pub fn can_be_renewed(&self) -> bool {
        !self.health.needs_sign_in()
            && self.renewability != Some(Renewability::NotRenewable)
            && self.handed_over_at.is_none()
    }
}

/// The name of a picture: the beginning of the SHA-256 of its bytes, in hexadecimal. An account's news carries this
/// instead of the picture, which takes ten kilobytes; [`TuneKey::picture`](crate::TuneKey::picture) gives that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PictureId(String);

impl PictureId {
    /// How many hexadecimal digits it has: enough to tell the pictures of one profile apart.
    const DIGITS: usize = 16;

    /// The name of a picture with these bytes.
    pub(crate) fn of(png: &[u8]) -> Self {
        let mut name = format!("{:x}", Sha256::digest(png));
        name.truncate(Self::DIGITS);
        Self(name)
    }
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

/// Something that a service can show to be true of an account's credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct Light {
    /// What.
    pub kind: LightKind,
    /// What showed it last; `None` when nothing has yet.
    pub proof: Option<Proof>,
}

/// What a service can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum LightKind {
    /// It accepts the account.
    AccountAccepted,
    /// The key plays. Only where the service tells that apart from the account.
    MusicKeyWorks,
}

/// A call whose answer has shown something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct Proof {
    /// When it was answered.
    #[cfg_attr(feature = "typescript", ts(type = "string"))]
    pub at: Timestamp,
    /// Which call.
    pub call: ProvingCall,
    /// Whether it was about the key that the account has now.
    pub is_current: bool,
}

/// The calls whose answers show something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum ProvingCall {
    /// The sign-in that brought the credential.
    SignIn,
    /// A renewal.
    Renewal,
    /// The question whether the credential works.
    Check,
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
pub struct KeyLifetime {
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

/// One renewal as the history shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct RenewalRecord {
    /// When it ended.
    #[cfg_attr(feature = "typescript", ts(type = "string"))]
    pub at: Timestamp,
    /// What came of it.
    pub outcome: RenewalOutcome,
    /// Why the service has kept the key, when it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub unchanged: Option<UnchangedReason>,
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

/// Who asked for a renewal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
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

    fn named(nickname: &str) -> Account {
        let id: AccountId = "qqmusic:1".parse().expect("an account");
        let life = KeyLifetime { issued_at: Timestamp::UNIX_EPOCH, renew_at: None, expires_at: None };
        Account {
            revision: 1,
            service: id.service,
            uid: id.uid.clone(),
            id,
            nickname: nickname.to_owned(),
            label: None,
            note: None,
            picture: None,
            method: Method::QqScan,
            health: Health::Healthy,
            busy: None,
            life,
            renewability: None,
            membership: None,
            checked_at: None,
            lights: Vec::new(),
            renewals: Vec::new(),
            format: Format::Header,
            copied: None,
            handed_over_at: None,
            last_error: None,
        }
    }

    #[test]
    fn a_renewal_can_help_neither_what_needs_a_sign_in_nor_what_another_program_renews() {
        let (since, reason) = (Timestamp::UNIX_EPOCH, SignInReason::Rejected);
        let account = named("Lin Jian");
        assert!(account.can_be_renewed(), "what is not known yet is tried");
        let dead = Account { health: Health::NeedsSignIn { since, reason }, ..account.clone() };
        let without_tokens = Account { renewability: Some(Renewability::NotRenewable), ..account.clone() };
        let handed_over = Account { handed_over_at: Some(since), ..account };
        for account in [dead, without_tokens, handed_over] {
            assert!(!account.can_be_renewed(), "{account:?}");
        }
    }

    #[test]
    fn a_hostile_nickname_stays_one_short_line() {
        assert_eq!(named("\u{202e}evil\nQuit\u{200b}\u{7}").short_name(), "evil Quit");
        let long = named(&"长".repeat(500)).short_name();
        assert_eq!(long.chars().count(), SHORT_NAME);
        assert!(long.ends_with('…'), "what is left out is shown to be left out");
    }

    #[test]
    fn the_persons_own_name_for_an_account_comes_before_the_services() {
        let mut account = named("Lin Jian");
        account.label = Some("Work \u{202e}laptop".to_owned());
        assert_eq!(account.short_name(), "Work laptop");
    }

    #[test]
    fn a_nickname_of_nothing_visible_is_replaced() {
        assert_eq!(named("\u{200b}\u{feff} ").short_name(), "QQ Music");
    }
}
