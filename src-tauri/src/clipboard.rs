//! Copied cookies: put on the clipboard marked as secret, and taken off again when their time is over, but only
//! if the clipboard still holds what we put there. And pasted ones: read on request.

mod keeper;
mod system;

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;
use tunekey_core::clock::Clock;
use tunekey_core::problem::{Problem, ProblemCode};
use tunekey_core::secret::Secret;

use keeper::{BoardError, Keeper, Moment};
use system::SystemBoard;

/// How often to look at the clocks while one of our texts is on the clipboard: short, because timers stand still
/// while the computer sleeps and the wall clock does not.
const LOOK: Duration = Duration::from_millis(500);

/// The clipboard, on a thread of its own: a clipboard call may wait for another program.
#[derive(Debug, Clone)]
pub(crate) struct Clipboard {
    orders: Sender<Order>,
}

/// What the thread is told.
#[derive(Debug)]
enum Order {
    Put { text: Secret, seconds: u32, done: oneshot::Sender<Result<(), Problem>> },
    Text { done: oneshot::Sender<Result<Secret, Problem>> },
    Clear { done: oneshot::Sender<()> },
    Close { done: Sender<()> },
}

impl Clipboard {
    /// Starts the thread. `gone` is called on it each time that our text has left the clipboard, or that we have
    /// stopped caring because another text has taken its place.
    ///
    /// # Errors
    /// When the system gives us no thread.
    pub(crate) fn start(clock: Arc<dyn Clock>, gone: impl Fn() + Send + 'static) -> std::io::Result<Self> {
        let (orders, inbox) = mpsc::channel();
        thread::Builder::new().name("clipboard".to_owned()).spawn(move || serve(&inbox, &*clock, &gone))?;
        Ok(Self { orders })
    }

    /// Copies a secret for so many seconds.
    ///
    /// # Errors
    /// `Unexpected` when the system's clipboard does not take it.
    pub(crate) async fn put(&self, text: Secret, seconds: u32) -> Result<(), Problem> {
        let (done, answer) = oneshot::channel();
        self.orders.send(Order::Put { text, seconds, done }).map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }

    /// The text that is on the clipboard, whoever put it there.
    ///
    /// # Errors
    /// `InvalidInput` when there is no text, `Unexpected` when the system's clipboard cannot be read.
    pub(crate) async fn text(&self) -> Result<Secret, Problem> {
        let (done, answer) = oneshot::channel();
        self.orders.send(Order::Text { done }).map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }

    /// Takes our text off the clipboard if it is still there.
    pub(crate) async fn clear(&self) {
        let (done, answer) = oneshot::channel();
        if self.orders.send(Order::Clear { done }).is_ok() {
            let _ = answer.await;
        }
    }

    /// The same, for good, and waiting no longer than `limit`. The clipboard cannot be used afterwards.
    pub(crate) fn close(&self, limit: Duration) {
        let (done, answer) = mpsc::channel();
        if self.orders.send(Order::Close { done }).is_ok() {
            let _ = answer.recv_timeout(limit);
        }
    }
}

fn serve(inbox: &Receiver<Order>, clock: &dyn Clock, gone: &dyn Fn()) {
    let mut keeper = Keeper::new(SystemBoard::default());
    loop {
        let order = if keeper.holds() {
            inbox.recv_timeout(LOOK)
        } else {
            inbox.recv().map_err(|_| RecvTimeoutError::Disconnected)
        };
        let now = Moment { wall: clock.now(), monotonic: clock.monotonic() };
        match order {
            Ok(Order::Put { text, seconds, done }) => {
                let result = keeper.put(&text, Duration::from_secs(seconds.into()), now);
                // Whoever asked may have gone away; the text is on the clipboard all the same.
                let _ = done.send(result.map_err(|error| {
                    Problem::new(ProblemCode::Unexpected).with_detail(format!("copying: {error}"))
                }));
            }
            Ok(Order::Text { done }) => {
                // Whoever asked may have gone away.
                let _ = done.send(pasted(keeper.text()));
            }
            Ok(Order::Clear { done }) => {
                if keeper.clear(now) {
                    gone();
                }
                let _ = done.send(());
            }
            Ok(Order::Close { done }) => {
                keeper.clear(now);
                // The board goes first: only then does the system know that nobody serves this clipboard any more.
                drop(keeper);
                let _ = done.send(());
                return;
            }
            Err(RecvTimeoutError::Timeout) => {
                if keeper.look(now) {
                    gone();
                }
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// What was read, as the person is told of it.
fn pasted(text: Result<Option<Secret>, BoardError>) -> Result<Secret, Problem> {
    match text {
        Ok(Some(text)) if !text.is_empty() => Ok(text),
        Ok(_) => {
            Err(Problem::new(ProblemCode::InvalidInput).with_detail("there is no text on the clipboard"))
        }
        Err(error) => {
            Err(Problem::new(ProblemCode::Unexpected).with_detail(format!("reading the clipboard: {error}")))
        }
    }
}

fn closed() -> Problem {
    Problem::new(ProblemCode::Cancelled).with_detail("the app is closing")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clipboard_without_text_is_no_text_to_paste() {
        for nothing in [None, Some(Secret::default())] {
            let problem = pasted(Ok(nothing)).expect_err("there is nothing to paste");
            assert_eq!(problem.code, ProblemCode::InvalidInput, "the person has to copy something first");
        }
        let text = Secret::from("a cookie");
        assert_eq!(pasted(Ok(Some(text.clone()))), Ok(text), "text is given on as it is");
    }

    #[test]
    fn a_clipboard_that_cannot_be_read_says_so_in_the_systems_words() {
        let problem = pasted(Err(BoardError("occupied".to_owned()))).expect_err("it cannot be read");
        assert_eq!(problem.code, ProblemCode::Unexpected);
        assert!(problem.detail.is_some_and(|detail| detail.ends_with("occupied")));
    }
}
