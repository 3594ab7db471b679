//! A whole sign-in beside clients that others wrote for the same services, turn by turn in one run against the
//! simulator.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use tokio::process::Command;
use tunekey_simulator::{Running, Service};
use tunekey_tests::peers::{NETEASE_VERSION, Peer, QQMUSIC, scan_next};
use tunekey_tests::programs::{released, target};
use tunekey_tests::server::Server;

use crate::processes::{children_computed, proportional};
use crate::table::{Table, middle};

/// How often each signs in.
const RUNS: usize = 10;
/// What part of a peer's computing a sign-in may take.
const COMPUTING_LIMIT: f64 = 1.0 / 15.0;
/// What part of its memory.
const MEMORY_LIMIT: f64 = 1.0 / 6.0;

/// How often the memory of a process is looked at.
const LOOKS: Duration = Duration::from_millis(4);

/// What a sign-in took.
#[derive(Debug, Default)]
struct Taken {
    /// Milliseconds of computing.
    computing: Vec<f64>,
    /// Megabytes, at the most; what is shared with other programs counted by shares.
    memory: Vec<f64>,
}

/// Measures it.
///
/// # Errors
/// When a sign-in fails, or a peer cannot be installed.
pub(crate) async fn measure(table: &mut Table) -> Result<()> {
    let place = target()?.join("tmp");
    let server = Server::start().await?;
    let folder = tempfile::tempdir()?;
    let ca = server.sandbox.root().join("ca.pem");
    let netease = format!("NeteaseCloudMusicApi {NETEASE_VERSION}");
    for (service, method, name, script, argument, account) in [
        (Service::QqMusic, "qq-scan", QQMUSIC, "qqmusic_sign_in.py", "QQ", "qqmusic:10001"),
        (Service::NetEase, "app-scan", &netease, "netease_sign_in.mjs", "eapi", "netease:90001"),
    ] {
        let peer = match service {
            Service::QqMusic => Peer::install_qqmusic(&place).await?,
            _ => Peer::install_netease(&place).await?,
        };
        let (mut ours, mut theirs) = (Taken::default(), Taken::default());
        for _ in 0..RUNS {
            let command = ours_command(&server, service, method)?;
            ours.add(sign_in(command, &server.simulator, service, account).await?);
            let command = peer.command(script, argument, folder.path(), &server.simulator, &ca);
            theirs.add(sign_in(command, &server.simulator, service, account).await?);
        }
        let share = [
            middle(&mut ours.computing) / middle(&mut theirs.computing),
            middle(&mut ours.memory) / middle(&mut theirs.memory),
        ];
        let named = service.name();
        table.spread(&format!("{named}, whole sign-in: computing"), ours.computing, "ms");
        table.spread(&format!("  {name}"), theirs.computing, "ms");
        table.limited("  one beside the other", share[0], COMPUTING_LIMIT, "times");
        table.spread(&format!("{named}, whole sign-in: most memory (PSS)"), ours.memory, "MB");
        table.spread(&format!("  {name}"), theirs.memory, "MB");
        table.limited("  one beside the other", share[1], MEMORY_LIMIT, "times");
    }
    Ok(())
}

impl Taken {
    fn add(&mut self, (computing, memory): (Duration, f64)) {
        self.computing.push(computing.as_secs_f64() * 1000.0);
        self.memory.push(memory);
    }
}

fn ours_command(server: &Server, service: Service, method: &str) -> Result<Command> {
    let mut command = Command::from(server.sandbox.command(released("tunekey")?));
    command.arg("--profile").arg(server.sandbox.profile());
    command.args(["--json", "sign-in", service.name(), "--method", method]);
    Ok(command)
}

/// Runs a client until it has signed in: how long it computed, and the most memory that it had.
async fn sign_in(
    mut command: Command,
    simulator: &Running,
    service: Service,
    account: &str,
) -> Result<(Duration, f64)> {
    let after = simulator.codes().last().map_or(0, |code| code.id);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    let before = children_computed()?;
    let mut child = command.spawn().context("it does not start")?;
    let process = child.id().context("it has ended")?;
    let mut most = 0.0_f64;
    let ended = async {
        loop {
            tokio::select! {
                status = child.wait() => return anyhow::Ok(status?),
                () = tokio::time::sleep(LOOKS) => most = most.max(proportional(&[process])),
            }
        }
    };
    let both = async { tokio::try_join!(ended, scan_next(simulator, service, account, after)) };
    let (status, ()) =
        tokio::time::timeout(Duration::from_secs(120), both).await.context("it does not end")??;
    ensure!(
        status.success(),
        "{}: {}",
        Path::new(command.as_std().get_program()).display(),
        errors(child).await
    );
    Ok((children_computed()?.saturating_sub(before), most))
}

/// What a client that has failed said.
async fn errors(child: tokio::process::Child) -> String {
    let said = child.wait_with_output().await;
    said.map(|output| String::from_utf8_lossy(&output.stderr).into_owned()).unwrap_or_default()
}
