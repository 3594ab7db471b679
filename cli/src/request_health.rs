//! How a daemon is: what it says of itself, and what comes of asking. For `health.rs` and `socket.rs`.

use serde_json::{Value, json};
use tunekey_core::TuneKey;

/// What came of asking the daemon how it is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Health {
    /// What it says of itself.
    Answers(Value),
    /// It runs, and does not know the question.
    OtherVersion,
    /// Somebody listens there and says nothing.
    Silent,
    /// Nobody listens.
    Absent,
}

/// How this process is, once it has read the ledger again: one that cannot does not answer.
pub(crate) async fn answer(tunekey: &TuneKey) -> Value {
    tunekey.reload().await;
    let snapshot = tunekey.snapshot();
    let need_sign_in = snapshot.accounts.iter().filter(|account| account.health.needs_sign_in()).count();
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "accounts": snapshot.accounts.len(),
        "need_sign_in": need_sign_in,
        "store": snapshot.store,
    })
}
