//! What other computers have saved in a store that they share with this one is taken over here.

use tunekey_services::{AccountId, Service};

use super::{Renewer, renewed};
use crate::account::{RenewalOutcome, RenewalTrigger};
use crate::accounts::Accounts;
use crate::commit::Record;
use crate::description;
use crate::ledger::AccountLock;
use crate::problem::Problem;
use crate::store::{Interaction, SharedAccount};
use crate::vault::{Generation, StoredCredential};

impl Renewer {
    /// Makes known on this computer what another one has saved of an account, which may not be known here at all. False
    /// when somebody works on the account now, and may find it or not.
    ///
    /// # Errors
    /// A problem of the store or of the profile.
    pub(crate) async fn take_over(
        &self,
        accounts: &Accounts,
        service: &dyn Service,
        found: &SharedAccount,
    ) -> Result<bool, Problem> {
        let id = &found.id;
        let least = Generation::new(found.generation);
        let Some(_lock) = AccountLock::try_acquire(&self.profile, id).await? else { return Ok(false) };
        let known = accounts.record(id).ok();
        if known.as_ref().is_some_and(|record| record.generation >= least) {
            return Ok(true);
        }
        let kept = self.vault.load_since(id, least, Interaction::Forbidden).await;
        let Some(kept) = kept.map_err(|error| Problem::from(error).with_service(id.service))? else {
            return Ok(true);
        };
        match known {
            Some(_) => {
                let entry = self.entry(RenewalOutcome::Renewed, RenewalTrigger::Automatic, None);
                let StoredCredential { credential, generation } = &kept;
                self.commits.publish(accounts, service, credential, *generation, renewed(&entry)).await?;
            }
            None => self.add(accounts, service, id, &kept).await?,
        }
        Ok(true)
    }

    /// Adds an account that another computer has signed in.
    async fn add(
        &self,
        accounts: &Accounts,
        service: &dyn Service,
        id: &AccountId,
        kept: &StoredCredential,
    ) -> Result<(), Problem> {
        let told = self
            .vault
            .description(id)
            .await
            .map_err(|error| Problem::from(error).with_service(id.service))?;
        let Some(first) = told.and_then(|told| description::read(id, &told)) else { return Ok(()) };
        let record = Record { first: Some(first), change: |_: &mut _| {} };
        self.commits.publish(accounts, service, &kept.credential, kept.generation, record).await
    }
}
