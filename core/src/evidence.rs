//! When a credential is believed to be gone: two answers that say so, at least a minute apart, about the same
//! generation. Pure: the caller brings the clock and holds the account's lock.
//!
//! One answer proves little: services refuse keys for moments, keychains are replaced while they start, and an
//! answer may be about a key that has been renewed since. What one answer says is a warning; it is asked again.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::account::{Health, SignInReason, WarningReason};
use crate::ledger::{AccountRecord, Evidence};
use crate::timing::Now;
use crate::vault::Generation;

/// How far apart two answers must be to count as two.
pub(crate) const APART: SignedDuration = SignedDuration::from_secs(60);

/// What an answer has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It was about a credential that has been replaced since: it says nothing.
    Outdated,
    /// It is the first, or too soon after the first: asked again.
    Once,
    /// It is the second: believed.
    Twice,
}

/// Takes an answer that says, for `reason`, that the credential of `generation` is gone.
pub(crate) fn weigh(
    record: &mut AccountRecord,
    generation: Generation,
    reason: SignInReason,
    now: Now,
) -> Verdict {
    if record.generation != generation {
        return Verdict::Outdated;
    }
    if let Health::NeedsSignIn { since, .. } = record.health {
        record.health = Health::NeedsSignIn { since, reason };
        return Verdict::Twice;
    }
    let first = record.evidence.filter(|first| {
        // After a clock that was ahead nothing can be said of how far apart they are.
        first.generation == generation && first.reason == reason && first.at <= now.wall
    });
    match first {
        Some(first) if are_apart(first, now) => {
            record.evidence = Some(Evidence { again_at: Some(now.wall), ..first });
            record.health = Health::NeedsSignIn { since: first.at, reason };
            Verdict::Twice
        }
        first => {
            let first = first.unwrap_or(Evidence {
                at: now.wall,
                boot_ms: Some(milliseconds(now.boot)),
                again_at: None,
                generation,
                reason,
            });
            record.evidence = Some(first);
            record.health = Health::Warning { since: first.at, reason: warning(reason) };
            Verdict::Once
        }
    }
}

/// Whether an answer of now comes long enough after the first one, by the wall clock and by the one that nobody sets. A
/// boot clock that is behind has begun anew.
fn are_apart(first: Evidence, now: Now) -> bool {
    let boot = milliseconds(now.boot);
    let by_boot = |then: u64| boot < then || u128::from(boot - then) >= APART.unsigned_abs().as_millis();
    now.wall.duration_since(first.at) >= APART && first.boot_ms.is_none_or(by_boot)
}

fn milliseconds(boot: Duration) -> u64 {
    u64::try_from(boot.as_millis()).unwrap_or(u64::MAX)
}

/// The credential works: whatever was said before no longer counts.
pub(crate) fn clear(record: &mut AccountRecord) {
    record.evidence = None;
    record.health = Health::Healthy;
}

/// When the answer that waits for a second one is to be asked again.
pub(crate) fn ask_again_at(record: &AccountRecord) -> Option<Timestamp> {
    match record.health {
        Health::Warning { reason: WarningReason::RefusedOnce | WarningReason::MissingOnce, .. } => {
            record.evidence.and_then(|first| first.at.checked_add(APART).ok())
        }
        Health::Warning { .. } | Health::Healthy | Health::RenewsSoon | Health::NeedsSignIn { .. } => None,
    }
}

fn warning(reason: SignInReason) -> WarningReason {
    match reason {
        SignInReason::Rejected => WarningReason::RefusedOnce,
        SignInReason::Missing => WarningReason::MissingOnce,
    }
}

#[cfg(test)]
mod tests {
    use tunekey_services::{AccountId, Method, qqmusic};

    use super::*;

    const REFUSED: SignInReason = SignInReason::Rejected;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + seconds).expect("a time")
    }

    fn now(seconds: i64) -> Now {
        Now { wall: at(seconds), boot: Duration::from_secs(20_000_u64.saturating_add_signed(seconds)) }
    }

    fn record() -> AccountRecord {
        let mut record = AccountRecord::new(AccountId::new(qqmusic::ID, "10001"), Method::QqScan, at(0));
        record.generation = Generation::new(3);
        record
    }

    #[test]
    fn one_refusal_is_a_warning_and_two_a_minute_apart_are_believed() {
        let mut record = record();
        let generation = record.generation;
        assert_eq!(weigh(&mut record, generation, REFUSED, now(0)), Verdict::Once);
        assert_eq!(record.health, Health::Warning { since: at(0), reason: WarningReason::RefusedOnce });
        assert_eq!(
            weigh(&mut record, generation, REFUSED, now(59)),
            Verdict::Once,
            "that is the same moment"
        );
        assert!(!record.health.needs_sign_in());
        assert_eq!(ask_again_at(&record), Some(at(60)), "counted from the first");
        assert_eq!(weigh(&mut record, generation, REFUSED, now(60)), Verdict::Twice);
        assert_eq!(record.health, Health::NeedsSignIn { since: at(0), reason: REFUSED });
        let kept = record.evidence.map(|evidence| (evidence.at, evidence.again_at));
        assert_eq!(kept, Some((at(0), Some(at(60)))), "the times of both are kept");
    }

    #[test]
    fn an_answer_about_a_key_that_was_replaced_says_nothing() {
        let mut record = record();
        let before = record.clone();
        for seconds in [0, 100] {
            let verdict = weigh(&mut record, Generation::new(2), REFUSED, now(seconds));
            assert_eq!(verdict, Verdict::Outdated);
        }
        assert_eq!(record, before);
    }

    #[test]
    fn evidence_of_an_older_key_does_not_count_for_the_new_one() {
        let mut record = record();
        weigh(&mut record, Generation::new(3), REFUSED, now(0));
        record.generation = Generation::new(4);
        assert_eq!(weigh(&mut record, Generation::new(4), REFUSED, now(100)), Verdict::Once);
    }

    #[test]
    fn a_missing_item_and_a_refusal_do_not_add_up() {
        let mut record = record();
        let generation = record.generation;
        weigh(&mut record, generation, SignInReason::Missing, now(0));
        assert_eq!(weigh(&mut record, generation, REFUSED, now(100)), Verdict::Once);
    }

    #[test]
    fn what_works_in_between_takes_the_first_answer_back() {
        let mut record = record();
        let generation = record.generation;
        weigh(&mut record, generation, REFUSED, now(0));
        clear(&mut record);
        assert_eq!(record.health, Health::Healthy);
        assert_eq!(weigh(&mut record, generation, REFUSED, now(100)), Verdict::Once);
    }

    #[test]
    fn a_clock_that_was_ahead_makes_no_second_answer() {
        let mut record = record();
        let generation = record.generation;
        weigh(&mut record, generation, REFUSED, now(10_000));
        assert_eq!(weigh(&mut record, generation, REFUSED, now(0)), Verdict::Once);
        assert_eq!(weigh(&mut record, generation, REFUSED, now(59)), Verdict::Once, "counted anew");
    }

    #[test]
    fn a_clock_that_is_set_ahead_makes_no_minute_of_a_moment() {
        let mut record = record();
        let generation = record.generation;
        weigh(&mut record, generation, REFUSED, now(0));
        let ten_years_later = Now { wall: at(10 * 365 * 86_400), boot: now(1).boot };
        assert_eq!(weigh(&mut record, generation, REFUSED, ten_years_later), Verdict::Once);
        let restarted = Now { wall: at(61), boot: Duration::from_secs(30) };
        assert_eq!(
            weigh(&mut record, generation, REFUSED, restarted),
            Verdict::Twice,
            "a new start counts anew"
        );
    }
}
