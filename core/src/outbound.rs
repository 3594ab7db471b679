//! Requests to addresses of the person's own, where credentials are delivered to and messages are sent: over TLS, or
//! without it to a private network when the person has agreed; no redirects. Nothing of an answer is logged or kept.

use std::time::Duration;

use tunekey_services::http::{HttpError, Network, Request, Response, network_of};
use tunekey_services::{Http, HttpOptions, Proxy};
use url::Url;

/// The largest answer, in bytes: a CookieCloud may hold the cookies of a whole browser.
const MAX_ANSWER: usize = 8 * 1024 * 1024;
/// What we call ourselves to an address of the person's own.
const AGENT: &str = concat!("TuneKey/", env!("CARGO_PKG_VERSION"));

/// Makes the client for each address.
#[derive(Debug, Clone)]
pub(crate) struct Clients {
    options: HttpOptions,
}

impl Clients {
    /// Clients as the settings want them.
    pub(crate) fn new(options: HttpOptions) -> Self {
        Self { options }.with_answers_of(MAX_ANSWER)
    }

    /// The same with answers of at most so many bytes.
    pub(crate) fn with_answers_of(mut self, bytes: usize) -> Self {
        self.options.limits.json_bytes = bytes;
        self
    }

    /// The same with so much time for a request and its answer.
    pub(crate) fn within(mut self, limit: Duration) -> Self {
        self.options.limits.total = limit;
        self
    }

    /// The client for an address. A private one is reached through no proxy.
    ///
    /// # Errors
    /// `Address` when it may not be used, `Http` when no client can be made.
    pub(crate) async fn for_address(&self, url: &Url, allows_plain: bool) -> Result<Http, OutboundError> {
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
            (_, Network::Public) => return Err(BadAddress::PlainAbroad.into()),
        })
    }
}

/// Why an address was not reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OutboundError {
    /// It is none, or none that may be used.
    #[error("the address {0}")]
    Address(#[from] BadAddress),
    /// There was no answer.
    #[error("{0}")]
    Http(#[from] HttpError),
}

/// Why an address is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadAddress {
    #[error("is none that begins with https:// or http://")]
    None,
    #[error("has a user name or password in it")]
    HasPassword,
    #[error("is not encrypted, which nobody has agreed to")]
    Plain,
    #[error("is not encrypted and leads out of the private network")]
    PlainAbroad,
}

/// Whether an address may be used at all, as far as that can be seen from it.
pub(crate) fn check(url: &Url, allows_plain: bool) -> Result<(), BadAddress> {
    Err(match url.scheme() {
        _ if url.host_str().is_none() => BadAddress::None,
        _ if !url.username().is_empty() || url.password().is_some() => BadAddress::HasPassword,
        "https" => return Ok(()),
        "http" if allows_plain => return Ok(()),
        "http" => BadAddress::Plain,
        _ => BadAddress::None,
    })
}

/// An address that is one.
pub(crate) fn address(text: &str) -> Result<Url, BadAddress> {
    Url::parse(text).map_err(|_| BadAddress::None)
}

/// Sends a request under our own name.
pub(crate) async fn send(http: &Http, request: Request) -> Result<Response, HttpError> {
    http.send(request.header("user-agent", AGENT)).await
}
