//! The local API and whoever should get nothing of it, or does not stay: requests of every mixture, and streams whose
//! clients vanish.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tunekey_tests::cli::Cli;
use tunekey_tests::eventually::{until, within};
use tunekey_tests::harness::{Harness, into_error};
use tunekey_tests::local_api::{LocalApi, SERVE, raw, token};
use tunekey_tests::programs::program;
use tunekey_tests::server::Server;

const ALL: &str = "status,cookie,renew,sign-in";

/// One of each for a request that is made by lot.
struct Parts {
    host: &'static str,
    origin: Option<&'static str>,
    site: Option<&'static str>,
    method: &'static str,
    path: &'static str,
    auth: Auth,
    body: &'static str,
    version: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Auth {
    None,
    Wrong,
    Basic,
    Twice,
    Status,
    All,
}

const HOSTS: [&str; 10] = [
    "127.0.0.1:PORT",
    "localhost:PORT",
    "[::1]:PORT",
    "nas.example",
    "evil.example:PORT",
    "127.0.0.1",
    "localhost:1",
    "127.0.0.1.evil.example:PORT",
    "",
    "LOCALHOST:PORT",
];
const ORIGINS: [Option<&str>; 6] = [
    None,
    Some("http://127.0.0.1:PORT"),
    Some("null"),
    Some("https://evil.example"),
    Some("http://localhost:PORT"),
    Some("*"),
];
const SITES: [Option<&str>; 6] =
    [None, Some("none"), Some("same-origin"), Some("same-site"), Some("cross-site"), Some("NONE")];
const METHODS: [&str; 7] = ["GET", "POST", "DELETE", "OPTIONS", "HEAD", "PUT", "TRACE"];
const PATHS: [&str; 12] = [
    "/",
    "/openapi.json",
    "/v1/services",
    "/v1/accounts",
    "/v1/accounts/nobody/cookie",
    "/v1/sign-ins/1",
    "/v1/sign-ins/1/events?ticket=x",
    "/music/netease/cookie/refresh",
    "/k/wrong/music/tencent/cookie/refresh",
    "/k/wrong/",
    "/nothing",
    "/v1/../v1/accounts",
];
const AUTHS: [Auth; 6] = [Auth::None, Auth::Wrong, Auth::Basic, Auth::Twice, Auth::Status, Auth::All];
const BODIES: [&str; 4] = [
    "\r\n",
    "content-type: application/json\r\ncontent-length: 2\r\n\r\n{}",
    "transfer-encoding: chunked\r\n\r\nzz\r\n",
    "content-length: 70000\r\n\r\n{",
];
const VERSIONS: [&str; 3] = ["HTTP/1.1", "HTTP/1.0", "HTTP/2.0"];

/// How many requests are made by lot.
const BY_LOT: usize = 2_400;

fn parts(numbers: &mut impl Iterator<Item = usize>) -> Parts {
    let mut one = |count: usize| numbers.next().unwrap_or_default() % count;
    Parts {
        host: HOSTS[one(HOSTS.len())],
        origin: ORIGINS[one(ORIGINS.len())],
        site: SITES[one(SITES.len())],
        method: METHODS[one(METHODS.len())],
        path: PATHS[one(PATHS.len())],
        auth: AUTHS[one(AUTHS.len())],
        body: BODIES[one(BODIES.len())],
        version: VERSIONS[one(VERSIONS.len())],
    }
}

impl Parts {
    fn bytes(&self, port: u16, status: &str, all: &str) -> String {
        let auth = match self.auth {
            Auth::None => String::new(),
            Auth::Wrong => "authorization: Bearer tunekey_wrong\r\n".to_owned(),
            Auth::Basic => format!("authorization: Basic {all}\r\n"),
            Auth::Twice => format!("authorization: Bearer {all}\r\nauthorization: Bearer {all}\r\n"),
            Auth::Status => format!("authorization: Bearer {status}\r\n"),
            Auth::All => format!("authorization: Bearer {all}\r\n"),
        };
        let header = |name: &str, value: Option<&str>| {
            value.map(|value| format!("{name}: {value}\r\n")).unwrap_or_default()
        };
        let head = format!(
            "{} {} {}\r\nhost: {}\r\nconnection: close\r\n",
            self.method, self.path, self.version, self.host
        );
        let rest =
            [header("origin", self.origin), header("sec-fetch-site", self.site), auth, self.body.to_owned()]
                .concat();
        format!("{head}{rest}").replace("PORT", &port.to_string())
    }

    /// Whether the gate is to let it through.
    fn may_ask(&self) -> bool {
        let host = ["127.0.0.1:PORT", "localhost:PORT", "[::1]:PORT", "nas.example", "LOCALHOST:PORT"]
            .contains(&self.host);
        let origin = self.origin.is_none_or(|origin| {
            origin.strip_prefix("http://").is_some_and(|origin| origin.eq_ignore_ascii_case(self.host))
        });
        let site = self.site.is_none_or(|site| ["none", "same-origin"].contains(&site));
        host && origin && site
    }

    fn has_token(&self) -> bool {
        matches!(self.auth, Auth::Status | Auth::All) && !self.path.starts_with("/k/")
    }

    /// Whether the token lacks what the path needs.
    fn lacks_scope(&self) -> bool {
        self.auth == Auth::Status
            && ["/v1/accounts/nobody/cookie", "/v1/sign-ins/1", "/music/netease/cookie/refresh"]
                .contains(&self.path)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_sent_without_a_token_or_to_another_name_gets_nothing() -> Result<()> {
    let server = Server::start().await?;
    let (status, all) = (token(&server, "status", "status").await?, token(&server, "all", ALL).await?);
    let api = LocalApi::start(&server, &["--host", "nas.example"]).await?;
    let port = api.port()?;
    // The same numbers each time, so that what fails once fails again.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut numbers = std::iter::from_fn(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).ok()
    });
    let mut seen = std::collections::BTreeMap::new();
    for number in 0..BY_LOT {
        let mut one = parts(&mut numbers);
        if number % 3 == 0 {
            // By lot alone hardly any would get as far as a route.
            (one.host, one.origin, one.site, one.version) = (HOSTS[0], None, None, VERSIONS[0]);
        }
        let sent = one.bytes(port, &status, &all);
        let head = raw(port, sent.as_bytes()).await?;
        let code = head.split(' ').nth(1).unwrap_or("none").to_owned();
        *seen.entry(code.clone()).or_insert(0) += 1;
        let described = || sent.replace(&all, "ALL").replace(&status, "STATUS");
        ensure!(!head.contains("access-control-"), "a page may read {}", described());
        let is_in = one.may_ask() && one.has_token();
        ensure!(is_in || !code.starts_with('2'), "{code} for {}", described());
        let is_whole = !one.body.contains("zz") && !one.body.contains("70000") && one.version != "HTTP/2.0";
        if is_in && is_whole && one.lacks_scope() {
            ensure!(code == "403", "{code} where a scope is missing: {}", described());
        }
    }
    for expected in ["200", "401", "403", "404", "405", "413", "421"] {
        ensure!(seen.contains_key(expected), "none was answered with {expected}: {seen:?}");
    }
    // What no part above can say.
    for (sent, wanted) in [
        (
            format!(
                "GET http://evil.example/v1/services HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nauthorization: Bearer {all}\r\n\r\n"
            ),
            "421",
        ),
        (
            format!(
                "GET /v1/services HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nhost: 127.0.0.1:{port}\r\nauthorization: Bearer {all}\r\n\r\n"
            ),
            "421",
        ),
        (
            format!(
                "GET /v1/services HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nx: {}\r\n\r\n",
                "y".repeat(20_000)
            ),
            "431",
        ),
        (format!("GET /v1/services HTTP/1.1\r\nauthorization: Bearer {all}\r\n\r\n"), "421"),
        ("\u{16}\u{3}\u{1}\r\n\r\n".to_owned(), "400"),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), ""),
    ] {
        let head = raw(port, sent.as_bytes()).await?;
        ensure!(head.split(' ').nth(1).unwrap_or_default() == wanted, "{head} in place of {wanted}");
    }
    let (code, _) = api.get("/v1/services", &all).await?;
    ensure!(code == 200, "it still answers");
    api.stop(&server).await?;
    server.ensure_no_secret_leaked()
}

/// How many connect and are gone, and how many of them do so at once.
const CONNECTS: usize = 10_000;
const AT_ONCE: usize = 200;

/// How many stay all the while and never read.
const NEVER_READ: usize = 200;

/// Within which nothing is left of those who are gone.
const GONE: Duration = Duration::from_secs(30);

/// How somebody goes.
#[derive(Clone, Copy)]
struct Departure {
    /// Whether the first event has come before.
    has_seen_it: bool,
    /// Whether the connection is reset rather than closed: what came is thrown away.
    by_reset: bool,
}

const DEPARTURES: [Departure; 4] = [
    Departure { has_seen_it: true, by_reset: true },
    Departure { has_seen_it: false, by_reset: true },
    Departure { has_seen_it: true, by_reset: false },
    Departure { has_seen_it: false, by_reset: false },
];

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_who_connect_and_are_gone_leave_nothing_behind() -> Result<()> {
    const MOST_GROWTH: u64 = 8 * 1024 * 1024;

    let server = Server::start().await?;
    let token = token(&server, "watcher", "status").await?;
    // Without a log: ten thousand connections would mostly be a test of that.
    let command = server.sandbox.command(program("tunekey")?);
    let api = LocalApi::started(Cli::start_quiet(command, &server.sandbox, &SERVE)?).await?;
    let port = api.port()?;
    let sent =
        format!("GET /v1/events HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nauthorization: Bearer {token}\r\n\r\n");
    let mut never_read = Vec::new();
    for _ in 0..NEVER_READ {
        never_read.push(connected(port, &sent).await?);
    }
    // What it needs for that many it may keep: what counts is what grows from then on.
    for departure in DEPARTURES {
        come_and_go(port, &sent, AT_ONCE, departure).await?;
    }
    connected_are(port, NEVER_READ).await?;
    let before = api.memory()?;
    for round in 0..CONNECTS / AT_ONCE {
        come_and_go(port, &sent, AT_ONCE, DEPARTURES[round % DEPARTURES.len()]).await?;
    }
    connected_are(port, NEVER_READ).await?;
    drop(never_read);
    connected_are(port, 0).await?;
    let grown = api.memory()?.saturating_sub(before);
    ensure!(grown < MOST_GROWTH, "it has grown by {grown} bytes");
    api.stop(&server).await
}

/// A stream that was asked for.
async fn connected(port: u16, sent: &str) -> Result<TcpStream> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.write_all(sent.as_bytes()).await?;
    Ok(stream)
}

/// So many ask for a stream at once, and go.
async fn come_and_go(port: u16, sent: &str, count: usize, departure: Departure) -> Result<()> {
    let mut clients = JoinSet::new();
    for _ in 0..count {
        let sent = sent.to_owned();
        clients.spawn(async move {
            let mut stream = connected(port, &sent).await?;
            if departure.has_seen_it {
                let (mut seen, mut buffer) = (Vec::new(), [0; 1024]);
                while !seen.windows(6).any(|window| window == b"data: ") {
                    let length = stream.read(&mut buffer).await?;
                    ensure!(length > 0, "it was not let in: {}", String::from_utf8_lossy(&seen));
                    seen.extend_from_slice(&buffer[..length]);
                }
            }
            if departure.by_reset {
                stream.set_zero_linger()?;
            }
            anyhow::Ok(())
        });
    }
    tokio::time::timeout(GONE, clients.join_all())
        .await
        .context("they are not answered")?
        .into_iter()
        .collect()
}

/// Waits until so many are connected to a port and no more.
async fn connected_are(port: u16, count: usize) -> Result<()> {
    const ESTABLISHED: &str = "01";
    const CLOSE_WAIT: &str = "08";

    within(GONE, "the connections to end", || async {
        let table = std::fs::read_to_string("/proc/net/tcp")?;
        let of_ours = |line: &&str| {
            let fields: Vec<_> = line.split_whitespace().collect();
            fields.get(1).is_some_and(|local| local.ends_with(&format!(":{port:04X}")))
                && fields.get(3).is_some_and(|state| [ESTABLISHED, CLOSE_WAIT].contains(state))
        };
        let left = table.lines().filter(of_ours).count();
        ensure!(left == count, "{left} are connected");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_with_its_client_and_frees_its_place() -> Result<()> {
    let harness = Harness::new(tunekey_simulator::Settings::default()).await?;
    let scopes = [tunekey_core::ApiScope::Status, tunekey_core::ApiScope::SignIn].into();
    let token = harness.tunekey.add_api_token("test", scopes).await.map_err(into_error)?;
    let options =
        tunekey_api::Options { listen: "127.0.0.1:0".parse()?, hosts: Vec::new(), origins: Vec::new() };
    let api = std::sync::Arc::new(
        tunekey_api::Server::bind(harness.tunekey.clone(), options)
            .await
            .map_err(|error| anyhow::anyhow!("{error:?}"))?,
    );
    let running = tokio::spawn({
        let api = api.clone();
        async move { api.run().await }
    });
    let address = api.address();
    let mut streams = Vec::new();
    for path in ["/v1/events", "/music/tencent/cookie/qrcode?save=true", "/music/netease/cookie/qrcode"] {
        for _ in 0..10 {
            let mut stream = TcpStream::connect(address).await?;
            let head = format!(
                "GET {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\n\r\n",
                token.expose()
            );
            stream.write_all(head.as_bytes()).await?;
            streams.push(stream);
        }
    }
    let open = async |count: usize| {
        until(format!("{count} streams"), || async {
            ensure!(api.streams() == count, "{} are open", api.streams());
            Ok(())
        })
        .await
    };
    open(30).await?;
    for stream in streams.drain(..15) {
        stream.set_zero_linger()?;
    }
    open(15).await?;
    drop(streams);
    open(0).await?;
    running.abort();
    drop(running.await);
    std::sync::Arc::into_inner(api).context("the server still runs")?.stop().await;
    Ok(())
}
