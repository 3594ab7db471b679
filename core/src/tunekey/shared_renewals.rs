//! Renewals under way, shared by all who want the same one: one request, one entry in the history.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;
use tunekey_services::AccountId;

use crate::account::{RenewalRecord, RenewalTrigger};
use crate::problem::Problem;

/// Which renewal: one that a person asked for may ask them to unlock the keychain, so that it is another one than one
/// that nobody asked for.
pub(super) type Key = (AccountId, RenewalTrigger);

type Result = std::result::Result<RenewalRecord, Problem>;

/// The renewals that have begun and not ended.
#[derive(Debug, Default)]
pub(super) struct SharedRenewals(Mutex<HashMap<Key, Arc<OnceCell<Result>>>>);

impl SharedRenewals {
    /// The result of the renewal that is under way, or of `begin`, which runs when there is none.
    pub(super) async fn join<F: Future<Output = Result>>(
        &self,
        key: Key,
        begin: impl FnOnce() -> F,
    ) -> Result {
        let cell =
            self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(key.clone()).or_default().clone();
        // Should whoever began it go away, the next one in the queue asks for its result.
        let result = cell.get_or_init(begin).await.clone();
        let mut under_way = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if under_way.get(&key).is_some_and(|known| Arc::ptr_eq(known, &cell)) {
            under_way.remove(&key);
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use jiff::Timestamp;
    use tokio::task::JoinSet;
    use tunekey_services::qqmusic;

    use super::*;
    use crate::account::RenewalOutcome;

    fn renewed() -> Result {
        Ok(RenewalRecord {
            at: Timestamp::UNIX_EPOCH,
            outcome: RenewalOutcome::Renewed,
            trigger: RenewalTrigger::Manual,
            unchanged: None,
            problem: None,
        })
    }

    #[tokio::test]
    async fn a_hundred_callers_at_once_are_one_renewal_and_the_next_one_is_another() {
        let (renewals, begun) = (Arc::new(SharedRenewals::default()), Arc::new(AtomicU32::new(0)));
        let key = (AccountId::new(qqmusic::ID, "10001"), RenewalTrigger::Manual);
        for round in 1..=2 {
            let mut callers = JoinSet::new();
            for _ in 0..100 {
                let (renewals, begun, key) = (renewals.clone(), begun.clone(), key.clone());
                callers.spawn(async move {
                    let begin = || async {
                        begun.fetch_add(1, Ordering::Relaxed);
                        tokio::task::yield_now().await;
                        renewed()
                    };
                    renewals.join(key, begin).await
                });
            }
            assert!(callers.join_all().await.iter().all(Result::is_ok), "all share the result");
            assert_eq!(begun.load(Ordering::Relaxed), round);
        }
        assert!(renewals.0.lock().unwrap().is_empty(), "nothing is under way any more");
    }
}
