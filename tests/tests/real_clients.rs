//! Clients that others wrote, unmodified and installed from their registries, complete their flows with the simulator,
//! which shows that it simulates the services faithfully.

// This is a test: how long it may take is measured in real time.
#![allow(clippy::disallowed_methods)]

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use tunekey_simulator::Service;
use tunekey_tests::peers::{Peer, scan_and_confirm, simulator};
use tunekey_tests::third_party::{result, run};

/// Where the clients keep their files: inside the build's own folder.
fn place(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("real-clients").join(name)
}

/// The client with one kind of sign-in, and an account with its nickname and membership level.
async fn qqmusic(login: &str, account: &str, name: &str, level: u32) -> Result<()> {
    let folder = place(&format!("qqmusic-{login}"));
    let (simulator, ca) = simulator(&folder).await?;
    // The client forgets what a renewal does not repeat, and without an openid no WeChat account renews twice.
    simulator.configure(|settings| {
        settings.sparse_renewals = login != "WX";
        // It loses an acknowledgement that is there before it has noted what for.
        settings.push_latency_ms = 300;
    });
    let peer = Peer::install_qqmusic(Path::new(env!("CARGO_TARGET_TMPDIR"))).await?;
    let mut command = peer.command("qqmusic.py", login, &folder, &simulator, &ca);
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
    let folder = place(&format!("netease-{login}"));
    let (simulator, ca) = simulator(&folder).await?;
    let peer = Peer::install_netease(Path::new(env!("CARGO_TARGET_TMPDIR"))).await?;
    let mut command = peer.command("netease.mjs", login, &folder, &simulator, &ca);
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
