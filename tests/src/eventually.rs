//! Waiting for a condition, never for a time.

use std::fmt::Display;
use std::future::Future;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// How long anything on a busy machine may take before it counts as never.
pub const TIMEOUT: Duration = Duration::from_secs(30);

/// How often a condition is looked at.
const POLL_INTERVAL: Duration = Duration::from_millis(40);

/// How long the last look may take.
const LAST_POLL: Duration = Duration::from_secs(3);

/// Waits until `look` finds something.
///
/// # Errors
/// When [`TIMEOUT`] runs out; the error names what was waited for and what was seen last.
pub async fn until<T, F: Future<Output = Result<T>>>(
    what: impl Display,
    look: impl FnMut() -> F,
) -> Result<T> {
    within(TIMEOUT, what, look).await
}

/// Waits at most `limit` until `look` finds something: an error means "not yet" and says what was seen.
///
/// # Errors
/// When the limit runs out.
pub async fn within<T, F: Future<Output = Result<T>>>(
    limit: Duration,
    what: impl Display,
    mut look: impl FnMut() -> F,
) -> Result<T> {
    let began = Instant::now();
    loop {
        // A look that hangs must not outlive the limit by much either.
        let left = limit.saturating_sub(began.elapsed()).max(LAST_POLL);
        let seen = match tokio::time::timeout(left, look()).await {
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

/// The same for code that is not async.
///
/// # Errors
/// When [`TIMEOUT`] runs out.
pub fn until_blocking<T>(what: impl Display, mut look: impl FnMut() -> Result<T>) -> Result<T> {
    let began = Instant::now();
    loop {
        match look() {
            Ok(found) => return Ok(found),
            Err(seen) if began.elapsed() >= TIMEOUT => {
                bail!("waited {TIMEOUT:?} for {what}; last seen: {seen:#}")
            }
            Err(_) => std::thread::sleep(POLL_INTERVAL),
        }
    }
}
