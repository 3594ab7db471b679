//! Runs a program of the person's own. The credential goes to its standard input; nothing secret stands in its
//! arguments, or in its environment unless the person has chosen so. It ends in time, with all that it has started.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};

use super::error::DeliveryError;
use super::payload::{Payload, exposed};
use super::target::CommandTarget;
use crate::hardening;

/// The most that is kept of what a program prints, in bytes.
const MAX_OUTPUT: u64 = 16 * 1024;
/// The most of it that the person is shown, in characters.
const SHOWN: usize = 200;
/// The exit code of a program that wants it later: `EX_TEMPFAIL` of `sysexits.h`.
const LATER: i32 = 75;
/// The shortest and the longest time that a program may have.
const SECONDS: std::ops::RangeInclusive<u32> = 1..=600;

/// What a program gets of a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gives {
    /// The credential.
    Credential,
    /// Nothing.
    Nothing,
}

/// Runs a program to its end.
///
/// # Errors
/// `Later` when it exits with 75, `Exit` with any other code but 0, `Ended` when its time is over.
pub(super) async fn run(
    target: &CommandTarget,
    payload: &Payload,
    gives: Gives,
) -> Result<(), DeliveryError> {
    let (program, arguments) = match target.arguments.split_first() {
        Some((program, arguments)) if !program.is_empty() => (program, arguments),
        _ => return Err(DeliveryError::Program(std::io::ErrorKind::NotFound)),
    };
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.kill_on_drop(true);
    if let (Some(variable), Gives::Credential) = (&target.variable, gives) {
        command.env(variable, exposed(&payload.text));
    }
    #[cfg(unix)]
    command.process_group(0);
    let child = hardening::with_inherited_umask(|| command.spawn());
    let child = child.map_err(|error| DeliveryError::Program(error.kind()))?;
    let group = Group::of(&child);
    let limit = Duration::from_secs(target.seconds.clamp(*SECONDS.start(), *SECONDS.end()).into());
    let ended = tokio::time::timeout(limit, to_its_end(child, group, payload, gives)).await;
    match ended.map_err(|_| DeliveryError::Ended)?? {
        (Some(0), _) => Ok(()),
        (Some(LATER), _) => Err(DeliveryError::Later(None)),
        (Some(code), said) => Err(DeliveryError::Exit { code, said: shown(payload, &said) }),
        (None, _) => Err(DeliveryError::Ended),
    }
}

/// What a program gets, for a preview: its arguments, and what goes to its standard input.
pub(super) fn preview(target: &CommandTarget, payload: &Payload) -> String {
    format!("{}\n< {}", target.arguments.join(" "), payload.shown())
}

/// Feeds a program, and takes what it prints until it ends: its code, and what it said of errors.
async fn to_its_end(
    mut child: Child,
    group: Group,
    payload: &Payload,
    gives: Gives,
) -> Result<(Option<i32>, Vec<u8>), DeliveryError> {
    let (input, output, errors) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let feed = async {
        if let (Some(mut input), Gives::Credential) = (input, gives) {
            // A program that does not read it is free not to.
            drop(input.write_all(exposed(&payload.text).as_bytes()).await);
        }
    };
    let end = async {
        let status = child.wait().await;
        // What it has left behind would keep its output open.
        group.end();
        status
    };
    let ((), _, said, status) = tokio::join!(feed, capped(output), capped(errors), end);
    let status = status.map_err(|error| DeliveryError::Program(error.kind()))?;
    Ok((status.code(), said))
}

/// The beginning of what comes; the rest is read and let go, so that the program does not wait.
async fn capped(source: Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let mut kept = Vec::new();
    if let Some(source) = source {
        let mut head = source.take(MAX_OUTPUT);
        // What cannot be read is not shown.
        drop(head.read_to_end(&mut kept).await);
        drop(tokio::io::copy(&mut head.into_inner(), &mut tokio::io::sink()).await);
    }
    kept
}

/// The end of what a program said, without what could be secret in it.
fn shown(payload: &Payload, said: &[u8]) -> String {
    let scrubbed = payload.scrub(&String::from_utf8_lossy(said));
    let skipped = scrubbed.chars().count().saturating_sub(SHOWN);
    tunekey_services::display_text::detail(&scrubbed.chars().skip(skipped).collect::<String>())
}

/// The processes that a program has started, itself included. They end when this is dropped.
struct Group {
    #[cfg(unix)]
    leader: Option<nix::unistd::Pid>,
}

impl Group {
    #[cfg(unix)]
    fn of(child: &Child) -> Self {
        let leader = child.id().and_then(|id| i32::try_from(id).ok());
        Self { leader: leader.map(nix::unistd::Pid::from_raw) }
    }

    #[cfg(not(unix))]
    fn of(_: &Child) -> Self {
        Self {}
    }

    /// Ends those that are left.
    fn end(self) {}
}

#[cfg(unix)]
impl Drop for Group {
    fn drop(&mut self) {
        if let Some(leader) = self.leader {
            // That all of them have ended by themselves is what is usual.
            let _ = nix::sys::signal::killpg(leader, nix::sys::signal::Signal::SIGKILL);
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::delivery::fixtures::payload;

    fn shell(script: &str) -> CommandTarget {
        let arguments = ["/bin/sh", "-c", script].map(str::to_owned).to_vec();
        CommandTarget { arguments, variable: None, seconds: 30 }
    }

    async fn runs(target: &CommandTarget) -> Result<(), DeliveryError> {
        run(target, &payload("canary-value"), Gives::Credential).await
    }

    #[tokio::test]
    async fn the_credential_goes_to_standard_input_and_nowhere_else() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("got");
        let script = format!("cat > {0}; tr '\\0' '\\n' < /proc/$$/environ > {0}.env", file.display());
        runs(&shell(&script)).await.expect("it works");
        assert_eq!(std::fs::read_to_string(&file).expect("it is there"), "MUSIC_U=canary-value; __csrf=c");
        let environment = std::fs::read_to_string(dir.path().join("got.env")).expect("it is there");
        assert!(!environment.contains("canary"), "{environment}");
        let chosen = CommandTarget {
            variable: Some("THE_COOKIE".to_owned()),
            ..shell("test \"$THE_COOKIE\" = \"$(cat)\"")
        };
        runs(&chosen).await.expect("it stands in the variable, too");
        run(&chosen, &payload("x"), Gives::Nothing).await.expect("both are empty");
    }

    #[tokio::test]
    async fn how_a_program_ends_says_how_it_went() {
        runs(&shell("exit 0")).await.expect("it does not have to read");
        assert!(matches!(runs(&shell("exit 75")).await, Err(DeliveryError::Later(None))));
        assert!(matches!(runs(&shell("kill -9 $$")).await, Err(DeliveryError::Ended)));
        let nothing = CommandTarget { arguments: vec!["/no/such/program".to_owned()], ..shell("") };
        assert!(matches!(runs(&nothing).await, Err(DeliveryError::Program(std::io::ErrorKind::NotFound))));
    }

    #[tokio::test]
    async fn what_a_program_prints_is_shown_without_what_is_secret() {
        let script = "read x; echo \"bad: $x\" >&2; echo \"$x\" | od -An -tx1 | tr -d ' \\n' >&2; exit 3";
        let error = runs(&shell(script)).await.expect_err("it fails");
        let DeliveryError::Exit { code, said } = error else { panic!("it ended by itself") };
        assert_eq!(code, 3);
        assert!(said.starts_with("bad: MUSIC_U=***;") && !said.contains("canary"), "{said}");
        assert!(!said.contains("63616e617279"), "nor in another notation: {said}");
    }

    #[tokio::test]
    async fn much_output_neither_fills_the_memory_nor_stops_the_program() {
        runs(&shell("head -c 5000000 /dev/zero | tr '\\0' x; cat > /dev/null")).await.expect("it works");
    }

    #[tokio::test]
    async fn a_program_that_takes_too_long_is_ended_with_all_that_it_has_started() {
        let dir = tempfile::tempdir().expect("a folder");
        let pipe = dir.path().join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).expect("pipes can be made");
        // It ends when the last of those that have it open has ended.
        let open_in = pipe.clone();
        let all_ended = tokio::task::spawn_blocking(move || std::fs::read(open_in).map(drop));
        let script = format!("exec 3> {}; sleep 600 & wait", pipe.display());
        let slow = CommandTarget { seconds: 1, ..shell(&script) };
        assert!(matches!(runs(&slow).await, Err(DeliveryError::Ended)));
        let all_ended = tokio::time::timeout(Duration::from_secs(20), all_ended).await;
        all_ended.expect("what it had started still runs").expect("it is read").expect("it can be read");
    }
}
