//! Renewal: one at a time for each account, across all processes, and when it is due.
//!
//! lock the account → read the generation again (newer? somebody else has done it) → prove that the keychain
//! takes a write → ask → merge field by field → write the idle slot and read it back → publish → unlock.
//! What a refusal means is decided in [`evidence`]: one answer is never enough.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use rand::Rng as _;
use tunekey_services::{
    AccountId, Clock, Context, Credential, Renewability, Renewal, Service, ServiceError, ServiceId,
    UnchangedReason,
};

use crate::account::{
    Health, KeyLifetime, RenewalOutcome, RenewalRecord, RenewalTrigger, SignInReason, WarningReason,
};
use crate::accounts::Accounts;
use crate::evidence::{self, Verdict};
use crate::ledger::{AccountLock, AccountRecord};
use crate::problem::{Problem, ProblemCode};
use crate::profile::Profile;
use crate::vault::keychain::{Interaction, KeychainError};
use crate::vault::{Generation, StoredCredential, Vault};

/// The first pause after a failed renewal; it doubles with each further one.
const FIRST_PAUSE: SignedDuration = SignedDuration::from_mins(2);
/// The longest pause between two tries.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(30);
/// How much earlier than planned a renewal may come, so that many accounts do not renew in one moment.
const JITTER: f64 = 0.05;
/// How much later than a minute after the first refusal the second question may come.
const ASK_AGAIN_JITTER: SignedDuration = SignedDuration::from_secs(15);
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

    /// Renews one account. What goes wrong, wherever it does, is in the history and delays the next try.
    ///
    /// # Errors
    /// A keychain problem, what the service said, or `NotRenewable` without having asked it.
    pub(crate) async fn renew(
        &self,
        accounts: &Accounts,
        service: &dyn Service,
        context: &Context,
        id: &AccountId,
        trigger: RenewalTrigger,
    ) -> Result<RenewalRecord, Problem> {
        let seen = accounts.record(id)?.generation;
        let renewed = async {
            let _lock = self.lock(id).await?;
            match self.current(accounts, service, id, trigger, seen).await? {
                Current::StoredCredential(kept) => {
                    self.ask(accounts, service, context, &kept, trigger, KeyState::NotAsked).await
                }
                Current::Published(entry) => Ok(entry),
            }
        };
        let result = renewed.await;
        if let Err(problem) = &result {
            self.note_failure(accounts, id, trigger, problem);
        }
        result
    }

    /// The credential to renew, unless there is a newer one than the caller has seen: that one is published, and
    /// nothing is left to do. Only with the account's lock held.
    async fn current(
        &self,
        accounts: &Accounts,
        service: &dyn Service,
        id: &AccountId,
        trigger: RenewalTrigger,
        seen: Generation,
    ) -> Result<Current, Problem> {
        let interaction = interaction(trigger);
        let kept = self.load(accounts, id, interaction).await?;
        if let Some((credential, generation)) = self.write_unsaved(&kept, interaction).await? {
            let entry = self.publish(accounts, service, &credential, generation, trigger)?;
            return Ok(Current::Published(entry));
        }
        if kept.generation > seen {
            // Another process has renewed it while we waited, or was cut off before it could say so.
            let entry = self.publish(accounts, service, &kept.credential, kept.generation, trigger)?;
            return Ok(Current::Published(entry));
        }
        Ok(Current::StoredCredential(Box::new(kept)))
    }

    /// Asks the service for a new key and keeps it. Only with the account's lock held.
    async fn ask(
        &self,
        accounts: &Accounts,
        service: &dyn Service,
        context: &Context,
        kept: &StoredCredential,
        trigger: RenewalTrigger,
        key: KeyState,
    ) -> Result<RenewalRecord, Problem> {
        let id = &kept.credential.account;
        let renewability = service.renewability(&kept.credential);
        if renewability == Renewability::NotRenewable {
            accounts.update(id, |record| record.renewability = Some(renewability))?;
            return Err(Problem::new(ProblemCode::NotRenewable).with_service(id.service));
        }
        let interaction = interaction(trigger);
        self.vault.prove_writable(id, interaction).await?;
        match service.renew(context, &kept.credential).await {
            Ok(Renewal::Renewed(credential)) => {
                let generation = self.write(&credential, kept.generation, interaction).await?;
                self.publish(accounts, service, &credential, generation, trigger)
            }
            Ok(Renewal::Unchanged { reason }) => self.unchanged(accounts, kept, service, trigger, reason),
            Err(error) => Err(self.refusal(accounts, service, context, kept, error, key).await?),
        }
    }

    /// The account's credential. What the keychain says of a missing or unreadable one is kept with the account,
    /// and taken back as soon as it can be read.
    ///
    /// # Errors
    /// `CredentialMissing`, `CredentialUnreadable`, or another keychain problem.
    pub(crate) async fn load(
        &self,
        accounts: &Accounts,
        id: &AccountId,
        interaction: Interaction,
    ) -> Result<StoredCredential, Problem> {
        let now = self.clock.now();
        match self.vault.load(id, interaction).await {
            Ok(Some(kept)) => {
                if let Health::Warning { reason, .. } = accounts.record(id)?.health
                    && matches!(reason, WarningReason::MissingOnce | WarningReason::Unreadable)
                {
                    note(accounts, id, evidence::clear);
                }
                Ok(kept)
            }
            Ok(None) => {
                note(accounts, id, |record| {
                    evidence::weigh(record, record.generation, SignInReason::Missing, now);
                });
                Err(Problem::new(ProblemCode::CredentialMissing).with_service(id.service))
            }
            Err(error) => {
                if matches!(error, KeychainError::Unreadable(_)) {
                    note(accounts, id, |record| {
                        if !record.health.needs_sign_in() {
                            record.health = Health::Warning { since: now, reason: WarningReason::Unreadable };
                        }
                    });
                }
                Err(Problem::from(error).with_service(id.service))
            }
        }
    }

    /// Writes the keys that no keychain has taken yet. For a process that is about to end.
    pub(crate) async fn flush(
        &self,
        accounts: &Accounts,
        service_of: impl Fn(ServiceId) -> &'static dyn Service,
    ) {
        let waiting: Vec<AccountId> = self.unsaved().keys().cloned().collect();
        for id in waiting {
            let trigger = RenewalTrigger::Automatic;
            let written = async {
                let _lock = self.lock(&id).await?;
                let seen = accounts.record(&id)?.generation;
                self.current(accounts, service_of(id.service), &id, trigger, seen).await
            };
            if let Err(problem) = written.await {
                tracing::warn!(account = %id, code = ?problem.code, "a key that was issued could not be saved");
            }
        }
    }

    /// Writes the account's key that could not be written before, unless something else has been saved since:
    /// by a new sign-in, or by another process. Only with the account's lock held.
    async fn write_unsaved(
        &self,
        kept: &StoredCredential,
        interaction: Interaction,
    ) -> Result<Option<(Credential, Generation)>, Problem> {
        let unsaved = self.unsaved().remove(&kept.credential.account);
        let Some(Unsaved { credential, .. }) = unsaved.filter(|one| one.replaces == kept.generation) else {
            return Ok(None);
        };
        let generation = self.write(&credential, kept.generation, interaction).await?;
        Ok(Some((credential, generation)))
    }

    /// Writes a key that exists nowhere else yet. One that cannot be written stays in memory.
    async fn write(
        &self,
        credential: &Credential,
        expected: Generation,
        interaction: Interaction,
    ) -> Result<Generation, Problem> {
        let id = &credential.account;
        self.unsaved().insert(id.clone(), Unsaved { credential: credential.clone(), replaces: expected });
        let mut tries = 1;
        let generation = loop {
            match self.vault.save(credential, Some(expected), interaction).await {
                Ok(generation) => break generation,
                Err(error) if tries == WRITES => return Err(error.into()),
                Err(_) => tries += 1,
            }
        };
        self.unsaved().remove(id);
        Ok(generation)
    }

    /// Makes a new key known.
    fn publish(
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
            record.renewability = Some(service.renewability(credential));
            succeeded(record, entry.clone());
        })?;
        Ok(entry)
    }

    /// The service kept the key: nothing to write, but it has just said that it works.
    fn unchanged(
        &self,
        accounts: &Accounts,
        kept: &StoredCredential,
        service: &dyn Service,
        trigger: RenewalTrigger,
        reason: UnchangedReason,
    ) -> Result<RenewalRecord, Problem> {
        let entry = self.entry(RenewalOutcome::Unchanged, trigger, None);
        accounts.update(&kept.credential.account, |record| {
            succeeded(record, entry.clone());
            record.renewability = Some(match reason {
                UnchangedReason::NotReissued => service.renewability(&kept.credential),
                // It works until it ends, whatever else is in it.
                UnchangedReason::RefreshTokenMissing | UnchangedReason::RefreshTokenDead => {
                    Renewability::NotRenewable
                }
            });
            // Asked again after as long as a fresh key would be left alone, not every half minute.
            let fresh = Credential { issued_at: entry.at, ..kept.credential.clone() };
            record.life.renew_at = life(service, &fresh).renew_at.or(record.life.renew_at);
        })?;
        Ok(entry)
    }

    /// What a renewal that failed comes to. One endpoint alone is not believed: a renewal can be refused while
    /// the key still works. And even both are one answer only: the second one must come a minute later.
    async fn refusal(
        &self,
        accounts: &Accounts,
        service: &dyn Service,
        context: &Context,
        kept: &StoredCredential,
        error: ServiceError,
        key: KeyState,
    ) -> Result<Problem, Problem> {
        let id = &kept.credential.account;
        let rejected = matches!(error, ServiceError::Rejected { .. });
        let mut problem = Problem::of_service(error, id.service);
        if !rejected {
            return Ok(problem);
        }
        let key_refused = match key {
            KeyState::Refused => true,
            KeyState::NotAsked => match service.inspect(context, &kept.credential).await {
                Ok(_) => {
                    problem.code = ProblemCode::RenewalRefused;
                    return Ok(problem);
                }
                Err(error) => matches!(error, ServiceError::Rejected { .. }),
            },
        };
        problem.code = if key_refused {
            self.believe(accounts, kept)?
        } else {
            // Whether the key works is not known.
            ProblemCode::RenewalRefused
        };
        Ok(problem)
    }

    /// Takes an answer that refuses the credential, and gives the code for what that comes to. Only with the
    /// account's lock held.
    fn believe(&self, accounts: &Accounts, kept: &StoredCredential) -> Result<ProblemCode, Problem> {
        let now = self.clock.now();
        let mut verdict = Verdict::Outdated;
        accounts.update(&kept.credential.account, |record| {
            // With the lock held nothing is newer than what the keychain gave: a newer one was lost there.
            record.generation = record.generation.min(kept.generation);
            verdict = evidence::weigh(record, kept.generation, SignInReason::Rejected, now);
        })?;
        Ok(match verdict {
            Verdict::Twice => ProblemCode::Rejected,
            Verdict::Once | Verdict::Outdated => ProblemCode::RefusedOnce,
        })
    }

    /// Keeps a failure in the history, and lets the next try wait.
    fn note_failure(&self, accounts: &Accounts, id: &AccountId, trigger: RenewalTrigger, problem: &Problem) {
        let outcome = match problem.code {
            // Nothing was tried.
            ProblemCode::NotRenewable | ProblemCode::NotFound => return,
            ProblemCode::Rejected => RenewalOutcome::Rejected,
            _ => RenewalOutcome::Failed,
        };
        let entry = self.entry(outcome, trigger, Some(problem.clone()));
        let noted = accounts.update(id, |record| {
            record.failures = record.failures.saturating_add(1);
            record.next_attempt_at = Some(match evidence::ask_again_at(record) {
                Some(again) => again + jitter(ASK_AGAIN_JITTER),
                None => entry.at + pause(record.failures),
            });
            record.renewals.insert(0, entry);
        });
        if let Err(problem) = noted {
            tracing::info!(account = %id, code = ?problem.code, "a failed renewal could not be noted");
        }
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

/// What there is to renew.
enum Current {
    /// This one.
    StoredCredential(Box<StoredCredential>),
    /// Nothing: there was a newer one already.
    Published(RenewalRecord),
}

/// What is known of a key before its renewal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum KeyState {
    /// Nothing.
    NotAsked,
    /// The service has just refused it.
    Refused,
}

fn interaction(trigger: RenewalTrigger) -> Interaction {
    match trigger {
        RenewalTrigger::Manual => Interaction::Allowed,
        RenewalTrigger::Automatic => Interaction::Forbidden,
    }
}

/// The life of a credential's key, with a renewal planned a little before the last good moment.
pub(crate) fn life(service: &dyn Service, credential: &Credential) -> KeyLifetime {
    let issued_at = credential.issued_at;
    let renew_at = service.renew_at(credential).map(|latest| {
        let whole = latest.duration_since(issued_at);
        latest - whole.mul_f64_or_zero(rand::rng().random_range(0.0..JITTER))
    });
    KeyLifetime { issued_at, renew_at, expires_at: credential.expires_at }
}

/// Whether the schedule should renew an account now, or ask about it a second time.
pub(crate) fn is_due(record: &AccountRecord, now: Timestamp) -> bool {
    let waits = record.next_attempt_at.is_some_and(|at| now < at);
    let renewable = record.renewability != Some(Renewability::NotRenewable);
    let renewal = renewable && record.life.renew_at.is_some_and(|at| at <= now);
    let second_look = evidence::ask_again_at(record).is_some_and(|at| at <= now);
    !waits && !record.health.needs_sign_in() && !record.signing_out && (renewal || second_look)
}

/// Keeps what was found out about an account. What cannot be written, as in a profile that can only be read, is still
/// so.
fn note(accounts: &Accounts, id: &AccountId, change: impl FnOnce(&mut AccountRecord)) {
    if let Err(problem) = accounts.update(id, change) {
        tracing::info!(account = %id, code = ?problem.code, "what is known of an account could not be kept");
    }
}

fn succeeded(record: &mut AccountRecord, entry: RenewalRecord) {
    evidence::clear(record);
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

/// Some of a duration.
fn jitter(most: SignedDuration) -> SignedDuration {
    most.mul_f64_or_zero(rand::rng().random_range(0.0..1.0))
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

mod check;
#[cfg(test)]
mod tests;

pub(crate) use check::Checked;
