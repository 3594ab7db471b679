//! Does what a renewal does to the profile's store and the ledger, again and again until it is killed, and prints what
//! it has committed to each time. For `crash.rs`.
//!
//! `renews-until-killed PROFILE UID BYTES`: says `loaded N` first, then `saved N` after each save; `N` is the
//! generation, from which everything in the credential follows.

#![allow(clippy::disallowed_methods, clippy::print_stdout)]

use anyhow::{Context as _, Result, ensure};
use jiff::Timestamp;
use tunekey_core::{
    AccountId, AccountLock, AccountRecord, Credential, Generation, Interaction, LedgerFile, Method, Profile,
    Setup, Vault,
};
use tunekey_services::qqmusic;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [profile, uid, bytes] = arguments.as_slice() else { anyhow::bail!("PROFILE UID BYTES") };
    let (id, bytes) = (AccountId::new(qqmusic::ID, uid.as_str()), bytes.parse()?);

    let profile = Profile::at(profile)?;
    let (ledger, notice) = LedgerFile::open(&profile)?;
    ensure!(notice.is_none(), "the ledger was damaged: {notice:?}");
    let store = Setup::new(profile.clone()).store;
    let vault = Vault::new(store.clone());

    let mut generation = load(&vault, &id, bytes).await?;
    let seen = ledger.update(|ledger| {
        if let Some(record) = ledger.record_mut(&id) {
            return record.generation;
        }
        let record = AccountRecord::new(id.clone(), Method::QqScan, Timestamp::UNIX_EPOCH);
        ledger.accounts.push(record.into());
        Generation::default()
    })?;
    ensure!(seen <= generation.unwrap_or_default(), "the ledger promises more than the store holds");
    println!("loaded {}", generation.unwrap_or_default().number());
    loop {
        let _lock = AccountLock::acquire(&profile, &id).await?;
        if let Some(shared) = store.shared() {
            let is_ours = shared.lease(&id, "until-killed").await;
            ensure!(is_ours == Ok(true), "it is not leased: {is_ours:?}");
        }
        vault.prove_writable(&id, Interaction::Forbidden).await?;
        let next = Generation::new(generation.unwrap_or_default().number() + 1);
        let saved = vault.save(&credential(&id, next, bytes), generation, Interaction::Forbidden).await?;
        ensure!(saved == next, "generations count up by one");
        println!("saved {}", saved.number());
        ledger.update(|ledger| {
            if let Some(record) = ledger.record_mut(&id) {
                record.generation = saved;
            }
        })?;
        generation = load(&vault, &id, bytes).await?;
        ensure!(generation == Some(saved), "what was saved is what is loaded");
    }
}

/// Loads the credential and makes sure that it is, field by field, the one of its generation.
async fn load(vault: &Vault, id: &AccountId, bytes: usize) -> Result<Option<Generation>> {
    let Some(stored) = vault.load(id, Interaction::Forbidden).await? else { return Ok(None) };
    ensure!(stored.credential == credential(id, stored.generation, bytes), "a torn credential was loaded");
    Ok(Some(stored.generation))
}

/// The credential of a generation.
fn credential(id: &AccountId, generation: Generation, bytes: usize) -> Credential {
    let number = generation.number();
    let mark = format!("{number:x}.");
    Credential {
        account: id.clone(),
        issued_at: Timestamp::from_second(i64::try_from(number).unwrap_or_default())
            .context("small numbers are times")
            .unwrap_or_default(),
        expires_at: None,
        fields: [
            ("musickey", format!("Q_H_L_{number}")),
            ("refresh_key", mark.repeat(bytes / mark.len())),
            ("refresh_token", format!("rt_{number}")),
        ]
        .into_iter()
        .collect(),
    }
}
