//! Where the identity is looked for that opens what is encrypted, and how a new one is made.
//!
//! The first place that has one counts: one that does not fit, or that others can read, is refused and said, and no
//! later place is tried in its stead.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use age::x25519::Identity;
use directories::ProjectDirs;
use jiff::Timestamp;
use zeroize::Zeroizing;

use super::StoreError;
use super::secret_file::{Refused, SecretFile};
use crate::disk;

/// What the identity is called in a folder of secrets.
const NAME: &str = "tunekey-identity";

/// The places where an identity is looked for, the first one first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IdentityPlaces(Vec<SecretFile>);

/// An identity, and where it was found.
pub(crate) struct Found {
    pub(crate) identity: Identity,
    pub(crate) path: PathBuf,
    /// Whether every user of the system can read it: where the system hands it out, that is only said.
    pub(crate) is_exposed: bool,
}

impl IdentityPlaces {
    /// The places of this system: the credentials of a systemd unit, the secrets of a container, then `file`, or
    /// [`default_identity_file`] if that is `None`.
    pub(crate) fn of_system(file: Option<PathBuf>) -> Self {
        let own = file.or_else(default_identity_file).map(SecretFile::own);
        Self(SecretFile::handed_out(NAME).chain(own).collect())
    }

    /// Folders in which secrets are handed out, then a file of the person's own.
    #[cfg(test)]
    pub(crate) fn new(handed_out: impl IntoIterator<Item = PathBuf>, file: Option<PathBuf>) -> Self {
        let handed_out = handed_out.into_iter().map(|folder| SecretFile::in_folder(&folder, NAME));
        Self(handed_out.chain(file.map(SecretFile::own)).collect())
    }

    /// The files, the first one first.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.0.iter().map(|place| place.path.as_path())
    }

    /// The first of them that is there.
    pub(crate) fn first(&self) -> Option<&Path> {
        self.paths().find(|path| path.symlink_metadata().is_ok())
    }

    /// The identity in the first place that has one; `None` when none has.
    ///
    /// # Errors
    /// `ExposedIdentity` when others can read it, `WrongIdentity` when it is none or cannot be read.
    pub(crate) fn find(&self) -> Result<Option<Found>, StoreError> {
        for place in &self.0 {
            let found = place.read().map_err(|refused| match refused {
                Refused::Exposed => StoreError::ExposedIdentity,
                Refused::Unreadable => StoreError::WrongIdentity,
            })?;
            if let Some(found) = found {
                let identity = parse_identity(&found.text).ok_or(StoreError::WrongIdentity)?;
                return Ok(Some(Found { identity, path: place.path.clone(), is_exposed: found.is_exposed }));
            }
        }
        Ok(None)
    }
}

/// The first identity in a text as `age-keygen` writes it: comments, and an identity in a line.
pub(crate) fn parse_identity(text: &str) -> Option<Identity> {
    text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'))?.parse().ok()
}

/// The file of an identity that nobody has named: in the user's configuration, away from the files that it opens.
pub(crate) fn default_identity_file() -> Option<PathBuf> {
    ProjectDirs::from("", "", "TuneKey").map(|dirs| dirs.config_dir().join("identity.txt"))
}

/// Makes a new identity in a file that is not there yet, for this user only. Gives its recipient.
pub(crate) fn new_identity(path: &Path, now: Timestamp) -> io::Result<String> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        disk::make_private_dir(folder)?;
    }
    let identity = Identity::generate();
    let recipient = identity.to_public().to_string();
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    writeln!(file, "# created: {now}\n# public key: {recipient}")?;
    file.write_all(secret_text(&identity).as_bytes())?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path).map_err(|error| error.error)?;
    Ok(recipient)
}

/// An identity as it stands in its file.
fn secret_text(identity: &Identity) -> Zeroizing<String> {
    use age::secrecy::ExposeSecret as _;

    Zeroizing::new(format!("{}\n", identity.to_string().expose_secret()))
}
