//! The command line as it is built for Windows, in Wine, where it serves programs: with encrypted files, as a daemon,
//! and with the local API.

use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use tunekey_core::{Method, SignInOption};
use tunekey_services::{netease, qqmusic};
use tunekey_tests::canary::{CANARY, Canaries};
use tunekey_tests::cli::Cli;
use tunekey_tests::eventually::until;
use tunekey_tests::fixtures::{NETEASE, QQ};
use tunekey_tests::local_api::{LocalApi, SERVE};
use tunekey_tests::machine::{Machine, System};
use tunekey_tests::sandbox::Sandbox;

/// A profile as people name them.
const PROFILE: &str = r"C:\用户 资料\Tune Key";

/// Where the user's programs keep what stays on this computer, on Wine's disk.
const DAEMONS: &str = "AppData/Local/TuneKey/cache/daemons";

/// What is in front of every encrypted file (age-encryption.org/v1).
const AGE: &[u8] = b"age-encryption.org/v1\n";

const QQ_SCAN: SignInOption = SignInOption { service: qqmusic::ID, method: Method::QqScan };
const APP_SCAN: SignInOption = SignInOption { service: netease::ID, method: Method::AppScan };

/// A Windows whose profile keeps its credentials in encrypted files, and the file with the identity.
async fn windows() -> Result<(Machine, PathBuf)> {
    let machine = Machine::start(System::Windows, Sandbox::new()?, PROFILE).await?;
    let made = object(&machine, &["--json", "store", "identity"]).await?;
    let identity = machine.outside(made["identity"].as_str().context("it names no file")?)?;
    ensure!(identity.is_file(), "there is no {}", identity.display());
    machine.cli(&["--store", "file", "accounts"]).await?.succeeded()?;
    Ok((machine, identity))
}

/// What a command prints, which is one JSON object.
async fn object(machine: &Machine, words: &[&str]) -> Result<Value> {
    let mut lines = machine.cli(words).await?.succeeded()?.json()?;
    ensure!(lines.len() == 1, "it printed {lines:?}");
    lines.pop().context("it printed nothing")
}

/// What is in the folder of the daemons' pipes: the names of the files.
fn pipes(machine: &Machine) -> Result<Vec<PathBuf>> {
    let users = std::fs::read_dir(machine.disk()?.join("users"))?.flatten();
    let folders = users.filter_map(|user| std::fs::read_dir(user.path().join(DAEMONS)).ok());
    let files = folders.flatten().flatten().map(|entry| entry.path());
    Ok(files.filter(|path| path.extension().is_some_and(|end| end == "pipe")).collect())
}

/// Starts a daemon, and waits until it can be asked.
async fn daemon(machine: &Machine, before: &[u8]) -> Result<(Cli, PathBuf)> {
    let mut daemon = machine.start_cli(&["--json", "daemon"])?;
    daemon.next_line().await?;
    let pipe = until("the daemon to listen", || async {
        let pipe = pipes(machine)?.pop().context("no file leads to its pipe")?;
        let name = std::fs::read(&pipe)?;
        ensure!(!name.is_empty() && name != before, "it is the one before");
        Ok(pipe)
    })
    .await?;
    Ok((daemon, pipe))
}

#[tokio::test(flavor = "multi_thread")]
async fn encrypted_files_keep_everything_and_move_to_the_credential_manager() -> Result<()> {
    let (machine, identity) = windows().await?;
    machine.sign_in(QQ_SCAN).await?;
    machine.sign_in(APP_SCAN).await?;
    ensure!(machine.credentials()?.is_empty(), "the Credential Manager holds {:?}", machine.credentials()?);
    let secrets = machine.outside(PROFILE)?.join("secrets");
    let files = || -> Result<Vec<PathBuf>> {
        let files = std::fs::read_dir(&secrets)?.flatten().map(|entry| entry.path());
        Ok(files.filter(|path| path.extension().is_some_and(|end| end == "age")).collect())
    };
    ensure!(!files()?.is_empty(), "there is no encrypted file");
    for file in files()? {
        ensure!(std::fs::read(&file)?.starts_with(AGE), "{} is not encrypted", file.display());
    }
    for account in [QQ, NETEASE] {
        machine.cli(&["renew", account]).await?.succeeded()?;
        let cookie = machine.cli(&["cookie", account]).await?.succeeded()?;
        ensure!(cookie.stdout.contains(CANARY), "{account}: no key");
    }
    let canaries = Canaries::new([CANARY.to_owned()])?;
    canaries.check_files(&machine.outside(PROFILE)?, &machine.sandbox.keyrings())?;

    // Without the identity nothing is opened, and the words say so.
    let hidden = identity.with_extension("hidden");
    std::fs::rename(&identity, &hidden)?;
    let alone = machine.cli(&["--json", "cookie", QQ]).await?.exited_with(7)?;
    ensure!(alone.problem()? == "identity_missing", "it says {}", alone.stdout);
    std::fs::rename(&hidden, &identity)?;

    machine.cli(&["store", "move", "keychain"]).await?.succeeded()?;
    ensure!(!machine.credentials()?.is_empty(), "the Credential Manager holds nothing");
    ensure!(files()?.is_empty(), "files stay behind: {:?}", files()?);
    machine.cli(&["check", QQ]).await?.succeeded()?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_answers_who_bears_a_token_until_ctrl_c() -> Result<()> {
    let (machine, _) = windows().await?;
    machine.sign_in(QQ_SCAN).await?;
    let made = async |name, scope| -> Result<String> {
        let made = object(&machine, &["--json", "token", "add", name, "--scope", scope]).await?;
        Ok(made["token"].as_str().context("no token")?.to_owned())
    };
    let (status, cookie) = (made("status", "status").await?, made("cookie", "cookie").await?);
    let api = LocalApi::started(machine.start_cli(&SERVE)?).await?;
    let path = format!("/v1/accounts/{QQ}/cookie");
    for path in ["/v1/accounts", &path] {
        let status = api.get_without_token(path).await?;
        ensure!(status == 401, "{path} without a token: {status}");
    }
    let (code, accounts) = api.get("/v1/accounts", &status).await?;
    ensure!(code == 200 && accounts.to_string().contains(QQ), "it answers {code} {accounts}");
    let (code, refused) = api.get(&path, &status).await?;
    ensure!(code == 403, "without the scope it answers {code} {refused}");
    let (code, value) = api.get(&path, &cookie).await?;
    ensure!(code == 200 && value.to_string().contains(CANARY), "it answers {code}");
    machine.interrupt("tunekey")?;
    let output = api.into_cli().wait_for_exit().await?.succeeded()?;
    ensure!(!output.stdout.contains(&status) && !output.stderr.contains(&cookie), "a token is printed");
    let canaries = Canaries::new([CANARY.to_owned(), status, cookie])?;
    canaries.check("what it printed", &output.stdout)?;
    canaries.check("what it logged", &output.stderr)?;
    canaries.check_files(&machine.outside(PROFILE)?, &machine.sandbox.keyrings())
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_ask_the_daemon_over_its_pipe_and_believe_no_dead_one() -> Result<()> {
    let (mut machine, identity) = windows().await?;
    machine.sign_in(QQ_SCAN).await?;
    // Only the daemon is told where the identity is.
    let credentials = machine.sandbox.root().join("run/credentials");
    std::fs::create_dir(&credentials)?;
    std::fs::rename(&identity, credentials.join("tunekey-identity"))?;
    let told = machine.spelt(&credentials);
    machine.sandbox.set("CREDENTIALS_DIRECTORY", told.clone());
    let (running, pipe) = daemon(&machine, b"").await?;

    machine.sandbox.set("CREDENTIALS_DIRECTORY", "");
    let got = object(&machine, &["--json", "get", QQ]).await?;
    ensure!(got["generation"] == 1 && got["value"].is_string(), "it is no value");
    ensure!(object(&machine, &["--json", "rejected", QQ]).await?["outcome"] == "accepted", "it works");
    let nobody = machine.cli(&["--json", "get", "nobody"]).await?.exited_with(3)?;
    ensure!(nobody.problem()? == "not_found", "it says {}", nobody.stdout);
    let alone = async |machine: &Machine| -> Result<()> {
        let alone = machine.cli(&["--json", "get", QQ]).await?.exited_with(7)?;
        ensure!(alone.problem()? == "identity_missing", "it says {}", alone.stdout);
        Ok(())
    };

    // Killed, it leaves the name of its pipe behind, and the next one has another name.
    let name = std::fs::read(&pipe)?;
    machine.kill("tunekey")?;
    let _ended = running.wait_for_exit().await?;
    ensure!(std::fs::read(&pipe)? == name, "it was not killed");
    alone(&machine).await?;
    machine.sandbox.set("CREDENTIALS_DIRECTORY", told);
    let (running, pipe) = daemon(&machine, &name).await?;
    machine.sandbox.set("CREDENTIALS_DIRECTORY", "");
    ensure!(object(&machine, &["--json", "get", QQ]).await?["value"].is_string(), "it is no value");

    machine.interrupt("tunekey")?;
    running.wait_for_exit().await?.succeeded()?;
    ensure!(!pipe.exists(), "{} stays behind", pipe.display());
    alone(&machine).await
}
