//! A thread of its own for work that waits for the disk. `accounts.rs` has one for the ledger.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{self, Sender};
use std::thread;

use super::blocking;

type Work = Box<dyn FnOnce() + Send>;

/// Does one piece of work after the other, in the order in which they were asked for.
///
/// The C library gives each thread a part of the heap, which keeps what the largest piece of work in it took. That all
/// threads of a runtime had read the ledger of two hundred accounts made 25 MB of the daemon's memory.
#[derive(Debug)]
pub(crate) struct DiskThread(Sender<Work>);

impl DiskThread {
    /// Starts it. It ends when this is dropped.
    ///
    /// # Errors
    /// When the system gives us no thread.
    pub(crate) fn start(name: &str) -> io::Result<Self> {
        let (asked, inbox) = mpsc::channel::<Work>();
        thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || inbox.into_iter().for_each(|work| work()))?;
        Ok(Self(asked))
    }

    /// Has work done once all that was asked for before is done. What was asked for is done even when nobody waits for
    /// it any more.
    pub(crate) async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        let (reply, result) = mpsc::channel();
        let work = Box::new(move || {
            // Whoever asked may have gone away.
            let _ = reply.send(catch_unwind(AssertUnwindSafe(work)));
        });
        // The thread lives as long as this.
        let _ = self.0.send(work);
        // On a thread that may wait: a runtime that ends waits for it, and with it for the work.
        match blocking(move || result.recv()).await {
            Ok(Ok(result)) => result,
            Ok(Err(panic)) => resume_unwind(panic),
            Err(mpsc::RecvError) => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    fn started() -> DiskThread {
        DiskThread::start("test").expect("a thread")
    }

    #[tokio::test]
    async fn work_is_done_in_the_order_in_which_it_was_asked_for_and_on_one_thread() {
        let thread = started();
        let done: Arc<Mutex<Vec<_>>> = Arc::default();
        let work = |number: u32| {
            let done = Arc::clone(&done);
            thread.run(move || done.lock().expect("no panic").push((number, thread::current().id())))
        };
        tokio::join!(work(1), work(2), work(3));
        let done = done.lock().expect("no panic");
        let numbers: Vec<_> = done.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, [1, 2, 3]);
        assert!(done.iter().all(|(_, id)| *id == done[0].1 && *id != thread::current().id()));
    }

    #[tokio::test]
    async fn what_was_asked_for_is_done_even_when_nobody_waits() {
        let thread = started();
        let (let_go, held) = mpsc::channel::<()>();
        let (tell, told) = mpsc::channel();
        let first = thread.run(move || held.recv());
        let second = thread.run(move || tell.send(()).expect("somebody listens"));
        tokio::select! {
            biased;
            _ = async { tokio::join!(first, second) } => unreachable!("the first waits"),
            () = tokio::task::yield_now() => {}
        }
        let_go.send(()).expect("the first waits");
        blocking(move || told.recv()).await.expect("the second is done");
    }

    #[tokio::test]
    async fn a_panic_is_that_of_whoever_asked_and_the_thread_goes_on() {
        let thread = Arc::new(started());
        let asking = Arc::clone(&thread);
        let asked = tokio::spawn(async move { asking.run(|| panic!("as it was meant to")).await });
        assert!(asked.await.expect_err("it panicked").is_panic());
        assert_eq!(thread.run(|| 7).await, 7);
    }
}
