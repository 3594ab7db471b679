//! The lock that makes renewal single-flight: one holder per account across all processes of a profile.

use std::path::PathBuf;
use std::time::Duration;

use tokio::time::Instant;
use tunekey_services::AccountId;

use crate::disk::{self, FileLock};
use crate::problem::{Problem, ProblemCode};
use crate::profile::Profile;

/// An account that nobody else may renew, sign out or replace until this is dropped.
#[derive(Debug)]
pub struct AccountLock {
    _lock: FileLock,
}

/// For how long to wait for another holder: longer than a renewal may take, or waiting would be pointless.
const BUDGET: Duration = Duration::from_secs(60);

/// How often to look. A renewal takes a second or so; nobody notices a twentieth of one.
const PACE: Duration = Duration::from_millis(50);

impl AccountLock {
    /// Waits, without blocking the runtime, until nobody else holds the account's lock, for at most 60 s.
    /// The system releases the lock of a process that dies. Whoever gets it MUST read the account's state
    /// anew: the previous holder has most likely changed it.
    ///
    /// # Errors
    /// `ProfileBusy` when the other holder does not finish; `ProfileReadOnly`, `DiskFull` or `LocksUnusable` when
    /// the lock cannot be opened; `ProfileNotPrivate` when it is somebody else's.
    pub async fn acquire(profile: &Profile, id: &AccountId) -> Result<Self, Problem> {
        Self::acquire_within(profile, id, BUDGET).await
    }

    /// Takes the account's lock if nobody has it; `None` when somebody does.
    ///
    /// # Errors
    /// As [`acquire`](Self::acquire).
    pub(crate) async fn try_acquire(profile: &Profile, id: &AccountId) -> Result<Option<Self>, Problem> {
        match Self::acquire_within(profile, id, Duration::ZERO).await {
            Ok(lock) => Ok(Some(lock)),
            Err(problem) if problem.code == ProblemCode::ProfileBusy => Ok(None),
            Err(problem) => Err(problem),
        }
    }

    async fn acquire_within(profile: &Profile, id: &AccountId, budget: Duration) -> Result<Self, Problem> {
        let end = Instant::now() + budget;
        loop {
            let path = profile.account_lock(id);
            match disk::blocking(move || try_acquire(path)).await {
                Ok(Some(lock)) => return Ok(Self { _lock: lock }),
                Ok(None) if Instant::now() < end => tokio::time::sleep(PACE).await,
                Ok(None) => {
                    return Err(Problem::new(ProblemCode::ProfileBusy)
                        .with_service(id.service)
                        .with_detail("another TuneKey has been busy with this account for too long"));
                }
                Err(error) => {
                    let code = disk::cause_of_no_lock(&error);
                    return Err(disk::problem(code, "locking the account", &error).with_service(id.service));
                }
            }
        }
    }
}

/// Tries once. The directory may have been cleaned up since the profile was opened.
fn try_acquire(path: PathBuf) -> std::io::Result<Option<FileLock>> {
    match FileLock::try_acquire(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            if let Some(dir) = path.parent() {
                disk::make_private_dir(dir)?;
            }
            FileLock::try_acquire(&path)
        }
        tried => tried,
    }
}

#[cfg(test)]
mod tests {
    use tunekey_services::qqmusic;

    use super::*;

    fn account(uid: &str) -> AccountId {
        AccountId::new(qqmusic::ID, uid)
    }

    #[tokio::test]
    async fn the_second_one_waits_for_the_first() {
        let scratch = tempfile::tempdir().expect("a directory");
        let profile = Profile::at(scratch.path()).expect("it can be made");
        let first = AccountLock::acquire(&profile, &account("1")).await.expect("it is free");
        let late = AccountLock::acquire_within(&profile, &account("1"), Duration::ZERO).await;
        assert_eq!(late.expect_err("it is taken").code, ProblemCode::ProfileBusy, "and the wait has an end");
        let id = account("1");
        let (second, ()) = tokio::join!(AccountLock::acquire(&profile, &id), async { drop(first) });
        second.expect("it got its turn");
    }

    #[tokio::test]
    async fn a_lock_that_cannot_be_made_is_no_silence_of_the_service() {
        let scratch = tempfile::tempdir().expect("a directory");
        let profile = Profile::at(scratch.path()).expect("it can be made");
        std::fs::create_dir(profile.account_lock(&account("1"))).expect("something stands in its place");
        let problem = AccountLock::acquire(&profile, &account("1")).await.expect_err("it cannot be locked");
        assert_eq!(problem.code, disk::NO_LOCK_BUT_A_FOLDER);
    }

    #[tokio::test]
    async fn accounts_do_not_wait_for_each_other() {
        let scratch = tempfile::tempdir().expect("a directory");
        let profile = Profile::at(scratch.path()).expect("it can be made");
        let _first = AccountLock::acquire(&profile, &account("1")).await.expect("it is free");
        AccountLock::acquire_within(&profile, &account("2"), Duration::ZERO).await.expect("so is the other");
    }
}
