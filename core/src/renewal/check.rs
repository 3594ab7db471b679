//! Asking the service whether a credential works. It may lead to a renewal: a key that has run out and can be
//! renewed is due, not dead.

use jiff::Timestamp;
use tunekey_services::{AccountId, Context, Inspection, Method, Renewability, Service, ServiceError};

use super::{KeyState, Renewer};
use crate::account::{ProvingCall, RenewalTrigger};
use crate::accounts::{Accounts, apply_inspection};
use crate::evidence;
use crate::problem::{Problem, ProblemCode};
use crate::timing::life;
use crate::vault::{Generation, StoredCredential};

/// What a check has come to.
#[derive(Debug)]
pub(crate) enum Checked {
    /// The service accepts the credential.
    Valid(Box<Inspection>),
    /// It refused the key, and a renewal has brought a new one.
    Renewed,
    /// It was not asked: it has accepted the credential while this one waited for its turn.
    Known,
}

impl Renewer {
    /// Asks the service whether the credential works. With the account's lock held, so that what it says is about
    /// the credential that is kept.
    ///
    /// # Errors
    /// A problem of the store, what the service said, `RefusedOnce` for a refusal that waits for a second one, or
    /// `Rejected` after the second.
    pub(crate) async fn check(
        &self,
        accounts: &Accounts,
        service: &dyn Service,
        context: &Context,
        id: &AccountId,
        trigger: RenewalTrigger,
    ) -> Result<Checked, Problem> {
        self.check_unless_since(accounts, service, context, id, trigger, None).await
    }

    /// As [`check`](Self::check); what another process has found out `since` then is as good as an answer.
    pub(crate) async fn check_unless_since(
        &self,
        accounts: &Accounts,
        service: &dyn Service,
        context: &Context,
        id: &AccountId,
        trigger: RenewalTrigger,
        since: Option<Timestamp>,
    ) -> Result<Checked, Problem> {
        self.exclusively(id, async {
            if let Some(since) = since {
                accounts.reload().await;
                let record = accounts.record(id)?;
                if record.proofs.are_since(since, record.generation) {
                    return Ok(Checked::Known);
                }
            }
            // A person may ask whether an older credential works that was put back; nobody else takes it for the
            // current one.
            let least = match trigger {
                RenewalTrigger::Manual => Generation::default(),
                RenewalTrigger::Automatic => accounts.record(id)?.generation,
            };
            let kept = self.load_since(accounts, id, least, super::interaction(trigger)).await?;
            self.catch_up(accounts, service, &kept).await?;
            match service.inspect(context, &kept.credential).await {
                Ok(inspection) => {
                    let now = self.clock.now();
                    let (said, found) = (inspection.clone(), service.renewability(&kept.credential));
                    let (generation, life) =
                        (kept.generation, life(service, &kept.credential, kept.generation));
                    let noted = accounts.update(id, move |record| {
                        if record.generation > generation {
                            (record.generation, record.life) = (generation, life);
                        }
                        apply_inspection(record, &said, now);
                        evidence::clear(record);
                        record.proofs.key_works(ProvingCall::Check, record.generation, now);
                        record.renewability.get_or_insert(found);
                    });
                    noted.await?;
                    Ok(Checked::Valid(Box::new(inspection)))
                }
                Err(ServiceError::Rejected { .. })
                    if service.renewability(&kept.credential) == Renewability::Renewable
                        && accounts.record(id)?.method != Method::CookieCloud =>
                {
                    self.revive(accounts, service, context, &kept, trigger).await.map(|()| Checked::Renewed)
                }
                Err(error @ ServiceError::Rejected { .. }) => {
                    let mut problem = Problem::of_service(error, id.service);
                    problem.code = self.believe(accounts, &kept).await?;
                    Err(problem)
                }
                Err(error) => Err(Problem::of_service(error, id.service)),
            }
        })
        .await
    }

    /// Renews a key that the service has just refused. A failure leaves it due.
    async fn revive(
        &self,
        accounts: &Accounts,
        service: &dyn Service,
        context: &Context,
        kept: &StoredCredential,
        trigger: RenewalTrigger,
    ) -> Result<(), Problem> {
        let id = &kept.credential.account;
        let renewed = self.ask(accounts, service, context, kept, trigger, KeyState::Refused).await;
        match renewed {
            Ok(_) => Ok(()),
            Err(failure) => {
                let now = self.clock.now();
                accounts.update(id, move |record| record.life.renew_at = Some(now)).await?;
                self.note_failure(accounts, id, trigger, &failure).await;
                let problem = failure.problem;
                // Refused but not yet believed, or a service out of reach: either way nobody must sign in for it.
                Err(match problem.code {
                    ProblemCode::RenewalRefused => Problem { code: ProblemCode::RefusedOnce, ..problem },
                    _ => problem,
                })
            }
        }
    }

    /// Takes over what another process has saved and could not say.
    async fn catch_up(
        &self,
        accounts: &Accounts,
        service: &dyn Service,
        kept: &StoredCredential,
    ) -> Result<(), Problem> {
        let id = &kept.credential.account;
        if accounts.record(id)?.generation >= kept.generation {
            return Ok(());
        }
        let generation = kept.generation;
        let life = life(service, &kept.credential, generation);
        let renewability = service.renewability(&kept.credential);
        let caught_up = accounts.update(id, move |record| {
            record.generation = generation;
            record.life = life;
            record.renewability = Some(renewability);
        });
        caught_up.await
    }
}
