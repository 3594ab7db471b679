//! The renewal of all accounts at a person's word, from the window or the tray.

use serde::Serialize;
use tunekey_core::{RenewalOutcome, RenewalTrigger, TuneKey};

/// What the renewals of all accounts have come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub(crate) struct RenewalSummary {
    /// How many have a new key.
    pub(crate) renewed: u32,
    /// How many keep the key that they had, because the service said that it works.
    pub(crate) unchanged: u32,
    /// How many renewals did not work; why is in the account's own state.
    pub(crate) failed: u32,
    /// How many were not tried, because a renewal can’t help them.
    skipped: u32,
}

/// Renews every account that a renewal can help, all at once. How each went is in its own state.
pub(crate) async fn renew_all(core: &TuneKey) -> RenewalSummary {
    let mut summary = RenewalSummary::default();
    let mut renewals = tokio::task::JoinSet::new();
    for account in core.snapshot().accounts {
        if account.can_be_renewed() {
            let core = core.clone();
            renewals.spawn(async move { core.renew(&account.id, RenewalTrigger::Manual).await });
        } else {
            summary.skipped += 1;
        }
    }
    while let Some(renewal) = renewals.join_next().await {
        match renewal.map(|result| result.map(|record| record.outcome)) {
            Ok(Ok(RenewalOutcome::Renewed)) => summary.renewed += 1,
            Ok(Ok(RenewalOutcome::Unchanged)) => summary.unchanged += 1,
            Ok(Ok(RenewalOutcome::Rejected | RenewalOutcome::Failed) | Err(_)) | Err(_) => {
                summary.failed += 1
            }
        }
    }
    summary
}
