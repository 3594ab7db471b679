//! How often the renewal of an account is tried. Pure: the caller brings the clock.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Over how long attempts are counted.
pub(crate) const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// Out of which budget an attempt is paid, so that none takes from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Budget {
    /// What the schedule does by itself.
    Schedule,
    /// What it does because the network has come back, without waiting until its pause is over.
    Network,
    /// What a person asks for. Only failures count: nobody is kept from what works.
    Person,
}

impl Budget {
    /// How many attempts an hour it pays for one account.
    pub(crate) fn most_an_hour(self) -> usize {
        match self {
            Self::Schedule | Self::Network => 6,
            Self::Person => 20,
        }
    }
}

/// The attempts of the last hour, as the ledger keeps them: a restart forgets none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Attempts(Vec<Attempt>);

/// An attempt at a renewal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Attempt {
    /// When, by the wall clock.
    pub(crate) at: Timestamp,
    /// Who pays for it.
    pub(crate) budget: Budget,
}

impl Attempts {
    /// Records an attempt.
    pub(crate) fn note(&mut self, budget: Budget, now: Timestamp) {
        self.0.retain(|earlier| earlier.is_within_an_hour(now));
        self.0.push(Attempt { at: now, budget });
    }

    /// Whether the budget pays for one more.
    pub(crate) fn are_left(&self, budget: Budget, now: Timestamp) -> bool {
        let counts = |earlier: &&Attempt| earlier.budget == budget && earlier.is_within_an_hour(now);
        self.0.iter().filter(counts).count() < budget.most_an_hour()
    }

    /// All that are kept.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Attempt> {
        self.0.iter()
    }
}

impl Attempt {
    /// Whether it counts. A clock that was far ahead locks nobody out.
    pub(crate) fn is_within_an_hour(&self, now: Timestamp) -> bool {
        now.duration_since(self.at).abs() < HOUR
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + minutes * 60).expect("a time")
    }

    #[test]
    fn an_hour_pays_for_six_attempts_of_the_schedule_and_each_budget_for_its_own() {
        let mut attempts = Attempts::default();
        for minute in 0..6 {
            assert!(attempts.are_left(Budget::Schedule, at(minute)), "attempt {minute}");
            attempts.note(Budget::Schedule, at(minute));
        }
        assert!(!attempts.are_left(Budget::Schedule, at(59)), "one too many");
        for other in [Budget::Network, Budget::Person] {
            assert!(attempts.are_left(other, at(59)), "{other:?} has a budget of its own");
        }
        assert!(attempts.are_left(Budget::Schedule, at(60)), "the oldest is an hour old");
    }

    #[test]
    fn a_clock_that_was_far_ahead_stops_no_renewal() {
        let mut attempts = Attempts::default();
        for _ in 0..6 {
            attempts.note(Budget::Schedule, at(10_000));
        }
        assert!(attempts.are_left(Budget::Schedule, at(0)));
        attempts.note(Budget::Schedule, at(0));
        assert_eq!(attempts.iter().count(), 1, "what does not count is not kept");
    }
}
