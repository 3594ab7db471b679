#![doc = include_str!("../README.md")]

mod bilingual;
mod client_identities;
mod clock;
mod code_form;
mod contract;
mod credential;
pub mod display_text;
mod error;
pub mod facts;
mod format;
#[cfg(test)]
mod fuzz;
pub mod http;
mod id;
mod membership;
mod method;
mod name;
pub mod netease;
mod official_page;
mod paced;
mod phone_number;
pub mod picture;
mod private_address;
pub mod qqmusic;
mod qr;
mod question;
pub mod registry;
mod renewal_window;
mod response;
mod secret;

pub use bilingual::Bilingual;
pub use client_identities::ClientIdentities;
pub use clock::{Clock, SystemClock};
pub use contract::{
    Attempt, Context, CookiePairs, Detection, Device, Grant, Inspection, Progress, Renewability, Renewal,
    Service, UnchangedReason,
};
pub use credential::{Credential, DifferentAccount, Fields};
pub use error::{InputError, ServiceError, ServiceErrorKind};
pub use facts::ServiceFacts;
pub use format::{FormatName, Scope, Unfit};
pub use http::{CookieMap, Http, HttpError, HttpOptions, Limits, NotTheAnswer, Proxy, ProxyError};
pub use id::{AccountId, ServiceId};
pub use membership::{Membership, Tier, TierStatus};
pub use method::Method;
pub use name::UnknownName;
pub use official_page::{Navigation, OfficialPage, PageCookie, PageGoal, PageRequest};
pub use phone_number::PhoneNumber;
pub use private_address::PrivateAddress;
pub use qr::{Ink, QUIET_ZONE, QrCode, QrError};
pub use question::{
    CredentialPart, Detected, DetectedPart, Input, PasteFormat, PastedAccount, Question, Unusable,
    UnusableReason,
};
pub use renewal_window::RenewalWindow;
pub use secret::Secret;
