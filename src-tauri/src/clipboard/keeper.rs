//! When a copied text is taken off the clipboard. Knows no system and no time: both are given.

use std::fmt;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};
use tunekey_core::Secret;

/// What can be done with a clipboard.
pub(super) trait Board {
    /// Replaces what is there, marked as secret.
    fn put(&mut self, text: &Secret) -> Result<(), BoardError>;
    /// The text that is there; `None` when there is none (nothing at all, or a picture).
    fn text(&mut self) -> Result<Option<Secret>, BoardError>;
    /// Takes off whatever is there.
    fn clear(&mut self) -> Result<(), BoardError>;
}

/// A clipboard call that did not work. Carries the system's words, never what was on the clipboard.
#[derive(Debug)]
pub(super) struct BoardError(pub(super) String);

impl fmt::Display for BoardError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Both clocks at one moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    /// The wall clock. It may jump.
    pub(super) wall: Timestamp,
    /// The monotonic clock. It stands still while the computer sleeps.
    pub(super) monotonic: Instant,
}

/// The longest time between two tries to clear a clipboard that is occupied by another program.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

impl Moment {
    fn after(self, time: Duration) -> Self {
        let wall = SignedDuration::try_from(time).ok().and_then(|time| self.wall.checked_add(time).ok());
        Self { wall: wall.unwrap_or(self.wall), monotonic: self.monotonic + time }
    }
}

/// Keeps one copied text no longer than it may stay.
#[derive(Debug)]
pub(super) struct Keeper<B> {
    board: B,
    ours: Option<Ours>,
}

/// The text that we put there: not the text itself, only what it takes to recognise it.
#[derive(Debug, Clone, Copy)]
struct Ours {
    digest: [u8; 32],
    until: Moment,
    /// How often it could not be taken off.
    failures: u32,
}

/// What became of our text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taken {
    /// It is off the clipboard, or was no longer on it.
    Gone,
    /// The clipboard could not be read or cleared.
    NotNow,
}

impl<B: Board> Keeper<B> {
    /// Nothing has been put there yet.
    pub(super) fn new(board: B) -> Self {
        Self { board, ours: None }
    }

    /// The text that is there, whoever put it there.
    pub(super) fn text(&mut self) -> Result<Option<Secret>, BoardError> {
        self.board.text()
    }

    /// Whether a text of ours may be on the clipboard.
    pub(super) fn holds(&self) -> bool {
        self.ours.is_some()
    }

    /// Puts a text there for a time. When that fails, what was there before is still kept as before.
    pub(super) fn put(&mut self, text: &Secret, time: Duration, now: Moment) -> Result<(), BoardError> {
        self.board.put(text)?;
        self.ours = Some(Ours { digest: digest(text), until: now.after(time), failures: 0 });
        Ok(())
    }

    /// Takes our text off if its time is over. Whichever clock says so first is believed: leaving a secret too
    /// long is worse than clearing it early. True when our text has just gone.
    pub(super) fn look(&mut self, now: Moment) -> bool {
        let over = self
            .ours
            .is_some_and(|ours| now.wall >= ours.until.wall || now.monotonic >= ours.until.monotonic);
        over && self.clear(now)
    }

    /// Takes our text off now, if it is still there. True when our text has just gone. A clipboard that another
    /// program occupies is tried again at later looks, ever more slowly, for as long as it takes.
    pub(super) fn clear(&mut self, now: Moment) -> bool {
        let Some(ours) = &mut self.ours else { return false };
        match take_off(&mut self.board, &ours.digest) {
            Taken::Gone => {
                self.ours = None;
                true
            }
            Taken::NotNow => {
                let pause = Duration::from_millis(500).saturating_mul(2_u32.saturating_pow(ours.failures));
                ours.failures += 1;
                ours.until = now.after(pause.min(LONGEST_PAUSE));
                false
            }
        }
    }
}

fn take_off(board: &mut impl Board, ours: &[u8; 32]) -> Taken {
    match board.text() {
        Ok(Some(text)) if digest(&text) == *ours => match board.clear() {
            Ok(()) => Taken::Gone,
            Err(_) => Taken::NotNow,
        },
        Ok(_) => Taken::Gone,
        Err(_) => Taken::NotNow,
    }
}

/// What a text is recognised by. Clipboards may change line ends on the way.
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

    impl Board for Fake {
        fn put(&mut self, text: &Secret) -> Result<(), BoardError> {
            self.works()?;
            self.content = Some(text.expose().to_owned());
            Ok(())
        }

        fn text(&mut self) -> Result<Option<Secret>, BoardError> {
            self.works()?;
            Ok(self.content.clone().map(Secret::from))
        }

        fn clear(&mut self) -> Result<(), BoardError> {
            self.works()?;
            self.foreign_cleared |= self.content.take().is_some_and(|text| !text.starts_with(OURS));
            Ok(())
        }
    }

    impl Fake {
        fn works(&self) -> Result<(), BoardError> {
            if self.broken { Err(BoardError("occupied".to_owned())) } else { Ok(()) }
        }

        fn holds_ours(&self) -> bool {
            self.content.as_ref().is_some_and(|text| text.starts_with(OURS))
        }
    }

    const TIME: Duration = Duration::from_secs(30);

    fn start() -> Moment {
        Moment { wall: Timestamp::UNIX_EPOCH, monotonic: Instant::now() }
    }

    fn later(moment: Moment, wall: i64, monotonic: u64) -> Moment {
        Moment {
            wall: moment.wall + SignedDuration::from_secs(wall),
            monotonic: moment.monotonic + Duration::from_secs(monotonic),
        }
    }

    fn copied() -> (Keeper<Fake>, Moment) {
        let mut keeper = Keeper::new(Fake::default());
        let now = start();
        keeper.put(&format!("{OURS}1").as_str().into(), TIME, now).expect("the fake clipboard works");
        (keeper, now)
    }

    #[test]
    fn a_copied_text_stays_until_its_time_is_over() {
        let (mut keeper, now) = copied();
        assert!(!keeper.look(later(now, 29, 29)), "its time is not over");
        assert!(keeper.board.holds_ours(), "so it is still there");
        assert!(keeper.look(later(now, 30, 30)), "now it is");
        assert_eq!(keeper.board.content, None, "so it has been taken off");
        assert!(!keeper.look(later(now, 31, 31)), "and that is told once");
    }

    #[test]
    fn time_slept_through_counts() {
        let (mut keeper, now) = copied();
        assert!(keeper.look(later(now, 3600, 1)), "the computer slept for an hour");
        assert_eq!(keeper.board.content, None);
    }

    #[test]
    fn a_wall_clock_that_is_set_back_does_not_keep_a_secret_longer() {
        let (mut keeper, now) = copied();
        assert!(keeper.look(later(now, -86_400, 30)));
        assert_eq!(keeper.board.content, None);
    }

    #[test]
    fn a_text_that_somebody_else_copied_is_left_alone() {
        let (mut keeper, now) = copied();
        keeper.board.content = Some("a poem".to_owned());
        assert!(keeper.look(later(now, 30, 30)), "our text has gone");
        assert_eq!(keeper.board.content.as_deref(), Some("a poem"), "but the poem has not");
        assert!(!keeper.clear(now), "and it is not ours to clear on request either");
        assert_eq!(keeper.board.content.as_deref(), Some("a poem"));
    }

    #[test]
    fn copying_again_gives_the_new_text_its_own_time() {
        let (mut keeper, now) = copied();
        let second = later(now, 20, 20);
        keeper.put(&format!("{OURS}2").as_str().into(), TIME, second).expect("the fake clipboard works");
        assert!(!keeper.look(later(now, 35, 35)), "the first text's time does not count any more");
        assert!(keeper.look(later(now, 50, 50)), "the second one's does");
    }

    #[test]
    fn line_ends_changed_by_the_clipboard_do_not_hide_our_text() {
        let mut keeper = Keeper::new(Fake::default());
        keeper
            .put(&format!("{OURS}1\na line\n").as_str().into(), TIME, start())
            .expect("the fake clipboard works");
        keeper.board.content = Some(format!("{OURS}1\r\na line\r\n"));
        assert!(keeper.clear(start()));
        assert_eq!(keeper.board.content, None, "it was ours");
    }

    #[test]
    fn a_clipboard_that_is_occupied_is_tried_again() {
        let (mut keeper, now) = copied();
        keeper.board.broken = true;
        assert!(!keeper.clear(now), "it cannot be cleared now");
        assert!(keeper.board.holds_ours());
        keeper.board.broken = false;
        assert!(
            keeper.look(later(now, 1, 1)),
            "asked to clear, the next look does it, although time is left"
        );
        assert_eq!(keeper.board.content, None);
    }

    #[test]
    fn a_clipboard_that_is_occupied_for_long_is_tried_more_and_more_slowly_but_not_given_up() {
        let (mut keeper, now) = copied();
        keeper.board.broken = true;
        for second in 30..3600 {
            keeper.look(later(now, second, second.unsigned_abs()));
        }
        let failures = keeper.ours.map(|ours| ours.failures);
        assert!(
            failures.is_some_and(|times| (100..140).contains(&times)),
            "{failures:?} is about every 30 s"
        );
        keeper.board.broken = false;
        assert!(keeper.look(later(now, 3630, 3630)));
        assert_eq!(keeper.board.content, None, "an hour later it is still known to be ours");
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
            let mut keeper = Keeper::new(Fake::default());
            let mut now = start();
            let (mut over_at, mut ever_broken) = (None, false);
            for act in acts {
                match act {
                    Act::WeCopy(n) => {
                        if keeper.put(&format!("{OURS}{n}").as_str().into(), TIME, now).is_ok() {
                            over_at = Some(now.monotonic + TIME);
                        }
                    }
                    Act::TheyCopy(n) => keeper.board.content = Some(format!("poem {n}")),
                    Act::TheyClear => keeper.board.content = None,
                    Act::Pass(seconds) => {
                        now = later(now, seconds.into(), seconds.into());
                        keeper.look(now);
                    }
                    Act::ClearNow => {
                        keeper.clear(now);
                        prop_assert!(keeper.board.broken || !keeper.board.holds_ours(), "asked to clear, it clears");
                    }
                    Act::Break(broken) => {
                        keeper.board.broken = broken;
                        ever_broken |= broken;
                    }
                }
                if !ever_broken && over_at.is_some_and(|at| now.monotonic >= at) {
                    prop_assert!(!keeper.board.holds_ours(), "its time is over and the clipboard works");
                }
            }
            keeper.board.broken = false;
            keeper.look(later(now, 60, 60));
            prop_assert!(!keeper.board.holds_ours(), "in the end it is gone");
            prop_assert!(!keeper.board.foreign_cleared, "a foreign text is never cleared");
        }
    }
}
