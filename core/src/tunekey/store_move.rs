//! Where the secrets of the profile are, and how they move to another kind of store.

use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;
use tunekey_services::Secret;

use super::TuneKey;
use super::own_store::{new_choice, store_of};
use crate::hold::Lease;
use crate::ledger::AccountLock;
use crate::notify::Ping;
use crate::problem::{Problem, ProblemCode};
use crate::profile::{Profile, StoreChoice};
use crate::store::identity::IdentityPlaces;
use crate::store::line::exposed;
use crate::store::{Interaction, SecretStore, Side, SlotName, StoreError, StoreKind, StoreTarget};
use crate::vault::VaultError;
use crate::{description, disk};

/// Where a profile's secrets are.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StoreInfo {
    /// In which kind of store.
    pub store: StoreKind,
    /// The name of the keychain's items.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keychain_service: Option<String>,
    /// The folder of the encrypted files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder: Option<PathBuf>,
    /// The address of the database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    /// What this computer is called among those that share the database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Whom they are encrypted to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recipient: Option<String>,
    /// The file with the identity that was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<PathBuf>,
    /// The recipient of that identity: another one when it is the wrong identity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity_recipient: Option<String>,
    /// Whether every user of the system can read it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub identity_is_exposed: bool,
    /// Where an identity is looked for, the first place first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<PathBuf>,
    /// Why it cannot be used now.
    pub problem: Option<Problem>,
}

/// What a move came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct StoreMoved {
    /// The kind of store that the secrets are in now.
    pub store: StoreKind,
    /// How many secrets were moved.
    pub moved: usize,
    /// How many of them the store before would not delete.
    pub left: usize,
}

impl TuneKey {
    /// In which kind of store the secrets are.
    pub fn store_kind(&self) -> StoreKind {
        self.0.profile.store().kind()
    }

    /// Where the secrets are, and whether they can be used now. When it is allowed, the person may be asked to unlock
    /// the store.
    pub async fn store_info(&self, interaction: Interaction<'_>) -> StoreInfo {
        let profile = &self.0.profile;
        let problem = self.0.vault.open(interaction).await.err().map(Problem::from);
        let mut info = StoreInfo {
            store: profile.store().kind(),
            keychain_service: None,
            folder: None,
            database: None,
            host: None,
            recipient: None,
            identity: None,
            identity_recipient: None,
            identity_is_exposed: false,
            places: Vec::new(),
            problem,
        };
        match profile.store().clone() {
            StoreChoice::Keychain => info.keychain_service = Some(profile.keychain_service()),
            StoreChoice::File { recipient, identity } => {
                let places = IdentityPlaces::of_system(identity);
                info.folder = Some(profile.secrets());
                info.recipient = Some(recipient);
                info.places = places.paths().map(PathBuf::from).collect();
                return disk::blocking(move || with_identity(info, &places)).await;
            }
            StoreChoice::Postgres { url, host, identity } => {
                let places = IdentityPlaces::of_system(identity);
                info.database = Some(url.as_str().to_owned());
                info.host = Some(host);
                info.recipient = self.0.vault.examine().await.ok().flatten().map(|found| found.recipient);
                info.places = places.paths().map(PathBuf::from).collect();
                return disk::blocking(move || with_identity(info, &places)).await;
            }
        }
        info
    }

    /// Moves all secrets to another store, slots and generations as they are, and has the profile use it from then on.
    /// Until everything is there, the store before counts; cut off at any moment, it can be done again. With the store
    /// that is in use already it has the identity looked for where `identity` says, and deletes what earlier moves have
    /// left in others. Out of a store that several computers share the accounts are taken from all of them. Afterwards
    /// this [`TuneKey`] is of no more use: it has the store before.
    ///
    /// `identity` is the file with the identity for what is encrypted; `None` for the usual places.
    ///
    /// # Errors
    /// `ProfileBusy` while another process runs the schedule, or it or another computer works on an account;
    /// `InvalidInput` when other computers have one of the accounts in a shared store already; `IdentityMissing`,
    /// `IdentityWrong`, `IdentityExposed` or another problem of one of the stores; then nothing has changed.
    pub async fn move_store(
        &self,
        to: StoreTarget,
        identity: Option<PathBuf>,
    ) -> Result<StoreMoved, Problem> {
        let this = self.clone();
        self.to_its_end(async move { this.move_all(to, identity).await }).await
    }

    async fn move_all(&self, to: StoreTarget, identity: Option<PathBuf>) -> Result<StoreMoved, Problem> {
        if to.kind() == StoreKind::Keychain && identity.is_some() {
            return Err(Problem::invalid(
                "The keychain is opened by the system: leave out --identity.",
                "系统密钥环由系统打开，请去掉 --identity。",
            ));
        }
        self.take_the_schedule().await?;
        self.reload().await;
        let profile = self.0.profile.clone();
        let mut locks = Vec::new();
        for record in self.0.accounts.records() {
            locks.push(AccountLock::acquire(&profile, &record.id).await?);
        }
        let current = profile.store().clone();
        if current.is(&to) {
            if identity.is_some() {
                self.name_identity(&profile, &current, &to, identity).await?;
            }
            let left = self.empty_others(&profile, &current).await?;
            return Ok(StoreMoved { store: to.kind(), moved: 0, left });
        }
        let device_id = self.0.accounts.device_id();
        let choice = new_choice(&profile, exposed(&device_id), &to, identity).await?;
        let (from, target) = (store_of(&profile, &current), store_of(&profile, &choice));
        said(&*target, target.probe(Interaction::Allowed).await)?;
        let mut leases = Vec::new();
        let moved = self.copy_all(&profile, (&current, &choice), (&from, &target), &mut leases).await;
        let left = match &moved {
            Ok(moved) => self.delete_moved(moved, &*from).await,
            Err(_) => 0,
        };
        for lease in leases {
            lease.release().await;
        }
        let moved = moved?.len();
        if left == 0 {
            choose(&profile, &choice, None).await?;
        }
        drop(locks);
        Ok(StoreMoved { store: to.kind(), moved, left })
    }

    /// Has the profile look for the identity of the store that it uses in that file from now on.
    async fn name_identity(
        &self,
        profile: &Profile,
        current: &StoreChoice,
        store: &StoreTarget,
        identity: Option<PathBuf>,
    ) -> Result<(), Problem> {
        let choice = new_choice(profile, exposed(&self.0.accounts.device_id()), store, identity).await?;
        let store = store_of(profile, &choice);
        if choice.recipient() != current.recipient() {
            return said(&*store, Err(StoreError::WrongIdentity));
        }
        said(&*store, store.probe(Interaction::Allowed).await)?;
        let looked = profile.clone();
        let before = disk::blocking(move || looked.store_before()).await?;
        choose(profile, &choice, before.as_ref()).await
    }

    /// Copies everything and chooses the new store. Gives what was copied.
    async fn copy_all(
        &self,
        profile: &Profile,
        (current, choice): (&StoreChoice, &StoreChoice),
        (from, target): (&Arc<dyn SecretStore>, &Arc<dyn SecretStore>),
        leases: &mut Vec<Lease>,
    ) -> Result<Vec<SlotName>, Problem> {
        let records = self.0.accounts.records();
        for record in &records {
            for store in [from, target] {
                leases.extend(said(&**store, Lease::take(store, &record.id).await)?);
            }
        }
        self.are_nobody_elses(&**target).await?;
        // Written down before anything is copied: encrypted files that nobody has chosen would be a riddle.
        choose(profile, current, None).await?;
        let mut moved = Vec::new();
        for slot in self.slots() {
            if self.copy(&slot, &**from, &**target).await? {
                moved.push(slot);
            }
        }
        choose(profile, choice, Some(current)).await?;
        // From here on other computers see them.
        if let Some(shared) = target.shared() {
            for record in &records {
                said(&**target, shared.describe(&record.id, &description::written(record)).await)?;
            }
        }
        Ok(moved)
    }

    /// Looks whether other computers have put one of the accounts into a shared store before: two sign-ins of one
    /// account are not the same, and neither may take the other's place.
    async fn are_nobody_elses(&self, target: &dyn SecretStore) -> Result<(), Problem> {
        let Some(shared) = target.shared() else { return Ok(()) };
        let listed = said(target, shared.accounts().await)?;
        let taken = listed.into_iter().filter(|found| found.has_credential && found.is_described);
        match taken.map(|found| found.id).find(|id| self.0.accounts.record(id).is_ok()) {
            None => Ok(()),
            Some(id) => Err(Problem::invalid(
                format!(
                    "The database has {id} already, from another computer. Remove it here first (`tunekey forget {id}`), then \
                     move; or remove it there. Nothing was moved."
                ),
                format!(
                    "数据库里已有其他电脑的账号 {id}。请先在本机移除它（`tunekey forget {id}`）再迁移，或在那台电脑上移除。没有迁移任何内容。"
                ),
            )),
        }
    }

    /// Deletes what was moved where it was before. Gives how many secrets are left there.
    async fn delete_moved(&self, moved: &[SlotName], from: &dyn SecretStore) -> usize {
        let mut left = 0;
        for slot in moved {
            left += usize::from(from.delete(slot, Interaction::Allowed).await.is_err());
        }
        left
    }

    /// Whoever runs the schedule writes to the store that it has.
    async fn take_the_schedule(&self) -> Result<(), Problem> {
        self.lease().request();
        let this = self.clone();
        if disk::blocking(move || this.lease().try_hold()).await {
            return Ok(());
        }
        Err(Problem::new(ProblemCode::ProfileBusy).with_detail("another process runs the schedule").with_words(
            "Another TuneKey uses this profile. Close the window and its tray, or stop the service, then try again.",
            "另一个 TuneKey 正在使用本数据目录。请退出窗口和托盘，或停止服务后重试。",
        ))
    }

    /// Copies one secret as it is. Says whether there is one. What stands in the target from an earlier try goes.
    async fn copy(
        &self,
        slot: &SlotName,
        from: &dyn SecretStore,
        to: &dyn SecretStore,
    ) -> Result<bool, Problem> {
        let line = match from.get(slot, self.interaction()).await {
            // It stays where it is: whoever can mend it still may.
            Err(StoreError::Unreadable(_)) => None,
            line => said(from, line)?,
        };
        let Some(line) = line else {
            said(to, to.delete(slot, self.interaction()).await)?;
            return Ok(false);
        };
        said(to, to.set(slot, &line, self.interaction()).await)?;
        let kept: Option<Secret> = said(to, to.get(slot, self.interaction()).await)?;
        if kept.as_ref() == Some(&line) { Ok(true) } else { said(to, Err(NOT_KEPT)) }
    }

    /// Deletes what moves have left in stores that the profile no longer uses. Gives how many are left.
    async fn empty_others(&self, profile: &Profile, current: &StoreChoice) -> Result<usize, Problem> {
        let looked = profile.clone();
        let before = disk::blocking(move || looked.store_before()).await?;
        let files = StoreChoice::File { recipient: String::new(), identity: None };
        // Earlier versions did not write down which one it was; what is on this computer is easily looked at.
        let here = [StoreChoice::Keychain, files].into_iter().filter(|other| other.kind() != current.kind());
        let elsewhere = before.clone().filter(|before| before.kind() == StoreKind::Postgres);
        let mut left = 0;
        for other in here.chain(elsewhere) {
            left += self.delete_all(&store_of(profile, &other)).await;
        }
        if left == 0 && before.is_some() {
            choose(profile, current, None).await?;
        }
        Ok(left)
    }

    /// Deletes all secrets of the profile in a store that it no longer uses. Gives how many are left; of a store of this
    /// computer that cannot be used now nothing is known.
    async fn delete_all(&self, store: &Arc<dyn SecretStore>) -> usize {
        let (mut left, mut leases) = (0, Vec::new());
        if let Some(shared) = store.shared() {
            for record in self.0.accounts.records() {
                // What another computer has renewed since is its own.
                match shared.last_generation(&record.id).await {
                    Ok(last) if last <= record.generation.number() => {}
                    _ => {
                        left += 1;
                        continue;
                    }
                }
                match Lease::take(store, &record.id).await {
                    Ok(lease) => leases.extend(lease),
                    Err(_) => left += 1,
                }
            }
        }
        if left == 0 {
            left = self.delete_each(&**store).await;
        }
        for lease in leases {
            lease.release().await;
        }
        left
    }

    async fn delete_each(&self, store: &dyn SecretStore) -> usize {
        let mut left = 0;
        for slot in self.slots() {
            match store.delete(&slot, Interaction::Forbidden).await {
                Ok(()) => {}
                Err(error) if error.state().is_some() && store.shared().is_none() => break,
                Err(_) => left += 1,
            }
        }
        left
    }

    /// The names of all secrets that a profile can have. Whatever saves a secret under a new kind of name adds it here,
    /// or it is left behind.
    fn slots(&self) -> Vec<SlotName> {
        let accounts = self.0.accounts.records().into_iter();
        let credentials =
            accounts.flat_map(|record| [Side::A, Side::B].map(|side| SlotName::credential(&record.id, side)));
        let deliveries = self.deliveries();
        let secrets = deliveries.iter().flat_map(|delivery| {
            let of_target = delivery.target.secrets().into_iter().filter_map(|name| delivery.id.slot(&name));
            of_target.chain([delivery.id.own_slot()]).map(|slot| slot.slot())
        });
        let notifications = self.notifications();
        let of_channels = notifications.channels.iter().flat_map(|channel| {
            let secret = channel.kind.facts().fields.iter().filter(|field| field.secret);
            secret.filter_map(|field| Some(channel.id.slot(field.key)?.slot()))
        });
        let ping = notifications.ping.as_ref().map(|_| Ping::slot().slot());
        credentials.chain(secrets).chain(of_channels).chain(ping).collect()
    }

    fn interaction(&self) -> Interaction<'_> {
        self.0.vault.with_passphrase(Interaction::Allowed)
    }
}

const NOT_KEPT: StoreError = StoreError::Failed("it did not keep what was written");

/// Adds what is found of an identity.
fn with_identity(mut info: StoreInfo, places: &IdentityPlaces) -> StoreInfo {
    info.identity = places.first().map(PathBuf::from);
    if let Ok(Some(found)) = places.find() {
        info.identity_recipient = Some(found.identity.to_public().to_string());
        info.identity_is_exposed = found.is_exposed;
        info.identity = Some(found.path);
    }
    info
}

async fn choose(
    profile: &Profile,
    choice: &StoreChoice,
    before: Option<&StoreChoice>,
) -> Result<(), Problem> {
    let (mut profile, choice, before) = (profile.clone(), choice.clone(), before.cloned());
    disk::blocking(move || profile.choose_store(choice, before)).await
}

/// What a store says, as a problem in the words of its kind.
fn said<T>(store: &dyn SecretStore, result: Result<T, StoreError>) -> Result<T, Problem> {
    result.map_err(|error| VaultError { store: store.kind(), error }.into())
}

#[cfg(test)]
mod tests;
