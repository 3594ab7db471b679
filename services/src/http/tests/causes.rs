//! Each cause for which a service cannot be reached, played on loopback, and what a person is told of it.

use std::ffi::OsString;

use super::*;

/// A proxy that reads a piece for each of these answers, gives the answer, and then ends the connection. What it
/// read comes out of the channel.
async fn proxy(answers: &[&[u8]]) -> (SocketAddr, mpsc::UnboundedReceiver<Vec<u8>>) {
    let answers: Vec<Vec<u8>> = answers.iter().map(|response| response.to_vec()).collect();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let (sender, pieces) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            for response in &answers {
                let mut piece = vec![0; 4096];
                let Ok(length) = stream.read(&mut piece).await else { break };
                piece.truncate(length);
                let _ = sender.send(piece);
                let _ = stream.write_all(response).await;
            }
        }
    });
    (address, pieces)
}

fn options(proxy: Proxy) -> HttpOptions {
    HttpOptions { proxy, extra_ca: None, limits: Limits::default() }
}

async fn failure(client: &Http, address: &str) -> HttpError {
    let url = Url::parse(address).expect("a URL");
    client.send(Request::get(url)).await.expect_err("there is no service there")
}

async fn through(proxy: &str) -> HttpError {
    let client = Http::new(&options(Proxy::Manual(proxy.to_owned()))).expect("it can be used");
    failure(&client, "https://service.test/").await
}

/// A port at which nobody listens.
async fn nobody() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address")
}

/// A name that no name server has to be asked about: its first part is longer than any name may be.
fn unknown_name() -> String {
    format!("{}.invalid", "n".repeat(70))
}

#[tokio::test]
async fn a_proxy_that_wants_a_password_says_so() {
    let (address, _) =
        proxy(&[b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n"]).await;
    assert_eq!(through(&format!("http://{address}")).await, HttpError::ProxyPassword);
    let (address, _) = proxy(&[b"\x05\xff"]).await;
    assert_eq!(
        through(&format!("socks5h://{address}")).await,
        HttpError::ProxyPassword,
        "none is not enough"
    );
    // A name and a password that it does not accept.
    let (address, _) = proxy(&[b"\x05\x02", b"\x01\x01"]).await;
    let system = SystemProxy::read(&format!("socks5h://me:wrong@{address}"), String::new(), "ALL_PROXY");
    let client = Http::through(&options(Proxy::System), system.ok()).expect("it can be used");
    assert_eq!(failure(&client, "https://service.test/").await, HttpError::ProxyPassword);
}

#[tokio::test]
async fn a_proxy_that_says_no_says_so() {
    for response in [
        b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n".as_slice(),
        b"HTTP/1.1 502 Bad Gateway\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nlocation: http://portal.test/\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"",
    ] {
        let (address, _) = proxy(&[response]).await;
        let text = String::from_utf8_lossy(response);
        assert_eq!(through(&format!("http://{address}")).await, HttpError::ProxyRefused, "{text}");
    }
    // SOCKS: it cannot reach the service, its rules forbid it, it speaks another language.
    let answers: [&[&[u8]]; 4] = [
        &[b"\x05\x00", b"\x05\x04\x00\x01\0\0\0\0\0\0"],
        &[b"\x05\x00", b"\x05\x02\x00\x01\0\0\0\0\0\0"],
        &[b"HTTP/1.1 400 Bad Request\r\n\r\n"],
        &[],
    ];
    for answers in answers {
        let (address, _) = proxy(answers).await;
        assert_eq!(through(&format!("socks5h://{address}")).await, HttpError::ProxyRefused, "{answers:?}");
    }
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_not_taken_for_a_service_that_is_not_there() {
    let free = nobody().await;
    for scheme in ["http", "https", "socks4a", "socks5h"] {
        assert_eq!(through(&format!("{scheme}://{free}")).await, HttpError::ProxyUnreachable, "{scheme}");
    }
    let name = unknown_name();
    for scheme in ["http", "socks5h"] {
        let error = through(&format!("{scheme}://{name}:7890")).await;
        assert_eq!(error, HttpError::ProxyUnreachable, "it is the proxy's name: {scheme}");
    }
    let direct = Http::new(&options(Proxy::None)).expect("it can be used");
    assert_eq!(failure(&direct, &format!("https://{free}/")).await, HttpError::Connect);
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_said_to_be_that() {
    // Reserved for this (RFC 6761). Where no name server answers at all, the system needs its time to find out.
    let patient = Duration::from_secs(120);
    let limits = Limits { connect: patient, read: patient, total: patient, ..Limits::default() };
    // The last kind of proxy has names looked up here.
    for proxy in [Proxy::None, Proxy::Manual(format!("socks5://{}", nobody().await))] {
        let client = Http::new(&HttpOptions { proxy: proxy.clone(), extra_ca: None, limits });
        let error = failure(&client.expect("it can be used"), "https://service.invalid/").await;
        assert_eq!(error, HttpError::NameNotResolved, "{proxy:?}");
    }
}

#[tokio::test]
async fn a_certificate_of_another_time_is_not_trusted() {
    for year in [2001, 2999] {
        let server = Server::start_with(Play::Answer(answer("", b"{}")), |leaf| {
            leaf.not_before = rcgen::date_time_ymd(year, 1, 1);
            leaf.not_after = rcgen::date_time_ymd(year, 2, 1);
        })
        .await;
        let error = server.client(Limits::default()).send(Request::get(service())).await;
        assert_eq!(error.map(drop), Err(HttpError::Certificate), "{year}");
    }
}

#[tokio::test]
async fn a_portal_that_answers_without_tls_is_not_the_service() {
    let portal = b"HTTP/1.1 302 Found\r\nlocation: http://portal.test/login\r\n\r\n";
    let (address, _) = proxy(&[b"HTTP/1.1 200 OK\r\n\r\n", portal]).await;
    let error = through(&format!("http://{address}")).await;
    assert_eq!(error, HttpError::NotTls);
}

#[tokio::test]
async fn a_socks_proxy_as_gnome_names_it_is_used_and_looks_names_up_itself() {
    let (address, mut pieces) = proxy(&[b"\x05\x00", b"\x05\x04\x00\x01\0\0\0\0\0\0"]).await;
    let gnome = |name: &str| (name == "all_proxy").then(|| OsString::from(format!("socks://{address}/")));
    let system = SystemProxy::from_environment(gnome).expect("it can be used");
    assert!(system.is_some(), "it is named");
    let client = Http::through(&options(Proxy::System), system).expect("it can be used");
    assert_eq!(failure(&client, "https://service.test/").await, HttpError::ProxyRefused);
    assert_eq!(pieces.recv().await.as_deref(), Some(b"\x05\x01\x00".as_slice()), "SOCKS 5");
    let asked = pieces.recv().await.expect("where it wants to go");
    assert_eq!(asked, [b"\x05\x01\x00\x03\x0cservice.test".as_slice(), &443_u16.to_be_bytes()].concat());
}

#[tokio::test]
async fn a_host_that_the_system_excepts_goes_without_the_proxy_and_no_other_does() {
    let (address, mut pieces) = proxy(&[b"HTTP/1.1 502 Bad Gateway\r\n\r\n"]).await;
    let variables = |name: &str| match name {
        "https_proxy" => Some(OsString::from(format!("http://{address}"))),
        "no_proxy" => Some(OsString::from("localhost,127.0.0.0/8")),
        _ => None,
    };
    let system = SystemProxy::from_environment(variables).expect("it can be used");
    let client = Http::through(&options(Proxy::System), system).expect("it can be used");
    assert_eq!(failure(&client, &format!("https://{}/", nobody().await)).await, HttpError::Connect);
    assert!(pieces.try_recv().is_err(), "the proxy did not hear of it");
    assert_eq!(failure(&client, "https://service.test/").await, HttpError::ProxyRefused);
}

#[tokio::test]
async fn a_password_for_the_proxy_goes_to_the_proxy() {
    let (address, mut pieces) = proxy(&[b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"]).await;
    let system = SystemProxy::read(&format!("http://me:canary-pw@{address}"), String::new(), "https_proxy");
    let client = Http::through(&options(Proxy::System), system.ok()).expect("it can be used");
    assert_eq!(failure(&client, "https://service.test/").await, HttpError::ProxyPassword);
    let head = String::from_utf8(pieces.recv().await.expect("a head")).expect("it is text");
    assert!(head.contains("\r\nProxy-Authorization: Basic bWU6Y2FuYXJ5LXB3\r\n"), "{head}");
}

/// Names the file with the server's authority to the process that the next test starts. Both are not of a build that
/// trusts nobody but whom the settings name.
#[cfg(not(feature = "only-extra-ca"))]
const IN_A_PROCESS_OF_ITS_OWN: &str = "TUNEKEY_TEST_AUTHORITY";

#[cfg(not(feature = "only-extra-ca"))]
#[tokio::test]
async fn the_environment_may_name_a_proxy_and_not_whom_to_trust() {
    if let Some(authority) = std::env::var_os(IN_A_PROCESS_OF_ITS_OWN) {
        let client = Http::new(&options(Proxy::System)).expect("it can be used");
        let error = failure(&client, "https://service.test/").await;
        assert_eq!(error, HttpError::Certificate, "it went through the proxy and stopped there");
        let extra_ca = Some(std::fs::read(authority).expect("it is there"));
        let client = Http::new(&HttpOptions { extra_ca, ..options(Proxy::System) }).expect("it can be used");
        client.send(Request::get(service())).await.map(drop).expect("what the settings name is trusted");
        return;
    }
    let mut server = Server::start(Play::Answer(answer("", b"{}"))).await;
    // The environment of a process is its own to change only before it starts.
    let mut other = tokio::process::Command::new(std::env::current_exe().expect("this program"));
    let this = "http::tests::causes::the_environment_may_name_a_proxy_and_not_whom_to_trust";
    other.args(["--exact", this]).env_clear().env(IN_A_PROCESS_OF_ITS_OWN, server.ca.path());
    // Without this Windows gives a process no network.
    other.envs(std::env::var_os("SystemRoot").map(|folder| ("SystemRoot", folder)));
    other.env("HTTPS_PROXY", format!("http://{}", server.address));
    other.env("SSL_CERT_FILE", server.ca.path()).env("SSL_CERT_DIR", server.ca.path().with_file_name(""));
    let output = other.output().await.expect("it runs");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && printed.contains("1 passed"), "{printed}");
    assert!(server.heads.recv().await.is_some(), "the proxy was asked");
}
