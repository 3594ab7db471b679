//! HTTP requests as the services see them: read completely, with checks that say which rule is broken. For handlers.

use bytes::Bytes;
use hyper::{HeaderMap, Method};

/// A request, read completely.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: Method,
    /// The host name, without the port.
    pub(crate) host: String,
    /// The path, without the query, not decoded.
    pub(crate) path: String,
    /// The query's names and values, decoded, in the order sent.
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Request {
    /// The first query parameter with this name, decoded.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        value(&self.query, name)
    }

    /// The first header with this name; empty when it is missing or no text.
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

    /// The first cookie with this name.
    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        self.cookies().into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// The body as a form; `None` unless `Content-Type` says that it is one.
    pub(crate) fn form(&self) -> Option<Vec<(String, String)>> {
        self.header("content-type")
            .starts_with("application/x-www-form-urlencoded")
            .then(|| parse_form(&self.body))
    }
}

/// Splits `a=1&b=2` into names and values, and decodes both.
pub(crate) fn parse_form(text: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(text).into_owned().collect()
}

/// The first value with this name.
pub(crate) fn value<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// Checks that every expected name has exactly the expected value.
///
/// # Errors
/// The rule that the first wrong one breaks.
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

/// Checks that the request looks as if it came from a browser, on a page whose address starts with `referer`.
///
/// # Errors
/// The rule that it breaks.
pub(crate) fn expect_browser(request: &Request, referer: &str) -> Result<(), String> {
    if !request.header("referer").starts_with(referer) {
        return Err(format!("Referer is not {referer}"));
    }
    if !request.header("user-agent").starts_with("Mozilla/5.0") {
        return Err("User-Agent is not a browser's".to_owned());
    }
    Ok(())
}
