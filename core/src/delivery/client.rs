//! Requests to the targets of deliveries: over TLS, or without it to a private network when the person has agreed; no
//! redirects; and what the answers' statuses mean. Nothing of an answer is logged or kept.

use std::time::Duration;

use serde_json::Value;
use tunekey_services::http::{Network, Request, Response, SendMethod, network_of};
use tunekey_services::{Http, HttpOptions, Proxy};
use url::Url;
use zeroize::Zeroizing;

use super::error::{BadAddress, DeliveryError};

/// The largest answer of a target, in bytes: a CookieCloud may hold the cookies of a whole browser.
pub(crate) const MAX_ANSWER: usize = 8 * 1024 * 1024;
/// The longest wait that a target may ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);
/// What we call ourselves to a target.
const AGENT: &str = concat!("TuneKey/", env!("CARGO_PKG_VERSION"));

/// Makes the client for each address.
#[derive(Debug, Clone)]
pub(crate) struct Clients {
    options: HttpOptions,
}

impl Clients {
    /// Clients as the settings want them.
    pub(crate) fn new(options: HttpOptions) -> Self {
        let mut options = options;
        options.limits.json_bytes = MAX_ANSWER;
        Self { options }
    }

    /// The client for an address. A private one is reached through no proxy.
    ///
    /// # Errors
    /// `Address` when it may not be used, `Http` when no client can be made.
    pub(crate) async fn for_address(&self, url: &Url, allows_plain: bool) -> Result<Http, DeliveryError> {
        check(url, allows_plain)?;
        // Behind a proxy a name may be known to nobody but that.
        let network = match network_of(url).await {
            Err(_) if url.scheme() == "https" => Network::Public,
            found => found?,
        };
        Ok(match (url.scheme(), network) {
            ("https", Network::Public) => Http::new(&self.options)?,
            ("https", Network::Private(_)) => {
                Http::new(&HttpOptions { proxy: Proxy::None, ..self.options.clone() })?
            }
            (_, Network::Private(addresses)) => Http::unencrypted(url, &addresses, self.options.limits)?,
            (_, Network::Public) => return Err(DeliveryError::Address(BadAddress::PlainAbroad)),
        })
    }
}

/// Whether an address may be used at all, as far as that can be seen from it.
pub(crate) fn check(url: &Url, allows_plain: bool) -> Result<(), DeliveryError> {
    let bad = match url.scheme() {
        _ if url.host_str().is_none() => BadAddress::None,
        _ if !url.username().is_empty() || url.password().is_some() => BadAddress::HasPassword,
        "https" => return Ok(()),
        "http" if allows_plain => return Ok(()),
        "http" => BadAddress::Plain,
        _ => BadAddress::None,
    };
    Err(DeliveryError::Address(bad))
}

/// An address that is one.
pub(crate) fn address(text: &str) -> Result<Url, DeliveryError> {
    Url::parse(text).map_err(|_| DeliveryError::Address(BadAddress::None))
}

/// The JSON interface of a target.
pub(super) struct Api {
    http: Http,
    base: Url,
    headers: Vec<(&'static str, Zeroizing<String>)>,
}

impl Api {
    /// The interface at an address.
    pub(super) async fn at(clients: &Clients, base: &str, allows_plain: bool) -> Result<Self, DeliveryError> {
        let mut base = address(base)?;
        let http = clients.for_address(&base, allows_plain).await?;
        let path = format!("{}/", base.path().trim_end_matches('/'));
        base.set_path(&path);
        Ok(Self { http, base, headers: Vec::new() })
    }

    /// The same with a header in each request.
    pub(super) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, Zeroizing::new(value.to_owned())));
        self
    }

    /// Asks for what stands at a path.
    pub(super) async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Value, DeliveryError> {
        let response = self.response(Request::ask(self.url(path, query)?)).await?;
        checked(&response)?;
        json(&response)
    }

    /// Asks for what stands at a path, where nothing may stand.
    pub(super) async fn find(&self, path: &str) -> Result<Option<Value>, DeliveryError> {
        let response = self.response(Request::ask(self.url(path, &[])?)).await?;
        if response.status() == 404 {
            return Ok(None);
        }
        checked(&response)?;
        json(&response).map(Some)
    }

    /// Sends a body to a path.
    pub(super) async fn send(
        &self,
        method: SendMethod,
        path: &str,
        body: &Value,
    ) -> Result<Value, DeliveryError> {
        let body = Zeroizing::new(body.to_string());
        let request = Request::send_to(self.url(path, &[])?, method, "application/json", body);
        let response = self.response(request).await?;
        checked(&response)?;
        json(&response)
    }

    async fn response(&self, request: Request) -> Result<Response, DeliveryError> {
        let headers = self.headers.iter();
        let request = headers.fold(request, |request, (name, value)| request.header(*name, value.as_str()));
        send(&self.http, request).await
    }

    fn url(&self, path: &str, query: &[(&str, &str)]) -> Result<Url, DeliveryError> {
        let joined = self.base.join(path.trim_start_matches('/'));
        let mut url = joined.map_err(|_| DeliveryError::Address(BadAddress::None))?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }
}

/// Sends a request under our own name.
pub(super) async fn send(http: &Http, request: Request) -> Result<Response, DeliveryError> {
    Ok(http.send(request.header("user-agent", AGENT)).await?)
}

/// Whether an answer's status says that it has worked.
pub(super) fn checked(response: &Response) -> Result<(), DeliveryError> {
    match response.status() {
        200..=299 => Ok(()),
        401 | 403 => Err(DeliveryError::Unauthorised),
        410 => Err(DeliveryError::Gone),
        429 | 502..=504 => Err(DeliveryError::Later(wait(response))),
        status => Err(DeliveryError::Status(status)),
    }
}

/// For how long a target asks to be left alone. A date instead of a number of seconds is as good as nothing.
fn wait(response: &Response) -> Option<Duration> {
    let seconds = response.header("retry-after")?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_WAIT))
}

/// An answer as JSON.
pub(super) fn json(response: &Response) -> Result<Value, DeliveryError> {
    serde_json::from_slice(response.body()).map_err(|_| DeliveryError::NotUnderstood)
}
