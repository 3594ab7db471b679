//! A PostgreSQL database as a store that several computers share. Every record is encrypted here, in the format of age,
//! to the recipient that stands in the database: it sees names, generations and times.
//!
//! An account is one row, so that one statement can both look whether this computer still has the lease and write. The
//! lease goes by the database's clock. Each time it is taken its fence counts up, and a write that has an older fence
//! changes nothing. What is encrypted begins with where it belongs and its generation: age authenticates nothing
//! besides.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use age::x25519::{Identity, Recipient};
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use tunekey_services::{AccountId, Secret};
use zeroize::Zeroizing;

use super::identity::IdentityPlaces;
use super::line::{self, exposed};
use super::sealer::{DAMAGED, Sealer, decrypted, encrypted};
use super::shared::{LEASE, SharedAccount, SharedStore, SharedStoreState};
use super::{AccountSlot, DatabaseError, Interaction, SecretStore, Side, SlotName, StoreError, StoreKind};

mod address;
mod connection;
mod meaning;
mod password;
mod schema;
mod statements;

pub use address::DatabaseUrl;
use connection::{Database, QueryLimit, Value};
use statements::AccountColumns;

/// What the records that all computers read begin with, in place of a computer's name.
const SHARED: &str = "shared";

/// A database, as one computer uses it.
#[derive(Debug)]
pub(crate) struct PostgresStore {
    database: Database,
    sealer: Sealer,
    /// This computer's name among those that share the database.
    host: String,
    leases: Mutex<HashMap<String, Lease>>,
}

/// An account that this computer has leased.
#[derive(Debug)]
struct Lease {
    name: String,
    fence: i64,
    was_interrupted: bool,
}

impl PostgresStore {
    /// The database at `url`, used by the computer of that name, whose identity is in one of these places. Does not
    /// touch the network yet.
    pub(crate) fn new(url: DatabaseUrl, host: impl Into<String>, places: IdentityPlaces) -> Self {
        Self {
            database: Database::new(url),
            sealer: Sealer::new(places),
            host: host.into(),
            leases: Mutex::default(),
        }
    }

    /// Makes the tables, unless they are there, for what is encrypted to `recipient`.
    ///
    /// # Errors
    /// `WrongIdentity` when they are for another one; or what the database says.
    pub(crate) async fn found(url: DatabaseUrl, recipient: &str) -> Result<(), StoreError> {
        Database::new(url).found(recipient).await
    }

    async fn identity(&self, interaction: Interaction<'_>) -> Result<Identity, StoreError> {
        let founded = self.database.founded(QueryLimit::of(interaction)).await?;
        self.sealer.identity(&founded.recipient, interaction).await
    }

    /// Has a statement done that changes one row if this computer still has its lease.
    async fn change(
        &self,
        query_limit: QueryLimit,
        statement: &str,
        values: &[Value<'_>],
    ) -> Result<(), StoreError> {
        let rows = self.database.query(query_limit, statement, values).await?;
        if rows.is_empty() { Err(StoreError::Database(DatabaseError::LeaseLost)) } else { Ok(()) }
    }

    fn fence(&self, account: &str) -> Result<i64, StoreError> {
        self.leases()
            .get(account)
            .map(|lease| lease.fence)
            .ok_or(StoreError::Database(DatabaseError::LeaseLost))
    }

    fn leases(&self) -> MutexGuard<'_, HashMap<String, Lease>> {
        self.leases.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn get_sealed(
        &self,
        slot: &SlotName,
        query_limit: QueryLimit,
    ) -> Result<Option<(Vec<u8>, u64)>, StoreError> {
        let rows = match slot.of_account() {
            Some((account, place)) => {
                let statement = statements::get(columns(place));
                self.database.query(query_limit, &statement, &[(&account, Type::TEXT)]).await?
            }
            None => {
                let values: [Value<'_>; 2] = [(&self.host, Type::TEXT), (&slot.as_str(), Type::TEXT)];
                self.database.query(query_limit, statements::GET_NAMED, &values).await?
            }
        };
        Ok(rows.first().and_then(|row| Some((row.get::<_, Option<Vec<u8>>>(0)?, unsigned(row, 1)))))
    }

    /// What the plain text of a record begins with.
    fn binding(&self, slot: &SlotName, generation: u64) -> String {
        let whose = if slot.of_account().is_some() { SHARED } else { &self.host };
        binding(whose, slot, generation)
    }
}

#[async_trait]
impl SecretStore for PostgresStore {
    fn kind(&self) -> StoreKind {
        StoreKind::Postgres
    }

    async fn get(&self, slot: &SlotName, interaction: Interaction<'_>) -> Result<Option<Secret>, StoreError> {
        let identity = self.identity(interaction).await?;
        let Some((sealed, generation)) = self.get_sealed(slot, QueryLimit::of(interaction)).await? else {
            return Ok(None);
        };
        open(&identity, &sealed, &self.binding(slot, generation)).map(Some)
    }

    async fn set(
        &self,
        slot: &SlotName,
        line: &Secret,
        interaction: Interaction<'_>,
    ) -> Result<(), StoreError> {
        let recipient = self.identity(interaction).await?.to_public();
        let query_limit = QueryLimit::of(interaction);
        let generation = line::generation(line);
        let sealed = seal(&recipient, line, &self.binding(slot, generation))?;
        match slot.of_account() {
            Some((account, place)) => {
                let (fence, generation) = (self.fence(account)?, signed(generation)?);
                let values: [Value<'_>; 4] = [
                    (&account, Type::TEXT),
                    (&fence, Type::INT8),
                    (&sealed, Type::BYTEA),
                    (&generation, Type::INT8),
                ];
                self.change(query_limit, &statements::set(columns(place)), &values).await
            }
            None => {
                let values: [Value<'_>; 3] =
                    [(&self.host, Type::TEXT), (&slot.as_str(), Type::TEXT), (&sealed, Type::BYTEA)];
                self.database.query(query_limit, statements::SET_NAMED, &values).await.map(drop)
            }
        }
    }

    async fn delete(&self, slot: &SlotName, interaction: Interaction<'_>) -> Result<(), StoreError> {
        let query_limit = QueryLimit::of(interaction);
        match slot.of_account() {
            Some((account, place)) => {
                let fence = self.fence(account)?;
                let values: [Value<'_>; 2] = [(&account, Type::TEXT), (&fence, Type::INT8)];
                self.change(query_limit, &statements::delete(columns(place)), &values).await
            }
            None => {
                let values: [Value<'_>; 2] = [(&self.host, Type::TEXT), (&slot.as_str(), Type::TEXT)];
                self.database.query(query_limit, statements::DELETE_NAMED, &values).await.map(drop)
            }
        }
    }

    async fn probe(&self, interaction: Interaction<'_>) -> Result<(), StoreError> {
        self.database.query(QueryLimit::of(interaction), statements::PROBE, &[]).await?;
        self.identity(interaction).await.map(drop)
    }

    fn shared(&self) -> Option<&dyn SharedStore> {
        Some(self)
    }
}

#[async_trait]
impl SharedStore for PostgresStore {
    async fn lease(&self, id: &AccountId, name: &str) -> Result<bool, StoreError> {
        let (account, seconds) = (id.to_string(), LEASE.as_secs_f64());
        let values: [Value<'_>; 4] =
            [(&account, Type::TEXT), (&self.host, Type::TEXT), (&seconds, Type::FLOAT8), (&name, Type::TEXT)];
        let rows = self.database.query(QueryLimit::Asked, statements::LEASE, &values).await?;
        let Some(row) = rows.first() else { return Ok(false) };
        let lease = Lease { name: name.to_owned(), fence: row.get(0), was_interrupted: row.get(1) };
        self.leases().insert(account, lease);
        Ok(true)
    }

    async fn extend(&self, id: &AccountId) -> Result<(), StoreError> {
        let (account, seconds) = (id.to_string(), LEASE.as_secs_f64());
        let fence = self.fence(&account)?;
        let values: [Value<'_>; 3] = [(&account, Type::TEXT), (&fence, Type::INT8), (&seconds, Type::FLOAT8)];
        self.change(QueryLimit::Asked, statements::EXTEND, &values).await
    }

    async fn release(&self, id: &AccountId, name: &str) -> Result<(), StoreError> {
        let account = id.to_string();
        self.leases().retain(|of, lease| *of != account || lease.name != name);
        let values: [Value<'_>; 2] = [(&account, Type::TEXT), (&name, Type::TEXT)];
        self.database.query(QueryLimit::Asked, statements::RELEASE, &values).await.map(drop)
    }

    fn was_interrupted(&self, id: &AccountId) -> bool {
        self.leases().get(&id.to_string()).is_some_and(|lease| lease.was_interrupted)
    }

    async fn begin_renewal(&self, id: &AccountId) -> Result<(), StoreError> {
        let (account, seconds) = (id.to_string(), LEASE.as_secs_f64());
        let fence = self.fence(&account)?;
        let values: [Value<'_>; 3] = [(&account, Type::TEXT), (&fence, Type::INT8), (&seconds, Type::FLOAT8)];
        self.change(QueryLimit::Asked, statements::BEGIN_RENEWAL, &values).await
    }

    async fn end_renewal(&self, id: &AccountId) -> Result<(), StoreError> {
        let account = id.to_string();
        let fence = self.fence(&account)?;
        let values: [Value<'_>; 2] = [(&account, Type::TEXT), (&fence, Type::INT8)];
        self.change(QueryLimit::Asked, statements::END_RENEWAL, &values).await
    }

    async fn accounts(&self) -> Result<Vec<SharedAccount>, StoreError> {
        let rows = self.database.query(QueryLimit::Asked, statements::ACCOUNTS, &[]).await?;
        // An account of a service that only a newer version knows is none here.
        Ok(rows.iter().filter_map(account).collect())
    }

    async fn last_generation(&self, id: &AccountId) -> Result<u64, StoreError> {
        let account = id.to_string();
        let values: [Value<'_>; 1] = [(&account, Type::TEXT)];
        let rows = self.database.query(QueryLimit::Asked, statements::LAST_GENERATION, &values).await?;
        Ok(rows.first().map_or(0, |row| unsigned(row, 0)))
    }

    async fn description(&self, id: &AccountId) -> Result<Option<Secret>, StoreError> {
        let identity = self.identity(Interaction::Forbidden).await?;
        let account = id.to_string();
        let values: [Value<'_>; 1] = [(&account, Type::TEXT)];
        let rows = self.database.query(QueryLimit::Asked, statements::DESCRIPTION, &values).await?;
        let sealed = rows.first().and_then(|row| row.get::<_, Option<Vec<u8>>>(0));
        let binding = binding(SHARED, &SlotName::description(id), 0);
        sealed.map(|sealed| open(&identity, &sealed, &binding)).transpose()
    }

    async fn describe(&self, id: &AccountId, line: &Secret) -> Result<(), StoreError> {
        let recipient = self.identity(Interaction::Forbidden).await?.to_public();
        let sealed = seal(&recipient, line, &binding(SHARED, &SlotName::description(id), 0))?;
        let account = id.to_string();
        let values: [Value<'_>; 2] = [(&account, Type::TEXT), (&sealed, Type::BYTEA)];
        self.database.query(QueryLimit::Asked, statements::DESCRIBE, &values).await.map(drop)
    }

    async fn remove(&self, id: &AccountId) -> Result<(), StoreError> {
        let account = id.to_string();
        let fence = self.fence(&account)?;
        let values: [Value<'_>; 2] = [(&account, Type::TEXT), (&fence, Type::INT8)];
        self.change(QueryLimit::Asked, statements::REMOVE, &values).await
    }

    async fn changed(&self) {
        self.database.changed().await;
    }

    async fn examine(&self) -> Result<SharedStoreState, StoreError> {
        let rows = self.database.query(QueryLimit::Asked, statements::EXAMINE, &[]).await?;
        let row = rows.first().ok_or(StoreError::Database(DatabaseError::NoTables))?;
        let seconds = SignedDuration::try_from_secs_f64(row.get(3)).unwrap_or_default();
        Ok(SharedStoreState {
            table_version: row.get(0),
            recipient: row.get(1),
            server_version: row.get(2),
            time: Timestamp::UNIX_EPOCH.checked_add(seconds).unwrap_or_default(),
        })
    }
}

fn columns(slot: AccountSlot) -> AccountColumns {
    match slot {
        AccountSlot::Credential(Side::A) => statements::SIDE_A,
        AccountSlot::Credential(Side::B) => statements::SIDE_B,
        AccountSlot::Proof => statements::PROOF,
    }
}

fn account(row: &Row) -> Option<SharedAccount> {
    Some(SharedAccount {
        id: row.get::<_, &str>(0).parse().ok()?,
        generation: unsigned(row, 1),
        has_credential: row.get(2),
        is_described: row.get(3),
        is_removed: row.get(4),
    })
}

/// Generations are counted without a sign here, and with one in the database.
fn unsigned(row: &Row, column: usize) -> u64 {
    u64::try_from(row.get::<_, i64>(column)).unwrap_or_default()
}

fn signed(generation: u64) -> Result<i64, StoreError> {
    i64::try_from(generation).map_err(|_| StoreError::Failed("there is no such generation"))
}

/// Where a record belongs: in the first line of what is encrypted.
fn binding(whose: &str, slot: &SlotName, generation: u64) -> String {
    format!("{whose} {slot} {generation}\n")
}

fn seal(recipient: &Recipient, line: &Secret, binding: &str) -> Result<Vec<u8>, StoreError> {
    let mut plain = Zeroizing::new(Vec::with_capacity(binding.len() + exposed(line).len()));
    plain.extend_from_slice(binding.as_bytes());
    plain.extend_from_slice(exposed(line).as_bytes());
    encrypted(recipient, &plain)
}

/// Opens a record, which must belong where it was found.
fn open(identity: &Identity, sealed: &[u8], binding: &str) -> Result<Secret, StoreError> {
    let plain = decrypted(identity, sealed)?;
    plain.strip_prefix(binding.as_bytes()).map(line::secret).ok_or(DAMAGED)
}

#[cfg(test)]
mod tests {
    use tunekey_services::qqmusic;

    use super::*;

    #[test]
    fn a_record_opens_only_where_it_belongs_and_with_its_generation() {
        let identity = Identity::generate();
        let slot = |uid: &str, side| SlotName::credential(&AccountId::new(qqmusic::ID, uid), side);
        let line = Secret::new(r#"{"v":1,"gen":5}"#);
        let place = binding(SHARED, &slot("1", Side::A), line::generation(&line));
        let sealed = seal(&identity.to_public(), &line, &place).expect("it can be encrypted");
        assert_eq!(open(&identity, &sealed, &place), Ok(line));
        for elsewhere in [
            binding(SHARED, &slot("1", Side::B), 5),
            binding(SHARED, &slot("2", Side::A), 5),
            binding(SHARED, &slot("1", Side::A), 6),
            binding("another-host", &slot("1", Side::A), 5),
        ] {
            assert_eq!(open(&identity, &sealed, &elsewhere), Err(DAMAGED), "{elsewhere}");
        }
        let other = Identity::generate();
        assert_eq!(open(&other, &sealed, &place), Err(StoreError::WrongIdentity));
        assert_eq!(open(&identity, &sealed[..sealed.len() - 1], &place), Err(DAMAGED));
    }
}
