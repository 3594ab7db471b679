//! Deliveries: an account's credential goes by itself to where the person uses it, again with each new key.
//!
//! A [`Delivery`] stands in the ledger; what is secret of its target stands in the store. Each takes the same way: lock
//! the target → load the newest credential → write, apply and verify at the target → note how it went. A value is
//! delivered at least once, and never an older one after a newer: whoever holds the lock loads what is newest then.
//! What is not noted because of a crash is delivered again.
//!
//! Two programs that renew one credential end each other's keys. So a delivery carries what plays and no more, unless
//! the person hands the credential over: then it is the target that renews it, and TuneKey does not until a new
//! sign-in.

mod client;
mod command;
mod cookie_cloud;
mod deliverer;
mod draft;
mod due;
mod edit;
mod error;
mod facts;
mod file;
#[cfg(test)]
mod fixtures;
mod http;
mod lock;
mod meting;
mod model;
mod open_list;
mod payload;
mod preset;
mod qinglong;
mod status;
mod target;
mod template;
#[cfg(test)]
mod tests;

pub(crate) use cookie_cloud::read as read_cookie_cloud;
pub(crate) use deliverer::{Deliverer, Purpose};
pub use draft::DeliveryDraft;
pub(crate) use due::is_due;
pub(crate) use error::DeliveryError;
pub use facts::DeliveryFacts;
pub use model::{
    DeliveredKey, Delivery, DeliveryId, DeliveryNotice, DeliveryOutcome, DeliveryRecord, DeliveryScope,
};
pub(crate) use preset::check_service;
pub use preset::{AnswerKind, Preset, PresetAnswers, PresetGroup, PresetQuestion, presets};
pub use status::{DeliveryState, DeliveryStatus};
pub use target::{
    BodyKind, CloudCipher, CommandTarget, CookieCloudTarget, FileContent, FileTarget, HttpHeader, HttpMethod,
    HttpTarget, MetingTarget, OpenListTarget, PlacedValue, QinglongTarget, Replace, Signature, Success,
    Target,
};
