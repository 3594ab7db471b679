//! How the command line talks to the daemon of its profile: a line of JSON there, a line of JSON back, in a place that
//! only this user can reach. The daemon answers nobody but this user and the administrator, and is believed only if it is
//! run by one of them. For `keys.rs` and `daemon.rs`.
//!
//! Where there is no daemon, or one that does not know the question, the command line does the work itself.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::sync::Semaphore;
use tunekey_core::{Language, Problem, TuneKey};

use crate::output::Output;
use crate::request_key::{KeyRequest, answer};

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use unix::{Listener, connect, listen};
#[cfg(windows)]
use windows::{Listener, connect, listen};

/// The version of what is said.
const VERSION: u32 = 1;

/// A question.
#[derive(Debug, Serialize, Deserialize)]
struct Question {
    version: u32,
    #[serde(flatten)]
    request: KeyRequest,
}

/// What comes back. It may hold a value.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Reply {
    /// The answer.
    Answer(Value),
    /// Why there is none.
    Problem(Problem),
    /// The question is not known here.
    Unsupported,
}

/// The longest line, in bytes: a value has a few kilobytes.
const LONGEST: u64 = 256 * 1024;
/// How many are answered at once.
const CALLERS: usize = 16;
/// How long a caller may take to ask.
const ASK_LIMIT: Duration = Duration::from_secs(5);
/// How long a value may take; then the command line looks for itself.
const VALUE_LIMIT: Duration = Duration::from_secs(10);
/// How long the service may be asked: that may wait for another process first, and renew.
const SERVICE_LIMIT: Duration = Duration::from_secs(150);

/// Asks the daemon of the profile; `None` when there is none that knows the answer or its reason.
pub(crate) async fn ask(tunekey: &TuneKey, request: &KeyRequest) -> Option<Result<Value, Problem>> {
    for path in tunekey.profile().daemon_sockets() {
        match call(&path, request).await {
            Ok(Reply::Answer(answer)) => return Some(Ok(answer)),
            Ok(Reply::Problem(problem)) => return Some(Err(problem)),
            Ok(Reply::Unsupported) => return None,
            // Nobody is there, or nobody of ours.
            Err(_) => {}
        }
    }
    None
}

async fn call(path: &Path, request: &KeyRequest) -> io::Result<Reply> {
    let (read, mut write) = tokio::io::split(connect(path).await?);
    let question = Question { version: VERSION, request: request.clone() };
    write.write_all(&line(&question)?).await?;
    let limit = match request {
        KeyRequest::Get { .. } => VALUE_LIMIT,
        KeyRequest::Rejected { .. } => SERVICE_LIMIT,
    };
    let reply = tokio::time::timeout(limit, read_line(read)).await??;
    Ok(serde_json::from_slice(&reply)?)
}

/// Answers the callers of the profile's socket for ever. Where a daemon listens already, or nobody can, it does nothing.
pub(crate) async fn serve(tunekey: &TuneKey, output: Output) {
    match listen(tunekey.profile().daemon_sockets()).await {
        Ok(listener) => answer_all(tunekey, listener).await,
        Err(error) => output.note(&match output.language {
            Language::English => format!("Other commands can’t ask this daemon: {error}"),
            Language::Chinese => format!("其他命令无法向该守护进程查询：{error}"),
        }),
    }
    std::future::pending().await
}

async fn answer_all(tunekey: &TuneKey, mut listener: Listener) {
    let places = Arc::new(Semaphore::new(CALLERS));
    loop {
        // It is never closed.
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let Ok(stream) = listener.accept().await else { continue };
        let tunekey = tunekey.clone();
        tokio::spawn(async move {
            let _place = place;
            // A caller that has gone away needs no answer.
            drop(attend(&tunekey, stream).await);
        });
    }
}

async fn attend(tunekey: &TuneKey, stream: impl AsyncRead + AsyncWrite) -> io::Result<()> {
    let (read, mut write) = tokio::io::split(stream);
    let asked = tokio::time::timeout(ASK_LIMIT, read_line(read)).await??;
    let reply = match serde_json::from_slice(&asked) {
        Ok(Question { version: VERSION, request }) => match answer(tunekey, &request).await {
            Ok(answer) => Reply::Answer(answer),
            Err(problem) => Reply::Problem(problem),
        },
        Ok(_) | Err(_) => Reply::Unsupported,
    };
    write.write_all(&line(&reply)?).await
}

async fn read_line(read: impl AsyncRead + Unpin) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    BufReader::new(read.take(LONGEST)).read_until(b'\n', &mut line).await?;
    if line.ends_with(b"\n") { Ok(line) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

fn line(said: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(said)?;
    line.push(b'\n');
    Ok(line)
}

#[cfg(test)]
mod tests {
    use tunekey_core::ProblemCode;

    use super::*;

    #[tokio::test]
    async fn what_a_daemon_of_another_version_says_is_no_answer() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("daemon.sock");
        let mut listener = listen(vec![path.clone()]).await.expect("it is free");
        let request = KeyRequest::Rejected { account: "qqmusic:1".to_owned(), generation: None };
        for (said, is_answer) in [
            (r#"{"answer":{"outcome":"newer"}}"#, true),
            (r#"{"problem":{"code":"not_found","service":null}}"#, true),
            (r#"{"later":1}"#, false),
            ("", false),
        ] {
            let reply = async {
                let (read, mut write) = tokio::io::split(listener.accept().await?);
                read_line(read).await?;
                write.write_all(format!("{said}\n").as_bytes()).await
            };
            let (called, replied) = tokio::join!(call(&path, &request), reply);
            replied.expect("it was asked");
            assert_eq!(called.is_ok(), is_answer, "{said}");
            if let Ok(Reply::Problem(problem)) = called {
                assert_eq!(problem.code, ProblemCode::NotFound);
            }
        }
    }

    #[tokio::test]
    async fn one_listens_in_a_place_and_nothing_is_left_in_the_way_of_the_next() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("daemon.sock");
        let listener = listen(vec![path.clone()]).await.expect("it is free");
        let second = listen(vec![path.clone()]).await.err().map(|error| error.kind());
        assert_eq!(second, Some(io::ErrorKind::AddrInUse));
        drop(listener);
        assert!(!path.exists(), "it leaves nothing behind that leads to nobody");
        listen(vec![path]).await.expect("nobody listens");
    }
}
