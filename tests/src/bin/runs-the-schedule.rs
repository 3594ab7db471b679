//! Runs a profile's schedule until it is killed. Prints `opened` once it has the profile, `followed` for each change of
//! the settings by another process, and `holds` when it is the process that renews by itself. For `schedule.rs`.

#![allow(clippy::print_stdout)]

use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::time::interval;
use tunekey_core::{Event, Profile, Setup, TuneKey};
use tunekey_tests::harness::into_error;

/// How often to see whether the schedule is here by now.
const LOOKS: Duration = Duration::from_millis(20);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let profile = std::env::args_os().nth(1).context("PROFILE")?;
    let profile = Profile::at(profile).map_err(into_error)?;
    let tunekey = TuneKey::open(Setup::new(profile)).map_err(into_error)?;
    let mut events = tunekey.events();
    let schedule = tunekey.clone();
    tokio::spawn(async move { schedule.run_schedule().await });
    println!("opened");
    let (mut looks, mut holds) = (interval(LOOKS), false);
    loop {
        tokio::select! {
            event = events.recv() => {
                if matches!(event?, Event::Settings { .. }) {
                    println!("followed");
                }
            }
            _ = looks.tick() => {
                if tunekey.runs_the_schedule() && !std::mem::replace(&mut holds, true) {
                    println!("holds");
                }
            }
        }
    }
}
