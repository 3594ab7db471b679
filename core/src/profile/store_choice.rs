//! Which store a profile keeps its secrets in. It stands in a file of its own beside the ledger: a ledger that is
//! damaged and begun anew must not send anybody to another store.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::disk;
use crate::problem::{Problem, ProblemCode};
use crate::store::{DatabaseUrl, StoreKind, StoreTarget, file};

/// The file in the profile.
pub(super) const FILE: &str = "store.json";
/// The folder with the encrypted files in the profile.
pub(super) const SECRETS: &str = "secrets";
/// The version that this code writes, and the newest that it reads.
const VERSION: u64 = 1;
/// The largest file that is read, in bytes.
const MAX_BYTES: u64 = 64 * 1024;

/// A store that was chosen for a profile.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "store", rename_all = "snake_case")]
pub enum StoreChoice {
    /// The operating system's keychain.
    #[default]
    Keychain,
    /// Encrypted files in the profile.
    File {
        /// Whom they are encrypted to: `age1…`.
        recipient: String,
        /// The file with the identity that the person has named; `None` for the usual one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        identity: Option<PathBuf>,
    },
    /// A database that several computers share.
    Postgres {
        /// Where it is.
        url: DatabaseUrl,
        /// What this computer is called among those that share it.
        host: String,
        /// The file with the identity that the person has named; `None` for the usual one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        identity: Option<PathBuf>,
    },
}

impl StoreChoice {
    /// What kind of store it is.
    pub fn kind(&self) -> StoreKind {
        match self {
            Self::Keychain => StoreKind::Keychain,
            Self::File { .. } => StoreKind::File,
            Self::Postgres { .. } => StoreKind::Postgres,
        }
    }

    /// Whom everything in it is encrypted to, where the profile says so.
    pub(crate) fn recipient(&self) -> Option<&str> {
        match self {
            Self::File { recipient, .. } => Some(recipient),
            Self::Keychain | Self::Postgres { .. } => None,
        }
    }

    /// Whether it is the one that a person has named.
    pub fn is(&self, target: &StoreTarget) -> bool {
        match (self, target) {
            (Self::Postgres { url, .. }, StoreTarget::Postgres(wanted)) => url == wanted,
            _ => self.kind() == target.kind(),
        }
    }
}

/// The file: a choice with the version of its shape.
#[derive(Serialize, Deserialize)]
struct Versioned {
    version: u64,
    #[serde(flatten)]
    choice: StoreChoice,
    /// The store before, as long as a move may have left something there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    before: Option<StoreChoice>,
}

/// What was chosen for the profile in `dir`; the keychain if nothing was.
///
/// # Errors
/// `LedgerNewer` for a choice that only a newer version knows. `ProfileUnreadable` for a file that cannot be read, or
/// that is gone where there are encrypted files: nothing is guessed.
pub(super) fn read(dir: &Path) -> Result<StoreChoice, Problem> {
    read_all(dir).map(|(choice, _)| choice)
}

/// The store before, if a move was cut off before it had deleted everything there.
///
/// # Errors
/// As [`read`].
pub(super) fn read_before(dir: &Path) -> Result<Option<StoreChoice>, Problem> {
    read_all(dir).map(|(_, before)| before)
}

fn read_all(dir: &Path) -> Result<(StoreChoice, Option<StoreChoice>), Problem> {
    let mut text = String::new();
    match disk::open(&dir.join(FILE)) {
        Ok(file) => file.take(MAX_BYTES).read_to_string(&mut text).map_err(|error| unreadable(&error))?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return if file::holds_files(&dir.join(SECRETS)) {
                Err(gone())
            } else {
                Ok((StoreChoice::default(), None))
            };
        }
        Err(error) => return Err(unreadable(&error)),
    };
    match serde_json::from_str::<Versioned>(&text) {
        Ok(Versioned { version: VERSION, choice, before }) => Ok((choice, before)),
        read => Err(match serde_json::from_str::<serde_json::Value>(&text) {
            Ok(value) if read.is_ok() || value.get("store").is_some_and(serde_json::Value::is_string) => {
                newer()
            }
            _ => damaged(),
        }),
    }
}

/// Makes a choice the profile's own. `before` is the store that a move has left and not emptied yet.
///
/// # Errors
/// `ProfileReadOnly`, `DiskFull` or `ProfileUnreadable`; then the choice before still counts.
pub(super) fn write(dir: &Path, choice: &StoreChoice, before: Option<StoreChoice>) -> Result<(), Problem> {
    let versioned = Versioned { version: VERSION, choice: choice.clone(), before };
    let json = serde_json::to_vec_pretty(&versioned);
    let written = json.map_err(io::Error::from).and_then(|json| disk::replace(&dir.join(FILE), &json));
    written.map_err(|error| {
        disk::problem(disk::cause_of_no_write(&error), "writing which store is used", &error)
    })
}

fn unreadable(error: &io::Error) -> Problem {
    disk::problem(ProblemCode::ProfileUnreadable, "reading which store is used", error)
}

fn damaged() -> Problem {
    Problem::new(ProblemCode::ProfileUnreadable).with_detail("store.json is damaged").with_words(
        "The file store.json, which says where this profile keeps its credentials, is damaged. Put a backup of it back. \
         TuneKey doesn’t guess.",
        "store.json 已损坏，它记录本数据目录的凭据存放在哪里。请恢复它的备份；TuneKey 不会猜测。",
    )
}

fn newer() -> Problem {
    Problem::new(ProblemCode::LedgerNewer)
        .with_detail("store.json was written by a newer version")
        .with_words(
            "A newer TuneKey has chosen where this profile keeps its credentials. Update TuneKey to use it.",
            "本数据目录的凭据存储由更新版本的 TuneKey 选定，请更新 TuneKey 后再使用。",
        )
}

fn gone() -> Problem {
    Problem::new(ProblemCode::ProfileUnreadable).with_detail("there are encrypted files and no store.json").with_words(
        "There are encrypted credentials in the folder `secrets` of this profile, and the file store.json, which says how \
         they are used, is gone. Put a backup of it back. TuneKey doesn’t guess.",
        "本数据目录的 `secrets` 文件夹里有加密凭据，但记录其用法的 store.json 不见了。请恢复它的备份；TuneKey 不会猜测。",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> (tempfile::TempDir, Result<StoreChoice, Problem>) {
        let dir = tempfile::tempdir().expect("a directory");
        disk::replace(&dir.path().join(FILE), text.as_bytes()).expect("it can be written");
        let read = read(dir.path());
        (dir, read)
    }

    #[test]
    fn a_choice_is_read_as_it_was_written_and_the_keychain_is_what_nobody_has_chosen() {
        let dir = tempfile::tempdir().expect("a directory");
        assert_eq!(read(dir.path()), Ok(StoreChoice::Keychain));
        for identity in [None, Some(PathBuf::from("/somewhere/identity.txt"))] {
            let choice = StoreChoice::File { recipient: "age1x".to_owned(), identity };
            write(dir.path(), &choice, None).expect("it can be written");
            assert_eq!(read(dir.path()), Ok(choice));
        }
        let url = DatabaseUrl::parse("postgres://me@db.example/tunekey").expect("an address");
        let database = StoreChoice::Postgres { url, host: "k3v9q0a7xm".to_owned(), identity: None };
        write(dir.path(), &database, None).expect("it can be written");
        assert_eq!(read(dir.path()), Ok(database.clone()));
        assert_eq!(read_before(dir.path()), Ok(None));
        write(dir.path(), &StoreChoice::Keychain, Some(database.clone())).expect("it can be written");
        assert_eq!(read(dir.path()), Ok(StoreChoice::Keychain));
        assert_eq!(read_before(dir.path()), Ok(Some(database)), "a move has still to empty it");
    }

    #[test]
    fn nothing_is_guessed_where_the_choice_cannot_be_read() {
        for (text, code) in [
            ("", ProblemCode::ProfileUnreadable),
            ("{}", ProblemCode::ProfileUnreadable),
            (r#"{"version":1,"store":"vault"}"#, ProblemCode::LedgerNewer),
            (r#"{"version":2,"store":"keychain"}"#, ProblemCode::LedgerNewer),
        ] {
            assert_eq!(written(text).1.expect_err("it is not understood").code, code, "{text}");
        }
    }

    #[test]
    fn encrypted_files_without_a_choice_are_no_keychain() {
        let dir = tempfile::tempdir().expect("a directory");
        let secrets = dir.path().join(SECRETS);
        disk::make_private_dir(&secrets).expect("it can be made");
        assert_eq!(read(dir.path()), Ok(StoreChoice::Keychain), "an empty folder says nothing");
        disk::replace(&secrets.join("v1.qqmusic.1.a.age"), b"x").expect("it can be written");
        assert_eq!(read(dir.path()).expect_err("it is gone").code, ProblemCode::ProfileUnreadable);
    }
}
