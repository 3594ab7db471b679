//! The command line on a server: no screen, no session bus, no keychain; for scripts, services and containers.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use nix::sys::signal::Signal;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::Value;
use tokio::net::UnixDatagram;
use tunekey_simulator::{Fault, FaultKind};
use tunekey_tests::cli::Cli;
use tunekey_tests::desktop::{Desktop, key_of};
use tunekey_tests::eventually::until;
use tunekey_tests::fixtures::{NETEASE, QQ};
use tunekey_tests::keyring::{Bus, Keyring};
use tunekey_tests::programs::{program, workspace};
use tunekey_tests::screen::WindowState;
use tunekey_tests::server::{Server, use_encrypted_files};
use tunekey_tests::terminal::Terminal;

/// How many programs report the same refusal at once.
const CALLERS: usize = 8;

/// How many moves are killed.
const MOVES: usize = 16;

/// Within which a daemon that is asked to stop is gone.
const STOP_LIMIT: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_a_keychain_signs_in_renews_and_hands_out() -> Result<()> {
    let server = Server::start().await?;
    for account in [QQ, NETEASE] {
        server.sign_in(account).await?;
        let header = server.cli(&["get", account]).await?.succeeded()?.stdout;
        ensure!(!header.contains(['\n', '\r']), "a header in a file ends in a line break");
        ensure!(
            header.contains(key_of(&server.newest_credential(account)?)),
            "it is not the key that was issued"
        );
        let before = server.object(&["--json", "get", account, "--format", "json", "--minimal"]).await?;
        for (field, is_right) in [
            ("account", before["account"] == account),
            ("format", before["format"] == "json"),
            ("scope", before["scope"] == "minimal"),
            ("generation", before["generation"] == 1),
            ("renewable", before["renewable"] == true),
            ("proven_at", before["proven_at"].is_string()),
            ("health", before["health"]["state"] == "healthy"),
            ("value", before["value"].as_str().is_some_and(|value| value.starts_with('{'))),
        ] {
            ensure!(is_right, "{field} is {}", before[field]);
        }
        server.cli(&["renew", account]).await?.succeeded()?;
        let after = server.object(&["--json", "get", account]).await?;
        ensure!(after["generation"] == 2, "it says {}", after["generation"]);
        let newest = server.newest_credential(account)?;
        ensure!(after["value"].as_str().is_some_and(|value| value.contains(key_of(&newest))), "an old key");
    }
    let shown = server.object(&["--json", "store", "show"]).await?;
    ensure!(shown["store"] == "file" && shown["problem"].is_null(), "it shows {shown}");
    ensure!(shown["identity"] == server.identity().display().to_string(), "it shows {shown}");
    server.ensure_no_secret_leaked()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_files_are_those_that_age_reads() -> Result<()> {
    let server = Server::start().await?;
    server.sign_in(QQ).await?;
    let file = server.secrets().join("v1.qqmusic.10001.a.age");
    ensure!(mode_of(&file)? == 0o600 && mode_of(&server.identity())? == 0o600, "others can read it");
    let read = Command::new("age").arg("-d").arg("-i").arg(server.identity()).arg(&file).output();
    let read = read.context("age is there: `cargo xtask test` installs it")?;
    ensure!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    let line: Value = serde_json::from_slice(&read.stdout)?;
    ensure!(line["acct"] == QQ && line["gen"] == 1, "it is the record of another account");
    let text = String::from_utf8_lossy(&read.stdout).into_owned();
    ensure!(text.contains(key_of(&server.newest_credential(QQ)?)), "it holds another key");
    // What age-keygen makes opens files, too.
    let made = server.sandbox.root().join("made-by-age.txt");
    ensure!(Command::new("age-keygen").arg("-o").arg(&made).output()?.status.success(), "age-keygen fails");
    let elsewhere = server.sandbox.home().join("elsewhere");
    let start = |words: &[&str]| Cli::start_on(&server.sandbox, &elsewhere, words);
    let move_to = ["store", "move", "file", "--identity", &made.display().to_string()];
    start(&move_to)?.wait_for_exit().await?.succeeded()?;
    let shown = start(&["--json", "store", "show"])?.wait_for_exit().await?.succeeded()?.json()?;
    ensure!(shown[0]["identity"] == made.display().to_string() && shown[0]["problem"].is_null(), "{shown:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_trouble_with_the_identity_and_the_files_has_words_of_its_own_and_loses_nothing() -> Result<()> {
    let server = Server::start().await?;
    server.sign_in(QQ).await?;
    let identity = std::fs::read(server.identity())?;
    let file = server.secrets().join("v1.qqmusic.10001.a.age");
    let whole = std::fs::read(&file)?;
    let mut said = Vec::new();
    let expect = async |code: &str| -> Result<String> {
        for words in [&["--json", "get", QQ][..], &["--json", "renew", QQ]] {
            let output = server.cli(words).await?.exited_with(7)?;
            ensure!(output.problem()? == code, "{words:?} says {}", output.stdout);
        }
        Ok(server.cli(&["get", QQ]).await?.exited_with(7)?.stderr)
    };

    std::fs::remove_file(server.identity())?;
    said.push(expect("identity_missing").await?);
    server.cli(&["store", "identity"]).await?.succeeded()?;
    said.push(expect("identity_wrong").await?);
    std::fs::write(server.identity(), &identity)?;
    std::fs::set_permissions(server.identity(), std::fs::Permissions::from_mode(0o644))?;
    said.push(expect("identity_exposed").await?);
    std::fs::set_permissions(server.identity(), std::fs::Permissions::from_mode(0o600))?;

    std::fs::write(&file, &whole[..whole.len() / 2])?;
    said.push(expect("credential_unreadable").await?);
    std::fs::write(&file, &whole)?;

    let aside = server.sandbox.home().join("aside");
    std::fs::rename(server.secrets(), &aside)?;
    said.push(expect("keychain_unavailable").await?);
    ensure!(!server.secrets().exists(), "an empty folder takes its place");
    std::fs::rename(&aside, server.secrets())?;

    let choice = server.sandbox.profile().join("store.json");
    let chosen = std::fs::read(&choice)?;
    std::fs::remove_file(&choice)?;
    let output = server.cli(&["--json", "get", QQ]).await?.exited_with(1)?;
    ensure!(output.problem()? == "profile_unreadable", "it falls back to {}", output.stdout);
    std::fs::write(&choice, chosen)?;

    let different: std::collections::BTreeSet<_> = said.iter().map(|words| last_words(words)).collect();
    ensure!(different.len() == said.len(), "two of them say the same: {different:#?}");
    let header = server.cli(&["get", QQ]).await?.succeeded()?.stdout;
    ensure!(header.contains(key_of(&server.newest_credential(QQ)?)), "something was lost");
    server.ensure_no_secret_leaked()
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_yesterday_are_said_and_either_put_right_or_asked_about() -> Result<()> {
    let server = Server::start().await?;
    server.sign_in(NETEASE).await?;
    let copy = |from: &Path, to: &Path| -> Result<()> {
        std::fs::create_dir_all(to)?;
        for entry in std::fs::read_dir(from)? {
            let entry = entry?;
            std::fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
        Ok(())
    };
    let (yesterday, today) = (server.sandbox.home().join("yesterday"), server.sandbox.home().join("today"));
    copy(&server.secrets(), &yesterday)?;
    server.cli(&["renew", NETEASE]).await?.succeeded()?;
    copy(&server.secrets(), &today)?;
    let put_back = |from: &Path| -> Result<()> {
        std::fs::remove_dir_all(server.secrets())?;
        copy(from, &server.secrets())
    };
    put_back(&yesterday)?;
    for words in [&["--json", "get", NETEASE][..], &["--json", "renew", NETEASE]] {
        let output = server.cli(words).await?.exited_with(7)?;
        ensure!(output.problem()? == "credential_rolled_back", "it says {}", output.stdout);
    }
    put_back(&today)?;
    let header = server.cli(&["get", NETEASE]).await?.succeeded()?.stdout;
    ensure!(header.contains(key_of(&server.newest_credential(NETEASE)?)), "today’s key is back");
    // Whoever has only yesterday's asks the service about it.
    put_back(&yesterday)?;
    server.simulator.clear_journal();
    let asked = server.cli(&["--json", "check", NETEASE]).await?;
    ensure!(!server.simulator.journal().is_empty(), "the service was not asked");
    ensure!([0, 5, 9].contains(&asked.code), "the service says: {}", asked.stdout);
    if asked.code == 0 {
        server.cli(&["get", NETEASE]).await?.succeeded()?;
    }
    server.ensure_no_secret_leaked()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identity_of_a_systemd_unit_opens_the_files_and_a_readable_one_is_only_said() -> Result<()> {
    let mut server = Server::start().await?;
    server.sign_in(QQ).await?;
    let credentials = server.sandbox.root().join("run/credentials");
    std::fs::create_dir(&credentials)?;
    let handed_out = credentials.join("tunekey-identity");
    std::fs::rename(server.identity(), &handed_out)?;
    server.sandbox.set("CREDENTIALS_DIRECTORY", credentials.display().to_string());
    for (mode, is_exposed) in [(0o400, false), (0o444, true)] {
        std::fs::set_permissions(&handed_out, std::fs::Permissions::from_mode(mode))?;
        server.cli(&["get", QQ]).await?.succeeded()?;
        let shown = server.object(&["--json", "store", "show"]).await?;
        ensure!(shown["identity"] == handed_out.display().to_string(), "it shows {shown}");
        ensure!((shown["identity_is_exposed"] == true) == is_exposed, "{mode:o}: {shown}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_moves_to_the_keychain_and_back_with_its_generations() -> Result<()> {
    let mut server = Server::start().await?;
    let bus = Bus::start(&mut server.sandbox)?;
    let keyring = Keyring::start(&server.sandbox, &bus).await?;
    for account in [QQ, NETEASE] {
        server.sign_in(account).await?;
        server.cli(&["renew", account]).await?.succeeded()?;
    }
    // One that was started before sees that its store is no longer the profile's.
    let mut old = server.start_cli(&["--json", "daemon"])?;
    old.next_line().await?;
    let busy = server.cli(&["--json", "store", "move", "keychain"]).await?.exited_with(1)?;
    ensure!(busy.problem()? == "profile_busy", "it says {}", busy.stdout);
    old.signal(Signal::SIGTERM)?;
    server.finish(old).await?.succeeded()?;

    for (store, items) in [("keychain", 4), ("file", 0)] {
        let moved = server.object(&["--json", "store", "move", store]).await?;
        ensure!(moved["store"] == store && moved["moved"] == 4 && moved["left"] == 0, "it says {moved}");
        ensure!(keyring.items().await?.len() == items, "{store}: the keychain holds something else");
        let has_files = std::fs::read_dir(server.secrets())?
            .flatten()
            .any(|entry| entry.path().extension().is_some_and(|extension| extension == "age"));
        ensure!(has_files == (store == "file"), "{store}: the files are not what they should be");
        for account in [QQ, NETEASE] {
            let got = server.object(&["--json", "get", account]).await?;
            let newest = server.newest_credential(account)?;
            ensure!(got["generation"] == 2, "{store}: it says {}", got["generation"]);
            ensure!(got["value"].as_str().is_some_and(|value| value.contains(key_of(&newest))), "{store}");
            server.cli(&["check", account]).await?.succeeded()?;
        }
        let again = server.object(&["--json", "store", "move", store]).await?;
        ensure!(again["moved"] == 0, "it moves what is there: {again}");
    }
    let refused = server.cli(&["--json", "--store", "keychain", "get", QQ]).await?.exited_with(2)?;
    ensure!(refused.problem()? == "invalid_input", "it says {}", refused.stdout);
    server.ensure_no_secret_leaked()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_that_is_killed_at_any_moment_loses_nothing_and_can_be_done_again() -> Result<()> {
    let seed: u64 = rand::random();
    let mut random = StdRng::seed_from_u64(seed);
    let mut server = Server::start().await?;
    let bus = Bus::start(&mut server.sandbox)?;
    let _keyring = Keyring::start(&server.sandbox, &bus).await?;
    for account in [QQ, NETEASE] {
        server.sign_in(account).await?;
        server.cli(&["renew", account]).await?.succeeded()?;
    }
    let begun = Instant::now();
    server.object(&["--json", "store", "move", "keychain"]).await?;
    let took = begun.elapsed();
    let mut killed = 0;
    for number in 0..MOVES {
        let to = if number % 2 == 0 { "file" } else { "keychain" };
        let moving = server.start_cli(&["--json", "store", "move", to])?;
        std::thread::sleep(took.mul_f64(random.random_range(0.0..1.2)));
        // It may have ended by itself.
        killed += usize::from(moving.signal(Signal::SIGKILL).is_ok());
        server.finish(moving).await?;
        for done in ["cut off", "whole"] {
            for account in [QQ, NETEASE] {
                let got = server.object(&["--json", "get", account]).await;
                let got = got.with_context(|| format!("move {number}, {done}, seed {seed}"))?;
                let newest = server.newest_credential(account)?;
                let is_newest = got["value"].as_str().is_some_and(|value| value.contains(key_of(&newest)));
                ensure!(
                    got["generation"] == 2 && is_newest,
                    "move {number}, {done}, seed {seed}: it is lost"
                );
            }
            server.object(&["--json", "store", "move", to]).await?;
        }
    }
    ensure!(killed > MOVES / 2, "only {killed} moves were cut off");
    server.ensure_no_secret_leaked()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identity_is_asked_for_at_a_terminal_and_not_shown() -> Result<()> {
    let server = Server::start().await?;
    server.sign_in(QQ).await?;
    let identity = std::fs::read_to_string(server.identity())?;
    let identity = identity.lines().last().context("the file is empty")?;
    std::fs::remove_file(server.identity())?;
    let question = "not shown):";
    let mut terminal = Terminal::start(&server.sandbox, (120, 30), &["get", QQ])?;
    terminal.wait_for_text(question).await?;
    terminal.type_keys("AGE-SECRET-KEY-1NONE\r")?;
    terminal.wait_for_text("That identity doesn’t open").await?;
    terminal.wait_for_text_times(question, 2).await?;
    terminal.type_keys(&format!("{identity}\r"))?;
    let key = server.newest_credential(QQ)?;
    terminal.wait_for_text(key_of(&key)).await?;
    let shown = terminal.shown();
    ensure!(!shown.contains(identity) && !shown.contains("1NONE"), "it shows what was typed");
    ensure!(terminal.wait_for_exit().await? == 0, "it failed");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_was_refused_is_asked_about_once_and_renewed_once_at_most() -> Result<()> {
    let server = Server::start().await?;
    server.sign_in(QQ).await?;
    let report = async |words: &[&str]| server.object(&[&["--json", "rejected", QQ], words].concat()).await;
    // The sign-in has just proven it.
    ensure!(report(&[]).await?["outcome"] == "accepted", "it works");
    server.cli(&["renew", QQ]).await?.succeeded()?;
    server.simulator.clear_journal();
    let older = report(&["--generation", "1"]).await?;
    ensure!(older["outcome"] == "newer" && older["generation"] == 2, "it says {older}");
    ensure!(server.simulator.journal().is_empty(), "there was nothing to ask");
    // Nothing is known of it for a while: the service is asked once.
    server.forget_proofs(QQ)?;
    let asked = report(&["--generation", "2"]).await?;
    ensure!(asked["outcome"] == "accepted", "it says {asked}");
    let count =
        |name: &str| server.simulator.journal().iter().filter(|entry| entry.name.contains(name)).count();
    ensure!(count("userinfo") == 1 && count("renew") == 0, "{:?}", server.simulator.journal());
    // Of many that ask at once, one asks the service.
    server.forget_proofs(QQ)?;
    server.simulator.clear_journal();
    let reports = (0..CALLERS).map(|_| server.start_cli(&["--json", "rejected", QQ]));
    for report in reports.collect::<Result<Vec<_>>>()? {
        let said = server.finish(report).await?.succeeded()?.json()?;
        ensure!(said[0]["outcome"] == "accepted", "it says {said:?}");
    }
    ensure!(count("userinfo") == 1, "{:?}", server.simulator.journal());
    // The service has ended the session.
    server.forget_proofs(QQ)?;
    server.simulator.revoke(QQ)?;
    let refused = server.cli(&["--json", "rejected", QQ, "--generation", "2"]).await?.exited_with(9)?;
    ensure!(refused.problem()? == "refused_once", "it says {}", refused.stdout);
    let renewals = count("renew");
    ensure!(renewals <= 1, "it renewed {renewals} times");
    server.ensure_no_secret_leaked()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_runs_with_the_cookie_in_its_environment_alone_and_ends_as_it_likes() -> Result<()> {
    let server = Server::start().await?;
    server.sign_in(QQ).await?;
    let script = "test -n \"$COOKIE\" && test \"${JSON#\\{}\" != \"$JSON\" && test -z \"$OTHER\" && exit 42";
    let run = ["run", QQ, "--env", "COOKIE", "--env", "JSON=json", "--", "/bin/sh", "-c", script];
    server.cli(&run).await?.exited_with(42)?;
    server.cli(&["run", QQ, "--env", "C", "--", "/bin/sh", "-c", "kill -KILL $$"]).await?.exited_with(137)?;
    server.cli(&["run", QQ, "--env", "C", "--", "/no/such/program"]).await?.exited_with(127)?;
    server.cli(&["--json", "run", "nobody", "--env", "C", "--", "true"]).await?.exited_with(3)?;
    // A signal to TuneKey is one to the program, and its arguments hold nothing.
    let ready = server.sandbox.home().join("ready");
    let script = format!("trap 'exit 9' USR1; : > {}; while :; do sleep 0.05; done", ready.display());
    let running = server.start_cli(&["run", QQ, "--env", "C", "--", "/bin/sh", "-c", &script])?;
    wait_for(&ready).await?;
    for id in server.sandbox.processes() {
        let arguments = std::fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        ensure!(!String::from_utf8_lossy(&arguments).contains("c0ffee5eca11"), "an argument holds a secret");
    }
    running.signal(Signal::SIGUSR1)?;
    server.finish(running).await?.exited_with(9)?;
    server.ensure_no_secret_leaked()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_is_started_again_or_told_when_there_is_a_new_key() -> Result<()> {
    let server = Server::start().await?;
    server.sign_in(QQ).await?;
    let digests = server.sandbox.home().join("digests");
    // Digests only: the test's files are searched for secrets.
    let script = format!("printf %s \"$COOKIE\" | sha256sum >> {}; exec sleep 600", digests.display());
    let run = ["run", QQ, "--env", "COOKIE", "--on-renewal", "restart", "--", "/bin/sh", "-c", &script];
    let running = server.start_cli(&run)?;
    let lines = |path: PathBuf, count: usize| async move {
        until(format!("{count} lines"), || async {
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            ensure!(text.lines().count() >= count && text.ends_with('\n'), "there is {text:?}");
            Ok(text)
        })
        .await
    };
    lines(digests.clone(), 1).await?;
    server.cli(&["renew", QQ]).await?.succeeded()?;
    let text = lines(digests.clone(), 2).await?;
    let (first, second) = text.split_once('\n').context("two lines")?;
    ensure!(first != second.trim_end(), "it was started again with the same key");
    running.signal(Signal::SIGTERM)?;
    server.finish(running).await?.exited_with(143)?;

    let told = server.sandbox.home().join("told");
    let script = format!(
        "trap 'echo told >> {0}' HUP; echo ready >> {0}; while :; do sleep 0.05; done",
        told.display()
    );
    let run = ["run", QQ, "--env", "COOKIE", "--on-renewal", "signal=HUP", "--", "/bin/sh", "-c", &script];
    let running = server.start_cli(&run)?;
    lines(told.clone(), 1).await?;
    server.cli(&["renew", QQ]).await?.succeeded()?;
    ensure!(lines(told, 2).await? == "ready\ntold\n", "it was told once");
    running.signal(Signal::SIGTERM)?;
    server.finish(running).await?.exited_with(143)?;
    server.ensure_no_secret_leaked()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_sees_each_new_key_of_other_processes() -> Result<()> {
    let server = Server::start().await?;
    server.sign_in(QQ).await?;
    let mut watch = server.start_cli(&["--json", "watch"])?;
    let first = watch.next_line().await?;
    ensure!(first["event"] == "account" && first["account"] == QQ && first["generation"] == 1, "{first}");
    server.cli(&["renew", QQ]).await?.succeeded()?;
    loop {
        let next = watch.next_line().await?;
        ensure!(next["event"] == "account" && next["account"] == QQ, "it says {next}");
        if next["generation"] == 2 {
            break;
        }
    }
    server.cli(&["forget", QQ]).await?.succeeded()?;
    while watch.next_line().await?["event"] != "gone" {}
    watch.interrupt()?;
    server.finish(watch).await?.exited_with(130)?;
    server.ensure_no_secret_leaked()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_tells_systemd_how_it_is_and_stops_in_time() -> Result<()> {
    let mut server = Server::start().await?;
    server.sign_in(QQ).await?;
    let address = server.sandbox.root().join("run/notify");
    let socket = UnixDatagram::bind(&address)?;
    server.sandbox.set("NOTIFY_SOCKET", address.display().to_string());
    server.sandbox.set("WATCHDOG_USEC", "200000");
    let mut daemon = server.start_cli(&["--json", "daemon"])?;
    wait_for_state(&socket, "READY=1").await?;
    let first = daemon.next_line().await?;
    ensure!(first["event"] == "account" && first["account"] == QQ, "it says {first}");
    for _ in 0..3 {
        wait_for_state(&socket, "WATCHDOG=1").await?;
    }
    daemon.signal(Signal::SIGHUP)?;
    wait_for_state(&socket, "RELOADING=1").await?;
    wait_for_state(&socket, "READY=1").await?;
    // It is the one that renews: nobody else takes the schedule meanwhile.
    let findings = server.cli(&["--json", "doctor"]).await?.json()?;
    let schedule = findings.iter().find(|one| one["check"] == "schedule").context("it was not looked at")?;
    ensure!(schedule["level"] == "good", "it says {schedule}");
    // A request that hangs does not keep it.
    server.simulator.arm(Fault::new("qq.renew", FaultKind::Stall))?;
    let asked = Instant::now();
    daemon.signal(Signal::SIGTERM)?;
    wait_for_state(&socket, "STOPPING=1").await?;
    server.finish(daemon).await?.succeeded()?;
    ensure!(asked.elapsed() < STOP_LIMIT, "it took {:?}", asked.elapsed());
    server.ensure_no_secret_leaked()
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_ask_the_daemon_and_do_the_work_themselves_without_one() -> Result<()> {
    let mut server = Server::start().await?;
    server.sign_in(QQ).await?;
    // Only the daemon is told where the identity is.
    let credentials = server.sandbox.root().join("run/credentials");
    std::fs::create_dir(&credentials)?;
    std::fs::rename(server.identity(), credentials.join("tunekey-identity"))?;
    server.sandbox.set("CREDENTIALS_DIRECTORY", credentials.display().to_string());
    let mut daemon = server.start_cli(&["--json", "daemon"])?;
    server.sandbox.set("CREDENTIALS_DIRECTORY", "");
    daemon.next_line().await?;
    let socket = until("the daemon to listen", || async {
        let found = std::fs::read_dir(server.sandbox.root().join("run"))?.flatten().map(|entry| entry.path());
        let mut sockets = found.filter(|path| path.extension().is_some_and(|end| end == "sock"));
        sockets.next().context("there is no socket in the runtime folder")
    })
    .await?;
    ensure!(mode_of(&socket)? & 0o077 == 0, "others can connect");

    let got = server.object(&["--json", "get", QQ]).await?;
    ensure!(got["generation"] == 1 && got["value"].is_string(), "it is no value");
    let header = server.cli(&["get", QQ, "--format", "header"]).await?.succeeded()?.stdout;
    ensure!(header.contains(key_of(&server.newest_credential(QQ)?)), "it is another value");
    ensure!(server.object(&["--json", "rejected", QQ]).await?["outcome"] == "accepted", "it works");
    let nobody = server.cli(&["--json", "get", "nobody"]).await?.exited_with(3)?;
    ensure!(nobody.problem()? == "not_found", "it says {}", nobody.stdout);

    daemon.signal(Signal::SIGTERM)?;
    server.finish(daemon).await?.succeeded()?;
    ensure!(!socket.exists(), "the socket stays behind");
    let alone = server.cli(&["--json", "get", QQ]).await?.exited_with(7)?;
    ensure!(alone.problem()? == "identity_missing", "it says {}", alone.stdout);
    std::fs::rename(credentials.join("tunekey-identity"), server.identity())?;
    server.cli(&["get", QQ]).await?.succeeded()?;
    server.ensure_no_secret_leaked()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_says_what_is_wrong_and_what_helps_and_names_nobody() -> Result<()> {
    let server = Server::start().await?;
    server.sign_in(QQ).await?;
    let nickname = server.object(&["--json", "show", QQ]).await?["nickname"].clone();
    let nickname = nickname.as_str().context("it has a name")?;
    let well = server.cli(&["--json", "doctor"]).await?.succeeded()?;
    for finding in well.json()? {
        let is_alone = finding["check"] == "schedule";
        ensure!(finding["level"] == if is_alone { "warning" } else { "good" }, "it says {finding}");
    }
    for redacted in [nickname, "10001", &server.sandbox.home().display().to_string()] {
        ensure!(!well.stdout.contains(redacted), "{redacted} is in the report");
    }
    let named = server.cli(&["doctor", "--names"]).await?.succeeded()?.stdout;
    ensure!(named.contains(nickname) && named.contains(QQ), "the names were wanted: {named}");

    std::fs::set_permissions(server.identity(), std::fs::Permissions::from_mode(0o644))?;
    server.cli(&["settings", "proxy", "http://127.0.0.1:1"]).await?.succeeded()?;
    let ill = server.cli(&["--json", "doctor"]).await?.exited_with(7)?;
    let bad = |check: &str| -> Result<Value> {
        let found = ill.json()?.into_iter().find(|one| one["check"] == check && one["level"] == "bad");
        found.with_context(|| format!("{check} is not bad: {}", ill.stdout))
    };
    for (check, problem) in [("store", "identity_exposed"), ("service", "proxy_unreachable")] {
        let finding = bad(check)?;
        ensure!(finding["problem"] == problem && finding["remedy"].is_string(), "it says {finding}");
    }
    server.ensure_no_secret_leaked()
}

fn mode_of(path: &Path) -> Result<u32> {
    Ok(std::fs::metadata(path)?.permissions().mode() & 0o777)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_opens_encrypted_files_and_says_when_it_cannot() -> Result<()> {
    let desktop = Desktop::without_keyring().await?;
    use_encrypted_files(&desktop.sandbox)?;
    desktop.sign_in(QQ).await?;
    let window = desktop.window().await?;
    until("the window to show the account", || async {
        let shown = window.run_script("return document.querySelectorAll('.nav-acct').length").await?;
        ensure!(shown == 1, "it shows {shown}");
        Ok(())
    })
    .await?;
    window.quit(STOP_LIMIT).await?;

    std::fs::remove_file(desktop.sandbox.home().join(".config/tunekey/identity.txt"))?;
    let mut app = desktop.start_second_app()?;
    desktop.screen.wait_for_window("TuneKey", WindowState::Shown).await?;
    let said = app.output()?;
    ensure!(said.contains("the identity that opens them was not found"), "it says: {said}");
    desktop.screen.close("TuneKey")?;
    let ended = app.wait_for_exit(STOP_LIMIT).await?;
    ensure!(ended.code() == Some(1), "it ended with {ended}");
    Ok(())
}

#[test]
fn the_units_are_what_systemd_understands() -> Result<()> {
    let folder = tempfile::tempdir()?;
    for (unit, mode) in [("tunekey.service", "--system"), ("tunekey-user.service", "--user")] {
        let text = std::fs::read_to_string(workspace().join("packaging/linux/systemd").join(unit))?;
        let program = program("tunekey")?.display().to_string();
        let path = folder.path().join(unit);
        std::fs::write(&path, text.replace("/usr/bin/tunekey", &program))?;
        let mut verify = Command::new("systemd-analyze");
        verify.args(["verify", "--man=no", mode]).arg(&path).env("XDG_RUNTIME_DIR", folder.path());
        let verified = verify.output().context("systemd is installed")?;
        let said = String::from_utf8_lossy(&verified.stderr).into_owned();
        ensure!(verified.status.success() && said.is_empty(), "{unit}: {said}");
    }
    Ok(())
}

/// What a command said last on standard error, without its log.
fn last_words(stderr: &str) -> String {
    let said = stderr
        .lines()
        .filter(|line| !["TRACE", "DEBUG", "INFO", "WARN"].iter().any(|level| line.contains(level)));
    said.collect::<Vec<_>>().join(" ")
}

async fn wait_for(path: &Path) -> Result<()> {
    until(format!("{}", path.display()), || async {
        ensure!(path.exists(), "it is not there");
        Ok(())
    })
    .await
}

/// Reads what a service manager is told until it is this.
async fn wait_for_state(socket: &UnixDatagram, state: &str) -> Result<()> {
    let mut buffer = [0; 4096];
    loop {
        let told = tokio::time::timeout(Duration::from_secs(60), socket.recv(&mut buffer));
        let length = told.await.with_context(|| format!("waiting for {state}"))??;
        if String::from_utf8_lossy(&buffer[..length]).lines().any(|line| line == state) {
            return Ok(());
        }
    }
}
