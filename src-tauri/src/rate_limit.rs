//! How often the page may call what costs something: a page that lies can call ten thousand times a second. The commands
//! use this.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tunekey_core::{Problem, ProblemCode};

/// The limits of the commands. Each is far above what a person does. The app manages one of these.
#[derive(Debug)]
pub(crate) struct RateLimits {
    /// Requests to a service, each of which makes it more suspicious, and questions of the keychain.
    pub(crate) requests: RateLimit,
    /// Renewals of every account, however many there are.
    pub(crate) rounds: RateLimit,
    /// Changes that are written to the disk.
    pub(crate) writes: RateLimit,
    /// Dialogs, browsers and clipboards: what reaches beyond the window.
    pub(crate) outside: RateLimit,
}

impl Default for RateLimits {
    fn default() -> Self {
        Self {
            requests: RateLimit::new(40, Duration::from_secs(3)),
            rounds: RateLimit::new(12, Duration::from_secs(20)),
            writes: RateLimit::new(100, Duration::from_millis(500)),
            outside: RateLimit::new(30, Duration::from_secs(5)),
        }
    }
}

/// A token bucket: it holds at most `burst` tokens, and gains one per `every`.
#[derive(Debug)]
pub(crate) struct RateLimit {
    burst: u32,
    /// The time in which it gains one token.
    every: Duration,
    /// When the bucket will be full; `None` as long as nothing was taken.
    full_at: Mutex<Option<Instant>>,
}

impl RateLimit {
    fn new(burst: u32, every: Duration) -> Self {
        Self { burst, every, full_at: Mutex::default() }
    }

    /// Takes a token at `now`.
    ///
    /// # Errors
    /// `RateLimited` when there is none.
    pub(crate) fn try_take(&self, now: Instant) -> Result<(), Problem> {
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        let taken_until = full_at.map_or(now, |at| at.max(now)) + self.every;
        if taken_until.duration_since(now) > self.every * self.burst {
            return Err(Problem::new(ProblemCode::RateLimited)
                .with_detail("the window asks more often than a person does")
                .with_words(
                    "The window asked too often in a short time, so TuneKey stopped answering. Wait a minute, then try again.",
                    "窗口在短时间内请求过于频繁，TuneKey 已暂停响应。请稍等一分钟再试。",
                ));
        }
        *full_at = Some(taken_until);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use tunekey_core::{Clock as _, SystemClock};

    use super::*;

    #[test]
    fn so_many_are_taken_at_once_and_one_more_each_time_that_so_much_has_passed() {
        let (limit, start) = (RateLimit::new(3, Duration::from_secs(10)), SystemClock.monotonic());
        let taken = |seconds| limit.try_take(start + Duration::from_secs(seconds)).is_ok();
        assert_eq!([taken(0), taken(0), taken(0), taken(0)], [true, true, true, false]);
        assert_eq!([taken(9), taken(10), taken(10)], [false, true, false]);
        assert_eq!(
            [taken(60), taken(60), taken(60), taken(60)],
            [true, true, true, false],
            "no more is saved up"
        );
    }
}
