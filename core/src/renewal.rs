//! Renewal: one at a time for each account, across all processes, and when it is due.
//!
//! lock the account → read the generation again (newer? somebody else has done it) → prove that the keychain
//! takes a write → ask → merge field by field → write the idle slot and read it back → tell → unlock.
//! Only two answers that both say so mean that a credential is dead; anything else changes nothing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use rand::Rng as _;

use crate::account::{
    AccountId, Health, KeyLife, RenewalOutcome, RenewalRecord, RenewalTrigger, SignInReason,
};
use crate::accounts::Accounts;
use crate::clock::Clock;
use crate::credential::Credential;
use crate::ledger::{AccountLock, AccountRecord};
use crate::problem::{Problem, ProblemCode};
use crate::profile::Profile;
use crate::service::{Context, Renewal, Service, ServiceError};
use crate::vault::keychain::Patience;
use crate::vault::{Generation, Kept, Vault};

/// The first pause after a failed renewal; it doubles with each further one.
const FIRST_PAUSE: SignedDuration = SignedDuration::from_mins(2);
/// The longest pause between two tries.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(30);
/// How much earlier than planned a renewal may come, so that many accounts do not renew in one moment.
const JITTER: f64 = 0.05;
/// How often to try to write a key that has just been issued before keeping it in memory.
const WRITES: u32 = 3;

/// Renews credentials.
#[derive(Debug)]
pub(crate) struct Renewer {
    profile: Profile,
    vault: Vault,
    clock: Arc<dyn Clock>,
    /// Keys that the service has issued and the keychain would not take: written before anything else
    /// happens with their account, unless something else has been saved since.
    unsaved: Mutex<HashMap<AccountId, Unsaved>>,
}

/// A key that was issued for the credential of that generation.
#[derive(Debug, Clone)]
struct Unsaved {
    credential: Credential,
    replaces: Generation,
}

impl Renewer {
    pub(crate) fn new(profile: Profile, vault: Vault, clock: Arc<dyn Clock>) -> Self {
        Self { profile, vault, clock, unsaved: Mutex::default() }
    }

    /// Waits until no other process renews, signs out or removes the account.
    pub(crate) async fn lock(&self, id: &AccountId) -> Result<AccountLock, Problem> {
        AccountLock::acquire(&self.profile, id).await
    }

    /// Forgets a key that was never written: its account is gone.
    pub(crate) fn forget(&self, id: &AccountId) {
        self.unsaved().remove(id);
    }

    /// Renews one account.
    ///
    /// # Errors
    /// A keychain problem, or what the service said.
    pub(crate) async fn renew(
        &self,
        accounts: &Accounts,
        service: &dyn Service,
        context: &Context,
        id: &AccountId,
        trigger: RenewalTrigger,
    ) -> Result<RenewalRecord, Problem> {
        let patience = match trigger {
            RenewalTrigger::Manual => Patience::User,
            RenewalTrigger::Automatic => Patience::Background,
        };
        let seen = accounts.record(id)?.generation;
        let _lock = self.lock(id).await?;
        let Some(kept) = self.vault.load(id, patience).await? else {
            let since = self.clock.now();
            accounts.update(id, |record| {
                record.health = Health::NeedsSignIn { since, reason: SignInReason::Missing };
            })?;
            return Err(gone(id));
        };
        let unsaved = self.unsaved().remove(id);
        // What has been saved since is newer: by a new sign-in, or by another process.
        if let Some(Unsaved { credential, .. }) = unsaved.filter(|one| one.replaces == kept.generation) {
            let generation = self.write(&credential, kept.generation, patience).await?;
            return self.adopt(accounts, service, &credential, generation, trigger);
        }
        if kept.generation > seen {
            // Another process has renewed it while we waited, or was cut off before it could say so.
            return self.adopt(accounts, service, &kept.credential, kept.generation, trigger);
        }
        self.vault.prove_writable(id, patience).await?;
        match service.renew(context, &kept.credential).await {
            Ok(Renewal::Renewed(credential)) => {
                let generation = self.write(&credential, kept.generation, patience).await?;
                self.adopt(accounts, service, &credential, generation, trigger)
            }
            Ok(Renewal::Unchanged { .. }) => self.unchanged(accounts, &kept, service, trigger),
            Err(error) => self.failed(accounts, service, context, &kept, error, trigger).await,
        }
    }

    /// Writes a key that exists nowhere else yet. One that cannot be written stays in memory.
    async fn write(
        &self,
        credential: &Credential,
        expected: Generation,
        patience: Patience,
    ) -> Result<Generation, Problem> {
        let id = &credential.account;
        self.unsaved().insert(id.clone(), Unsaved { credential: credential.clone(), replaces: expected });
        let mut tries = 1;
        let generation = loop {
            match self.vault.save(credential, Some(expected), patience).await {
                Ok(generation) => break generation,
                Err(error) if tries == WRITES => return Err(error.into()),
                Err(_) => tries += 1,
            }
        };
        self.unsaved().remove(id);
        Ok(generation)
    }

    /// Makes a new key known.
    fn adopt(
        &self,
        accounts: &Accounts,
        service: &dyn Service,
        credential: &Credential,
        generation: Generation,
        trigger: RenewalTrigger,
    ) -> Result<RenewalRecord, Problem> {
        let entry = self.entry(RenewalOutcome::Renewed, trigger, None);
        accounts.update(&credential.account, |record| {
            record.life = life(service, credential);
            record.generation = generation;
            settle(record, entry.clone());
        })?;
        Ok(entry)
    }

    /// The service kept the key: nothing to write, but it has just said that it works.
    fn unchanged(
        &self,
        accounts: &Accounts,
        kept: &Kept,
        service: &dyn Service,
        trigger: RenewalTrigger,
    ) -> Result<RenewalRecord, Problem> {
        let entry = self.entry(RenewalOutcome::Unchanged, trigger, None);
        accounts.update(&kept.credential.account, |record| {
            settle(record, entry.clone());
            // Asked again after as long as a fresh key would be left alone, not every half minute.
            let fresh = Credential { issued_at: entry.at, ..kept.credential.clone() };
            record.life.renew_at = life(service, &fresh).renew_at.or(record.life.renew_at);
        })?;
        Ok(entry)
    }

    async fn failed(
        &self,
        accounts: &Accounts,
        service: &dyn Service,
        context: &Context,
        kept: &Kept,
        error: ServiceError,
        trigger: RenewalTrigger,
    ) -> Result<RenewalRecord, Problem> {
        let id = &kept.credential.account;
        // One endpoint alone is not believed: a renewal can be refused while the key still works.
        let dead = matches!(error, ServiceError::Rejected { .. })
            && matches!(service.inspect(context, &kept.credential).await, Err(ServiceError::Rejected { .. }));
        let mut problem = error.into_problem(id.service);
        if !dead && problem.code == ProblemCode::Rejected {
            problem.code = ProblemCode::Unexpected;
        }
        let outcome = if dead { RenewalOutcome::Rejected } else { RenewalOutcome::Failed };
        let entry = self.entry(outcome, trigger, Some(problem.clone()));
        accounts.update(id, |record| {
            if dead {
                record.health = rejected(record.health, entry.at);
            }
            record.failures = record.failures.saturating_add(1);
            record.next_attempt_at = Some(entry.at + pause(record.failures));
            record.renewals.insert(0, entry.clone());
        })?;
        Err(problem)
    }

    fn entry(
        &self,
        outcome: RenewalOutcome,
        trigger: RenewalTrigger,
        problem: Option<Problem>,
    ) -> RenewalRecord {
        RenewalRecord { at: self.clock.now(), outcome, trigger, problem }
    }

    fn unsaved(&self) -> MutexGuard<'_, HashMap<AccountId, Unsaved>> {
        self.unsaved.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The life of a credential's key, with a renewal planned a little before the last good moment.
pub(crate) fn life(service: &dyn Service, credential: &Credential) -> KeyLife {
    let issued_at = credential.issued_at;
    let renew_at = service.renew_at(credential).map(|latest| {
        let whole = latest.duration_since(issued_at);
        latest - whole.mul_f64_or_zero(rand::rng().random_range(0.0..JITTER))
    });
    KeyLife { issued_at, renew_at, expires_at: credential.expires_at }
}

/// Whether the schedule should renew an account now.
pub(crate) fn is_due(record: &AccountRecord, now: Timestamp) -> bool {
    let waits = record.next_attempt_at.is_some_and(|at| now < at);
    let dead = matches!(record.health, Health::NeedsSignIn { .. });
    !waits && !dead && !record.signing_out && record.life.renew_at.is_some_and(|at| at <= now)
}

/// The health of an account whose credential is refused; since when stays as it was first seen.
pub(crate) fn rejected(before: Health, now: Timestamp) -> Health {
    match before {
        Health::NeedsSignIn { since, .. } => Health::NeedsSignIn { since, reason: SignInReason::Rejected },
        Health::Healthy | Health::RenewsSoon | Health::Warning { .. } => {
            Health::NeedsSignIn { since: now, reason: SignInReason::Rejected }
        }
    }
}

/// The keychain no longer holds an account's credential.
pub(crate) fn gone(id: &AccountId) -> Problem {
    Problem::new(ProblemCode::Rejected)
        .with_service(id.service)
        .with_detail("the keychain no longer holds the credential")
}

fn settle(record: &mut AccountRecord, entry: RenewalRecord) {
    record.health = Health::Healthy;
    record.failures = 0;
    record.next_attempt_at = None;
    record.checked_at = Some(entry.at);
    record.renewals.insert(0, entry);
}

/// How long to wait after so many failures: doubling, with full jitter above half.
fn pause(failures: u32) -> SignedDuration {
    let doubled = FIRST_PAUSE.saturating_mul(2_i32.saturating_pow(failures.saturating_sub(1)));
    doubled.min(LONGEST_PAUSE).mul_f64_or_zero(rand::rng().random_range(0.5..1.0))
}

/// `mul_f64` that gives zero instead of panicking on what no duration can be.
trait MulOrZero {
    fn mul_f64_or_zero(self, factor: f64) -> SignedDuration;
}

impl MulOrZero for SignedDuration {
    fn mul_f64_or_zero(self, factor: f64) -> SignedDuration {
        SignedDuration::try_from_secs_f64(self.as_secs_f64() * factor).unwrap_or(SignedDuration::ZERO)
    }
}

#[cfg(test)]
mod tests;
