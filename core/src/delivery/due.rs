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

/// Whether an account's newest key is to be delivered now. A new key does not wait for what failed with an older one.
pub(crate) fn is_due(delivery: &Delivery, record: &AccountRecord, now: Timestamp) -> bool {
    let key = current_key(record);
    let waits = delivery.tried == Some(key) && delivery.next_try_at.is_some_and(|at| now < at);
    let is_new = match delivery.scope {
        DeliveryScope::PlayingOnly => delivery.delivered != Some(key),
        // A credential is handed over once. The one of a later sign-in is TuneKey's own again.
        DeliveryScope::Renewable => delivery.delivered.is_none(),
    };
    delivery.enabled && is_new && !waits && !record.signing_out && !record.health.needs_sign_in()
}

/// The key that an account has now, as far as the ledger knows.
pub(super) fn current_key(record: &AccountRecord) -> DeliveredKey {
    DeliveredKey { generation: record.generation, issued_at: record.life.issued_at }
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
