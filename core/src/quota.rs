//! How many sign-ins a day are wise. Pure: the caller brings the clock.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tunekey_services::ServiceId;

/// Over how long sign-ins are counted.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// How many sign-ins with one service are started in a day. People who needed many in a row were locked out for
/// days; nobody who is only trying to get in needs this many.
pub(crate) const MOST_A_DAY: usize = 30;

/// The sign-ins that were started within the last day, as the ledger keeps them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DailyQuota(Vec<Started>);

/// A sign-in that was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Started {
    service: ServiceId,
    at: Timestamp,
}

impl DailyQuota {
    /// How many sign-ins with a service the day still holds.
    pub(crate) fn left(&self, service: ServiceId, now: Timestamp) -> usize {
        let today = |earlier: &&Started| earlier.service == service && earlier.is_within_a_day(now);
        MOST_A_DAY.saturating_sub(self.0.iter().filter(today).count())
    }

    /// Records a sign-in. Gives `false`, and records nothing, when the daily quota is used up.
    pub(crate) fn try_take(&mut self, service: ServiceId, now: Timestamp) -> bool {
        self.0.retain(|earlier| earlier.is_within_a_day(now));
        let is_left = self.left(service, now) > 0;
        if is_left {
            self.0.push(Started { service, at: now });
        }
        is_left
    }
}

impl Started {
    /// Whether it counts. A clock that was far ahead locks nobody out.
    fn is_within_a_day(&self, now: Timestamp) -> bool {
        now.duration_since(self.at).abs() < DAY
    }
}

#[cfg(test)]
mod tests {
    use tunekey_services::{netease, qqmusic};

    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + minutes * 60).expect("a time")
    }

    #[test]
    fn a_day_holds_so_many_sign_ins_with_a_service_and_no_more() {
        let mut quota = DailyQuota::default();
        for minute in 0..MOST_A_DAY as i64 {
            assert!(quota.try_take(qqmusic::ID, at(minute)), "sign-in {minute} is one of the allowed");
        }
        assert!(!quota.try_take(qqmusic::ID, at(60)), "one too many");
        assert!(quota.try_take(netease::ID, at(60)), "the other service counts for itself");
        assert!(quota.try_take(qqmusic::ID, at(24 * 60)), "the oldest is a day old");
    }

    #[test]
    fn a_clock_that_was_far_ahead_does_not_lock_anybody_out() {
        let far = Started { service: qqmusic::ID, at: at(10_000_000) };
        let mut quota = DailyQuota(vec![far; MOST_A_DAY]);
        assert!(quota.try_take(qqmusic::ID, at(0)));
        assert_eq!(quota.0.len(), 1);
    }
}
