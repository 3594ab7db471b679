//! The line below a code that says for how long it can still be scanned, where a terminal can write over a line. For
//! `sign_in.rs`.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use jiff::Timestamp;
use tunekey_core::{Clock as _, Ink, Language, SignInStep, SystemClock};

use crate::output::{Canvas, Output};

/// How often it is written anew.
const INTERVAL: Duration = Duration::from_secs(1);

/// Back to the beginning of the line, and nothing behind that.
const CLEAR: &str = "\r\x1b[K";

/// The line, while a code is shown. Nothing is left of it when it is dropped.
#[derive(Debug)]
pub(crate) struct Countdown {
    /// Until when the code can be scanned; `None` where nothing is written.
    until: Option<Timestamp>,
    language: Language,
}

impl Countdown {
    /// The line for a step: written at once where it shows a code, to a person at a terminal that takes escape
    /// sequences.
    pub(crate) fn of(step: &SignInStep, output: Output) -> Self {
        let takes_it = !output.json && io::stderr().is_terminal() && Canvas::ink() == Ink::Colours;
        let until = match step {
            SignInStep::ShowCode { valid_until, problem: None, .. } if takes_it => Some(*valid_until),
            _ => None,
        };
        let countdown = Self { until, language: output.language };
        countdown.write();
        countdown
    }

    /// Waits for a second and writes it anew; waits for ever where there is none.
    pub(crate) async fn tick(&self) {
        match self.until {
            Some(_) => tokio::time::sleep(INTERVAL).await,
            None => std::future::pending().await,
        }
        self.write();
    }

    /// Leaves nothing of it.
    pub(crate) fn end(&mut self) {
        if self.until.take().is_some() {
            let mut err = io::stderr().lock();
            drop(write!(err, "{CLEAR}").and_then(|()| err.flush()));
        }
    }

    fn write(&self) {
        if let Some(until) = self.until {
            let mut err = io::stderr().lock();
            // What cannot be written is not waited for.
            drop(
                write!(err, "{CLEAR}{}", line(until, SystemClock.now(), self.language))
                    .and_then(|()| err.flush()),
            );
        }
    }
}

impl Drop for Countdown {
    fn drop(&mut self) {
        self.end();
    }
}

/// Short enough for any terminal that a code fits into.
fn line(until: Timestamp, now: Timestamp, language: Language) -> String {
    let seconds = until.duration_since(now).as_secs().max(0);
    let left = format!("{}:{:02}", seconds / 60, seconds % 60);
    match language {
        Language::English => format!("Waiting for the scan, {left} left"),
        Language::Chinese => format!("等待扫码，剩余 {left}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_the_minutes_and_seconds_that_are_left_and_never_less_than_none() {
        let at = |second| Timestamp::from_second(second).expect("a time");
        assert_eq!(line(at(1_000), at(821), Language::English), "Waiting for the scan, 2:59 left");
        assert_eq!(line(at(1_000), at(995), Language::Chinese), "等待扫码，剩余 0:05");
        assert_eq!(line(at(1_000), at(1_001), Language::English), "Waiting for the scan, 0:00 left");
    }
}
