//! Waits for a condition to hold eventually, never for a fixed time. For every suite.

use std::fmt::Display;
use std::future::Future;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// How long a condition may take on a busy machine.
pub const TIMEOUT: Duration = Duration::from_secs(60);

/// How often a condition is checked.
const POLL_INTERVAL: Duration = Duration::from_millis(40);

/// How long the last check may take.
const LAST_POLL: Duration = Duration::from_secs(3);

/// Waits until `check` succeeds; its error means "not yet".
///
/// # Errors
/// When [`TIMEOUT`] runs out. The error names what was waited for and the last error of the check.
pub async fn until<T, F: Future<Output = Result<T>>>(
    what: impl Display,
    check: impl FnMut() -> F,
) -> Result<T> {
    within(TIMEOUT, what, check).await
}

/// Waits at most `limit` until `check` succeeds; its error means "not yet".
///
/// # Errors
/// When the limit runs out.
pub async fn within<T, F: Future<Output = Result<T>>>(
    limit: Duration,
    what: impl Display,
    mut check: impl FnMut() -> F,
) -> Result<T> {
    let began = Instant::now();
    loop {
        // A check that hangs must not outlive the limit by much.
        let left = limit.saturating_sub(began.elapsed()).max(LAST_POLL);
        let seen = match tokio::time::timeout(left, check()).await {
            Ok(Ok(found)) => return Ok(found),
            Ok(Err(seen)) => format!("{seen:#}"),
            Err(_) => "no answer at all".to_owned(),
        };
        if began.elapsed() >= limit {
            bail!("waited {limit:?} for {what}; last seen: {seen}");
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

/// Does the same as [`until`] in code that is not async.
///
/// # Errors
/// When [`TIMEOUT`] runs out.
pub fn until_blocking<T>(what: impl Display, mut check: impl FnMut() -> Result<T>) -> Result<T> {
    let began = Instant::now();
    loop {
        match check() {
            Ok(found) => return Ok(found),
            Err(seen) if began.elapsed() >= TIMEOUT => {
                bail!("waited {TIMEOUT:?} for {what}; last seen: {seen:#}")
            }
            Err(_) => std::thread::sleep(POLL_INTERVAL),
        }
    }
}

/// How often what is measured may be measured again.
const ATTEMPTS: u32 = 3;

/// Provokes something and measures it, until it was as quick as it must be: what freezes does so each time, and a
/// computer that is busy with other things does not.
///
/// # Errors
/// The last one of the check, when it has failed three times.
pub async fn in_one_of_three_attempts<F>(check: impl Fn() -> F) -> Result<()>
where
    F: Future<Output = Result<()>>,
{
    for _ in 1..ATTEMPTS {
        if check().await.is_ok() {
            return Ok(());
        }
    }
    check().await
}
