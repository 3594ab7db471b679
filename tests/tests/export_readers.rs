//! Exports are read by the programs that they are for, unmodified: those of the system, and clients that others wrote,
//! installed from their registries. Each makes a request to the simulator, whose response names the account.

use std::path::{Path, PathBuf};
use std::process::Output;

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::process::Command;
use tokio::sync::OnceCell;
use tunekey_tests::desktop::{Desktop, key_of};
use tunekey_tests::fixtures::{NETEASE, QQ};
use tunekey_tests::third_party::{self, driver, result, run};

const PYTHON_PACKAGES: [&str; 4] =
    ["yt-dlp==2026.10.26", "python-dotenv==1.2.4", "qqmusic-api-python==0.8.2", "PySocks==1.7.1"];
const NODE_PACKAGES: [(&str, &str); 3] =
    [("dotenv", "18.0.10"), ("@meting/core", "1.6.1"), ("NeteaseCloudMusicApi", "4.32.0")];

/// Two accounts, and their exports in files outside of what is searched for leaks: they are somebody's own.
struct Exports {
    desktop: Desktop,
    folder: tempfile::TempDir,
}

impl Exports {
    async fn new() -> Result<Self> {
        let desktop = Desktop::start().await?;
        for account in [QQ, NETEASE] {
            desktop.sign_in(account).await?;
        }
        Ok(Self { desktop, folder: tempfile::tempdir()? })
    }

    /// What `tunekey cookie … > FILE` leaves.
    async fn file(&self, account: &str, format: &str, more: &[&str]) -> Result<PathBuf> {
        let words = [&["cookie", account, "--format", format][..], more].concat();
        let output = self.desktop.cli(&words).await?.succeeded()?;
        let name = format!("{}-{format}{}", account.replace(':', "-"), more.join(""));
        let file = self.folder.path().join(name);
        std::fs::write(&file, output.stdout)?;
        Ok(file)
    }

    /// An address that says whose a cookie is.
    fn whose(&self, account: &str) -> Result<String> {
        if account == NETEASE {
            return Ok("https://music.163.com/api/nuser/account/get".to_owned());
        }
        let newest = self.desktop.newest_credential(account)?;
        let (id, sum) = (account.trim_start_matches("qqmusic:"), hash33(key_of(&newest)));
        Ok(format!(
            "https://c6.y.qq.com/rsc/fcgi-bin/fcg_get_profile_homepage.fcg?g_tk={sum}&format=json&cid=205360838\
             &loginUin={id}&userid={id}&hostUin=0&reqfrom=1"
        ))
    }

    /// Checks that the output names the account's owner.
    fn names(&self, account: &str, answer: &Output) -> Result<()> {
        let accounts = self.desktop.simulator.accounts();
        let user = accounts.into_iter().find(|one| one.id == account).context("no such account")?;
        let text = String::from_utf8_lossy(&answer.stdout);
        // QQ's pages get it in base64.
        let encoded = STANDARD.encode(&user.nickname);
        ensure!(text.contains(&user.nickname) || text.contains(&encoded), "the session was not seen: {text}");
        Ok(())
    }

    /// A program that goes through the proxy and trusts the services.
    fn reader(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        let certificate = self.desktop.sandbox.root().join("ca.pem");
        let proxy = &self.desktop.simulator.proxy_url;
        for name in ["NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy", "http_proxy", "HTTP_PROXY"] {
            command.env_remove(name);
        }
        for name in ["PROXY", "https_proxy", "HTTPS_PROXY"] {
            command.env(name, proxy);
        }
        for name in ["CA", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE"] {
            command.env(name, &certificate);
        }
        command.env("HOME", self.folder.path()).env("DEVICE_FILE", self.folder.path().join("device.json"));
        command
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_wget_and_every_python_get_the_session_out_of_the_netscape_file() -> Result<()> {
    let exports = Exports::new().await?;
    let certificate = exports.desktop.sandbox.root().join("ca.pem");
    for account in [QQ, NETEASE] {
        let url = exports.whose(account)?;
        let mut nobody = exports.reader("curl");
        nobody.arg("--silent").arg("--cacert").arg(&certificate).arg(&url);
        let answer = run(&mut nobody).await?;
        ensure!(exports.names(account, &answer).is_err(), "it is told to nobody, too: that proves nothing");
        for more in [&[][..], &["--minimal"]] {
            let file = exports.file(account, "netscape", more).await?;
            let mut curl = exports.reader("curl");
            curl.arg("--silent").arg("--cacert").arg(&certificate).arg("--cookie").arg(&file).arg(&url);
            exports.names(account, &run(&mut curl).await?).context("curl")?;
            let mut wget = exports.reader("wget");
            wget.args(["--quiet", "--output-document=-", "--load-cookies"]).arg(&file);
            wget.arg("--ca-certificate").arg(&certificate).arg(&url);
            exports.names(account, &run(&mut wget).await?).context("wget")?;
            for python in pythons().await? {
                let mut jar = exports.reader(python);
                jar.arg(driver("read_cookies.py")).arg("jar").arg(&file).arg(&url);
                exports
                    .names(account, &run(&mut jar).await?)
                    .with_context(|| python.display().to_string())?;
            }
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_http_clients_of_python_and_node_send_the_header_file_as_it_is() -> Result<()> {
    let exports = Exports::new().await?;
    for account in [QQ, NETEASE] {
        let url = exports.whose(account)?;
        for more in [&[][..], &["--minimal"]] {
            let file = exports.file(account, "header", more).await?;
            for python in pythons().await? {
                let mut client = exports.reader(python);
                client.arg(driver("read_cookies.py")).arg("header").arg(&file).arg(&url);
                exports
                    .names(account, &run(&mut client).await?)
                    .with_context(|| python.display().to_string())?;
            }
            let mut node = exports.reader("node");
            node.arg(driver("read_cookies.mjs")).arg("http").arg(&file).arg(&url);
            exports.names(account, &run(&mut node).await?).context("Node")?;
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn yt_dlp_gets_the_session_out_of_the_netscape_file() -> Result<()> {
    let exports = Exports::new().await?;
    for account in [QQ, NETEASE] {
        let file = exports.file(account, "netscape", &[]).await?;
        let mut client = exports.reader(python_with_packages().await?);
        client.arg(driver("read_cookies_with_yt_dlp.py")).arg(&file).arg(exports.whose(account)?);
        exports.names(account, &run(&mut client).await?)?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn both_dotenvs_read_the_env_line_as_the_header() -> Result<()> {
    let exports = Exports::new().await?;
    for (account, name) in [(QQ, "QQMUSIC_COOKIE"), (NETEASE, "NETEASE_COOKIE")] {
        let header = std::fs::read_to_string(exports.file(account, "header", &[]).await?)?;
        let file = exports.file(account, "env", &[]).await?;
        let mut python = exports.reader(python_with_packages().await?);
        python.arg(driver("read_dotenv.py")).arg(&file);
        let mut node = exports.reader("node");
        node.arg(driver("read_cookies.mjs")).arg("dotenv").arg(&file).env("PACKAGES", node_packages().await?);
        for mut reader in [python, node] {
            let read = result(&run(&mut reader).await?)?;
            ensure!(read[name] == header.as_str(), "{account}: {reader:?} reads another cookie");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn qqmusic_api_python_works_with_the_credential_and_renews_with_the_full_one() -> Result<()> {
    let exports = Exports::new().await?;
    for (more, renew) in [(&["--minimal"][..], None), (&[], Some("renew"))] {
        let file = exports.file(QQ, "qqmusicapi", more).await?;
        let mut client = exports.reader(python_with_packages().await?);
        client.arg(driver("use_credential.py")).arg(&file).args(renew);
        let told = result(&run(&mut client).await?)?;
        ensure!(told["musicid"] == 10_001 && told["is_valid"] == true, "{more:?}: it says {told}");
        ensure!(told["ended"] == false && told["expired"] == false, "{more:?}: it says {told}");
        if renew.is_some() {
            ensure!(
                told["key"] == key_of(&exports.desktop.newest_credential(QQ)?),
                "it did not get the new key"
            );
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn netease_cloud_music_api_and_meting_take_the_header_file() -> Result<()> {
    let exports = Exports::new().await?;
    let packages = node_packages().await?;
    for more in [&[][..], &["--minimal"]] {
        let file = exports.file(NETEASE, "header", more).await?;
        let mut client = exports.reader("node");
        client.arg(driver("read_cookies.mjs")).arg("netease").arg(&file).env("PACKAGES", packages);
        exports.names(NETEASE, &run(&mut client).await?)?;

        let file = exports.file(QQ, "header", more).await?;
        let mut client = exports.reader("node");
        client.arg(driver("read_cookies.mjs")).arg("meting").arg(&file).env("PACKAGES", packages);
        let told = result(&run(&mut client).await?)?;
        ensure!(told["uin"] == "10001", "Meting finds another number: {}", told["uin"]);
        let header = std::fs::read_to_string(&file)?;
        let sent = told["cookies"].as_array().context("it asked nothing")?;
        ensure!(
            sent.len() == 2 && sent.iter().all(|cookie| *cookie == header.as_str()),
            "Meting sends another"
        );
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_exported_can_be_imported_again() -> Result<()> {
    let exports = Exports::new().await?;
    for account in [QQ, NETEASE] {
        for format in ["header", "json", "env", "netscape", "qqmusicapi"] {
            if format == "qqmusicapi" && account == NETEASE {
                continue;
            }
            for more in [&[][..], &["--minimal"]] {
                let file = exports.file(account, format, more).await?;
                let file = file.display().to_string();
                let output = exports.desktop.cli(&["--json", "import", &file]).await?.succeeded();
                let output = output.with_context(|| format!("{account} {format} {more:?}"))?;
                let done = output.json()?.pop().context("it says nothing")?;
                ensure!(
                    done["account"]["id"] == account && done["known"] == true,
                    "{format}: it says {done}"
                );
            }
        }
        // What plays was merged into what renews, not written over it.
        let output = exports.desktop.cli(&["--json", "cookie", account]).await?.succeeded()?;
        let full = output.json()?.pop().context("it says nothing")?;
        ensure!(full["renews"] == (account == QQ), "what renews {account} is lost");
        exports.desktop.cli(&["--json", "renew", account]).await?.succeeded()?;
    }
    Ok(())
}

/// The sum over a key that QQ's pages send along (protocol: QQ §1.2).
fn hash33(key: &str) -> u32 {
    key.bytes().fold(5381_u32, |sum, byte| sum.wrapping_mul(33).wrapping_add(u32::from(byte))) & 0x7fff_ffff
}

/// Every Python from 3.8 on that is on this computer, one of each version: the system’s, and those of pyenv.
async fn pythons() -> Result<&'static [PathBuf]> {
    static FOUND: OnceCell<Vec<PathBuf>> = OnceCell::const_new();
    let find = async || {
        let home = std::env::home_dir().unwrap_or_default().join(".pyenv");
        let pyenv = std::env::var_os("PYENV_ROOT").map_or(home, PathBuf::from).join("versions");
        let several = std::fs::read_dir(pyenv).into_iter().flatten().flatten();
        let mut candidates = vec![PathBuf::from("python3")];
        candidates.extend((8..=13).map(|minor| PathBuf::from(format!("python3.{minor}"))));
        candidates.extend(several.map(|version| version.path().join("bin/python3")));
        let (mut found, mut versions) = (Vec::new(), Vec::new());
        for python in candidates {
            let mut command = Command::new(&python);
            command.args(["-c", "import sys; print(*sys.version_info[:2])"]);
            let Ok(output) = run(&mut command).await else { continue };
            let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
            let numbers: Vec<u32> = version.split(' ').filter_map(|number| number.parse().ok()).collect();
            if numbers >= vec![3, 8] && !versions.contains(&version) {
                versions.push(version);
                found.push(python);
            }
        }
        ensure!(!found.is_empty(), "there is no Python");
        anyhow::Ok(found)
    };
    FOUND.get_or_try_init(find).await.map(Vec::as_slice)
}

fn place(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("export-readers").join(name)
}

/// A Python with the packages that read exports.
async fn python_with_packages() -> Result<&'static Path> {
    static PYTHON: OnceCell<PathBuf> = OnceCell::const_new();
    let install = async || third_party::install_python(&place("python"), &PYTHON_PACKAGES).await;
    Ok(PYTHON.get_or_try_init(install).await?.as_path())
}

/// The folder with the packages for Node that read exports.
async fn node_packages() -> Result<&'static Path> {
    static FOLDER: OnceCell<PathBuf> = OnceCell::const_new();
    let install = async || {
        let folder = place("node");
        third_party::install_node(&folder, &NODE_PACKAGES).await?;
        anyhow::Ok(folder)
    };
    Ok(FOLDER.get_or_try_init(install).await?.as_path())
}
