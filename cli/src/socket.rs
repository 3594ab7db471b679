//! How the command line talks to the daemon of its profile: a line of JSON there, a line of JSON back, in a place that
//! only this user can reach. The daemon answers nobody but this user and the administrator, and is believed only if it
//! is run by one of them. For `keys.rs`, `health.rs` and `daemon.rs`.
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
use crate::request_health::{self, Health};
use crate::request_key::{self, KeyRequest};

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
    request: Request,
}

/// What can be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
enum Request {
    Key(KeyRequest),
    Daemon(DaemonRequest),
}

/// What concerns the daemon itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
enum DaemonRequest {
    Health,
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
    let limit = match request {
        KeyRequest::Get { .. } => VALUE_LIMIT,
        KeyRequest::Rejected { .. } => SERVICE_LIMIT,
    };
    match call_first(tunekey, Request::Key(request.clone()), limit).await.ok()? {
        Reply::Answer(answer) => Some(Ok(answer)),
        Reply::Problem(problem) => Some(Err(problem)),
        Reply::Unsupported => None,
    }
}

/// Asks the daemon of the profile how it is. It has as long as `limit`.
pub(crate) async fn health(tunekey: &TuneKey, limit: Duration) -> Health {
    match call_first(tunekey, Request::Daemon(DaemonRequest::Health), limit).await {
        Ok(Reply::Answer(answer)) => Health::Answers(answer),
        Ok(Reply::Problem(_) | Reply::Unsupported) => Health::OtherVersion,
        Err(error) if error.kind() == io::ErrorKind::TimedOut => Health::Silent,
        Err(_) => Health::Absent,
    }
}

/// Asks in each place until somebody of ours is there.
///
/// # Errors
/// `TimedOut` when somebody is there who does not answer; anything else when nobody is.
async fn call_first(tunekey: &TuneKey, request: Request, limit: Duration) -> io::Result<Reply> {
    let question = Question { version: VERSION, request };
    let mut why = io::Error::from(io::ErrorKind::NotFound);
    for path in tunekey.profile().daemon_sockets() {
        match call(&path, &question, limit).await {
            Ok(reply) => return Ok(reply),
            // Nobody is in the next place when somebody silent is in this one.
            Err(error) if error.kind() == io::ErrorKind::TimedOut => why = error,
            // Nobody is there, or nobody of ours.
            Err(_) => {}
        }
    }
    Err(why)
}

async fn call(path: &Path, question: &Question, limit: Duration) -> io::Result<Reply> {
    let called = async {
        let (read, mut write) = tokio::io::split(connect(path).await?);
        write.write_all(&line(question)?).await?;
        read_line(read).await
    };
    let reply = tokio::time::timeout(limit, called).await??;
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
        Ok(Question { version: VERSION, request: Request::Daemon(DaemonRequest::Health) }) => {
            Reply::Answer(request_health::answer(tunekey).await)
        }
        Ok(Question { version: VERSION, request: Request::Key(request) }) => {
            match request_key::answer(tunekey, &request).await {
                Ok(answer) => Reply::Answer(answer),
                Err(problem) => Reply::Problem(problem),
            }
        }
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
        let question = Question { version: VERSION, request: Request::Key(request) };
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
            let (called, replied) = tokio::join!(call(&path, &question, ASK_LIMIT), reply);
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

    #[test]
    fn a_question_is_read_as_what_it_was() {
        let get = KeyRequest::Get {
            account: "a".to_owned(),
            format: None,
            scope: tunekey_core::Scope::Minimal,
            even_if_dead: false,
        };
        for request in [Request::Key(get), Request::Daemon(DaemonRequest::Health)] {
            let sent = line(&Question { version: VERSION, request: request.clone() }).expect("it is JSON");
            let read: Question = serde_json::from_slice(&sent).expect("it is a question");
            assert_eq!((read.version, read.request), (VERSION, request));
        }
        let unknown = format!(r#"{{"version":{VERSION},"do":"dance"}}"#);
        serde_json::from_str::<Question>(&unknown).expect_err("nobody knows how");
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_is_there_and_says_nothing_is_told_from_nobody() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("daemon.sock");
        let question = Question { version: VERSION, request: Request::Daemon(DaemonRequest::Health) };
        let nobody = call(&path, &question, ASK_LIMIT).await.err().map(|error| error.kind());
        assert_eq!(nobody, Some(io::ErrorKind::NotFound));
        let _listener = listen(vec![path.clone()]).await.expect("it is free");
        let silent = call(&path, &question, ASK_LIMIT).await.err().map(|error| error.kind());
        assert_eq!(silent, Some(io::ErrorKind::TimedOut));
    }
}
