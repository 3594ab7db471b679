//! Renews an account of a profile whenever it is told to, as a person would. For `renewal_races.rs` and
//! `shared_store.rs`.
//!
//! `renews-when-told PROFILE ACCOUNT CALLERS [schedule] [SECONDS]`: says `ready` first. After each line `renew` that
//! many callers want the renewal at once, and each says `renewed`, or `failed` and why; after `hold` the account is
//! locked until the end, and it says `held`. With `schedule` it runs the profile's schedule besides, as a window does.
//! Its clock is ahead by that many seconds.

#![allow(clippy::print_stdout)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::mpsc::unbounded_channel;
use tokio::task::JoinSet;
use tunekey_core::{AccountId, AccountLock, Clock, Profile, RenewalTrigger, Setup, SystemClock, TuneKey};
use tunekey_tests::harness::into_error;

/// A clock on the wall that is wrong.
#[derive(Debug)]
struct ClockAhead(SignedDuration);

impl Clock for ClockAhead {
    fn now(&self) -> Timestamp {
        SystemClock.now() + self.0
    }

    fn monotonic(&self) -> Instant {
        SystemClock.monotonic()
    }

    fn boot(&self) -> Duration {
        SystemClock.boot()
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [profile, account, callers, rest @ ..] = arguments.as_slice() else {
        bail!("PROFILE ACCOUNT CALLERS [schedule] [SECONDS]")
    };
    let ahead = rest.iter().find_map(|word| word.parse().ok()).unwrap_or_default();
    let id: AccountId = account.parse().ok().context("no account")?;
    let callers: u32 = callers.parse()?;
    let profile = Profile::at(profile).map_err(into_error)?;
    let mut setup = Setup::new(profile.clone());
    setup.clock = Arc::new(ClockAhead(SignedDuration::from_secs(ahead)));
    let tunekey = TuneKey::open(setup).map_err(into_error)?;
    if rest.iter().any(|word| word == "schedule") {
        let schedule = tunekey.clone();
        tokio::spawn(async move { schedule.run_schedule().await });
    }
    println!("ready");
    let (heard, mut lines) = unbounded_channel();
    std::thread::spawn(move || {
        let mut lines = std::io::stdin().lines().map_while(Result::ok);
        lines.try_for_each(|line| heard.send(line))
    });
    let mut held = Vec::new();
    while let Some(line) = lines.recv().await {
        if line == "hold" {
            held.push(AccountLock::acquire(&profile, &id).await.map_err(into_error)?);
            println!("held");
            continue;
        }
        let mut renewals = JoinSet::new();
        for _ in 0..callers {
            let (tunekey, id) = (tunekey.clone(), id.clone());
            renewals.spawn(async move { tunekey.renew(&id, RenewalTrigger::Manual).await });
        }
        for renewal in renewals.join_all().await {
            match renewal {
                Ok(_) => println!("renewed"),
                Err(problem) => println!("failed {:?}", problem.code),
            }
        }
    }
    Ok(())
}
