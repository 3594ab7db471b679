//! Taking an account away: at the service and here, or here only. The person's decision is written down before
//! anything is deleted, and taken back when nothing could be.

use tunekey_services::AccountId;

use super::{SIGN_OUT_LIMIT, SignedOut, TuneKey, service_of};
use crate::account::{Busy, Health, SignInReason};
use crate::problem::Problem;
use crate::store::{Interaction, StoreError};
use crate::vault::VaultError;

impl TuneKey {
    /// Ends the credential at the service, then removes it here. What the service does not confirm in five
    /// seconds is removed all the same, and said to be unconfirmed.
    ///
    /// # Errors
    /// `NotFound`, a problem of the store, or `ProfileUnreadable`; then the account is still there.
    pub async fn sign_out(&self, id: &AccountId) -> Result<SignedOut, Problem> {
        let (this, id) = (self.clone(), id.clone());
        self.to_its_end(async move {
            this.0.accounts.record(&id)?;
            let _busy = this.0.accounts.busy(&id, Busy::SigningOut);
            this.0.renewer.exclusively(&id, this.sign_out_now(&id)).await
        })
        .await
    }

    /// Removes the account here only.
    ///
    /// # Errors
    /// As [`TuneKey::sign_out`].
    pub async fn forget(&self, id: &AccountId) -> Result<(), Problem> {
        let (this, id) = (self.clone(), id.clone());
        self.to_its_end(async move {
            this.0.accounts.record(&id)?;
            let removed = async {
                this.decide_to_remove(&id).await?;
                this.remove(&id, false).await
            };
            this.0.renewer.exclusively(&id, removed).await
        })
        .await
    }

    /// Ends the credential and removes the account. Only while nobody else works on it.
    async fn sign_out_now(&self, id: &AccountId) -> Result<SignedOut, Problem> {
        let kept = match self.0.vault.load(id, Interaction::Allowed).await {
            // There is nothing in it to tell the service; it is removed all the same.
            Err(VaultError { error: StoreError::Unreadable(_), .. }) => None,
            kept => self.store_says(kept)?,
        };
        let context = self.context().await?;
        self.decide_to_remove(id).await?;
        let confirmed = match kept {
            Some(kept) => {
                let service = service_of(id.service)?;
                let asked = service.sign_out(&context, &kept.credential);
                matches!(tokio::time::timeout(SIGN_OUT_LIMIT, asked).await, Ok(Ok(())))
            }
            None => false,
        };
        self.remove(id, confirmed).await?;
        Ok(SignedOut { confirmed })
    }

    /// Removes what is left of accounts whose removal a crash cut off.
    pub(super) async fn finish_removals(&self) {
        for record in self.0.accounts.records().into_iter().filter(|record| record.signing_out) {
            if let Err(problem) = self.forget(&record.id).await {
                tracing::info!(account = %record.id, code = ?problem.code, "a removal could not be finished yet");
            }
        }
    }

    /// Writes the decision down. A disk that takes nothing is found out here, before anything is deleted; from here
    /// on a crash is finished at the next start.
    async fn decide_to_remove(&self, id: &AccountId) -> Result<(), Problem> {
        self.0.accounts.update(id, |record| record.signing_out = true).await
    }

    /// Deletes the credential, then the account. `ended` says that the service has ended the credential.
    async fn remove(&self, id: &AccountId, ended: bool) -> Result<(), Problem> {
        if let Err(problem) = self.store_says(self.0.vault.forget(id, Interaction::Allowed).await) {
            // The person is told that it is still there: it must not vanish at the next start.
            let now = self.0.clock.now();
            let taken_back = self.0.accounts.update(id, move |record| {
                record.signing_out = false;
                if ended {
                    record.health = Health::NeedsSignIn { since: now, reason: SignInReason::Rejected };
                }
            });
            taken_back.await?;
            return Err(problem);
        }
        self.drop_account(id).await;
        Ok(())
    }

    /// Takes an account whose credential is gone off this computer. A list that cannot be written now is put right at
    /// the next start.
    pub(super) async fn drop_account(&self, id: &AccountId) {
        self.0.renewer.forget(id);
        self.forget_delivery_secrets(id).await;
        self.0.accounts.remove(id).await;
        self.close_connections();
    }
}
