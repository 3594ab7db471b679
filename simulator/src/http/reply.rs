//! What the simulator answers to an HTTP request: data alone, with an exact ending. Handlers make it, the proxy sends
//! it.

use bytes::Bytes;
use serde_json::Value;

/// How sending a reply ends.
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

/// What the simulator answers to one HTTP request.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The headers, in the order in which they are sent; a name may occur several times.
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Bytes,
    pub(crate) ending: Ending,
}

impl Reply {
    pub(crate) fn new(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        let headers = vec![("content-type", content_type.to_owned())];
        Self { status, headers, body: body.into(), ending: Ending::Complete }
    }

    /// 200 with JSON.
    pub(crate) fn json(value: &Value) -> Self {
        Self::new(200, "application/json; charset=utf-8", value.to_string())
    }

    /// 200 with JavaScript.
    pub(crate) fn script(text: impl Into<String>) -> Self {
        Self::new(200, "text/javascript; charset=utf-8", text.into())
    }

    /// 302 to `location`.
    pub(crate) fn redirect(location: impl Into<String>) -> Self {
        Self::new(302, "text/html; charset=utf-8", "").header("location", location)
    }

    /// 403 with a short page.
    pub(crate) fn forbidden() -> Self {
        Self::new(403, "text/html", "<html><head><title>403 Forbidden</title></head></html>")
    }

    /// The same, with one more header.
    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The same, with one more `Set-Cookie` line.
    pub(crate) fn cookie(self, line: impl Into<String>) -> Self {
        self.header("set-cookie", line)
    }

    /// The same, with more `Set-Cookie` lines.
    pub(crate) fn cookies(mut self, lines: impl IntoIterator<Item = String>) -> Self {
        self.headers.extend(lines.into_iter().map(|line| ("set-cookie", line)));
        self
    }

    /// The same, ending like this.
    pub(crate) fn ending(mut self, ending: Ending) -> Self {
        self.ending = ending;
        self
    }
}
