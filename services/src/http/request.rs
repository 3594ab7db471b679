//! A request, built up in the order in which it reads.

use std::fmt;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, COOKIE, HeaderName, HeaderValue, USER_AGENT};
use serde_json::Value;
use url::Url;
use zeroize::Zeroizing;

use super::{BROWSER, CookieMap, HttpError};

/// What comes back, which decides how much of it is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// JSON or text.
    Data,
    /// A picture.
    Picture,
}

/// A request. `GET` unless it has a body, and as a browser unless another `User-Agent` is given.
pub struct Request {
    pub(super) url: Url,
    pub(super) kind: Kind,
    pub(super) within: Option<Duration>,
    headers: Vec<(&'static str, String)>,
    cookie: Option<Zeroizing<String>>,
    body: Option<(&'static str, Zeroizing<String>)>,
}

impl Request {
    /// Asks for an address.
    pub fn get(url: Url) -> Self {
        Self { url, kind: Kind::Data, within: None, headers: Vec::new(), cookie: None, body: None }
    }

    /// Asks for an address that is written in this program, with a query.
    ///
    /// # Panics
    /// When `address` is no URL.
    pub fn get_with(address: &'static str, query: &[(&str, &str)]) -> Self {
        Self::get(Url::parse_with_params(address, query).expect("the address is written in this program"))
    }

    /// Posts a form to an address that is written in this program.
    ///
    /// # Panics
    /// When `address` is no URL.
    pub fn post_form(address: &str, form: &[(&str, &str)]) -> Self {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        Self::post(address, "application/x-www-form-urlencoded", body)
    }

    /// Posts JSON to an address that is written in this program.
    ///
    /// # Panics
    /// When `address` is no URL.
    pub fn post_json(address: &str, json: &Value) -> Self {
        Self::post(address, "application/json", json.to_string())
    }

    /// Adds a header. All header values count as secret.
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Adds several headers.
    pub fn headers(mut self, headers: Vec<(&'static str, String)>) -> Self {
        self.headers.extend(headers);
        self
    }

    /// Sends these cookies, in their order, and no others.
    pub fn cookies(mut self, cookies: &CookieMap) -> Self {
        self.cookie = cookies.header();
        self
    }

    /// Expects a picture.
    pub fn picture(mut self) -> Self {
        self.kind = Kind::Picture;
        self
    }

    /// Sets a limit of its own for the whole exchange, in which the answer may take its time to begin.
    pub fn within(mut self, limit: Duration) -> Self {
        self.within = Some(limit);
        self
    }

    fn post(address: &str, content_type: &'static str, body: String) -> Self {
        let url = Url::parse(address).expect("the address is written in this program");
        Self { body: Some((content_type, Zeroizing::new(body))), ..Self::get(url) }
    }

    /// As the library wants it. A value that cannot stand in a header fails here rather than being cut.
    pub(super) fn build(self, client: &reqwest::Client) -> Result<reqwest::Request, HttpError> {
        let mut request = match &self.body {
            None => client.get(self.url),
            Some((content_type, body)) => {
                client.post(self.url).header(CONTENT_TYPE, *content_type).body(body.as_bytes().to_vec())
            }
        };
        if !self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("user-agent")) {
            request = request.header(USER_AGENT, BROWSER);
        }
        for (name, value) in &self.headers {
            request = request.header(HeaderName::from_static(name), sensitive(value)?);
        }
        if let Some(cookie) = &self.cookie {
            request = request.header(COOKIE, sensitive(cookie)?);
        }
        request.build().map_err(|_| HttpError::Interrupted)
    }
}

fn sensitive(value: &str) -> Result<HeaderValue, HttpError> {
    let mut value = HeaderValue::from_str(value).map_err(|_| HttpError::Interrupted)?;
    value.set_sensitive(true);
    Ok(value)
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let method = if self.body.is_some() { "POST" } else { "GET" };
        // Not the query: it can hold one-time codes.
        write!(f, "Request({method} {}{})", self.url.host_str().unwrap_or_default(), self.url.path())
    }
}
