//! Delivers: lock the target → load the newest credential → send it → note how it went.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tunekey_services::{Clock, Credential, Secret, Service};

use super::due::{newest_key, pause};
use super::error::DeliveryError;
use super::lock::TargetLock;
use super::model::{
    DeliveredKey, Delivery, DeliveryId, DeliveryNotice, DeliveryOutcome, DeliveryRecord, DeliveryScope,
};
use super::payload::Payload;
use super::target::{FileTarget, Target};
use super::{command, cookie_cloud, file, http, meting, open_list, qinglong};
use crate::accounts::Accounts;
use crate::disk;
use crate::ledger::AccountLock;
use crate::outbound::Clients;
use crate::problem::{Problem, ProblemCode};
use crate::profile::Profile;
use crate::store::Interaction;
use crate::vault::{StoredCredential, Vault};

/// Delivers credentials.
#[derive(Debug)]
pub(crate) struct Deliverer {
    profile: Profile,
    vault: Vault,
    clock: Arc<dyn Clock>,
}

/// Why something is delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// By itself, because there is a new key.
    Queue,
    /// Because the person wants it now.
    Send,
    /// To see whether it works: nothing is handed over.
    Test,
}

/// What sending has come to.
struct Sent {
    outcome: DeliveryOutcome,
    notice: Option<DeliveryNotice>,
    /// The checksum of the file that was written.
    written: Option<String>,
}

impl From<DeliveryOutcome> for Sent {
    fn from(outcome: DeliveryOutcome) -> Self {
        Self { outcome, notice: None, written: None }
    }
}

impl From<(DeliveryOutcome, Option<DeliveryNotice>)> for Sent {
    fn from((outcome, notice): (DeliveryOutcome, Option<DeliveryNotice>)) -> Self {
        Self { outcome, notice, written: None }
    }
}

impl Deliverer {
    pub(crate) fn new(profile: Profile, vault: Vault, clock: Arc<dyn Clock>) -> Self {
        Self { profile, vault, clock }
    }

    /// Delivers the newest credential. `None` when there is nothing to do, or somebody else is at it.
    ///
    /// # Errors
    /// `NotFound` when the delivery or its account is gone, or a problem of the profile. That it did not work is in the
    /// record.
    pub(crate) async fn deliver(
        &self,
        accounts: &Accounts,
        service: &dyn Service,
        clients: &Clients,
        id: &DeliveryId,
        purpose: Purpose,
    ) -> Result<Option<DeliveryRecord>, Problem> {
        let target = accounts.delivery(id)?.target;
        let lock = match purpose {
            Purpose::Queue => TargetLock::try_acquire(&self.profile, &target).await?,
            Purpose::Send | Purpose::Test => Some(TargetLock::acquire(&self.profile, &target).await?),
        };
        let Some(_lock) = lock else { return Ok(None) };
        // Whoever had the lock before has most likely changed it.
        accounts.reload().await;
        let mut delivery = accounts.delivery(id)?;
        // What a test sends is not what is to be handed over.
        let counts = purpose != Purpose::Test || delivery.scope == DeliveryScope::PlayingOnly;
        let is_own = delivery.scope == DeliveryScope::OwnSignIn;
        let record = accounts.record(&delivery.account)?;
        let tried = newest_key(&delivery, &record);
        let loaded = self.load(&delivery, interaction(purpose)).await;
        if purpose != Purpose::Queue && is_handed_on(&delivery, &loaded) {
            // That there is nothing to send is no failure of what was delivered.
            return Err(handed_on());
        }
        if purpose == Purpose::Test {
            delivery.scope = DeliveryScope::PlayingOnly;
        }
        let key = loaded.as_ref().ok().map(key_of).filter(|_| counts);
        let is_delivered = key.is_some() && key == delivery.delivered;
        let is_awaited = is_own && tried.is_none() && is_missing(&loaded);
        if purpose == Purpose::Queue && (is_delivered || is_awaited) {
            // The store has not what the ledger has heard of, or the other way round: what is there is delivered.
            self.postpone(accounts, id, tried).await?;
            return Ok(None);
        }
        let sent = match loaded {
            Ok(kept) => self.send(accounts, service, clients, &delivery, &kept, purpose).await,
            Err(problem) => Err(problem.into()),
        };
        let record = self.note(accounts, id, tried, key, sent).await?;
        if is_own && counts && record.outcome.is_success() {
            self.forget_own(id, interaction(purpose)).await;
        }
        Ok(Some(record))
    }

    /// Keeps what a sign-in for a delivery alone has brought, until that has it.
    ///
    /// # Errors
    /// `NotFound` when the delivery is gone, `ProfileBusy`, or a problem of the store or the profile.
    pub(crate) async fn keep_own(
        &self,
        accounts: &Accounts,
        id: &DeliveryId,
        credential: &Credential,
    ) -> Result<(), Problem> {
        // Nobody sends the one before while this takes its place.
        let _lock = TargetLock::acquire(&self.profile, &accounts.delivery(id)?.target).await?;
        // Looked for at once by whoever goes on after a crash, which may keep it from the ledger.
        let looked_for = |delivery: &mut Delivery| {
            delivery.failures = 0;
            delivery.next_try_at = None;
        };
        accounts.update_delivery(id, looked_for).await?;
        let known = accounts.delivery(id)?.own.map(|key| key.generation);
        let slot = id.own_slot();
        let kept = self.vault.own(&slot, &credential.account, Interaction::Allowed).await;
        // One that cannot be read is of no use to anybody.
        let there = kept.ok().flatten().map(|kept| kept.generation);
        let generation = known.max(there).unwrap_or_default().next();
        self.vault.save_own(&slot, credential, generation, Interaction::Allowed).await?;
        let key = DeliveredKey { generation, issued_at: credential.issued_at };
        accounts.update_delivery(id, move |delivery| delivery.own = Some(key)).await
    }

    /// Deletes a sign-in of a delivery's own, as far as the store takes part: what is left is replaced or deleted later.
    pub(crate) async fn forget_own(&self, id: &DeliveryId, interaction: Interaction<'_>) {
        if let Err(error) = self.vault.forget_named(&id.own_slot(), interaction).await {
            tracing::info!(delivery = %id, %error, "a sign-in that was delivered is still in the store");
        }
    }

    /// What would be delivered, with everything secret masked.
    ///
    /// # Errors
    /// `NotFound`, a problem of the store, or why it could not be delivered.
    pub(crate) async fn preview(
        &self,
        accounts: &Accounts,
        service: &dyn Service,
        id: &DeliveryId,
    ) -> Result<String, Problem> {
        let delivery = accounts.delivery(id)?;
        let kept = self.load(&delivery, Interaction::Allowed).await;
        if is_handed_on(&delivery, &kept) {
            return Err(handed_on());
        }
        let kept = kept?;
        let names = delivery.target.secrets();
        // A preview needs no secret to show that there is one.
        let secrets = names.into_iter().map(|name| (name, Secret::default())).collect();
        let now = self.clock.now();
        let payload = Payload::new(&delivery, service, &kept, secrets, now)?.masked(delivery.format);
        preview(&delivery.target, &payload).map_err(DeliveryError::problem)
    }

    /// Keeps the secrets of a target.
    ///
    /// # Errors
    /// A problem of the store, or `InvalidInput` for a secret that cannot be kept.
    pub(crate) async fn save_secrets(
        &self,
        id: &DeliveryId,
        secrets: &BTreeMap<String, Secret>,
    ) -> Result<(), Problem> {
        for (name, secret) in secrets {
            let slot = id.slot(name).ok_or_else(|| bad_name(name))?;
            self.vault.save_named(&slot, secret, Interaction::Allowed).await?;
        }
        Ok(())
    }

    /// Deletes secrets of a target. That there are none is fine.
    ///
    /// # Errors
    /// A problem of the store; then some may be left.
    pub(crate) async fn forget_secrets(
        &self,
        id: &DeliveryId,
        names: impl IntoIterator<Item = &String>,
    ) -> Result<(), Problem> {
        let slots: Vec<_> = names.into_iter().filter_map(|name| id.slot(name)).collect();
        for slot in slots {
            self.vault.forget_named(&slot, Interaction::Allowed).await?;
        }
        Ok(())
    }

    /// What a delivery carries: the account's credential, or that of its own sign-in.
    async fn load(
        &self,
        delivery: &Delivery,
        interaction: Interaction<'_>,
    ) -> Result<StoredCredential, Problem> {
        let account = &delivery.account;
        let missing = Problem::new(ProblemCode::CredentialMissing).with_service(account.service);
        let (loaded, missing) = match delivery.scope {
            DeliveryScope::PlayingOnly | DeliveryScope::Renewable => {
                (self.vault.load(account, interaction).await, missing)
            }
            DeliveryScope::OwnSignIn => {
                let loaded = self.vault.own(&delivery.id.own_slot(), account, interaction).await;
                let words = ("Sign in once more for this tool first.", "请先为该工具再登录一次。");
                (loaded, missing.with_words(words.0, words.1))
            }
        };
        match loaded {
            Ok(Some(kept)) => Ok(kept),
            Ok(None) => Err(missing),
            Err(error) => Err(Problem::from(error).with_service(account.service)),
        }
    }

    async fn send(
        &self,
        accounts: &Accounts,
        service: &dyn Service,
        clients: &Clients,
        delivery: &Delivery,
        kept: &StoredCredential,
        purpose: Purpose,
    ) -> Result<Sent, DeliveryError> {
        let mut secrets = BTreeMap::new();
        for name in delivery.target.secrets() {
            let slot = delivery.id.slot(&name).ok_or_else(|| bad_name(&name))?;
            let secret = self.vault.named(&slot, interaction(purpose)).await.map_err(Problem::from)?;
            let secret = secret.ok_or_else(|| DeliveryError::NoSecret(name.clone()))?;
            secrets.insert(name, secret);
        }
        match delivery.scope {
            DeliveryScope::PlayingOnly => {
                let payload = Payload::new(delivery, service, kept, secrets, self.clock.now())?;
                send(&delivery.target, payload, clients, delivery.written.clone()).await
            }
            DeliveryScope::OwnSignIn => {
                let payload = Payload::new(delivery, service, kept, secrets, self.clock.now())?;
                if !payload.renews {
                    return Err(DeliveryError::NothingToHandOver);
                }
                send(&delivery.target, payload, clients, delivery.written.clone()).await
            }
            DeliveryScope::Renewable => {
                self.hand_over(accounts, service, clients, delivery, secrets, purpose).await
            }
        }
    }

    /// Sends what renews the credential. TuneKey stops renewing it before it leaves, so that there is no moment at
    /// which two do; what has certainly not arrived stays its own.
    async fn hand_over(
        &self,
        accounts: &Accounts,
        service: &dyn Service,
        clients: &Clients,
        delivery: &Delivery,
        secrets: BTreeMap<String, Secret>,
        purpose: Purpose,
    ) -> Result<Sent, DeliveryError> {
        let (id, now) = (&delivery.account, self.clock.now());
        let (payload, was) = {
            // No renewal is under way while this is held.
            let _lock = AccountLock::acquire(&self.profile, id).await?;
            let kept = self.load(delivery, interaction(purpose)).await?;
            let payload = Payload::new(delivery, service, &kept, secrets, now)?;
            if !payload.renews {
                return Err(DeliveryError::NothingToHandOver);
            }
            let was = accounts.update(id, move |record| record.handed_over_at.replace(now)).await?;
            (payload, was)
        };
        let sent = send(&delivery.target, payload, clients, delivery.written.clone()).await;
        if let Err(error) = &sent
            && !error.may_have_arrived()
        {
            let take_back = accounts.update(id, move |record| {
                if record.handed_over_at == Some(now) {
                    record.handed_over_at = was;
                }
            });
            take_back.await?;
        }
        sent
    }

    /// Keeps how it went. What cannot be written is delivered again.
    async fn note(
        &self,
        accounts: &Accounts,
        id: &DeliveryId,
        tried: Option<DeliveredKey>,
        key: Option<DeliveredKey>,
        sent: Result<Sent, DeliveryError>,
    ) -> Result<DeliveryRecord, Problem> {
        let at = self.clock.now();
        let (is_gone, wait) = match &sent {
            Err(DeliveryError::Gone) => (true, None),
            Err(DeliveryError::Later(wait)) => (false, *wait),
            Ok(_) | Err(_) => (false, None),
        };
        let (record, written) = record(at, sent);
        let noted = record.clone();
        let change = move |delivery: &mut Delivery| {
            delivery.tried = tried;
            if noted.outcome.is_success() {
                delivery.delivered = key.or(delivery.delivered);
                if delivery.scope == DeliveryScope::OwnSignIn {
                    delivery.own = key.or(delivery.own);
                }
                delivery.written = written.or(delivery.written.take());
                delivery.failures = 0;
                delivery.next_try_at = None;
            } else {
                wait_longer(delivery, at, wait.and_then(|wait| SignedDuration::try_from(wait).ok()));
            }
            delivery.enabled &= !is_gone;
            delivery.record(noted);
        };
        accounts.update_delivery(id, change).await?;
        Ok(record)
    }

    async fn postpone(
        &self,
        accounts: &Accounts,
        id: &DeliveryId,
        tried: Option<DeliveredKey>,
    ) -> Result<(), Problem> {
        let now = self.clock.now();
        let change = move |delivery: &mut Delivery| {
            delivery.tried = tried;
            wait_longer(delivery, now, None);
        };
        accounts.update_delivery(id, change).await
    }
}

fn wait_longer(delivery: &mut Delivery, now: Timestamp, at_least: Option<SignedDuration>) {
    delivery.failures = delivery.failures.saturating_add(1);
    delivery.next_try_at = Some(now + pause(delivery.failures).max(at_least.unwrap_or_default()));
}

fn record(at: Timestamp, sent: Result<Sent, DeliveryError>) -> (DeliveryRecord, Option<String>) {
    match sent {
        Ok(Sent { outcome, notice, written }) => {
            (DeliveryRecord { at, outcome, problem: None, notice }, written)
        }
        Err(error) => {
            let outcome = match &error {
                DeliveryError::Later(_) => DeliveryOutcome::Later,
                _ => DeliveryOutcome::Failed,
            };
            (DeliveryRecord { at, outcome, problem: Some(error.problem()), notice: None }, None)
        }
    }
}

fn key_of(kept: &StoredCredential) -> DeliveredKey {
    DeliveredKey { generation: kept.generation, issued_at: kept.credential.issued_at }
}

/// Whether the store is open and has no credential there.
fn is_missing(loaded: &Result<StoredCredential, Problem>) -> bool {
    loaded.as_ref().is_err_and(|problem| problem.code == ProblemCode::CredentialMissing)
}

/// Whether a sign-in of the delivery's own has gone to its target, where it is renewed: no copy is kept.
fn is_handed_on(delivery: &Delivery, loaded: &Result<StoredCredential, Problem>) -> bool {
    delivery.scope == DeliveryScope::OwnSignIn && delivery.delivered.is_some() && is_missing(loaded)
}

fn handed_on() -> Problem {
    Problem::invalid(
        "The tool has its own sign-in and renews it; TuneKey keeps no copy. If it stopped working there, sign in once \
         more for this tool.",
        "该工具已有自己的登录并自行续期，TuneKey 不保留副本。如果它在那边失效，请为该工具再登录一次。",
    )
}

fn interaction(purpose: Purpose) -> Interaction<'static> {
    match purpose {
        Purpose::Queue => Interaction::Forbidden,
        Purpose::Send | Purpose::Test => Interaction::Allowed,
    }
}

fn bad_name(name: &str) -> Problem {
    Problem::new(ProblemCode::InvalidInput)
        .with_detail(format!("{name} cannot be the name of a secret"))
        .with_words(
            "The name of a secret has small letters, digits and hyphens only.",
            "机密名称只能包含小写字母、数字和连字符。",
        )
}

async fn send(
    target: &Target,
    payload: Payload,
    clients: &Clients,
    written: Option<String>,
) -> Result<Sent, DeliveryError> {
    Ok(match target {
        Target::File(target) => return send_file(target, payload, written).await,
        Target::Command(target) => {
            command::run(target, &payload, command::Gives::Credential).await?;
            DeliveryOutcome::Accepted.into()
        }
        Target::Http(target) => http::send(target, &payload, clients).await?.into(),
        Target::CookieCloud(target) => cookie_cloud::send(target, &payload, clients).await?.into(),
        Target::Meting(target) => meting::send(target, &payload, clients).await?.into(),
        Target::OpenList(target) => open_list::send(target, &payload, clients).await?.into(),
        Target::Qinglong(target) => qinglong::send(target, &payload, clients).await?.into(),
    })
}

async fn send_file(
    target: &FileTarget,
    payload: Payload,
    last: Option<String>,
) -> Result<Sent, DeliveryError> {
    let (file, payload) = (target.clone(), Arc::new(payload));
    let carried = payload.clone();
    let written = disk::blocking(move || file::write(&file, &carried, last.as_deref())).await?;
    if let Some(then) = &target.then {
        command::run(then, &payload, command::Gives::Nothing).await?;
    }
    Ok(Sent { outcome: DeliveryOutcome::Confirmed, notice: written.notice, written: Some(written.sum) })
}

fn preview(target: &Target, payload: &Payload) -> Result<String, DeliveryError> {
    Ok(match target {
        Target::File(target) => file::preview(target, payload)?,
        Target::Command(target) => command::preview(target, payload),
        Target::Http(target) => http::preview(target, payload)?,
        Target::CookieCloud(_) => cookie_cloud::preview(payload),
        Target::Meting(target) => meting::body(target, payload).to_string(),
        Target::OpenList(_) => payload.shown(),
        Target::Qinglong(target) => format!("{}={}", target.variable, payload.shown()),
    })
}
