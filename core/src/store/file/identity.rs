//! Where the identity of a file store is looked for, and how a new one is made.
//!
//! The first place that has one counts: one that does not fit, or that others can read, is refused and said, and no
//! later place is tried in its stead. Permissions are those of the open file: nobody can swap it between the look and
//! the reading.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use age::x25519::Identity;
use directories::ProjectDirs;
use jiff::Timestamp;
use zeroize::Zeroizing;

use crate::disk;
use crate::store::StoreError;

/// What the identity is called in a folder of secrets.
const NAME: &str = "tunekey-identity";
/// The variable with the folder of a systemd unit's credentials (systemd.exec(5), `LoadCredential=`).
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";
/// The folder in which containers find their secrets.
const CONTAINER_SECRETS: &str = "/run/secrets";
/// The largest file that is read, in bytes.
const MAX_BYTES: u64 = 64 * 1024;

/// The places where an identity is looked for, the first one first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IdentityPlaces(Vec<Place>);

/// A place for an identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The file.
    pub(crate) path: PathBuf,
    /// Whether the system hands secrets out there: how it closes them is its own affair.
    pub(crate) is_handed_out: bool,
}

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
        let handed_out = [unit_credentials(), Some(PathBuf::from(CONTAINER_SECRETS))];
        Self::new(handed_out.into_iter().flatten(), file.or_else(default_identity_file))
    }

    /// Folders in which secrets are handed out, then a file of the person's own.
    pub(crate) fn new(handed_out: impl IntoIterator<Item = PathBuf>, file: Option<PathBuf>) -> Self {
        let handed_out =
            handed_out.into_iter().map(|folder| Place { path: folder.join(NAME), is_handed_out: true });
        Self(handed_out.chain(file.map(|path| Place { path, is_handed_out: false })).collect())
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
            match open(&place.path) {
                Ok(file) => return place.read(file).map(Some),
                Err(error)
                    if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {}
                Err(_) => return Err(StoreError::WrongIdentity),
            }
        }
        Ok(None)
    }
}

impl Place {
    fn read(&self, file: File) -> Result<Found, StoreError> {
        let metadata = file.metadata().map_err(|_| StoreError::WrongIdentity)?;
        if !metadata.is_file() {
            return Err(StoreError::WrongIdentity);
        }
        let is_exposed = match self.is_handed_out {
            true => is_open_to_everybody(&metadata),
            false if is_private(&metadata) => false,
            false => return Err(StoreError::ExposedIdentity),
        };
        if is_exposed {
            tracing::warn!(path = %self.path.display(), "every user of this system can read the identity");
        }
        let mut text = Zeroizing::new(String::with_capacity(MAX_BYTES as usize));
        file.take(MAX_BYTES).read_to_string(&mut text).map_err(|_| StoreError::WrongIdentity)?;
        let identity = parse_identity(&text).ok_or(StoreError::WrongIdentity)?;
        Ok(Found { identity, path: self.path.clone(), is_exposed })
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

#[expect(clippy::disallowed_methods, reason = "systemd names the folder of a unit's own credentials")]
fn unit_credentials() -> Option<PathBuf> {
    std::env::var(CREDENTIALS).ok().filter(|folder| !folder.is_empty()).map(PathBuf::from)
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        // A pipe in its place keeps nobody waiting. Links are followed: secrets that are handed out are often links.
        options.custom_flags(libc::O_NONBLOCK);
    }
    options.open(path)
}

/// Whether nobody but its owner, who is this user or root, can read a file.
#[cfg(unix)]
fn is_private(metadata: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    let owners = [0, nix::unistd::geteuid().as_raw()];
    owners.contains(&metadata.uid()) && metadata.mode() & 0o077 == 0
}

/// A user's own folder on Windows is closed to others by what it inherits.
#[cfg(not(unix))]
fn is_private(_: &Metadata) -> bool {
    true
}

#[cfg(unix)]
fn is_open_to_everybody(metadata: &Metadata) -> bool {
    std::os::unix::fs::MetadataExt::mode(metadata) & 0o004 != 0
}

#[cfg(not(unix))]
fn is_open_to_everybody(_: &Metadata) -> bool {
    false
}
