//! Credentials in encrypted files, in place of a keychain: what opens them, what goes wrong with them, and how they
//! move.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use nix::sys::signal::Signal;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::Value;
use tunekey_tests::cli::Cli;
use tunekey_tests::desktop::{Desktop, key_of};
use tunekey_tests::eventually::until;
use tunekey_tests::fixtures::{NETEASE, QQ};
use tunekey_tests::keyring::{Bus, Keyring};
use tunekey_tests::screen::WindowState;
use tunekey_tests::server::{Server, mode_of, use_encrypted_files};
use tunekey_tests::terminal::Terminal;

/// How many moves are killed.
const MOVES: usize = 16;

/// Within which a window that is asked to end is gone.
const STOP_LIMIT: Duration = Duration::from_secs(5);

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
async fn a_move_to_the_store_in_use_has_the_identity_looked_for_elsewhere() -> Result<()> {
    let server = Server::start().await?;
    server.sign_in(QQ).await?;
    let (other, mine) = (server.sandbox.root().join("other.txt"), server.sandbox.root().join("mine.txt"));
    server.cli(&["store", "identity", &other.display().to_string()]).await?.succeeded()?;
    std::fs::copy(server.identity(), &mine)?;
    let move_by = |file: &Path| {
        ["--json", "store", "move", "file", "--identity", &file.display().to_string()].map(str::to_owned)
    };
    let wrong = server.cli(&move_by(&other).each_ref().map(String::as_str)).await?.exited_with(7)?;
    ensure!(wrong.problem()? == "identity_wrong", "it says {}", wrong.stdout);
    let moved = server.object(&move_by(&mine).each_ref().map(String::as_str)).await?;
    ensure!(moved["moved"] == 0 && moved["left"] == 0, "it says {moved}");
    std::fs::remove_file(server.identity())?;
    let header = server.cli(&["get", QQ]).await?.succeeded()?.stdout;
    ensure!(header.contains(key_of(&server.newest_credential(QQ)?)), "it is not read");
    let shown = server.object(&["--json", "store", "show"]).await?;
    ensure!(shown["identity"] == mine.display().to_string() && shown["problem"].is_null(), "{shown:?}");
    let mine = mine.display().to_string();
    let keychain = ["--json", "store", "move", "keychain", "--identity", &mine];
    let refused = server.cli(&keychain).await?.exited_with(2)?;
    ensure!(refused.problem()? == "invalid_input", "it says {}", refused.stdout);
    Ok(())
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

/// What a command said last on standard error, without its log.
fn last_words(stderr: &str) -> String {
    let said = stderr
        .lines()
        .filter(|line| !["TRACE", "DEBUG", "INFO", "WARN"].iter().any(|level| line.contains(level)));
    said.collect::<Vec<_>>().join(" ")
}
