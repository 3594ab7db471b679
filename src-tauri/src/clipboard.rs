//! The clipboard. A copied cookie or token is marked as secret, and taken off again when its time is over, but only if
//! the clipboard still holds it. What is pasted is read on request. The commands, the tray and the shutdown use this.

mod backend;
#[cfg(target_os = "linux")]
mod bounded_read;
mod clip;
mod lease;
mod system;

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use backend::{ClipboardBackend, ClipboardError};
pub(crate) use clip::{Clip, ClipContent, SecretCopy};
use lease::{ClipboardLease, ClockReading};
use system::SystemClipboard;
use tokio::sync::oneshot;
use tunekey_core::{Clock, Problem, ProblemCode, Secret};

/// How often to look at the clocks while one of our texts is on the clipboard: short, because timers stand still
/// while the computer sleeps and the wall clock does not.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// The clipboard, served by a thread of its own: a clipboard call may wait for another program. The app manages one.
#[derive(Debug, Clone)]
pub(crate) struct Clipboard {
    requests: Sender<Request>,
    /// Held while a text is being read.
    reading: Arc<tokio::sync::Mutex<()>>,
}

/// What the thread is asked for.
#[derive(Debug)]
enum Request {
    Write { copy: SecretCopy, reply: oneshot::Sender<Result<Clip, Problem>> },
    WriteOpen { text: String, reply: oneshot::Sender<Result<(), Problem>> },
    Read { reply: oneshot::Sender<Result<Secret, Problem>> },
    Clear { reply: oneshot::Sender<()> },
    Close { reply: Sender<()> },
}

impl Clipboard {
    /// Starts the thread. It calls `changed` with each text of ours that has been written, and with `None` when that has
    /// left the clipboard or another text has taken its place. All calls come from the one thread, in the order of the
    /// changes.
    ///
    /// # Errors
    /// When the system gives us no thread.
    pub(crate) fn start(
        clock: Arc<dyn Clock>,
        changed: impl Fn(Option<Clip>) + Send + 'static,
    ) -> std::io::Result<Self> {
        let (requests, inbox) = mpsc::channel();
        let backend = SystemClipboard::default();
        thread::Builder::new()
            .name("clipboard".to_owned())
            .spawn(move || serve(&inbox, backend, &*clock, &changed))?;
        Ok(Self { requests, reading: Arc::default() })
    }

    /// Copies a secret for a time. Returns what the page may know of it.
    ///
    /// # Errors
    /// `Unexpected` when the system's clipboard does not take it, `Cancelled` when the app is closing.
    pub(crate) async fn write(&self, copy: SecretCopy) -> Result<Clip, Problem> {
        let (reply, receiver) = oneshot::channel();
        self.requests.send(Request::Write { copy, reply }).map_err(|_| app_is_closing())?;
        receiver.await.map_err(|_| app_is_closing())?
    }

    /// Copies what is no secret: it stays until something else is copied.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub(crate) async fn write_open(&self, text: String) -> Result<(), Problem> {
        let (reply, receiver) = oneshot::channel();
        self.requests.send(Request::WriteOpen { text, reply }).map_err(|_| app_is_closing())?;
        receiver.await.map_err(|_| app_is_closing())?
    }

    /// The text on the clipboard, whoever wrote it; `None` while another call reads it.
    ///
    /// # Errors
    /// `InvalidInput` when there is no text, `Unexpected` when the system's clipboard cannot be read, `Cancelled` when
    /// the app is closing.
    pub(crate) async fn read(&self) -> Result<Option<Secret>, Problem> {
        let Ok(_reading) = self.reading.try_lock() else { return Ok(None) };
        let (reply, receiver) = oneshot::channel();
        self.requests.send(Request::Read { reply }).map_err(|_| app_is_closing())?;
        receiver.await.map_err(|_| app_is_closing())?.map(Some)
    }

    /// Takes our text off the clipboard if it is still there.
    pub(crate) async fn clear(&self) {
        let (reply, receiver) = oneshot::channel();
        if self.requests.send(Request::Clear { reply }).is_ok() {
            let _ = receiver.await;
        }
    }

    /// Takes our text off the clipboard and ends the thread. Waits for that no longer than `limit`.
    pub(crate) fn close(&self, limit: Duration) {
        let (reply, receiver) = mpsc::channel();
        if self.requests.send(Request::Close { reply }).is_ok() {
            let _ = receiver.recv_timeout(limit);
        }
    }
}

/// Serves the requests until the inbox is closed, or one closes the clipboard.
fn serve(
    inbox: &Receiver<Request>,
    backend: impl ClipboardBackend,
    clock: &dyn Clock,
    changed: &dyn Fn(Option<Clip>),
) {
    let mut lease = ClipboardLease::new(backend);
    loop {
        let request = if lease.is_active() {
            inbox.recv_timeout(POLL_INTERVAL)
        } else {
            inbox.recv().map_err(|_| RecvTimeoutError::Disconnected)
        };
        let now = ClockReading { wall: clock.now(), monotonic: clock.monotonic() };
        match request {
            Ok(Request::Write { copy, reply }) => {
                let result = lease.write(&copy.text, Duration::from_secs(copy.seconds.into()), now);
                let result = result.map(|()| copy.clip(now.wall)).map_err(not_copied);
                if let Ok(clip) = &result {
                    changed(Some(clip.clone()));
                }
                // Whoever asked may have gone away; the text is on the clipboard all the same.
                let _ = reply.send(result);
            }
            Ok(Request::WriteOpen { text, reply }) => {
                let result = lease.write_open(&text);
                if result.as_ref().is_ok_and(|was_ours| *was_ours) {
                    changed(None);
                }
                let _ = reply.send(result.map(drop).map_err(not_copied));
            }
            Ok(Request::Read { reply }) => {
                // Whoever asked may have gone away.
                let _ = reply.send(pasted_text(lease.read()));
            }
            Ok(Request::Clear { reply }) => {
                if lease.clear(now) {
                    changed(None);
                }
                let _ = reply.send(());
            }
            Ok(Request::Close { reply }) => {
                lease.clear(now);
                // The clipboard goes first: only then does the system know that nobody serves this clipboard any more.
                drop(lease);
                let _ = reply.send(());
                return;
            }
            Err(RecvTimeoutError::Timeout) => {
                if lease.expire(now) {
                    changed(None);
                }
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// The text that was read, or the problem to show.
fn pasted_text(text: Result<Option<Secret>, ClipboardError>) -> Result<Secret, Problem> {
    match text {
        Ok(Some(text)) if !text.is_empty() => Ok(text),
        Ok(_) => Err(Problem::invalid(
            "There is no text on the clipboard. Copy one first.",
            "剪贴板里没有文本，请先复制。",
        )),
        Err(error) => {
            Err(Problem::new(ProblemCode::Unexpected).with_detail(format!("reading the clipboard: {error}")))
        }
    }
}

fn not_copied(error: ClipboardError) -> Problem {
    Problem::new(ProblemCode::Unexpected).with_detail(format!("copying: {error}"))
}

fn app_is_closing() -> Problem {
    Problem::new(ProblemCode::Cancelled).with_detail("the app is closing")
}

#[cfg(test)]
mod tests {
    use tunekey_core::{AccountId, Format, Health, Scope, ServiceId, SystemClock};

    use super::*;

    /// A clipboard in memory.
    #[derive(Debug, Default)]
    struct Memory(Option<Secret>);

    impl ClipboardBackend for Memory {
        fn write(&mut self, text: &Secret) -> Result<(), ClipboardError> {
            self.0 = Some(text.clone());
            Ok(())
        }

        fn write_open(&mut self, text: &str) -> Result<(), ClipboardError> {
            self.0 = Some(text.into());
            Ok(())
        }

        fn read(&mut self) -> Result<Option<Secret>, ClipboardError> {
            Ok(self.0.clone())
        }

        fn clear(&mut self) -> Result<(), ClipboardError> {
            self.0 = None;
            Ok(())
        }
    }

    fn format_of(clip: Clip) -> Option<Format> {
        match clip.content {
            ClipContent::Cookie { format, .. } => Some(format),
            ClipContent::Token { .. } => None,
        }
    }

    #[test]
    fn what_is_no_secret_takes_the_place_of_one_and_is_not_cleared() {
        let (requests, inbox) = mpsc::channel();
        let content = ClipContent::Token { name: "nas".to_owned() };
        let (reply, _copied) = oneshot::channel();
        let copy = SecretCopy { text: "canary".into(), content, seconds: 30 };
        requests.send(Request::Write { copy, reply }).expect("the inbox is there");
        let (reply, mut open) = oneshot::channel();
        let text = "http://127.0.0.1:7733".to_owned();
        requests.send(Request::WriteOpen { text: text.clone(), reply }).expect("the inbox is there");
        let (reply, _cleared) = oneshot::channel();
        requests.send(Request::Clear { reply }).expect("the inbox is there");
        let (reply, mut read) = oneshot::channel();
        requests.send(Request::Read { reply }).expect("the inbox is there");
        drop(requests);
        let told = std::cell::RefCell::new(Vec::new());
        serve(&inbox, Memory::default(), &SystemClock, &|clip: Option<Clip>| {
            told.borrow_mut().push(clip.is_some())
        });
        assert_eq!(*told.borrow(), [true, false], "the secret has gone, and that is told once");
        open.try_recv().expect("it was answered").expect("it was copied");
        let there = read.try_recv().expect("it was answered").expect("there is a text");
        assert_eq!(there, Secret::from(text.as_str()), "it is not ours to clear");
    }

    #[test]
    fn what_is_told_of_the_clipboard_is_told_in_its_order_and_before_whoever_copied_hears_of_it() {
        let (requests, inbox) = mpsc::channel();
        let (told, tellings) = mpsc::channel();
        let mut answers = Vec::new();
        for format in [Format::Header, Format::Json] {
            let account = AccountId::new(ServiceId::new("netease"), "90001");
            let (scope, health) = (Scope::Full, Health::Healthy);
            let content = ClipContent::Cookie { account, format, scope, health };
            let copy = SecretCopy { text: Secret::from(format.as_str()), content, seconds: 30 };
            let (reply, receiver) = oneshot::channel();
            requests.send(Request::Write { copy, reply }).expect("the inbox is there");
            answers.push(receiver);
        }
        let (reply, mut cleared) = oneshot::channel();
        requests.send(Request::Clear { reply }).expect("the inbox is there");
        drop(requests);
        let answered = std::cell::Cell::new(0);
        serve(&inbox, Memory::default(), &SystemClock, &|clip: Option<Clip>| {
            let format = clip.and_then(format_of);
            if format.is_some() {
                let answer = &answers[answered.get()];
                assert!(answer.is_empty(), "whoever copied would take an older state for the newer one");
                answered.set(answered.get() + 1);
            }
            told.send(format).expect("the test listens");
        });
        let tellings: Vec<_> = tellings.try_iter().collect();
        assert_eq!(tellings, [Some(Format::Header), Some(Format::Json), None], "the last word is the truth");
        for (mut answer, format) in answers.into_iter().zip([Format::Header, Format::Json]) {
            let clip = answer.try_recv().expect("it was answered").expect("it was copied");
            assert_eq!(format_of(clip), Some(format));
        }
        cleared.try_recv().expect("clearing was answered");
    }

    #[test]
    fn a_clipboard_without_text_is_no_text_to_paste() {
        for nothing in [None, Some(Secret::default())] {
            let problem = pasted_text(Ok(nothing)).expect_err("there is nothing to paste");
            assert_eq!(problem.code, ProblemCode::InvalidInput, "the person has to copy something first");
        }
        let text = Secret::from("a cookie");
        assert_eq!(pasted_text(Ok(Some(text.clone()))), Ok(text), "text is given on as it is");
    }

    #[test]
    fn a_clipboard_that_cannot_be_read_says_so_in_the_systems_words() {
        let problem = pasted_text(Err(ClipboardError("occupied".to_owned()))).expect_err("it cannot be read");
        assert_eq!(problem.code, ProblemCode::Unexpected);
        assert!(problem.detail.is_some_and(|detail| detail.ends_with("occupied")));
    }
}
