//! Renews an account of a profile whenever it is told to, as a person would. For `renewal_races.rs`.
//!
//! `renews-when-told PROFILE ACCOUNT CALLERS [schedule]`: says `ready` first. After each line `renew` that many callers
//! want the renewal at once, and each says `renewed`, or `failed` and why; after `hold` the account is locked until the
//! end, and it says `held`. With the last word it runs the profile's schedule besides, as a window does.

#![allow(clippy::print_stdout)]

use anyhow::{Context as _, Result, bail};
use tokio::sync::mpsc::unbounded_channel;
use tokio::task::JoinSet;
use tunekey_core::{AccountId, AccountLock, Profile, RenewalTrigger, Setup, TuneKey};
use tunekey_tests::harness::into_error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [profile, account, callers, rest @ ..] = arguments.as_slice() else {
        bail!("PROFILE ACCOUNT CALLERS [schedule]")
    };
    let id: AccountId = account.parse().ok().context("no account")?;
    let callers: u32 = callers.parse()?;
    let profile = Profile::at(profile).map_err(into_error)?;
    let tunekey = TuneKey::open(Setup::new(profile.clone())).map_err(into_error)?;
    if !rest.is_empty() {
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
