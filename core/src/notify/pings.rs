//! When an address was called last and what it was told, and when it is to be called again. Pure: the caller brings the
//! clock.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::voice::pause;

/// What an address has been told.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Pings {
    /// Counts the changes of the address: what was read of the store belongs to one of them.
    pub(crate) revision: u32,
    /// Before when not to call it again.
    next_at: Option<Timestamp>,
    /// Whether the last call said that something is wrong.
    said_failing: bool,
    /// How many calls in a row have failed, the one under way included.
    failures: u32,
}

impl Pings {
    /// Whether to call now, where there is an interval between two calls. That something has gone wrong, or is over, is
    /// told at once; who hears of no failures hears nothing as long as something is wrong.
    pub(crate) fn is_due(
        &self,
        interval: SignedDuration,
        reports_failures: bool,
        is_failing: bool,
        now: Timestamp,
    ) -> bool {
        let has_changed = self.failures == 0 && is_failing != self.said_failing;
        let waits = self.next_at.is_some_and(|at| now < at && at.duration_since(now) <= interval);
        (!is_failing || reports_failures) && (has_changed || !waits)
    }

    /// Before a call: whatever ends the process now, it is not called again at once.
    pub(crate) fn begin(&mut self, interval: SignedDuration, now: Timestamp) {
        self.failures = self.failures.saturating_add(1);
        self.next_at = Some(now + pause(self.failures).min(interval));
    }

    /// It has answered, and heard whether something is wrong.
    pub(crate) fn end(&mut self, interval: SignedDuration, is_failing: bool, now: Timestamp) {
        self.failures = 0;
        self.said_failing = is_failing;
        self.next_at = Some(now + interval);
    }

    /// Another address, or another interval: it is called at once.
    pub(crate) fn start_anew(&mut self) {
        *self = Self { revision: self.revision.wrapping_add(1), ..Self::default() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: SignedDuration = SignedDuration::from_hours(1);

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + minutes * 60).expect("a time")
    }

    #[test]
    fn all_is_well_is_said_once_in_an_interval_and_a_change_at_once() {
        let mut pings = Pings::default();
        let is_due = |pings: &Pings, is_failing, minutes| pings.is_due(HOUR, true, is_failing, at(minutes));
        assert!(is_due(&pings, false, 0));
        pings.begin(HOUR, at(0));
        assert!(!is_due(&pings, false, 0), "it is under way");
        pings.end(HOUR, false, at(0));
        assert!(!is_due(&pings, false, 59) && is_due(&pings, false, 60));
        assert!(is_due(&pings, true, 1), "something has gone wrong");
        pings.begin(HOUR, at(1));
        pings.end(HOUR, true, at(1));
        assert!(!is_due(&pings, true, 2) && is_due(&pings, false, 2), "it is over");
        assert!(is_due(&pings, true, 61));
    }

    #[test]
    fn who_hears_of_no_failures_hears_nothing_while_something_is_wrong() {
        let mut pings = Pings::default();
        pings.end(HOUR, false, at(0));
        assert!(!pings.is_due(HOUR, false, true, at(600)), "silence is what is noticed");
        assert!(pings.is_due(HOUR, false, false, at(600)));
    }

    #[test]
    fn one_that_fails_is_tried_again_before_the_interval_is_over_and_not_in_a_storm() {
        let mut pings = Pings::default();
        let is_due = |pings: &Pings, is_failing, minutes| pings.is_due(HOUR, true, is_failing, at(minutes));
        pings.begin(HOUR, at(0));
        assert!(!is_due(&pings, false, 0) && !is_due(&pings, true, 0) && is_due(&pings, false, 2));
        for _ in 0..50 {
            pings.begin(HOUR, at(0));
        }
        assert!(!is_due(&pings, false, 20) && is_due(&pings, false, 60));
        assert!(is_due(&pings, false, -100_000), "the clock was set back");
    }

    #[test]
    fn another_address_is_called_at_once() {
        let mut pings = Pings::default();
        pings.end(HOUR, true, at(0));
        let before = pings.revision;
        pings.start_anew();
        assert!(pings.is_due(HOUR, false, false, at(1)) && pings.revision != before);
    }
}
