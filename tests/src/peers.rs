//! Clients that others wrote for the same services, unmodified and installed from their registries. For
//! `real_clients.rs` and the benchmarks.

use std::path::{Path, PathBuf};

use anyhow::Result;
use tokio::process::Command;
use tokio::sync::OnceCell;
use tunekey_simulator::{CodeState, Options, Running, Service, Simulator};

use crate::third_party::{self, driver};

/// For QQ Music.
pub const QQMUSIC: &str = "qqmusic-api-python==0.8.2";
/// With it, and only with it, the client's MQTT library goes through a proxy.
const PROXIES: &str = "PySocks==1.7.1";
/// For NetEase Cloud Music.
pub const NETEASE: &str = "NeteaseCloudMusicApi";
/// Its version.
pub const NETEASE_VERSION: &str = "4.32.0";

/// One of the clients, once it is installed.
#[derive(Debug, Clone)]
pub struct Peer {
    service: Service,
    /// What runs it.
    program: PathBuf,
    /// Where it is.
    package: PathBuf,
}

impl Peer {
    /// Installs the one for QQ Music below the build's folder for tests, unless it is there.
    ///
    /// # Errors
    /// When it cannot be installed.
    pub async fn install_qqmusic(target_tmp: &Path) -> Result<&'static Self> {
        static PEER: OnceCell<Peer> = OnceCell::const_new();
        let install = async || {
            let package = target_tmp.join("real-clients/qqmusic-api-python");
            let program = third_party::install_python(&package, &[QQMUSIC, PROXIES]).await?;
            anyhow::Ok(Self { service: Service::QqMusic, program, package })
        };
        PEER.get_or_try_init(install).await
    }

    /// Installs the one for NetEase Cloud Music in the same place.
    ///
    /// # Errors
    /// When it cannot be installed.
    pub async fn install_netease(target_tmp: &Path) -> Result<&'static Self> {
        static PEER: OnceCell<Peer> = OnceCell::const_new();
        let install = async || {
            let package = target_tmp.join("real-clients/NeteaseCloudMusicApi");
            third_party::install_node(&package, &[(NETEASE, NETEASE_VERSION)]).await?;
            anyhow::Ok(Self { service: Service::NetEase, program: PathBuf::from("node"), package })
        };
        PEER.get_or_try_init(install).await
    }

    /// A script of ours that calls it, with one argument, against the simulator. Its own environment is the proxy that
    /// it is given, and a folder of its own.
    pub fn command(
        &self,
        script: &str,
        argument: &str,
        folder: &Path,
        simulator: &Running,
        ca: &Path,
    ) -> Command {
        let mut command = Command::new(&self.program);
        command.arg(driver(script)).arg(argument).env("TMPDIR", folder).env("HOME", folder);
        for name in
            ["NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy", "https_proxy"]
        {
            command.env_remove(name);
        }
        match self.service {
            Service::QqMusic => command
                .env("HTTPS_PROXY", &simulator.proxy_url)
                .env("REQUESTS_CA_BUNDLE", ca)
                // What its MQTT library goes by.
                .env("mqtt_proxy", &simulator.proxy_url)
                .env("SSL_CERT_FILE", ca)
                .env("DEVICE_FILE", folder.join("device.json")),
            _ => command
                .env("TUNNEL", simulator.proxy_url.replace("http://", "https://"))
                .env("NODE_EXTRA_CA_CERTS", ca)
                .env("PACKAGE", &self.package),
        };
        command
    }
}

/// A simulator, and the certificate to trust in a file of that folder.
///
/// # Errors
/// When it does not start.
pub async fn simulator(folder: &Path) -> Result<(Running, PathBuf)> {
    std::fs::create_dir_all(folder)?;
    let mut options = Options::default();
    let ca = folder.join("ca.pem");
    options.ca_out = Some(ca.clone());
    Ok((Simulator::start(options).await?, ca))
}

/// Scans the first code once the client has polled it, and confirms it once the client has seen it scanned.
///
/// # Errors
/// When there is no such account.
pub async fn scan_and_confirm(simulator: &Running, service: Service, account: &str) -> Result<()> {
    scan_next(simulator, service, account, 0).await
}

/// The same for the first code after one.
///
/// # Errors
/// When there is no such account.
pub async fn scan_next(simulator: &Running, service: Service, account: &str, after: u64) -> Result<()> {
    let code = simulator.next_code(service, after).await;
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
