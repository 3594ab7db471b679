//! The codes that vkeys clients wait for: each a list of messages that grows, which whoever loses the connection finds
//! again for a while. The last message may hold a credential.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tunekey_core::{Secret, ServiceId};

/// For how long a code outlives its last client, and its messages their end: a browser connects again within seconds.
const GRACE: Duration = Duration::from_secs(30);

/// The id of the last message. A client that has had it wants nothing more.
pub(crate) const LAST: &str = "end";

/// A message of the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    /// `1` for a picture, else a number that grows, at last [`LAST`].
    pub(crate) id: String,
    /// What it says.
    pub(crate) data: Secret,
}

/// Whose code it is: one client's way to ask.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Owner {
    /// The token's id.
    pub(crate) token: String,
    /// The service.
    pub(crate) service: ServiceId,
    /// Whether what comes of it is kept here.
    pub(crate) save: bool,
}

/// A code.
#[derive(Debug)]
pub(crate) struct Code {
    feed: watch::Sender<Feed>,
    clients: watch::Sender<usize>,
}

#[derive(Debug, Default)]
struct Feed {
    messages: Vec<Message>,
    is_over: bool,
}

/// The codes.
#[derive(Debug, Clone)]
pub(crate) struct Codes {
    list: Arc<Mutex<HashMap<Owner, Arc<Code>>>>,
    ending: CancellationToken,
}

impl Codes {
    /// None yet. All end when `ending` does.
    pub(crate) fn new(ending: CancellationToken) -> Self {
        Self { list: Arc::default(), ending }
    }

    /// The newest code of somebody who has lost the connection to it. The old connection may not be known to be gone
    /// yet.
    pub(crate) fn lost(&self, owner: &Owner) -> Option<Arc<Code>> {
        self.list().get(owner).cloned()
    }

    /// Starts a code, which `fill` fills until it returns; whoever leaves it for good ends it.
    pub(crate) fn start<F>(&self, owner: Owner, fill: impl FnOnce(Arc<Code>) -> F) -> Arc<Code>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let code = Arc::new(Code { feed: watch::Sender::default(), clients: watch::Sender::new(0) });
        self.list().insert(owner.clone(), code.clone());
        let (codes, filling, kept) = (self.clone(), fill(code.clone()), code.clone());
        tokio::spawn(async move {
            let is_filled = tokio::select! {
                () = filling => true,
                () = kept.abandoned() => false,
                () = codes.ending.cancelled() => false,
            };
            kept.feed.send_modify(|feed| feed.is_over = true);
            if is_filled {
                // Whoever has missed the last message may come for it.
                tokio::select! {
                    () = tokio::time::sleep(GRACE) => {}
                    () = codes.ending.cancelled() => {}
                }
            }
            let mut list = codes.list();
            if list.get(&owner).is_some_and(|known| Arc::ptr_eq(known, &kept)) {
                list.remove(&owner);
            }
        });
        code
    }

    fn list(&self) -> MutexGuard<'_, HashMap<Owner, Arc<Code>>> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Code {
    /// Adds a picture.
    pub(crate) fn picture(&self, data: String) {
        self.add("1".to_owned(), data.into());
    }

    /// Adds a text.
    pub(crate) fn text(&self, text: &str) {
        let id = (self.feed.borrow().messages.len() + 1).max(2).to_string();
        self.add(id, text.into());
    }

    /// Adds the last message.
    pub(crate) fn last(&self, data: Secret) {
        self.add(LAST.to_owned(), data);
    }

    fn add(&self, id: String, data: Secret) {
        self.feed.send_modify(|feed| feed.messages.push(Message { id, data }));
    }

    /// Its messages for one client, from the one behind `seen` on.
    pub(crate) fn follow(self: &Arc<Self>, seen: Option<&str>) -> Follower {
        self.clients.send_modify(|count| *count += 1);
        let feed = self.feed.subscribe();
        let position = feed.borrow().messages.iter().rposition(|message| Some(message.id.as_str()) == seen);
        Follower { code: self.clone(), feed, position: position.map_or(0, |position| position + 1) }
    }

    /// When nobody has looked at it for a while.
    async fn abandoned(&self) {
        let mut clients = self.clients.subscribe();
        loop {
            // Its own sender is there.
            if clients.wait_for(|count| *count == 0).await.is_err() {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(GRACE) => return,
                _ = clients.wait_for(|count| *count > 0) => {}
            }
        }
    }
}

/// One client of a code, for as long as it lives.
#[derive(Debug)]
pub(crate) struct Follower {
    code: Arc<Code>,
    feed: watch::Receiver<Feed>,
    position: usize,
}

impl Follower {
    /// The next message; `None` when there will be none.
    pub(crate) async fn next(&mut self) -> Option<Message> {
        let position = self.position;
        let feed = self.feed.wait_for(|feed| feed.messages.len() > position || feed.is_over).await.ok()?;
        let message = feed.messages.get(position).cloned();
        self.position += 1;
        message
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.code.clients.send_modify(|count| *count -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner() -> Owner {
        Owner { token: "id".to_owned(), service: ServiceId::new("qqmusic"), save: false }
    }

    async fn ids(follower: &mut Follower) -> Vec<String> {
        let mut ids = Vec::new();
        while let Some(message) = follower.next().await {
            ids.push(message.id);
        }
        ids
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_loses_the_connection_finds_the_same_code_and_what_it_has_missed() {
        let codes = Codes::new(CancellationToken::new());
        let (go, wait) = tokio::sync::oneshot::channel::<()>();
        let code = codes.start(owner(), |code| async move {
            code.picture("data:".to_owned());
            code.text("scanned");
            let _ = wait.await;
            code.last("{}".into());
        });
        let mut first = code.follow(None);
        assert_eq!(first.next().await.map(|message| message.id).as_deref(), Some("1"));
        drop(first);
        let mut second = codes.lost(&owner()).expect("it is found again").follow(Some("1"));
        go.send(()).expect("it waits");
        assert_eq!(ids(&mut second).await, ["2", LAST]);
        drop(second);
        let mut third = codes.lost(&owner()).expect("it is there for a while").follow(Some("2"));
        assert_eq!(ids(&mut third).await, [LAST]);
        tokio::time::sleep(GRACE * 2).await;
        assert!(codes.lost(&owner()).is_none() && codes.list().is_empty(), "the credential is gone");
    }

    #[tokio::test(start_paused = true)]
    async fn a_code_that_nobody_looks_at_any_more_ends() {
        struct Ends(Option<tokio::sync::oneshot::Sender<()>>);
        impl Drop for Ends {
            fn drop(&mut self) {
                if let Some(ended) = self.0.take() {
                    let _ = ended.send(());
                }
            }
        }
        let codes = Codes::new(CancellationToken::new());
        let (sender, ended) = tokio::sync::oneshot::channel();
        let ends = Ends(Some(sender));
        let code = codes.start(owner(), |_| async move {
            let _ends = ends;
            std::future::pending().await
        });
        drop(code.follow(None));
        ended.await.expect("what fills it is dropped");
        tokio::task::yield_now().await;
        assert!(codes.list().is_empty());
    }
}
