//! The contract of a music service.
//!
//! An implementation talks to its service and nothing else: it never sees the vault, the ledger or a front.
//! It MUST NOT keep state between calls beyond one [`Attempt`]; it MUST say what an answer *proves*: only a
//! listed (endpoint, code) pair is [`ServiceError::Rejected`], anything unknown is [`ServiceError::Unexpected`].

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rand::Rng as _;
use serde::{Deserialize, Serialize};

use crate::client_identities::ClientIdentities;
use crate::clock::Clock;
use crate::credential::Credential;
use crate::error::ServiceError;
use crate::facts::ServiceFacts;
use crate::http::{CookieMap, Http};
use crate::id::ServiceId;
use crate::membership::Membership;
use crate::method::Method;
use crate::qr::QrCode;
use crate::question::{DetectedPart, Input, Question};
use crate::renewal_window::RenewalWindow;
use crate::secret::Secret;

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

/// What a service needs from its surroundings for one call.
#[derive(Debug, Clone)]
pub struct Context {
    /// The one hardened HTTP client, as the settings want it now.
    pub http: Http,
    /// The clocks.
    pub clock: Arc<dyn Clock>,
    /// This installation's device identity.
    pub device: Device,
    /// As which of its own clients each service is asked.
    pub client_identities: ClientIdentities,
}

/// The identity that this installation shows to the services: random, made once and kept, because a
/// changing one looks like a new device each time (protocol: NetEase §2, QQ §5.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// 52 upper-case hexadecimal digits.
    pub id: Secret,
}

impl Device {
    /// The identity of a new installation, as text.
    pub fn random_id() -> String {
        let mut rng = rand::rng();
        (0..52).map(|_| format!("{:X}", rng.random_range(0..16_u8))).collect()
    }

    /// The identity of a new installation.
    pub fn random() -> Self {
        Self { id: Self::random_id().into() }
    }
}

/// A music service.
#[async_trait]
pub trait Service: Send + Sync + fmt::Debug {
    /// What there is to know of it without asking it.
    fn facts(&self) -> &'static ServiceFacts;

    /// Which one it is.
    fn id(&self) -> ServiceId {
        self.facts().id
    }

    /// Starts a sign-in. The first [`Attempt::next`] makes the first request.
    fn begin(&self, method: Method, context: Context) -> Result<Box<dyn Attempt>, ServiceError>;

    /// What a set of cookies or fields, gathered elsewhere, holds of a credential of this service. Looks only.
    fn detect(&self, fields: &CookieMap) -> Detection;

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
    async fn import(&self, context: &Context, fields: &CookieMap) -> Result<Grant, ServiceError>;

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

    /// When to renew, as the protocol notes advise. `None` for a credential that is
    /// [not renewable](Renewability::NotRenewable).
    fn renewal_window(&self, credential: &Credential) -> Option<RenewalWindow>;

    /// The credential as this service's web cookies, in the order in which tools want them
    /// (for QQ Music digits-only `uin` second).
    fn cookie(&self, credential: &Credential) -> CookiePairs;
}

/// Cookies to hand out: ordered name–value pairs.
pub type CookiePairs = Vec<(String, Secret)>;

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
pub struct Detection {
    /// The parts that matter, found or missing, most important first.
    pub parts: Vec<DetectedPart>,
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
