//! What processes use, as the system counts it.

use std::time::Duration;

use anyhow::{Context as _, Result};
use nix::sys::resource::{UsageWho, getrusage};
use nix::time::clock_getcpuclockid;
use nix::unistd::Pid;
use tunekey_tests::process::memory;

use crate::table::thousands;

/// A process and its descendants.
pub(crate) fn family(first: u32) -> Vec<u32> {
    let mut family = vec![first];
    let mut next = 0;
    while let Some(parent) = family.get(next).copied() {
        next += 1;
        let Ok(threads) = std::fs::read_dir(format!("/proc/{parent}/task")) else { continue };
        for thread in threads.flatten() {
            let children = std::fs::read_to_string(thread.path().join("children")).unwrap_or_default();
            family.extend(children.split_whitespace().filter_map(|id| id.parse::<u32>().ok()));
        }
    }
    family
}

/// Megabytes that processes use, what they share counted by shares.
pub(crate) fn proportional(processes: &[u32]) -> f64 {
    let kilobytes: usize = processes
        .iter()
        .filter_map(|id| std::fs::read_to_string(format!("/proc/{id}/smaps_rollup")).ok())
        .filter_map(|text| {
            text.lines()
                .find_map(|line| line.strip_prefix("Pss:")?.split_whitespace().next()?.parse::<usize>().ok())
        })
        .sum::<usize>();
    thousands(kilobytes) * 1.024
}

/// Megabytes of 1,024 kilobytes that a process has in memory, its program included.
pub(crate) fn resident(process: u32) -> Result<f64> {
    let bytes = memory(process).context("it has ended")?;
    Ok(mebibytes(bytes))
}

#[expect(clippy::cast_precision_loss, reason = "sizes far below 2^52")]
fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / (1024.0 * 1024.0)
}

/// How long processes have been computing, in their own code and in the system's, to the nanosecond.
///
/// # Errors
/// When one of them has ended.
pub(crate) fn computing(processes: &[u32]) -> Result<Duration> {
    let computed = |process: &u32| -> Result<Duration> {
        let clock = clock_getcpuclockid(Pid::from_raw(i32::try_from(*process)?)).context("it has ended")?;
        Ok(clock.now().context("it has ended")?.into())
    };
    processes.iter().map(computed).sum()
}

/// How long children that have ended were computing, to the microsecond.
///
/// # Errors
/// When the system does not say.
pub(crate) fn children_computed() -> Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let micros = [usage.user_time(), usage.system_time()]
        .map(|time| time.tv_sec() * 1_000_000 + time.tv_usec())
        .iter()
        .sum::<i64>();
    Ok(Duration::from_micros(u64::try_from(micros).unwrap_or_default()))
}
