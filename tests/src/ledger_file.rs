//! A profile's ledger, changed from outside as every process changes it. For what would otherwise take days.

use std::path::Path;

use anyhow::{Context as _, Result};
use jiff::SignedDuration;
use serde_json::{Value, json};
use tunekey_core::{Clock as _, SystemClock};

/// Changes the ledger of the profile in a folder.
///
/// # Errors
/// When there is none, or it cannot be written.
pub fn change<T>(profile: &Path, change: impl FnOnce(&mut Value) -> Result<T>) -> Result<T> {
    let path = profile.join("ledger.json");
    let lock = std::fs::File::open(path.with_extension("lock"))?;
    lock.lock()?;
    let mut ledger: Value = serde_json::from_slice(&std::fs::read(&path)?)?;
    let changed = change(&mut ledger)?;
    let new = path.with_extension("new");
    std::fs::write(&new, serde_json::to_vec(&ledger)?)?;
    std::fs::rename(new, path)?;
    Ok(changed)
}

/// Changes what the ledger says of an account.
///
/// # Errors
/// When there is no such account, or the ledger cannot be written.
pub fn change_record(profile: &Path, account: &str, to: impl FnOnce(&mut Value)) -> Result<()> {
    change(profile, |ledger| {
        let records = ledger["accounts"].as_array_mut().context("the ledger lists no accounts")?;
        to(records.iter_mut().find(|one| one["id"] == account).context("no such account")?);
        Ok(())
    })
}

/// Has a profile find an account's key due at its next look.
///
/// # Errors
/// When there is no such account, or the ledger cannot be written.
pub fn make_due(profile: &Path, account: &str) -> Result<()> {
    change_record(profile, account, |record| record["life"] = nearly_over())
}

/// The life of a key that ends within the hour.
pub fn nearly_over() -> Value {
    let at = |hours| SystemClock.now() + SignedDuration::from_hours(hours);
    json!({ "issued_at": at(-71), "renew_at": at(-51), "expires_at": at(1) })
}
