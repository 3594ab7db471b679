//! Clients that others wrote, unmodified and installed from their registries, complete their flows with the simulator, which
//! shows that it simulates the services faithfully.

// This is a test: how long it may take is measured in real time.
#![allow(clippy::disallowed_methods)]

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use tokio::process::Command;
use tokio::sync::OnceCell;
use tunekey_simulator::{CodeState, Options, Running, Service, Simulator};
use tunekey_tests::third_party::{self, driver, result, run};

const QQMUSIC: &str = "qqmusic-api-python==0.8.2";
/// With it, and only with it, the client's MQTT library goes through a proxy.
const PROXIES: &str = "PySocks==1.7.1";
const NETEASE: &str = "NeteaseCloudMusicApi";
const NETEASE_VERSION: &str = "4.32.0";
/// Where the clients are installed and keep their files: inside the build's own folder.
fn place(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("real-clients").join(name)
}

/// A client's own environment: only the proxy it is given, and a folder of its own for temporary files.
fn client(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.env("TMPDIR", folder).env("HOME", folder);
    for name in ["NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy", "https_proxy"]
    {
        command.env_remove(name);
    }
    command
}

/// A simulator, and the certificate to trust in a file.
async fn simulator(folder: &Path) -> Result<(Running, PathBuf)> {
    std::fs::create_dir_all(folder)?;
    let mut options = Options::default();
    let ca = folder.join("ca.pem");
    options.ca_out = Some(ca.clone());
    Ok((Simulator::start(options).await?, ca))
}

/// Scans the code once the client has polled it, and confirms it once the client has seen it scanned.
async fn scan_and_confirm(simulator: &Running, service: Service, account: &str) -> Result<()> {
    let code = simulator.next_code(service, 0).await;
    let (id, is_pushed) = (code.id, service == Service::QqMusic && code.method == "app_scan");
    let polled = async |wanted: CodeState, after: u32| {
        simulator
            .until(|state| {
                let code = state.code(id).ok()?;
                (code.state == wanted && code.polls > after).then_some(code.polls)
            })
            .await
    };
    let polls = polled(CodeState::Shown, 0).await;
    simulator.scan(id, Some(account))?;
    if !is_pushed {
        polled(CodeState::Scanned, polls).await;
    }
    simulator.confirm(id)?;
    Ok(())
}

async fn install_qqmusic() -> Result<&'static Path> {
    static PYTHON: OnceCell<PathBuf> = OnceCell::const_new();
    let install =
        async || third_party::install_python(&place("qqmusic-api-python"), &[QQMUSIC, PROXIES]).await;
    Ok(PYTHON.get_or_try_init(install).await?.as_path())
}

async fn install_netease() -> Result<&'static Path> {
    static FOLDER: OnceCell<PathBuf> = OnceCell::const_new();
    let install = async || {
        let folder = place("NeteaseCloudMusicApi");
        third_party::install_node(&folder, &[(NETEASE, NETEASE_VERSION)]).await?;
        anyhow::Ok(folder)
    };
    Ok(FOLDER.get_or_try_init(install).await?.as_path())
}

/// The client with one kind of sign-in, and an account with its nickname and membership level.
async fn qqmusic(login: &str, account: &str, name: &str, level: u32) -> Result<()> {
    let python = install_qqmusic().await?;
    let folder = place(&format!("qqmusic-{login}"));
    let (simulator, ca) = simulator(&folder).await?;
    // The client forgets what a renewal does not repeat, and without an openid no WeChat account renews twice.
    simulator.configure(|settings| {
        settings.sparse_renewals = login != "WX";
        // It loses an acknowledgement that is there before it has noted what for.
        settings.push_latency_ms = 300;
    });
    let mut command = client(python, &folder);
    command
        .arg(driver("qqmusic.py"))
        .arg(login)
        .env("HTTPS_PROXY", &simulator.proxy_url)
        .env("REQUESTS_CA_BUNDLE", &ca)
        // What its MQTT library goes by.
        .env("mqtt_proxy", &simulator.proxy_url)
        .env("SSL_CERT_FILE", &ca)
        .env("DEVICE_FILE", folder.join("device.json"));
    let (output, ()) =
        tokio::try_join!(run(&mut command), scan_and_confirm(&simulator, Service::QqMusic, account))
            .with_context(|| format!("{:?}", simulator.broken_rules()))?;
    let told = result(&output)?;

    // A long poll that is held says nothing until somebody scans.
    let events = if login == "WX" { json!(["CONF", "DONE"]) } else { json!(["SCAN", "CONF", "DONE"]) };
    assert_eq!(told["events"], events);
    assert_eq!(told["musicid"].to_string(), account.trim_start_matches("qqmusic:"));
    assert_eq!((&told["name"], &told["level"]), (&json!(name), &json!(level)));
    assert_eq!(
        told["expired"],
        json!([false, false, true]),
        "good, good after two renewals, ended by the sign-out"
    );
    let issued = simulator.ledger();
    let keys: Vec<&str> = issued.iter().map(|credential| credential.secrets["musickey"].as_str()).collect();
    assert_eq!(told["keys"], json!(keys), "every key that was issued arrived");
    assert_eq!(simulator.renewals().get(account), Some(&2));
    assert!(issued.iter().all(|credential| credential.is_signed_out()));
    assert_eq!(simulator.broken_rules().len(), 0, "{:?}", simulator.broken_rules());
    Ok(())
}

#[tokio::test]
async fn qqmusic_api_python_signs_in_by_qq_scan_checks_renews_and_signs_out() -> Result<()> {
    qqmusic("QQ", "qqmusic:10004", "Super 🎧 Listener", 8).await
}

#[tokio::test]
async fn qqmusic_api_python_signs_in_by_wechat_scan_checks_renews_and_signs_out() -> Result<()> {
    qqmusic("WX", "qqmusic:1152921504606847123", "微信听众", 0).await
}

#[tokio::test]
async fn qqmusic_api_python_signs_in_by_app_scan_over_a_redirected_push_checks_renews_and_signs_out()
-> Result<()> {
    qqmusic("MOBILE", "qqmusic:10004", "Super 🎧 Listener", 8).await
}

/// The package as one of its clients; `renews` says whether that client can renew.
async fn netease(login: &str, renews: bool) -> Result<()> {
    let package = install_netease().await?;
    let folder = place(&format!("netease-{login}"));
    let (simulator, ca) = simulator(&folder).await?;
    let mut command = client(Path::new("node"), &folder);
    command
        .arg(driver("netease.mjs"))
        .arg(login)
        .env("TUNNEL", simulator.proxy_url.replace("http://", "https://"))
        .env("NODE_EXTRA_CA_CERTS", &ca)
        .env("PACKAGE", package);
    let (output, ()) =
        tokio::try_join!(run(&mut command), scan_and_confirm(&simulator, Service::NetEase, "netease:90004"))?;
    let told = result(&output)?;

    assert_eq!(told["codes"], json!([801, 802, 803]));
    assert_eq!(told["late"], 800, "the session is given once");
    let name = json!("SVIP 🎸");
    assert_eq!(told["scanned"]["nickname"], name);
    assert_eq!((&told["nickname"], &told["sameNickname"]), (&name, &json!([name, name, name])));
    assert_eq!(told["vipCodes"], json!([300, 300]));
    assert_eq!(told["renewed"], json!({"code": 200, "bizCode": "201"}));
    let outcome = if renews { "201" } else { "400" };
    assert_eq!(told["sameWay"], json!({"code": 200, "bizCode": outcome}));
    assert_eq!((&told["out"], &told["atLast"]["account"]), (&json!(200), &Value::Null));
    let issued = simulator.ledger();
    let session = |index: usize| issued.get(index).map(|credential| credential.secrets["MUSIC_U"].clone());
    assert_eq!(told["sessions"], json!([session(0), session(issued.len() - 1)]), "what was issued arrived");
    assert!(issued.iter().all(|credential| credential.is_signed_out()));
    assert_eq!(simulator.broken_rules().len(), 0, "{:?}", simulator.broken_rules());
    Ok(())
}

#[tokio::test]
async fn netease_cloud_music_api_signs_in_and_asks_as_the_desktop_client() -> Result<()> {
    netease("eapi", false).await
}

#[tokio::test]
async fn netease_cloud_music_api_signs_in_asks_and_renews_as_the_web_page() -> Result<()> {
    netease("weapi", true).await
}

#[tokio::test]
async fn netease_cloud_music_api_signs_in_and_asks_in_clear() -> Result<()> {
    netease("api", false).await
}
