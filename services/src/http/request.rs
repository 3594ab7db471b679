//! A request, built up in the order in which it reads.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use reqwest::Method;
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

/// What is done with a body at an address of the person's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendMethod {
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// `PATCH`
    Patch,
}

/// A request. `GET` unless it has a body, and as a browser unless another `User-Agent` is given.
pub struct Request {
    pub(super) url: Url,
    pub(super) kind: Kind,
    pub(super) within: Option<Duration>,
    headers: Vec<(Cow<'static, str>, String)>,
    cookie: Option<Zeroizing<String>>,
    body: Option<(&'static str, Zeroizing<String>)>,
    /// Where it differs from what the body says.
    method: Option<Method>,
    /// The path can hold a secret: it is not logged.
    hides_path: bool,
}

impl Request {
    /// Asks for an address.
    pub fn get(url: Url) -> Self {
        Self {
            url,
            kind: Kind::Data,
            within: None,
            headers: Vec::new(),
            cookie: None,
            body: None,
            method: None,
            hides_path: false,
        }
    }

    /// Sends a body to an address of the person's own, whose path may hold a secret.
    pub fn send_to(
        url: Url,
        method: SendMethod,
        content_type: &'static str,
        body: Zeroizing<String>,
    ) -> Self {
        let method = match method {
            SendMethod::Post => Method::POST,
            SendMethod::Put => Method::PUT,
            SendMethod::Patch => Method::PATCH,
        };
        Self { body: Some((content_type, body)), method: Some(method), hides_path: true, ..Self::get(url) }
    }

    /// Asks an address of the person's own, whose path may hold a secret.
    pub fn ask(url: Url) -> Self {
        Self { hides_path: true, ..Self::get(url) }
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
    pub fn header(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Adds several headers.
    pub fn headers(mut self, headers: Vec<(&'static str, String)>) -> Self {
        self.headers.extend(headers.into_iter().map(|(name, value)| (name.into(), value)));
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
                let method = self.method.clone().unwrap_or(Method::POST);
                let request = client.request(method, self.url);
                request.header(CONTENT_TYPE, *content_type).body(body.as_bytes().to_vec())
            }
        };
        if !self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("user-agent")) {
            request = request.header(USER_AGENT, BROWSER);
        }
        for (name, value) in &self.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| HttpError::Interrupted)?;
            request = request.header(name, sensitive(value)?);
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
        let method = match (&self.method, &self.body) {
            (Some(method), _) => method.as_str(),
            (None, Some(_)) => "POST",
            (None, None) => "GET",
        };
        // Not the query: it can hold one-time codes.
        let path = if self.hides_path { "/…" } else { self.url.path() };
        write!(f, "Request({method} {}{path})", self.url.host_str().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_logged_of_a_request_to_the_persons_own_address_names_its_host_alone() {
        let url: Url = "https://home.test/api/webhook/canary?key=canary".parse().expect("an address");
        let body = Zeroizing::new("canary".to_owned());
        let sent = Request::send_to(url.clone(), SendMethod::Put, "text/plain", body);
        assert_eq!(format!("{sent:?}"), "Request(PUT home.test/…)");
        assert_eq!(format!("{:?}", Request::ask(url)), "Request(GET home.test/…)");
    }
}
