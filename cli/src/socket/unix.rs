//! A socket in the folder that the system has for them, or in the profile. Both ends ask the system who the other is.

use std::io;
use std::path::{Path, PathBuf};

use nix::unistd::geteuid;
use tokio::net::{UnixListener, UnixStream};

/// Connects to the daemon, which is this user's or root's.
pub(super) async fn connect(path: &Path) -> io::Result<UnixStream> {
    trusted(UnixStream::connect(path).await?)
}

/// Where callers come in.
#[derive(Debug)]
pub(super) struct Listener {
    // First to go: afterwards another daemon may have its own there.
    _file: SocketFile,
    listener: UnixListener,
}

/// Listens in the first place that takes a socket.
pub(super) async fn listen(paths: Vec<PathBuf>) -> io::Result<Listener> {
    let mut why = io::Error::from(io::ErrorKind::NotFound);
    for path in paths {
        if UnixStream::connect(&path).await.is_ok() {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        // Of a daemon that has died.
        drop(std::fs::remove_file(&path));
        match UnixListener::bind(&path) {
            Ok(listener) => return Ok(Listener { _file: SocketFile(path), listener }),
            Err(error) => why = error,
        }
    }
    Err(why)
}

impl Listener {
    /// The next caller, if it is this user's or root's.
    pub(super) async fn accept(&mut self) -> io::Result<UnixStream> {
        trusted(self.listener.accept().await?.0)
    }
}

/// A socket's file, which goes with the daemon.
#[derive(Debug)]
struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        // The next daemon removes what stays.
        drop(std::fs::remove_file(&self.0));
    }
}

/// The stream, if its other end is this user or root.
fn trusted(stream: UnixStream) -> io::Result<UnixStream> {
    if is_one_of_us(stream.peer_cred()?.uid()) {
        Ok(stream)
    } else {
        Err(io::ErrorKind::PermissionDenied.into())
    }
}

fn is_one_of_us(user: u32) -> bool {
    [0, geteuid().as_raw()].contains(&user)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_a_dead_daemon_left_is_in_nobodys_way() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("daemon.sock");
        drop(UnixListener::bind(&path).expect("it is free"));
        assert!(path.exists(), "as after a crash");
        listen(vec![path.clone()]).await.expect("nobody listens");
    }

    #[test]
    fn only_this_user_and_root_are_answered() {
        let own = geteuid().as_raw();
        assert!(is_one_of_us(own) && is_one_of_us(0));
        assert!(!is_one_of_us(own + 1));
    }
}
