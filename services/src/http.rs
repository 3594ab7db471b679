//! The one hardened HTTP client. Every request of TuneKey goes through [`Http::send`]
//! or [`Http::web_socket`].
//!
//! What the library leaves open is closed here: it has no time limit and no body limit by default, follows
//! redirects, and puts whole URLs into its errors. HTTP/1.1 is enough for both services and keeps header
//! values out of the HTTP/2 library's trace log.

use std::error::Error;
use std::time::Duration;
use std::{fmt, io};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tokio::time::{Instant, timeout, timeout_at};

mod cookies;
mod joined_cookies;
mod private;
mod proxy;
mod request;
mod response;
mod roots;
mod system_proxy;
#[cfg(test)]
mod tests;
mod tls;
mod web_socket;

pub use cookies::{CookieMap, SetCookie};
pub use joined_cookies::{JoinedCookie, JoinedCookies};
pub use private::{Network, network_of};
pub use proxy::{Proxy, ProxyError};
pub use request::{Kind, Request, SendMethod};
pub use response::{NotTheAnswer, Response};
pub use system_proxy::SystemProxy;
pub use tls::tls_config;
pub use web_socket::WebSocket;

/// What an ordinary browser on an ordinary computer calls itself; the sign-in pages expect one.
pub const BROWSER: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
                           Chrome/142.0.0.0 Safari/537.36";

/// Response headers accepted at most: a NetEase sign-in sends about thirty cookies (protocol: NetEase §1.5).
const MOST_HEADERS: usize = 256;

/// For how long a connection is kept that nobody uses. Who waits for a scan asks again sooner; whatever came last is in
/// the connection's buffers for as long as there is one.
const IDLE_CONNECTION: Duration = Duration::from_secs(10);

/// How the client reaches the services.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpOptions {
    /// Through which proxy.
    pub proxy: Proxy,
    /// Certificate authorities to trust besides the system's, as PEM.
    pub extra_ca: Option<Vec<u8>>,
    /// How long and how much.
    pub limits: Limits,
}

impl HttpOptions {
    /// The proxy that the system names now, if the options want it.
    pub fn system_proxy(&self) -> Result<Option<SystemProxy>, HttpError> {
        match &self.proxy {
            Proxy::System => SystemProxy::now(),
            Proxy::None | Proxy::Manual(_) => Ok(None),
        }
    }
}

/// How long a request may take and how much an answer may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For a connection, TLS included.
    pub connect: Duration,
    /// For the next piece of an answer.
    pub read: Duration,
    /// For all of it, unless [`Request::within`] says otherwise.
    pub total: Duration,
    /// For an answer that the service holds back until something happens; it does so for 30 seconds at most
    /// (protocol: QQ §2.2).
    pub long_poll: Duration,
    /// For opening a WebSocket, for sending a message, and for what both sides have to agree on before anything
    /// can happen (protocol: QQ §3.2).
    pub handshake: Duration,
    /// Bytes of data or text, after decompression. Read as JSON they can take fifty times as much memory.
    pub json_bytes: usize,
    /// Bytes of a picture.
    pub picture_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            read: Duration::from_secs(15),
            total: Duration::from_secs(30),
            long_poll: Duration::from_secs(35),
            handshake: Duration::from_secs(20),
            json_bytes: 512 * 1024,
            picture_bytes: 4 * 1024 * 1024,
        }
    }
}

/// The client. Cloning it is cheap and shares the connections. It keeps no cookies.
#[derive(Clone)]
pub struct Http {
    client: reqwest::Client,
    limits: Limits,
}

/// Why there is no answer. It names no URL and carries nothing of the request or the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// No connection.
    #[error("no connection")]
    Connect,
    /// The name leads to no address.
    #[error("the name is not found")]
    NameNotResolved,
    /// The certificate is not trusted: somebody inspects the traffic, or the clock is wrong.
    #[error("the certificate is not trusted")]
    Certificate,
    /// What answers does not speak TLS, as the page of a network that wants a sign-in first.
    #[error("no TLS, but something else")]
    NotTls,
    /// TLS failed for another reason.
    #[error("no secure connection")]
    Tls,
    /// A limit of time was reached.
    #[error("no answer in time")]
    Timeout,
    /// The answer is larger than any real one.
    #[error("the answer is too large")]
    TooLarge,
    /// The connection broke, or what came is not HTTP.
    #[error("the connection broke")]
    Interrupted,
    /// There is no connection to the proxy.
    #[error("no connection to the proxy")]
    ProxyUnreachable,
    /// The proxy wants a user name and a password, or others than it got (HTTP 407, RFC 1928 and 1929).
    #[error("the proxy wants a user name and password that it accepts")]
    ProxyPassword,
    /// The proxy says no, or what answers there is no proxy.
    #[error("the proxy does not let the connection through")]
    ProxyRefused,
    /// What is named as the proxy cannot be used as one; where it is named.
    #[error("{0} names no proxy that can be used")]
    ProxyUnusable(&'static str),
    /// The extra certificate authorities cannot be read.
    #[error("the file with extra certificate authorities can’t be read or holds none")]
    BadCertificateFile,
    /// The system has no certificate authorities.
    #[error("this system has no certificate authorities")]
    NoAuthorities,
}

impl HttpError {
    /// Whether the request may have been read by whom it was meant for: only then can it have had an effect.
    pub fn may_follow_a_request(self) -> bool {
        match self {
            Self::Timeout | Self::TooLarge | Self::Interrupted => true,
            Self::Connect
            | Self::NameNotResolved
            | Self::Certificate
            | Self::NotTls
            | Self::Tls
            | Self::ProxyUnreachable
            | Self::ProxyPassword
            | Self::ProxyRefused
            | Self::ProxyUnusable(_)
            | Self::BadCertificateFile
            | Self::NoAuthorities => false,
        }
    }
}

impl Http {
    /// Makes the client.
    ///
    /// # Errors
    /// [`HttpError::ProxyUnusable`], [`HttpError::BadCertificateFile`] or [`HttpError::NoAuthorities`] when an
    /// option cannot be used.
    pub fn new(options: &HttpOptions) -> Result<Self, HttpError> {
        Self::through(options, options.system_proxy()?)
    }

    /// Makes the client with what the system says of proxies, which counts only with [`Proxy::System`].
    pub fn through(options: &HttpOptions, system: Option<SystemProxy>) -> Result<Self, HttpError> {
        // The library panics without a provider. Whoever installed one first installed the same one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .https_only(true)
            .http1_only()
            .http1_max_headers(MOST_HEADERS)
            .tls_version_min(reqwest::tls::Version::TLS_1_2)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .pool_idle_timeout(IDLE_CONNECTION)
            .connect_timeout(options.limits.connect);
        // The library's own look at the system goes on without a proxy where it does not understand one.
        builder = builder.no_proxy();
        builder = match &options.proxy {
            Proxy::System => match &system {
                Some(proxy) => builder.proxy(proxy.for_client()?),
                None => builder,
            },
            Proxy::None => builder,
            Proxy::Manual(address) => builder
                .proxy(reqwest::Proxy::all(address.as_str()).map_err(|_| HttpError::ProxyUnusable("proxy"))?),
        };
        let extra = options.extra_ca.as_deref().map(usable_authorities);
        if extra.as_ref().is_some_and(Vec::is_empty) {
            return Err(HttpError::BadCertificateFile);
        }
        let extra = extra.unwrap_or_default();
        // With these options only the authorities are left to fail: where the system judges certificates itself, it
        // takes them now, and may refuse some that can be read.
        let refused = if extra.is_empty() { HttpError::NoAuthorities } else { HttpError::BadCertificateFile };
        builder = roots::trust(builder, extra)?;
        let client = builder.build().map_err(|_| refused)?;
        Ok(Self { client, limits: options.limits })
    }

    /// How long and how much.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Sends a request and reads the whole answer, whatever its status.
    ///
    /// # Errors
    /// Any [`HttpError`] but those of [`Http::new`].
    pub async fn send(&self, request: Request) -> Result<Response, HttpError> {
        let what = format!("{request:?}");
        let start = Instant::now();
        let result = self.exchange(request).await;
        let took = start.elapsed();
        match &result {
            Ok(response) => tracing::debug!(what, status = response.status(), ?took, "answered"),
            Err(error) => tracing::debug!(what, %error, ?took, "not answered"),
        }
        result
    }

    async fn exchange(&self, request: Request) -> Result<Response, HttpError> {
        let total = request.within.unwrap_or(self.limits.total);
        let pause = if request.within.is_some() { total } else { self.limits.read };
        let deadline = Instant::now() + total;
        let most = match request.kind {
            Kind::Data => self.limits.json_bytes,
            Kind::Picture => self.limits.picture_bytes,
        };
        let sent = self.client.execute(request.build(&self.client)?);
        // Until the first byte there is a connection to make as well.
        let first = self.limits.connect + pause;
        let mut response = timeout_at(deadline, timeout(first, sent))
            .await
            .map_err(|_| HttpError::Timeout)?
            .map_err(|_| HttpError::Timeout)?
            .map_err(|error| classify(&error))?;
        let mut body = Vec::new();
        loop {
            let piece = timeout_at(deadline, timeout(pause, response.chunk()))
                .await
                .map_err(|_| HttpError::Timeout)?
                .map_err(|_| HttpError::Timeout)?
                .map_err(|error| classify(&error))?;
            let Some(piece) = piece else { break };
            if body.len() + piece.len() > most {
                return Err(HttpError::TooLarge);
            }
            body.extend_from_slice(&piece);
        }
        Ok(Response::new(response.status().as_u16(), response.headers().clone(), body))
    }
}

/// Whether a PEM file holds at least one certificate authority that can be trusted.
pub fn holds_authority(pem: &[u8]) -> bool {
    !usable_authorities(pem).is_empty()
}

/// The certificates of a PEM text that can be used as authorities. What is not one is passed over.
fn usable_authorities(pem: &[u8]) -> Vec<reqwest::Certificate> {
    let certificates = CertificateDer::pem_slice_iter(pem).filter_map(Result::ok);
    let usable =
        certificates.filter(|certificate| rustls::RootCertStore::empty().add(certificate.clone()).is_ok());
    usable.filter_map(|certificate| reqwest::Certificate::from_der(&certificate).ok()).collect()
}

/// What a failure of the library means. Only its kind is looked at, never its text for people,
/// which holds the URL.
fn classify(error: &reqwest::Error) -> HttpError {
    for cause in causes(error) {
        if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
            return match tls {
                rustls::Error::InvalidCertificate(_) => HttpError::Certificate,
                rustls::Error::InvalidMessage(_) => HttpError::NotTls,
                _ => HttpError::Tls,
            };
        }
    }
    // The types of these are private to the libraries; their texts are constants without an address. The first
    // error is the only one that may name one.
    if let Some(known) = causes(error).skip(1).find_map(|cause| from_text(&cause.to_string())) {
        return known;
    }
    if error.is_timeout() {
        HttpError::Timeout
    } else if error.is_connect() {
        HttpError::Connect
    } else {
        HttpError::Interrupted
    }
}

/// What a library's constant text means, outermost first: a name that is not found below a tunnel is the proxy's.
fn from_text(text: &str) -> Option<HttpError> {
    const NO_CONNECTION: &str = "failed to create underlying connection";
    Some(if let Some(tunnel) = text.strip_prefix("tunnel error: ") {
        match tunnel {
            NO_CONNECTION => HttpError::ProxyUnreachable,
            "proxy authorization required" => HttpError::ProxyPassword,
            _ => HttpError::ProxyRefused,
        }
    } else if let Some(socks) = text.strip_prefix("SOCKS error: ") {
        match socks {
            NO_CONNECTION => HttpError::ProxyUnreachable,
            // It wants a way to sign in that we have not offered, offers none of ours, or refuses what we sent.
            "server does not support user/pass authentication"
            | "server implements authentication incorrectly"
            | "credentials not accepted" => HttpError::ProxyPassword,
            _ => HttpError::ProxyRefused,
        }
    } else if text == "error resolving for socks proxy" || text.starts_with("dns error") {
        HttpError::NameNotResolved
    } else {
        return None;
    })
}

/// An error and everything below it. An `io::Error` hides what it wraps from `source()`.
fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    fn below<'a>(cause: &&'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
        let cause: &'a (dyn Error + 'static) = *cause;
        match cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => cause.source(),
        }
    }
    std::iter::successors(Some(error as &(dyn Error + 'static)), below)
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").field("limits", &self.limits).finish_non_exhaustive()
    }
}
