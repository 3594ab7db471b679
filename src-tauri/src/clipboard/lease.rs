//! How long a copied text stays on the clipboard. Pure logic: the clipboard and the time are given.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};
use tunekey_core::Secret;

use super::backend::{ClipboardBackend, ClipboardError};

/// What both clocks say at one moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct ClockReading {
    /// The wall clock. It may jump.
    pub(super) wall: Timestamp,
    /// The monotonic clock. It stands still while the computer sleeps.
    pub(super) monotonic: Instant,
}

/// The pause after the first failure to clear the clipboard. It doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// The longest pause between two tries to clear a clipboard that another program occupies.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

impl ClockReading {
    fn after(self, time: Duration) -> Self {
        let wall = SignedDuration::try_from(time).ok().and_then(|time| self.wall.checked_add(time).ok());
        Self { wall: wall.unwrap_or(self.wall), monotonic: self.monotonic + time }
    }

    /// Whether either clock has come to `end`. Leaving a secret too long is worse than clearing it early.
    fn is_past(self, end: Self) -> bool {
        self.wall >= end.wall || self.monotonic >= end.monotonic
    }
}

/// Lends one copied text to the clipboard, and takes it back when its time is over.
#[derive(Debug)]
pub(super) struct ClipboardLease<B> {
    backend: B,
    lent: Option<LentText>,
}

/// The text that we have lent: not the text itself, only what it takes to recognise it.
#[derive(Debug, Clone, Copy)]
struct LentText {
    digest: [u8; 32],
    /// When to take it back, or to try again.
    due: ClockReading,
    /// How often it could not be taken back.
    failures: u32,
}

/// What came of taking our text back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Removal {
    /// It is off the clipboard, or was no longer on it.
    Done,
    /// The clipboard could not be read or cleared.
    Failed,
}

impl<B: ClipboardBackend> ClipboardLease<B> {
    /// Nothing is lent yet.
    pub(super) fn new(backend: B) -> Self {
        Self { backend, lent: None }
    }

    /// The text on the clipboard, whoever wrote it; `None` when there is none.
    ///
    /// # Errors
    /// When the clipboard cannot be read.
    pub(super) fn read(&mut self) -> Result<Option<Secret>, ClipboardError> {
        self.backend.read()
    }

    /// Whether a text of ours may be on the clipboard.
    pub(super) fn is_active(&self) -> bool {
        self.lent.is_some()
    }

    /// Puts a text on the clipboard for a time.
    ///
    /// # Errors
    /// When the system does not take it; a text that was lent before stays lent.
    pub(super) fn write(
        &mut self,
        text: &Secret,
        time: Duration,
        now: ClockReading,
    ) -> Result<(), ClipboardError> {
        self.backend.write(text)?;
        self.lent = Some(LentText { digest: digest(text), due: now.after(time), failures: 0 });
        Ok(())
    }

    /// Puts a text on the clipboard that is no secret, and stays. True when a text of ours was lent before.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub(super) fn write_open(&mut self, text: &str) -> Result<bool, ClipboardError> {
        self.backend.write_open(text)?;
        Ok(self.lent.take().is_some())
    }

    /// Takes our text back if it is due. True when it has just gone.
    pub(super) fn expire(&mut self, now: ClockReading) -> bool {
        self.lent.is_some_and(|lent| now.is_past(lent.due)) && self.clear(now)
    }

    /// Takes our text back now, if it is still there. True when it has just gone. While another program occupies the
    /// clipboard, [`expire`](Self::expire) tries again, after ever longer pauses and for as long as it takes.
    pub(super) fn clear(&mut self, now: ClockReading) -> bool {
        let Some(lent) = &mut self.lent else { return false };
        match remove(&mut self.backend, &lent.digest) {
            Removal::Done => {
                self.lent = None;
                true
            }
            Removal::Failed => {
                let pause = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(lent.failures));
                lent.failures += 1;
                lent.due = now.after(pause.min(LONGEST_PAUSE));
                false
            }
        }
    }
}

/// Clears the clipboard if it holds the text with that digest.
fn remove(backend: &mut impl ClipboardBackend, ours: &[u8; 32]) -> Removal {
    match backend.read() {
        Ok(Some(text)) if digest(&text) == *ours => match backend.clear() {
            Ok(()) => Removal::Done,
            Err(_) => Removal::Failed,
        },
        Ok(_) => Removal::Done,
        Err(_) => Removal::Failed,
    }
}

/// What a text is recognised by. Line ends do not count: clipboards may change them on the way.
#[expect(clippy::disallowed_methods, reason = "compares what is on the clipboard with what we put there")]
fn digest(text: &Secret) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in text.expose().split("\r\n") {
        hash.update(part);
        hash.update("\n");
    }
    hash.finalize().into()
}

#[cfg(test)]
#[expect(
    clippy::disallowed_methods,
    reason = "the fake clipboard is read by the test, and starts the clocks"
)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A clipboard that others write to as well, and that can stop working.
    #[derive(Debug, Default)]
    struct Fake {
        content: Option<String>,
        broken: bool,
        foreign_cleared: bool,
    }

    const OURS: &str = "uin=1; qqmusic_key=";

    impl ClipboardBackend for Fake {
        fn write(&mut self, text: &Secret) -> Result<(), ClipboardError> {
            self.works()?;
            self.content = Some(text.expose().to_owned());
            Ok(())
        }

        fn write_open(&mut self, text: &str) -> Result<(), ClipboardError> {
            self.works()?;
            self.content = Some(text.to_owned());
            Ok(())
        }

        fn read(&mut self) -> Result<Option<Secret>, ClipboardError> {
            self.works()?;
            Ok(self.content.clone().map(Secret::from))
        }

        fn clear(&mut self) -> Result<(), ClipboardError> {
            self.works()?;
            self.foreign_cleared |= self.content.take().is_some_and(|text| !text.starts_with(OURS));
            Ok(())
        }
    }

    impl Fake {
        fn works(&self) -> Result<(), ClipboardError> {
            if self.broken { Err(ClipboardError("occupied".to_owned())) } else { Ok(()) }
        }

        fn holds_ours(&self) -> bool {
            self.content.as_ref().is_some_and(|text| text.starts_with(OURS))
        }
    }

    const TIME: Duration = Duration::from_secs(30);

    fn start() -> ClockReading {
        ClockReading { wall: Timestamp::UNIX_EPOCH, monotonic: Instant::now() }
    }

    fn later(reading: ClockReading, wall: i64, monotonic: u64) -> ClockReading {
        ClockReading {
            wall: reading.wall + SignedDuration::from_secs(wall),
            monotonic: reading.monotonic + Duration::from_secs(monotonic),
        }
    }

    fn copied() -> (ClipboardLease<Fake>, ClockReading) {
        let mut lease = ClipboardLease::new(Fake::default());
        let now = start();
        lease.write(&format!("{OURS}1").as_str().into(), TIME, now).expect("the fake clipboard works");
        (lease, now)
    }

    #[test]
    fn a_copied_text_stays_until_its_time_is_over() {
        let (mut lease, now) = copied();
        assert!(!lease.expire(later(now, 29, 29)), "its time is not over");
        assert!(lease.backend.holds_ours(), "so it is still there");
        assert!(lease.expire(later(now, 30, 30)), "now it is");
        assert_eq!(lease.backend.content, None, "so it has been taken off");
        assert!(!lease.expire(later(now, 31, 31)), "and that is told once");
    }

    #[test]
    fn time_slept_through_counts() {
        let (mut lease, now) = copied();
        assert!(lease.expire(later(now, 3600, 1)), "the computer slept for an hour");
        assert_eq!(lease.backend.content, None);
    }

    #[test]
    fn a_wall_clock_that_is_set_back_does_not_keep_a_secret_longer() {
        let (mut lease, now) = copied();
        assert!(lease.expire(later(now, -86_400, 30)));
        assert_eq!(lease.backend.content, None);
    }

    #[test]
    fn a_text_that_somebody_else_copied_is_left_alone() {
        let (mut lease, now) = copied();
        lease.backend.content = Some("a poem".to_owned());
        assert!(lease.expire(later(now, 30, 30)), "our text has gone");
        assert_eq!(lease.backend.content.as_deref(), Some("a poem"), "but the poem has not");
        assert!(!lease.clear(now), "and it is not ours to clear on request either");
        assert_eq!(lease.backend.content.as_deref(), Some("a poem"));
    }

    #[test]
    fn copying_again_gives_the_new_text_its_own_time() {
        let (mut lease, now) = copied();
        let second = later(now, 20, 20);
        lease.write(&format!("{OURS}2").as_str().into(), TIME, second).expect("the fake clipboard works");
        assert!(!lease.expire(later(now, 35, 35)), "the first text's time does not count any more");
        assert!(lease.expire(later(now, 50, 50)), "the second one's does");
    }

    #[test]
    fn line_ends_changed_by_the_clipboard_do_not_hide_our_text() {
        let mut lease = ClipboardLease::new(Fake::default());
        lease
            .write(&format!("{OURS}1\na line\n").as_str().into(), TIME, start())
            .expect("the fake clipboard works");
        lease.backend.content = Some(format!("{OURS}1\r\na line\r\n"));
        assert!(lease.clear(start()));
        assert_eq!(lease.backend.content, None, "it was ours");
    }

    #[test]
    fn a_clipboard_that_is_occupied_is_tried_again() {
        let (mut lease, now) = copied();
        lease.backend.broken = true;
        assert!(!lease.clear(now), "it cannot be cleared now");
        assert!(lease.backend.holds_ours());
        lease.backend.broken = false;
        assert!(
            lease.expire(later(now, 1, 1)),
            "asked to clear, the next try does it, although time is left"
        );
        assert_eq!(lease.backend.content, None);
    }

    #[test]
    fn a_clipboard_that_is_occupied_for_long_is_tried_more_and_more_slowly_but_not_given_up() {
        let (mut lease, now) = copied();
        lease.backend.broken = true;
        for second in 30..3600 {
            lease.expire(later(now, second, second.unsigned_abs()));
        }
        let failures = lease.lent.map(|lent| lent.failures);
        assert!(
            failures.is_some_and(|times| (100..140).contains(&times)),
            "{failures:?} is about every 30 s"
        );
        lease.backend.broken = false;
        assert!(lease.expire(later(now, 3630, 3630)));
        assert_eq!(lease.backend.content, None, "an hour later it is still known to be ours");
    }

    #[derive(Debug, Clone)]
    enum Act {
        WeCopy(u8),
        TheyCopy(u8),
        TheyClear,
        Pass(u8),
        ClearNow,
        Break(bool),
    }

    fn acts() -> impl Strategy<Value = Vec<Act>> {
        let act = prop_oneof![
            any::<u8>().prop_map(Act::WeCopy),
            any::<u8>().prop_map(Act::TheyCopy),
            Just(Act::TheyClear),
            (0..40_u8).prop_map(Act::Pass),
            Just(Act::ClearNow),
            any::<bool>().prop_map(Act::Break),
        ];
        prop::collection::vec(act, 0..40)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// Whatever order things happen in: a foreign text is never cleared, and ours is never there after its
        /// time on a clipboard that works.
        #[test]
        fn no_interleaving_clears_a_foreign_text_or_keeps_ours_too_long(acts in acts()) {
            let mut lease = ClipboardLease::new(Fake::default());
            let mut now = start();
            let (mut over_at, mut ever_broken) = (None, false);
            for act in acts {
                match act {
                    Act::WeCopy(n) => {
                        if lease.write(&format!("{OURS}{n}").as_str().into(), TIME, now).is_ok() {
                            over_at = Some(now.monotonic + TIME);
                        }
                    }
                    Act::TheyCopy(n) => lease.backend.content = Some(format!("poem {n}")),
                    Act::TheyClear => lease.backend.content = None,
                    Act::Pass(seconds) => {
                        now = later(now, seconds.into(), seconds.into());
                        lease.expire(now);
                    }
                    Act::ClearNow => {
                        lease.clear(now);
                        prop_assert!(lease.backend.broken || !lease.backend.holds_ours(), "asked to clear, it clears");
                    }
                    Act::Break(broken) => {
                        lease.backend.broken = broken;
                        ever_broken |= broken;
                    }
                }
                if !ever_broken && over_at.is_some_and(|at| now.monotonic >= at) {
                    prop_assert!(!lease.backend.holds_ours(), "its time is over and the clipboard works");
                }
            }
            lease.backend.broken = false;
            lease.expire(later(now, 60, 60));
            prop_assert!(!lease.backend.holds_ours(), "in the end it is gone");
            prop_assert!(!lease.backend.foreign_cleared, "a foreign text is never cleared");
        }
    }
}
