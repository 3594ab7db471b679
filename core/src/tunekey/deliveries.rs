//! Deliveries: what the person does with them, and the queue that delivers new keys by itself in one process of a
//! profile.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use tokio_util::task::AbortOnDropHandle;
use tunekey_services::{AccountId, Credential, Secret, display_text};

use super::lookup::find_named;
use super::{TuneKey, service_of};
use crate::delivery::{
    Deliverer, Delivery, DeliveryDraft, DeliveryId, DeliveryRecord, DeliveryScope, Purpose, check_service,
    is_due,
};
use crate::problem::{Problem, ProblemCode};
use crate::store::{Interaction, StoreState};

/// How often to look for what other processes have saved. What this one saves is seen at once.
const TICK: Duration = Duration::from_secs(2);
/// How many deliveries are under way at once.
const MOST_AT_ONCE: usize = 4;

/// What deliveries need of the core.
#[derive(Debug)]
pub(super) struct Deliveries {
    deliverer: Deliverer,
    /// Something new may be due.
    news: Arc<Notify>,
}

impl Deliveries {
    pub(super) fn new(deliverer: Deliverer) -> Self {
        Self { deliverer, news: Arc::default() }
    }

    /// What is notified when there is a new key.
    pub(super) fn news(&self) -> Arc<Notify> {
        self.news.clone()
    }
}

impl TuneKey {
    /// Every delivery, oldest first.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.0.accounts.deliveries()
    }

    /// The deliveries of an account that have had a sign-in of their own: what removing the account does not end.
    pub fn own_sign_ins(&self, account: &AccountId) -> Vec<Delivery> {
        let has_one = |one: &Delivery| {
            one.account == *account && one.scope == DeliveryScope::OwnSignIn && one.own.is_some()
        };
        self.deliveries().into_iter().filter(has_one).collect()
    }

    /// The delivery that a person means: by its id, by a unique beginning of it, or by its label.
    ///
    /// # Errors
    /// `NotFound` when it is none, `InvalidInput` when it could be several.
    pub fn find_delivery(&self, name: &str) -> Result<Delivery, Problem> {
        find_named(self.deliveries(), name)
    }

    /// Whether a delivery can be added as it is, or be made of the one that it replaces.
    ///
    /// # Errors
    /// `NotFound` when there is no such account, `InvalidInput` when it cannot work or a secret is missing.
    pub fn check_delivery(
        &self,
        account: &AccountId,
        draft: &DeliveryDraft,
        secrets: &BTreeMap<String, Secret>,
        replaced: Option<&Delivery>,
    ) -> Result<(), Problem> {
        self.0.accounts.record(account)?;
        draft.check(account.service)?;
        check_service(draft, account.service)?;
        let kept = replaced.map(|delivery| delivery.target.secrets()).unwrap_or_default();
        check_secrets(draft, secrets, &kept)
    }

    /// Adds a delivery, with the secrets of its target. It is switched on.
    ///
    /// # Errors
    /// `NotFound` when there is no such account, `InvalidInput` when it cannot work or a secret is missing, or a
    /// problem of the store or the profile. Nothing is added then.
    pub async fn add_delivery(
        &self,
        account: &AccountId,
        draft: DeliveryDraft,
        secrets: BTreeMap<String, Secret>,
    ) -> Result<Delivery, Problem> {
        self.check_delivery(account, &draft, &secrets, None)?;
        let delivery = draft.delivery(account.clone());
        let deliverer = &self.0.deliveries.deliverer;
        deliverer.save_secrets(&delivery.id, &secrets).await?;
        if let Err(problem) = self.0.accounts.add_delivery(delivery.clone()).await {
            // Nothing would ever find them again. What is left of them is of no use to anybody.
            drop(deliverer.forget_secrets(&delivery.id, &delivery.target.secrets()).await);
            return Err(problem);
        }
        self.0.deliveries.news.notify_one();
        Ok(delivery)
    }

    /// Makes another of a delivery. Secrets that it still needs and that are not given stay as they are; it delivers
    /// anew.
    ///
    /// # Errors
    /// As [`TuneKey::add_delivery`]; `NotFound` when there is no such delivery.
    pub async fn change_delivery(
        &self,
        id: &DeliveryId,
        draft: DeliveryDraft,
        secrets: BTreeMap<String, Secret>,
    ) -> Result<Delivery, Problem> {
        let delivery = self.0.accounts.delivery(id)?;
        self.check_delivery(&delivery.account, &draft, &secrets, Some(&delivery))?;
        let kept = delivery.target.secrets();
        let deliverer = &self.0.deliveries.deliverer;
        deliverer.save_secrets(id, &secrets).await?;
        let needed = draft.target.secrets();
        self.0.accounts.update_delivery(id, move |delivery| draft.replace(delivery)).await?;
        // After the change: until then they are needed.
        deliverer.forget_secrets(id, kept.difference(&needed)).await?;
        if self.0.accounts.delivery(id)?.scope != DeliveryScope::OwnSignIn {
            deliverer.forget_own(id, Interaction::Allowed).await;
        }
        self.0.deliveries.news.notify_one();
        self.0.accounts.delivery(id)
    }

    /// Gives a delivery a name of the person's own; an empty one takes it away.
    ///
    /// # Errors
    /// `NotFound`, or `ProfileUnreadable` when it cannot be written.
    pub async fn set_delivery_label(&self, id: &DeliveryId, label: &str) -> Result<(), Problem> {
        let label = display_text::name(label);
        self.0.accounts.update_delivery(id, |delivery| delivery.label = label).await
    }

    /// Switches a delivery on or off. One that is switched on is tried anew.
    ///
    /// # Errors
    /// As [`TuneKey::set_delivery_label`].
    pub async fn switch_delivery(&self, id: &DeliveryId, enabled: bool) -> Result<(), Problem> {
        let change = move |delivery: &mut Delivery| {
            delivery.enabled = enabled;
            delivery.failures = 0;
            delivery.next_try_at = None;
        };
        self.0.accounts.update_delivery(id, change).await?;
        self.0.deliveries.news.notify_one();
        Ok(())
    }

    /// Sends what an account has now, so that the person sees whether it works. Only what plays; nothing is handed over.
    ///
    /// # Errors
    /// `NotFound`, `ProfileBusy`, or a problem of the profile. That it did not work is in the record.
    pub async fn test_delivery(&self, id: &DeliveryId) -> Result<DeliveryRecord, Problem> {
        self.deliver_now(id, Purpose::Test).await
    }

    /// Delivers what an account has now, whether it has been delivered already or not.
    ///
    /// # Errors
    /// As [`TuneKey::test_delivery`].
    pub async fn send_delivery(&self, id: &DeliveryId) -> Result<DeliveryRecord, Problem> {
        self.deliver_now(id, Purpose::Send).await
    }

    /// What would be sent, with everything secret masked.
    ///
    /// # Errors
    /// `NotFound`, a problem of the store, or why it cannot be sent.
    pub async fn preview_delivery(&self, id: &DeliveryId) -> Result<String, Problem> {
        let service = service_of(self.0.accounts.delivery(id)?.account.service)?;
        self.0.deliveries.deliverer.preview(&self.0.accounts, service, id).await
    }

    /// Keeps what a sign-in for a delivery alone has brought, and has it delivered.
    pub(super) async fn keep_own_sign_in(
        &self,
        id: &DeliveryId,
        credential: &Credential,
    ) -> Result<(), Problem> {
        self.0.deliveries.deliverer.keep_own(&self.0.accounts, id, credential).await?;
        self.0.deliveries.news.notify_one();
        Ok(())
    }

    /// Removes a delivery and the secrets of its target. What was delivered stays where it is.
    ///
    /// # Errors
    /// `NotFound`, or a problem of the store or the profile; then it is still there.
    pub async fn remove_delivery(&self, id: &DeliveryId) -> Result<(), Problem> {
        let delivery = self.0.accounts.delivery(id)?;
        self.0.deliveries.deliverer.forget_secrets(id, &delivery.target.secrets()).await?;
        self.0.accounts.remove_delivery(id).await?;
        self.0.deliveries.deliverer.forget_own(id, Interaction::Allowed).await;
        Ok(())
    }

    /// Deletes the secrets of all deliveries of an account that is being removed.
    pub(super) async fn forget_delivery_secrets(&self, account: &AccountId) {
        for delivery in self.deliveries().into_iter().filter(|one| one.account == *account) {
            let secrets = delivery.target.secrets();
            let forgotten = self.0.deliveries.deliverer.forget_secrets(&delivery.id, &secrets).await;
            if let Err(problem) = forgotten {
                tracing::warn!(delivery = %delivery.id, code = ?problem.code, "a secret of a delivery is left behind");
            }
            self.0.deliveries.deliverer.forget_own(&delivery.id, Interaction::Allowed).await;
        }
    }

    /// Delivers new keys by itself, until the handle is dropped. What is under way then is delivered again by whoever
    /// runs the queue next.
    pub(super) fn start_deliveries(&self) -> AbortOnDropHandle<()> {
        let this = self.clone();
        AbortOnDropHandle::new(tokio::spawn(async move { this.run_deliveries().await }))
    }

    async fn run_deliveries(&self) {
        self.forget_delivered_sign_ins().await;
        let places = Arc::new(Semaphore::new(MOST_AT_ONCE));
        let mut looks = tokio::time::interval(TICK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut under_way, mut ids) = (JoinSet::new(), BTreeSet::new());
        loop {
            tokio::select! {
                _ = looks.tick() => {}
                () = self.0.deliveries.news.notified() => {}
                Some(ended) = under_way.join_next() => match ended {
                    Ok(id) => drop(ids.remove(&id)),
                    // Which one it was is not known; the lock of its target is free.
                    Err(_) => ids.clear(),
                },
            }
            for id in self.due_deliveries() {
                if ids.insert(id.clone()) {
                    let (this, places) = (self.clone(), places.clone());
                    under_way.spawn(async move {
                        if let Ok(_place) = places.acquire().await {
                            this.deliver_by_itself(&id).await;
                        }
                        id
                    });
                }
            }
        }
    }

    /// Deletes what a crash has left in the store of sign-ins that were delivered.
    pub(super) async fn forget_delivered_sign_ins(&self) {
        let is_delivered = |one: &Delivery| {
            one.scope == DeliveryScope::OwnSignIn && one.own.is_some() && one.own == one.delivered
        };
        for delivery in self.deliveries().into_iter().filter(is_delivered) {
            self.0.deliveries.deliverer.forget_own(&delivery.id, Interaction::Forbidden).await;
        }
    }

    /// What is to be delivered now. Nothing in a process that does not run the schedule, or is about to end.
    fn due_deliveries(&self) -> Vec<DeliveryId> {
        let ends = self.0.ending.load(Ordering::Acquire);
        if ends || !self.runs_the_schedule() || *self.store() != StoreState::Ready {
            return Vec::new();
        }
        let now = self.0.clock.now();
        let due = |delivery: &Delivery| {
            let record = self.0.accounts.record(&delivery.account);
            record.is_ok_and(|record| is_due(delivery, &record, now))
        };
        self.deliveries().into_iter().filter(due).map(|delivery| delivery.id).collect()
    }

    async fn deliver_by_itself(&self, id: &DeliveryId) {
        match self.deliver(id, Purpose::Queue).await {
            Ok(Some(record)) => tracing::info!(delivery = %id, outcome = ?record.outcome, "delivered"),
            Ok(None) => {}
            Err(problem) => tracing::info!(delivery = %id, code = ?problem.code, "nothing was delivered"),
        }
    }

    async fn deliver_now(&self, id: &DeliveryId, purpose: Purpose) -> Result<DeliveryRecord, Problem> {
        let (this, id) = (self.clone(), id.clone());
        self.to_its_end(async move {
            let record = this.deliver(&id, purpose).await?;
            record.ok_or_else(|| Problem::new(ProblemCode::Unexpected).with_detail("nothing was delivered"))
        })
        .await
    }

    pub(super) async fn deliver(
        &self,
        id: &DeliveryId,
        purpose: Purpose,
    ) -> Result<Option<DeliveryRecord>, Problem> {
        let service = service_of(self.0.accounts.delivery(id)?.account.service)?;
        let clients = self.outbound_clients().await?;
        let accounts = &self.0.accounts;
        self.0.deliveries.deliverer.deliver(accounts, service, &clients, id, purpose).await
    }
}

/// Whether the secrets are those of the target, and can do their work. `kept` are in the store already.
fn check_secrets(
    draft: &DeliveryDraft,
    secrets: &BTreeMap<String, Secret>,
    kept: &BTreeSet<String>,
) -> Result<(), Problem> {
    let wanted = draft.target.secrets();
    let is_given = |name: &String| match secrets.get(name) {
        Some(secret) => !secret.is_empty(),
        None => kept.contains(name),
    };
    if let Some(missing) = wanted.iter().find(|name| !is_given(name)) {
        return Err(Problem::invalid(
            format!("The secret {missing} is missing."),
            format!("缺少机密 {missing}。"),
        ));
    }
    if secrets.keys().any(|name| !wanted.contains(name)) {
        return Err(Problem::invalid("A secret was given that nothing asks for.", "提供了不需要的机密。"));
    }
    draft.check_signing(secrets)
}

#[cfg(test)]
mod tests;
