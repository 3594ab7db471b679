//! The store that a profile has chosen, and how one is chosen for a new profile.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use serde::Serialize;
use tunekey_services::{Clock as _, Secret, SystemClock};

use crate::disk;
use crate::ledger::LedgerFile;
use crate::problem::{Problem, ProblemCode};
use crate::profile::{Profile, StoreChoice};
use crate::store::file::FileStore;
use crate::store::identity::{IdentityPlaces, default_identity_file, new_identity};
use crate::store::postgres::PostgresStore;
use crate::store::{
    Interaction, SecretStore, SharedStore, SlotName, StoreError, StoreKind, StoreTarget, SystemKeychain, line,
};
use crate::vault::VaultError;

/// How many hexadecimal digits the name of a computer has.
const HOST_NAME: usize = 12;

/// The store of a profile for as long as it is the chosen one. A process that still has the one before, after another
/// process has moved the secrets, must not write there: nobody would look for it.
#[derive(Debug)]
pub(super) struct OwnStore {
    profile: Profile,
    store: Arc<dyn SecretStore>,
}

impl OwnStore {
    pub(super) fn of(profile: Profile) -> Self {
        let store = store_of(&profile, profile.store());
        Self { profile, store }
    }

    async fn is_still_chosen(&self) -> Result<(), StoreError> {
        let profile = self.profile.clone();
        let is_chosen = disk::blocking(move || match profile.store_now() {
            Ok(now) => now == *profile.store(),
            Err(_) => false,
        });
        if is_chosen.await { Ok(()) } else { Err(StoreError::Moved) }
    }
}

#[async_trait]
impl SecretStore for OwnStore {
    fn kind(&self) -> StoreKind {
        self.store.kind()
    }

    async fn get(&self, slot: &SlotName, interaction: Interaction<'_>) -> Result<Option<Secret>, StoreError> {
        self.is_still_chosen().await?;
        self.store.get(slot, interaction).await
    }

    async fn set(
        &self,
        slot: &SlotName,
        line: &Secret,
        interaction: Interaction<'_>,
    ) -> Result<(), StoreError> {
        self.is_still_chosen().await?;
        self.store.set(slot, line, interaction).await
    }

    async fn delete(&self, slot: &SlotName, interaction: Interaction<'_>) -> Result<(), StoreError> {
        self.is_still_chosen().await?;
        self.store.delete(slot, interaction).await
    }

    async fn probe(&self, interaction: Interaction<'_>) -> Result<(), StoreError> {
        self.is_still_chosen().await?;
        self.store.probe(interaction).await
    }

    fn shared(&self) -> Option<&dyn SharedStore> {
        self.store.shared()
    }
}

/// The store that a choice names, of that profile.
pub(super) fn store_of(profile: &Profile, choice: &StoreChoice) -> Arc<dyn SecretStore> {
    match choice {
        StoreChoice::Keychain => Arc::new(SystemKeychain::new(profile.keychain_service())),
        StoreChoice::File { recipient, identity } => {
            let places = IdentityPlaces::of_system(identity.clone());
            Arc::new(FileStore::new(profile.secrets(), recipient.as_str(), places))
        }
        StoreChoice::Postgres { url, host, identity } => {
            let places = IdentityPlaces::of_system(identity.clone());
            Arc::new(PostgresStore::new(url.clone(), host.as_str(), places))
        }
    }
}

/// What is chosen when a profile is to use a store. For what is encrypted an identity must be in one of its places; the
/// folder for files, and the tables in a database, are made.
///
/// # Errors
/// `IdentityMissing`, `IdentityWrong` or `IdentityExposed`; or what the disk or the database says.
pub(super) async fn new_choice(
    profile: &Profile,
    device_id: &str,
    target: &StoreTarget,
    identity: Option<PathBuf>,
) -> Result<StoreChoice, Problem> {
    let making =
        |error| disk::problem(disk::cause_of_no_write(&error), "making the folder of the secrets", &error);
    let identity = identity.map(std::path::absolute).transpose().map_err(making)?;
    match target {
        StoreTarget::Keychain => Ok(StoreChoice::Keychain),
        StoreTarget::File => {
            let recipient = recipient(StoreKind::File, identity.clone()).await?;
            let folder = profile.secrets();
            disk::blocking(move || disk::make_private_dir(&folder)).await.map_err(making)?;
            Ok(StoreChoice::File { recipient, identity })
        }
        StoreTarget::Postgres(url) => {
            let store = StoreKind::Postgres;
            let recipient = recipient(store, identity.clone()).await?;
            let founded = PostgresStore::found(url.clone(), &recipient).await;
            founded.map_err(|error| VaultError { store, error })?;
            Ok(StoreChoice::Postgres { url: url.clone(), host: host_name(device_id), identity })
        }
    }
}

/// What a computer is called among those that share a database: the same however often it is asked for, so that a move
/// that was cut off finds what it has leased.
fn host_name(device_id: &str) -> String {
    line::digest(format!("computer {device_id}").as_bytes())[..HOST_NAME].to_owned()
}

/// Whom to encrypt to: whoever has the identity that is found.
async fn recipient(store: StoreKind, identity: Option<PathBuf>) -> Result<String, Problem> {
    let places = IdentityPlaces::of_system(identity);
    let found = disk::blocking(move || places.find()).await;
    let found = found.map_err(|error| VaultError { store, error })?;
    Ok(found.ok_or_else(no_identity_yet)?.identity.to_public().to_string())
}

/// That encrypted files need an identity first.
fn no_identity_yet() -> Problem {
    Problem::new(ProblemCode::IdentityMissing).with_words(
        "What is encrypted needs an identity that opens it, and there is none. `tunekey store identity` makes one; keep a \
         copy of it in a safe place.",
        "加密存储需要能打开它的身份密钥，目前还没有。用 `tunekey store identity` 新建一个，并妥善备份。",
    )
}

impl Profile {
    /// The profile with this store, which is chosen now if it has no accounts yet. Waits for the disk, and for a
    /// database.
    ///
    /// # Errors
    /// `InvalidInput` when it has accounts in another store; `IdentityMissing`, `IdentityWrong` or `IdentityExposed`
    /// when there is none to encrypt to; or what the disk or the database says.
    pub async fn with_store(mut self, target: &StoreTarget) -> Result<Self, Problem> {
        if self.store().is(target) {
            return Ok(self);
        }
        let profile = self.clone();
        let ledger = disk::blocking(move || LedgerFile::open(&profile)?.0.read()).await?;
        if !ledger.accounts.is_empty() {
            return Err(other_store(self.store().kind(), target));
        }
        let choice = new_choice(&self, &ledger.device_id, target, None).await?;
        let profile = disk::blocking(move || {
            self.choose_store(choice, None)?;
            Ok::<_, Problem>(self)
        });
        profile.await
    }
}

fn other_store(current: StoreKind, wanted: &StoreTarget) -> Problem {
    let wanted = wanted.as_str();
    Problem::invalid(
        format!(
            "This profile keeps its credentials in another store ({current}). `tunekey store move {wanted}` moves them."
        ),
        format!("本数据目录的凭据存放在另一种存储（{current}）中。用 `tunekey store move {wanted}` 迁移。"),
    )
}

/// An identity that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewIdentity {
    /// The file that it is in, for this user only.
    pub identity: PathBuf,
    /// Whom files are encrypted to that it opens: `age1…`.
    pub recipient: String,
}

/// Makes an identity for a store of encrypted files, in a file that is not there yet or in the usual one. Waits for the
/// disk.
///
/// # Errors
/// `InvalidInput` when the file is there already; or what the disk says.
pub fn make_identity(file: Option<PathBuf>) -> Result<NewIdentity, Problem> {
    let no_home =
        || Problem::new(ProblemCode::ProfileUnreadable).with_detail("the user has no configuration folder");
    let identity = file.or_else(default_identity_file).ok_or_else(no_home)?;
    match new_identity(&identity, SystemClock.now()) {
        Ok(recipient) => Ok(NewIdentity { identity, recipient }),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Err(Problem::invalid(
            "There is a file of that name already, and an identity is never overwritten: what it opens would be lost. \
             Name another one.",
            "已有同名文件。身份密钥不会被覆盖，否则它能打开的内容就丢失了。请另选文件名。",
        )),
        Err(error) => Err(disk::problem(disk::cause_of_no_write(&error), "making an identity", &error)),
    }
}

#[cfg(test)]
mod tests {
    use tunekey_services::{AccountId, qqmusic};

    use super::*;
    use crate::store::Side;
    use crate::store::keychain::sim::SimKeychain;

    #[tokio::test]
    async fn a_store_that_is_no_longer_the_profiles_takes_nothing_and_gives_nothing() {
        let dir = tempfile::tempdir().expect("a directory");
        let mut profile = Profile::at(dir.path()).expect("a profile");
        let keychain = Arc::new(SimKeychain::default());
        let store = OwnStore { profile: profile.clone(), store: keychain.store() };
        let slot = SlotName::credential(&AccountId::new(qqmusic::ID, "10001"), Side::A);
        let line = Secret::new("a line");
        let nobody = Interaction::Forbidden;
        store.set(&slot, &line, nobody).await.expect("it is the profile’s");

        let elsewhere = StoreChoice::File { recipient: "age1x".to_owned(), identity: None };
        profile.choose_store(elsewhere, None).expect("it can be chosen");
        let changes = keychain.changes();
        assert_eq!(store.get(&slot, nobody).await, Err(StoreError::Moved));
        assert_eq!(store.set(&slot, &line, nobody).await, Err(StoreError::Moved));
        assert_eq!(store.delete(&slot, nobody).await, Err(StoreError::Moved));
        assert_eq!(store.probe(nobody).await, Err(StoreError::Moved));
        assert_eq!(keychain.changes(), changes, "what is there stays there");

        profile.choose_store(StoreChoice::Keychain, None).expect("it can be chosen");
        assert_eq!(store.get(&slot, nobody).await, Ok(Some(line)));
    }
}
