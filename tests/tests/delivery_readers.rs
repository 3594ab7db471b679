//! What deliveries have written is read by the tools that each preset is for, unmodified, installed from their
//! registries; those that no registry has are played as their documentation says.

use std::path::Path;
use std::process::Stdio;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tunekey_tests::desktop::key_of;
use tunekey_tests::fixtures::{NETEASE, QQ};
use tunekey_tests::readers::{Readers, node_packages, python_for_targets, python_with_packages, pythons};
use tunekey_tests::third_party::{driver, result, run};

/// Adds a delivery by a preset, tests it, and gives what the test came to.
async fn deliver(readers: &Readers, account: &str, preset: &str, answers: &[&str]) -> Result<String> {
    let words = [&["--json", "delivery", "add", account, preset], answers].concat();
    let added = readers.desktop.cli(&words).await?.succeeded()?.json()?;
    let id = added[0]["id"].as_str().context("it has no id")?.to_owned();
    let tested = readers.desktop.cli(&["--json", "delivery", "test", &id]).await?.succeeded()?.json()?;
    Ok(tested[0]["outcome"].as_str().context("it came to nothing")?.to_owned())
}

/// The same for a file, which is read back.
async fn deliver_to(
    readers: &Readers,
    account: &str,
    preset: &str,
    file: &Path,
    answers: &[&str],
) -> Result<()> {
    let path = format!("path={}", file.display());
    let outcome = deliver(readers, account, preset, &[&[path.as_str()], answers].concat()).await?;
    ensure!(outcome == "confirmed", "{preset}: it came to {outcome}");
    Ok(())
}

fn write(file: &Path, text: &str) -> Result<()> {
    std::fs::create_dir_all(file.parent().context("it is in a folder")?)?;
    Ok(std::fs::write(file, text)?)
}

async fn config(readers: &Readers, way: &str, arguments: &[&str]) -> Result<Value> {
    let mut reader = readers.reader(python_for_targets().await?);
    // The played targets are on this computer.
    for name in ["https_proxy", "HTTPS_PROXY"] {
        reader.env_remove(name);
    }
    result(&run(reader.arg(driver("read_config.py")).arg(way).args(arguments)).await?)
}

#[tokio::test(flavor = "multi_thread")]
async fn meting_reads_the_files_that_are_called_like_its_services() -> Result<()> {
    let readers = Readers::start().await?;
    let folder = readers.folder().join("cookie");
    for (account, name) in [(QQ, "tencent"), (NETEASE, "netease")] {
        deliver_to(&readers, account, "meting", &folder.join(name), &[]).await?;
    }
    let mut meting = readers.reader("node");
    meting.arg(driver("read_cookies.mjs")).arg("meting").arg(folder.join("tencent"));
    let told = result(&run(meting.env("PACKAGES", node_packages().await?)).await?)?;
    let sent = told["cookies"][0].as_str().context("it asked nothing")?;
    ensure!(
        told["uin"] == "10001" && sent.contains(key_of(&readers.desktop.newest_credential(QQ)?)),
        "{told}"
    );
    let text = std::fs::read_to_string(folder.join("netease"))?;
    ensure!(text.trim() == text && !text.contains('\n'), "it is one header, and nothing else");
    let names: Vec<_> = std::fs::read_dir(&folder)?.flatten().map(|entry| entry.file_name()).collect();
    ensure!(names.len() == 2, "something is left beside them, which its watch would see: {names:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_calls_netease_cloud_music_api_reads_its_variable_and_signs_its_requests() -> Result<()> {
    let readers = Readers::start().await?;
    let (env, header) = (readers.folder().join(".env"), readers.folder().join("header"));
    write(&env, "# mine\r\nPORT=3000\r\nNCM='old'\r\n")?;
    deliver_to(&readers, NETEASE, "ncm-api", &env, &["variable=NCM"]).await?;
    let mut node = readers.reader("node");
    node.arg(driver("read_cookies.mjs")).arg("dotenv").arg(&env).env("PACKAGES", node_packages().await?);
    let mut python = readers.reader(python_with_packages().await?);
    python.arg(driver("read_dotenv.py")).arg(&env);
    for reader in [&mut node, &mut python] {
        let read = result(&run(reader).await?)?;
        ensure!(read["PORT"] == "3000", "another variable has changed: {}", read["PORT"]);
        write(&header, read["NCM"].as_str().context("there is no cookie")?)?;
        let mut api = readers.reader("node");
        api.arg(driver("read_cookies.mjs")).arg("netease").arg(&header);
        readers.names(NETEASE, &run(api.env("PACKAGES", node_packages().await?)).await?)?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn unblock_netease_music_reads_its_variables_which_it_takes_with_their_quotes() -> Result<()> {
    let readers = Readers::start().await?;
    let env = readers.folder().join("unblock/.env");
    write(&env, "ENABLE_FLAC=true\n")?;
    deliver_to(&readers, QQ, "unblock-netease-music", &env, &["variable=QQ_COOKIE"]).await?;
    deliver_to(&readers, NETEASE, "unblock-netease-music", &env, &["variable=NETEASE_COOKIE"]).await?;
    let mut server = readers.reader("node");
    server.current_dir(env.parent().context("it is in a folder")?).arg("-e").arg(
        "require(process.env.PACKAGES + '/node_modules/@unblockneteasemusic/server/src/dotenv').loadDotenv().then(() => \
         console.log(JSON.stringify(process.env)))",
    );
    let read = result(&run(server.env("PACKAGES", node_packages().await?)).await?)?;
    let key = |account| readers.desktop.newest_credential(account).map(|one| key_of(&one).to_owned());
    ensure!(read["ENABLE_FLAC"] == "true", "another variable has changed");
    ensure!(read["QQ_COOKIE"] == format!("uin=10001; qm_keyst={}", key(QQ)?), "it is {}", read["QQ_COOKIE"]);
    ensure!(read["NETEASE_COOKIE"] == format!("MUSIC_U={}", key(NETEASE)?), "it is another");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn qqmusic_api_python_works_with_the_key_in_its_accounts() -> Result<()> {
    let readers = Readers::start().await?;
    let accounts = readers.folder().join("accounts.toml");
    write(
        &accounts,
        "# two of them\n[[account]]\nmusicid = 10001\nmusickey = 'old' # changes\nrefresh_key = ''\n\n[[account]]\nmusicid = 2\nmusickey = 'stays'\n",
    )?;
    deliver_to(&readers, QQ, "qqmusic-api-web", &accounts, &[]).await?;
    let read = config(&readers, "toml", &[&accounts.to_string_lossy()]).await?;
    ensure!(
        read["account"][1]["musickey"] == "stays" && read["account"][0]["refresh_key"] == "",
        "it is {read}"
    );
    let credential = readers.folder().join("credential.json");
    write(&credential, &read["account"][0].to_string())?;
    let mut client = readers.reader(python_with_packages().await?);
    let told = result(&run(client.arg(driver("use_credential.py")).arg(&credential)).await?)?;
    ensure!(told["musicid"] == 10_001 && told["expired"] == false, "it says {told}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn lx_music_api_server_finds_the_keys_of_both_platforms_and_all_else_as_it_was() -> Result<()> {
    let readers = Readers::start().await?;
    let file = readers.folder().join("data/config.json");
    let user =
        json!({ "uin": "0", "token": "old", "refreshKey": "", "refreshLogin": false, "vipType": "vip" });
    let before = json!({
        "security": { "key_verify": { "enable": true, "list": ["a"] } },
        "modules": { "platform": { "tx": { "users": [user] }, "wy": { "users": [{ "cookie": "old" }] } } },
    });
    write(&file, &format!("{before:#}"))?;
    deliver_to(&readers, QQ, "lx-music-api-server", &file, &[]).await?;
    deliver_to(&readers, NETEASE, "lx-music-api-server", &file, &["platform=wy"]).await?;
    let mut read = config(&readers, "json", &[&file.to_string_lossy()]).await?;
    let platform = &mut read["modules"]["platform"];
    let tx = platform["tx"]["users"][0].clone();
    ensure!(
        tx["uin"] == "10001" && tx["token"] == key_of(&readers.desktop.newest_credential(QQ)?),
        "it is {tx}"
    );
    let wy = platform["wy"]["users"][0]["cookie"].take();
    ensure!(wy.as_str().is_some_and(|cookie| cookie.contains("MUSIC_U=")), "it is {wy}");
    platform["wy"]["users"][0]["cookie"] = "old".into();
    platform["tx"]["users"][0]["uin"] = "0".into();
    platform["tx"]["users"][0]["token"] = "old".into();
    ensure!(read == before, "something else has changed: {read}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn yt_dlp_curl_and_every_python_get_the_session_out_of_the_file_for_yt_dlp() -> Result<()> {
    let readers = Readers::start().await?;
    let certificate = readers.desktop.sandbox.root().join("ca.pem");
    for account in [QQ, NETEASE] {
        let (file, url) = (readers.folder().join("cookies.txt"), readers.whose(account)?);
        deliver_to(&readers, account, "yt-dlp", &file, &[]).await?;
        let mut client = readers.reader(python_with_packages().await?);
        client.arg(driver("read_cookies_with_yt_dlp.py")).arg(&file).arg(&url);
        readers.names(account, &run(&mut client).await?).context("yt-dlp")?;
        let mut curl = readers.reader("curl");
        curl.arg("--silent").arg("--cacert").arg(&certificate).arg("--cookie").arg(&file).arg(&url);
        readers.names(account, &run(&mut curl).await?).context("curl")?;
        for python in pythons().await? {
            let mut jar = readers.reader(python);
            jar.arg(driver("read_cookies.py")).arg("jar").arg(&file).arg(&url);
            readers.names(account, &run(&mut jar).await?).with_context(|| python.display().to_string())?;
        }
    }
    Ok(())
}

/// The targets that no registry has, played on this computer.
struct Targets {
    address: String,
    log: std::path::PathBuf,
    _process: Child,
}

impl Targets {
    async fn start(readers: &Readers) -> Result<Self> {
        let log = readers.folder().join("targets.log");
        let mut process = Command::new(python_for_targets().await?)
            .arg(driver("play_targets.py"))
            .arg(&log)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let mut port = String::new();
        let printed = process.stdout.take().context("it prints nowhere")?;
        BufReader::new(printed).read_line(&mut port).await?;
        Ok(Self { address: format!("http://127.0.0.1:{}", port.trim()), log, _process: process })
    }

    /// The bodies that came to a path, oldest first.
    fn bodies(&self, path: &str) -> Result<Vec<String>> {
        let mut bodies = Vec::new();
        for line in std::fs::read_to_string(&self.log)?.lines() {
            let request: Value = serde_json::from_str(line)?;
            if request["path"] == path {
                bodies.push(request["body"].as_str().unwrap_or_default().to_owned());
            }
        }
        Ok(bodies)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn py_cookie_cloud_decrypts_the_cookies_of_both_services_and_what_others_have_put_there() -> Result<()>
{
    let readers = Readers::start().await?;
    let targets = Targets::start(&readers).await?;
    let password = readers.folder().join("password");
    write(&password, "correct horse battery staple\n")?;
    let (url, secret) = (format!("url={}", targets.address), format!("password={}", password.display()));
    for (cipher, way) in [("legacy", "cloud"), ("aes-128-cbc-fixed", "fixed-cloud")] {
        let (uuid, named) = (format!("uuid=ours-{way}"), format!("cipher={cipher}"));
        for account in [QQ, NETEASE] {
            let answers = [&url, &uuid, &named, "plain-http=yes", "--secret", &secret];
            let outcome = deliver(&readers, account, "cookiecloud", &answers).await?;
            ensure!(outcome == "confirmed", "{account} {cipher}: it came to {outcome}");
        }
        let place = password.to_string_lossy();
        let read = config(&readers, way, &[&targets.address, &format!("ours-{way}"), &place]).await?;
        for (account, domain, name) in [(QQ, ".y.qq.com", "qm_keyst"), (NETEASE, ".music.163.com", "MUSIC_U")]
        {
            let cookies = read[domain].as_array().with_context(|| format!("{cipher}: no {domain}"))?;
            let found = cookies.iter().find(|cookie| cookie["name"] == name).context("no session")?;
            let newest = readers.desktop.newest_credential(account)?;
            ensure!(found["value"] == key_of(&newest), "{cipher}: the session is another");
        }
    }
    ensure!(!std::fs::read_to_string(&targets.log)?.contains("MUSIC_U"), "something was sent as it is");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_independent_library_verifies_the_webhook_and_home_assistant_gets_no_cookie() -> Result<()> {
    let readers = Readers::start().await?;
    let targets = Targets::start(&readers).await?;
    for (signature, path, secret) in [
        ("standard", "/standard", "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"),
        ("github", "/github", "It's a Secret to Everybody"),
    ] {
        let file = readers.folder().join(signature);
        write(&file, secret)?;
        let (url, named) = (format!("url={}{path}", targets.address), format!("signature={signature}"));
        let signing = format!("signing={}", file.display());
        let answers = [&url, &named, "plain-http=yes", "--secret", &signing];
        let outcome = deliver(&readers, NETEASE, "webhook", &answers).await?;
        ensure!(outcome == "confirmed" || outcome == "accepted", "{signature}: it came to {outcome}");
        let body: Value = serde_json::from_str(&targets.bodies(path)?[0])?;
        let cookie = body["cookie"].as_str().context("it has no cookie")?;
        ensure!(
            cookie.contains(key_of(&readers.desktop.newest_credential(NETEASE)?)),
            "it is another cookie"
        );
    }
    let id = readers.folder().join("webhook-id");
    write(&id, "a-long-random-id")?;
    let (url, secret) = (format!("url={}", targets.address), format!("webhook={}", id.display()));
    let answers = [&url, "plain-http=yes", "--secret", &secret];
    let outcome = deliver(&readers, NETEASE, "home-assistant", &answers).await?;
    ensure!(outcome == "sent", "it answers the same to everything, and this came to {outcome}");
    let body = &targets.bodies("/api/webhook/a-long-random-id")?[0];
    let told: Value = serde_json::from_str(body)?;
    ensure!(told["outcome"] == "renewed" && !body.contains("MUSIC_U"), "it is told {told}");
    ensure!(!body.contains(key_of(&readers.desktop.newest_credential(NETEASE)?)), "the session was sent");
    Ok(())
}
