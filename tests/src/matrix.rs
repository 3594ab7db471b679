//! A matrix of cases that run side by side, and the rows that several suites share: sign-in options whose renewals are
//! disturbed, and the requests that a sign-in makes. For `faults.rs`, `crash_points.rs`, `hostile_service.rs` and
//! `sign_in.rs`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tunekey_core::{Method, SignInOption};
use tunekey_services::{netease, qqmusic};
use tunekey_simulator::Settings;

use crate::fixtures::SIGN_IN_OPTIONS;
use crate::harness::Harness;

/// The sign-in options whose renewals are disturbed: one for each kind of account.
pub const RENEWED: [SignInOption; 3] = [
    SignInOption { service: qqmusic::ID, method: Method::QqScan },
    SignInOption { service: qqmusic::ID, method: Method::WechatScan },
    SignInOption { service: netease::ID, method: Method::AppScan },
];

/// The requests of the service's own page: the web view makes them, and deals with what becomes of them.
const PAGE_REQUESTS: [&str; 2] = ["qq.page", "netease.page"];

/// Every request that a sign-in makes, with the first option that makes it.
///
/// # Errors
/// When an undisturbed sign-in does not work.
pub async fn sign_in_requests() -> Result<Vec<(SignInOption, String)>> {
    let (mut requests, mut known) = (Vec::new(), BTreeSet::new());
    for option in SIGN_IN_OPTIONS {
        let harness = Harness::new(Settings::default()).await?;
        let signed_in = harness.sign_in(option).await;
        signed_in.with_context(|| format!("an undisturbed sign-in: {} {}", option.service, option.method))?;
        let new = harness.requests().into_iter().filter(|request| !PAGE_REQUESTS.contains(&request.as_str()));
        let new = new.filter(|request| known.insert(request.clone()));
        requests.extend(new.map(|request| (option, request)));
    }
    Ok(requests)
}

/// Runs every case, so many at once, each for no longer than `limit`.
///
/// # Panics
/// When a case fails, panics or hangs; the message lists all of these by their names.
pub async fn run_all<C, F>(
    cases: Vec<C>,
    concurrency: usize,
    limit: Duration,
    name: fn(&C) -> String,
    run: fn(C) -> F,
) where
    F: Future<Output = Result<()>> + Send + 'static,
    C: Send + 'static,
{
    assert!(!cases.is_empty(), "without a case nothing is proved");
    let (total, permits) = (cases.len(), Arc::new(Semaphore::new(concurrency)));
    let mut running = JoinSet::new();
    for case in cases {
        let permits = Arc::clone(&permits);
        running.spawn(async move {
            let _permit = permits.acquire_owned().await;
            let (name, began) = (name(&case), Instant::now());
            let result = tokio::time::timeout(limit, run(case)).await;
            let result = result.unwrap_or_else(|_| Err(anyhow!("it hangs")));
            result
                .map_err(|error| format!("{name} (after {:.1} s): {error:#}", began.elapsed().as_secs_f64()))
        });
    }
    let (mut failed, mut count) = (String::new(), 0);
    while let Some(result) = running.join_next().await {
        if let Err(error) = result.unwrap_or_else(|panic| Err(format!("it panicked: {panic}"))) {
            count += 1;
            let _ = writeln!(failed, "  {error}");
        }
    }
    assert!(failed.is_empty(), "{count} of {total} cases:\n{failed}");
}
