//! An answer, read to its end.

use std::fmt;

use jiff::Timestamp;
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
