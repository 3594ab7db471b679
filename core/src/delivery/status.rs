//! How a delivery stands, as fronts show it. Pure: the caller brings the account's record.

use jiff::Timestamp;
use serde::Serialize;

use super::due::is_there;
use super::model::{Delivery, DeliveryScope};
use crate::ledger::AccountRecord;

/// A delivery as fronts show it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct DeliveryStatus {
    /// What there is of it.
    #[serde(flatten)]
    pub delivery: Delivery,
    /// How it stands.
    pub state: DeliveryState,
    /// Where it goes, in a line.
    pub summary: String,
    /// When it is tried again by itself, after it has failed.
    #[cfg_attr(feature = "typescript", ts(type = "string | null"))]
    pub retry_at: Option<Timestamp>,
}

/// How a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// It is switched off.
    Off,
    /// It has no sign-in of its own yet.
    NeedsSignIn,
    /// The newest key is to be delivered.
    Waiting,
    /// The account's key is there.
    Delivered,
    /// The credential, or a sign-in of its own, was handed over: the target renews it.
    HandedOver,
    /// The credential was handed over, and the account has been signed in again since: nothing more goes there.
    TakenBack,
    /// It has not worked the last time.
    Failing,
}

impl DeliveryStatus {
    /// How a delivery of that account stands.
    pub(crate) fn new(delivery: Delivery, record: &AccountRecord) -> Self {
        let (state, is_there) = (state(&delivery, record), is_there(&delivery, record));
        let retries = state == DeliveryState::Failing && !is_there;
        let has_credential = delivery.scope == DeliveryScope::OwnSignIn || !record.health.needs_sign_in();
        let retry_at = delivery.next_try_at.filter(|_| retries && has_credential);
        Self { state, summary: delivery.target.summary(), retry_at, delivery }
    }
}

fn state(delivery: &Delivery, record: &AccountRecord) -> DeliveryState {
    let failed = delivery.last.as_ref().is_some_and(|last| !last.outcome.is_success());
    if !delivery.enabled {
        return DeliveryState::Off;
    }
    if delivery.scope == DeliveryScope::OwnSignIn && delivery.own.is_none() {
        return DeliveryState::NeedsSignIn;
    }
    if failed {
        return DeliveryState::Failing;
    }
    if !is_there(delivery, record) {
        return DeliveryState::Waiting;
    }
    match delivery.scope {
        DeliveryScope::PlayingOnly => DeliveryState::Delivered,
        DeliveryScope::Renewable if record.handed_over_at.is_none() => DeliveryState::TakenBack,
        DeliveryScope::Renewable | DeliveryScope::OwnSignIn => DeliveryState::HandedOver,
    }
}
