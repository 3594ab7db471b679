//! The only way in which a credential becomes an account's current one, for sign-in, import and renewal alike: the
//! vault, then the ledger, whose change tells every front, then the listeners, in that order.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use tunekey_services::{AccountId, Credential, Service};

use crate::accounts::Accounts;
use crate::description;
use crate::ledger::AccountRecord;
use crate::problem::Problem;
use crate::store::Interaction;
use crate::timing::life;
use crate::vault::{Generation, SaveError, Vault};

/// Learns of every credential that has become current.
type Listener = Arc<dyn Fn(&AccountId, Generation) + Send + Sync>;

/// Makes credentials current. Cheap to clone; every clone is the same.
#[derive(Clone)]
pub(crate) struct Commits {
    vault: Vault,
    listeners: Arc<Mutex<Vec<Listener>>>,
}

/// Why a credential is not, or not wholly, the current one.
#[derive(Debug)]
pub(crate) enum CommitError {
    /// It is not in the vault: what was current still is.
    NotSaved(SaveError),
    /// It is in the vault, and the ledger does not know of it: whoever looks at the account next finds it.
    NotRecorded(Problem),
}

impl From<CommitError> for Problem {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::NotSaved(error) => error.into(),
            CommitError::NotRecorded(problem) => problem,
        }
    }
}

impl Commits {
    /// Commits to a vault.
    pub(crate) fn new(vault: Vault) -> Self {
        Self { vault, listeners: Arc::default() }
    }

    /// Has `listener` called, in the order of registration, for every credential that becomes current from now on.
    pub(crate) fn listen(&self, listener: impl Fn(&AccountId, Generation) + Send + Sync + 'static) {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::new(listener));
    }

    /// Makes a credential the current one of its account, in the place of the generation `replaced`. Only with the
    /// account's lock held.
    ///
    /// `change` adds to the record what is known besides the credential's own facts.
    pub(crate) async fn commit(
        &self,
        accounts: &Accounts,
        service: &dyn Service,
        credential: &Credential,
        replaced: Option<Generation>,
        interaction: Interaction<'_>,
        record: Record<impl FnOnce(&mut AccountRecord) + Send + 'static>,
    ) -> Result<Generation, CommitError> {
        let saved = self.vault.save(credential, replaced, interaction).await;
        let generation = saved.map_err(CommitError::NotSaved)?;
        let published = self.publish(accounts, service, credential, generation, record).await;
        published.map_err(CommitError::NotRecorded)?;
        self.describe(accounts, &credential.account).await;
        Ok(generation)
    }

    /// Tells the computers that share the store of an account, if any do.
    pub(crate) async fn describe(&self, accounts: &Accounts, id: &AccountId) {
        if self.vault.is_shared()
            && let Ok(record) = accounts.record(id)
        {
            self.vault.describe(id, &description::written(&record)).await;
        }
    }

    /// Makes known that a generation is the current one that is in the vault already: another process has put it
    /// there, or this one before it could say so. Only with the account's lock held.
    pub(crate) async fn publish(
        &self,
        accounts: &Accounts,
        service: &dyn Service,
        credential: &Credential,
        generation: Generation,
        record: Record<impl FnOnce(&mut AccountRecord) + Send + 'static>,
    ) -> Result<(), Problem> {
        let Record { first, change } = record;
        let (life, renewability) = (life(service, credential, generation), service.renewability(credential));
        let recorded = accounts.update_or_add(&credential.account, first, move |record| {
            record.life = life;
            record.renewability = Some(renewability);
            record.generation = generation;
            record.failures = 0;
            record.next_attempt_at = None;
            change(record);
        });
        recorded.await?;
        let listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner).clone();
        listeners.iter().for_each(|listener| listener(&credential.account, generation));
        Ok(())
    }
}

impl fmt::Debug for Commits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Commits").field("vault", &self.vault).finish_non_exhaustive()
    }
}

/// What becomes of an account's record.
pub(crate) struct Record<F> {
    /// The record of an account that is not here yet; `None` when it has to be.
    pub(crate) first: Option<AccountRecord>,
    /// What else changes.
    pub(crate) change: F,
}
