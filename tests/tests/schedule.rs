//! One process of a profile renews by itself, and another takes over when it is killed. A renewal under way is
//! everybody's.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use nix::sys::signal::Signal;
use tokio::task::JoinSet;
use tunekey_core::{LedgerFile, Method, Profile, RenewalOutcome, RenewalTrigger, SignInOption};
use tunekey_services::{netease, qqmusic};
use tunekey_simulator::Settings;
use tunekey_tests::eventually::{until, within};
use tunekey_tests::harness::{Harness, into_error};
use tunekey_tests::process::Process;
use tunekey_tests::sandbox::Sandbox;

/// How soon the schedule goes on when the process that ran it has died.
const TAKE_OVER: Duration = Duration::from_secs(60);

/// How many want the same renewal at once.
const CALLERS: usize = 1_000;

/// What each of the two services is signed in with, and the request that renews it.
const RENEWALS: [(SignInOption, &str); 2] = [
    (SignInOption { service: qqmusic::ID, method: Method::QqScan }, "qq.renew"),
    (SignInOption { service: netease::ID, method: Method::AppScan }, "netease.refresh"),
];

fn start(sandbox: &Sandbox, name: &str) -> Result<Process> {
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_runs-the-schedule"));
    Process::start(command.arg(sandbox.profile()), &sandbox.log(name))
}

/// How often a process has said a word.
fn said(process: &Process, word: &str) -> Result<usize> {
    Ok(process.output()?.lines().filter(|line| *line == word).count())
}

#[tokio::test]
async fn when_the_process_that_runs_the_schedule_is_killed_another_takes_over_within_a_minute() -> Result<()>
{
    let sandbox = Sandbox::new()?;
    let first = start(&sandbox, "first")?;
    let holds = |process: &Process| said(process, "holds").map(|times| times > 0);
    until("the first process to run the schedule", || async {
        ensure!(holds(&first)?, "{}", first.output()?);
        Ok(())
    })
    .await?;

    let second = start(&sandbox, "second")?;
    until("the second process", || async {
        ensure!(said(&second, "opened")? == 1, "{}", second.output()?);
        Ok(())
    })
    .await?;
    // It follows what others change and looks for the schedule after that: after the second change it has looked.
    let (ledger, _) = LedgerFile::open(&Profile::at(sandbox.profile())?)?;
    for (changes, seconds) in [(1, "45"), (2, "60")] {
        ledger.update(|ledger| ledger.settings.set("clipboard-seconds", seconds))??;
        until("the second process to follow a change", || async {
            ensure!(said(&second, "followed")? == changes, "{}", second.output()?);
            Ok(())
        })
        .await?;
    }
    ensure!(!holds(&second)?, "two processes would renew everything twice");

    first.signal(Signal::SIGKILL)?;
    within(TAKE_OVER, "the second process to take over", || async {
        ensure!(holds(&second)?, "{}", second.output()?);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_who_want_the_same_renewal_are_one_request_and_one_entry_in_the_history() -> Result<()> {
    for (option, request) in RENEWALS {
        let harness = Harness::new(Settings::default()).await?;
        let id = harness.sign_in(option).await?;
        harness.simulator.clear_journal();
        // Whoever came after the response would rightly make a request of their own.
        harness.simulator.configure(|settings| settings.answer_delay_ms = 1_000);
        let mut callers = JoinSet::new();
        for _ in 0..CALLERS {
            let (tunekey, id) = (harness.tunekey.clone(), id.clone());
            callers.spawn(async move { tunekey.renew(&id, RenewalTrigger::Manual).await });
        }
        let came = callers.join_all().await.into_iter().collect::<Result<Vec<_>, _>>().map_err(into_error)?;
        ensure!(came.iter().all(|record| record.outcome == RenewalOutcome::Renewed), "{came:?}");
        let asked = harness.simulator.journal().iter().filter(|entry| entry.name.contains(request)).count();
        ensure!(asked == 1, "{} asked {asked} times for {request}", option.service);
        let account = harness.account(&id)?;
        let newest = account.renewals.first().context("the history is empty")?;
        ensure!(account.renewals.len() == 1 && came.iter().all(|record| record == newest), "{account:?}");
        harness.ensure_newest_credential(&id).await?;
    }
    Ok(())
}
