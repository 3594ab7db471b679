//! Renewals and checks, as a person or the schedule asks for them.

use jiff::Timestamp;
use tunekey_services::{AccountId, ServiceId};

use super::{TuneKey, service_of};
use crate::account::{Busy, CheckOutcome, RenewalRecord, RenewalTrigger};
use crate::attempts::Budget;
use crate::problem::{Problem, ProblemCode};
use crate::renewal::Checked;

impl TuneKey {
    /// Gets a new key. Runs to its end even when the caller goes away, because the service may already have
    /// issued the key. Whoever asks while it is under way shares its result.
    ///
    /// # Errors
    /// `NotFound`, a problem of the store, what the service said, or `RateLimited` without having asked it when too many
    /// renewals that a person asked for have failed within the hour. Nothing is lost with any of them.
    pub async fn renew(&self, id: &AccountId, trigger: RenewalTrigger) -> Result<RenewalRecord, Problem> {
        let (this, id) = (self.clone(), id.clone());
        self.0.renewals.join((id.clone(), trigger), || this.renew_once(id, trigger)).await
    }

    async fn renew_once(self, id: AccountId, trigger: RenewalTrigger) -> Result<RenewalRecord, Problem> {
        let this = self.clone();
        self.to_its_end(async move {
            let record = this.0.accounts.record(&id)?;
            if trigger == RenewalTrigger::Manual
                && !record.attempts.are_left(Budget::Person, this.0.clock.now())
            {
                return Err(too_many_failures(id.service));
            }
            let result = {
                let _busy = this.0.accounts.busy(&id, Busy::Renewing);
                match this.context().await {
                    Ok(context) => {
                        let service = service_of(id.service)?;
                        this.0.renewer.renew(&this.0.accounts, service, &context, &id, trigger).await
                    }
                    Err(problem) => Err(problem),
                }
            };
            // Said once the account is no longer shown as busy: what is last is what stays on screen.
            this.note_result(&id, result)
        })
        .await
    }

    /// Asks the service whether the credential works, and who it belongs to. A key that has run out is renewed if it
    /// can be. What it says of the account comes as an [`Event`](super::Event). Runs to its end as [`TuneKey::renew`]
    /// does.
    ///
    /// # Errors
    /// As [`TuneKey::renew`]; `RefusedOnce` for a first refusal, `Rejected` when the service has said no for the
    /// second time, at least a minute later.
    pub async fn check(&self, id: &AccountId) -> Result<CheckOutcome, Problem> {
        self.check_for(id, RenewalTrigger::Manual).await
    }

    pub(super) async fn check_for(
        &self,
        id: &AccountId,
        trigger: RenewalTrigger,
    ) -> Result<CheckOutcome, Problem> {
        self.check_unless_since(id, trigger, None).await
    }

    /// As [`TuneKey::check`]; what another process has found out `since` then is as good as an answer.
    pub(super) async fn check_unless_since(
        &self,
        id: &AccountId,
        trigger: RenewalTrigger,
        since: Option<Timestamp>,
    ) -> Result<CheckOutcome, Problem> {
        let (this, id) = (self.clone(), id.clone());
        self.to_its_end(async move {
            this.0.accounts.record(&id)?;
            let result = {
                let _busy = this.0.accounts.busy(&id, Busy::Checking);
                match this.context().await {
                    Ok(context) => {
                        let service = service_of(id.service)?;
                        let (renewer, accounts) = (&this.0.renewer, &this.0.accounts);
                        renewer.check_unless_since(accounts, service, &context, &id, trigger, since).await
                    }
                    Err(problem) => Err(problem),
                }
            };
            match this.note_result(&id, result)? {
                Checked::Renewed => Ok(CheckOutcome::Renewed),
                Checked::Known => Ok(CheckOutcome::Valid),
                Checked::Valid(inspection) => {
                    this.fetch_avatar(&id, inspection.avatar);
                    Ok(CheckOutcome::Valid)
                }
            }
        })
        .await
    }
}

/// That the person's own renewals have failed too often to ask the service again now.
pub(super) fn too_many_failures(service: ServiceId) -> Problem {
    let most = Budget::Person.most_an_hour();
    Problem::new(ProblemCode::RateLimited).with_service(service).with_words(
        format!(
            "{most} renewals of this account have failed within an hour, so TuneKey asks no more for now. Nothing was \
             changed; try again later."
        ),
        format!("该账号一小时内已有 {most} 次续期未成功，TuneKey 暂不再请求。没有改动任何内容，请稍后再试。"),
    )
}
