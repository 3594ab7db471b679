//! What the tests of deliveries carry.

use std::collections::BTreeMap;

use jiff::Timestamp;
use tunekey_services::{AccountId, Credential, Secret, netease};

use super::model::{Delivery, DeliveryId, DeliveryScope};
use super::payload::Payload;
use super::target::{CommandTarget, Target};
use crate::export::Format;
use crate::vault::{Generation, StoredCredential};

/// A payload whose session has that value.
pub(super) fn payload(session: &str) -> Payload {
    payload_with(session, &[])
}

/// The same for a target with secrets.
pub(super) fn payload_with(session: &str, secrets: &[(&str, &str)]) -> Payload {
    let account = AccountId::new(netease::ID, "90001");
    let fields = [("MUSIC_U", session), ("__csrf", "c")].into_iter().collect();
    let credential =
        Credential { account: account.clone(), issued_at: Timestamp::UNIX_EPOCH, expires_at: None, fields };
    let kept = StoredCredential { credential, generation: Generation::new(7) };
    let secrets: BTreeMap<String, Secret> =
        secrets.iter().map(|(name, value)| ((*name).to_owned(), Secret::new(*value))).collect();
    let service = tunekey_services::registry::by_id(netease::ID).expect("a service");
    Payload::new(&delivery(account), service, &kept, secrets, Timestamp::UNIX_EPOCH).expect("it fits")
}

fn delivery(account: AccountId) -> Delivery {
    let target = Target::Command(CommandTarget { arguments: Vec::new(), variable: None, seconds: 30 });
    Delivery {
        id: "0123456789".parse::<DeliveryId>().expect("an id"),
        account,
        preset: "command".to_owned(),
        answers: BTreeMap::new(),
        label: None,
        enabled: true,
        target,
        format: Format::Header,
        scope: DeliveryScope::PlayingOnly,
        last: None,
        earlier: Vec::new(),
        delivered: None,
        own: None,
        tried: None,
        failures: 0,
        next_try_at: None,
        written: None,
    }
}
