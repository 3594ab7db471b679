//! The client against a proxy and a server of our own, on loopback.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use url::Url;

use super::*;

mod causes;

/// A proxy that answers `CONNECT` with TLS of its own and every request with the same bytes.
struct Server {
    address: SocketAddr,
    ca: tempfile::NamedTempFile,
    /// The heads of the requests: first those to the proxy, then those inside of the tunnel.
    heads: mpsc::UnboundedReceiver<String>,
}

/// What the server does with a request.
#[derive(Clone)]
enum Play {
    Answer(Vec<u8>),
    /// Sends this and then nothing more, with the connection open.
    Stall(Vec<u8>),
    /// Sends this over and over.
    Endless(Vec<u8>),
}

impl Server {
    async fn start(play: Play) -> Self {
        Self::start_with(play, |_| {}).await
    }

    /// The same with another certificate than a good one.
    async fn start_with(play: Play, change: impl FnOnce(&mut CertificateParams)) -> Self {
        let mut ca = CertificateParams::default();
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca_key = KeyPair::generate().expect("a key");
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(ca.self_signed(&ca_key).expect("a certificate").pem().as_bytes()).expect("written");
        let leaf_key = KeyPair::generate().expect("a key");
        let mut leaf = CertificateParams::new(["service.test".to_owned()]).expect("a name");
        change(&mut leaf);
        let leaf = leaf.signed_by(&leaf_key, &Issuer::new(ca, ca_key)).expect("a certificate");
        let key = PrivateKeyDer::try_from(leaf_key.serialize_der()).expect("a key");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], key)
            .expect("a certificate");
        let acceptor = TlsAcceptor::from(Arc::new(tls));

        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (sender, heads) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, acceptor.clone(), play.clone(), sender.clone()));
            }
        });
        Self { address, ca: file, heads }
    }

    fn client(&self, limits: Limits) -> Http {
        let proxy = Proxy::Manual(format!("http://{}", self.address));
        let extra_ca = Some(std::fs::read(self.ca.path()).expect("it is there"));
        Http::new(&HttpOptions { proxy, extra_ca, limits }).expect("the options can be used")
    }
}

async fn serve(
    mut stream: TcpStream,
    tls: TlsAcceptor,
    play: Play,
    sender: mpsc::UnboundedSender<String>,
) -> Option<()> {
    sender.send(head(&mut stream).await?).ok()?;
    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.ok()?;
    let mut stream = tls.accept(stream).await.ok()?;
    sender.send(head(&mut stream).await?).ok()?;
    match play {
        Play::Answer(bytes) => {
            stream.write_all(&bytes).await.ok()?;
            stream.shutdown().await.ok()
        }
        Play::Stall(bytes) => {
            stream.write_all(&bytes).await.ok()?;
            stream.flush().await.ok()?;
            std::future::pending().await
        }
        Play::Endless(bytes) => loop {
            stream.write_all(&bytes).await.ok()?;
        },
    }
}

async fn head(stream: &mut (impl AsyncReadExt + Unpin)) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    String::from_utf8(head).ok()
}

fn answer(headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\n{headers}content-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn short() -> Limits {
    Limits {
        connect: Duration::from_millis(2000),
        read: Duration::from_millis(300),
        total: Duration::from_millis(600),
        ..Limits::default()
    }
}

fn service() -> Url {
    Url::parse("https://service.test/path?token=canary").expect("a URL")
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("writing to memory does not fail");
    encoder.finish().expect("writing to memory does not fail")
}

#[tokio::test]
async fn a_manual_proxy_gets_a_tunnel_and_sees_nothing_of_the_request() {
    let mut server = Server::start(Play::Answer(answer("set-cookie: a=1\r\n", b"{\"code\":0}"))).await;
    let cookies: CookieMap = [("qrsig", "canary"), ("b", "2")].into_iter().collect();
    let request = Request::get(service()).header("referer", "https://page.test/").cookies(&cookies);
    let response = server.client(Limits::default()).send(request).await.expect("an answer");
    assert_eq!((response.status(), response.json().expect("JSON")["code"].as_i64()), (200, Some(0)));
    assert_eq!(response.set_cookies(jiff::Timestamp::UNIX_EPOCH).len(), 1, "the cookies are there");

    let to_the_proxy = server.heads.recv().await.expect("a head");
    assert!(to_the_proxy.starts_with("CONNECT service.test:443 HTTP/1.1\r\n"), "{to_the_proxy}");
    assert!(!to_the_proxy.contains("canary"), "the proxy learns only the host");
    let to_the_service = server.heads.recv().await.expect("a head");
    assert!(to_the_service.starts_with("GET /path?token=canary HTTP/1.1\r\n"), "{to_the_service}");
    assert!(to_the_service.contains("\r\ncookie: qrsig=canary; b=2\r\n"), "cookies go out in their order");
    assert!(to_the_service.contains("\r\nuser-agent: Mozilla/5.0 "), "as a browser: {to_the_service}");
}

#[tokio::test]
async fn an_authority_that_is_not_in_the_options_is_not_trusted() {
    let server = Server::start(Play::Answer(answer("", b"{}"))).await;
    let other = Server::start(Play::Answer(answer("", b"{}"))).await;
    let options = HttpOptions {
        proxy: Proxy::Manual(format!("http://{}", server.address)),
        extra_ca: Some(std::fs::read(other.ca.path()).expect("it is there")),
        limits: Limits::default(),
    };
    let client = Http::new(&options).expect("the options can be used");
    let error = client.send(Request::get(service())).await.expect_err("the certificate is somebody else's");
    assert_eq!(error, HttpError::Certificate);
    let elsewhere = Url::parse("https://other.test/").expect("a URL");
    let error =
        server.client(Limits::default()).send(Request::get(elsewhere)).await.expect_err("a wrong host");
    assert_eq!(error, HttpError::Certificate, "nor is a certificate for another host");
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let moved = b"HTTP/1.1 302 Found\r\nlocation: https://service.test/next\r\ncontent-length: 0\r\n\r\n";
    let mut server = Server::start(Play::Answer(moved.to_vec())).await;
    let response = server.client(Limits::default()).send(Request::get(service())).await.expect("an answer");
    assert_eq!((response.status(), response.header("location")), (302, Some("https://service.test/next")));
    assert_eq!(response.json(), Err(NotTheAnswer::Redirect));
    let heads = [server.heads.recv().await, server.heads.recv().await];
    assert!(heads.iter().all(Option::is_some) && server.heads.try_recv().is_err(), "one tunnel, one request");
}

#[tokio::test]
async fn plain_http_is_refused_before_anything_is_sent() {
    let mut server = Server::start(Play::Answer(answer("", b"{}"))).await;
    let plain = Url::parse("http://service.test/").expect("a URL");
    server.client(Limits::default()).send(Request::get(plain)).await.expect_err("not without TLS");
    assert!(server.heads.try_recv().is_err(), "not even the proxy hears of it");
}

#[tokio::test]
async fn bodies_are_measured_after_decompression() {
    let json = [b"\"".to_vec(), vec![b' '; 450_000], b"\"".to_vec()].concat();
    let server = Server::start(Play::Answer(answer("content-encoding: gzip\r\n", &gzipped(&json)))).await;
    let got = server.client(Limits::default()).send(Request::get(service())).await.expect("an answer");
    assert_eq!(got.body().len(), json.len(), "a large answer is read whole");

    let bomb = gzipped(&vec![b' '; 16 * 1024 * 1024]);
    assert!(bomb.len() < 100_000, "a bomb is small on the wire");
    let server = Server::start(Play::Answer(answer("content-encoding: gzip\r\n", &bomb))).await;
    let client = server.client(Limits::default());
    let error = client.send(Request::get(service())).await.expect_err("it is too large");
    assert_eq!(error, HttpError::TooLarge);
    let error =
        client.send(Request::get(service()).picture()).await.expect_err("it is too large for a picture");
    assert_eq!(error, HttpError::TooLarge);
}

#[tokio::test]
async fn pictures_may_be_larger_than_data() {
    let server = Server::start(Play::Answer(answer("", &vec![0; 2 * 1024 * 1024]))).await;
    let client = server.client(Limits::default());
    assert_eq!(client.send(Request::get(service())).await.map(drop), Err(HttpError::TooLarge));
    assert_eq!(client.send(Request::get(service()).picture()).await.map(drop), Ok(()));
}

#[tokio::test]
async fn an_answer_without_end_stops_at_the_limit() {
    let server = Server::start(Play::Endless(b"HTTP/1.1 200 OK\r\n\r\n".to_vec())).await;
    let error =
        server.client(Limits::default()).send(Request::get(service())).await.expect_err("it has no end");
    assert_eq!(error, HttpError::TooLarge);
}

#[tokio::test]
async fn silence_ends_at_the_limit_wherever_it_begins() {
    let begun = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{\"co".to_vec();
    for sent in [Vec::new(), b"HTTP/1.1 200 OK\r\n".to_vec(), begun] {
        let server = Server::start(Play::Stall(sent.clone())).await;
        let error =
            server.client(short()).send(Request::get(service())).await.expect_err("nothing more comes");
        assert_eq!(error, HttpError::Timeout, "after {:?}", String::from_utf8_lossy(&sent));
    }
    // Nobody accepts: the kernel does, and then nothing happens.
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let proxy = Proxy::Manual(format!("http://{}", silent.local_addr().expect("an address")));
    let client = Http::new(&HttpOptions { proxy, extra_ca: None, limits: short() }).expect("usable options");
    assert_eq!(
        client.send(Request::get(service())).await.map(drop),
        Err(HttpError::Timeout),
        "a silent proxy"
    );
}

#[tokio::test]
async fn a_request_may_bring_a_limit_of_its_own() {
    let server = Server::start(Play::Stall(Vec::new())).await;
    let client = server.client(Limits::default());
    let request = Request::get(service()).within(Duration::from_millis(200));
    assert_eq!(client.send(request).await.map(drop), Err(HttpError::Timeout), "long before the usual limit");
}

#[tokio::test]
async fn broken_answers_have_their_own_name() {
    let server =
        Server::start(Play::Answer(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{\"co".to_vec())).await;
    let error =
        server.client(Limits::default()).send(Request::get(service())).await.expect_err("it breaks off");
    assert_eq!(error, HttpError::Interrupted);
    let server = Server::start(Play::Answer(b"SSH-2.0-OpenSSH_9.6\r\n".to_vec())).await;
    let error =
        server.client(Limits::default()).send(Request::get(service())).await.expect_err("it is no HTTP");
    assert_eq!(error, HttpError::Interrupted);
}

#[test]
fn a_text_without_certificates_is_not_silently_ignored() {
    for pem in [&b""[..], b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        let extra_ca = Some(pem.to_owned());
        let options = HttpOptions { proxy: Proxy::None, extra_ca, limits: Limits::default() };
        assert_eq!(Http::new(&options).map(drop), Err(HttpError::BadCertificateFile));
    }
}

#[test]
fn nothing_of_a_request_shows_in_debug() {
    let request = Request::get(service()).header("referer", "https://canary.test/");
    assert_eq!(format!("{request:?}"), "Request(GET service.test/path)");
    let cookies: CookieMap = [("MUSIC_U", "canary")].into_iter().collect();
    assert_eq!(format!("{cookies:?}"), "[\"MUSIC_U\"]");
    assert_eq!(
        HttpError::ProxyUnusable("all_proxy").to_string(),
        "all_proxy names no proxy that can be used"
    );
    for error in [HttpError::Connect, HttpError::Certificate, HttpError::Timeout, HttpError::ProxyRefused] {
        assert!(!error.to_string().contains("//"), "{error:?} names no address");
    }
}
