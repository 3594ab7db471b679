//! The HTTP proxy: answers `CONNECT` for the services' host names, and nothing else. It opens no connection itself.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::http::reply::{Ending, Reply};
use crate::http::reply_body::ReplyBody;
use crate::http::request::{Request, parse_form};
use crate::http::resettable_stream::ResettableStream;
use crate::http::upgrade::Upgrade;
use crate::service::service_router::ServiceRouter;
use crate::state::journal::Verdict;

/// The maximum length of the header block of a `CONNECT` request, in bytes.
const MAX_CONNECT_LENGTH: usize = 16 * 1024;
/// The maximum length of a request body, in bytes.
const MAX_BODY_LENGTH: usize = 1024 * 1024;

/// Accepts connections until it is dropped; dropping it ends them all.
pub(crate) async fn serve(listener: TcpListener, tls: Arc<rustls::ServerConfig>, router: Arc<ServiceRouter>) {
    let acceptor = TlsAcceptor::from(tls);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    let mut cuts = router.state.cuts();
                    let handling = connection(stream, acceptor.clone(), Arc::clone(&router));
                    connections.spawn(async move {
                        tokio::select! {
                            () = handling => {}
                            Ok(()) = cuts.changed() => {}
                        }
                    });
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Serves one connection: `CONNECT`, TLS, requests, and what it is upgraded to.
async fn connection(mut stream: TcpStream, acceptor: TlsAcceptor, router: Arc<ServiceRouter>) {
    let _ = stream.set_nodelay(true);
    let Ok(Some(host)) = connect(&mut stream, &router).await else { return };
    let stream = ResettableStream::new(stream);
    let switch = stream.reset_switch();
    let tls = match acceptor.accept(stream).await {
        Ok(tls) => tls,
        Err(error) => {
            let rule = format!("TLS to {host} failed: {error}");
            record_refusal(&router, "proxy.tls", format!("CONNECT {host}:443"), rule, 0);
            return;
        }
    };
    if let Some(name) = tls.get_ref().1.server_name().filter(|name| *name != host) {
        let rule = format!("TLS asked for {name} inside a tunnel to {host}");
        record_refusal(&router, "proxy.tls", format!("CONNECT {host}:443"), rule, 0);
        return;
    }
    let upgrade = Arc::new(Mutex::new(None));
    let service = service_fn(|request: hyper::Request<Incoming>| {
        let (router, host, switch) = (Arc::clone(&router), host.clone(), Arc::clone(&switch));
        let upgrade = Arc::clone(&upgrade);
        async move { handle(request, host, &router, &switch, &upgrade).await }
    });
    let http = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(tls), service);
    let _ = http.with_upgrades().await;
    let accepted = upgrade.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some((upgrading, session)) = accepted
        && let Ok(upgraded) = upgrading.await
    {
        session.run(upgraded, &switch).await;
    }
}

/// Reads the first request of a connection and returns the host name in it; `None` when it was refused.
async fn connect(stream: &mut TcpStream, router: &ServiceRouter) -> io::Result<Option<String>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() >= MAX_CONNECT_LENGTH {
            return Ok(None);
        }
        // A byte at a time, so that nothing of the TLS that follows is swallowed. It is a local socket.
        head.push(stream.read_u8().await?);
    }
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut request = httparse::Request::new(&mut headers);
    let parsed = request.parse(&head);
    let (method, target) = (request.method.unwrap_or_default(), request.path.unwrap_or_default());
    let rule = if parsed.is_err() {
        "the request is not HTTP".to_owned()
    } else if method != "CONNECT" {
        "a request came outside a tunnel, readable for everybody on the way".to_owned()
    } else {
        match target.rsplit_once(':') {
            Some((host, "443")) if router.has_host(host) => {
                stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
                return Ok(Some(host.to_owned()));
            }
            Some((_, "443")) => "the host is not simulated".to_owned(),
            _ => "the port is not 443".to_owned(),
        }
    };
    let without_query = target.split('?').next().unwrap_or_default();
    record_refusal(router, "proxy.connect", format!("{method} {without_query}"), rule, 403);
    stream.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await?;
    stream.shutdown().await?;
    Ok(None)
}

/// Records a connection that broke a rule before any service saw a request.
fn record_refusal(router: &ServiceRouter, name: &str, request: String, rule: String, status: u16) {
    router.state.record(name, request, Verdict::Refused, Some(rule), None, status);
}

/// A connection that is being upgraded, and the session to run on it.
type AcceptedUpgrade = (OnUpgrade, Box<dyn Upgrade>);

/// The connection is to be reset.
#[derive(Debug, thiserror::Error)]
#[error("the connection is reset on purpose")]
struct ResetNow;

async fn handle(
    mut request: hyper::Request<Incoming>,
    host: String,
    router: &ServiceRouter,
    switch: &AtomicBool,
    accepted: &Mutex<Option<AcceptedUpgrade>>,
) -> Result<hyper::Response<ReplyBody>, ResetNow> {
    let upgrading = hyper::upgrade::on(&mut request);
    let (reply, upgrade) = match read(request, host).await {
        Ok(request) => router.respond(&request).await,
        Err(reply) => (reply, None),
    };
    let delay = Duration::from_millis(router.state.settings().answer_delay_ms);
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    if let Some(session) = upgrade {
        *accepted.lock().unwrap_or_else(PoisonError::into_inner) = Some((upgrading, session));
    }
    match reply.ending {
        Ending::Reset => {
            switch.store(true, Ordering::Relaxed);
            Err(ResetNow)
        }
        Ending::Hang => std::future::pending().await,
        _ => Ok(response(&reply)),
    }
}

/// Reads the whole request; `Err` is the reply to one that cannot be read.
async fn read(request: hyper::Request<Incoming>, host: String) -> Result<Request, Reply> {
    let (head, body) = request.into_parts();
    let body: Bytes = match Limited::new(body, MAX_BODY_LENGTH).collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => return Err(Reply::new(413, "text/plain", "too much")),
    };
    let named = head.headers.get("host").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if named.strip_suffix(":443").unwrap_or(named) != host {
        return Err(Reply::new(421, "text/plain", "another host's tunnel"));
    }
    let query = parse_form(head.uri.query().unwrap_or_default().as_bytes());
    Ok(Request {
        method: head.method,
        host,
        path: head.uri.path().to_owned(),
        query,
        headers: head.headers,
        body,
    })
}

fn response(reply: &Reply) -> hyper::Response<ReplyBody> {
    let mut response = hyper::Response::new(ReplyBody::new(&reply.body, reply.ending));
    *response.status_mut() = hyper::StatusCode::from_u16(reply.status).unwrap_or_default();
    for (name, value) in &reply.headers {
        if let Ok(value) = hyper::header::HeaderValue::from_str(value) {
            response.headers_mut().append(*name, value);
        }
    }
    response
}
