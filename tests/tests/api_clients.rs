//! Clients of the local API that know nothing of TuneKey: two that were written from the public text of the vkeys API,
//! in Python and in a browser, and one that makes its requests of the description.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::Command;
use tunekey_simulator::{AutoConfirm, CodeState};
use tunekey_tests::desktop::key_of;
use tunekey_tests::eventually::{TIMEOUT, until};
use tunekey_tests::fixtures::{NETEASE, QQ};
use tunekey_tests::local_api::{LocalApi, token};
use tunekey_tests::server::Server;
use tunekey_tests::third_party::{driver, install_python, run};
use tunekey_tests::web_page::WebPage;

const SCHEMATHESIS: &str = "schemathesis==4.32.5";

/// Scans and confirms the code that is shown.
async fn scan(server: &Server) -> Result<()> {
    let code = until("a code", || async {
        let codes = server.simulator.codes();
        let shown = codes.iter().rfind(|code| code.state == CodeState::Shown);
        shown.map(|code| code.id).context("none is shown")
    })
    .await?;
    server.simulator.scan(code, Some(QQ))?;
    server.simulator.confirm(code)?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_in_python_written_from_the_public_text_signs_in_and_renews() -> Result<()> {
    let server = Server::start().await?;
    let token = token(&server, "python", "sign-in,renew").await?;
    let api = LocalApi::start(&server, &[]).await?;
    let mut client = Command::new("python3");
    client.arg(driver("vkeys_client.py")).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut client = client.spawn().context("python3 is installed")?;
    let mut input = client.stdin.take().context("its input")?;
    input.write_all(format!("{}/k/{token}\n", api.address).as_bytes()).await?;
    let mut lines = BufReader::new(client.stdout.take().context("its output")?).lines();
    let mut step = async |wanted: &str| {
        let line = tokio::time::timeout(TIMEOUT, lines.next_line()).await.context("it says nothing")??;
        let said: Value = serde_json::from_str(&line.with_context(|| format!("it ended before {wanted}"))?)?;
        ensure!(said["step"] == wanted, "it says {said}");
        Ok(said)
    };
    step("picture").await?;
    scan(&server).await?;
    ensure!(step("signed_in").await?["uin"] == 10001, "it is somebody else");
    let renewed = step("renewed").await?;
    let digest = format!("{:x}", Sha256::digest(key_of(&server.newest_credential(QQ)?)));
    ensure!(renewed["is_another"] == true && renewed["key"] == digest, "it is not the newest key");
    ensure!(client.wait().await?.success(), "it did not end well");
    api.stop(&server).await?;
    server.ensure_no_secret_leaked()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_public_page_signs_in_in_a_browser_where_its_origin_is_allowed_and_gets_nothing_elsewhere()
-> Result<()> {
    let server = Server::start().await?;
    let token = token(&server, "page", "sign-in").await?;
    let html = std::fs::read_to_string(driver("vkeys_page.html"))?;
    let (allowed, other) = (WebPage::serve().await?, WebPage::serve().await?);
    let api = LocalApi::start(&server, &["--allow-origin", &allowed.origin()]).await?;
    let html = html.replace("BASE", &format!("{}/k/{token}", api.address));

    let opened = other.open(html.clone())?;
    ensure!(other.wait_for("error").await?["state"] == 2, "it tries again");
    ensure!(server.simulator.codes().is_empty(), "it has started a sign-in");
    drop(opened);

    let _opened = allowed.open(html)?;
    let picture = allowed.wait_for("picture").await?;
    ensure!(picture["width"].as_u64().is_some_and(|width| width > 100), "it shows {picture}");
    scan(&server).await?;
    ensure!(allowed.wait_for("signed_in").await?["uin"] == 10001, "it is somebody else");
    ensure!(
        !other.said().iter().any(|said| said["step"] != "error"),
        "the other page saw {:?}",
        other.said()
    );
    api.stop(&server).await?;
    server.ensure_no_secret_leaked()
}

#[tokio::test(flavor = "multi_thread")]
async fn schemathesis_finds_nothing_that_the_description_does_not_say() -> Result<()> {
    let place: PathBuf = Path::new(env!("CARGO_TARGET_TMPDIR")).join("schemathesis");
    let python = install_python(&place, &[SCHEMATHESIS]).await?;
    let server = Server::start().await?;
    for account in [QQ, NETEASE] {
        server.sign_in(account).await?;
    }
    // Its requests wait for streams to end: here they do.
    server.simulator.configure(|settings| settings.auto = Some(AutoConfirm { scan_ms: 50, confirm_ms: 50 }));
    let token = token(&server, "schemathesis", "status,cookie,renew,sign-in").await?;
    let api = LocalApi::start(&server, &[]).await?;
    let folder = tempfile::tempdir()?;
    let mut command = Command::new(python.with_file_name("schemathesis"));
    command.current_dir(folder.path()).env("HOME", folder.path()).env("TOKEN", &token);
    let settings = "headers = { Authorization = \"Bearer ${TOKEN}\" }\n";
    std::fs::write(folder.path().join("schemathesis.toml"), settings)?;
    command.args(["run", &format!("{}/openapi.json", api.address), "--url", &api.address]);
    command.args([
        "--checks",
        "all",
        "--max-examples",
        "8",
        "--request-timeout",
        "20",
        "--seed",
        "1",
        "--no-color",
    ]);
    // The one stream that has no end.
    command.args(["--exclude-path", "/v1/events"]);
    run(&mut command).await?;
    api.stop(&server).await?;
    server.ensure_no_secret_leaked()
}
