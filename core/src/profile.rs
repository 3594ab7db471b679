//! Where one installation's files and keychain items are. Two profiles share nothing.

use std::path::{Path, PathBuf};

use directories::{BaseDirs, ProjectDirs};
use tunekey_services::AccountId;

use crate::disk::{self, NotPrivate};
use crate::problem::{Problem, ProblemCode};
use crate::store::line;

mod keychain_name;
mod store_choice;

pub use store_choice::StoreChoice;

/// What decides over accounts, keys and settings: it is only used when nobody else could have changed it.
const TRUSTED: [&str; 7] = [
    "api-tokens.json",
    "ledger.json",
    "ledger.lock",
    "locks",
    "keychain-name.json",
    store_choice::FILE,
    store_choice::SECRETS,
];

/// What is only ours: it is closed to others where it is not. Older versions left that to the umask.
const PRIVATE: [&str; 4] = ["avatars", "tray", "webview", "window.json"];

/// A profile: a directory for what is not secret, and a store for what is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    dir: PathBuf,
    name: Option<String>,
    store: StoreChoice,
}

/// The name of the default profile's keychain items.
const KEYCHAIN_SERVICE: &str = "TuneKey";

impl Profile {
    /// The profile that is used when none is named: in the user's data directory, on the computer itself
    /// rather than roaming, because the keychain items that belong to it do not roam either.
    ///
    /// # Errors
    /// `ProfileUnreadable` when the user has no home, and as [`at`](Self::at).
    pub fn default_for_user() -> Result<Self, Problem> {
        let dir = user_dir().ok_or_else(|| unreadable("the user has no data directory"))?;
        let dir = prepared(&dir)?;
        Ok(Self { store: store_choice::read(&dir)?, dir, name: None })
    }

    /// The profile in this directory, which is made if need be, readable for this user only. One that is there and
    /// cannot be written is taken as it is: it can still be read.
    ///
    /// # Errors
    /// `ProfileReadOnly`, `DiskFull` or `ProfileUnreadable` when the directory is not there and cannot be made;
    /// `ProfileNotPrivate` when it, or what counts in it, is somebody else's, a link, or can be changed by others;
    /// `ProfileUnreadable` or `LedgerNewer` when it cannot be read which store it uses.
    pub fn at(dir: impl AsRef<Path>) -> Result<Self, Problem> {
        let dir = prepared(dir.as_ref())?;
        let is_default = user_dir().and_then(|default| default.canonicalize().ok()).as_ref() == Some(&dir);
        let name = if is_default { None } else { Some(keychain_name::name_of(&dir)) };
        Ok(Self { store: store_choice::read(&dir)?, dir, name })
    }

    /// The directory, as an absolute path without links.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The profile's name, which it keeps wherever it is moved; `None` for the default profile.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// What keeps its secrets, as it was chosen when this was opened.
    pub fn store(&self) -> &StoreChoice {
        &self.store
    }

    /// The store that is chosen for it now, perhaps by another process since.
    ///
    /// # Errors
    /// As [`at`](Self::at).
    pub(crate) fn store_now(&self) -> Result<StoreChoice, Problem> {
        store_choice::read(&self.dir)
    }

    /// The store that was chosen before, if a move was cut off before it had deleted everything there.
    ///
    /// # Errors
    /// As [`at`](Self::at).
    pub(crate) fn store_before(&self) -> Result<Option<StoreChoice>, Problem> {
        store_choice::read_before(&self.dir)
    }

    /// Chooses the store that it uses from now on. What is in the one before stays there; `before` is that one as long
    /// as it is to be emptied.
    ///
    /// # Errors
    /// `ProfileReadOnly`, `DiskFull` or `ProfileUnreadable`; then the choice before still counts.
    pub(crate) fn choose_store(
        &mut self,
        choice: StoreChoice,
        before: Option<StoreChoice>,
    ) -> Result<(), Problem> {
        store_choice::write(&self.dir, &choice, before)?;
        self.store = choice;
        Ok(())
    }

    /// The folder of the encrypted files.
    pub(crate) fn secrets(&self) -> PathBuf {
        self.dir.join(store_choice::SECRETS)
    }

    /// The service name of all its keychain items.
    pub fn keychain_service(&self) -> String {
        match &self.name {
            None => KEYCHAIN_SERVICE.to_owned(),
            Some(name) => format!("{KEYCHAIN_SERVICE} ({name})"),
        }
    }

    /// Where a daemon of this profile can be asked, the best place first: in the folder that the system has for the
    /// user's sockets, if there is one, and in the profile. On Windows, where a socket's rights are not a folder's, in
    /// the folder of what the user's programs keep on this computer: the profile may be one that others can look into.
    pub fn daemon_sockets(&self) -> Vec<PathBuf> {
        let digest = line::digest(self.dir.as_os_str().as_encoded_bytes());
        let name = |extension| format!("tunekey-{}.{extension}", &digest[..16]);
        if cfg!(windows) {
            let folder = ProjectDirs::from("", "", "TuneKey").map(|dirs| dirs.cache_dir().join("daemons"));
            return folder.into_iter().map(|folder| folder.join(name("pipe"))).collect();
        }
        let runtime =
            BaseDirs::new().and_then(|dirs| dirs.runtime_dir().map(|folder| folder.join(name("sock"))));
        runtime.into_iter().chain([self.dir.join("daemon.sock")]).collect()
    }

    /// Who may use the local API.
    pub(crate) fn api_tokens(&self) -> PathBuf {
        self.dir.join("api-tokens.json")
    }

    /// The ledger.
    pub(crate) fn ledger(&self) -> PathBuf {
        self.dir.join("ledger.json")
    }

    /// The lock that every change of the ledger holds.
    pub(crate) fn ledger_lock(&self) -> PathBuf {
        self.dir.join("ledger.lock")
    }

    /// The lock that whoever runs the schedule holds.
    pub(crate) fn schedule_lock(&self) -> PathBuf {
        self.dir.join("schedule.lock")
    }

    /// The lock that every renewal of an account holds.
    pub(crate) fn account_lock(&self, id: &AccountId) -> PathBuf {
        self.dir.join("locks").join(format!("{}.lock", file_name(id)))
    }

    /// The lock that every delivery to a target holds, by a name of hexadecimal digits.
    pub(crate) fn delivery_lock(&self, name: &str) -> PathBuf {
        self.dir.join("locks").join(format!("delivery-{name}.lock"))
    }

    /// The account's picture.
    pub(crate) fn avatar(&self, id: &AccountId) -> PathBuf {
        self.dir.join("avatars").join(format!("{}.png", file_name(id)))
    }
}

/// An account's id as a file name that every system takes. A uid is digits (see [`AccountId`]), but a caller
/// can build one from anything, and a path must never lead out of the profile.
fn file_name(id: &AccountId) -> String {
    let uid: String = id.uid.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    format!("{}-{uid}", id.service)
}

fn user_dir() -> Option<PathBuf> {
    ProjectDirs::from("", "", "TuneKey").map(|dirs| dirs.data_local_dir().to_owned())
}

fn prepared(dir: &Path) -> Result<PathBuf, Problem> {
    if let Err(error) = disk::make_private_dir(dir)
        && !dir.is_dir()
    {
        return Err(no_directory(&error));
    }
    let dir = dir.canonicalize().map_err(|error| no_directory(&error))?;
    let refused = |error| disk::problem(ProblemCode::ProfileUnreadable, "looking at the profile", &error);
    disk::check_at(&dir).map_err(refused)?;
    for name in TRUSTED {
        disk::check_at(&dir.join(name)).map_err(refused)?;
    }
    for name in PRIVATE {
        match disk::make_private(&dir.join(name)) {
            Err(error) if NotPrivate::of(&error).is_some() => return Err(refused(error)),
            // In a folder that nobody else may change, this is as far as it goes.
            Err(error) => tracing::info!(%error, name, "it could not be closed to others"),
            Ok(()) => {}
        }
    }
    for name in ["locks", "avatars"] {
        // What is missing in it is missed, and said, when something is to be written there.
        drop(disk::make_private_dir(&dir.join(name)));
    }
    Ok(dir)
}

fn no_directory(error: &std::io::Error) -> Problem {
    Problem::new(disk::cause_of_no_write(error))
        .with_detail(format!("making the profile's directory: {error}"))
}

fn unreadable(detail: impl Into<String>) -> Problem {
    Problem::new(ProblemCode::ProfileUnreadable).with_detail(detail)
}

#[cfg(test)]
mod tests {
    use tunekey_services::{netease, qqmusic};

    use super::*;

    #[test]
    fn profiles_of_two_directories_have_keychain_names_of_their_own() {
        let scratch = tempfile::tempdir().expect("a directory");
        let one = Profile::at(scratch.path().join("one").join("demo")).expect("it can be made");
        let two = Profile::at(scratch.path().join("two").join("demo")).expect("it can be made");
        assert_ne!(one.keychain_service(), two.keychain_service(), "the same last name, another directory");
        for profile in [&one, &two] {
            let name = profile.keychain_service();
            let digest = name.strip_prefix("TuneKey (demo-").and_then(|rest| rest.strip_suffix(')'));
            let digest = digest.expect("the name says which directory it is");
            assert!(
                digest.len() == 8 && digest.bytes().all(|b| b.is_ascii_hexdigit()),
                "{digest} is 8 hex digits"
            );
        }
    }

    #[test]
    fn one_directory_has_one_name_however_it_is_spelt() {
        let scratch = tempfile::tempdir().expect("a directory");
        let plain = Profile::at(scratch.path().join("demo")).expect("it can be made");
        let winding = Profile::at(scratch.path().join("demo").join("..").join("demo")).expect("it is there");
        assert_eq!(plain, winding, "or its credentials would seem to be missing");
    }

    #[test]
    fn an_account_never_leads_to_a_file_outside_the_profile() {
        let scratch = tempfile::tempdir().expect("a directory");
        let profile = Profile::at(scratch.path()).expect("it can be made");
        let path = profile.avatar(&AccountId::new(qqmusic::ID, "../../etc/passwd"));
        assert_eq!(path.parent(), Some(profile.dir().join("avatars").as_path()));
        let path = profile.account_lock(&AccountId::new(netease::ID, "42"));
        assert_eq!(
            path.file_name().and_then(|name| name.to_str()),
            Some("netease-42.lock"),
            "no colon: Windows"
        );
    }

    #[test]
    fn a_directory_that_cannot_be_made_is_a_problem_of_the_profile() {
        let scratch = tempfile::tempdir().expect("a directory");
        let file = scratch.path().join("file");
        disk::replace(&file, b"in the way").expect("it can be written");
        let problem = Profile::at(file.join("demo")).expect_err("a file is no directory");
        assert_eq!(problem.code, ProblemCode::ProfileUnreadable);
    }
}
