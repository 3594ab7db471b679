//! The contract of a music service, and the one list of them.
//!
//! An implementation talks to its service and nothing else: it never sees the vault, the ledger or a front.
//! It MUST NOT keep state between calls beyond one [`Attempt`]; it MUST say what an answer *proves*: only a
//! listed (endpoint, code) pair is [`ServiceError::Rejected`], anything unknown is [`ServiceError::Unexpected`].

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::account::{Membership, Method, Renewability, ServiceId, UnchangedReason};
use crate::clock::Clock;
use crate::credential::Credential;
use crate::http::{CookieMap, Http, HttpError, NotJson};
use crate::problem::{Problem, ProblemCode};
use crate::qr::QrCode;
use crate::secret::Secret;
use crate::settings::NeteaseProfile;

mod answer;
mod code_form;
pub mod netease;
mod paste;
mod phone_number;
pub mod qqmusic;
mod question;

pub(crate) use phone_number::PhoneNumber;
#[cfg(test)]
pub(crate) use qqmusic::credential_of as qqmusic_credential;
pub use question::{
    CredentialPart, Input, OfficialPage, PageGoal, PageRequest, PasteFormat, PastedAccount, PrivateAddress,
    Question, Recognised, RecognisedPart, Unusable, UnusableReason,
};

/// Every service, in the order in which fronts list them. The one list.
pub fn all() -> &'static [&'static dyn Service] {
    &[&qqmusic::QqMusic, &netease::Netease]
}

/// The service of that id.
pub fn by_id(id: ServiceId) -> &'static dyn Service {
    match id {
        ServiceId::QqMusic => &qqmusic::QqMusic,
        ServiceId::Netease => &netease::Netease,
    }
}

/// What a service needs from its surroundings for one call.
#[derive(Debug, Clone)]
pub struct Context {
    /// The one hardened HTTP client, as the settings want it now.
    pub http: Http,
    /// The clocks.
    pub clock: Arc<dyn Clock>,
    /// This installation's device identity.
    pub device: Device,
    /// As which of NetEase's own clients we present ourselves.
    pub netease_profile: NeteaseProfile,
}

/// The identity that this installation shows to the services: random, made once and kept, because a
/// changing one looks like a new device each time (protocol: NetEase §2, QQ §5.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// 52 upper-case hexadecimal digits.
    pub id: Secret,
}

/// A music service.
#[async_trait]
pub trait Service: Send + Sync + fmt::Debug {
    /// Which one it is.
    fn id(&self) -> ServiceId;

    /// The ways in that work in this build, best first.
    fn methods(&self) -> &'static [Method];

    /// Starts a sign-in. The first [`Attempt::next`] makes the first request.
    fn begin(&self, method: Method, context: Context) -> Result<Box<dyn Attempt>, ServiceError>;

    /// What a set of cookies or fields, gathered elsewhere, holds of a credential of this service. Looks only.
    fn recognise(&self, fields: &CookieMap) -> Recognition;

    /// The account's number, where the fields themselves say it: NetEase's do not.
    fn account_in(&self, _fields: &CookieMap) -> Option<u64> {
        None
    }

    /// Makes a credential of cookies or fields that were gathered elsewhere: asks the service whether they work or
    /// whose they are, and renews them if they have ended and can be renewed. Like every grant it is made without
    /// asking for anything that is only for show.
    ///
    /// # Errors
    /// [`ServiceError::Rejected`] when the service has definitely said no.
    async fn adopt(&self, context: &Context, fields: &CookieMap) -> Result<Grant, ServiceError>;

    /// Asks the service whether the credential works, with the one question whose answer proves it (protocol:
    /// QQ §13.7, NetEase §5.1), and then for what there is to show. What cannot be had for show is left out and
    /// proves nothing.
    ///
    /// # Errors
    /// [`ServiceError::Rejected`] only when the service has definitely said no.
    async fn inspect(&self, context: &Context, credential: &Credential) -> Result<Inspection, ServiceError>;

    /// Asks for a new key.
    ///
    /// # Errors
    /// As [`Service::inspect`]. After [`ServiceError::Http`] the service may or may not have issued one.
    async fn renew(&self, context: &Context, credential: &Credential) -> Result<Renewal, ServiceError>;

    /// Ends the credential at the service.
    async fn sign_out(&self, context: &Context, credential: &Credential) -> Result<(), ServiceError>;

    /// Whether the service gives a new key for the credential, and until when. Looks only.
    fn renewability(&self, credential: &Credential) -> Renewability;

    /// The field that holds the key itself: credentials with the same one are of the same session.
    fn key_field(&self) -> &'static str;

    /// When to renew: the earliest moment that the protocol notes advise. `None` for a credential that is
    /// [not renewable](Renewability::NotRenewable).
    fn renew_at(&self, credential: &Credential) -> Option<Timestamp>;

    /// The credential as this service's web cookies, in the order in which tools want them
    /// (for QQ Music digits-only `uin` second).
    fn cookie(&self, credential: &Credential) -> CookiePairs;

    /// The facts that exports need besides the cookie.
    fn export(&self) -> ExportFacts;

    /// An address that answers anything at all when the service can be reached; for testing the connection.
    fn front_door(&self) -> &'static str;
}

/// Cookies to hand out: ordered name–value pairs.
pub type CookiePairs = Vec<(String, Secret)>;

/// What the export formats need to know about a service.
#[derive(Debug, Clone, Copy)]
pub struct ExportFacts {
    /// The variable of the `.env` line, such as `QQMUSIC_COOKIE`.
    pub env_name: &'static str,
    /// The domain of the Netscape lines, with its leading dot, such as `.music.163.com`.
    pub cookie_domain: &'static str,
    /// The names of the cookies that are enough to play.
    pub playing: &'static [&'static str],
    /// Whether the whole of a renewable credential, as it is handed out, holds what renews it.
    pub renews: bool,
}

/// One sign-in from its code to its answer. It owns its cookies, keys and connection; nothing of it outlives it.
#[async_trait]
pub trait Attempt: Send {
    /// Waits for the next thing to happen, at the service's own pace, never overlapping. The first call gives
    /// [`Progress::Code`]. After an error that [may pass](ServiceError::may_pass) it may be called again;
    /// after any other error and after `Refused`, `Expired` or `Granted` the attempt is over.
    ///
    /// After [`Progress::Ask`] it is called again once the answer has been [given](Attempt::give).
    async fn next(&mut self) -> Result<Progress, ServiceError>;

    /// Whether nobody need call [`next`](Self::next) for a while without the code being lost.
    fn survives_pause(&self) -> bool {
        false
    }

    /// Takes the answer to the last [`Progress::Ask`]. One that does not belong to the question is ignored:
    /// then the question is asked again.
    fn give(&mut self, input: Input) {
        drop(input);
    }
}

/// What happened to a sign-in.
#[derive(Debug)]
pub enum Progress {
    /// There is a code to show.
    Code {
        /// The code.
        code: QrCode,
        /// How long to show it at most; the service may end it earlier.
        life: Duration,
    },
    /// Nothing yet; the service answered and is fine. Lets the caller forget earlier network trouble.
    Waiting,
    /// The phone has read it and asks its owner to confirm.
    Scanned {
        /// Who scanned, where the service says so.
        nickname: Option<String>,
        /// Where that person's picture is.
        avatar: Option<url::Url>,
    },
    /// It cannot go on without the person.
    Ask(Question),
    /// Confirmed; the credential is being fetched.
    Authorised,
    /// Declined on the phone.
    Refused,
    /// The code is no longer valid.
    Expired,
    /// The credential, confirmed by the service, with who it belongs to.
    Granted(Box<Grant>),
}

/// A credential that has just been given. It comes as soon as there is a credential and the number of its account:
/// nothing that is only for show is asked for before it is saved. [`Service::inspect`] asks afterwards.
#[derive(Debug)]
pub struct Grant {
    /// The credential.
    pub credential: Credential,
    /// What came along by itself, which may be nothing: the name of whoever scanned, or what the question whose
    /// session it is says besides.
    pub inspection: Inspection,
}

/// What cookies or fields that were gathered elsewhere hold of a credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recognition {
    /// The parts that matter, found or missing, most important first.
    pub parts: Vec<RecognisedPart>,
    /// Whether they are enough to ask the service about them.
    pub enough: bool,
    /// Whether they can be renewed.
    pub renewable: bool,
}

/// What a service says about a credential that works.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Inspection {
    /// The name that the service shows.
    pub nickname: Option<String>,
    /// Where the picture is.
    pub avatar: Option<url::Url>,
    /// The membership; `None` when that question failed, which proves nothing about the credential.
    pub membership: Option<Membership>,
}

/// What came of a renewal that worked.
#[derive(Debug)]
pub enum Renewal {
    /// A new key, already merged field by field with the old credential.
    Renewed(Credential),
    /// The service kept the key that we have, which works.
    Unchanged {
        /// Why there is no new one.
        reason: UnchangedReason,
    },
}

/// Why a call to a service failed.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The network, or something between us and the service.
    #[error("{doing}: {source}")]
    Http {
        /// What was being done, such as "asking for a code".
        doing: &'static str,
        /// What happened.
        source: HttpError,
    },
    /// The answer is not the service's: a web page where data was due, as captive portals and proxies send.
    #[error("{doing}: {got} instead of the service's answer")]
    NotTheService {
        /// What was being done.
        doing: &'static str,
        /// What came, in a few words without any of its content.
        got: &'static str,
    },
    /// The service definitely refuses the credential.
    #[error("{doing}: the credential is refused (code {code})")]
    Rejected {
        /// What was being done.
        doing: &'static str,
        /// The service's code.
        code: i64,
    },
    /// Risk control.
    #[error("{doing}: risk control (code {code})")]
    RiskControl {
        /// What was being done.
        doing: &'static str,
        /// The service's code.
        code: i64,
        /// The service's words.
        said: Option<String>,
    },
    /// Too many requests.
    #[error("{doing}: too many requests (code {code})")]
    RateLimited {
        /// What was being done.
        doing: &'static str,
        /// The service's code.
        code: i64,
        /// The service's words.
        said: Option<String>,
    },
    /// Too many devices.
    #[error("{doing}: too many devices (code {code})")]
    DeviceLimit {
        /// What was being done.
        doing: &'static str,
        /// The service's code.
        code: i64,
        /// The service's words.
        said: Option<String>,
    },
    /// The account is restricted or banned.
    #[error("{doing}: the account is restricted (code {code})")]
    Restricted {
        /// What was being done.
        doing: &'static str,
        /// The service's code.
        code: i64,
        /// The service's words.
        said: Option<String>,
    },
    /// This way in does not suit the account: another app, or another kind of account, is wanted.
    #[error("{doing}: this way in does not suit the account (code {code})")]
    WrongWayIn {
        /// What was being done.
        doing: &'static str,
        /// The service's code.
        code: i64,
        /// The service's words.
        said: Option<String>,
    },
    /// The code that the person typed is wrong or used up.
    #[error("{doing}: the code that was typed is wrong (code {code})")]
    WrongCode {
        /// What was being done.
        doing: &'static str,
        /// The service's code.
        code: i64,
        /// The service's words.
        said: Option<String>,
    },
    /// It was confirmed, but the answer that would have brought the credential was lost on the way, and the
    /// service gives it only once: only a new sign-in helps.
    #[error("{doing}: the answer was lost, and what was confirmed is used up")]
    ExchangeLost {
        /// What was being done.
        doing: &'static str,
    },
    /// The code that came is none of this way in: nobody is asked to scan it.
    #[error("{doing}: a code that is not a sign-in code")]
    ForeignCode {
        /// What was being done.
        doing: &'static str,
    },
    /// The client that we present ourselves as is too old.
    #[error("{doing}: a newer client is wanted (code {code})")]
    ClientTooOld {
        /// What was being done.
        doing: &'static str,
        /// The service's code.
        code: i64,
        /// The service's words.
        said: Option<String>,
    },
    /// The answer is about somebody else's account.
    #[error("{doing}: the answer is about another account")]
    OtherAccount {
        /// What was being done.
        doing: &'static str,
    },
    /// Anything else: proves nothing.
    #[error("{doing}: {got}")]
    Unexpected {
        /// What was being done.
        doing: &'static str,
        /// What came: codes, field names and shapes, never values that could be secret.
        got: String,
        /// The service's words for people.
        said: Option<String>,
    },
}

impl ServiceError {
    /// Whether the same call may succeed in a moment: the network, a server error, a portal.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Http { .. } | Self::NotTheService { .. } => true,
            Self::Rejected { .. }
            | Self::RiskControl { .. }
            | Self::RateLimited { .. }
            | Self::DeviceLimit { .. }
            | Self::Restricted { .. }
            | Self::ClientTooOld { .. }
            | Self::WrongWayIn { .. }
            | Self::WrongCode { .. }
            | Self::ExchangeLost { .. }
            | Self::ForeignCode { .. }
            | Self::OtherAccount { .. }
            | Self::Unexpected { .. } => false,
        }
    }

    /// As every front may show it.
    pub fn into_problem(self, service: ServiceId) -> Problem {
        let detail = self.to_string();
        let (code, said) = match self {
            Self::Http { source, .. } => (source.code(), None),
            Self::NotTheService { got, .. } => (NotJson::code_of(got), None),
            Self::Rejected { .. } => (ProblemCode::Rejected, None),
            Self::RiskControl { said, .. } => (ProblemCode::RiskControl, said),
            Self::RateLimited { said, .. } => (ProblemCode::RateLimited, said),
            Self::DeviceLimit { said, .. } => (ProblemCode::DeviceLimit, said),
            Self::Restricted { said, .. } => (ProblemCode::Restricted, said),
            Self::ClientTooOld { said, .. } => (ProblemCode::ClientTooOld, said),
            Self::WrongWayIn { said, .. } => (ProblemCode::WrongWayIn, said),
            Self::WrongCode { said, .. } => (ProblemCode::WrongCode, said),
            Self::ExchangeLost { .. } => (ProblemCode::ExchangeLost, None),
            Self::ForeignCode { .. } => (ProblemCode::ForeignCode, None),
            Self::OtherAccount { .. } => (ProblemCode::Unexpected, None),
            Self::Unexpected { said, .. } => (ProblemCode::Unexpected, said),
        };
        Problem { said, ..Problem::new(code).with_service(service).with_detail(detail) }
    }
}
