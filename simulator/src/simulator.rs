//! Starting and stopping, and the list of the services: the only file that names them all.

use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::certificate_authority::CertificateAuthority;
use crate::clock::now_ms;
use crate::service::avatar;
use crate::service::service_router::ServiceRouter;
use crate::service::simulated_service::SimulatedService;
use crate::state::account::Account;
use crate::state::settings::Settings;
use crate::state::simulator_state::SimulatorState;
use crate::{auto_confirm, control, netease, proxy, push, qqmusic};

/// The services that are simulated: to add one, add its folder and its name here.
const SERVICES: [SimulatedService; 3] = [qqmusic::SERVICE, netease::SERVICE, push::SERVICE];

/// How to start.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Options {
    /// Where the proxy listens. Only loopback addresses are accepted; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where the control side listens. Only loopback addresses are accepted; port 0 takes a free one.
    pub control: SocketAddr,
    /// Where the certificate authority's certificate is written, as PEM.
    pub ca_out: Option<PathBuf>,
    /// The settings to start with.
    pub settings: Settings,
}

impl Default for Options {
    /// Free ports, no file, default settings.
    fn default() -> Self {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self { listen: any, control: any, ca_out: None, settings: Settings::default() }
    }
}

impl Options {
    /// The same, with these settings.
    #[must_use]
    pub fn with_settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }
}

/// The simulator.
#[derive(Debug, Clone, Copy)]
pub struct Simulator;

/// A simulator that runs. Everything that can be done with it is a method of [`SimulatorState`]; dropping it stops it.
#[derive(Debug)]
pub struct Running {
    /// Where the proxy is, as `http://127.0.0.1:PORT`.
    pub proxy_url: String,
    /// Where the control side and the phone page are, as `http://127.0.0.1:PORT`.
    pub control_url: String,
    /// The certificate authority that clients have to trust, as PEM.
    pub ca_pem: String,
    /// The file that holds it, if one was asked for.
    pub ca_path: Option<PathBuf>,
    state: Arc<SimulatorState>,
    tasks: JoinSet<()>,
}

impl Simulator {
    /// Starts a simulator on the current Tokio runtime.
    ///
    /// # Errors
    /// When an address is not a loopback address or cannot be bound, or the file cannot be written.
    pub async fn start(options: Options) -> anyhow::Result<Running> {
        for address in [options.listen, options.control] {
            anyhow::ensure!(address.ip().is_loopback(), "{address} is not a loopback address");
        }
        let authority = CertificateAuthority::new(&SERVICES.map(|service| service.hosts).concat())?;
        let bind = async |address: SocketAddr| {
            TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))
        };
        let (proxy, control) = (bind(options.listen).await?, bind(options.control).await?);
        let proxy_url = format!("http://{}", proxy.local_addr()?);
        let control_url = format!("http://{}", control.local_addr()?);
        if let Some(path) = &options.ca_out {
            write(path, &authority.pem).with_context(|| format!("cannot write {}", path.display()))?;
        }
        let state = SimulatorState::new(options.settings, accounts(), request_names());
        let router = Arc::new(ServiceRouter::new(&SERVICES, Arc::clone(&state)));
        let mut tasks = JoinSet::new();
        tasks.spawn(proxy::serve(proxy, authority.tls, router));
        tasks.spawn(control::serve(control, Arc::clone(&state)));
        tasks.spawn(auto_confirm::run(Arc::clone(&state)));
        Ok(Running { proxy_url, control_url, ca_pem: authority.pem, ca_path: options.ca_out, state, tasks })
    }
}

/// The accounts of all services.
fn accounts() -> Vec<Account> {
    let now_ms = now_ms();
    SERVICES.iter().flat_map(|service| (service.accounts)(now_ms)).collect()
}

/// The names of the requests to all services that faults can strike.
fn request_names() -> Vec<&'static str> {
    SERVICES.iter().flat_map(|service| service.request_names).copied().chain([avatar::REQUEST]).collect()
}

/// Writes a file that nobody reads before the program says that it is ready.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    std::fs::File::create(path)?.write_all(text.as_bytes())
}

impl Running {
    /// The state, to keep or to hand to another task.
    pub fn state(&self) -> Arc<SimulatorState> {
        Arc::clone(&self.state)
    }

    /// Waits until `POST /shutdown` asks to stop.
    pub async fn asked_to_stop(&mut self) {
        // Only the control side ever ends by itself, and only then.
        self.tasks.join_next().await;
    }
}

impl Deref for Running {
    type Target = SimulatorState;

    fn deref(&self) -> &SimulatorState {
        &self.state
    }
}
