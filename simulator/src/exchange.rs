//! HTTP as the services see it: requests with everything read, replies with an exact ending.

use base64::Engine as _;
use bytes::Bytes;
use hyper::{HeaderMap, Method};
use serde_json::Value;

use crate::fault::{Fault, FaultKind};
use crate::qqmusic::push;
use crate::world::World;

/// A request, read completely.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) host: String,
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Splits `a=1&b=2` and decodes it.
pub(crate) fn parse_form(text: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(text).into_owned().collect()
}

/// The first value with this name.
pub(crate) fn value<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

impl Request {
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        value(&self.query, name)
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The cookies, in the order sent.
    pub(crate) fn cookies(&self) -> Vec<(String, String)> {
        self.headers
            .get_all("cookie")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        self.cookies().into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// The body as a form, when it says that it is one.
    pub(crate) fn form(&self) -> Option<Vec<(String, String)>> {
        self.header("content-type")
            .starts_with("application/x-www-form-urlencoded")
            .then(|| parse_form(&self.body))
    }
}

/// How a reply ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// As it should.
    Complete,
    /// Half of the announced body, then the connection closes.
    Truncated,
    /// Half of the announced body, then silence.
    Stall,
    /// The connection is reset before the first byte.
    Reset,
    /// Nothing is ever sent.
    Hang,
    /// The body goes on for ever.
    Endless,
}

impl Ending {
    /// How a reply that was made as usual ends when this fault strikes.
    pub(crate) fn of(kind: FaultKind) -> Option<Self> {
        match kind {
            FaultKind::Truncated => Some(Self::Truncated),
            FaultKind::Stall => Some(Self::Stall),
            FaultKind::Lost | FaultKind::RenewalLost => Some(Self::Reset),
            _ => None,
        }
    }
}

/// A reply.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Bytes,
    pub(crate) ending: Ending,
    /// What the connection is used for after this answer, a 101.
    pub(crate) upgrade: Option<push::Talk>,
}

impl Reply {
    pub(crate) fn new(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        let headers = vec![("content-type", content_type.to_owned())];
        Self { status, headers, body: body.into(), ending: Ending::Complete, upgrade: None }
    }

    pub(crate) fn json(value: &Value) -> Self {
        Self::new(200, "application/json; charset=utf-8", value.to_string())
    }

    pub(crate) fn script(text: impl Into<String>) -> Self {
        Self::new(200, "text/javascript; charset=utf-8", text.into())
    }

    pub(crate) fn redirect(location: impl Into<String>) -> Self {
        Self::new(302, "text/html; charset=utf-8", "").header("location", location)
    }

    pub(crate) fn forbidden() -> Self {
        Self::new(403, "text/html", "<html><head><title>403 Forbidden</title></head></html>")
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn cookie(self, line: impl Into<String>) -> Self {
        self.header("set-cookie", line)
    }

    pub(crate) fn cookies(mut self, lines: impl IntoIterator<Item = String>) -> Self {
        self.headers.extend(lines.into_iter().map(|line| ("set-cookie", line)));
        self
    }

    pub(crate) fn ending(mut self, ending: Ending) -> Self {
        self.ending = ending;
        self
    }
}

/// A reply, and the rule that the request broke, if it broke one.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) reply: Reply,
    /// `Some` when the request was refused.
    pub(crate) refused: Option<Refusal>,
}

/// Why a request was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It broke a rule of the protocol: the client is at fault.
    Rule(String),
    /// It was correct but came too late, or the person refused: nobody is at fault.
    State,
}

impl Answer {
    pub(crate) fn refuse(rule: impl Into<String>, reply: Reply) -> Self {
        Self { reply, refused: Some(Refusal::Rule(rule.into())) }
    }

    pub(crate) fn outdated(reply: Reply) -> Self {
        Self { reply, refused: Some(Refusal::State) }
    }
}

impl From<Reply> for Answer {
    fn from(reply: Reply) -> Self {
        Self { reply, refused: None }
    }
}

/// What a handler is given.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    pub(crate) world: &'a World,
    pub(crate) request: &'a Request,
    /// The fault that the service has to play itself.
    pub(crate) fault: Option<&'a Fault>,
    /// Which of the things asked for it strikes.
    pub(crate) struck: usize,
}

/// Checks a list of exact values; says which is wrong first.
pub(crate) fn expect_values(pairs: &[(String, String)], expected: &[(&str, &str)]) -> Result<(), String> {
    for (name, wanted) in expected {
        match value(pairs, name) {
            None => return Err(format!("{name} is missing")),
            Some(got) if got != *wanted => return Err(format!("{name} is {got:?}, not {wanted:?}")),
            Some(_) => {}
        }
    }
    Ok(())
}

/// Checks that the request looks as if it came from a browser on the page `origin`.
pub(crate) fn expect_browser(request: &Request, referer: &str) -> Result<(), String> {
    if !request.header("referer").starts_with(referer) {
        return Err(format!("Referer is not {referer}"));
    }
    if !request.header("user-agent").starts_with("Mozilla/5.0") {
        return Err("User-Agent is not a browser's".to_owned());
    }
    Ok(())
}

/// Standard base64, with padding.
pub(crate) fn base64_decode(text: &str) -> Option<Vec<u8>> {
    base64::engine::general_purpose::STANDARD.decode(text).ok()
}

/// Standard base64, with padding.
pub(crate) fn base64_encode(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
