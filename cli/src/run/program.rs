//! A program that was started for the person, with the signals that are meant for it, and its end with all that it has
//! started. For `run.rs`.
//!
//! At a terminal it stays in the group of the shell's job: Ctrl-C, Ctrl-Z and the window's closing reach it from there.
//! Elsewhere it gets a group of its own, of which nothing is left when it ends.

use std::ffi::OsString;
use std::io;
use std::process::ExitStatus;
use std::time::Duration;

use tokio::process::{Child, Command};
use tunekey_core::hardening;
#[cfg(unix)]
use tunekey_core::{Problem, ProblemCode};

#[cfg(unix)]
use crate::failure::Failure;
use crate::stdin;

/// How long a program may take to end when it is to be started again.
const END_LIMIT: Duration = Duration::from_secs(10);

/// The command for these words.
pub(super) fn command(words: &[OsString]) -> io::Result<Command> {
    let (program, arguments) = words.split_first().ok_or(io::ErrorKind::NotFound)?;
    let mut command = Command::new(program);
    command.args(arguments);
    Ok(command)
}

/// A program that runs. It ends when this is dropped.
#[derive(Debug)]
pub(super) struct Program {
    child: Child,
    group: Group,
}

impl Program {
    /// Starts it.
    pub(super) fn start(mut command: Command) -> io::Result<Self> {
        command.kill_on_drop(true);
        let is_own_group = !stdin::is_terminal();
        #[cfg(unix)]
        if is_own_group {
            command.process_group(0);
        }
        // What it makes are files of the person's own.
        let child = hardening::with_inherited_umask(|| command.spawn())?;
        let group = Group::of(&child, is_own_group);
        Ok(Self { child, group })
    }

    /// Waits for its end. Gives its exit code, or 128 and the number of the signal that ended it.
    pub(super) async fn wait(&mut self) -> u8 {
        let status = self.child.wait().await;
        self.group.sweep().await;
        status.map_or(1, code)
    }

    /// Has it end, and ends it when it does not.
    pub(super) async fn end(mut self) {
        self.group.terminate(&mut self.child);
        if tokio::time::timeout(END_LIMIT, self.child.wait()).await.is_err() {
            drop(self.child.start_kill());
            drop(self.child.wait().await);
        }
        self.group.sweep().await;
    }
}

#[cfg(not(unix))]
fn code(status: ExitStatus) -> u8 {
    status.code().map_or(1, |code| u8::try_from(code).unwrap_or(1))
}

#[cfg(unix)]
fn code(status: ExitStatus) -> u8 {
    use std::os::unix::process::ExitStatusExt as _;

    let code = status.code().or_else(|| Some(128 + status.signal()?));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

#[cfg(unix)]
fn not_heard(error: &io::Error) -> Failure {
    Problem::new(ProblemCode::Unexpected).with_detail(format!("listening to signals: {error}")).into()
}

#[cfg(unix)]
pub(super) use unix::{Group, Signals};

#[cfg(unix)]
mod unix {
    use std::io;
    use std::time::Duration;

    use nix::sys::signal::{Signal, kill, killpg};
    use nix::unistd::Pid;
    use tokio::process::Child;
    use tokio::signal::unix::{self, SignalKind};

    use super::{Program, not_heard};
    use crate::failure::Failure;

    /// How long what a program has left behind may take to end, and how often to look.
    const SWEEP_LIMIT: Duration = Duration::from_secs(2);
    const SWEEP_PACE: Duration = Duration::from_millis(20);

    impl Program {
        /// Passes a signal on that this process got.
        pub(in crate::run) fn forward(&self, signal: Signal) {
            // The terminal has sent these to the whole group.
            let sent_to_all = [Signal::SIGINT, Signal::SIGQUIT, Signal::SIGHUP].contains(&signal);
            if self.group.is_own || !sent_to_all {
                self.signal(signal);
            }
        }

        /// Sends it a signal.
        pub(in crate::run) fn signal(&self, signal: Signal) {
            if let Some(leader) = self.group.leader {
                // That it has just ended is what comes next.
                let _ = kill(leader, signal);
            }
        }
    }

    /// The processes that a program has started, itself included, if they are a group of their own.
    #[derive(Debug)]
    pub(in crate::run) struct Group {
        leader: Option<Pid>,
        is_own: bool,
    }

    impl Group {
        pub(super) fn of(child: &Child, is_own: bool) -> Self {
            let leader = child.id().and_then(|id| i32::try_from(id).ok()).map(Pid::from_raw);
            Self { leader, is_own }
        }

        /// Asks the program to end, and all that it has started.
        pub(super) fn terminate(&self, _: &mut Child) {
            if let Some(leader) = self.leader {
                let _ =
                    if self.is_own { killpg(leader, Signal::SIGTERM) } else { kill(leader, Signal::SIGTERM) };
            }
        }

        /// Ends what is left of the group once the program has ended. Cut off, it can be done again.
        pub(super) async fn sweep(&mut self) {
            let Some(leader) = self.leader.filter(|_| self.is_own) else { return };
            let _ = killpg(leader, Signal::SIGTERM);
            let mut waited = Duration::ZERO;
            while waited < SWEEP_LIMIT && killpg(leader, None).is_ok() {
                tokio::time::sleep(SWEEP_PACE).await;
                waited += SWEEP_PACE;
            }
            let _ = killpg(leader, Signal::SIGKILL);
            self.leader = None;
        }
    }

    impl Drop for Group {
        fn drop(&mut self) {
            if let Some(leader) = self.leader.filter(|_| self.is_own) {
                let _ = killpg(leader, Signal::SIGKILL);
            }
        }
    }

    /// The signals that are meant for the program.
    #[derive(Debug)]
    pub(in crate::run) struct Signals(Vec<(Signal, unix::Signal)>);

    impl Signals {
        /// Hears them from now on.
        pub(in crate::run) fn listen() -> Result<Self, Failure> {
            let meant = [
                Signal::SIGINT,
                Signal::SIGTERM,
                Signal::SIGQUIT,
                Signal::SIGHUP,
                Signal::SIGUSR1,
                Signal::SIGUSR2,
            ];
            let heard = meant
                .into_iter()
                .map(|signal| Ok((signal, unix::signal(SignalKind::from_raw(signal as i32))?)));
            heard.collect::<io::Result<_>>().map(Self).map_err(|error| not_heard(&error))
        }

        /// The next one.
        pub(in crate::run) async fn next(&mut self) -> Signal {
            std::future::poll_fn(|context| {
                for (signal, heard) in &mut self.0 {
                    if heard.poll_recv(context).is_ready() {
                        return std::task::Poll::Ready(*signal);
                    }
                }
                std::task::Poll::Pending
            })
            .await
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;
        use crate::run::program::command;

        fn shell(script: &str) -> Program {
            let mut command = command(&["/bin/sh".into(), "-c".into(), script.into()]).expect("a command");
            command.process_group(0).kill_on_drop(true);
            let child = command.spawn().expect("there is a shell");
            let group = Group::of(&child, true);
            Program { child, group }
        }

        #[tokio::test]
        async fn the_exit_code_is_the_programs_or_that_of_its_signal() {
            assert_eq!(shell("exit 0").wait().await, 0);
            assert_eq!(shell("exit 42").wait().await, 42);
            assert_eq!(shell("kill -TERM $$").wait().await, 143);
        }

        #[tokio::test]
        async fn nothing_that_a_program_has_started_outlives_it() {
            let dir = tempfile::tempdir().expect("a folder");
            let pipe = dir.path().join("pipe");
            nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).expect("pipes can be made");
            let open_in = pipe.clone();
            // It ends when the last of those that have it open has ended.
            let all_ended = tokio::task::spawn_blocking(move || std::fs::read(open_in).map(drop));
            let script = format!("exec 3> {}; (trap '' TERM; sleep 600) & exit 3", pipe.display());
            assert_eq!(shell(&script).wait().await, 3);
            let all_ended = tokio::time::timeout(Duration::from_secs(20), all_ended).await;
            all_ended.expect("what it had started still runs").expect("it is read").expect("it can be read");
        }

        #[tokio::test]
        async fn a_program_that_is_to_end_is_asked_first() {
            let dir = tempfile::tempdir().expect("a folder");
            let (ready, ended) = (dir.path().join("ready"), dir.path().join("ended"));
            let script = format!(
                "trap 'echo asked > {}; exit 0' TERM; : > {}; while :; do sleep 0.01; done",
                ended.display(),
                ready.display()
            );
            let program = shell(&script);
            while !ready.exists() {
                tokio::task::yield_now().await;
            }
            program.end().await;
            assert_eq!(std::fs::read_to_string(ended).expect("it was asked"), "asked\n");
        }
    }
}

#[cfg(not(unix))]
pub(super) use other::{Group, Signals};

/// Where there are no signals, Ctrl-C reaches the program by itself.
#[cfg(not(unix))]
mod other {
    use tokio::process::Child;

    use super::Program;
    use crate::failure::Failure;

    impl Program {
        pub(in crate::run) fn forward(&self, (): ()) {}
    }

    #[derive(Debug)]
    pub(in crate::run) struct Group;

    impl Group {
        pub(super) fn of(_: &Child, _: bool) -> Self {
            Self
        }

        pub(super) fn terminate(&self, child: &mut Child) {
            drop(child.start_kill());
        }

        pub(super) async fn sweep(&mut self) {
            std::future::ready(()).await;
        }
    }

    #[derive(Debug)]
    pub(in crate::run) struct Signals;

    impl Signals {
        pub(in crate::run) fn listen() -> Result<Self, Failure> {
            Ok(Self)
        }

        pub(in crate::run) async fn next(&mut self) {
            // It must not end this process before the program.
            drop(tokio::signal::ctrl_c().await);
        }
    }
}
