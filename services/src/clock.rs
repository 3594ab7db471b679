//! What time it is. The only file that reads the clocks, so that everything else can be tested in any year.

use std::fmt;
use std::time::Instant;

use jiff::Timestamp;

/// Two clocks: the wall clock for what people and services mean, the monotonic one for durations.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The wall clock. It may jump.
    fn now(&self) -> Timestamp;
    /// The monotonic clock. It stands still while the computer sleeps.
    fn monotonic(&self) -> Instant;
}

/// The computer's own clocks.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

#[expect(clippy::disallowed_methods, reason = "this is the file that reads the clocks")]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn monotonic(&self) -> Instant {
        Instant::now()
    }
}
