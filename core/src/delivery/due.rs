//! When a delivery is due, and how long failures wait. Pure but for the dice: the caller brings the clock.

use jiff::{SignedDuration, Timestamp};
use rand::Rng as _;

use super::model::{DeliveredKey, Delivery, DeliveryScope};
use crate::ledger::AccountRecord;
use crate::timing;

/// The first pause after a failure is up to this; it doubles with each further one.
const FIRST_PAUSE: SignedDuration = SignedDuration::from_secs(5);
/// The longest pause between two tries.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(30);
/// The shortest one: dice that show nothing must not make a storm.
const SHORTEST_PAUSE: SignedDuration = SignedDuration::from_secs(1);

/// Whether the newest key is to be delivered now. A new key does not wait for what failed with an older one.
pub(crate) fn is_due(delivery: &Delivery, record: &AccountRecord, now: Timestamp) -> bool {
    let waits =
        delivery.tried == newest_key(delivery, record) && delivery.next_try_at.is_some_and(|at| now < at);
    // What a crash has kept from the ledger may be in the store: a sign-in of its own that is not known is looked for.
    let has_credential = delivery.scope == DeliveryScope::OwnSignIn || !record.health.needs_sign_in();
    delivery.enabled && !is_there(delivery, record) && !waits && !record.signing_out && has_credential
}

/// Whether the target has what it is to have.
pub(super) fn is_there(delivery: &Delivery, record: &AccountRecord) -> bool {
    match delivery.scope {
        DeliveryScope::PlayingOnly | DeliveryScope::OwnSignIn => {
            delivery.delivered.is_some() && delivery.delivered == newest_key(delivery, record)
        }
        // A credential is handed over once. The one of a later sign-in is TuneKey's own again.
        DeliveryScope::Renewable => delivery.delivered.is_some(),
    }
}

/// The newest key that there is for a delivery, as far as the ledger knows.
pub(super) fn newest_key(delivery: &Delivery, record: &AccountRecord) -> Option<DeliveredKey> {
    match delivery.scope {
        DeliveryScope::PlayingOnly | DeliveryScope::Renewable => {
            Some(DeliveredKey { generation: record.generation, issued_at: record.life.issued_at })
        }
        DeliveryScope::OwnSignIn => delivery.own,
    }
}

/// How long to wait after so many failures: doubling, with full jitter.
pub(super) fn pause(failures: u32) -> SignedDuration {
    let doubled = FIRST_PAUSE.saturating_mul(2_i32.saturating_pow(failures.saturating_sub(1).min(30)));
    timing::part(doubled.min(LONGEST_PAUSE), rand::rng().random_range(0.0..1.0)).max(SHORTEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_wait_longer_and_longer_and_never_more_than_half_an_hour() {
        for failures in 1..100 {
            let pause = pause(failures);
            assert!((SHORTEST_PAUSE..=LONGEST_PAUSE).contains(&pause), "{failures}: {pause:?}");
        }
        assert!((0..50).all(|_| pause(1) <= FIRST_PAUSE));
        assert!((0..50).any(|_| pause(20) > SignedDuration::from_mins(10)), "the jitter is full");
    }
}
