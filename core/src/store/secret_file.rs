//! Small files with a secret in them: those that the system hands out, and those that the person keeps. Permissions are
//! those of the open file: nobody can swap it between the look and the reading.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// The variable with the folder of a systemd unit's credentials (systemd.exec(5), `LoadCredential=`).
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";
/// The folder in which containers find their secrets. On Windows every user may make it.
const CONTAINER_SECRETS: &str = "/run/secrets";
/// The largest file that is read, in bytes.
const MAX_BYTES: u64 = 64 * 1024;

/// A place for such a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SecretFile {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// Whether the system hands secrets out there: how it closes them is its own affair.
    is_handed_out: bool,
}

/// What was read.
pub(crate) struct SecretText {
    pub(crate) text: Zeroizing<String>,
    /// Whether every user of the system can read it: where the system hands it out, that is only said.
    pub(crate) is_exposed: bool,
}

/// Why a file that is there was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Others can read it.
    Exposed,
    /// It cannot be read, or is no text.
    Unreadable,
}

impl SecretFile {
    /// The places where the system hands out a secret of that name: the credentials of a systemd unit, then the secrets
    /// of a container.
    pub(crate) fn handed_out(name: &str) -> impl Iterator<Item = Self> {
        let folders = [unit_credentials(), cfg!(unix).then(|| PathBuf::from(CONTAINER_SECRETS))];
        folders.into_iter().flatten().map(move |folder| Self::in_folder(&folder, name))
    }

    /// The secret of that name in a folder in which secrets are handed out.
    pub(crate) fn in_folder(folder: &Path, name: &str) -> Self {
        Self { path: folder.join(name), is_handed_out: true }
    }

    /// A file of the person's own.
    pub(crate) fn own(path: PathBuf) -> Self {
        Self { path, is_handed_out: false }
    }

    /// Reads it; `None` when there is none.
    pub(crate) fn read(&self) -> Result<Option<SecretText>, Refused> {
        match open(&self.path) {
            Ok(file) => self.read_open(file).map(Some),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                Ok(None)
            }
            Err(_) => Err(Refused::Unreadable),
        }
    }

    fn read_open(&self, file: File) -> Result<SecretText, Refused> {
        let metadata = file.metadata().map_err(|_| Refused::Unreadable)?;
        if !metadata.is_file() {
            return Err(Refused::Unreadable);
        }
        let is_exposed = match self.is_handed_out {
            true => is_open_to_everybody(&metadata),
            false if is_private(&metadata) => false,
            false => return Err(Refused::Exposed),
        };
        if is_exposed {
            tracing::warn!(path = %self.path.display(), "every user of this system can read this secret");
        }
        let mut text = Zeroizing::new(String::with_capacity(MAX_BYTES as usize));
        file.take(MAX_BYTES).read_to_string(&mut text).map_err(|_| Refused::Unreadable)?;
        Ok(SecretText { text, is_exposed })
    }
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
