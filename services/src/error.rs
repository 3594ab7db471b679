//! Why a call to a service failed: the only error of this crate.

use std::time::Duration;

use crate::http::{HttpError, NotTheAnswer};

/// Why a call to a service failed. It carries no secret, no address with a query and no body.
#[derive(Debug, Clone, thiserror::Error, strum::EnumDiscriminants)]
#[strum_discriminants(
    name(ServiceErrorKind),
    doc = "The kinds of [`ServiceError`], without what they carry."
)]
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
    #[error("{doing}: {} instead of the service's answer", got.as_str())]
    NotTheService {
        /// What was being done.
        doing: &'static str,
        /// What came.
        got: NotTheAnswer,
    },
    /// What was typed cannot be sent, or is refused by the service for what it is.
    #[error("{doing}: {reason}")]
    InvalidInput {
        /// What was being done.
        doing: &'static str,
        /// What is wrong with it.
        reason: InputError,
        /// The service's words.
        service_message: Option<String>,
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
        service_message: Option<String>,
    },
    /// Too many requests, or a service that asks to wait.
    #[error("{doing}: too many requests (code {code})")]
    RateLimited {
        /// What was being done.
        doing: &'static str,
        /// The service's code.
        code: i64,
        /// The service's words.
        service_message: Option<String>,
        /// For how long it asks to be left alone (`Retry-After`, RFC 9110 §10.2.3), if it says so.
        retry_after: Option<Duration>,
    },
    /// Too many devices.
    #[error("{doing}: too many devices (code {code})")]
    DeviceLimit {
        /// What was being done.
        doing: &'static str,
        /// The service's code.
        code: i64,
        /// The service's words.
        service_message: Option<String>,
    },
    /// The account is restricted or banned.
    #[error("{doing}: the account is restricted (code {code})")]
    Restricted {
        /// What was being done.
        doing: &'static str,
        /// The service's code.
        code: i64,
        /// The service's words.
        service_message: Option<String>,
    },
    /// This way in does not suit the account: another app, or another kind of account, is wanted.
    #[error("{doing}: this way in does not suit the account (code {code})")]
    WrongMethod {
        /// What was being done.
        doing: &'static str,
        /// The service's code.
        code: i64,
        /// The service's words.
        service_message: Option<String>,
    },
    /// The code that the person typed is wrong or used up.
    #[error("{doing}: the code that was typed is wrong (code {code})")]
    WrongCode {
        /// What was being done.
        doing: &'static str,
        /// The service's code.
        code: i64,
        /// The service's words.
        service_message: Option<String>,
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
        service_message: Option<String>,
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
        service_message: Option<String>,
    },
}

impl ServiceError {
    /// What kind of failure it is.
    pub fn kind(&self) -> ServiceErrorKind {
        self.into()
    }

    /// The service's own words for people, where it sent some.
    pub fn service_message(&self) -> Option<&str> {
        match self {
            Self::InvalidInput { service_message, .. }
            | Self::RiskControl { service_message, .. }
            | Self::RateLimited { service_message, .. }
            | Self::DeviceLimit { service_message, .. }
            | Self::Restricted { service_message, .. }
            | Self::WrongMethod { service_message, .. }
            | Self::WrongCode { service_message, .. }
            | Self::ClientTooOld { service_message, .. }
            | Self::Unexpected { service_message, .. } => service_message.as_deref(),
            Self::Http { .. }
            | Self::NotTheService { .. }
            | Self::Rejected { .. }
            | Self::ExchangeLost { .. }
            | Self::ForeignCode { .. }
            | Self::OtherAccount { .. } => None,
        }
    }

    /// For how long the service asks to be left alone, if it says so.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// Whether the same call may succeed in a moment: the network, a server error, a portal.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Http { .. } | Self::NotTheService { .. } => true,
            Self::InvalidInput { .. }
            | Self::Rejected { .. }
            | Self::RiskControl { .. }
            | Self::RateLimited { .. }
            | Self::DeviceLimit { .. }
            | Self::Restricted { .. }
            | Self::ClientTooOld { .. }
            | Self::WrongMethod { .. }
            | Self::WrongCode { .. }
            | Self::ExchangeLost { .. }
            | Self::ForeignCode { .. }
            | Self::OtherAccount { .. }
            | Self::Unexpected { .. } => false,
        }
    }
}

/// What is wrong with something that was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InputError {
    /// A country's code has one to three digits.
    #[error("that is no country code")]
    CountryCode,
    /// The number begins with the code of another country than the one beside it.
    #[error("the number names another country")]
    OtherCountry,
    /// There is more than digits in the number.
    #[error("there is more than digits in the number")]
    NotDigits,
    /// A number of mainland China has 11 digits.
    #[error("a number of mainland China has 11 digits")]
    MainlandLength,
    /// A number has 5 to 15 digits (ITU-T E.164).
    #[error("a number has 5 to 15 digits")]
    Length,
    /// There is no code of 4 to 8 digits in it.
    #[error("there is no code in it")]
    NoTextCode,
    /// The service says so, with this code if it gave one.
    #[error("refused by the service{}", code.map(|code| format!(" (code {code})")).unwrap_or_default())]
    Refused {
        /// The service's code.
        code: Option<i64>,
    },
}
