//! Follows a store that other computers use, too: takes over the keys and accounts that they have saved, and drops the
//! accounts that a person has removed there.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio_util::task::AbortOnDropHandle;
use tunekey_services::registry;

use super::TuneKey;
use crate::ledger::AccountLock;
use crate::problem::Problem;
use crate::store::SharedAccount;
use crate::vault::Generation;

/// How often to look at the latest: that something has changed may be said to nobody.
const PACE: Duration = Duration::from_secs(30);
/// How soon to look again for an account that could not be taken over, at first: most often somebody is at work on it.
/// So soon is also seen that this process has come to be the one that follows.
const AGAIN: Duration = Duration::from_secs(2);

impl TuneKey {
    /// Takes over what other computers have changed in a store that they share with this one, once. In any other store
    /// there is nothing to do.
    ///
    /// # Errors
    /// A problem of the store; then what this computer knows stays as it is.
    pub async fn take_over_shared_accounts(&self) -> Result<(), Problem> {
        self.follow_accounts().await.map(drop)
    }

    /// The same. False when some accounts could not be taken over.
    async fn follow_accounts(&self) -> Result<bool, Problem> {
        let listed = self.store_says(self.0.vault.shared_accounts().await)?;
        let mut is_all = true;
        for found in listed.unwrap_or_default() {
            is_all &= self.follow_account(&found).await.unwrap_or_else(|problem| {
                tracing::info!(account = %found.id, code = ?problem.code, "an account could not be taken over");
                false
            });
        }
        Ok(is_all)
    }

    /// Takes over what other computers change, until the handle is dropped.
    pub(super) fn start_following(&self) -> AbortOnDropHandle<()> {
        let this = self.clone();
        AbortOnDropHandle::new(tokio::spawn(async move {
            let mut again = AGAIN;
            while this.0.vault.is_shared() {
                // One process does it for all of this computer.
                if !this.runs_the_schedule() || this.0.ending.load(Ordering::Acquire) {
                    tokio::time::sleep(AGAIN).await;
                    continue;
                }
                let mut pause = PACE;
                match this.follow_accounts().await {
                    Ok(true) => again = AGAIN,
                    Ok(false) => {
                        pause = again;
                        again = (2 * again).min(PACE);
                    }
                    Err(problem) => {
                        tracing::info!(code = ?problem.code, "other computers could not be followed");
                    }
                }
                // Either is a reason to look again.
                drop(tokio::time::timeout(pause, this.0.vault.changed()).await);
            }
        }))
    }

    /// Does what is to be done about one account. False when somebody on this computer is at work on it.
    async fn follow_account(&self, found: &SharedAccount) -> Result<bool, Problem> {
        let (accounts, generation) = (&self.0.accounts, Generation::new(found.generation));
        let Some(service) = registry::by_id(found.id.service) else { return Ok(true) };
        let known = accounts.record(&found.id).ok();
        let is_behind = known.as_ref().is_none_or(|record| record.generation < generation);
        match known {
            Some(record) if found.is_removed && !found.has_credential && record.generation <= generation => {
                let Some(_lock) = AccountLock::try_acquire(&self.0.profile, &found.id).await? else {
                    return Ok(false);
                };
                self.drop_account(&found.id).await;
            }
            _ if found.has_credential && found.is_described && is_behind => {
                return self.0.renewer.take_over(accounts, service, found).await;
            }
            // Whoever has saved it was cut off before it could tell of it.
            Some(_) if found.has_credential && !found.is_described && !is_behind => {
                self.0.commits.describe(accounts, &found.id).await;
            }
            _ => {}
        }
        Ok(true)
    }
}
