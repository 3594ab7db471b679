//! Deliveries by the programs themselves: new keys go where they are used, and nowhere else.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use nix::sys::signal::Signal;
use rand::Rng as _;
use serde_json::Value;
use tunekey_tests::desktop::{Desktop, key_of};
use tunekey_tests::eventually::within;
use tunekey_tests::fixtures::{NETEASE, QQ};
use tunekey_tests::process::Process;

/// How soon a new key is where it belongs.
const SOON: Duration = Duration::from_secs(10);
/// How long the process that delivers may take to start.
const START: Duration = Duration::from_secs(30);
/// How often the process that delivers is killed.
const KILLS: usize = 8;
/// How long it lives at most after a renewal.
const LONGEST_LIFE: Duration = Duration::from_millis(2_500);

fn one(values: Vec<Value>) -> Result<Value> {
    values.into_iter().next().context("it says nothing")
}

async fn add(desktop: &Desktop, arguments: &[&str]) -> Result<String> {
    let words = [&["--json", "delivery", "add"], arguments].concat();
    let added = one(desktop.cli(&words).await?.succeeded()?.json()?)?;
    ensure!(added["enabled"] == true && added["scope"] == "playing_only", "it says {added}");
    Ok(added["id"].as_str().context("it has no id")?.to_owned())
}

/// Waits until a file holds the newest key of an account.
async fn holds_newest_key(desktop: &Desktop, account: &str, file: &Path, limit: Duration) -> Result<()> {
    let newest = desktop.newest_credential(account)?;
    within(limit, "the newest key in the file", || async {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        ensure!(text.contains(key_of(&newest)), "it holds {} bytes of something else", text.len());
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_is_where_it_is_used_within_ten_seconds_of_its_renewal() -> Result<()> {
    let desktop = Desktop::start().await?;
    desktop.sign_in(QQ).await?;
    // Outside of what is searched for secrets: these files are for them.
    let out = tempfile::tempdir()?;
    let (cookie, env, log) = (out.path().join("cookie"), out.path().join(".env"), out.path().join("log"));
    std::fs::File::create(&env)?;
    add(&desktop, &[QQ, "file", &format!("path={}", cookie.display())]).await?;
    add(
        &desktop,
        &[QQ, "env", &format!("path={}", env.display()), "variable=QQ_COOKIE", "value={{field.qm_keyst}}"],
    )
    .await?;
    let script = format!("command=[\"/bin/sh\", \"-c\", \"cat >> {}\"]", log.display());
    add(&desktop, &[QQ, "command", &script]).await?;

    let mut command = desktop.sandbox.command(env!("CARGO_BIN_EXE_runs-the-schedule"));
    let _schedule = Process::start(command.arg(desktop.sandbox.profile()), &desktop.sandbox.log("schedule"))?;
    for file in [&cookie, &env, &log] {
        holds_newest_key(&desktop, QQ, file, START).await?;
    }
    for _ in 0..2 {
        desktop.cli(&["renew", QQ]).await?.succeeded()?;
        for file in [&cookie, &env, &log] {
            holds_newest_key(&desktop, QQ, file, SOON).await?;
        }
    }
    let text = std::fs::read_to_string(&cookie)?;
    ensure!(!text.contains("refresh"), "what renews the key was sent: two programs would renew it");
    let listed = desktop.cli(&["--json", "delivery", "list"]).await?.succeeded()?.json()?;
    let outcomes: Vec<_> =
        listed.iter().map(|one| one["last"]["outcome"].as_str().unwrap_or_default()).collect();
    ensure!(outcomes == ["confirmed", "confirmed", "accepted"], "it says {outcomes:?}");
    desktop.ensure_no_secret_leaked(&[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_killed_while_it_delivers_loses_no_value_and_changes_no_order() -> Result<()> {
    let desktop = Desktop::start().await?;
    desktop.sign_in(QQ).await?;
    let out = tempfile::tempdir()?;
    let log = out.path().join("log");
    let script = format!("command=[\"/bin/sh\", \"-c\", \"cat >> {0}; echo >> {0}\"]", log.display());
    add(&desktop, &[QQ, "command", &script]).await?;
    let schedule = || {
        let mut command = desktop.sandbox.command(env!("CARGO_BIN_EXE_runs-the-schedule"));
        Process::start(command.arg(desktop.sandbox.profile()), &desktop.sandbox.log("schedule"))
    };
    for _ in 0..KILLS {
        let process = schedule()?;
        desktop.cli(&["renew", QQ]).await?.succeeded()?;
        let wait = rand::rng().random_range(0.0..LONGEST_LIFE.as_secs_f64());
        tokio::time::sleep(Duration::from_secs_f64(wait)).await;
        process.signal(Signal::SIGKILL)?;
    }
    let _last = schedule()?;
    holds_newest_key(&desktop, QQ, &log, START).await?;
    let issued = desktop.simulator.ledger();
    let issued: Vec<_> = issued.iter().filter(|one| one.account == QQ).map(key_of).collect();
    let text = std::fs::read_to_string(&log)?;
    let place = |line: &str| issued.iter().position(|key| line.contains(key));
    let places = text.lines().filter(|line| !line.is_empty()).map(place);
    let places = places.collect::<Option<Vec<_>>>().context("something else was delivered")?;
    ensure!(places.is_sorted(), "an older key was delivered after a newer one: {places:?}");
    ensure!(places.last() == Some(&(issued.len() - 1)), "the newest key was not delivered: {places:?}");
    desktop.ensure_no_secret_leaked(&[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_with_a_sign_in_of_its_own_keeps_it_whatever_becomes_of_the_accounts() -> Result<()> {
    let desktop = Desktop::start().await?;
    desktop.sign_in(QQ).await?;
    let main = key_of(&desktop.newest_credential(QQ)?).to_owned();
    let out = tempfile::tempdir()?;
    let file = out.path().join("tool");
    let text = || std::fs::read_to_string(&file).unwrap_or_default();
    let path = format!("path={}", file.display());
    let add = ["--json", "delivery", "add", QQ, "file", &path, "--own-sign-in"];
    let added = one(desktop.cli(&add).await?.succeeded()?.json()?)?;
    ensure!(added["scope"] == "own_sign_in" && added["own"].is_null(), "it says {added}");
    let id = added["id"].as_str().context("it has no id")?.to_owned();
    let early = desktop.cli(&["delivery", "send", &id]).await?;
    ensure!(early.code != 0 && early.stderr.contains("Sign in once more") && !file.exists(), "it was sent");
    let not_allowed = desktop.cli(&["delivery", "sign-in", &id, "--method", "paste"]).await?;
    ensure!(not_allowed.code == 2, "what is used elsewhere was taken: {}", not_allowed.stderr);

    let items = desktop.keyring().items().await?.len();
    desktop.sign_in_for(&id, QQ).await?;
    let own = key_of(&desktop.newest_credential(QQ)?).to_owned();
    ensure!(own != main && text().contains(&own) && text().contains("refresh"), "it is not there");
    ensure!(desktop.keyring().items().await?.len() == items, "a copy was kept");
    let accounts = desktop.cli(&["--json", "accounts"]).await?.succeeded()?.json()?;
    ensure!(accounts.len() == 1 && accounts[0]["handed_over_at"].is_null(), "it says {accounts:?}");

    // The account's own goes on: renewed, signed in again, signed out; the tool's stays as it was.
    desktop.cli(&["renew", QQ]).await?.succeeded()?;
    desktop.sign_in(QQ).await?;
    desktop.cli(&["renew", QQ]).await?.succeeded()?;
    ensure!(text().contains(&own), "something else was delivered");
    let listed = one(desktop.cli(&["--json", "delivery", "list"]).await?.succeeded()?.json()?)?;
    ensure!(listed["delivered"] == listed["own"], "it says {listed}");
    let again = desktop.cli(&["delivery", "send", &id]).await?;
    ensure!(
        again.code != 0 && again.stderr.contains("keeps no copy") && text().contains(&own),
        "it was sent"
    );
    desktop.sign_in_for(&id, QQ).await?;
    ensure!(
        !text().contains(&own) && text().contains(key_of(&desktop.newest_credential(QQ)?)),
        "it is the old one"
    );
    let removed = desktop.cli(&["forget", QQ]).await?.succeeded()?;
    ensure!(removed.stderr.contains("sign-in of its own"), "it does not say what stays: {}", removed.stderr);
    ensure!(desktop.keyring().items().await?.is_empty(), "something is left behind");
    desktop.ensure_no_secret_leaked(&[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_sets_up_a_delivery_looks_at_it_and_tests_it_before_it_is_used() -> Result<()> {
    let desktop = Desktop::start().await?;
    desktop.sign_in(NETEASE).await?;
    let out = tempfile::tempdir()?;
    let (cookie, secret) = (out.path().join("cookies.txt"), desktop.sandbox.home().join("secret"));
    for (words, code) in [
        (&["delivery", "add", NETEASE, "nothing"][..], 3),
        (&["delivery", "add", NETEASE, "yt-dlp"], 2),
        (&["delivery", "add", NETEASE, "yt-dlp", "path=relative"], 2),
        (&["delivery", "add", "nobody", "yt-dlp", "path=/tmp/x"], 3),
        (&["delivery", "add", NETEASE, "webhook", "url=https://127.0.0.1:9/x"], 2),
        (&["delivery", "send", "nothing"], 3),
    ] {
        let output = desktop.cli(words).await?;
        ensure!(output.code == code && !output.stderr.is_empty(), "{words:?} ends with {}", output.code);
    }
    let id = add(&desktop, &[NETEASE, "yt-dlp", &format!("path={}", cookie.display()), "--label", "videos"])
        .await?;
    let preview = desktop.cli(&["delivery", "preview", "videos"]).await?.succeeded()?.stdout;
    ensure!(preview.contains("MUSIC_U\t***"), "it shows {preview}");
    ensure!(!cookie.exists(), "looking at it writes nothing");
    let tested = one(desktop.cli(&["--json", "delivery", "test", &id]).await?.succeeded()?.json()?)?;
    ensure!(tested["outcome"] == "confirmed", "it says {tested}");
    holds_newest_key(&desktop, NETEASE, &cookie, SOON).await?;
    std::fs::File::create(&cookie)?;
    let sent = desktop.cli(&["delivery", "send", &id]).await?.succeeded()?.stdout;
    ensure!(sent.contains("delivered and confirmed") && sent.contains("rewritten"), "it says {sent}");

    // The secret comes from a file, and is then in the keychain alone.
    let mut signing = tempfile::NamedTempFile::new_in(out.path())?;
    std::io::Write::write_all(&mut signing, b"whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz\n")?;
    let before = desktop.keyring().items().await?.len();
    let named = format!("signing={}", signing.path().display());
    let hook = add(&desktop, &[NETEASE, "webhook", "url=https://127.0.0.1:9/x", "--secret", &named]).await?;
    ensure!(desktop.keyring().items().await?.len() == before + 1 && !secret.exists(), "it is elsewhere");
    let failed = desktop.cli(&["--json", "delivery", "send", &hook]).await?;
    ensure!(failed.code == 6, "nobody listens there, and it ends with {}", failed.code);
    let off =
        one(desktop.cli(&["--json", "delivery", "switch", &hook, "off"]).await?.succeeded()?.json()?)?;
    ensure!(off["enabled"] == false && off["last"]["outcome"] == "failed", "it says {off}");
    let moved = out.path().join("moved.txt");
    let change = ["--json", "delivery", "change", &id, &format!("path={}", moved.display())];
    let changed = one(desktop.cli(&change).await?.succeeded()?.json()?)?;
    ensure!(changed["label"] == "videos" && changed["last"].is_null(), "it says {changed}");
    let named =
        one(desktop.cli(&["--json", "delivery", "label", &id, "songs"]).await?.succeeded()?.json()?)?;
    ensure!(named["label"] == "songs", "it says {named}");
    desktop.cli(&["delivery", "send", "songs"]).await?.succeeded()?;
    holds_newest_key(&desktop, NETEASE, &moved, SOON).await?;
    let elsewhere = ["--json", "delivery", "change", &hook, "url=https://127.0.0.1:10/x"];
    let kept = one(desktop.cli(&elsewhere).await?.succeeded()?.json()?)?;
    ensure!(kept["enabled"] == false, "a change switches nothing on: {kept}");
    for id in [&id, &hook] {
        desktop.cli(&["delivery", "remove", id]).await?.succeeded()?;
    }
    ensure!(desktop.keyring().items().await?.len() == before, "a secret is left behind");
    ensure!(
        desktop.cli(&["--json", "delivery", "list"]).await?.succeeded()?.json()?.is_empty(),
        "one is left"
    );
    ensure!(cookie.exists(), "what was delivered stays");
    let presets = desktop.cli(&["--json", "delivery", "presets"]).await?.succeeded()?.json()?;
    ensure!(presets.len() == 16 && presets[0]["name"] == "meting", "it lists {} presets", presets.len());
    desktop.ensure_no_secret_leaked(&[]).await
}
