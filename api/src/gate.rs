//! Who may ask at all, before anything else is looked at: by the name that led here, and by the page that asks.
//!
//! A page of another origin can have a browser ask anything of this computer. It cannot read the answer, but a name of
//! its own that leads here (DNS rebinding) would make it the same origin. So the name must be one of ours to the
//! letter, and whatever a browser says of a page must say that it is ours.

use std::net::SocketAddr;
use std::str::FromStr;

use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN,
    VARY,
};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};

use crate::failure::Refusal;

/// What browsers say of where a request comes from.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// An origin whose pages may ask, as browsers write it: `https://example.com` or `http://example.com:8080`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(HeaderValue);

impl FromStr for Origin {
    type Err = NoOrigin;

    fn from_str(text: &str) -> Result<Self, NoOrigin> {
        let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).ok_or(NoOrigin)?;
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-:[]".contains(&byte);
        if host.is_empty() || !host.bytes().all(fits) {
            return Err(NoOrigin);
        }
        HeaderValue::from_str(text).map(Self).map_err(|_| NoOrigin)
    }
}

/// It is no origin as browsers write them: a scheme and a host in small letters, and a port where it is not the usual
/// one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoOrigin;

/// Names that lead here, and origins whose pages may ask.
#[derive(Debug, Clone)]
pub(crate) struct Gate {
    /// In small letters, with the port where one is written.
    hosts: Vec<String>,
    origins: Vec<Origin>,
}

/// A request that may go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pass {
    /// The origin of the page that may read the answer, if it is another one than ours.
    pub(crate) reader: Option<HeaderValue>,
}

impl Gate {
    /// For what listens at that address. Further names are taken with its port and, for whoever puts a proxy in front,
    /// as they are.
    pub(crate) fn new(address: SocketAddr, names: &[String], origins: Vec<Origin>) -> Self {
        let port = address.port();
        let own = ["127.0.0.1", "localhost", "[::1]"].map(str::to_owned).into_iter();
        let given = names.iter().map(|name| name.to_ascii_lowercase());
        let mut hosts: Vec<String> = own.chain(given.clone()).map(|name| format!("{name}:{port}")).collect();
        hosts.extend(given);
        Self { hosts, origins }
    }

    /// Looks at where a request comes from.
    ///
    /// # Errors
    /// [`Refusal::Host`] or [`Refusal::Origin`].
    pub(crate) fn check(&self, request: &Parts) -> Result<Pass, Refusal> {
        let host = only(&request.headers, &HOST).ok().flatten().ok_or(Refusal::Host)?;
        let authority = request.uri.authority().map(|authority| authority.as_str());
        if !self.is_ours(host) || authority.is_some_and(|authority| !self.is_ours(authority)) {
            return Err(Refusal::Host);
        }
        let origin = only(&request.headers, &ORIGIN).map_err(|_| Refusal::Origin)?;
        let reader =
            self.origins.iter().find(|allowed| Some(allowed.0.as_bytes()) == origin.map(str::as_bytes));
        let is_own = |origin: &str| {
            let named = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
            named.is_some_and(|named| named.eq_ignore_ascii_case(host))
        };
        if reader.is_none() {
            if origin.is_some_and(|origin| !is_own(origin)) {
                return Err(Refusal::Origin);
            }
            let mut sites = request.headers.get_all(SEC_FETCH_SITE).iter();
            if !sites.all(|site| site == "same-origin" || site == "none") {
                return Err(Refusal::Origin);
            }
        }
        Ok(Pass { reader: reader.map(|reader| reader.0.clone()) })
    }

    fn is_ours(&self, host: &str) -> bool {
        self.hosts.iter().any(|own| own.eq_ignore_ascii_case(host))
    }
}

impl Pass {
    /// The answer to the question of a browser whether a page of an allowed origin may ask. No other page gets one.
    pub(crate) fn preflight(&self, request: &Parts) -> Option<Response> {
        let is_one =
            request.method == Method::OPTIONS && request.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        self.reader.as_ref().filter(|_| is_one)?;
        let mut response = StatusCode::NO_CONTENT.into_response();
        let allowed = [
            (ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, DELETE"),
            (ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type, last-event-id"),
            (ACCESS_CONTROL_MAX_AGE, "600"),
        ];
        for (name, value) in allowed {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        Some(response)
    }

    /// Lets the page that may read the answer read it.
    pub(crate) fn mark(self, headers: &mut HeaderMap) {
        if let Some(reader) = self.reader {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, reader);
            headers.insert(VARY, HeaderValue::from_static("origin"));
        }
    }
}

/// Several where there may be one.
struct Several;

/// The value of a header that may stand there once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Several> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| Several),
        (Some(_), Some(_)) => Err(Several),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn gate() -> Gate {
        let address = "127.0.0.1:7080".parse().expect("an address");
        let origin = "https://page.example".parse().expect("an origin");
        Gate::new(address, &["nas.example".to_owned()], vec![origin])
    }

    fn checked(method: &str, uri: &str, headers: &[(&str, &str)]) -> Result<Pass, Refusal> {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        gate().check(&request.body(()).expect("a request").into_parts().0)
    }

    #[test]
    fn only_names_that_are_ours_to_the_letter_lead_here() {
        let own = [
            "127.0.0.1:7080",
            "localhost:7080",
            "LocalHost:7080",
            "[::1]:7080",
            "nas.example:7080",
            "nas.example",
        ];
        for host in own {
            assert!(checked("GET", "/", &[("host", host)]).is_ok(), "{host}");
        }
        for host in [
            "",
            "127.0.0.1",
            "localhost",
            "127.0.0.1:7081",
            "127.0.0.1.evil.example:7080",
            "evil.example",
            "localhost:7080.",
            "127.1:7080",
            "0.0.0.0:7080",
            "user@127.0.0.1:7080",
            "[::1]",
            "nas.example:80",
            "127.0.0.1:7080 ",
        ] {
            let found = checked("GET", "/", &[("host", host)]);
            // The library trims what stands at the end.
            assert!(found == Err(Refusal::Host) || host.ends_with(' '), "{host:?}");
        }
        assert_eq!(checked("GET", "/", &[]), Err(Refusal::Host), "nor none");
        let two = [("host", "localhost:7080"), ("host", "localhost:7080")];
        assert_eq!(checked("GET", "/", &two), Err(Refusal::Host), "nor two");
        let whole = "http://evil.example/v1/accounts";
        assert_eq!(checked("GET", whole, &[("host", "localhost:7080")]), Err(Refusal::Host));
    }

    #[test]
    fn pages_of_other_origins_are_refused_whatever_they_ask() {
        let host = ("host", "localhost:7080");
        for origin in ["http://localhost:7080", "https://localhost:7080"] {
            assert!(checked("POST", "/", &[host, ("origin", origin)]).is_ok(), "{origin}");
        }
        for origin in
            ["null", "http://localhost", "http://127.0.0.1:7080", "https://evil.example", "file://", ""]
        {
            assert_eq!(checked("POST", "/", &[host, ("origin", origin)]), Err(Refusal::Origin), "{origin}");
        }
        for (site, is_fine) in
            [("none", true), ("same-origin", true), ("same-site", false), ("cross-site", false), ("", false)]
        {
            assert_eq!(checked("GET", "/", &[host, ("sec-fetch-site", site)]).is_ok(), is_fine, "{site}");
        }
        let two = [host, ("sec-fetch-site", "none"), ("sec-fetch-site", "cross-site")];
        assert_eq!(checked("GET", "/", &two), Err(Refusal::Origin));
    }

    #[test]
    fn a_page_that_was_allowed_by_name_may_ask_and_read() {
        let asks = [
            ("host", "localhost:7080"),
            ("origin", "https://page.example"),
            ("sec-fetch-site", "cross-site"),
        ];
        let pass = checked("GET", "/", &asks).expect("it may");
        let mut headers = HeaderMap::new();
        pass.mark(&mut headers);
        assert_eq!(headers[ACCESS_CONTROL_ALLOW_ORIGIN], "https://page.example");
        let own = checked("GET", "/", &[("host", "localhost:7080"), ("origin", "http://localhost:7080")]);
        assert_eq!(own, Ok(Pass { reader: None }), "our own page needs no header");
    }

    #[test]
    fn an_origin_is_written_as_browsers_write_it() {
        for good in ["https://a.example", "http://127.0.0.1:3000", "http://[::1]:3000"] {
            assert!(good.parse::<Origin>().is_ok(), "{good}");
        }
        for bad in [
            "*",
            "null",
            "a.example",
            "https://a.example/",
            "https://A.example",
            "https://",
            "ftp://a.example",
        ] {
            assert_eq!(bad.parse::<Origin>(), Err(NoOrigin), "{bad}");
        }
    }
}
