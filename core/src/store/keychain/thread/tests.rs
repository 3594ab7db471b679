use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::store::StoreKind;
use crate::vault::VaultError;

/// Short enough to wait for, long enough for a busy machine to do nothing at all in.
const SHORT: Limits = Limits {
    background: Duration::from_millis(500),
    user: Duration::from_millis(1_500),
    quiet: Duration::from_millis(300),
};

/// What a test has the keychain do next; each call takes one. Without any, all goes well.
enum Next {
    /// Hang in [`Backend::prepare`] until the sender is dropped.
    HangPreparing(mpsc::Receiver<()>),
    /// Hang in [`Backend::perform`] likewise, and only then do it.
    HangPerforming(mpsc::Receiver<()>),
    /// Be locked, and have the prompt dismissed if there is one.
    BeLocked,
    /// Have lost the connection.
    Fail,
}

#[derive(Default)]
struct Stage {
    next: Mutex<Vec<Next>>,
    item: Mutex<Option<Secret>>,
    threads: AtomicUsize,
    prompts: AtomicUsize,
    connections: AtomicUsize,
}

struct Actor(Arc<Stage>);

impl Drop for Actor {
    fn drop(&mut self) {
        self.0.threads.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Backend for Actor {
    fn prepare(&mut self, _: &str, _: Option<&str>, may_prompt: bool) -> Result<(), StoreError> {
        let mut next = lock(&self.0.next);
        match next.first() {
            Some(Next::HangPreparing(_)) => {
                let Next::HangPreparing(release) = next.remove(0) else { unreachable!() };
                drop(next);
                let _ = release.recv();
                Ok(())
            }
            Some(Next::BeLocked) => {
                if may_prompt {
                    self.0.prompts.fetch_add(1, Ordering::SeqCst);
                }
                Err(StoreError::Locked)
            }
            _ => Ok(()),
        }
    }

    fn perform(&mut self, _: &str, _: &str, action: &Action) -> Result<Option<Secret>, StoreError> {
        let mut next = lock(&self.0.next);
        if !next.is_empty() {
            match next.remove(0) {
                Next::HangPerforming(release) => {
                    drop(next);
                    let _ = release.recv();
                }
                Next::Fail => return Err(StoreError::Failed("the test wants it to")),
                Next::HangPreparing(_) | Next::BeLocked => unreachable!("these are for prepare"),
            }
        }
        let mut item = lock(&self.0.item);
        match action {
            Action::Look => Ok(None),
            Action::Get => Ok(item.clone()),
            Action::Set(line) => {
                *item = Some(line.clone());
                Ok(None)
            }
            Action::Delete => {
                *item = None;
                Ok(None)
            }
        }
    }

    fn forget_connection(&mut self) {
        self.0.connections.fetch_add(1, Ordering::SeqCst);
    }
}

fn keychain() -> (Arc<Stage>, KeychainThread) {
    let stage = Arc::new(Stage::default());
    let actors = Arc::clone(&stage);
    let keychain = KeychainThread::with_backend("TuneKey", SHORT, move || {
        actors.threads.fetch_add(1, Ordering::SeqCst);
        Box::new(Actor(Arc::clone(&actors)))
    });
    (stage, keychain)
}

impl Stage {
    fn next(&self, next: Next) {
        lock(&self.next).push(next);
    }

    /// Hangs in the next call's work until what is returned is dropped.
    fn hang(&self) -> mpsc::Sender<()> {
        let (release, released) = mpsc::channel();
        self.next(Next::HangPerforming(released));
        release
    }

    /// Waits until so many threads are left.
    async fn threads_are(&self, count: usize) {
        while self.threads.load(Ordering::SeqCst) != count {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

fn line(text: &str) -> Secret {
    Secret::new(text)
}

#[tokio::test]
async fn what_is_set_can_be_got_until_it_is_deleted() {
    let (stage, keychain) = keychain();
    keychain.probe(Interaction::Forbidden).await.expect("it is there");
    keychain.set("x", &line("one"), Interaction::Forbidden).await.expect("it takes it");
    assert_eq!(keychain.get("x", Interaction::Forbidden).await, Ok(Some(line("one"))));
    keychain.delete("x", Interaction::Forbidden).await.expect("it deletes it");
    assert_eq!(keychain.get("x", Interaction::Forbidden).await, Ok(None));
    assert_eq!(stage.threads.load(Ordering::SeqCst), 1, "all calls come from one thread");
    drop(keychain);
    stage.threads_are(0).await;
}

#[tokio::test]
async fn a_hanging_call_ends_at_its_deadline_and_another_thread_takes_over() {
    let (stage, keychain) = keychain();
    let release = stage.hang();
    assert_eq!(keychain.get("x", Interaction::Forbidden).await, Err(StoreError::Silent));
    keychain.set("x", &line("one"), Interaction::Forbidden).await.expect("the replacement works");
    assert_eq!(stage.threads.load(Ordering::SeqCst), 2, "one hangs, one works");
    drop(release);
    stage.threads_are(1).await;
    assert_eq!(
        keychain.get("x", Interaction::Forbidden).await,
        Ok(Some(line("one"))),
        "and it goes on working"
    );
}

#[tokio::test]
async fn however_often_it_hangs_there_are_two_threads_at_most() {
    let (stage, keychain) = keychain();
    let releases: Vec<_> = (0..2).map(|_| stage.hang()).collect();
    for _ in &releases {
        assert_eq!(keychain.get("x", Interaction::Forbidden).await, Err(StoreError::Silent));
    }
    for _ in 0..20 {
        // At once: if these waited for their deadlines the test would take ten seconds and its assertion fail.
        let asked =
            tokio::time::timeout(SHORT.background / 2, keychain.get("x", Interaction::Forbidden)).await;
        assert_eq!(asked, Ok(Err(StoreError::Silent)), "nothing more is started");
    }
    assert_eq!(stage.threads.load(Ordering::SeqCst), 2);
    drop(releases);
    stage.threads_are(0).await;
    assert_eq!(keychain.get("x", Interaction::Forbidden).await, Ok(None), "it heals by itself");
}

#[tokio::test]
async fn while_a_change_hangs_no_other_is_made_because_it_might_be_undone() {
    let (stage, keychain) = keychain();
    let release = stage.hang();
    let hanging = keychain.set("x", &line("old"), Interaction::Forbidden).await;
    assert_eq!(hanging, Err(StoreError::Silent));
    assert_eq!(keychain.set("x", &line("new"), Interaction::Forbidden).await, Err(StoreError::Silent));
    assert_eq!(keychain.delete("x", Interaction::Forbidden).await, Err(StoreError::Silent));
    assert_eq!(keychain.get("x", Interaction::Forbidden).await, Ok(None), "reading harms nobody");
    drop(release);
    stage.threads_are(1).await;
    assert_eq!(
        keychain.get("x", Interaction::Forbidden).await,
        Ok(Some(line("old"))),
        "it was made in the end"
    );
    keychain.set("x", &line("new"), Interaction::Forbidden).await.expect("nothing is in doubt any more");
    assert_eq!(keychain.get("x", Interaction::Forbidden).await, Ok(Some(line("new"))));
}

#[tokio::test]
async fn a_change_whose_prompt_was_answered_too_late_is_not_made() {
    let (stage, keychain) = keychain();
    let (release, released) = mpsc::channel();
    stage.next(Next::HangPreparing(released));
    assert_eq!(keychain.set("x", &line("late"), Interaction::Forbidden).await, Err(StoreError::Silent));
    drop(release);
    keychain.probe(Interaction::Forbidden).await.expect("the replacement works");
    stage.threads_are(1).await;
    assert_eq!(keychain.get("x", Interaction::Forbidden).await, Ok(None), "nobody waits for it any more");
}

#[tokio::test]
async fn a_call_behind_a_prompt_says_locked_and_does_not_end_the_prompt() {
    let (stage, keychain) = keychain();
    let (release, released) = mpsc::channel();
    stage.next(Next::HangPreparing(released));
    let person = keychain.get("x", Interaction::Allowed);
    let meanwhile = async {
        while !lock(&stage.next).is_empty() {
            tokio::task::yield_now().await;
        }
        let answer = keychain.get("y", Interaction::Forbidden).await;
        drop(release);
        answer
    };
    let (person, meanwhile) = tokio::join!(person, meanwhile);
    assert_eq!(meanwhile, Err(StoreError::Locked), "that is what it is while somebody is asked to unlock it");
    assert_eq!(person, Ok(None), "and the person's answer counts");
    assert_eq!(stage.threads.load(Ordering::SeqCst), 1, "nothing was given up");
}

#[tokio::test]
async fn a_call_whose_asker_went_away_is_given_up_by_those_behind_it() {
    let (stage, keychain) = keychain();
    let release = stage.hang();
    let gone =
        tokio::time::timeout(Duration::from_millis(10), keychain.get("x", Interaction::Forbidden)).await;
    gone.expect_err("it went away before the deadline");
    assert_eq!(
        keychain.get("x", Interaction::Forbidden).await,
        Err(StoreError::Silent),
        "it hangs behind it"
    );
    // At the latest the second one finds the hanging call past its deadline.
    let mut answers = Vec::new();
    for _ in 0..2 {
        answers.push(keychain.get("x", Interaction::Forbidden).await);
    }
    assert_eq!(answers.last(), Some(&Ok(None)), "the replacement works: {answers:?}");
    drop(release);
    stage.threads_are(1).await;
}

#[tokio::test]
async fn a_dismissed_prompt_is_not_followed_by_another_for_a_while() {
    let (stage, keychain) = keychain();
    stage.next(Next::BeLocked);
    for _ in 0..10 {
        assert_eq!(keychain.get("x", Interaction::Allowed).await, Err(StoreError::Locked));
    }
    assert_eq!(stage.prompts.load(Ordering::SeqCst), 1, "one click needs several items and asks once");
    tokio::time::sleep(SHORT.quiet).await;
    assert_eq!(keychain.get("x", Interaction::Allowed).await, Err(StoreError::Locked));
    assert_eq!(stage.prompts.load(Ordering::SeqCst), 2, "the next click may ask again");
}

#[tokio::test]
async fn the_background_never_prompts() {
    let (stage, keychain) = keychain();
    stage.next(Next::BeLocked);
    for _ in 0..10 {
        assert_eq!(keychain.probe(Interaction::Forbidden).await, Err(StoreError::Locked));
        assert_eq!(keychain.get("x", Interaction::Forbidden).await, Err(StoreError::Locked));
    }
    assert_eq!(stage.prompts.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_lost_connection_is_made_again_once() {
    let (stage, keychain) = keychain();
    stage.next(Next::Fail);
    assert_eq!(keychain.get("x", Interaction::Forbidden).await, Ok(None), "the second try works");
    stage.next(Next::Fail);
    stage.next(Next::Fail);
    let failed = keychain.get("x", Interaction::Forbidden).await;
    assert_eq!(failed, Err(StoreError::Failed("the test wants it to")), "there is no third");
    assert_eq!(stage.connections.load(Ordering::SeqCst), 2);
}

#[test]
fn an_error_of_the_library_is_never_printed_with_what_it_carries() {
    let secret = b"canary-7f3a".to_vec();
    let source = || Box::new(std::io::Error::other("canary-7f3a"));
    for error in [
        Error::BadEncoding(secret.clone()),
        Error::BadDataFormat(secret, source()),
        Error::PlatformFailure(source()),
        Error::NoStorageAccess(source()),
        Error::BadStoreFormat("canary-7f3a".to_owned()),
        Error::Invalid("canary-7f3a".to_owned(), "canary-7f3a".to_owned()),
        Error::NotSupportedByStore("canary-7f3a".to_owned()),
        Error::TooLong("canary-7f3a".to_owned(), 1),
    ] {
        let said = platform::classify(&error);
        let problem = crate::problem::Problem::from(VaultError { store: StoreKind::Keychain, error: said });
        let words = format!("{} {said:?} {problem:?} {problem}", StoreKind::Keychain.says(said));
        assert!(!words.contains("canary"), "{words}");
    }
}
