//! Programs that read cookies, unmodified: those of the system, and clients that others wrote, installed from their
//! registries. For `export_readers.rs` and `delivery_readers.rs`.

use std::path::{Path, PathBuf};
use std::process::Output;

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::process::Command;
use tokio::sync::OnceCell;

use crate::desktop::{Desktop, key_of};
use crate::fixtures::{NETEASE, QQ};
use crate::programs::workspace;
use crate::third_party::{self, run};

const PYTHON_PACKAGES: [&str; 4] =
    ["yt-dlp==2026.10.26", "python-dotenv==1.2.4", "qqmusic-api-python==0.8.2", "PySocks==1.7.1"];
/// Apart from the others: one of them would have yt-dlp look for certificates elsewhere.
const TARGET_PACKAGES: [&str; 2] = ["PyCookieCloud==1.0.4", "standardwebhooks==1.1.0"];
const NODE_PACKAGES: [(&str, &str); 4] = [
    ("dotenv", "18.0.10"),
    ("@meting/core", "1.6.1"),
    ("NeteaseCloudMusicApi", "4.32.0"),
    ("@unblockneteasemusic/server", "0.28.0"),
];

/// Two accounts, and a folder for their cookies outside of what is searched for leaks: they are somebody's own there.
#[derive(Debug)]
pub struct Readers {
    /// The accounts' computer.
    pub desktop: Desktop,
    folder: tempfile::TempDir,
}

impl Readers {
    /// Signs both in.
    ///
    /// # Errors
    /// When that fails.
    pub async fn start() -> Result<Self> {
        let desktop = Desktop::start().await?;
        for account in [QQ, NETEASE] {
            desktop.sign_in(account).await?;
        }
        Ok(Self { desktop, folder: tempfile::tempdir()? })
    }

    /// The folder for their cookies.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// An address that says whose a cookie is.
    ///
    /// # Errors
    /// When the account is not there.
    pub fn whose(&self, account: &str) -> Result<String> {
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
    ///
    /// # Errors
    /// When it does not.
    pub fn names(&self, account: &str, answer: &Output) -> Result<()> {
        let accounts = self.desktop.simulator.accounts();
        let user = accounts.into_iter().find(|one| one.id == account).context("no such account")?;
        let text = String::from_utf8_lossy(&answer.stdout);
        // QQ's pages get it in base64.
        let encoded = STANDARD.encode(&user.nickname);
        ensure!(text.contains(&user.nickname) || text.contains(&encoded), "the session was not seen: {text}");
        Ok(())
    }

    /// A program that goes through the proxy and trusts the services.
    pub fn reader(&self, program: impl AsRef<Path>) -> Command {
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

/// The sum over a key that QQ's pages send along (protocol: QQ §1.2).
fn hash33(key: &str) -> u32 {
    key.bytes().fold(5381_u32, |sum, byte| sum.wrapping_mul(33).wrapping_add(u32::from(byte))) & 0x7fff_ffff
}

/// Every Python from 3.8 on that is on this computer, one of each version: the system’s, and those of pyenv.
///
/// # Errors
/// When there is none.
pub async fn pythons() -> Result<&'static [PathBuf]> {
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
    workspace().join("target/tmp/readers").join(name)
}

/// A Python with the packages that read exports.
///
/// # Errors
/// When they cannot be installed.
pub async fn python_with_packages() -> Result<&'static Path> {
    static PYTHON: OnceCell<PathBuf> = OnceCell::const_new();
    let install = async || third_party::install_python(&place("python"), &PYTHON_PACKAGES).await;
    Ok(PYTHON.get_or_try_init(install).await?.as_path())
}

/// The folder with the packages for Node that read exports.
///
/// # Errors
/// When they cannot be installed.
pub async fn node_packages() -> Result<&'static Path> {
    static FOLDER: OnceCell<PathBuf> = OnceCell::const_new();
    let install = async || {
        let folder = place("node");
        third_party::install_node(&folder, &NODE_PACKAGES).await?;
        anyhow::Ok(folder)
    };
    Ok(FOLDER.get_or_try_init(install).await?.as_path())
}

/// A Python with the packages that read what is sent over HTTP.
///
/// # Errors
/// When they cannot be installed.
pub async fn python_for_targets() -> Result<&'static Path> {
    static PYTHON: OnceCell<PathBuf> = OnceCell::const_new();
    let install = async || third_party::install_python(&place("targets"), &TARGET_PACKAGES).await;
    Ok(PYTHON.get_or_try_init(install).await?.as_path())
}
