//! Several computers on one PostgreSQL, directly and through a pooler: who renews, who takes over, what is said when
//! something is wrong with the database, and that nothing is lost by whatever dies or is cut off.

use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use nix::sys::signal::Signal;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::Value;
use tunekey_simulator::{Rotation, Running};
use tunekey_tests::computers::{Computer, Computers};
use tunekey_tests::desktop::{Desktop, key_of};
use tunekey_tests::eventually::{until, within};
use tunekey_tests::fixtures::{NETEASE, QQ};
use tunekey_tests::ledger_file;
use tunekey_tests::postgres::{PASSWORD, Pooler, Postgres, write_password};
use tunekey_tests::renewer::Renewer;
use tunekey_tests::sandbox::Sandbox;
use tunekey_tests::server::{run, sign_in, sign_in_words};
use tunekey_tests::tcp_proxy::{TcpProxy, Wire};

/// Within which a daemon has renewed what is nearly over, and others have taken it over, also while the computer is
/// busy.
const BY_ITSELF: Duration = Duration::from_secs(180);

/// Within which it is heard of that something has changed: sooner than whoever only looks for it, every 30 s, must see
/// it.
const HEARD: Duration = Duration::from_secs(25);

/// Within which a window that is asked to end is gone.
const STOP_LIMIT: Duration = Duration::from_secs(5);

/// How many moves are killed.
const MOVES: usize = 12;

/// A process that renews on a computer when it is told to, whose clock is ahead by so many seconds.
async fn renewer(sandbox: &Sandbox, ahead: i64) -> Result<Renewer> {
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_renews-when-told"));
    command.arg(sandbox.profile()).args([QQ, "1", "schedule", &ahead.to_string()]);
    Renewer::start(command, 1).await
}

/// Whether a value holds the newest key that the service has issued.
fn is_newest(simulator: &Running, got: &Value, account: &str) -> bool {
    let issued = simulator.ledger().into_iter().rev().find(|one| one.account == account);
    let value = got["value"].as_str().unwrap_or_default();
    issued.is_some_and(|issued| value.contains(key_of(&issued)))
}

/// Waits until the service has been asked for a renewal that it has not answered yet.
async fn asks_to_renew(simulator: &Running, before: usize) -> Result<()> {
    until("a key to be issued", || async {
        let issued = simulator.ledger().len();
        ensure!(issued > before, "{issued} were");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_move_into_a_database_are_there_for_others_and_move_back() -> Result<()> {
    let computers = Computers::start().await?;
    let first = &computers.first;
    for account in [QQ, NETEASE] {
        first.sign_in(account).await?;
    }
    let url = computers.postgres.url();
    let moved = computers.move_first_to(&url).await?;
    ensure!(moved["store"] == "postgres" && moved["moved"] == 2 && moved["left"] == 0, "it says {moved}");
    let again = computers.move_first_to(&url).await?;
    ensure!(again["moved"] == 0, "it moves what is there: {again}");
    ensure!(computers.postgres.sql("SELECT version FROM tunekey_store")? == "1", "which version is it?");

    let second = computers.join(&url).await?;
    let listed = second.cli(&["--json", "accounts"]).await?.succeeded()?.json()?;
    let mut names: Vec<_> = listed
        .iter()
        .filter_map(|account| Some((account["id"].as_str()?, account["nickname"].as_str()?)))
        .collect();
    names.sort_unstable();
    let here = first.cli(&["--json", "accounts"]).await?.succeeded()?.json()?;
    let mut here: Vec<_> = here
        .iter()
        .filter_map(|account| Some((account["id"].as_str()?, account["nickname"].as_str()?)))
        .collect();
    here.sort_unstable();
    ensure!(names == here && names.len() == 2, "{names:?} instead of {here:?}");

    for account in [QQ, NETEASE] {
        second.cli(&["renew", account]).await?.succeeded()?;
        first.simulator.clear_journal();
        // As if it were due here, too: what the other computer has renewed is taken, and nobody is asked.
        first.cli(&["renew", account]).await?.succeeded()?;
        let asked = first.simulator.journal().len();
        let got = first.object(&["--json", "get", account]).await?;
        ensure!(is_newest(&first.simulator, &got, account), "{account}: an old key");
        ensure!(got["generation"] == if asked == 0 { 2 } else { 3 }, "{account}: {asked} requests, {got}");
    }
    let shown = second.object(&["--json", "store", "show"]).await?;
    ensure!(
        shown["store"] == "postgres" && shown["database"] == url && shown["problem"].is_null(),
        "{shown}"
    );
    ensure!(shown["recipient"] == shown["identity_recipient"], "it shows {shown}");
    let found = second.cli(&["--json", "doctor"]).await?.json()?;
    let database =
        found.iter().find(|finding| finding["check"] == "database").context("it is not looked at")?;
    ensure!(
        database["level"] == "good" && database.to_string().contains("tables of version 1"),
        "{database}"
    );

    // A computer with a sign-in of its own of the same account: neither takes the other's place.
    let third = computers.prepare()?;
    run(&third.sandbox, &["--store", "file", "accounts"])?;
    let authority = first.sandbox.root().join("ca.pem").display().to_string();
    for (key, value) in [("proxy", first.simulator.proxy_url.as_str()), ("extra-ca", &authority)] {
        third.cli(&["settings", key, value]).await?.succeeded()?;
    }
    sign_in(third.start_cli(&sign_in_words(NETEASE))?, &first.simulator, NETEASE).await?;
    let refused = third.cli(&["--json", "store", "move", &url]).await?.exited_with(2)?;
    ensure!(
        refused.problem()? == "invalid_input" && refused.stdout.contains(NETEASE),
        "it says {}",
        refused.stdout
    );
    third.cli(&["get", NETEASE]).await?.succeeded()?;

    // Signed out on one computer, an account is gone from all.
    second.cli(&["sign-out", NETEASE]).await?.succeeded()?;
    let left = first.cli(&["--json", "accounts"]).await?.succeeded()?.json()?;
    ensure!(left.len() == 1 && left[0]["id"] == QQ, "it lists {left:?}");
    // And a new sign-in does not look like an old one.
    first.sign_in(NETEASE).await?;
    let got = second.object(&["--json", "get", NETEASE]).await?;
    ensure!(is_newest(&first.simulator, &got, NETEASE), "it gives {}", got["generation"]);

    computers.postgres.ensure_no_secret_leaked()?;
    let back = first.object(&["--json", "store", "move", "file"]).await?;
    ensure!(back["store"] == "file" && back["left"] == 0, "it says {back}");
    for account in [QQ, NETEASE] {
        let got = first.object(&["--json", "get", account]).await?;
        ensure!(is_newest(&first.simulator, &got, account), "{account}: an old key");
        let gone = second.cli(&["--json", "get", account]).await?.exited_with(7)?;
        ensure!(gone.problem()? == "credential_missing", "it says {}", gone.stdout);
    }
    first.ensure_no_secret_leaked()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_trouble_with_the_database_has_words_of_its_own_and_loses_nothing() -> Result<()> {
    let mut computers = Computers::start().await?;
    computers.first.sign_in(QQ).await?;
    computers.move_first_to(&computers.postgres.url()).await?;
    let second = computers.join(&computers.postgres.url()).await?;
    let mut said = Vec::new();
    let expect = async |computer: &Computer, words: &[&str], exit: i32, code: &str| -> Result<String> {
        let output = computer.cli(&[&["--json"], words].concat()).await?.exited_with(exit)?;
        ensure!(output.problem()? == code, "{words:?} says {}", output.stdout);
        let lines = output.json()?;
        let message = lines.last().context("nothing")?["problem"]["message"].as_str().unwrap_or_default();
        Ok(message.to_owned())
    };
    let (get, unavailable) = (["get", QQ], "keychain_unavailable");

    computers.postgres.stop().await?;
    said.push(expect(&second, &get, 7, unavailable).await?);
    let listed = second.cli(&["--json", "accounts"]).await?.succeeded()?.json()?;
    ensure!(listed.len() == 1 && listed[0]["health"]["state"] != "needs_sign_in", "it says {listed:?}");
    computers.postgres.resume().await?;

    write_password(&second.sandbox, "another")?;
    said.push(expect(&second, &get, 7, "keychain_denied").await?);
    let file = second.sandbox.home().join(".pgpass");
    std::fs::remove_file(&file)?;
    said.push(expect(&second, &get, 7, "keychain_denied").await?);
    write_password(&second.sandbox, PASSWORD)?;
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644))?;
    said.push(expect(&second, &get, 7, "keychain_denied").await?);
    write_password(&second.sandbox, PASSWORD)?;

    // Without the authority of its own nobody knows whose certificate that is.
    let third = computers.prepare()?;
    let unknown = computers.postgres.url();
    let unknown = unknown.split('?').next().unwrap_or_default();
    said.push(expect(&third, &["--store", unknown, "accounts"], 7, unavailable).await?);
    let with_password = format!("postgres://tunekey:{CANARY}@127.0.0.1/tunekey", CANARY = "db-canary-1");
    let refused = third.cli(&["--store", &with_password, "accounts"]).await?.exited_with(2)?;
    ensure!(!refused.stderr.contains("db-canary-1"), "it repeats the password");

    let sql = |statement: &str| computers.postgres.sql(statement);
    sql("UPDATE tunekey_store SET version = 2")?;
    said.push(expect(&second, &get, 7, unavailable).await?);
    sql("UPDATE tunekey_store SET version = 1")?;
    sql("ALTER TABLE tunekey_store RENAME TO hidden")?;
    said.push(expect(&second, &get, 7, unavailable).await?);
    sql("ALTER TABLE hidden RENAME TO tunekey_store")?;

    let identity = second.sandbox.home().join(".config/tunekey/identity.txt");
    let right = std::fs::read(&identity)?;
    std::fs::remove_file(&identity)?;
    said.push(expect(&second, &get, 7, "identity_missing").await?);
    second.cli(&["store", "identity"]).await?.succeeded()?;
    said.push(expect(&second, &get, 7, "identity_wrong").await?);
    std::fs::write(&identity, &right)?;

    // Another computer is at it, and does not finish.
    sql("UPDATE tunekey_account SET holder = 'other', lease_until = now() + interval '1 hour'")?;
    let before = computers.first.simulator.ledger().len();
    said.push(expect(&second, &["renew", QQ], 1, "profile_busy").await?);
    ensure!(computers.first.simulator.ledger().len() == before, "it was renewed all the same");
    sql("UPDATE tunekey_account SET holder = '', lease_until = '-infinity'")?;

    // A row in another's place, and one of yesterday.
    sql("CREATE TABLE yesterday AS TABLE tunekey_account")?;
    second.cli(&["renew", QQ]).await?.succeeded()?;
    sql("CREATE TABLE today AS TABLE tunekey_account")?;
    sql("UPDATE tunekey_account SET sealed_a = sealed_b, sealed_b = sealed_a")?;
    said.push(expect(&second, &get, 7, "credential_unreadable").await?);
    for (day, code) in [("yesterday", Some("credential_rolled_back")), ("today", None)] {
        sql(&format!("TRUNCATE tunekey_account; INSERT INTO tunekey_account SELECT * FROM {day}"))?;
        match code {
            Some(code) => said.push(expect(&second, &get, 7, code).await?),
            None => drop(second.cli(&get).await?.succeeded()?),
        }
    }
    let different: std::collections::BTreeSet<_> = said.iter().collect();
    ensure!(different.len() == said.len(), "two of them say the same: {said:#?}");
    let got = second.object(&["--json", "get", QQ]).await?;
    ensure!(is_newest(&computers.first.simulator, &got, QQ), "something was lost");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn daemons_of_two_computers_renew_a_key_once_and_each_delivers_what_is_its_own() -> Result<()> {
    let computers = Computers::start().await?;
    let simulator = &computers.first.simulator;
    simulator.configure(|settings| settings.rotation = Rotation::DiesAtOnce);
    computers.first.sign_in(QQ).await?;
    let pooler = computers.postgres.pooler().await?;
    computers.move_first_to(&computers.postgres.url()).await?;
    // Nobody has said that it is a pooler: what is never heard through it is looked for all the same.
    let second = computers.join(&computers.postgres.plain_url(pooler.port())).await?;
    // Nearly over, wherever it is looked at: no daemon waits long.
    simulator.age(QQ, Duration::from_secs(71 * 60 * 60))?;
    let out = tempfile::tempdir()?;
    let files = ["first", "second"].map(|name| out.path().join(name));
    for (sandbox, file) in [&computers.first.sandbox, &second.sandbox].into_iter().zip(&files) {
        let path = format!("path={}", file.display());
        run(sandbox, &["delivery", "add", QQ, "file", &path])?;
        ledger_file::make_due(&sandbox.profile(), QQ)?;
    }
    let daemons =
        [computers.first.start_cli(&["--json", "daemon"])?, second.start_cli(&["--json", "daemon"])?];
    within(BY_ITSELF, "one renewal, delivered on both computers", || async {
        ensure!(simulator.renewals().get(QQ) == Some(&1), "renewals: {:?}", simulator.renewals());
        let newest = computers.first.newest_credential(QQ)?;
        for file in &files {
            let text = std::fs::read_to_string(file).unwrap_or_default();
            ensure!(text.contains(key_of(&newest)), "{} has another key", file.display());
        }
        Ok(())
    })
    .await?;
    // Somebody at a third computer, too. Whoever is connected directly hears of it.
    let third = computers.join(&computers.postgres.url()).await?;
    third.cli(&["renew", QQ]).await?.succeeded()?;
    within(HEARD, "the key of the third computer on the first", || async {
        let newest = computers.first.newest_credential(QQ)?;
        let text = std::fs::read_to_string(&files[0]).unwrap_or_default();
        ensure!(text.contains(key_of(&newest)), "it has another key");
        Ok(())
    })
    .await?;
    within(BY_ITSELF, "the key of the third computer on both", || async {
        let newest = computers.first.newest_credential(QQ)?;
        for file in &files {
            let text = std::fs::read_to_string(file).unwrap_or_default();
            ensure!(text.contains(key_of(&newest)), "{} has another key", file.display());
        }
        Ok(())
    })
    .await?;
    for daemon in daemons {
        daemon.signal(Signal::SIGTERM)?;
        daemon.wait_for_exit().await?.succeeded()?;
    }
    ensure!(simulator.renewals().get(QQ) == Some(&2), "renewals: {:?}", simulator.renewals());
    computers.postgres.ensure_no_secret_leaked()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_into_or_out_of_a_database_that_is_killed_loses_nothing_and_can_be_done_again() -> Result<()> {
    let seed: u64 = rand::random();
    let mut random = StdRng::seed_from_u64(seed);
    let computers = Computers::start().await?;
    let first = &computers.first;
    for account in [QQ, NETEASE] {
        first.sign_in(account).await?;
        first.cli(&["renew", account]).await?.succeeded()?;
    }
    let url = computers.postgres.plain_url(computers.postgres.port());
    let begun = Instant::now();
    computers.move_first_to(&url).await?;
    let took = begun.elapsed();
    let mut killed = 0;
    for number in 0..MOVES {
        let to = if number % 2 == 0 { "file" } else { &url };
        let moving = first.start_cli(&["--json", "store", "move", to])?;
        tokio::time::sleep(took.mul_f64(random.random_range(0.0..1.2))).await;
        // It may have ended by itself.
        killed += usize::from(moving.signal(Signal::SIGKILL).is_ok());
        first.finish(moving).await?;
        for done in ["cut off", "whole"] {
            for account in [QQ, NETEASE] {
                let got = first.object(&["--json", "get", account]).await;
                let got = got.with_context(|| format!("move {number}, {done}, seed {seed}"))?;
                let is_there = got["generation"] == 2 && is_newest(&first.simulator, &got, account);
                ensure!(is_there, "move {number}, {done}, seed {seed}: it is lost");
            }
            first.object(&["--json", "store", "move", to]).await?;
        }
        let sealed =
            "SELECT count(*) FROM tunekey_account WHERE sealed_a IS NOT NULL OR sealed_b IS NOT NULL";
        let expected = if to == "file" { "0" } else { "2" };
        let there = computers.postgres.sql(sealed)?;
        ensure!(there == expected, "move {number}, seed {seed}: the database has {there}");
    }
    ensure!(killed > MOVES / 2, "only {killed} moves were cut off");
    computers.postgres.ensure_no_secret_leaked()?;
    first.ensure_no_secret_leaked()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_shows_what_is_signed_in_and_signed_out_on_another_computer() -> Result<()> {
    let postgres = Postgres::start().await?;
    let url = postgres.url();
    let desktop = Desktop::without_keyring().await?;
    write_password(&desktop.sandbox, PASSWORD)?;
    run(&desktop.sandbox, &["store", "identity"])?;
    run(&desktop.sandbox, &["--store", &url, "accounts"])?;
    let other = Computer::new(&desktop.sandbox)?;
    other.join(&url, &desktop.simulator, &desktop.sandbox).await?;
    let window = desktop.window().await?;
    let shows = async |count: u64| {
        within(BY_ITSELF, format!("the window to show {count} accounts"), || async {
            let shown = window.run_script("return document.querySelectorAll('.nav-acct').length").await?;
            ensure!(shown == count, "it shows {shown}");
            Ok(())
        })
        .await
    };
    shows(0).await?;
    sign_in(other.start_cli(&sign_in_words(QQ))?, &desktop.simulator, QQ).await?;
    shows(1).await?;
    other.cli(&["sign-out", QQ]).await?.succeeded()?;
    shows(0).await?;
    window.quit(STOP_LIMIT).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_computer_that_has_lost_its_lease_overwrites_nothing_and_takes_the_newer_key() -> Result<()> {
    let computers = Computers::start().await?;
    let simulator = &computers.first.simulator;
    computers.first.sign_in(QQ).await?;
    computers.move_first_to(&computers.postgres.url()).await?;
    let second = computers.join(&computers.postgres.url()).await?;
    let mut stopped = renewer(&computers.first.sandbox, 0).await?;
    let before = simulator.ledger().len();
    simulator.configure(|settings| settings.answer_delay_ms = 1_500);
    stopped.tell("renew").await?;
    asks_to_renew(simulator, before).await?;
    stopped.signal(Signal::SIGSTOP)?;
    simulator.configure(|settings| settings.answer_delay_ms = 0);
    // Two minutes go by.
    computers.postgres.sql("UPDATE tunekey_account SET lease_until = now() - interval '1 s'")?;
    simulator.clear_journal();
    second.cli(&["renew", QQ]).await?.succeeded()?;
    let asked: Vec<_> = simulator.journal().into_iter().map(|entry| entry.name).collect();
    let renewed = asked.iter().position(|name| name == "qq.renew");
    ensure!(renewed.is_some_and(|place| place > 0), "the old key was not asked about first: {asked:?}");
    let theirs = second.object(&["--json", "get", QQ]).await?;
    ensure!(is_newest(simulator, &theirs, QQ), "it is not the newest key");
    stopped.signal(Signal::SIGCONT)?;
    stopped.has_renewed().await?;
    for got in
        [computers.first.object(&["--json", "get", QQ]).await?, second.object(&["--json", "get", QQ]).await?]
    {
        ensure!(got["value"] == theirs["value"] && got["generation"] == 2, "it was overwritten");
    }
    let record = computers.postgres.sql("SELECT renewing_since IS NULL, holder FROM tunekey_account")?;
    ensure!(record == "t|", "the account is left as {record}");
    Ok(())
}

/// How many rounds there are, unless the variable says otherwise.
const ROUNDS: usize = 24;
/// The variable with the number of rounds, for a long run by hand.
const ROUNDS_VARIABLE: &str = "TUNEKEY_SHARED_STORE_ROUNDS";
/// By how much the clocks of computers are wrong, in seconds.
const CLOCKS: [i64; 3] = [-3600, 0, 3600];
/// How long the service takes to answer, in milliseconds: so long that most of what happens happens meanwhile.
const ANSWER_MS: u64 = 60;

/// What happens to the first computer while both renew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    Nothing,
    Kill,
    Stop,
    Cut,
    Silence,
    /// It stands still until its lease has ended.
    LoseLease,
}

impl Event {
    /// Whether what the service answers may reach nobody, or somebody who has lost the account.
    fn cuts_off_for_good(self) -> bool {
        match self {
            Self::Kill | Self::LoseLease => true,
            Self::Nothing | Self::Stop | Self::Cut | Self::Silence => false,
        }
    }
}

const EVENTS: [Event; 6] =
    [Event::Nothing, Event::Kill, Event::Stop, Event::Cut, Event::Silence, Event::LoseLease];

/// Two computers that renew when they are told to, one of them through a wire that can be cut and one through a pooler.
struct Race {
    computers: Computers,
    second: Computer,
    wire: TcpProxy,
    renewers: [Renewer; 2],
    random: StdRng,
    /// How often a renewal may have been cut off for good.
    cut_off: usize,
    /// The newest credential that was seen to be kept.
    newest: u64,
}

impl Race {
    async fn new(seed: u64) -> Result<(Self, Pooler)> {
        let computers = Computers::start().await?;
        computers.first.simulator.configure(|settings| settings.rotation = Rotation::DiesOnceTheNewIsUsed);
        computers.first.sign_in(QQ).await?;
        let (wire, pooler) =
            (TcpProxy::start(computers.postgres.port()).await?, computers.postgres.pooler().await?);
        computers.move_first_to(&computers.postgres.plain_url(wire.port())).await?;
        let second =
            computers.join(&(computers.postgres.plain_url(pooler.port()) + "&pgbouncer=true")).await?;
        computers.first.simulator.configure(|settings| settings.answer_delay_ms = ANSWER_MS);
        let renewers =
            [renewer(&computers.first.sandbox, CLOCKS[0]).await?, renewer(&second.sandbox, CLOCKS[2]).await?];
        let random = StdRng::seed_from_u64(seed);
        Ok((Self { computers, second, wire, renewers, random, cut_off: 0, newest: 0 }, pooler))
    }

    /// One round. A key may be renewed twice in it only where a renewal was cut off for good, and then once.
    async fn round(&mut self, event: Event) -> Result<()> {
        let before = self.renewed_twice();
        self.race(event).await?;
        let (twice, is_cut_off) = (self.renewed_twice() - before, event.cuts_off_for_good());
        self.cut_off += usize::from(is_cut_off);
        ensure!(twice <= usize::from(is_cut_off), "{twice} keys were renewed twice");
        self.nothing_is_lost().await
    }

    async fn race(&mut self, event: Event) -> Result<()> {
        let moment = Duration::from_millis(self.random.random_range(0..250));
        let pause = Duration::from_millis(self.random.random_range(100..900));
        let has_head_start = self.random.random_bool(0.5);
        for (number, renewer) in self.renewers.iter_mut().enumerate() {
            if number == 0 || !has_head_start {
                renewer.tell("renew").await?;
            }
        }
        let first = &self.renewers[0];
        tokio::time::sleep(moment).await;
        match event {
            Event::Nothing => {}
            Event::Kill => {
                first.signal(Signal::SIGKILL)?;
                self.restart().await?;
            }
            Event::Stop => {
                first.signal(Signal::SIGSTOP)?;
                tokio::time::sleep(pause).await;
                first.signal(Signal::SIGCONT)?;
            }
            Event::Cut | Event::Silence => {
                self.wire.set(if event == Event::Cut { Wire::Cut } else { Wire::Silent });
                tokio::time::sleep(pause).await;
                self.wire.set(Wire::Whole);
            }
            Event::LoseLease => {
                first.signal(Signal::SIGSTOP)?;
                self.computers.postgres.sql("UPDATE tunekey_account SET lease_until = '-infinity'")?;
                tokio::time::sleep(pause).await;
                first.signal(Signal::SIGCONT)?;
            }
        }
        if has_head_start {
            self.renewers[1].tell("renew").await?;
        }
        let [first, second] = &mut self.renewers;
        let said = first.says().await?;
        if said != "renewed" {
            ensure!(matches!(event, Event::Cut | Event::Silence), "it says “{said}”");
            ensure!(said == "failed KeychainUnavailable", "it says “{said}” of a wire that was cut");
            // The wire is whole again: what could not be written now can.
            first.tell("renew").await?;
            first.has_renewed().await?;
        }
        second.has_renewed().await
    }

    /// Starts the first computer's process again, with another clock, and has it renew.
    async fn restart(&mut self) -> Result<()> {
        let ahead = CLOCKS[self.random.random_range(0..CLOCKS.len())];
        let again = renewer(&self.computers.first.sandbox, ahead).await?;
        std::mem::replace(&mut self.renewers[0], again).wait().await?;
        self.renewers[0].tell("renew").await
    }

    /// What is kept is a key that works, and never an older one than was kept before.
    async fn nothing_is_lost(&mut self) -> Result<()> {
        let got = self.second.object(&["--json", "get", QQ]).await?;
        let value = got["value"].as_str().unwrap_or_default();
        let issued = self.computers.first.simulator.ledger();
        let kept = issued.iter().find(|one| one.account == QQ && value.contains(key_of(one)));
        let kept = kept.context("what is kept was never issued")?;
        ensure!(kept.is_valid(), "what is kept no longer works");
        ensure!(kept.id >= self.newest, "an older key has taken the place of a newer one");
        self.newest = kept.id;
        for sandbox in [&self.computers.first.sandbox, &self.second.sandbox] {
            // A person may only fail twenty times an hour; this one does in a minute.
            ledger_file::change_record(&sandbox.profile(), QQ, |record| {
                record["attempts"] = serde_json::json!([]);
            })?;
        }
        Ok(())
    }

    /// How often a key was renewed that had been renewed already.
    fn renewed_twice(&self) -> usize {
        let ledger = self.computers.first.simulator.ledger();
        let mut from: Vec<_> = ledger.iter().filter_map(|one| one.renewed_from).collect();
        let all = from.len();
        from.sort_unstable();
        from.dedup();
        all - from.len()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_dies_stands_still_or_is_cut_off_no_key_is_lost_and_none_is_renewed_twice_without_need()
-> Result<()> {
    let rounds = std::env::var(ROUNDS_VARIABLE).ok().and_then(|text| text.parse().ok()).unwrap_or(ROUNDS);
    let seed: u64 = rand::random();
    let (mut race, _pooler) = Race::new(seed).await?;
    for number in 0..rounds {
        let event = EVENTS[race.random.random_range(0..EVENTS.len())];
        race.round(event).await.with_context(|| format!("round {number}, {event:?}, seed {seed}"))?;
    }
    let renewals = race.computers.first.simulator.renewals().get(QQ).copied().unwrap_or_default() as usize;
    let (twice, cut_off) = (race.renewed_twice(), race.cut_off);
    println!("{rounds} rounds: {renewals} renewals, {cut_off} cut off for good, {twice} keys renewed twice");
    ensure!(renewals >= rounds, "only {renewals} renewals");
    race.computers.postgres.ensure_no_secret_leaked()?;
    race.computers.first.ensure_no_secret_leaked()
}
