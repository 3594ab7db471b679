//! The simulator's clock: nothing else in the crate reads the time of day.

use jiff::Timestamp;

/// The time now.
#[allow(clippy::disallowed_methods, reason = "the simulator is a program of its own: this is its clock")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

/// The time now, in milliseconds since the Unix epoch.
pub(crate) fn now_ms() -> i64 {
    now().as_millisecond()
}
