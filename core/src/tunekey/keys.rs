//! What a program that uses an account's key has to know of it, and what it can say about it.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use tunekey_services::{AccountId, Renewability};

use super::TuneKey;
use super::renewals::too_many_failures;
use crate::account::{CheckOutcome, Health, RenewalTrigger};
use crate::attempts::Budget;
use crate::problem::{Problem, ProblemCode};
use crate::vault::Generation;

/// For how long a proof that a key works answers those who say that it does not.
const PROVEN: SignedDuration = SignedDuration::from_secs(30);

/// An account's key without the key.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KeyStatus {
    /// Whose it is.
    pub account: AccountId,
    /// Which save of the account's credential it is: another key has a larger number.
    pub generation: Generation,
    /// How the account is doing.
    pub health: Health,
    /// When the service says that it ends; `None` when it has not said.
    pub expires_at: Option<Timestamp>,
    /// When TuneKey means to renew it.
    pub renew_at: Option<Timestamp>,
    /// Whether TuneKey can renew it; `None` until its credential has been looked at.
    pub renewable: Option<bool>,
    /// When the service last accepted it; `None` when that was an older one.
    pub proven_at: Option<Timestamp>,
}

/// What came of the report that a service had refused a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RejectionOutcome {
    /// It was about an older key: there is a newer one, and the service was not asked.
    Newer,
    /// The service accepts the key: it was refused for another reason.
    Accepted,
    /// There is a new key.
    Renewed,
}

impl TuneKey {
    /// What is known of an account's key. From memory: never blocks.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn key_status(&self, id: &AccountId) -> Result<KeyStatus, Problem> {
        let (record, account) = (self.0.accounts.record(id)?, self.0.accounts.view(id)?);
        let proofs = account.lights.iter().filter_map(|light| light.proof).filter(|proof| proof.is_current);
        let renewable = account.renewability.map(|found| match found {
            Renewability::Renewable | Renewability::WhileAlive => account.handed_over_at.is_none(),
            Renewability::NotRenewable => false,
        });
        Ok(KeyStatus {
            account: id.clone(),
            generation: record.generation,
            health: account.health,
            expires_at: account.life.expires_at,
            renew_at: account.life.renew_at,
            renewable,
            proven_at: proofs.map(|proof| proof.at).max(),
        })
    }

    /// Takes the report of a program that the service has refused a key, of the generation `used` if it knows that: asks
    /// the service once, and renews once at most. Nobody is prompted. Runs to its end as [`TuneKey::renew`] does.
    ///
    /// # Errors
    /// As [`TuneKey::check`]; `RateLimited` without having asked when too many of its requests have failed within the
    /// hour.
    pub async fn report_rejected(
        &self,
        id: &AccountId,
        used: Option<Generation>,
    ) -> Result<RejectionOutcome, Problem> {
        self.reload().await;
        let status = self.key_status(id)?;
        if used.is_some_and(|used| used < status.generation) {
            return Ok(RejectionOutcome::Newer);
        }
        let now = self.0.clock.now();
        let is_proven = |at: Timestamp| at <= now && now.duration_since(at) <= PROVEN;
        if status.proven_at.is_some_and(is_proven) {
            return Ok(RejectionOutcome::Accepted);
        }
        if !self.0.accounts.record(id)?.attempts.are_left(Budget::Person, now) {
            return Err(too_many_failures(id.service));
        }
        // Of many programs that were refused at once, one asks. What it has found may have been written since the
        // ledger was read here, and found before that.
        let since = now.checked_sub(PROVEN).unwrap_or(now);
        match self.check_unless_since(id, RenewalTrigger::Automatic, Some(since)).await {
            Ok(CheckOutcome::Valid) if self.key_status(id)?.generation == status.generation => {
                Ok(RejectionOutcome::Accepted)
            }
            Ok(CheckOutcome::Valid | CheckOutcome::Renewed) => Ok(RejectionOutcome::Renewed),
            Err(problem) => {
                // A program that reports again and again does not have the service asked again and again.
                self.count_failure(id).await;
                Err(problem)
            }
        }
    }

    async fn count_failure(&self, id: &AccountId) {
        let now = self.0.clock.now();
        let noted = self.0.accounts.update(id, move |record| record.attempts.note(Budget::Person, now));
        if let Err(Problem { code, .. }) = noted.await
            && code != ProblemCode::NotFound
        {
            tracing::info!(account = %id, ?code, "a failed check could not be counted");
        }
    }
}
