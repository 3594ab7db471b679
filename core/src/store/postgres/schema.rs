//! The tables in the database, and how they are made. Their version stands in them.

use tokio_postgres::Client;
use tokio_postgres::types::Type;

use super::meaning::meaning;
use crate::store::{DatabaseError, StoreError};

/// What makes each version of the tables of the one before. Each can be done again.
const MIGRATIONS: [&str; 1] = ["
CREATE TABLE IF NOT EXISTS tunekey_store (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    version integer NOT NULL,
    recipient text NOT NULL
);
CREATE TABLE IF NOT EXISTS tunekey_account (
    account text PRIMARY KEY,
    generation_a bigint NOT NULL DEFAULT 0,
    sealed_a bytea,
    generation_b bigint NOT NULL DEFAULT 0,
    sealed_b bytea,
    sealed_proof bytea,
    description bytea,
    holder text NOT NULL,
    lease text NOT NULL,
    lease_until timestamptz NOT NULL,
    fence bigint NOT NULL,
    renewing_since timestamptz,
    removed_at timestamptz,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TABLE IF NOT EXISTS tunekey_secret (
    host text NOT NULL,
    name text NOT NULL,
    sealed bytea NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (host, name)
);"];

/// The version that this code knows.
pub(super) const VERSION: i32 = MIGRATIONS.len() as i32;

const READ: &str = "SELECT version, recipient FROM tunekey_store";
const FOUND: &str =
    "INSERT INTO tunekey_store (version, recipient) VALUES ($1, $2) ON CONFLICT (only_one) DO NOTHING";

/// What the tables say of themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Founded {
    pub(super) version: i32,
    /// Whom everything in them is encrypted to.
    pub(super) recipient: String,
}

/// What the tables say of themselves.
///
/// # Errors
/// `NoTables`, or `NewerTables` when only a newer version can read them.
pub(super) async fn read(client: &Client) -> Result<Founded, StoreError> {
    let rows = client.query_typed(READ, &[]).await.map_err(|error| meaning(&error))?;
    let row = rows.first().ok_or(StoreError::Database(DatabaseError::NoTables))?;
    let founded = Founded { version: row.get(0), recipient: row.get(1) };
    if founded.version > VERSION {
        return Err(StoreError::Database(DatabaseError::NewerTables));
    }
    Ok(founded)
}

/// Makes the tables, unless they are there. What is in them from then on is encrypted to `recipient`.
///
/// # Errors
/// As [`read`]; `WrongIdentity` when what is in them is encrypted to somebody else.
pub(super) async fn found(client: &Client, recipient: &str) -> Result<(), StoreError> {
    let founded = match read(client).await {
        Err(StoreError::Database(DatabaseError::NoTables)) => {
            for migration in MIGRATIONS {
                // Of two computers at once, one may be told that it came too late.
                if let Err(error) = client.batch_execute(migration).await {
                    tracing::debug!(code = error.code().map(|code| code.code()), "the tables were not made");
                }
            }
            let values: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 2] =
                [(&VERSION, Type::INT4), (&recipient, Type::TEXT)];
            client.query_typed(FOUND, &values).await.map_err(|error| meaning(&error))?;
            read(client).await?
        }
        founded => founded?,
    };
    if founded.recipient == recipient { Ok(()) } else { Err(StoreError::WrongIdentity) }
}
