//! The command line as a server: what it takes while nothing is due, how fast it answers what it knows, and what each
//! stream costs that somebody waits at for a code to be scanned.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use tunekey_tests::cli::Cli;
use tunekey_tests::crowd;
use tunekey_tests::eventually::until;
use tunekey_tests::fixtures::QQ;
use tunekey_tests::local_api::{LocalApi, SERVE, token};
use tunekey_tests::programs::released;
use tunekey_tests::server::Server;

use crate::load::{latencies, stream};
use crate::processes::{computing, resident};
use crate::table::Table;

/// How many accounts the idle daemon has.
const ACCOUNTS: usize = 50;
/// How long it is watched.
const IDLE: Duration = Duration::from_secs(120);
/// Megabytes of 1,024 kilobytes that it may take.
const IDLE_MEMORY_LIMIT: f64 = 12.0;
/// Per cent of one core that it may take.
const IDLE_LIMIT: f64 = 0.05;

/// How many ask at once for what the server has found out a moment ago, and for how long.
const CLIENTS: usize = 8;
const ASKING: Duration = Duration::from_secs(15);
/// How many requests a second one core must answer.
const ANSWERED_LIMIT: f64 = 5_000.0;
/// Milliseconds within which 99 of 100 are answered.
const LATENCY_LIMIT: f64 = 20.0;

/// How many wait for a code at once.
const STREAMS: usize = 1_000;
/// Kilobytes of 1,024 bytes that each may take.
const STREAM_LIMIT: f64 = 64.0;
/// For how long all of them wait before their memory is read.
const WAITING: Duration = Duration::from_secs(10);

/// Measures all of it.
///
/// # Errors
/// When something cannot be measured.
pub(crate) async fn measure(table: &mut Table) -> Result<()> {
    idle_daemon(table).await?;
    known_answers(table).await?;
    open_streams(table).await
}

async fn idle_daemon(table: &mut Table) -> Result<()> {
    let server = Server::start().await?;
    crowd::sign_in(&server, ACCOUNTS).await?;
    let program = released("tunekey")?;
    let daemon = Cli::start_quiet(server.sandbox.command(&program), &server.sandbox, &["--json", "daemon"])?;
    until("the daemon to answer", || async { server.cli(&["health"]).await?.succeeded().map(drop) }).await?;
    let process = daemon.id().context("it has ended")?;
    let (asked, before) = (server.simulator.journal().len(), computing(&[process])?);
    tokio::time::sleep(IDLE).await;
    let used = computing(&[process])?.saturating_sub(before);
    ensure!(server.simulator.journal().len() == asked, "something was due: it was not idle");
    let share = used.as_secs_f64() / IDLE.as_secs_f64() * 100.0;
    table.limited("idle daemon with 50 accounts: memory", resident(process)?, IDLE_MEMORY_LIMIT, "MiB");
    table.limited("idle daemon with 50 accounts: of one core", share, IDLE_LIMIT, "%");
    Ok(())
}

async fn known_answers(table: &mut Table) -> Result<()> {
    let server = Server::start().await?;
    server.sign_in(QQ).await?;
    let token = token(&server, "bench", "renew,cookie").await?;
    let api = on_one_core(&server).await?;
    let port = api.port()?;
    let request = format!(
        "GET /music/tencent/cookie/refresh?uin=10001 HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nauthorization: Bearer {token}\r\n\r\n"
    );
    // The first is found out; all others are told the same for a minute.
    latencies(port, &request, CLIENTS, Duration::from_secs(1)).await?;
    let before = computing(&[api.process()?])?;
    let took = latencies(port, &request, CLIENTS, ASKING).await?;
    let used = computing(&[api.process()?])?.saturating_sub(before);
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
    let count = took.len() as f64;
    let slow = took.get(took.len() * 99 / 100).copied().unwrap_or_default();
    table.at_least(
        "cached refresh: answered by a second of one core",
        count / used.as_secs_f64(),
        ANSWERED_LIMIT,
        "",
    );
    table.figure("cached refresh: answered in a second, as it was shared", count / ASKING.as_secs_f64(), "");
    table.limited("cached refresh: 99 of 100 are answered within", milliseconds(slow), LATENCY_LIMIT, "ms");
    api.stop(&server).await
}

async fn open_streams(table: &mut Table) -> Result<()> {
    // As clients ask that know the public API; and the way whose questions the service holds for as long as it likes, so
    // that each sign-in has a connection of its own there, too.
    let each = memory_of_a_stream("").await?;
    table.limited("1,000 sign-ins at once over the API: memory of each", each, STREAM_LIMIT, "KiB");
    let each = memory_of_a_stream("&method=wechat-scan").await?;
    table.figure("  the same by WeChat, with a connection held for each", each, "KiB");
    Ok(())
}

/// Kilobytes of 1,024 bytes that a sign-in over the API takes while many wait.
async fn memory_of_a_stream(wanted: &str) -> Result<f64> {
    let server = Server::start().await?;
    let token = token(&server, "bench", "sign-in").await?;
    let program = released("tunekey")?;
    let cli = Cli::start_quiet(server.sandbox.command(&program), &server.sandbox, &SERVE)?;
    let api = LocalApi::started(cli).await?;
    let (port, process) = (api.port()?, api.process()?);
    let request = format!(
        "GET /music/tencent/cookie/qrcode?save=false{wanted} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nauthorization: Bearer {token}\r\n\r\n"
    );
    // What the first ones need, all others share.
    let mut open = begin(&server, port, &request, crowd::A_DAY).await?;
    let before = resident(process)?;
    while open.len() < STREAMS {
        open.extend(begin(&server, port, &request, crowd::A_DAY).await?);
    }
    let shown = server.simulator.codes().len();
    ensure!(shown >= STREAMS, "only {shown} codes were made");
    tokio::time::sleep(WAITING).await;
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
    let each = (resident(process)? - before) * 1024.0 / (STREAMS - crowd::A_DAY) as f64;
    drop(open);
    api.stop(&server).await?;
    Ok(each)
}

/// Starts so many sign-ins over the API at once, as if it were another day.
async fn begin(
    server: &Server,
    port: u16,
    request: &str,
    count: usize,
) -> Result<Vec<tokio::net::TcpStream>> {
    crowd::begin_another_day(server)?;
    let mut opening = tokio::task::JoinSet::new();
    for _ in 0..count {
        let request = request.to_owned();
        opening.spawn(async move { stream(port, &request).await });
    }
    opening.join_all().await.into_iter().collect()
}

/// The API on one core, which others may use, too.
async fn on_one_core(server: &Server) -> Result<LocalApi> {
    let mut command = server.sandbox.command("taskset");
    command.args(["--cpu-list", "0"]).arg(released("tunekey")?);
    LocalApi::started(Cli::start_quiet(command, &server.sandbox, &SERVE)?).await
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
