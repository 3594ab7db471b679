//! How files are written and locked: whole or not at all, for this user only, one process at a time, and on threads that
//! may wait for the disk.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::Path;

use atomic_write_file::AtomicWriteFile;

use crate::problem::{Problem, ProblemCode};

mod ownership;
mod thread;

pub(crate) use ownership::{NotPrivate, check_at, make_private, open};
pub(crate) use thread::DiskThread;

/// Has work done that waits for the disk, or for the lock of another process, on a thread that may wait: those of the
/// runtime have others to serve. What has begun is done to its end even when nobody waits for it any more.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is ending, and with it everybody who waits for this.
            Err(_) => std::future::pending().await,
        },
    }
}

/// What went wrong while something was done in the profile, with the words that its cause has of its own.
pub(crate) fn problem(code: ProblemCode, doing: &str, error: &io::Error) -> Problem {
    match NotPrivate::of(error) {
        Some(found) => found.problem(),
        None => Problem::new(code).with_detail(format!("{doing}: {error}")),
    }
}

/// Why something could not be written, as a front acts on it.
pub(crate) fn cause_of_no_write(error: &io::Error) -> ProblemCode {
    match error.kind() {
        _ if NotPrivate::of(error).is_some() => ProblemCode::ProfileNotPrivate,
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => ProblemCode::ProfileReadOnly,
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ProblemCode::DiskFull,
        _ => ProblemCode::ProfileUnreadable,
    }
}

/// Why a lock could not be had, as a front acts on it. Who holds it is another matter: then there is no error.
pub(crate) fn cause_of_no_lock(error: &io::Error) -> ProblemCode {
    match cause_of_no_write(error) {
        ProblemCode::ProfileUnreadable => ProblemCode::LocksUnusable,
        cause => cause,
    }
}

/// What is said where a folder stands in the place of a lock. Windows denies opening one as a file.
#[cfg(test)]
pub(crate) const NO_LOCK_BUT_A_FOLDER: ProblemCode =
    if cfg!(windows) { ProblemCode::ProfileReadOnly } else { ProblemCode::LocksUnusable };

/// Replaces a file as a whole: whoever reads it, and whoever starts after a crash, finds the old bytes or
/// the new ones. Readable for this user only.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    replace_with(path, bytes, |_| Ok(()))
}

/// As [`replace`], with what `prepare` does to the new file, which is this user's alone until then, before it takes the
/// name of the old one.
pub(crate) fn replace_with(
    path: &Path,
    bytes: &[u8],
    mut prepare: impl FnMut(&File) -> io::Result<()>,
) -> io::Result<()> {
    let mut attempts_left = REPLACE_ATTEMPTS;
    loop {
        let mut file = replacement().open(path)?;
        file.write_all(bytes)?;
        prepare(file.as_file())?;
        match file.commit() {
            Err(error) if is_in_use(&error) && attempts_left > 1 => {
                attempts_left -= 1;
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
            done => return done,
        }
    }
}

/// Whether Windows refuses to replace a file because somebody, such as a virus scanner, has it or its replacement open
/// just now: as a denial, or as ERROR_SHARING_VIOLATION (`winerror.h`), which the standard library has no kind for.
fn is_in_use(error: &io::Error) -> bool {
    cfg!(windows) && (error.kind() == io::ErrorKind::PermissionDenied || error.raw_os_error() == Some(32))
}

#[cfg(unix)]
fn replacement() -> atomic_write_file::OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;

    use atomic_write_file::unix::OpenOptionsExt as _;

    let mut options = AtomicWriteFile::options();
    options.preserve_mode(false).mode(0o600);
    options
}

#[cfg(not(unix))]
fn replacement() -> atomic_write_file::OpenOptions {
    AtomicWriteFile::options()
}

/// How often a replacement is tried on Windows.
const REPLACE_ATTEMPTS: u32 = 10;

/// Removes what a crash has left of earlier replacements of `path`. Only call it with the file's lock held.
pub(crate) fn remove_leftovers(path: &Path) {
    let (Some(dir), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str())) else {
        return;
    };
    let prefix = format!(".{name}.");
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry.file_name().to_str().is_some_and(|found| found.starts_with(&prefix)) {
            // Litter that stays is only litter: the next start tries again.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Makes a directory, and its parents, that only this user may enter.
pub(crate) fn make_private_dir(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(path)
}

/// A lock shared by all processes, held until dropped. The system releases it when its holder dies.
#[derive(Debug)]
pub(crate) struct FileLock {
    _file: File,
}

impl FileLock {
    /// Takes the lock if nobody has it; `None` when somebody does.
    pub(crate) fn try_acquire(path: &Path) -> io::Result<Option<Self>> {
        let mut options = OpenOptions::new();
        // Never truncated and never deleted: a lock on a file that another process has replaced is no lock.
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        let file = ownership::open_with(&mut options, path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replaced_file_holds_the_new_bytes_and_leaves_nothing_beside_it() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("file");
        replace(&path, b"one").expect("it can be written");
        replace(&path, b"two").expect("it can be replaced");
        assert_eq!(std::fs::read(&path).expect("it is there"), b"two");
        assert_eq!(std::fs::read_dir(dir.path()).expect("the directory is there").count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn files_and_directories_are_for_this_user_only() {
        use std::os::unix::fs::PermissionsExt as _;

        let dir = tempfile::tempdir().expect("a directory");
        let inner = dir.path().join("new").join("profile");
        make_private_dir(&inner).expect("it can be made");
        let path = inner.join("file");
        replace(&path, b"one").expect("it can be written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("it is ours");
        replace(&path, b"two").expect("it can be replaced");
        let mode = |path: &Path| std::fs::metadata(path).expect("it exists").permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600, "even when somebody had opened it up");
        assert_eq!(mode(&inner), 0o700);
    }

    #[test]
    fn what_a_crash_left_is_removed_and_nothing_else() {
        let dir = tempfile::tempdir().expect("a directory");
        for name in [".ledger.json.Ab3dE6", "ledger.json", "ledger.json.corrupt-1", ".other"] {
            replace(&dir.path().join(name), b"x").expect("it can be written");
        }
        remove_leftovers(&dir.path().join("ledger.json"));
        let mut left: Vec<_> = std::fs::read_dir(dir.path())
            .expect("the directory is there")
            .map(|entry| entry.expect("it can be listed").file_name().into_string().expect("it is ASCII"))
            .collect();
        left.sort();
        assert_eq!(left, [".other", "ledger.json", "ledger.json.corrupt-1"]);
    }

    #[cfg(unix)]
    #[test]
    fn each_cause_has_a_code_of_its_own() {
        for (number, writing, locking) in [
            (libc::EROFS, ProblemCode::ProfileReadOnly, ProblemCode::ProfileReadOnly),
            (libc::EACCES, ProblemCode::ProfileReadOnly, ProblemCode::ProfileReadOnly),
            (libc::EPERM, ProblemCode::ProfileReadOnly, ProblemCode::ProfileReadOnly),
            (libc::ENOSPC, ProblemCode::DiskFull, ProblemCode::DiskFull),
            (libc::EDQUOT, ProblemCode::DiskFull, ProblemCode::DiskFull),
            (libc::EIO, ProblemCode::ProfileUnreadable, ProblemCode::LocksUnusable),
            (libc::ENOLCK, ProblemCode::ProfileUnreadable, ProblemCode::LocksUnusable),
            (libc::EISDIR, ProblemCode::ProfileUnreadable, ProblemCode::LocksUnusable),
        ] {
            let error = io::Error::from_raw_os_error(number);
            assert_eq!((cause_of_no_write(&error), cause_of_no_lock(&error)), (writing, locking), "{error}");
        }
    }

    #[test]
    fn a_lock_is_held_by_one_at_a_time() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("lock");
        let held = FileLock::try_acquire(&path).expect("it can be opened").expect("it is free");
        assert!(FileLock::try_acquire(&path).expect("it can be opened").is_none(), "it is taken");
        drop(held);
        assert!(FileLock::try_acquire(&path).expect("it can be opened").is_some(), "it is free again");
    }

    #[cfg(unix)]
    #[test]
    fn a_lock_file_that_is_a_link_is_refused() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("lock");
        std::os::unix::fs::symlink(dir.path().join("elsewhere"), &path).expect("links can be made");
        let error = FileLock::try_acquire(&path)
            .expect_err("following it would lock, or create, somebody else's file");
        assert_eq!(cause_of_no_lock(&error), ProblemCode::ProfileNotPrivate);
        assert!(!dir.path().join("elsewhere").exists());
    }
}
