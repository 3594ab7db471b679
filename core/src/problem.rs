//! The error vocabulary of all fronts: a code that a front acts on, and words for people.
//!
//! Inside the core errors are rich; here they become plain data. A problem never carries a secret, a URL
//! with a query, or a body. A code exists only if some front does something different on it.

use std::fmt;

use serde::{Deserialize, Serialize};
use strum::VariantArray;
use tunekey_services::{Bilingual, ServiceId, display_text, registry};

use crate::store::StoreKind;

mod of_service;
mod sentences;
mod status;

pub use status::ProblemStatus;

/// What went wrong, as every front may show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct Problem {
    /// What a front acts on.
    pub code: ProblemCode,
    /// The service it happened with, if one was involved.
    pub service: Option<ServiceId>,
    /// What was being done and what came, for the Details fold: technical English, redacted.
    #[serde(default, deserialize_with = "display_text::deserialize_detail")]
    pub detail: Option<String>,
    /// The service's own words, when it sent some for people to read.
    #[serde(default, deserialize_with = "display_text::deserialize_message")]
    pub service_message: Option<String>,
    /// What to tell the person in place of the code's own sentence, when that has to name something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub words: Option<Box<Words>>,
}

/// A sentence or two in every language, with the next step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct Words {
    /// In English.
    pub english: String,
    /// 简体中文。
    pub chinese: String,
}

/// The kinds of problem that fronts tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, VariantArray)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum ProblemCode {
    /// The service cannot be reached, and nothing tells why.
    Offline,
    /// The certificate that was shown for the service is not trusted: the clock is wrong, or somebody inspects
    /// the connection.
    UntrustedCertificate,
    /// The system has no certificate authorities to trust.
    NoAuthorities,
    /// The file with extra certificate authorities cannot be used.
    ExtraCaUnusable,
    /// The service's name leads to no address.
    NameNotResolved,
    /// Something else answers in the service's place, such as the sign-in page of a network.
    NotTheService,
    /// The service, or what stands in front of it, reports an error of its own (HTTP 5xx).
    ServerError,
    /// The proxy cannot be reached.
    ProxyUnreachable,
    /// The proxy answers and does not let the connection through.
    ProxyRefused,
    /// The proxy wants a user name and a password, or others than it got.
    ProxyPassword,
    /// What the system or the settings name as a proxy is none that can be used.
    ProxyUnusable,
    /// The service did not answer in time.
    Timeout,
    /// The service refuses the credential: only a new sign-in helps.
    Rejected,
    /// The service has refused the credential once; it is asked again before that is believed.
    RefusedOnce,
    /// Nothing in the credential can renew it.
    NotRenewable,
    /// The service would not renew the key, of which it has not said that it is dead.
    RenewalRefused,
    /// The service's risk control stopped the attempt; the account is fine.
    RiskControl,
    /// The service asks to wait.
    RateLimited,
    /// The code on screen is no longer valid.
    Expired,
    /// The sign-in was declined on the phone.
    Refused,
    /// The account is signed in on too many devices.
    DeviceLimit,
    /// The service restricts or has banned the account.
    Restricted,
    /// The service no longer accepts the client version that we report.
    ClientTooOld,
    /// This way in does not suit the account; another may.
    WrongMethod,
    /// The code that was typed is wrong or used up.
    WrongCode,
    /// The sign-in was confirmed, but the answer that would have brought the credential was lost on the way.
    ExchangeLost,
    /// What the service sent for a code to scan is none of its sign-in codes, and was not shown.
    ForeignCode,
    /// Too many sign-ins were started today: another would only make the service more suspicious.
    DailyLimit,
    /// It is another account than the one that was to be signed in again.
    OtherAccount,
    /// The store of the secrets is locked.
    KeychainLocked,
    /// There is no store of the secrets, or it does not answer.
    KeychainUnavailable,
    /// The store of the secrets said no.
    KeychainDenied,
    /// The store is there and open, and holds no credential for the account.
    CredentialMissing,
    /// What the store holds for the account is damaged or of a newer version.
    CredentialUnreadable,
    /// What the store holds for the account is older than what was saved last.
    CredentialRolledBack,
    /// The store is of encrypted files, and no identity was found that opens them.
    IdentityMissing,
    /// The identity that was found does not open the store.
    IdentityWrong,
    /// The identity was refused, because others can read it.
    IdentityExposed,
    /// The profile's ledger cannot be read or written.
    ProfileUnreadable,
    /// The ledger is damaged and nothing was changed.
    LedgerDamaged,
    /// The ledger was damaged; it was set aside and a new one was started.
    LedgerSetAside,
    /// The ledger was written by a newer version of TuneKey.
    LedgerNewer,
    /// Another TuneKey holds a lock of the profile and does not let go.
    ProfileBusy,
    /// The profile's locks cannot be used, so that nothing can be changed safely.
    LocksUnusable,
    /// The profile's folder can be read and not written.
    ProfileReadOnly,
    /// The profile, or a file in it, is somebody else's, or others could have changed it.
    ProfileNotPrivate,
    /// There is no space left where the profile is.
    DiskFull,
    /// There is no such account, service, method, format or setting.
    NotFound,
    /// What was given cannot be used.
    InvalidInput,
    /// The person stopped it.
    Cancelled,
    /// Something that we do not know; `detail` says what was being done and what came. In a ledger also what a
    /// later version knows: a code that is new must not make the whole ledger look damaged.
    #[serde(other)]
    Unexpected,
}

/// A language that TuneKey speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// English.
    English,
    /// 简体中文.
    Chinese,
}

impl Language {
    /// The language for a locale name such as `zh_CN.UTF-8` or `en-GB`.
    pub fn from_locale(locale: &str) -> Self {
        if locale.to_ascii_lowercase().starts_with("zh") { Self::Chinese } else { Self::English }
    }

    /// The one of two texts that is in this language.
    pub fn pick<'a>(self, english: &'a str, chinese: &'a str) -> &'a str {
        match self {
            Self::English => english,
            Self::Chinese => chinese,
        }
    }

    /// A text in this language.
    pub fn of(self, text: Bilingual) -> &'static str {
        self.pick(text.english, text.chinese)
    }

    /// The name of a service; of one that this build does not know, that it is one.
    pub fn service_name(self, service: ServiceId) -> &'static str {
        match registry::facts(service) {
            Some(facts) => self.of(facts.name),
            None => self.pick("the service", "对方服务"),
        }
    }

    /// What a person reads of a store within a sentence, such as "the database". Systems have names of their own for the
    /// keychain.
    pub fn store_name(self, store: StoreKind) -> &'static str {
        let (english, chinese) = store.words().name;
        self.pick(english, chinese)
    }
}

impl Problem {
    /// A problem with nothing more to say than its code.
    pub fn new(code: ProblemCode) -> Self {
        Self { code, service: None, detail: None, service_message: None, words: None }
    }

    /// A problem of a store of that kind, in the words of its kind.
    pub(crate) fn of_store(code: ProblemCode, store: StoreKind) -> Self {
        let problem = Self::new(code);
        match code.words_of(store) {
            Some((english, chinese)) => problem.with_words(english, chinese),
            None => problem,
        }
    }

    /// What somebody gave cannot be used: why, and what to give instead, in both languages. Never put a secret into it.
    pub fn invalid(english: impl Into<String>, chinese: impl Into<String>) -> Self {
        let english = english.into();
        Self::new(ProblemCode::InvalidInput).with_detail(english.clone()).with_words(english, chinese)
    }

    /// The same, with what was being done and what came. Never put a secret into it. What cannot be shown, as in a
    /// path or a name that somebody typed, is left out.
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(display_text::detail(&detail.into()));
        self
    }

    /// The same, with a sentence of its own in both languages, in place of the code's. Never put a secret into it.
    pub fn with_words(mut self, english: impl Into<String>, chinese: impl Into<String>) -> Self {
        self.words = Some(Box::new(Words { english: english.into(), chinese: chinese.into() }));
        self
    }

    /// The same, with the service it happened with.
    pub fn with_service(mut self, service: ServiceId) -> Self {
        self.service = Some(service);
        self
    }

    /// What to tell the person, with the next step: one or two sentences.
    pub fn message(&self, language: Language) -> String {
        let service = match self.service {
            Some(service) => language.service_name(service),
            None => language.pick("the service", "对方服务"),
        };
        let (english, chinese) = match (self.code, self.service) {
            // No service had a part in it.
            (ProblemCode::Unexpected, None) => (
                "Something on this computer did not work; nothing was changed. Try again.",
                "本机操作没有成功，没有改动任何内容，请重试。",
            ),
            (code, _) => code.words(),
        };
        let mut message = match &self.words {
            Some(words) => language.pick(&words.english, &words.chinese).replace("{service}", service),
            None => capitalised(language.pick(english, chinese).replace("{service}", service)),
        };
        if let Some(service_message) = &self.service_message {
            // The service's own words first: it knows why.
            message = match language {
                Language::English => format!("The service says: “{service_message}” {message}"),
                Language::Chinese => format!("对方提示：「{service_message}」{message}"),
            };
        }
        // What nobody foresaw is told with what is known of it; that is technical English in both languages.
        if self.code == ProblemCode::Unexpected
            && self.words.is_none()
            && let Some(detail) = &self.detail
        {
            message.push_str(&match language {
                Language::English => format!(" ({detail})"),
                Language::Chinese => format!("（{detail}）"),
            });
        }
        message
    }
}

pub(crate) fn capitalised(text: String) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => text,
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message(Language::English))
    }
}

impl std::error::Error for Problem {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_of_a_later_version_is_read_as_one_that_we_do_not_know() {
        let read = |text: &str| serde_json::from_str::<ProblemCode>(text).ok();
        assert_eq!(read("\"of_a_later_version\""), Some(ProblemCode::Unexpected));
        assert_eq!(read("\"proxy_refused\""), Some(ProblemCode::ProxyRefused));
    }

    #[test]
    fn what_is_typed_or_sent_comes_back_in_one_line_that_steers_nothing() {
        let evil = "a\u{1b}[2J\u{202e}\r\nb";
        let problem = Problem::new(ProblemCode::Unexpected).with_detail(evil);
        for language in [Language::English, Language::Chinese] {
            let message = problem.message(language);
            assert!(message.contains("a[2J b") && !message.contains(char::is_control), "{message:?}");
        }
    }

    #[test]
    fn own_words_take_the_place_of_the_codes_and_of_technical_english() {
        let problem =
            Problem::new(ProblemCode::NotFound).with_detail("technical").with_words("Own.", "自己的。");
        assert_eq!(problem.message(Language::English), "Own.");
        assert_eq!(problem.message(Language::Chinese), "自己的。");
    }
}
