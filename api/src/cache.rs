//! Answers that are given again for a moment, one for each thing that was asked: whoever asks while it is being found
//! out waits for the same answer. What was asked is known by its digest alone, and what has grown old is forgotten.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tokio::sync::Mutex as AsyncMutex;
use tokio::time::Instant;
use tunekey_core::{Membership, Problem, ProblemCode, Secret};

/// For how long an answer counts (protocol: vkeys).
const ANSWERS: Duration = Duration::from_secs(60);
/// For how long a membership counts (protocol: vkeys).
const MEMBERSHIPS: Duration = Duration::from_secs(30 * 60);
/// The most of each.
const MOST: usize = 512;

/// What was asked: the digest of all of it.
pub(crate) type Asked = [u8; 32];

/// The digest of what was asked, part by part.
pub(crate) fn asked<'a>(parts: impl IntoIterator<Item = &'a str>) -> Asked {
    let mut digest = Sha256::new();
    for part in parts {
        // With its length, so that two lists of parts are never the same text.
        digest.update(part.len().to_le_bytes());
        digest.update(part);
    }
    digest.finalize().into()
}

/// The place of an answer, held while it is being found out.
type Place = Arc<AsyncMutex<Option<(Instant, Answer)>>>;

/// What was found out.
type Answer = Result<Secret, Problem>;

/// The answers of the last minute, and the memberships of the last half hour.
#[derive(Default)]
pub(crate) struct Cache {
    answers: Mutex<HashMap<Asked, (Instant, Place)>>,
    memberships: Mutex<HashMap<String, (Instant, Membership)>>,
}

impl Cache {
    /// The answer to what was asked, found out if there is none of the last minute. Of failures only that a key is dead
    /// is kept: the others may pass.
    pub(crate) async fn answer<F: Future<Output = Answer>>(
        &self,
        asked: Asked,
        find: impl FnOnce() -> F,
    ) -> Answer {
        let place = self.place(asked);
        let mut answer = place.lock().await;
        if let Some((at, known)) = &*answer
            && at.elapsed() < ANSWERS
        {
            return known.clone();
        }
        let found = find().await;
        if found.as_ref().err().is_none_or(is_final) {
            *answer = Some((Instant::now(), found.clone()));
            self.touch(asked);
        }
        found
    }

    fn place(&self, asked: Asked) -> Place {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.retain(|_, (at, place)| at.elapsed() < ANSWERS || Arc::strong_count(place) > 1);
        if answers.len() >= MOST
            && let Some(oldest) = answers.iter().min_by_key(|(_, (at, _))| *at).map(|(key, _)| *key)
        {
            answers.remove(&oldest);
        }
        answers.entry(asked).or_insert_with(|| (Instant::now(), Place::default())).1.clone()
    }

    /// Its minute begins now.
    fn touch(&self, asked: Asked) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, _)) = answers.get_mut(&asked) {
            *at = Instant::now();
        }
    }

    /// Forgets the answers that have grown old: they hold secrets.
    pub(crate) fn forget_old(&self) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.retain(|_, (at, place)| at.elapsed() < ANSWERS || Arc::strong_count(place) > 1);
    }

    /// The membership of an account, if it was asked for within half an hour.
    pub(crate) fn membership(&self, account: &str) -> Option<Membership> {
        let memberships = self.memberships.lock().unwrap_or_else(PoisonError::into_inner);
        memberships.get(account).filter(|(at, _)| at.elapsed() < MEMBERSHIPS).map(|(_, known)| known.clone())
    }

    /// Keeps the membership of an account.
    pub(crate) fn keep_membership(&self, account: &str, membership: Membership) {
        let mut memberships = self.memberships.lock().unwrap_or_else(PoisonError::into_inner);
        memberships.retain(|_, (at, _)| at.elapsed() < MEMBERSHIPS);
        if memberships.len() < MOST {
            memberships.insert(account.to_owned(), (Instant::now(), membership));
        }
    }
}

/// Whether asking again would only be told the same: whoever asks in a loop is not handed on to the service.
fn is_final(problem: &Problem) -> bool {
    matches!(problem.code, ProblemCode::Rejected | ProblemCode::NotRenewable)
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_hundred_who_ask_at_once_are_one_question_and_a_minute_later_it_is_another() {
        let (cache, found) = (Arc::new(Cache::default()), Arc::new(AtomicU32::new(0)));
        for round in 1..=2 {
            let mut asking = tokio::task::JoinSet::new();
            for _ in 0..100 {
                let (cache, found) = (cache.clone(), found.clone());
                asking.spawn(async move {
                    let find = || async {
                        tokio::task::yield_now().await;
                        Ok(Secret::new(found.fetch_add(1, Ordering::Relaxed).to_string()))
                    };
                    cache.answer(asked(["a", "b"]), find).await
                });
            }
            let answers = asking.join_all().await;
            assert!(answers.windows(2).all(|two| two[0] == two[1]), "all have the same answer");
            assert_eq!(found.load(Ordering::Relaxed), round);
            tokio::time::advance(ANSWERS).await;
        }
        cache.forget_old();
        assert!(cache.answers.lock().unwrap().is_empty(), "what is old is forgotten");
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_is_not_kept_unless_the_key_is_dead() {
        let cache = Cache::default();
        for (code, is_kept) in [(ProblemCode::Offline, false), (ProblemCode::Rejected, true)] {
            let name = format!("{code:?}");
            let failed = cache.answer(asked([name.as_str()]), async || Err(Problem::new(code))).await;
            assert_eq!(failed.map_err(|problem| problem.code), Err(code));
            let found = cache.answer(asked([name.as_str()]), async || Ok(Secret::new("yes"))).await;
            assert_eq!(found.is_err(), is_kept, "{name}");
        }
    }

    #[test]
    fn two_lists_of_parts_are_never_the_same() {
        assert_ne!(asked(["a", "bc"]), asked(["ab", "c"]));
        assert_ne!(asked(["a", ""]), asked(["a"]));
    }
}
