//! The hours in which no message goes to a phone.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Time;
use serde::{Deserialize, Serialize};

/// From one time of the day to another, by the clock on the wall; over midnight when the second is the earlier one.
/// Written as `22:00-08:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct QuietHours {
    from: Time,
    to: Time,
}

/// That a text names no hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("quiet hours are written as 22:00-08:00")]
pub struct NotHours;

impl QuietHours {
    /// Whether a time of the day is one of them.
    pub fn contains(self, time: Time) -> bool {
        if self.from <= self.to {
            (self.from..self.to).contains(&time)
        } else {
            time >= self.from || time < self.to
        }
    }
}

impl FromStr for QuietHours {
    type Err = NotHours;

    fn from_str(text: &str) -> Result<Self, NotHours> {
        let (from, to) = text.split_once('-').ok_or(NotHours)?;
        let time = |text: &str| Time::strptime("%H:%M", text.trim()).map_err(|_| NotHours);
        let (from, to) = (time(from)?, time(to)?);
        // From eight to eight is either all day or never; nobody should have to guess which.
        if from == to { Err(NotHours) } else { Ok(Self { from, to }) }
    }
}

impl fmt::Display for QuietHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.from.strftime("%H:%M"), self.to.strftime("%H:%M"))
    }
}

impl TryFrom<String> for QuietHours {
    type Error = NotHours;

    fn try_from(text: String) -> Result<Self, NotHours> {
        text.parse()
    }
}

impl From<QuietHours> for String {
    fn from(hours: QuietHours) -> Self {
        hours.to_string()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::time;

    use super::*;

    #[test]
    fn a_night_goes_over_midnight() {
        let night: QuietHours = "22:00-08:00".parse().expect("hours");
        for (hour, minute, quiet) in
            [(21, 59, false), (22, 0, true), (0, 0, true), (7, 59, true), (8, 0, false), (12, 0, false)]
        {
            assert_eq!(night.contains(time(hour, minute, 0, 0)), quiet, "{hour}:{minute}");
        }
        let noon: QuietHours = "12:00-14:00".parse().expect("hours");
        assert!(noon.contains(time(13, 0, 0, 0)) && !noon.contains(time(0, 0, 0, 0)));
    }

    #[test]
    fn hours_are_written_as_they_are_read_and_nothing_else_is_read() {
        let hours: QuietHours = " 7:05 - 9:30 ".parse().expect("hours");
        assert_eq!(hours.to_string(), "07:05-09:30");
        assert_eq!(hours.to_string().parse(), Ok(hours));
        for text in ["", "22:00", "22:00-22:00", "24:00-08:00", "22-8", "late-early"] {
            assert_eq!(text.parse::<QuietHours>(), Err(NotHours), "{text:?}");
        }
    }
}
