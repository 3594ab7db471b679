//! The schedule: looks what is due, in one process of a profile, a few accounts at a time.

use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tunekey_services::Renewability;

use super::TuneKey;
use crate::account::RenewalTrigger;
use crate::lease::Lease;
use crate::ledger::AccountRecord;
use crate::store::{Interaction, StoreState};
use crate::{disk, renewal};

/// How often the schedule looks, by the wall clock, so that sleep and clock jumps neither miss nor repeat a renewal.
/// A lease that has ended is taken over as soon.
const SCHEDULE_TICK: Duration = Duration::from_secs(30);
/// How often to look whether another process has changed the ledger.
const LEDGER_TICK: Duration = Duration::from_secs(2);
/// How many accounts are renewed at once: services count requests by address.
const MOST_AT_ONCE: usize = 8;

impl TuneKey {
    /// Finishes sign-outs that a crash cut off, follows what other processes change and, unless another process of
    /// the profile does so already, renews what is due and delivers what is new. Until dropped.
    pub async fn run_schedule(&self) {
        self.finish_removals().await;
        let mut looks = tokio::time::interval(LEDGER_TICK);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut last: Option<Timestamp> = None;
        self.lease().request();
        // Dropped with the schedule, on whatever way that ends.
        let _ends = ReleasedAtTheEnd(self);
        let _deliveries = self.start_deliveries();
        loop {
            looks.tick().await;
            self.reload().await;
            let now = self.0.clock.now();
            let tick = SignedDuration::try_from(SCHEDULE_TICK).unwrap_or(SignedDuration::ZERO);
            // A clock that was set back counts as a new look, too.
            if last.is_some_and(|last| now >= last && now < last + tick) {
                continue;
            }
            last = Some(now);
            if *self.store() != StoreState::Ready {
                self.probe_store(Interaction::Forbidden).await;
            }
            if self.holds_the_lease().await {
                self.renew_due().await;
            }
            self.0.accounts.refresh();
        }
    }

    /// Whether this process is the one that renews by itself.
    pub fn runs_the_schedule(&self) -> bool {
        self.lease().is_held()
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

    pub(super) async fn renew_due(&self) {
        if !self.settings().auto_renew || *self.store() != StoreState::Ready {
            return;
        }
        let now = self.0.clock.now();
        let places = Arc::new(Semaphore::new(MOST_AT_ONCE));
        let mut under_way = JoinSet::new();
        for record in self.0.accounts.records().into_iter().filter(|record| renewal::is_due(record, now)) {
            let (this, places) = (self.clone(), places.clone());
            under_way.spawn(async move {
                let Ok(_place) = places.acquire().await else { return };
                this.renew_by_itself(&record).await;
            });
        }
        under_way.join_all().await;
    }

    async fn renew_by_itself(&self, record: &AccountRecord) {
        if self.0.ending.load(Ordering::Acquire) {
            return;
        }
        let (id, trigger) = (&record.id, RenewalTrigger::Automatic);
        let result = match record.renewability {
            Some(Renewability::NotRenewable) => self.check_for(id, trigger).await.map(drop),
            Some(Renewability::Renewable | Renewability::WhileAlive) | None => {
                self.renew(id, trigger).await.map(drop)
            }
        };
        if let Err(problem) = result {
            tracing::info!(account = %id, code = ?problem.code, "a renewal did not work");
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
