//! What one channel has told, and when it may be tried again: a channel that fails makes no other one say anything
//! twice.

use jiff::{SignedDuration, Timestamp};
use rand::Rng as _;
use serde::{Deserialize, Serialize};

use super::incident::Incidents;
use crate::timing;

/// The first pause after a failure is up to this; it doubles with each further one.
const FIRST_PAUSE: SignedDuration = SignedDuration::from_mins(1);
/// The longest pause, unless the channel itself asks for a longer one.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(1);

/// A channel's memory.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Voice {
    /// What it has told.
    pub(crate) told: Incidents,
    /// Counts the changes of its channel: what was read of the store belongs to one of them.
    pub(crate) revision: u32,
    /// How many tries in a row have failed, the one under way included.
    failures: u32,
    /// Before when not to try again.
    next_try_at: Option<Timestamp>,
}

impl Voice {
    /// Whether it has to be left alone. A clock that was set back does not silence it.
    pub(crate) fn is_waiting(&self, now: Timestamp) -> bool {
        self.next_try_at.is_some_and(|at| now < at && at.duration_since(now) <= LONGEST_WISH)
    }

    /// Before it is tried: whatever ends the process now, it is not tried again at once.
    pub(crate) fn begin_try(&mut self, now: Timestamp) {
        self.failures = self.failures.saturating_add(1);
        self.next_try_at = Some(now + pause(self.failures));
    }

    /// It has not worked, and asks to be left alone for so long.
    pub(crate) fn put_off(&mut self, now: Timestamp, wish: SignedDuration) {
        let at = now + wish.min(LONGEST_WISH);
        self.next_try_at = self.next_try_at.max(Some(at));
    }

    /// It works: what waits may go.
    pub(crate) fn end_try(&mut self) {
        self.failures = 0;
        self.next_try_at = None;
    }
}

/// The longest that a channel is left alone because it asks for it.
const LONGEST_WISH: SignedDuration = SignedDuration::from_hours(24);

/// How long to wait after so many failures: doubling, of which at least half.
pub(crate) fn pause(failures: u32) -> SignedDuration {
    let doubled = FIRST_PAUSE.saturating_mul(2_i32.saturating_pow(failures.saturating_sub(1).min(30)));
    timing::part(doubled.min(LONGEST_PAUSE), rand::rng().random_range(0.5..1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + minutes * 60).expect("a time")
    }

    #[test]
    fn a_channel_that_fails_waits_longer_and_longer_and_one_that_works_not_at_all() {
        let mut voice = Voice::default();
        assert!(!voice.is_waiting(at(0)));
        for failures in 1..50 {
            voice.begin_try(at(0));
            assert!(voice.is_waiting(at(0)), "{failures}");
            assert!(!voice.is_waiting(at(61)), "{failures}: an hour is enough");
        }
        assert!(voice.is_waiting(at(20)), "it has failed often");
        voice.end_try();
        assert!(!voice.is_waiting(at(0)));
    }

    #[test]
    fn a_channel_is_left_alone_for_as_long_as_it_asks_for_and_no_longer_than_a_day() {
        let mut voice = Voice::default();
        voice.begin_try(at(0));
        voice.put_off(at(0), SignedDuration::from_hours(3));
        assert!(voice.is_waiting(at(179)) && !voice.is_waiting(at(180)));
        voice.put_off(at(0), SignedDuration::MAX);
        assert!(voice.is_waiting(at(24 * 60 - 1)) && !voice.is_waiting(at(24 * 60)));
        assert!(!voice.is_waiting(at(-1_000_000)), "the clock was set back by years");
    }
}
