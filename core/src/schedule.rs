//! The schedule: ticks, listens and has renewed what the [`planner`] says, a few accounts at a time. What it runs on is
//! a [`Host`], so that sixty days of it take a test a moment.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Notify;
use tokio::task::{Id, JoinSet};
use tokio::time::MissedTickBehavior;
use tunekey_services::AccountId;

use crate::attempts::Budget;
use crate::ledger::AccountRecord;
use crate::timing::Now;

mod planner;
#[cfg(test)]
mod tests;

use planner::{Planner, Signal, View};

/// For how long it is believed that there is no network: systems are wrong about that, and trying costs little.
const OFFLINE_BELIEVED: Duration = Duration::from_secs(60 * 60);

/// What the schedule runs on.
#[async_trait]
pub(crate) trait Host: Clone + Send + Sync + 'static {
    /// How often to follow what other processes change, by the monotonic clock. A sleep is noticed this soon after it.
    const PACE: Duration;

    /// What time it is.
    fn now(&self) -> Now;
    /// Follows what other processes change.
    async fn follow(&self);
    /// Prepares for a look, and gives what the ledger knows. `None` when this process is not to renew anything by
    /// itself.
    async fn records(&self) -> Option<Vec<Arc<AccountRecord>>>;
    /// Whether the store of the secrets is open.
    fn store_is_open(&self) -> bool;
    /// Renews an account, or asks about it again, and keeps what came of it.
    async fn attempt(&self, account: &AccountId, budget: Budget);
}

/// What the system tells the schedule.
#[derive(Debug, Default)]
pub(crate) struct Signals {
    told: Mutex<Told>,
    news: Notify,
}

#[derive(Debug, Default)]
struct Told {
    network: Network,
    signal: Option<Signal>,
}

/// What is known of the network.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Network {
    /// Nothing: it is taken to be there.
    #[default]
    Unknown,
    /// There is none, which nobody has acted on yet.
    Gone,
    /// There has been none since this moment of the boot clock.
    GoneSince(Duration),
}

impl Signals {
    /// The computer has woken up.
    pub(crate) fn woke(&self) {
        self.tell(|told| {
            told.signal.get_or_insert(Signal::Woke);
        });
    }

    /// There is a network, which may be another one than before, or there is none.
    pub(crate) fn network_changed(&self, online: bool) {
        self.tell(|told| {
            if online {
                *told = Told { network: Network::Unknown, signal: Some(Signal::NetworkReturned) };
            } else if told.network == Network::Unknown {
                told.network = Network::Gone;
            }
        });
    }

    fn tell(&self, change: impl FnOnce(&mut Told)) {
        change(&mut self.told.lock().unwrap_or_else(PoisonError::into_inner));
        self.news.notify_one();
    }

    /// Whether there is a network, as far as is known, and what has happened since this was asked last.
    fn take(&self, boot: Duration) -> (bool, Option<Signal>) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let online = match told.network {
            Network::Unknown => true,
            Network::Gone => {
                told.network = Network::GoneSince(boot);
                false
            }
            Network::GoneSince(since) => boot.saturating_sub(since) >= OFFLINE_BELIEVED,
        };
        (online, told.signal.take())
    }
}

/// Renews what is due until dropped. Renewals under way are then left to the host.
pub(crate) async fn run<H: Host>(host: H, signals: &Signals) {
    let mut planner = Planner::default();
    let mut under_way = UnderWay::default();
    let mut ticks = tokio::time::interval(H::PACE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // By the boot clock: after a sleep it has long passed.
    let mut next_look = Duration::ZERO;
    loop {
        // In this order: what a script makes happen then happens the same way each time.
        tokio::select! {
            biased;
            _ = ticks.tick() => host.follow().await,
            () = signals.news.notified() => next_look = Duration::ZERO,
            () = under_way.one_ends() => next_look = Duration::ZERO,
        }
        if host.now().boot < next_look {
            continue;
        }
        let records = host.records().await;
        let now = host.now();
        let (online, signal) = signals.take(now.boot);
        if let Some(signal) = signal {
            planner.note(signal, now);
        }
        let store_is_open = host.store_is_open();
        let view = View {
            now,
            records: records.as_deref().unwrap_or_default(),
            online,
            store_is_open,
            under_way: under_way.accounts(),
        };
        next_look = now.boot + planner::TICK;
        if records.is_some() {
            let plan = planner.look(&view);
            next_look = now.boot + plan.look_again;
            for (account, budget) in plan.renew {
                under_way.begin(&host, account, budget);
            }
        }
    }
}

/// The renewals under way.
#[derive(Debug, Default)]
struct UnderWay {
    tasks: JoinSet<()>,
    of: HashMap<Id, AccountId>,
    accounts: HashSet<AccountId>,
}

impl UnderWay {
    fn accounts(&self) -> &HashSet<AccountId> {
        &self.accounts
    }

    fn begin(&mut self, host: &impl Host, account: AccountId, budget: Budget) {
        let (host, id) = (host.clone(), account.clone());
        let task = self.tasks.spawn(async move { host.attempt(&id, budget).await });
        self.of.insert(task.id(), account.clone());
        self.accounts.insert(account);
    }

    /// Waits until one of them has ended, for ever if there is none.
    async fn one_ends(&mut self) {
        let id = match self.tasks.join_next_with_id().await {
            Some(Ok((id, ()))) => id,
            Some(Err(error)) => error.id(),
            None => std::future::pending().await,
        };
        if let Some(account) = self.of.remove(&id) {
            self.accounts.remove(&account);
        }
    }
}

/// Whether a schedule that has long been running renews the account at that moment.
#[cfg(test)]
pub(crate) fn is_due(record: &AccountRecord, at: jiff::Timestamp) -> bool {
    let (mut planner, nothing) = (Planner::default(), HashSet::new());
    let mut look = |records: &[Arc<AccountRecord>], boot, at| {
        let now = Now { wall: at, boot: Duration::from_secs(boot) };
        let view = View { now, records, online: true, store_is_open: true, under_way: &nothing };
        !planner.look(&view).renew.is_empty()
    };
    let ago = |minutes| at - jiff::SignedDuration::from_mins(minutes);
    look(&[], 0, ago(100_000));
    look(&[], 100_000 * 60 - 60, ago(1));
    look(&[Arc::new(record.clone())], 100_000 * 60, at)
}
