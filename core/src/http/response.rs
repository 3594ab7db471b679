//! An answer, read to its end.

use std::fmt;

use jiff::Timestamp;
use reqwest::header::{HeaderMap, SET_COOKIE};
use serde_json::Value;

use super::SetCookie;
use crate::problem::ProblemCode;

/// An answer, whatever its status.
pub struct Response {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

/// Why an answer is not the data that was asked for. None of these says anything about a credential:
/// captive portals, proxies and overloaded servers send them (threat model: T4, T16).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotJson {
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
}

impl NotJson {
    /// What a front acts on, by [what came](Self::as_str) in the place of data. A connection that a service ended
    /// or a server that is busy is no answer of somebody else.
    pub(crate) fn code_of(got: &str) -> ProblemCode {
        let of_others = [Self::Redirect, Self::WebPage, Self::Empty, Self::Other];
        if got == Self::ServerError.as_str() {
            ProblemCode::ServerError
        } else if of_others.iter().any(|one| got == one.as_str()) {
            ProblemCode::NotTheService
        } else {
            ProblemCode::Offline
        }
    }

    /// In a few words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ServerError => "a server error",
            Self::Redirect => "a redirect",
            Self::Empty => "an empty answer",
            Self::WebPage => "a web page",
            Self::Other => "something that is no data",
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
    /// [`NotJson`] says what it is instead.
    pub fn json(&self) -> Result<Value, NotJson> {
        self.answered()?;
        serde_json::from_slice(&self.body).map_err(|_| self.shape())
    }

    /// Whether something was answered that is worth reading: neither a server error nor a redirect.
    ///
    /// # Errors
    /// [`NotJson`] says what came instead.
    pub fn answered(&self) -> Result<(), NotJson> {
        match self.status {
            500.. => Err(NotJson::ServerError),
            300..=399 => Err(NotJson::Redirect),
            _ => Ok(()),
        }
    }

    /// What a body that is not the expected data looks like.
    pub fn shape(&self) -> NotJson {
        match self.body.trim_ascii_start() {
            [] => NotJson::Empty,
            [b'<', ..] => NotJson::WebPage,
            _ => NotJson::Other,
        }
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Response({}, {} bytes)", self.status, self.body.len())
    }
}
