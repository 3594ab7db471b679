//! Between which two moments a key should be renewed.

use jiff::{SignedDuration, Timestamp};

/// A life below this is a short one: most of it can pass in one night offline.
const SHORT: SignedDuration = SignedDuration::from_hours(3 * 24);

/// Which part of a key's age the window takes that only has to close at some age.
const PART_OF_THE_AGE: i32 = 20;

/// Between which two moments a key should be renewed. Each account has a moment of its own in it, so that many do not
/// renew at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RenewalWindow {
    /// No earlier.
    pub opens: Timestamp,
    /// No later, if that is possible.
    pub closes: Timestamp,
}

impl RenewalWindow {
    /// The window of a key that should be renewed at this moment at the latest: a twentieth of its age before that.
    pub fn closing_at(issued_at: Timestamp, closes: Timestamp) -> Self {
        let part = closes.duration_since(issued_at).max(SignedDuration::ZERO) / PART_OF_THE_AGE;
        Self { opens: closes.checked_sub(part).unwrap_or(closes), closes }
    }

    /// The window of a key that lives for less than three days: the first half of its last third. What is left for the
    /// last fifth alone can be lost in one night offline (protocol: QQ §13.11). `None` for one that lives longer.
    pub fn of_short_life(issued_at: Timestamp, expires_at: Timestamp) -> Option<Self> {
        let life = expires_at.duration_since(issued_at).max(SignedDuration::ZERO);
        if life >= SHORT {
            return None;
        }
        let after = |part: SignedDuration| issued_at.checked_add(part).ok();
        Some(Self { opens: after(life / 3 * 2)?, closes: after(life / 6 * 5)? })
    }

    /// Whichever of the two opens first.
    #[must_use]
    pub fn or_earlier(self, other: Option<Self>) -> Self {
        match other {
            Some(other) if other.opens < self.opens => other,
            Some(_) | None => self,
        }
    }

    /// The moment at which this share of the window is over, between 0 and 1.
    pub fn moment(self, share: f64) -> Timestamp {
        let whole = self.closes.duration_since(self.opens).as_secs_f64().max(0.0);
        let part = SignedDuration::try_from_secs_f64(whole * share.clamp(0.0, 1.0)).unwrap_or_default();
        self.opens.checked_add(part).unwrap_or(self.opens)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(hours: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours)
    }

    #[test]
    fn a_short_life_is_renewed_in_the_first_half_of_its_last_third() {
        let window = |life| RenewalWindow::of_short_life(hours(0), hours(life));
        assert_eq!(window(24), Some(RenewalWindow { opens: hours(16), closes: hours(20) }));
        assert_eq!(window(72), None, "three days are not less than three days");
        let over = RenewalWindow { opens: hours(0), closes: hours(0) };
        assert_eq!(window(-5), Some(over), "what is over is due");
    }

    #[test]
    fn every_moment_lies_in_the_window() {
        let window = RenewalWindow::closing_at(hours(0), hours(20));
        assert_eq!((window.moment(0.0), window.moment(1.0)), (hours(19), hours(20)));
        assert_eq!((window.moment(-3.0), window.moment(f64::NAN)), (hours(19), hours(19)));
        assert!(window.moment(0.5) > hours(19) && window.moment(0.5) < hours(20));
    }

    #[test]
    fn the_window_that_opens_first_counts() {
        let (late, early) = (
            RenewalWindow::closing_at(hours(0), hours(20)),
            RenewalWindow::of_short_life(hours(0), hours(9)),
        );
        assert_eq!(late.or_earlier(early), early.expect("a short life"));
        assert_eq!(late.or_earlier(None), late);
    }
}
