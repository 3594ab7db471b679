//! What nobody looks at: the app in the tray, deliveries of new keys, and the renewal of many accounts.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use tunekey_tests::cli::Cli;
use tunekey_tests::crowd;
use tunekey_tests::desktop::{Desktop, key_of};
use tunekey_tests::eventually::{until, within};
use tunekey_tests::fixtures::NETEASE;
use tunekey_tests::local_api::{LocalApi, SERVE, token};
use tunekey_tests::process::{Process, peak_memory};
use tunekey_tests::programs::released;
use tunekey_tests::push_server::PushServer;
use tunekey_tests::server::Server;
use tunekey_tests::tray_host::TrayHost;

use crate::processes::{computing, family, proportional};
use crate::table::{Table, middle, thousands};

/// The accounts of the app in the tray.
const IN_THE_TRAY: [&str; 5] = ["qqmusic:10001", "qqmusic:10002", "qqmusic:10004", NETEASE, "netease:90004"];
/// How long it is watched.
const WATCHED: Duration = Duration::from_secs(600);
/// What part of the memory with its window open it may take.
const TRAY_MEMORY_LIMIT: f64 = 0.4;
/// Per cent of one core that it may take.
const TRAY_LIMIT: f64 = 0.1;
/// What shows pages.
const WEB_PROCESS: &str = "WebKitWebProcess";

/// How many keys are delivered.
const DELIVERED: usize = 20;
/// Within which an account is renewed.
const RENEWED: Duration = Duration::from_secs(60);
/// Milliseconds from the commit of a key until it is in a file, and at a webhook of this computer.
const FILE_LIMIT: f64 = 100.0;
const WEBHOOK_LIMIT: f64 = 150.0;

/// How many accounts are renewed.
const CROWDS: [usize; 3] = [5, 50, 200];
/// How often each crowd is. They take turns: what slows the computer down for minutes slows all of them down.
const TURNS: usize = 5;
/// How much more the dearest crowd may cost by account than the cheapest: a tenth more and a tenth less than the same.
const EVENNESS_LIMIT: f64 = 1.1 / 0.9;
/// Megabytes of 1,024 kilobytes that the largest crowd's renewals may take for a while.
const GROWTH_LIMIT: f64 = 20.0;
/// Within which everything that is due is renewed.
const ALL_RENEWED: Duration = Duration::from_secs(300);

/// Measures all of it.
///
/// # Errors
/// When something cannot be measured.
pub(crate) async fn measure(table: &mut Table) -> Result<()> {
    deliveries(table).await?;
    crowds(table).await?;
    in_the_tray(table).await
}

async fn deliveries(table: &mut Table) -> Result<()> {
    let server = Server::start().await?;
    let accounts = crowd::sign_in(&server, DELIVERED).await?;
    let token = token(&server, "bench", "status,renew,sign-in").await?;
    let out = tempfile::tempdir()?;
    let hook = PushServer::start().await?;
    let url = format!("url={}/", hook.url());
    for (number, account) in accounts.iter().enumerate() {
        let path = format!("path={}", out.path().join(number.to_string()).display());
        server.cli(&["delivery", "add", account, "file", &path]).await?.succeeded()?;
        let webhook = ["delivery", "add", account, "webhook", &url, "plain-http=yes", "signature=none"];
        server.cli(&webhook).await?.succeeded()?;
    }
    let program = released("tunekey")?;
    let api = LocalApi::started(Cli::start_quiet(server.sandbox.command(&program), &server.sandbox, &SERVE)?)
        .await?;
    // Those of the sign-ins first.
    until("all keys to be delivered", || async {
        let count = hook.received().len();
        ensure!(count >= DELIVERED, "{count} were");
        Ok(())
    })
    .await?;
    let mut events = api.follow("/v1/events", &token).await?;
    let (mut to_file, mut to_hook) = (Vec::new(), Vec::new());
    for (number, account) in accounts.iter().enumerate() {
        let before = hook.received().len();
        let route = format!("/v1/accounts/{account}/renew");
        let renewal = api.post(&route, &token, serde_json::Value::Null);
        let committed = async {
            loop {
                let event = events.expect().await?;
                let state = if event.event == "account" { event.json()? } else { continue };
                if state["id"] == **account && state["generation"] == 2 {
                    return anyhow::Ok(Instant::now());
                }
            }
        };
        let both = async { tokio::try_join!(renewal, committed) };
        let both = tokio::time::timeout(RENEWED, both).await.context("it is not renewed")?;
        let ((status, _), committed) = both?;
        ensure!(status == 200, "{account} is not renewed: {status}");
        let newest = server.newest_credential(account)?;
        let file = out.path().join(number.to_string());
        let (in_file, at_hook) =
            tokio::try_join!(holds(&file, key_of(&newest)), arrived(&hook, before, key_of(&newest)))?;
        let after = |moment: Instant| moment.saturating_duration_since(committed).as_secs_f64() * 1000.0;
        to_file.push(after(in_file));
        to_hook.push(after(at_hook));
    }
    table.limited("from a key’s commit to the file, median", middle(&mut to_file), FILE_LIMIT, "ms");
    table.spread("from a key’s commit to the file", to_file, "ms");
    table.limited("from a key’s commit to the webhook, median", middle(&mut to_hook), WEBHOOK_LIMIT, "ms");
    table.spread("from a key’s commit to the webhook", to_hook, "ms");
    api.stop(&server).await
}

/// When a file holds a key.
async fn holds(file: &Path, key: &str) -> Result<Instant> {
    at_once("the file", || std::fs::read_to_string(file).is_ok_and(|text| text.contains(key))).await
}

/// When a key has arrived after so many other messages.
async fn arrived(hook: &PushServer, before: usize, key: &str) -> Result<Instant> {
    at_once("the webhook", || hook.received().iter().skip(before).any(|one| one.text.contains(key))).await
}

/// When something is so, to the millisecond.
async fn at_once(what: &str, is_so: impl Fn() -> bool) -> Result<Instant> {
    let began = Instant::now();
    while !is_so() {
        ensure!(began.elapsed() < Duration::from_secs(30), "the key does not get to {what}");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Ok(Instant::now())
}

async fn crowds(table: &mut Table) -> Result<()> {
    let mut crowds = Vec::new();
    for count in CROWDS {
        crowds.push(Crowd::start(count).await?);
    }
    for _ in 0..TURNS {
        for crowd in &mut crowds {
            crowd.renew().await?;
        }
    }
    let mut costs = Vec::new();
    for crowd in &crowds {
        let count = crowd.count;
        let mut each = crowd.computing_for_each();
        let middle = middle(&mut each);
        table.figure(&format!("{count} accounts renewed: computing for each, median"), middle, "ms");
        table.spread(&format!("{count} accounts renewed: computing for each"), each, "ms");
        costs.push(middle);
    }
    let largest = crowds.last().context("there are several")?;
    let grown = largest.growth()?;
    let words = format!("{} accounts renewed: memory beyond what it had", largest.count);
    table.limited(&words, grown, GROWTH_LIMIT, "MiB");
    costs.sort_by(f64::total_cmp);
    let beside = costs.last().context("there are several")? / costs.first().context("there are several")?;
    table.limited("accounts renewed: the dearest crowd beside the cheapest", beside, EVENNESS_LIMIT, "times");
    Ok(())
}

/// A daemon and its accounts.
struct Crowd {
    count: usize,
    server: Server,
    _daemon: Cli,
    process: u32,
    /// The most memory that it had before the first renewal.
    memory: u64,
    /// How long it computed in each turn, and how long that turn took.
    turns: Vec<(Duration, Duration)>,
    /// The same of the times in between.
    idle: (Duration, Duration),
    /// When the last of these began, and how long it had computed then.
    since: (Instant, Duration),
}

impl Crowd {
    async fn start(count: usize) -> Result<Self> {
        let server = Server::start().await?;
        crowd::sign_in(&server, count).await?;
        let command = server.sandbox.command(released("tunekey")?);
        let daemon = Cli::start_quiet(command, &server.sandbox, &["--json", "daemon"])?;
        let process = daemon.id().context("it has ended")?;
        until("the daemon to answer", || async { server.cli(&["health"]).await?.succeeded().map(drop) })
            .await?;
        let memory = peak_memory(process).context("it has ended")?;
        let since = (Instant::now(), computing(&[process])?);
        let (turns, idle) = (Vec::new(), (Duration::ZERO, Duration::ZERO));
        Ok(Self { count, server, _daemon: daemon, process, memory, turns, idle, since })
    }

    /// Waits until every account is renewed once.
    async fn renew(&mut self) -> Result<()> {
        let renewed = || -> u32 { self.server.simulator.renewals().values().sum() };
        let wanted = renewed() + u32::try_from(self.count)?;
        let (computed, took) = self.since_then()?;
        self.idle = (self.idle.0 + computed, self.idle.1 + took);
        crowd::make_all_due(&self.server)?;
        self.since = (Instant::now(), computing(&[self.process])?);
        within(ALL_RENEWED, "every account to be renewed", || async {
            ensure!(renewed() >= wanted, "{} are left", wanted - renewed());
            Ok(())
        })
        .await?;
        // What follows an answer: the store, the ledger.
        tokio::time::sleep(Duration::from_secs(2)).await;
        self.turns.push(self.since_then()?);
        self.since = (Instant::now(), computing(&[self.process])?);
        Ok(())
    }

    /// How long it has computed since then, and how long ago that is.
    fn since_then(&self) -> Result<(Duration, Duration)> {
        let (moment, before) = self.since;
        Ok((computing(&[self.process])?.saturating_sub(before), moment.elapsed()))
    }

    /// Milliseconds for each account in each turn, without what the daemon computes anyway.
    fn computing_for_each(&self) -> Vec<f64> {
        let (computed, took) = self.idle;
        let idle = computed.as_secs_f64() / took.as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
        let count = self.count as f64;
        let each = |(computed, took): &(Duration, Duration)| {
            (computed.as_secs_f64() - idle * took.as_secs_f64()) * 1000.0 / count
        };
        self.turns.iter().map(each).collect()
    }

    /// Megabytes of 1,024 kilobytes that its renewals took for a while.
    fn growth(&self) -> Result<f64> {
        let grown = peak_memory(self.process).context("it has ended")?.saturating_sub(self.memory);
        Ok(thousands(usize::try_from(grown / 1024)?) / 1.024)
    }
}

async fn in_the_tray(table: &mut Table) -> Result<()> {
    let desktop = Desktop::start().await?;
    for account in IN_THE_TRAY {
        desktop.sign_in(account).await?;
    }
    let _panel = TrayHost::start(&desktop.bus).await?;
    let command = |arguments: &[&str]| -> Result<Process> {
        let mut command = desktop.sandbox.command(released("tunekey-desktop")?);
        command.arg("--profile").arg(desktop.sandbox.profile()).args(arguments);
        Process::start(&mut command, &desktop.sandbox.log("app"))
    };
    let open = {
        let app = command(&[])?;
        until("the web view to run", || async { desktop.sandbox.process(WEB_PROCESS).map(drop) }).await?;
        steady_memory(&app).await?
    };
    until("the web view to end", || async {
        ensure!(desktop.sandbox.process(WEB_PROCESS).is_err(), "it runs");
        Ok(())
    })
    .await?;
    let app = command(&["--hidden"])?;
    steady_memory(&app).await?;
    let (asked, processes) = (desktop.simulator.journal().len(), family(app.id()));
    let before = computing(&processes)?;
    tokio::time::sleep(WATCHED).await;
    let used = computing(&processes)?.saturating_sub(before);
    ensure!(desktop.sandbox.process(WEB_PROCESS).is_err(), "a page is shown in the tray");
    let traffic = desktop.simulator.journal().len() - asked;
    let hidden = proportional(&family(app.id()));
    table.figure("in the tray with 5 accounts: memory of all processes", hidden, "MB");
    table.limited("  beside the same with its window open", hidden / open, TRAY_MEMORY_LIMIT, "times");
    let share = used.as_secs_f64() / WATCHED.as_secs_f64() * 100.0;
    table.limited("in the tray: of one core", share, TRAY_LIMIT, "%");
    table.limited("in the tray: requests while nothing was due", thousands(traffic) * 1000.0, 0.0, "");
    Ok(())
}

/// Megabytes of a program and all its children, once they no longer change.
async fn steady_memory(app: &Process) -> Result<f64> {
    /// Two samples that differ less than this are the same.
    const STEADY: f64 = 0.01;

    let (mut last, mut steady) = (0.0_f64, 0);
    until("the memory to settle", || {
        let now = proportional(&family(app.id()));
        steady = if now > 0.0 && (now - last).abs() / now < STEADY { steady + 1 } else { 0 };
        last = now;
        let is_settled = steady >= 100;
        async move {
            ensure!(is_settled, "{now:.1} MB and changing");
            Ok(now)
        }
    })
    .await
}
