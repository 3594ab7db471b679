//! What the tests of notifications look at.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use tunekey_services::{AccountId, Method, Renewability, qqmusic};

use super::situation::Situation;
use crate::account::{Account, Health, KeyLifetime};
use crate::delivery::{CommandTarget, Delivery, DeliveryScope, Target};
use crate::export::Format;
use crate::store::StoreKind;

/// The moment of every test.
pub(super) const NOW: Timestamp = Timestamp::UNIX_EPOCH;

/// A moment at which nothing is wrong.
pub(super) fn situation() -> Situation {
    Situation {
        accounts: Vec::new(),
        deliveries: Vec::new(),
        store: StoreKind::Keychain,
        closed: None,
        renewal_patience: SignedDuration::from_hours(6),
        keychain_patience: SignedDuration::from_hours(6),
        now: NOW,
        zone: TimeZone::UTC,
    }
}

/// An account of somebody with an odd name.
pub(super) fn account(health: Health) -> Account {
    let id = AccountId::new(qqmusic::ID, "10001");
    Account {
        revision: 1,
        service: id.service,
        uid: id.uid.clone(),
        id,
        nickname: "Lin <b>Jian</b>".to_owned(),
        label: None,
        note: None,
        picture: None,
        method: Method::QqScan,
        health,
        busy: None,
        life: KeyLifetime { issued_at: NOW, renew_at: None, expires_at: None },
        renewability: Some(Renewability::Renewable),
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

/// A delivery of that account that has not been tried.
pub(super) fn delivery() -> Delivery {
    Delivery {
        id: "0123456789".parse().expect("an id"),
        account: AccountId::new(qqmusic::ID, "10001"),
        preset: "command".to_owned(),
        answers: BTreeMap::new(),
        earlier: Vec::new(),
        label: Some("music box".to_owned()),
        enabled: true,
        target: Target::Command(CommandTarget { arguments: Vec::new(), variable: None, seconds: 30 }),
        format: Format::Header,
        scope: DeliveryScope::PlayingOnly,
        last: None,
        delivered: None,
        own: None,
        tried: None,
        failures: 0,
        next_try_at: None,
        written: None,
    }
}
