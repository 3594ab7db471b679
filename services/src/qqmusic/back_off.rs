//! How an attempt slows down when requests fail, and when it is over.

use std::time::Duration;

use crate::contract::Progress;
use crate::error::ServiceError;

/// Counts the calls that failed since the last one that did not.
pub(super) struct BackOff {
    first: Duration,
    most: Duration,
    failures: u32,
}

impl BackOff {
    /// After the first failure it waits for `first`, then for twice as long each time, up to `most`.
    pub(super) fn new(first: Duration, most: Duration) -> Self {
        Self { first, most, failures: 0 }
    }

    /// Takes note of how a call went. Gives back whether the attempt is over.
    pub(super) fn note(&mut self, result: &Result<Progress, ServiceError>) -> bool {
        match result {
            Ok(Progress::Refused | Progress::Expired | Progress::Granted(_)) => true,
            Ok(
                Progress::Code { .. }
                | Progress::Waiting
                | Progress::Scanned { .. }
                | Progress::Ask(_)
                | Progress::Authorised,
            ) => {
                self.failures = 0;
                false
            }
            Err(error) if error.may_pass() => {
                self.failures = self.failures.saturating_add(1);
                false
            }
            Err(_) => true,
        }
    }

    /// Forgets the failures: one step of several has been taken.
    pub(super) fn forget(&mut self) {
        self.failures = 0;
    }

    /// Whether the last call failed in a way that may pass: its answer may have been on the way.
    pub(super) fn has_failed(&self) -> bool {
        self.failures > 0
    }

    /// How long to wait before the next request, which usually comes after `usual`.
    pub(super) fn pause(&self, usual: Duration) -> Duration {
        match self.failures {
            0 => usual,
            failures => self.first.saturating_mul(1 << (failures - 1).min(8)).min(self.most),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::HttpError;

    fn offline() -> Result<Progress, ServiceError> {
        Err(ServiceError::Http { doing: "testing", source: HttpError::Connect })
    }

    #[test]
    fn each_failure_doubles_the_pause_and_one_success_forgets_them() {
        let second = Duration::from_secs(1);
        let mut back_off = BackOff::new(second, 4 * second);
        assert_eq!(back_off.pause(Duration::ZERO), Duration::ZERO, "nothing has failed yet");
        let mut pauses = Vec::new();
        for _ in 0..40 {
            assert!(!back_off.note(&offline()), "a failure that may pass does not end it");
            pauses.push(back_off.pause(Duration::ZERO).as_secs());
        }
        assert_eq!(pauses[..4], [1, 2, 4, 4], "twice as long each time, up to the limit");
        assert!(pauses[4..].iter().all(|pause| *pause == 4), "however many failures there are");
        assert!(!back_off.note(&Ok(Progress::Waiting)));
        assert_eq!(back_off.pause(second), second, "then the usual pace again");
    }

    #[test]
    fn an_end_is_an_end() {
        let mut back_off = BackOff::new(Duration::ZERO, Duration::ZERO);
        assert!(back_off.note(&Ok(Progress::Refused)) && back_off.note(&Ok(Progress::Expired)));
        assert!(back_off.note(&Err(ServiceError::Rejected { doing: "testing", code: 1 })), "so is a refusal");
    }
}
