//! The root of the container image, run as an engine runs it: read-only, a number for a user, no rights, and nothing to
//! write to but volumes.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use nix::sys::signal::{Signal, kill};
use tunekey_core::{Method, SignInOption};
use tunekey_services::{netease, qqmusic};
use tunekey_simulator::{Options, Running, Simulator};
use tunekey_tests::canary::{CANARY, Canaries};
use tunekey_tests::cli::Cli;
use tunekey_tests::container::{Container, inside};
use tunekey_tests::desktop::key_of;
use tunekey_tests::eventually::{until, within};
use tunekey_tests::fixtures::{NETEASE, QQ};
use tunekey_tests::process::{pid, wait_until_gone};
use tunekey_tests::programs::program_for;
use tunekey_tests::{ledger_file, script};

/// Within which a daemon has renewed what is due, and delivered it.
const BY_ITSELF: Duration = Duration::from_secs(75);

/// Within which a daemon that is asked to stop is gone.
const STOP_LIMIT: Duration = Duration::from_secs(5);

/// What `health` ends with where nobody runs, and where somebody does not answer.
const ABSENT: Option<i32> = Some(3);
const SILENT: Option<i32> = Some(6);

/// A container that has an identity and finds the services at the simulator.
async fn start() -> Result<(Container, Running)> {
    let container = Container::create(&program_for("x86_64-unknown-linux-musl", "tunekey")?)?;
    let mut options = Options::default();
    options.ca_out = Some(container.deliveries().join("simulator.pem"));
    let simulator = Simulator::start(options).await?;
    simulator.plant_canary(Some(CANARY));
    // The volume is all that can be written to.
    container.run(&["store", "identity", "/data/identity.txt"]).await?.succeeded()?;
    let identity = container.profile().join("identity.txt");
    container.add_secret("tunekey-identity", &std::fs::read(&identity)?)?;
    std::fs::remove_file(identity)?;
    container.run(&["--store", "file", "accounts"]).await?.succeeded()?;
    for (key, value) in [("proxy", simulator.proxy_url.as_str()), ("extra-ca", "/deliveries/simulator.pem")] {
        container.run(&["settings", key, value]).await?.succeeded()?;
    }
    Ok((container, simulator))
}

async fn sign_in(container: &Container, simulator: &Running, account: &str) -> Result<()> {
    let option = if account == QQ {
        SignInOption { service: qqmusic::ID, method: Method::QqScan }
    } else {
        SignInOption { service: netease::ID, method: Method::AppScan }
    };
    let words = ["--json", "sign-in", option.service.as_str(), "--method", option.method.as_str()];
    let mut cli = container.start(&words)?;
    script::complete(&mut cli, simulator, option, None).await?;
    cli.wait_for_exit().await?.succeeded().map(drop)
}

/// Waits until the daemon can be asked.
async fn is_well(container: &Container) -> Result<String> {
    until("the container to be healthy", || async {
        let (code, said) = container.health().await?;
        ensure!(code == Some(0), "it ended with {code:?}: {said}");
        Ok(said)
    })
    .await
}

/// The process of the program, as it is seen from outside.
fn process(cli: &Cli) -> Result<u32> {
    inside(cli.id().context("it has ended")?)
}

/// Asks the program to end, as an engine does.
async fn stop(cli: Cli) -> Result<()> {
    let asked = Instant::now();
    kill(pid(process(&cli)?), Signal::SIGTERM)?;
    cli.wait_for_exit().await?.succeeded()?;
    ensure!(asked.elapsed() < STOP_LIMIT, "it took {:?}", asked.elapsed());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn it_signs_in_renews_by_itself_delivers_to_another_container_and_stops_in_time() -> Result<()> {
    let (container, simulator) = start().await?;
    for (account, name) in [(QQ, "tencent"), (NETEASE, "netease")] {
        sign_in(&container, &simulator, account).await?;
        let path = format!("path=/deliveries/{name}");
        container.run(&["delivery", "add", account, "meting", &path, "mode=644"]).await?.succeeded()?;
    }
    ledger_file::make_due(&container.profile(), QQ)?;
    let first = simulator.ledger().len();
    let daemon = container.start_service()?;
    within(BY_ITSELF, "a key that was renewed to be delivered", || async {
        let issued = simulator.ledger();
        ensure!(issued.len() > first, "no key was issued");
        for (account, name) in [(QQ, "tencent"), (NETEASE, "netease")] {
            let newest = issued.iter().rev().find(|one| one.account == account).context("it has a key")?;
            let file = std::fs::read_to_string(container.deliveries().join(name)).unwrap_or_default();
            ensure!(file.contains(key_of(newest)), "{name} has another key");
        }
        Ok(())
    })
    .await?;
    let said = is_well(&container).await?;
    ensure!(said.contains("2 accounts"), "it says {said}");
    stop(daemon).await?;
    ensure!(simulator.broken_rules().is_empty(), "{:?}", simulator.broken_rules());
    // What was delivered is meant to be read; nothing else is.
    Canaries::new([CANARY.to_owned()])?.check_files(container.folder(), &container.deliveries())
}

#[tokio::test(flavor = "multi_thread")]
async fn it_has_no_rights_and_writes_to_nothing_but_its_volumes() -> Result<()> {
    let (container, simulator) = start().await?;
    sign_in(&container, &simulator, QQ).await?;
    let daemon = container.start_service()?;
    is_well(&container).await?;
    let status = std::fs::read_to_string(format!("/proc/{}/status", process(&daemon)?))?;
    for (name, value) in [
        ("CapInh:", "0000000000000000"),
        ("CapPrm:", "0000000000000000"),
        ("CapEff:", "0000000000000000"),
        ("CapBnd:", "0000000000000000"),
        ("NoNewPrivs:", "1"),
    ] {
        let found = status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        ensure!(found == Some(value), "{name} {found:?}");
    }
    stop(daemon).await?;
    for path in ["/identity.txt", "/usr/identity.txt"] {
        let refused = container.run(&["--json", "store", "identity", path]).await?;
        ensure!(refused.code != 0 && !refused.problem()?.is_empty(), "{path} can be written");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn its_health_check_tells_a_daemon_that_runs_from_one_that_hangs_or_is_gone() -> Result<()> {
    let (container, simulator) = start().await?;
    let (code, said) = container.health().await?;
    ensure!(code == ABSENT && said.contains("tunekey daemon"), "before it runs: {code:?}, {said}");
    sign_in(&container, &simulator, NETEASE).await?;
    let daemon = container.start_service()?;
    let said = is_well(&container).await?;
    ensure!(said.contains("1 account"), "it says {said}");
    let process = process(&daemon)?;
    kill(pid(process), Signal::SIGSTOP)?;
    let (code, said) = container.health().await?;
    ensure!(code == SILENT && said.contains("3 seconds"), "while it hangs: {code:?}, {said}");
    kill(pid(process), Signal::SIGCONT)?;
    is_well(&container).await?;
    kill(pid(process), Signal::SIGKILL)?;
    wait_until_gone(process, STOP_LIMIT).await?;
    let (code, said) = container.health().await?;
    ensure!(code == ABSENT, "once it was killed: {code:?}, {said}");
    // The next one takes over where the dead one stood.
    let next = container.start_service()?;
    is_well(&container).await?;
    stop(next).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_volume_that_cannot_be_written_and_a_secret_that_is_missing_are_said() -> Result<()> {
    let (mut container, simulator) = start().await?;
    sign_in(&container, &simulator, QQ).await?;
    container.set_volume_read_only(true);
    let refused = container.run(&["--json", "renew", QQ]).await?.exited_with(1)?;
    ensure!(refused.problem()? == "profile_read_only", "it says {}", refused.stdout);
    let words = container.run(&["renew", QQ]).await?.exited_with(1)?;
    ensure!(!words.stderr.trim().is_empty(), "it says nothing to people");
    container.set_volume_read_only(false);
    std::fs::remove_file(container.folder().join("secrets/tunekey-identity"))?;
    let missing = container.run(&["--json", "get", QQ]).await?.exited_with(7)?;
    ensure!(missing.problem()? == "identity_missing", "it says {}", missing.stdout);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_authorities_and_time_zones_in_it_are_the_ones_that_are_used() -> Result<()> {
    let (mut container, simulator) = start().await?;
    sign_in(&container, &simulator, QQ).await?;
    // Without the simulator's authority the public ones are left, and none of them vouches for it.
    container.run(&["settings", "extra-ca", ""]).await?.succeeded()?;
    let refused = container.run(&["--json", "check", QQ]).await?.exited_with(6)?;
    ensure!(refused.problem()? == "untrusted_certificate", "it says {}", refused.stdout);
    let authorities = container.root().join("etc/ssl/certs/ca-certificates.crt");
    std::fs::rename(&authorities, container.folder().join("authorities"))?;
    let none = container.run(&["--json", "check", QQ]).await?.exited_with(6)?;
    ensure!(none.problem()? == "no_authorities", "it says {}", none.stdout);

    let mut shown = Vec::new();
    for zone in ["UTC", "Asia/Shanghai"] {
        container.set("TZ", zone);
        shown.push(container.run(&["show", QQ]).await?.succeeded()?.stdout);
    }
    ensure!(shown[0] != shown[1], "times are the same in both: {}", shown[0]);
    std::fs::remove_dir_all(container.root().join("usr/share/zoneinfo"))?;
    let without = container.run(&["show", QQ]).await?.succeeded()?.stdout;
    ensure!(without == shown[0], "without time zones it is {without}");
    Ok(())
}
