//! Renewal: one at a time for each account, across all processes, and when it is due.
//!
//! lock the account → read the generation again (newer? somebody else has done it) → prove that the store
//! takes a write → ask → merge field by field → write the idle slot and read it back → publish → unlock.
//! What a refusal means is decided in [`evidence`]: one answer is never enough.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::SignedDuration;
use tunekey_services::{
    AccountId, Clock, Context, Credential, Method, Renewability, Renewal, Service, ServiceError, ServiceId,
    UnchangedReason,
};

use crate::account::{
    Health, ProvingCall, RenewalOutcome, RenewalRecord, RenewalTrigger, SignInReason, WarningReason,
};
use crate::accounts::Accounts;
use crate::attempts::Budget;
use crate::commit::{CommitError, Commits, Record};
use crate::evidence::{self, Verdict};
use crate::hold::Hold;
use crate::ledger::AccountRecord;
use crate::problem::{Problem, ProblemCode};
use crate::profile::Profile;
use crate::store::{DatabaseError, Interaction, StoreError};
use crate::timing::{Now, after_success, life, part, pause, share_at};
use crate::vault::{Generation, SaveError, StoredCredential, Vault};

/// How much later than a minute after the first refusal the second question may come.
const ASK_AGAIN_JITTER: SignedDuration = SignedDuration::from_secs(15);
/// How often to try to write a key that has just been issued before keeping it in memory.
const WRITES: u32 = 3;

/// Renews credentials.
#[derive(Debug)]
pub(crate) struct Renewer {
    profile: Profile,
    vault: Vault,
    commits: Commits,
    clock: Arc<dyn Clock>,
    unsaved: Arc<UnsavedKeys>,
}

/// Keys that the service has issued and the store would not take: written before anything else happens with their
/// account, unless something else has been saved since.
#[derive(Debug, Default)]
struct UnsavedKeys(Mutex<HashMap<AccountId, Unsaved>>);

impl UnsavedKeys {
    fn lock(&self) -> MutexGuard<'_, HashMap<AccountId, Unsaved>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A key that was issued for the credential of that generation.
#[derive(Debug, Clone)]
struct Unsaved {
    credential: Credential,
    replaces: Generation,
}

impl Renewer {
    pub(crate) fn new(profile: Profile, vault: Vault, commits: Commits, clock: Arc<dyn Clock>) -> Self {
        let unsaved = Arc::<UnsavedKeys>::default();
        let waiting = unsaved.clone();
        // A key that was issued for an older credential than the current one is of no use any more.
        commits.listen(move |id, generation| {
            let mut waiting = waiting.lock();
            if waiting.get(id).is_some_and(|key| key.replaces < generation) {
                waiting.remove(id);
            }
        });
        Self { profile, vault, commits, clock, unsaved }
    }

    /// Does `work` while nobody else, in another process or on another computer, renews, signs out or removes the
    /// account.
    pub(crate) async fn exclusively<T, E: From<Problem>>(
        &self,
        id: &AccountId,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let hold = Hold::acquire(&self.profile, self.vault.store(), id).await?;
        let result = work.await;
        hold.release().await;
        result
    }

    /// Whether a key of the account was issued that the store has not taken yet.
    fn is_unsaved(&self, id: &AccountId) -> bool {
        self.unsaved.lock().contains_key(id)
    }

    /// Forgets a key that was never written: its account is gone.
    pub(crate) fn forget(&self, id: &AccountId) {
        self.unsaved.lock().remove(id);
    }

    /// Renews one account. What goes wrong, wherever it does, is in the history and delays the next try.
    ///
    /// # Errors
    /// A problem of the store, what the service said, or `NotRenewable` without having asked it.
    pub(crate) async fn renew(
        &self,
        accounts: &Accounts,
        service: &dyn Service,
        context: &Context,
        id: &AccountId,
        trigger: RenewalTrigger,
    ) -> Result<RenewalRecord, Problem> {
        let seen = accounts.record(id)?.generation;
        let renew = || {
            self.exclusively(id, async {
                match self.current(accounts, service, id, trigger, seen).await? {
                    Current::ToRenew(kept) => {
                        self.ask(accounts, service, context, &kept, trigger, KeyState::NotAsked).await
                    }
                    Current::Published(entry) => Ok(entry),
                }
            })
        };
        let mut result: Result<_, Failure> = renew().await;
        if let Err(failure) = &result
            && (failure.has_lost_lease || (self.vault.is_shared() && self.is_unsaved(id)))
        {
            // Another computer took the account over while this one did not answer. Either it has renewed the key, or
            // one that was issued here is still the newest.
            result = renew().await;
        }
        if let Err(failure) = &result {
            self.note_failure(accounts, id, trigger, failure).await;
        }
        result.map_err(|failure| failure.problem)
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
        let unsaved = self.unsaved.lock().remove(id).filter(|key| key.replaces == kept.generation);
        if let Some(Unsaved { credential, replaces }) = unsaved {
            let entry = self.commit(accounts, service, &credential, replaces, trigger).await?;
            return Ok(Current::Published(entry));
        }
        if kept.generation > seen {
            // Another process, or another caller, has renewed it while we waited: one renewal is one entry.
            accounts.reload().await;
            let record = accounts.record(id)?;
            if record.generation >= kept.generation
                && let Some(entry) = record.renewals.first()
            {
                return Ok(Current::Published(entry.clone()));
            }
            // It was cut off before it could say so.
            let entry = self.entry(RenewalOutcome::Renewed, trigger, None);
            let record = renewed(&entry);
            self.commits.publish(accounts, service, &kept.credential, kept.generation, record).await?;
            return Ok(Current::Published(entry));
        }
        Ok(Current::ToRenew(Box::new(kept)))
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
    ) -> Result<RenewalRecord, Failure> {
        let id = &kept.credential.account;
        let record = accounts.record(id)?;
        if record.handed_over_at.is_some() {
            return Err(handed_over(&record).into());
        }
        let renewability = service.renewability(&kept.credential);
        if renewability == Renewability::NotRenewable {
            accounts.update(id, move |record| record.renewability = Some(renewability)).await?;
            return Err(Problem::new(ProblemCode::NotRenewable).with_service(id.service).into());
        }
        let interaction = interaction(trigger);
        self.vault.prove_writable(id, interaction).await?;
        let key = self.after_interruption(service, context, kept, key).await?;
        self.vault.begin_renewal(id).await.map_err(SaveError::Store)?;
        match service.renew(context, &kept.credential).await {
            Ok(Renewal::Renewed(credential)) => {
                Ok(self.commit(accounts, service, &credential, kept.generation, trigger).await?)
            }
            Ok(Renewal::Unchanged { reason }) => {
                self.vault.end_renewal(id).await;
                Ok(self.unchanged(accounts, kept, service, trigger, reason).await?)
            }
            Err(error) => {
                if !may_have_issued(&error) {
                    self.vault.end_renewal(id).await;
                }
                let retry_after = error.retry_after().and_then(|wish| SignedDuration::try_from(wish).ok());
                let problem = self.refusal(accounts, service, context, kept, error, key).await?;
                Err(Failure { retry_after, ..problem.into() })
            }
        }
    }

    /// What is known of a key whose last renewal was cut off, perhaps on another computer: a new one may have been
    /// issued and lost. The service is asked about the key that is kept before it is asked for another one.
    async fn after_interruption(
        &self,
        service: &dyn Service,
        context: &Context,
        kept: &StoredCredential,
        key: KeyState,
    ) -> Result<KeyState, Problem> {
        let id = &kept.credential.account;
        if key == KeyState::Refused || !self.vault.was_interrupted(id) {
            return Ok(key);
        }
        match service.inspect(context, &kept.credential).await {
            Ok(_) => Ok(KeyState::NotAsked),
            Err(ServiceError::Rejected { .. }) => Ok(KeyState::Refused),
            Err(error) => Err(Problem::of_service(error, id.service)),
        }
    }

    /// The account's credential. What the store says of a missing or unreadable one is kept with the account,
    /// and taken back as soon as it can be read.
    ///
    /// # Errors
    /// `CredentialMissing`, `CredentialUnreadable`, `CredentialRolledBack`, or another problem of the store.
    pub(crate) async fn load(
        &self,
        accounts: &Accounts,
        id: &AccountId,
        interaction: Interaction<'_>,
    ) -> Result<StoredCredential, Problem> {
        self.load_since(accounts, id, accounts.record(id)?.generation, interaction).await
    }

    /// As [`load`](Self::load), with the oldest generation that is taken.
    async fn load_since(
        &self,
        accounts: &Accounts,
        id: &AccountId,
        least: Generation,
        interaction: Interaction<'_>,
    ) -> Result<StoredCredential, Problem> {
        let now = Now::of(&*self.clock);
        match self.vault.load_since(id, least, interaction).await {
            Ok(Some(kept)) => {
                if let Health::Warning { reason, .. } = accounts.record(id)?.health
                    && matches!(reason, WarningReason::MissingOnce | WarningReason::Unreadable)
                {
                    note(accounts, id, evidence::clear).await;
                }
                Ok(kept)
            }
            Ok(None) => {
                note(accounts, id, move |record| {
                    evidence::weigh(record, record.generation, SignInReason::Missing, now);
                })
                .await;
                Err(Problem::of_store(ProblemCode::CredentialMissing, self.vault.kind())
                    .with_service(id.service))
            }
            Err(error) => {
                if matches!(error.error, StoreError::Unreadable(_)) {
                    note(accounts, id, move |record| {
                        if !record.health.needs_sign_in() {
                            record.health =
                                Health::Warning { since: now.wall, reason: WarningReason::Unreadable };
                        }
                    })
                    .await;
                }
                Err(Problem::from(error).with_service(id.service))
            }
        }
    }

    /// Writes the keys that no store has taken yet. For a process that is about to end.
    pub(crate) async fn flush(
        &self,
        accounts: &Accounts,
        service_of: impl Fn(ServiceId) -> Result<&'static dyn Service, Problem>,
    ) {
        let waiting: Vec<AccountId> = self.unsaved.lock().keys().cloned().collect();
        for id in waiting {
            let trigger = RenewalTrigger::Automatic;
            let written = self.exclusively(&id, async {
                let seen = accounts.record(&id)?.generation;
                self.current(accounts, service_of(id.service)?, &id, trigger, seen).await
            });
            let written: Result<_, Problem> = written.await;
            if let Err(problem) = written {
                tracing::warn!(account = %id, code = ?problem.code, "a key that was issued could not be saved");
            }
        }
    }

    /// Makes a key current that exists nowhere else yet. One that cannot be written stays in memory.
    async fn commit(
        &self,
        accounts: &Accounts,
        service: &dyn Service,
        credential: &Credential,
        replaces: Generation,
        trigger: RenewalTrigger,
    ) -> Result<RenewalRecord, Problem> {
        let id = &credential.account;
        self.unsaved.lock().insert(id.clone(), Unsaved { credential: credential.clone(), replaces });
        let mut tries = 1;
        loop {
            let entry = self.entry(RenewalOutcome::Renewed, trigger, None);
            let (interaction, record) = (interaction(trigger), renewed(&entry));
            match self
                .commits
                .commit(accounts, service, credential, Some(replaces), interaction, record)
                .await
            {
                Ok(_) => return Ok(entry),
                Err(CommitError::NotSaved(_)) if tries < WRITES => tries += 1,
                Err(error @ CommitError::NotSaved(_)) => return Err(error.into()),
                Err(CommitError::NotRecorded(problem)) => {
                    self.unsaved.lock().remove(id);
                    return Err(problem);
                }
            }
        }
    }

    /// The service kept the key: nothing to write, but it has just said that it works.
    async fn unchanged(
        &self,
        accounts: &Accounts,
        kept: &StoredCredential,
        service: &dyn Service,
        trigger: RenewalTrigger,
        reason: UnchangedReason,
    ) -> Result<RenewalRecord, Problem> {
        let unchanged = Some(reason);
        let entry = RenewalRecord { unchanged, ..self.entry(RenewalOutcome::Unchanged, trigger, None) };
        let renewability = match reason {
            UnchangedReason::NotReissued => service.renewability(&kept.credential),
            // It works until it ends, whatever else is in it.
            UnchangedReason::RefreshTokenMissing | UnchangedReason::RefreshTokenDead => {
                Renewability::NotRenewable
            }
        };
        // Asked again after as long as a fresh key would be left alone, not every half minute.
        let fresh = Credential { issued_at: entry.at, ..kept.credential.clone() };
        let (renew_at, success) = (life(service, &fresh, kept.generation).renew_at, entry.clone());
        let noted = accounts.update(&kept.credential.account, move |record| {
            record.renewability = Some(renewability);
            record.life.renew_at = renew_at.or(record.life.renew_at);
            succeeded(record, success);
        });
        noted.await?;
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
            self.believe(accounts, kept).await?
        } else {
            // Whether the key works is not known.
            ProblemCode::RenewalRefused
        };
        Ok(problem)
    }

    /// Takes an answer that refuses the credential, and gives the code for what that comes to. Only with the
    /// account's lock held.
    async fn believe(&self, accounts: &Accounts, kept: &StoredCredential) -> Result<ProblemCode, Problem> {
        let now = Now::of(&*self.clock);
        let refused = kept.generation;
        let verdict = accounts.update(&kept.credential.account, move |record| {
            // With the lock held nothing is newer than what the store gave: a newer one was lost there.
            record.generation = record.generation.min(refused);
            evidence::weigh(record, refused, SignInReason::Rejected, now)
        });
        Ok(match verdict.await? {
            Verdict::Twice => ProblemCode::Rejected,
            Verdict::Once | Verdict::Outdated => ProblemCode::RefusedOnce,
        })
    }

    /// Keeps a failure in the history, and lets the next try wait.
    async fn note_failure(
        &self,
        accounts: &Accounts,
        id: &AccountId,
        trigger: RenewalTrigger,
        Failure { problem, retry_after, .. }: &Failure,
    ) {
        let outcome = match problem.code {
            // Nothing was tried.
            ProblemCode::NotRenewable | ProblemCode::NotFound => return,
            ProblemCode::Rejected => RenewalOutcome::Rejected,
            _ => RenewalOutcome::Failed,
        };
        let entry = self.entry(outcome, trigger, Some(problem.clone()));
        let retry_after = *retry_after;
        let noted = accounts.update(id, move |record| failed(record, entry, retry_after));
        if let Err(problem) = noted.await {
            tracing::info!(account = %id, code = ?problem.code, "a failed renewal could not be noted");
        }
    }

    fn entry(
        &self,
        outcome: RenewalOutcome,
        trigger: RenewalTrigger,
        problem: Option<Problem>,
    ) -> RenewalRecord {
        RenewalRecord { at: self.clock.now(), outcome, unchanged: None, trigger, problem }
    }
}

/// Why there is no new key.
#[derive(Debug)]
struct Failure {
    problem: Problem,
    /// For how long the service asks to be left alone.
    retry_after: Option<SignedDuration>,
    /// Whether another computer has leased the account meanwhile.
    has_lost_lease: bool,
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self { problem, retry_after: None, has_lost_lease: false }
    }
}

impl From<SaveError> for Failure {
    fn from(error: SaveError) -> Self {
        let has_lost_lease = matches!(error, SaveError::Store(said) if said.error == LEASE_LOST);
        Self { has_lost_lease, ..Problem::from(error).into() }
    }
}

const LEASE_LOST: StoreError = StoreError::Database(DatabaseError::LeaseLost);

/// What there is to renew.
enum Current {
    /// This one.
    ToRenew(Box<StoredCredential>),
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

fn interaction(trigger: RenewalTrigger) -> Interaction<'static> {
    match trigger {
        RenewalTrigger::Manual => Interaction::Allowed,
        RenewalTrigger::Automatic => Interaction::Forbidden,
    }
}

/// Whether a service that has said this may have issued a key all the same.
fn may_have_issued(error: &ServiceError) -> bool {
    match error {
        ServiceError::Http { source, .. } => source.may_follow_a_request(),
        ServiceError::NotTheService { .. }
        | ServiceError::ExchangeLost { .. }
        | ServiceError::OtherAccount { .. }
        | ServiceError::Unexpected { .. } => true,
        ServiceError::InvalidInput { .. }
        | ServiceError::Rejected { .. }
        | ServiceError::RiskControl { .. }
        | ServiceError::RateLimited { .. }
        | ServiceError::DeviceLimit { .. }
        | ServiceError::Restricted { .. }
        | ServiceError::WrongMethod { .. }
        | ServiceError::WrongCode { .. }
        | ServiceError::ForeignCode { .. }
        | ServiceError::ClientTooOld { .. } => false,
    }
}

/// That another program renews an account's credential now.
fn handed_over(record: &AccountRecord) -> Problem {
    let problem = Problem::new(ProblemCode::NotRenewable).with_service(record.id.service);
    if record.method == Method::CookieCloud {
        return problem.with_detail("the credential is the browser's, which renews it").with_words(
            "These cookies are the browser’s, which renews them. Fetch them from CookieCloud again, or sign in to have TuneKey \
             renew its own.",
            "这些 Cookie 属于浏览器，由浏览器续期。请从 CookieCloud 重新获取，或另行登录由 TuneKey 续期。",
        );
    }
    problem
        .with_detail("the credential was handed over to another program, which renews it")
        .with_words(
            "This account was handed over to another program, which renews it now. Sign in again to have TuneKey do so.",
            "该账号已移交给其他程序续期。要由 TuneKey 续期，请重新登录。",
        )
}

/// Keeps what was found out about an account. What cannot be written, as in a profile that can only be read, is still
/// so.
async fn note(accounts: &Accounts, id: &AccountId, change: impl FnOnce(&mut AccountRecord) + Send + 'static) {
    if let Err(problem) = accounts.update(id, change).await {
        tracing::info!(account = %id, code = ?problem.code, "what is known of an account could not be kept");
    }
}

/// What a renewal that brought a new key leaves in the record.
fn renewed(entry: &RenewalRecord) -> Record<impl FnOnce(&mut AccountRecord) + use<>> {
    let entry = entry.clone();
    Record { first: None, change: move |record: &mut AccountRecord| succeeded(record, entry) }
}

/// What a renewal that worked leaves in a record that has the life of its key.
pub(crate) fn succeeded(record: &mut AccountRecord, entry: RenewalRecord) {
    evidence::clear(record);
    record.failures = 0;
    record.next_attempt_at = None;
    record.life.renew_at = record.life.renew_at.map(|at| after_success(at, record.life, entry.at));
    record.checked_at = Some(entry.at);
    match entry.outcome {
        // It was asked about the key as well.
        RenewalOutcome::Unchanged => {
            record.proofs.key_works(ProvingCall::Renewal, record.generation, entry.at);
        }
        _ => record.proofs.account_accepted(ProvingCall::Renewal, record.generation, entry.at),
    }
    record.renewals.insert(0, entry);
}

/// What a renewal that failed leaves in a record. The next try waits, for as long as the service asks for if it does.
pub(crate) fn failed(record: &mut AccountRecord, entry: RenewalRecord, retry_after: Option<SignedDuration>) {
    record.failures = record.failures.saturating_add(1);
    let share = share_at(&record.id, entry.at);
    let again = evidence::ask_again_at(record);
    let again = again.and_then(|at| at.checked_add(part(ASK_AGAIN_JITTER, share)).ok());
    let paused = entry.at.checked_add(pause(record.failures, retry_after, share)).ok();
    record.next_attempt_at = match retry_after {
        None => again.or(paused),
        Some(_) => again.max(paused),
    };
    if entry.trigger == RenewalTrigger::Manual {
        record.attempts.note(Budget::Person, entry.at);
    }
    record.renewals.insert(0, entry);
}

#[cfg(test)]
mod tests;

mod check;
mod take_over;

pub(crate) use check::Checked;
