//! The statements. Each is whole by itself: none needs a transaction, or remembers anything in the session.
//!
//! `clock_timestamp()` rather than `now()`: a statement that has waited for a row looks at the time again. Others hear
//! of a change by a notification that says nothing, because whoever may connect can listen.

/// The columns of one of an account's places.
#[derive(Debug, Clone, Copy)]
pub(super) struct AccountColumns {
    sealed: &'static str,
    /// The column with its generation; `None` for a place whose content has none.
    generation: Option<&'static str>,
}

pub(super) const SIDE_A: AccountColumns =
    AccountColumns { sealed: "sealed_a", generation: Some("generation_a") };
pub(super) const SIDE_B: AccountColumns =
    AccountColumns { sealed: "sealed_b", generation: Some("generation_b") };
pub(super) const PROOF: AccountColumns = AccountColumns { sealed: "sealed_proof", generation: None };

/// What is encrypted in a place of account `$1`, and its generation.
pub(super) fn get(AccountColumns { sealed, generation }: AccountColumns) -> String {
    let generation = generation.unwrap_or("0::bigint");
    format!("SELECT {sealed}, {generation} FROM tunekey_account WHERE account = $1")
}

/// Writes `$3` of generation `$4` into a place of account `$1`, as long as its fence is `$2` and nothing newer is
/// there. An account that other computers do not see yet may have something there from an earlier try. A newer
/// credential says that the renewal has ended; one that is only written once more says nothing.
pub(super) fn set(AccountColumns { sealed, generation }: AccountColumns) -> String {
    let Some(generation) = generation else {
        return format!(
            "UPDATE tunekey_account SET {sealed} = $3 WHERE account = $1 AND fence = $2 AND $4 = 0::bigint RETURNING 1"
        );
    };
    format!(
        "WITH changed AS (UPDATE tunekey_account \
         SET {sealed} = $3, {generation} = $4, removed_at = NULL, changed_at = clock_timestamp(), \
         renewing_since = CASE WHEN $4 > greatest(generation_a, generation_b) THEN NULL ELSE renewing_since END \
         WHERE account = $1 AND fence = $2 AND (description IS NULL OR {generation} <= $4) RETURNING 1) \
         SELECT pg_notify('tunekey', '')::text FROM changed"
    )
}

/// Empties a place of account `$1`, as long as its fence is `$2`. The generation stays, so that no later one is
/// smaller. An account that loses a credential is one that other computers do not see.
pub(super) fn delete(AccountColumns { sealed, generation }: AccountColumns) -> String {
    let unseen = if generation.is_some() { ", description = NULL" } else { "" };
    format!(
        "UPDATE tunekey_account SET {sealed} = NULL{unseen} WHERE account = $1 AND fence = $2 RETURNING 1"
    )
}

/// A secret of computer `$1` that belongs to no account, with a generation as places of accounts have.
pub(super) const GET_NAMED: &str =
    "SELECT sealed, 0::bigint FROM tunekey_secret WHERE host = $1 AND name = $2";
pub(super) const SET_NAMED: &str = "INSERT INTO tunekey_secret (host, name, sealed) VALUES ($1, $2, $3) \
    ON CONFLICT (host, name) DO UPDATE SET sealed = excluded.sealed, changed_at = clock_timestamp()";
pub(super) const DELETE_NAMED: &str = "DELETE FROM tunekey_secret WHERE host = $1 AND name = $2";

/// Leases account `$1` to computer `$2` under the name `$4` for `$3` seconds, unless another computer has it. Gives the
/// fence, and whether a renewal was begun of which nobody has said how it ended. The computer that has it may take it
/// again: its own processes take turns by a lock of their own.
pub(super) const LEASE: &str = "INSERT INTO tunekey_account AS known (account, holder, lease, lease_until, fence) \
    VALUES ($1, $2, $4, clock_timestamp() + make_interval(secs => $3), 1) \
    ON CONFLICT (account) DO UPDATE \
    SET holder = excluded.holder, lease = excluded.lease, lease_until = clock_timestamp() + make_interval(secs => $3), fence = known.fence + 1 \
    WHERE known.lease_until < clock_timestamp() OR known.holder = excluded.holder \
    RETURNING fence, renewing_since IS NOT NULL";

/// Leases account `$1` for `$3` more seconds, as long as its fence is `$2`.
pub(super) const EXTEND: &str = "UPDATE tunekey_account \
    SET lease_until = clock_timestamp() + make_interval(secs => $3) WHERE account = $1 AND fence = $2 RETURNING 1";
/// Ends the lease of account `$1` that has the name `$2`, if it is still that one.
pub(super) const RELEASE: &str = "UPDATE tunekey_account SET holder = '', lease_until = '-infinity' \
    WHERE account = $1 AND lease = $2";

/// Says that a renewal of account `$1` begins, as long as its fence is `$2`; it has `$3` seconds from now.
pub(super) const BEGIN_RENEWAL: &str = "UPDATE tunekey_account \
    SET renewing_since = clock_timestamp(), lease_until = clock_timestamp() + make_interval(secs => $3) \
    WHERE account = $1 AND fence = $2 RETURNING 1";
pub(super) const END_RENEWAL: &str = "UPDATE tunekey_account SET renewing_since = NULL \
    WHERE account = $1 AND fence = $2 RETURNING 1";

pub(super) const ACCOUNTS: &str = "SELECT account, greatest(generation_a, generation_b), \
    sealed_a IS NOT NULL OR sealed_b IS NOT NULL, description IS NOT NULL, removed_at IS NOT NULL FROM tunekey_account";
pub(super) const LAST_GENERATION: &str =
    "SELECT greatest(generation_a, generation_b) FROM tunekey_account WHERE account = $1";

pub(super) const DESCRIPTION: &str = "SELECT description FROM tunekey_account WHERE account = $1";
pub(super) const DESCRIBE: &str = "WITH changed AS (UPDATE tunekey_account \
    SET description = $2, changed_at = clock_timestamp() \
    WHERE account = $1 AND (sealed_a IS NOT NULL OR sealed_b IS NOT NULL) RETURNING 1) \
    SELECT pg_notify('tunekey', '')::text FROM changed";

/// Removes account `$1` for every computer, as long as its fence is `$2`. The row stays: its generations must not begin
/// anew.
pub(super) const REMOVE: &str = "WITH changed AS (UPDATE tunekey_account \
    SET sealed_a = NULL, sealed_b = NULL, sealed_proof = NULL, description = NULL, renewing_since = NULL, \
    removed_at = clock_timestamp(), changed_at = clock_timestamp() \
    WHERE account = $1 AND fence = $2 RETURNING 1) \
    SELECT pg_notify('tunekey', '')::text FROM changed";

/// Whether there is an answer.
pub(super) const PROBE: &str = "SELECT 1";
pub(super) const EXAMINE: &str = "SELECT version, recipient, current_setting('server_version'), \
    extract(epoch FROM clock_timestamp())::float8 FROM tunekey_store";
