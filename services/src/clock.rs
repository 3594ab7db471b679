//! What time it is. The only file that reads the clocks, so that everything else can be tested in any year.

use std::fmt;
use std::time::{Duration, Instant};

use jiff::Timestamp;

/// Three clocks: the wall clock for what people and services mean, the monotonic one for durations while the computer
/// is awake, and the boot clock for durations that go on while it sleeps.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The wall clock. It may jump.
    fn now(&self) -> Timestamp;
    /// The monotonic clock. It stands still while the computer sleeps.
    fn monotonic(&self) -> Instant;
    /// The time since the computer was started. It never jumps, goes on while the computer sleeps, and is the same in
    /// all processes; where the system has no such clock to read, since this process first asked.
    fn boot(&self) -> Duration;
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

    fn boot(&self) -> Duration {
        boot()
    }
}

/// The clock that counts sleep: Linux has one of that name; on macOS it is the one that elsewhere does not.
#[cfg(any(target_os = "linux", target_os = "macos"))]
fn boot() -> Duration {
    use nix::time::{ClockId, clock_gettime};

    #[cfg(target_os = "linux")]
    const BOOT: ClockId = ClockId::CLOCK_BOOTTIME;
    #[cfg(target_os = "macos")]
    const BOOT: ClockId = ClockId::CLOCK_MONOTONIC;
    clock_gettime(BOOT).map_or(Duration::ZERO, Duration::from)
}

/// The monotonic clock of Windows goes on in sleep.
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
#[expect(clippy::disallowed_methods, reason = "this is the file that reads the clocks")]
fn boot() -> Duration {
    use std::sync::LazyLock;

    static FIRST: LazyLock<Instant> = LazyLock::new(Instant::now);
    FIRST.elapsed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_boot_clock_goes_on() {
        let before = SystemClock.boot();
        let start = SystemClock.monotonic();
        while SystemClock.monotonic() == start {}
        assert!(SystemClock.boot() > before, "{before:?}");
    }
}
