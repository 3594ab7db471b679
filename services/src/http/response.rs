//! An answer, read to its end.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::{HeaderMap, SET_COOKIE};
use serde_json::Value;

use super::SetCookie;

/// An answer, whatever its status.
pub struct Response {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

/// Why an answer is not the data that was asked for. None of these says anything about a credential:
/// captive portals, proxies and overloaded servers send them (threat model: T4, T16).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotTheAnswer {
    /// Status 5xx.
    ServerError,
    /// Status 3xx.
    Redirect,
    /// Nothing at all.
    Empty,
    /// HTML.
    WebPage,
    /// Something else.
    Other,
    /// The connection was ended before there was an answer.
    Ended,
    /// The service says that it is busy (protocol: QQ §3.2).
    Busy,
}

impl NotTheAnswer {
    /// In a few words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ServerError => "a server error",
            Self::Redirect => "a redirect",
            Self::Empty => "an empty answer",
            Self::WebPage => "a web page",
            Self::Other => "something that is no data",
            Self::Ended => "the end of the connection",
            Self::Busy => "a server that is busy",
        }
    }
}

impl Response {
    pub(crate) fn new(status: u16, headers: HeaderMap, body: Vec<u8>) -> Self {
        Self { status, headers, body }
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The header of that name, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// For how long the server asks to be left alone: `Retry-After`, in seconds or as a date, which is counted from the
    /// server's own `Date` (RFC 9110 §10.2.3). `None` when it does not say, or says what cannot be understood.
    pub fn retry_after(&self) -> Option<Duration> {
        let text = self.header("retry-after")?.trim();
        if let Ok(seconds) = text.parse() {
            return Some(Duration::from_secs(seconds));
        }
        let date = |text: &str| DateTimeParser::new().parse_timestamp(text).ok();
        let wait = date(text)?.duration_since(date(self.header("date")?.trim())?);
        Some(Duration::try_from(wait).unwrap_or_default())
    }

    /// The cookies that the answer sets, in order. `now` decides which `Expires` are past.
    pub fn set_cookies(&self, now: Timestamp) -> Vec<SetCookie> {
        let lines = self.headers.get_all(SET_COOKIE).iter();
        lines.filter_map(|line| SetCookie::parse(line.to_str().ok()?, now)).collect()
    }

    /// The body, decompressed.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// [`NotTheAnswer`] says what it is instead.
    pub fn json(&self) -> Result<Value, NotTheAnswer> {
        self.answered()?;
        serde_json::from_slice(&self.body).map_err(|_| self.shape())
    }

    /// Whether something was answered that is worth reading: neither a server error nor a redirect.
    ///
    /// # Errors
    /// [`NotTheAnswer`] says what came instead.
    pub fn answered(&self) -> Result<(), NotTheAnswer> {
        match self.status {
            500.. => Err(NotTheAnswer::ServerError),
            300..=399 => Err(NotTheAnswer::Redirect),
            _ => Ok(()),
        }
    }

    /// What a body that is not the expected data looks like.
    pub fn shape(&self) -> NotTheAnswer {
        match self.body.trim_ascii_start() {
            [] => NotTheAnswer::Empty,
            [b'<', ..] => NotTheAnswer::WebPage,
            _ => NotTheAnswer::Other,
        }
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Response({}, {} bytes)", self.status, self.body.len())
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn a_server_says_in_seconds_or_by_its_own_date_for_how_long_it_wants_to_be_left_alone() {
        let date = ("date", "Sat, 21 Nov 2026 12:00:00 GMT");
        for (headers, seconds) in [
            (&[("retry-after", "120")][..], Some(120)),
            (&[date, ("retry-after", "Sat, 21 Nov 2026 12:10:00 GMT")], Some(600)),
            (&[date, ("retry-after", "Sat, 21 Nov 2026 11:00:00 GMT")], Some(0)),
            (&[("retry-after", "Sat, 21 Nov 2026 12:10:00 GMT")], None),
            (&[date, ("retry-after", "soon")], None),
            (&[("retry-after", "-5")], None),
            (&[date], None),
        ] {
            let map = headers
                .iter()
                .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
            let response = Response::new(429, map.collect(), Vec::new());
            assert_eq!(response.retry_after(), seconds.map(Duration::from_secs), "{headers:?}");
        }
    }
}
