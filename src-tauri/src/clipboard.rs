//! Copied cookies: put on the clipboard marked as secret, and taken off again when their time is over, but only
//! if the clipboard still holds what we put there. And pasted ones: read on request.

mod clip;
mod keeper;
#[cfg(target_os = "linux")]
mod limited;
mod system;

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

pub(crate) use clip::{Clip, CookieCopy};
use keeper::{Board, BoardError, Keeper, Moment};
use system::SystemBoard;
use tokio::sync::oneshot;
use tunekey_core::{Clock, Problem, ProblemCode, Secret};

/// How often to look at the clocks while one of our texts is on the clipboard: short, because timers stand still
/// while the computer sleeps and the wall clock does not.
const LOOK: Duration = Duration::from_millis(500);

/// The clipboard, on a thread of its own: a clipboard call may wait for another program.
#[derive(Debug, Clone)]
pub(crate) struct Clipboard {
    orders: Sender<Order>,
    /// Held while a text is being read.
    reading: Arc<tokio::sync::Mutex<()>>,
}

/// What the thread is told.
#[derive(Debug)]
enum Order {
    Put { copy: CookieCopy, done: oneshot::Sender<Result<Clip, Problem>> },
    Text { done: oneshot::Sender<Result<Secret, Problem>> },
    Clear { done: oneshot::Sender<()> },
    Close { done: Sender<()> },
}

impl Clipboard {
    /// Starts the thread. `changed` is called on it each time that a text of ours has been put there, and with
    /// `None` when it has left the clipboard, or when we have stopped caring because another text has taken its
    /// place. Being called on the one thread that does these things, it hears of them in their order.
    ///
    /// # Errors
    /// When the system gives us no thread.
    pub(crate) fn start(
        clock: Arc<dyn Clock>,
        changed: impl Fn(Option<Clip>) + Send + 'static,
    ) -> std::io::Result<Self> {
        let (orders, inbox) = mpsc::channel();
        let board = SystemBoard::default();
        thread::Builder::new()
            .name("clipboard".to_owned())
            .spawn(move || serve(&inbox, board, &*clock, &changed))?;
        Ok(Self { orders, reading: Arc::default() })
    }

    /// Copies a secret for a time. Gives back what may be known of it.
    ///
    /// # Errors
    /// `Unexpected` when the system's clipboard does not take it.
    pub(crate) async fn put(&self, copy: CookieCopy) -> Result<Clip, Problem> {
        let (done, answer) = oneshot::channel();
        self.orders.send(Order::Put { copy, done }).map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }

    /// The text that is on the clipboard, whoever put it there. `None` while another call reads it.
    ///
    /// # Errors
    /// `InvalidInput` when there is no text, `Unexpected` when the system's clipboard cannot be read.
    pub(crate) async fn text(&self) -> Result<Option<Secret>, Problem> {
        let Ok(_reading) = self.reading.try_lock() else { return Ok(None) };
        let (done, answer) = oneshot::channel();
        self.orders.send(Order::Text { done }).map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?.map(Some)
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

fn serve(inbox: &Receiver<Order>, board: impl Board, clock: &dyn Clock, changed: &dyn Fn(Option<Clip>)) {
    let mut keeper = Keeper::new(board);
    loop {
        let order = if keeper.holds() {
            inbox.recv_timeout(LOOK)
        } else {
            inbox.recv().map_err(|_| RecvTimeoutError::Disconnected)
        };
        let now = Moment { wall: clock.now(), monotonic: clock.monotonic() };
        match order {
            Ok(Order::Put { copy, done }) => {
                let result = keeper.put(&copy.text, Duration::from_secs(copy.seconds.into()), now);
                let result = result.map(|()| copy.clip(now.wall)).map_err(|error| {
                    Problem::new(ProblemCode::Unexpected).with_detail(format!("copying: {error}"))
                });
                if let Ok(clip) = &result {
                    changed(Some(clip.clone()));
                }
                // Whoever asked may have gone away; the text is on the clipboard all the same.
                let _ = done.send(result);
            }
            Ok(Order::Text { done }) => {
                // Whoever asked may have gone away.
                let _ = done.send(pasted(keeper.text()));
            }
            Ok(Order::Clear { done }) => {
                if keeper.clear(now) {
                    changed(None);
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
                    changed(None);
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
        Ok(_) => Err(Problem::invalid(
            "There is no text on the clipboard. Copy one first.",
            "剪贴板里没有文本，请先复制。",
        )),
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
    use tunekey_core::{AccountId, Format, Health, Scope, ServiceId, SystemClock};

    use super::*;

    /// A clipboard in memory.
    #[derive(Debug, Default)]
    struct Memory(Option<Secret>);

    impl Board for Memory {
        fn put(&mut self, text: &Secret) -> Result<(), BoardError> {
            self.0 = Some(text.clone());
            Ok(())
        }

        fn text(&mut self) -> Result<Option<Secret>, BoardError> {
            Ok(self.0.clone())
        }

        fn clear(&mut self) -> Result<(), BoardError> {
            self.0 = None;
            Ok(())
        }
    }

    #[test]
    fn what_is_told_of_the_clipboard_is_told_in_its_order_and_before_whoever_copied_hears_of_it() {
        let (orders, inbox) = mpsc::channel();
        let (told, tellings) = mpsc::channel();
        let mut answers = Vec::new();
        for format in [Format::Header, Format::Json] {
            let copy = CookieCopy {
                text: Secret::from(format.as_str()),
                account: AccountId::new(ServiceId::Netease, "90001"),
                format,
                scope: Scope::Full,
                health: Health::Healthy,
                seconds: 30,
            };
            let (done, answer) = oneshot::channel();
            orders.send(Order::Put { copy, done }).expect("the inbox is there");
            answers.push(answer);
        }
        let (done, mut cleared) = oneshot::channel();
        orders.send(Order::Clear { done }).expect("the inbox is there");
        drop(orders);
        let answered = std::cell::Cell::new(0);
        serve(&inbox, Memory::default(), &SystemClock, &|clip: Option<Clip>| {
            let format = clip.map(|clip| clip.format);
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
            assert_eq!(clip.format, format);
        }
        cleared.try_recv().expect("clearing was answered");
    }

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
