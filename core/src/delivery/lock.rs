//! One delivery at a time to a target, in all processes of a profile.

use std::path::PathBuf;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use super::target::Target;
use crate::disk::{self, FileLock};
use crate::problem::{Problem, ProblemCode};
use crate::profile::Profile;

/// For how long a person waits for another delivery to the same target: longer than most take.
const BUDGET: Duration = Duration::from_secs(60);
/// How often to look.
const PACE: Duration = Duration::from_millis(50);

/// A target that nobody else delivers to until this is dropped.
#[derive(Debug)]
pub(super) struct TargetLock {
    _lock: FileLock,
}

impl TargetLock {
    /// Takes it if nobody has it.
    ///
    /// # Errors
    /// `LocksUnusable` and the like when it cannot be opened.
    pub(super) async fn try_acquire(profile: &Profile, target: &Target) -> Result<Option<Self>, Problem> {
        let path = path(profile, target);
        let tried = disk::blocking(move || {
            if let Some(folder) = path.parent() {
                disk::make_private_dir(folder)?;
            }
            FileLock::try_acquire(&path)
        });
        let tried = tried.await.map_err(|error| {
            disk::problem(disk::cause_of_no_lock(&error), "locking the target of a delivery", &error)
        })?;
        Ok(tried.map(|lock| Self { _lock: lock }))
    }

    /// Waits until nobody has it.
    ///
    /// # Errors
    /// `ProfileBusy` when that takes too long; otherwise as [`try_acquire`](Self::try_acquire).
    pub(super) async fn acquire(profile: &Profile, target: &Target) -> Result<Self, Problem> {
        let end = Instant::now() + BUDGET;
        loop {
            match Self::try_acquire(profile, target).await? {
                Some(lock) => return Ok(lock),
                None if Instant::now() < end => tokio::time::sleep(PACE).await,
                None => {
                    let detail = "another delivery to the same target takes too long";
                    return Err(Problem::new(ProblemCode::ProfileBusy).with_detail(detail));
                }
            }
        }
    }
}

fn path(profile: &Profile, target: &Target) -> PathBuf {
    let name = format!("{:x}", Sha256::digest(target.lock_name()));
    profile.delivery_lock(&name[..16])
}
