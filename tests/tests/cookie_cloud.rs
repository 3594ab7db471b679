//! A CookieCloud between a browser and TuneKey, played on loopback: what a delivery has put there is what is taken from
//! it.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use anyhow::{Result, ensure};
use tunekey_tests::canary::CANARY;
use tunekey_tests::desktop::Desktop;
use tunekey_tests::fixtures::{NETEASE, QQ};
use tunekey_tests::push_server::{PushServer, Received};
use tunekey_tests::window::QUIT_LIMIT;

/// A server with its API root below `/cloud`, as its own keeps what browsers upload.
async fn cloud() -> Result<PushServer> {
    let kept = Mutex::<BTreeMap<String, String>>::default();
    PushServer::start_with(move |Received { method, path, json, .. }| {
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        match (method.as_str(), path.strip_prefix("/cloud/")) {
            ("POST", Some("update")) => {
                kept.insert(json["uuid"].as_str().unwrap_or_default().to_owned(), json.to_string());
                (200, r#"{"action":"done"}"#.to_owned())
            }
            ("GET", Some(path)) => match path.strip_prefix("get/").and_then(|uuid| kept.get(uuid)) {
                Some(blob) => (200, blob.clone()),
                None => (404, "Not Found".to_owned()),
            },
            _ => (200, "<html>".to_owned()),
        }
    })
    .await
}

/// A file outside of what is searched for secrets, with the password in it.
fn password_file(folder: &Path, password: &str) -> Result<String> {
    let path = folder.join("password");
    std::fs::File::create(&path)?.write_all(format!("{password}\n").as_bytes())?;
    Ok(path.display().to_string())
}

/// Has the browser's part played by an account that delivers there and is then removed here.
async fn uploaded(desktop: &Desktop, server: &PushServer, account: &str, password: &str) -> Result<()> {
    desktop.sign_in(account).await?;
    let (url, secret) = (format!("url={}/cloud", server.url()), format!("password={password}"));
    let add = ["--json", "delivery", "add", account, "cookiecloud", &url, "uuid=browser", "plain-http=yes"];
    let added = desktop.cli(&[&add[..], &["--secret", &secret]].concat()).await?.succeeded()?.json()?;
    let id = added[0]["id"].as_str().unwrap_or_default().to_owned();
    desktop.cli(&["delivery", "send", &id]).await?.succeeded()?;
    desktop.cli(&["forget", account]).await?.succeeded().map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_browser_has_uploaded_is_a_way_in_that_the_browser_goes_on_renewing() -> Result<()> {
    let desktop = Desktop::start().await?;
    let (server, folder) = (cloud().await?, tempfile::tempdir()?);
    let password = password_file(folder.path(), &format!("{CANARY}-password"))?;
    for account in [QQ, NETEASE] {
        uploaded(&desktop, &server, account, &password).await?;
    }
    let url = format!("{}/cloud", server.url());
    let from = |url: &str, uuid: &str, password: &str, more: &[&str]| {
        let words = ["--json", "import", "--cookiecloud", url, "--uuid", uuid, "--password", password];
        [&words[..], more].concat().into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let elsewhere = tempfile::tempdir()?;
    let wrong = password_file(elsewhere.path(), "another")?;
    for (arguments, code, says) in [
        (from(&url, "browser", &wrong, &["--plain-http"]), 2, "another password"),
        (from(&url, "nobody", &password, &["--plain-http"]), 3, "nothing under that uuid"),
        (from(&server.url(), "browser", &password, &["--plain-http"]), 1, "no CookieCloud server"),
        (from(&url, "browser", &password, &[]), 2, "not encrypted"),
        (from(&url, "browser", &password, &["--plain-http"]), 2, "Say which"),
    ] {
        let output = desktop.cli(&arguments).await?;
        ensure!(output.code == code, "{says}: it ends with {} and says {}", output.code, output.stderr);
        ensure!(output.stderr.contains(says) || output.stdout.contains(says), "{says}: {}", output.stderr);
    }
    for account in [QQ, NETEASE] {
        let service = account.split(':').next().unwrap_or_default();
        let arguments = from(&url, "browser", &password, &["--plain-http", service]);
        desktop.cli(&arguments).await?.succeeded()?;
        let shown = desktop.cli(&["--json", "show", account]).await?.succeeded()?.json()?;
        ensure!(shown[0]["method"] == "cookiecloud" && shown[0]["life"]["renew_at"].is_null(), "{shown:?}");
        desktop.cli(&["check", account]).await?.succeeded()?;
        let renewed = desktop.cli(&["--json", "renew", account]).await?;
        ensure!(renewed.exited_with(5)?.problem()? == "not_renewable", "two would renew it");
        let cookie = desktop.cli(&["cookie", account]).await?.succeeded()?.stdout;
        ensure!(!cookie.contains("refresh") && !cookie.contains("MUSIC_R_U"), "what renews it came along");
    }
    // A sign-in of TuneKey's own is not replaced by it.
    desktop.sign_in(QQ).await?;
    let refused = desktop.cli(&from(&url, "browser", &password, &["--plain-http", "qqmusic"])).await?;
    ensure!(refused.code == 2, "it took the place of a sign-in: {}", refused.stderr);
    let shown = desktop.cli(&["--json", "show", QQ]).await?.succeeded()?.json()?;
    ensure!(shown[0]["method"] == "qq-scan", "it says {shown:?}");
    desktop.ensure_no_secret_leaked(&[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_window_the_password_goes_from_the_clipboard_to_the_program_and_the_host_is_asked_about()
-> Result<()> {
    let desktop = Desktop::start().await?;
    let (server, folder) = (cloud().await?, tempfile::tempdir()?);
    let password = format!("{CANARY}-password");
    uploaded(&desktop, &server, QQ, &password_file(folder.path(), &password)?).await?;
    desktop.sign_in(NETEASE).await?;
    let window = desktop.window().await?;
    window.click("#s-add").await?;
    window.click("#c-qqmusic").await?;
    window.click("#s-m-cookiecloud").await?;
    window.fill("#cc-url", &format!("{}/cloud", server.url())).await?;
    window.fill("#cc-uuid", "browser").await?;
    window.click("#cc-plain").await?;
    let before = server.received().len();
    for (text, yes, says) in
        [("another", true, "another password"), (password.as_str(), false, ""), (password.as_str(), true, "")]
    {
        desktop.clipboard().put(text).await?;
        window.click("#dq-cookiecloud-password-b").await?;
        window.click("#cc-read").await?;
        desktop.answer_dialog("Read your browser", yes).await?;
        if !says.is_empty() {
            window.wait_for_text(".banner", says).await?;
        }
    }
    window.wait_for_state("found").await?;
    ensure!(server.received().len() == before + 2, "it was asked although the person said no");
    window.click("#q-primary").await?;
    window.wait_for_state("success").await?;
    window.click("#q-open").await?;
    window.wait_for_text("#a-handed", "From your browser").await?;
    desktop.ensure_no_secret_leaked(&[&window]).await?;
    window.quit(QUIT_LIMIT).await
}
