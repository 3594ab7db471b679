#![doc = include_str!("../README.md")]

mod clock;
mod code_form;
mod contract;
mod credential;
pub mod display_text;
mod error;
#[cfg(test)]
mod fuzz;
pub mod http;
mod id;
mod membership;
mod method;
pub mod netease;
mod paced;
mod phone_number;
pub mod picture;
pub mod qqmusic;
mod qr;
mod question;
pub mod registry;
mod response;
mod secret;

pub use clock::{Clock, SystemClock};
pub use contract::{
    Attempt, Context, CookiePairs, Detection, Device, ExportFacts, Grant, Inspection, Progress, Renewability,
    Renewal, Service, UnchangedReason,
};
pub use credential::{Credential, DifferentAccount, Fields};
pub use error::{InputError, ServiceError, ServiceErrorKind};
pub use http::{CookieMap, Http, HttpError, HttpOptions, Limits, NotTheAnswer, Proxy, ProxyError};
pub use id::{AccountId, ServiceId, UnknownName};
pub use membership::{Membership, Tier, TierStatus};
pub use method::Method;
pub use netease::NeteaseProfile;
pub use phone_number::PhoneNumber;
pub use qr::{Ink, QUIET_ZONE, QrCode, QrError};
pub use question::{
    CredentialPart, Detected, DetectedPart, Input, OfficialPage, PageGoal, PageRequest, PasteFormat,
    PastedAccount, PrivateAddress, Question, Unusable, UnusableReason,
};
pub use secret::Secret;
