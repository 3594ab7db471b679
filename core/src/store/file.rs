//! Encrypted files as a store, for computers without a keychain: each secret in a file of its own in the format of age
//! (age-encryption.org/v1), to one X25519 recipient. `age -d` reads it with the identity.
//!
//! A file for each slot rather than one for all: a write replaces one file as a whole and touches no other, so that
//! whatever dies meanwhile, the slot that is not written, and every other account, is as it was. One file for all would
//! be read, changed and written anew for each key, and its damage would be everybody's.

use std::fmt;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use age::x25519::Identity;
use async_trait::async_trait;
use tunekey_services::Secret;

use super::identity::IdentityPlaces;
use super::line::{self, exposed};
use super::sealer::{DAMAGED, Sealer, decrypted, encrypted};
use super::{Interaction, SecretStore, SlotName, StoreError, StoreKind};
use crate::disk::{self, FileLock};

/// What the names of the files end in.
const EXTENSION: &str = "age";
/// The lock that every change holds.
const LOCK: &str = "lock";
/// For how long a change waits for another process: a change takes milliseconds.
const LOCK_BUDGET: Duration = Duration::from_secs(5);
/// How often it looks.
const LOCK_PACE: Duration = Duration::from_millis(5);
/// The largest file that is read, in bytes: four times the longest line.
const MAX_BYTES: u64 = 128 * 1024;

/// The encrypted files in a folder.
pub(crate) struct FileStore {
    folder: PathBuf,
    recipient: String,
    sealer: Sealer,
}

impl FileStore {
    /// The files in `folder`, encrypted to `recipient`, whose identity is in one of these places. Does not touch the
    /// disk yet.
    pub(crate) fn new(folder: PathBuf, recipient: impl Into<String>, places: IdentityPlaces) -> Self {
        Self { folder, recipient: recipient.into(), sealer: Sealer::new(places) }
    }

    async fn identity(&self, interaction: Interaction<'_>) -> Result<Identity, StoreError> {
        self.sealer.identity(&self.recipient, interaction).await
    }

    fn path(&self, slot: &SlotName) -> PathBuf {
        self.folder.join(file_name(slot))
    }
}

impl fmt::Debug for FileStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileStore").field("folder", &self.folder).finish_non_exhaustive()
    }
}

#[async_trait]
impl SecretStore for FileStore {
    fn kind(&self) -> StoreKind {
        StoreKind::File
    }

    async fn get(&self, slot: &SlotName, interaction: Interaction<'_>) -> Result<Option<Secret>, StoreError> {
        let identity = self.identity(interaction).await?;
        let (folder, path) = (self.folder.clone(), self.path(slot));
        disk::blocking(move || match read(&path)? {
            Some(bytes) => Ok(Some(line::secret(&decrypted(&identity, &bytes)?))),
            None => is_there(&folder).map(|()| None),
        })
        .await
    }

    async fn set(
        &self,
        slot: &SlotName,
        line: &Secret,
        interaction: Interaction<'_>,
    ) -> Result<(), StoreError> {
        let recipient = self.identity(interaction).await?.to_public();
        let (folder, path, line) = (self.folder.clone(), self.path(slot), line.clone());
        disk::blocking(move || {
            let bytes = encrypted(&recipient, exposed(&line).as_bytes())?;
            let _lock = lock(&folder)?;
            disk::replace(&path, &bytes).map_err(|error| cause(&error))
        })
        .await
    }

    async fn delete(&self, slot: &SlotName, _: Interaction<'_>) -> Result<(), StoreError> {
        let (folder, path) = (self.folder.clone(), self.path(slot));
        disk::blocking(move || {
            let _lock = lock(&folder)?;
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(cause(&error)),
                _ => Ok(()),
            }
        })
        .await
    }

    async fn probe(&self, interaction: Interaction<'_>) -> Result<(), StoreError> {
        let folder = self.folder.clone();
        disk::blocking(move || lock(&folder).map(drop)).await?;
        self.identity(interaction).await.map(drop)
    }
}

/// Whether a folder holds encrypted files.
pub(crate) fn holds_files(folder: &Path) -> bool {
    let is_ours =
        |entry: std::fs::DirEntry| entry.path().extension().is_some_and(|extension| extension == EXTENSION);
    std::fs::read_dir(folder).is_ok_and(|entries| entries.flatten().any(is_ours))
}

/// The name of a slot's file: no two slots have the same one, also where large and small letters are the same, and none
/// leads out of the folder.
fn file_name(slot: &SlotName) -> String {
    let mut name = String::with_capacity(slot.as_str().len() + 4);
    for byte in slot.as_str().bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' => name.push(char::from(byte)),
            b':' => name.push('.'),
            _ => name.push_str(&format!("_{byte:02x}")),
        }
    }
    name + "." + EXTENSION
}

/// The bytes of a file; `None` when there is none.
fn read(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    let file = match disk::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(cause(&error)),
    };
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|error| cause(&error))?;
    if bytes.len() as u64 > MAX_BYTES { Err(DAMAGED) } else { Ok(Some(bytes)) }
}

/// Waits for the lock, and removes what writers that died have left. Nothing is made where the folder is gone: an empty
/// one would look like one without credentials.
fn lock(folder: &Path) -> Result<FileLock, StoreError> {
    is_there(folder)?;
    for _ in 0..LOCK_BUDGET.as_millis() / LOCK_PACE.as_millis() {
        match FileLock::try_acquire(&folder.join(LOCK)).map_err(|error| cause(&error))? {
            Some(lock) => {
                remove_leftovers(folder);
                return Ok(lock);
            }
            None => std::thread::sleep(LOCK_PACE),
        }
    }
    Err(StoreError::Silent)
}

/// Removes the files that were about to take the place of others. Only with the lock held.
fn remove_leftovers(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            // Litter that stays is only litter: the next one tries again.
            drop(std::fs::remove_file(entry.path()));
        }
    }
}

fn is_there(folder: &Path) -> Result<(), StoreError> {
    disk::check_at(folder).map_err(|error| cause(&error))?;
    if folder.is_dir() { Ok(()) } else { Err(GONE) }
}

const GONE: StoreError = StoreError::Unavailable("its folder is gone");

/// What an error of the disk says of the store.
fn cause(error: &io::Error) -> StoreError {
    match error.kind() {
        _ if disk::NotPrivate::of(error).is_some() => StoreError::Denied,
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => GONE,
        io::ErrorKind::PermissionDenied => StoreError::Denied,
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            StoreError::Failed("there is no space left on its disk")
        }
        io::ErrorKind::ReadOnlyFilesystem => StoreError::Failed("its disk can only be read"),
        _ => StoreError::Failed("its disk does not do it"),
    }
}

#[cfg(test)]
mod tests;
