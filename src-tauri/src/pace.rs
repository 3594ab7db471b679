//! How often the page may ask for what costs something: a page that lies can ask ten thousand times a second.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tunekey_core::{Problem, ProblemCode};

/// The paces of the window. Each is far above what a person does.
#[derive(Debug)]
pub(crate) struct Paces {
    /// Requests to a service, each of which makes it more suspicious, and questions of the keychain.
    pub(crate) requests: Pace,
    /// Renewals of every account, however many there are.
    pub(crate) rounds: Pace,
    /// Changes that are written to the disk.
    pub(crate) writes: Pace,
    /// Dialogs, browsers and clipboards: what reaches beyond the window.
    pub(crate) outside: Pace,
}

impl Default for Paces {
    fn default() -> Self {
        Self {
            requests: Pace::new(40, Duration::from_secs(3)),
            rounds: Pace::new(12, Duration::from_secs(20)),
            writes: Pace::new(100, Duration::from_millis(500)),
            outside: Pace::new(30, Duration::from_secs(5)),
        }
    }
}

/// So many at once, and then one each time that so much has passed.
#[derive(Debug)]
pub(crate) struct Pace {
    burst: u32,
    every: Duration,
    /// When all that was taken will be given back.
    full_again: Mutex<Option<Instant>>,
}

impl Pace {
    fn new(burst: u32, every: Duration) -> Self {
        Self { burst, every, full_again: Mutex::default() }
    }

    /// Takes one.
    ///
    /// # Errors
    /// `RateLimited` when there is none.
    pub(crate) fn take(&self, now: Instant) -> Result<(), Problem> {
        let mut full_again = self.full_again.lock().unwrap_or_else(PoisonError::into_inner);
        let taken_until = full_again.map_or(now, |at| at.max(now)) + self.every;
        if taken_until.duration_since(now) > self.every * self.burst {
            return Err(Problem::new(ProblemCode::RateLimited)
                .with_detail("the window asks more often than a person does")
                .with_words(
                    "The window asked too often in a short time, so TuneKey stopped answering. Wait a minute, then try again.",
                    "窗口在短时间内请求过于频繁，TuneKey 已暂停响应。请稍等一分钟再试。",
                ));
        }
        *full_again = Some(taken_until);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use tunekey_core::{Clock as _, SystemClock};

    use super::*;

    #[test]
    fn so_many_are_taken_at_once_and_one_more_each_time_that_so_much_has_passed() {
        let (pace, start) = (Pace::new(3, Duration::from_secs(10)), SystemClock.monotonic());
        let taken = |seconds| pace.take(start + Duration::from_secs(seconds)).is_ok();
        assert_eq!([taken(0), taken(0), taken(0), taken(0)], [true, true, true, false]);
        assert_eq!([taken(9), taken(10), taken(10)], [false, true, false]);
        assert_eq!(
            [taken(60), taken(60), taken(60), taken(60)],
            [true, true, true, false],
            "no more is saved up"
        );
    }
}
