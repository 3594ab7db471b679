//! The server: connections with limits, and the way of each request through them.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, REFERRER_POLICY,
    WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::request::Parts;
use axum::http::{Request, StatusCode, Uri};
use axum::response::Response;
use bytes::Bytes;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Semaphore;
use tokio_io_timeout::TimeoutStream;
use tokio_util::task::TaskTracker;
use tower_service::Service as _;
use tunekey_core::{Language, Problem, TuneKey};
use url::form_urlencoded;

use crate::callers::{Caller, bearer};
use crate::failure::{Failure, Refusal, language_of};
use crate::gate::{Gate, Origin};
use crate::routes;
use crate::state::Api;

/// How many connections there may be at once. More wait.
const CONNECTIONS: usize = 2_048;
/// How long the header of a request may take, and a connection without one.
const HEADER_LIMIT: Duration = Duration::from_secs(15);
/// How long a header may be, in bytes.
const HEADER_BYTES: usize = 16 * 1024;
/// How many headers there may be.
const HEADERS: usize = 64;
/// How long a body may be, in bytes.
const BODY_BYTES: usize = 64 * 1024;
/// How long a body may take.
const BODY_LIMIT: Duration = Duration::from_secs(15);
/// How long an answer may take to begin: a renewal may wait for another process first.
const ANSWER_LIMIT: Duration = Duration::from_secs(160);
/// How long a client may take to read what was written, before it is cut off.
const READ_LIMIT: Duration = Duration::from_secs(20);
/// What is written and not read yet, in bytes.
const SEND_BUFFER: u32 = 64 * 1024;
/// How many connections wait to be taken.
const BACKLOG: u32 = 1_024;
/// How often who asked is written down, and what is old is forgotten.
const FLUSH: Duration = Duration::from_secs(2);
/// How long open connections may take to end.
const STOP_LIMIT: Duration = Duration::from_secs(1);

/// Where the API is, and for whom besides.
#[derive(Debug, Clone)]
pub struct Options {
    /// The address to listen at.
    pub listen: SocketAddr,
    /// Names that lead here besides those of this computer.
    pub hosts: Vec<String>,
    /// Origins whose pages may ask.
    pub origins: Vec<Origin>,
}

/// The port where it is looked for first.
pub const DEFAULT_PORT: u16 = 7733;

/// Why the API cannot listen.
#[derive(Debug)]
pub enum BindError {
    /// The system does not give us the address: something else has it, or it is none of this computer's.
    Address {
        /// Which.
        address: SocketAddr,
        /// What the system says.
        error: std::io::Error,
    },
    /// The tokens cannot be read.
    Tokens(Problem),
}

/// The server, once it listens.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    inner: Arc<Inner>,
    connections: TaskTracker,
}

#[derive(Debug)]
struct Inner {
    api: Api,
    gate: Gate,
    router: Router,
}

impl Server {
    /// Listens. Nobody is answered before [`run`](Self::run).
    ///
    /// # Errors
    /// When the address cannot be listened at, or the tokens cannot be read.
    pub async fn bind(tunekey: TuneKey, options: Options) -> Result<Self, BindError> {
        let address = options.listen;
        let listener = listen(address).map_err(|error| BindError::Address { address, error })?;
        let address = listener.local_addr().unwrap_or(address);
        let api = Api::new(tunekey).await.map_err(BindError::Tokens)?;
        let gate = Gate::new(address, &options.hosts, options.origins);
        let inner = Arc::new(Inner { router: routes::router(api.clone()), api, gate });
        Ok(Self { listener, address, inner, connections: TaskTracker::new() })
    }

    /// The address that it listens at.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many streams are open.
    pub fn streams(&self) -> usize {
        self.inner.api.open_streams()
    }

    /// Answers for ever.
    pub async fn run(&self) {
        let mut flush = tokio::time::interval(FLUSH);
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        let accepting = async {
            loop {
                // It is never closed.
                let Ok(place) = places.clone().acquire_owned().await else { return };
                // One that has gone before it was taken is none.
                let Ok((stream, _)) = self.listener.accept().await else {
                    tokio::task::yield_now().await;
                    continue;
                };
                let inner = self.inner.clone();
                self.connections.spawn(async move {
                    let _place = place;
                    inner.attend(stream).await;
                });
            }
        };
        let mut accepting = pin!(accepting);
        loop {
            tokio::select! {
                () = &mut accepting => return,
                _ = flush.tick() => {
                    self.inner.api.callers.flush().await;
                    self.inner.api.cache.forget_old();
                }
            }
        }
    }

    /// Listens no more, ends every stream and connection, and writes down who asked.
    pub async fn stop(self) {
        // First: whoever comes while the others end is refused.
        drop(self.listener);
        self.inner.api.ending.cancel();
        self.connections.close();
        drop(tokio::time::timeout(STOP_LIMIT, self.connections.wait()).await);
        self.inner.api.callers.flush().await;
    }
}

fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    // Connections have it from the socket: what nobody reads is not kept by the megabyte.
    socket.set_send_buffer_size(SEND_BUFFER)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// What is told apart on the way to a route.
type Answer = Result<Response, Failure>;

impl Inner {
    /// Answers one connection until it ends.
    async fn attend(self: Arc<Self>, stream: TcpStream) {
        drop(stream.set_nodelay(true));
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(READ_LIMIT));
        let ending = self.api.ending.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            let this = self.clone();
            async move { Ok::<_, std::convert::Infallible>(this.answer(request).await) }
        });
        let mut builder = http1::Builder::new();
        builder.timer(TokioTimer::new()).header_read_timeout(HEADER_LIMIT);
        builder.max_buf_size(HEADER_BYTES).max_headers(HEADERS);
        let mut connection = pin!(builder.serve_connection(TokioIo::new(Box::pin(stream)), service));
        tokio::select! {
            // Whoever has gone away needs no answer.
            result = connection.as_mut() => return drop(result),
            () = ending.cancelled() => {}
        }
        connection.as_mut().graceful_shutdown();
        drop(tokio::time::timeout(STOP_LIMIT, connection).await);
    }

    /// Answers one request: the gate, the token, the body, the route.
    async fn answer(&self, request: Request<Incoming>) -> Response {
        let (parts, body) = request.into_parts();
        let language = language_of(&parts.headers);
        let mut response = match self.gate.check(&parts) {
            Err(refusal) => Failure::from(refusal).response(language),
            Ok(pass) => {
                let answer = match pass.preflight(&parts) {
                    Some(preflight) => Ok(preflight),
                    None => self.admitted(parts, body).await,
                };
                let answer = answer.unwrap_or_else(|failure| failure.response(language));
                let mut answer = in_words(answer, language);
                pass.mark(answer.headers_mut());
                answer
            }
        };
        protect(&mut response);
        response
    }

    /// What becomes of a request that may ask.
    async fn admitted(&self, mut parts: Parts, body: Incoming) -> Answer {
        let caller = self.caller(&mut parts).await?;
        let bytes = read(body).await?;
        parts.extensions.insert(caller);
        let request = Request::from_parts(parts, Body::from(bytes));
        let answered = tokio::time::timeout(ANSWER_LIMIT, self.router.clone().call(request)).await;
        match answered {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(never)) => match never {},
            Err(_) => Err(Refusal::TooSlow.into()),
        }
    }

    /// Who asks. The token of a capability address is taken out of it.
    async fn caller(&self, parts: &mut Parts) -> Result<Caller, Failure> {
        if let Some((token, path)) = capability(&parts.uri) {
            let caller = self.api.callers.by_token(&token).await?.ok_or(Refusal::Token)?;
            parts.uri = path.ok_or(Refusal::Route)?;
            return Ok(caller);
        }
        if let Some(token) = bearer(&parts.headers) {
            return Ok(self.api.callers.by_token(token).await?.ok_or(Refusal::Token)?);
        }
        let (sign_in, ticket) = ticket(&parts.uri).ok_or(Refusal::Token)?;
        let caller = self.api.tickets.caller(&sign_in, &ticket).ok_or(Refusal::Token)?;
        if self.api.callers.is_still(&caller).await { Ok(caller) } else { Err(Refusal::Token.into()) }
    }
}

/// The token in a capability address, and the rest of the address if there is something behind it that may be asked so:
/// `/k/TOKEN/music/…`, for clients that can be given an address and nothing else.
fn capability(uri: &Uri) -> Option<(String, Option<Uri>)> {
    let rest = uri.path().strip_prefix("/k/")?;
    let (token, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let may = ["/music/", "/v2/music/"].iter().any(|beginning| path.starts_with(beginning))
        || ["/", "/page.css", "/page.js", "/openapi.json"].contains(&path);
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let inner = if may { format!("{path}{query}").parse().ok() } else { None };
    Some((token.to_owned(), inner))
}

/// The sign-in and the ticket of an address of its steps.
fn ticket(uri: &Uri) -> Option<(String, String)> {
    let sign_in = uri.path().strip_prefix("/v1/sign-ins/")?.strip_suffix("/events")?;
    let mut query = form_urlencoded::parse(uri.query()?.as_bytes());
    let (_, ticket) = query.find(|(name, _)| name == "ticket")?;
    Some((sign_in.to_owned(), ticket.into_owned()))
}

/// The whole body, if it is small and comes in time.
async fn read(body: Incoming) -> Result<Bytes, Refusal> {
    if body.size_hint().lower() > BODY_BYTES as u64 {
        return Err(Refusal::TooLarge);
    }
    match tokio::time::timeout(BODY_LIMIT, Limited::new(body, BODY_BYTES).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Refusal::TooLarge),
        Ok(Err(_)) => Err(Refusal::Malformed),
        Err(_) => Err(Refusal::TooSlow),
    }
}

/// Says in the caller's language what has failed: what a route says of itself, and what the library says in plain text.
fn in_words(response: Response, language: Language) -> Response {
    if let Some(failure) = response.extensions().get::<Failure>() {
        return failure.response(language);
    }
    let status = response.status();
    let is_ours =
        response.headers().get(CONTENT_TYPE).is_some_and(|kind| !kind.as_bytes().starts_with(b"text/plain"));
    if !status.is_client_error() || is_ours {
        return response;
    }
    let refusal = if status == StatusCode::METHOD_NOT_ALLOWED { Refusal::Method } else { Refusal::Malformed };
    let said = Failure::from(refusal).response(language);
    let (mut parts, _) = response.into_parts();
    let (said, body) = said.into_parts();
    parts.headers.extend(said.headers);
    parts.headers.remove(axum::http::header::CONTENT_LENGTH);
    Response::from_parts(parts, body)
}

/// What every answer says: nobody keeps it, nobody frames it, nobody else may read it.
fn protect(response: &mut Response) {
    let status = response.status();
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    );
    if !headers.contains_key(CONTENT_SECURITY_POLICY) {
        let nothing = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
        headers.insert(CONTENT_SECURITY_POLICY, nothing);
    }
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"TuneKey\""));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_capability_address_leads_to_what_vkeys_clients_ask_and_to_nothing_else() {
        let of = |uri: &str| {
            let found = capability(&uri.parse().expect("an address"));
            found.map(|(token, inner)| (token, inner.map(|inner| inner.to_string())))
        };
        let found = |inner: Option<&str>| Some(("t".to_owned(), inner.map(str::to_owned)));
        let refresh = "/music/tencent/cookie/refresh?uin=1";
        assert_eq!(of(&format!("/k/t{refresh}")), found(Some(refresh)));
        assert_eq!(of("/k/t/v2/music/tencent/cookie"), found(Some("/v2/music/tencent/cookie")));
        assert_eq!(of("/k/t/"), found(Some("/")));
        for other in ["/k/t", "/k/t/v1/accounts", "/k/t//music/x", "/k/t/k/t/music/x", "/k/t/musical"] {
            assert_eq!(of(other), found(None), "{other}");
        }
        assert_eq!(of("/v1/accounts"), None);
        assert_eq!(of("/k"), None);
    }

    #[test]
    fn a_ticket_stands_in_the_address_of_the_steps_and_nowhere_else() {
        let of = |uri: &str| ticket(&uri.parse().expect("an address"));
        let found = Some(("7".to_owned(), "abc".to_owned()));
        assert_eq!(of("/v1/sign-ins/7/events?ticket=abc"), found);
        assert_eq!(of("/v1/sign-ins/7/events?x=1&ticket=abc"), found);
        for other in ["/v1/sign-ins/7/events", "/v1/sign-ins/7?ticket=abc", "/v1/events?ticket=abc"] {
            assert_eq!(of(other), None, "{other}");
        }
    }
}
