//! A window, a tray and eight command lines renew one account at the same moment, with a real keychain: each key is
//! renewed once, and none is lost. Whoever holds the account and does not go on blocks nobody for long.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use nix::sys::signal::Signal;
use tunekey_core::{LedgerFile, Profile};
use tunekey_simulator::{Credential, Options, Rotation, Running, Service, Settings, Simulator};
use tunekey_tests::cli::Cli;
use tunekey_tests::desktop::key_of;
use tunekey_tests::fixtures::QQ;
use tunekey_tests::keyring::{Bus, Keyring};
use tunekey_tests::renewer::Renewer;
use tunekey_tests::sandbox::Sandbox;

/// How often they race.
const ROUNDS: usize = 200;

/// How many command lines there are.
const COMMAND_LINES: usize = 8;

/// How many of them are killed while they renew.
const KILLS: u64 = 20;

/// For how long somebody who holds the account can keep others waiting, and some time to say so on a busy machine.
const LONGEST_WAIT: Duration = Duration::from_secs(60 + 15);

/// A home with a keychain, in which one account is signed in.
struct Home {
    simulator: Running,
    sandbox: Sandbox,
    _keyring: Keyring,
    _bus: Bus,
}

impl Home {
    async fn new(rotation: Rotation) -> Result<Self> {
        let mut sandbox = Sandbox::new()?;
        let bus = Bus::start(&mut sandbox)?;
        let keyring = Keyring::start(&sandbox, &bus).await?;
        let authority = sandbox.root().join("ca.pem");
        let mut options = Options::default().with_settings(Settings { rotation, ..Settings::default() });
        options.ca_out = Some(authority.clone());
        let simulator = Simulator::start(options).await?;
        let (ledger, _) = LedgerFile::open(&Profile::at(sandbox.profile())?)?;
        ledger.update(|ledger| {
            ledger.settings.set("proxy", &simulator.proxy_url)?;
            ledger.settings.set("extra-ca", &authority.to_string_lossy())
        })??;
        let home = Self { simulator, sandbox, _keyring: keyring, _bus: bus };
        home.sign_in().await?;
        Ok(home)
    }

    async fn sign_in(&self) -> Result<()> {
        let mut sign_in = Cli::start(&self.sandbox, &["--json", "sign-in", "qqmusic"])?;
        sign_in.wait_for_step("show_code").await?;
        let code = self.simulator.next_code(Service::QqMusic, 0).await;
        self.simulator.scan(code.id, Some(QQ))?;
        sign_in.wait_for_step("scanned").await?;
        self.simulator.confirm(code.id)?;
        sign_in.wait_for_exit().await?.succeeded()?;
        Ok(())
    }

    async fn renewer(&self, callers: usize, runs_the_schedule: bool) -> Result<Renewer> {
        let mut command = self.sandbox.command(env!("CARGO_BIN_EXE_renews-when-told"));
        command.arg(self.sandbox.profile()).arg(QQ).arg(callers.to_string());
        command.args(runs_the_schedule.then_some("schedule"));
        Renewer::start(command, callers).await
    }

    /// The credentials that the service has issued, oldest first.
    fn issued(&self) -> Vec<Credential> {
        let ledger = self.simulator.ledger();
        ledger.into_iter().filter(|issued| issued.account == QQ).collect()
    }

    /// What the command line hands out.
    async fn cookie(&self) -> Result<String> {
        let cookie = Cli::start(&self.sandbox, &["cookie", QQ])?.wait_for_exit().await?;
        Ok(cookie.succeeded()?.stdout)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_a_tray_and_eight_command_lines_renew_each_key_once_and_lose_none() -> Result<()> {
    // What is renewed twice is refused here: the first renewal has ended the key.
    let home = Home::new(Rotation::DiesAtOnce).await?;
    // Window and tray are one process with two who ask.
    let mut renewers = vec![home.renewer(2, true).await?];
    for _ in 0..COMMAND_LINES {
        renewers.push(home.renewer(1, false).await?);
    }
    for round in 0..ROUNDS {
        for renewer in &mut renewers {
            renewer.tell("renew").await?;
        }
        for renewer in &mut renewers {
            renewer.has_renewed().await.with_context(|| format!("round {round}"))?;
        }
    }
    let issued = home.issued();
    let mut generations: Vec<_> = issued.iter().map(|credential| credential.generation).collect();
    ensure!(generations.len() > ROUNDS, "only {} renewals were made", generations.len() - 1);
    generations.sort_unstable();
    generations.dedup();
    ensure!(generations.len() == issued.len(), "a key was renewed twice");
    let newest = issued.last().context("nothing was issued")?;
    ensure!(newest.is_valid(), "the newest key is not valid");
    ensure!(home.cookie().await?.contains(key_of(newest)), "the newest key is not the one that is kept");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_killed_or_stopped_while_it_holds_the_account_blocks_nobody_over_a_minute() -> Result<()> {
    let home = Home::new(Rotation::StaysValid).await?;
    let mut other = home.renewer(1, false).await?;
    for number in 0..KILLS {
        let mut killed = home.renewer(1, false).await?;
        killed.tell("renew").await?;
        // Somewhere between the lock and the end: a renewal takes a few dozen milliseconds.
        tokio::time::sleep(Duration::from_millis(number * 7)).await;
        killed.signal(Signal::SIGKILL)?;
        let began = Instant::now();
        other.tell("renew").await?;
        other.has_renewed().await.with_context(|| format!("after kill {number}"))?;
        ensure!(began.elapsed() < LONGEST_WAIT, "it took {:?} after kill {number}", began.elapsed());
    }
    let cookie = home.cookie().await?;
    let kept = home.issued().into_iter().find(|issued| cookie.contains(key_of(issued)));
    ensure!(kept.context("what is kept was never issued")?.is_valid(), "what is kept no longer works");

    let mut stopped = home.renewer(1, false).await?;
    stopped.tell("hold").await?;
    stopped.hears("held").await?;
    stopped.signal(Signal::SIGSTOP)?;
    let began = Instant::now();
    other.tell("renew").await?;
    other.hears("failed ProfileBusy").await?;
    ensure!(began.elapsed() < LONGEST_WAIT, "it took {:?}", began.elapsed());
    stopped.signal(Signal::SIGKILL)?;
    other.tell("renew").await?;
    other.has_renewed().await
}
