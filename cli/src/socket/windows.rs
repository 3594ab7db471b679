//! A named pipe. Two files in the user's own folder lead to it: one holds its name, which is another one each time, and
//! the other is locked as long as the daemon lives.
//!
//! Who may call: Windows gives a pipe that is made without further words to its creator, the administrators and the
//! system, and lets others read, but a caller who cannot write has asked nothing and is told nothing. Callers from
//! other computers are turned down.
//!
//! Who is believed: nobody but those three can add an end to a pipe that is there, and the daemon never lets its last
//! one go. If it is alive once a caller is connected, it was alive before, too, so that the end is its own. Whoever
//! takes the name of a dead one is not believed: the lock went with it, and it is in a folder that is closed to others.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::net::windows::named_pipe::{ClientOptions, NamedPipeClient, NamedPipeServer, ServerOptions};

/// What comes before a pipe's own name.
const PIPES: &str = r"\\.\pipe\";
/// When all ends of a pipe are taken (ERROR_PIPE_BUSY, `winerror.h`).
const BUSY: i32 = 231;
/// How often something is tried that others keep for moments only.
const ATTEMPTS: u32 = 20;
/// How long a moment is.
const PACE: Duration = Duration::from_millis(50);

/// Connects to the daemon, which is alive.
pub(super) async fn connect(path: &Path) -> io::Result<NamedPipeClient> {
    let name = std::fs::read_to_string(path)?;
    let mut attempts = 1;
    let pipe = loop {
        // Whoever is at the other end learns who calls, and cannot act in the caller's name: the options see to that.
        match ClientOptions::new().open(format!("{PIPES}{name}")) {
            Err(error) if error.raw_os_error() == Some(BUSY) && attempts < ATTEMPTS => {
                attempts += 1;
                tokio::time::sleep(PACE).await;
            }
            opened => break opened?,
        }
    };
    // Only now: see above.
    if is_locked(&lock_of(path))? { Ok(pipe) } else { Err(io::ErrorKind::NotConnected.into()) }
}

/// Where callers come in.
#[derive(Debug)]
pub(super) struct Listener {
    name: String,
    // They go in this order: the file before another daemon writes its own, the lock before the name is free for others.
    _file: NameFile,
    _lock: File,
    /// The end for the next caller.
    next: NamedPipeServer,
}

/// Listens, and says how in the first place.
pub(super) async fn listen(paths: Vec<PathBuf>) -> io::Result<Listener> {
    let path = paths.into_iter().next().ok_or(io::ErrorKind::NotFound)?;
    std::fs::create_dir_all(path.parent().ok_or(io::ErrorKind::NotFound)?)?;
    let lock = locked(&lock_of(&path)).await?;
    let name = format!("tunekey-{:032x}", rand::random::<u128>());
    // Not if the name is taken: then its creator would decide who may call.
    let next = ServerOptions::new().first_pipe_instance(true).create(format!("{PIPES}{name}"))?;
    let file = NameFile::write(path, &name)?;
    Ok(Listener { name, _file: file, _lock: lock, next })
}

impl Listener {
    /// The next caller.
    pub(super) async fn accept(&mut self) -> io::Result<NamedPipeServer> {
        let came = self.next.connect().await;
        // First: with its last end the name would be free for others.
        match came.and_then(|()| ServerOptions::new().create(format!("{PIPES}{}", self.name))) {
            Ok(next) => Ok(std::mem::replace(&mut self.next, next)),
            Err(error) => {
                self.next.disconnect()?;
                Err(error)
            }
        }
    }
}

/// The file with the name, which goes with the daemon.
#[derive(Debug)]
struct NameFile(PathBuf);

impl NameFile {
    #[expect(
        clippy::disallowed_methods,
        reason = "what is cut off names no pipe, and the next daemon writes it anew"
    )]
    fn write(path: PathBuf, name: &str) -> io::Result<Self> {
        std::fs::write(&path, name)?;
        Ok(Self(path))
    }
}

impl Drop for NameFile {
    fn drop(&mut self) {
        // What stays leads to nobody, and the next daemon replaces it.
        drop(std::fs::remove_file(&self.0));
    }
}

fn lock_of(path: &Path) -> PathBuf {
    path.with_extension("lock")
}

fn open(lock: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(lock)
}

/// Whether a daemon holds the lock. Looking at it holds nobody up but a daemon that is just starting.
fn is_locked(lock: &Path) -> io::Result<bool> {
    match open(lock)?.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Takes the lock, and tries again while somebody may only be looking at it.
async fn locked(lock: &Path) -> io::Result<File> {
    let file = open(lock)?;
    for _ in 0..ATTEMPTS {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => tokio::time::sleep(PACE).await,
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Err(io::ErrorKind::AddrInUse.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_takes_the_name_of_a_dead_daemon_is_not_believed() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("daemon.pipe");
        let listener = listen(vec![path.clone()]).await.expect("it is free");
        let name = std::fs::read_to_string(&path).expect("it says how it is called");
        drop(connect(&path).await.expect("it is alive"));
        drop(listener);
        let _left = NameFile::write(path.clone(), &name).expect("as after a crash");
        let pipe = format!("{PIPES}{name}");
        let _impostor = ServerOptions::new().create(pipe).expect("the name is free");
        let error = connect(&path).await.expect_err("its daemon is dead");
        assert_eq!(error.kind(), io::ErrorKind::NotConnected);
    }

    #[tokio::test]
    async fn a_name_that_somebody_has_is_not_shared() {
        let dir = tempfile::tempdir().expect("a folder");
        let listener = listen(vec![dir.path().join("daemon.pipe")]).await.expect("it is free");
        let pipe = format!("{PIPES}{}", listener.name);
        ServerOptions::new().first_pipe_instance(true).create(pipe).expect_err("it is taken");
    }
}
