//! Accounts for the unit tests.

use jiff::{SignedDuration, Timestamp};
use tunekey_core::{Account, AccountId, Format, Health, KeyLifetime, Method, Renewability, ServiceId};

pub(crate) const NOW: Timestamp = Timestamp::UNIX_EPOCH;

pub(crate) fn account(uid: &str, nickname: &str, health: Health) -> Account {
    Account {
        revision: 1,
        id: AccountId::new(ServiceId::new("qqmusic"), uid),
        service: ServiceId::new("qqmusic"),
        uid: uid.to_owned(),
        nickname: nickname.to_owned(),
        label: None,
        note: None,
        picture: None,
        method: Method::QqScan,
        health,
        busy: None,
        life: KeyLifetime {
            issued_at: NOW,
            renew_at: Some(NOW + SignedDuration::from_hours(21)),
            expires_at: None,
        },
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
