//! What a program does first, before it holds a secret: its memory is for itself, its files are for its user.

use std::io;
#[cfg(unix)]
use std::sync::OnceLock;

#[cfg(unix)]
use nix::sys::stat::{Mode, umask};

/// The most bytes of a core dump. On Linux zero only keeps the system from writing a file; with one byte it does not
/// start the program that collects dumps either (`fs/coredump.c`), and no dump is that small.
#[cfg(unix)]
const CORE_LIMIT: u64 = if cfg!(target_os = "linux") { 1 } else { 0 };

/// The umask that the process was started with.
#[cfg(unix)]
static INHERITED: OnceLock<Mode> = OnceLock::new();

/// Forbids core dumps; on Linux also keeps other programs of the same user from reading this one's memory; makes new
/// files this user's only, whatever the umask was. What this process starts inherits the limit and the umask, as
/// WebKit's processes should. To be called before there is a second thread.
///
/// On Windows nothing is done: dumps with all memory are only written there where an administrator asks for them.
///
/// # Errors
/// When the system does not do one of them. The others are done.
pub fn harden() -> io::Result<()> {
    #[cfg(unix)]
    {
        use nix::sys::resource::{Resource, getrlimit, setrlimit};

        INHERITED.get_or_init(|| umask(Mode::S_IRWXG | Mode::S_IRWXO));
        #[cfg(target_os = "linux")]
        let closed = nix::sys::prctl::set_dumpable(false);
        // A hard limit can only be lowered.
        let (_, hard) = getrlimit(Resource::RLIMIT_CORE)?;
        let limit = if hard == 0 { 0 } else { CORE_LIMIT };
        setrlimit(Resource::RLIMIT_CORE, limit, limit)?;
        #[cfg(target_os = "linux")]
        closed?;
    }
    Ok(())
}

/// Logs what [`harden`] came to, once there is a log.
pub fn log_failure(hardened: io::Result<()>) {
    if let Err(error) = hardened {
        tracing::warn!(%error, "this program could not be closed to others as it should be");
    }
}

/// Starts something that makes files of the person's own, such as their browser, with the umask that this program was
/// started with. What other threads write meanwhile has modes of its own or lies in a folder that nobody else enters.
pub fn with_inherited_umask<T>(start: impl FnOnce() -> T) -> T {
    #[cfg(unix)]
    if let Some(inherited) = INHERITED.get() {
        let ours = umask(*inherited);
        let started = start();
        umask(ours);
        return started;
    }
    start()
}
