//! The schedule on the accounts of a profile, in one of its processes.

use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tunekey_services::{AccountId, Renewability};

use super::TuneKey;
use crate::account::RenewalTrigger;
use crate::attempts::Budget;
use crate::disk;
use crate::lease::Lease;
use crate::ledger::AccountRecord;
use crate::problem::Problem;
use crate::schedule::{self, Host};
use crate::store::{Interaction, StoreState};
use crate::timing::Now;

impl TuneKey {
    /// Finishes sign-outs that a crash cut off, follows what other processes and computers change and, unless another
    /// process of the profile does so already, renews what is due, delivers what is new and sends messages to the
    /// person's phone. Until dropped.
    pub async fn run_schedule(&self) {
        self.finish_removals().await;
        self.lease().request();
        // Dropped with the schedule, on whatever way that ends.
        let _ends = ReleasedAtTheEnd(self);
        let (_deliveries, _notifications) = (self.start_deliveries(), self.start_notifications());
        let _followed = self.start_following();
        schedule::run(self.clone(), &self.0.signals).await;
    }

    /// Whether this process is the one that renews by itself.
    pub fn runs_the_schedule(&self) -> bool {
        self.lease().is_held()
    }

    /// Tells the schedule that the computer has woken up. It would notice by itself, a little later.
    pub fn wake(&self) {
        self.0.signals.woke();
    }

    /// Tells the schedule that there is a network, which may be another one than before, or that there is none: then
    /// nothing is renewed by itself for an hour. Without being told it takes the network to be there.
    pub fn network_changed(&self, is_online: bool) {
        self.0.signals.network_changed(is_online);
    }

    /// Takes the lease if nobody has it. From the moment at which the schedule or the process ends it is not taken.
    async fn holds_the_lease(&self) -> bool {
        let this = self.clone();
        disk::blocking(move || {
            let mut lease = this.lease();
            !this.0.ending.load(Ordering::Acquire) && lease.try_hold()
        })
        .await
    }

    pub(super) fn lease(&self) -> MutexGuard<'_, Lease> {
        self.0.lease.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Renews an account out of a budget of the schedule's. The attempt counts before it is made: a crash forgets none.
    async fn renew_by_itself(&self, account: &AccountId, budget: Budget) -> Result<(), Problem> {
        let now = self.0.clock.now();
        let noted = self.0.accounts.update(account, move |record| {
            record.attempts.note(budget, now);
            record.renewability
        });
        let trigger = RenewalTrigger::Automatic;
        match noted.await? {
            Some(Renewability::NotRenewable) => self.check_for(account, trigger).await.map(drop),
            Some(Renewability::Renewable | Renewability::WhileAlive) | None => {
                self.renew(account, trigger).await.map(drop)
            }
        }
    }
}

#[async_trait]
impl Host for TuneKey {
    /// Another process's change is seen this soon.
    const PACE: Duration = Duration::from_secs(2);

    fn now(&self) -> Now {
        Now::of(&*self.0.clock)
    }

    async fn follow(&self) {
        self.reload().await;
    }

    async fn records(&self) -> Option<Vec<Arc<AccountRecord>>> {
        if *self.store() != StoreState::Ready {
            self.probe_store(Interaction::Forbidden).await;
        }
        let holds_the_lease = self.holds_the_lease().await;
        self.0.accounts.refresh();
        (holds_the_lease && self.settings().auto_renew).then(|| self.0.accounts.records())
    }

    fn store_is_open(&self) -> bool {
        *self.store() == StoreState::Ready
    }

    async fn attempt(&self, account: &AccountId, budget: Budget) {
        if self.0.ending.load(Ordering::Acquire) {
            return;
        }
        if let Err(problem) = self.renew_by_itself(account, budget).await {
            tracing::info!(%account, code = ?problem.code, "a renewal did not work");
        }
    }
}

/// Lets another process have the schedule once this one no longer runs it.
struct ReleasedAtTheEnd<'a>(&'a TuneKey);

impl Drop for ReleasedAtTheEnd<'_> {
    fn drop(&mut self) {
        self.0.lease().release();
    }
}
