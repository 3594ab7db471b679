//! The system's keychain on Linux, with a real gnome-keyring in every state that it can be in.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tunekey_tests::keyring::{Bus, Keyring};
use tunekey_tests::process::Process;
use tunekey_tests::sandbox::Sandbox;
use zbus::zvariant::OwnedObjectPath;

/// A background call has to be answered in five seconds; the rest is a busy machine.
const BACKGROUND: Duration = Duration::from_secs(7);

/// A process that uses the keychain of a sandbox.
struct Client {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Client {
    fn start(sandbox: &Sandbox) -> Self {
        Self::from(sandbox.command(env!("CARGO_BIN_EXE_keychain-client")))
    }

    fn from(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it was built");
        let (input, output) = (child.stdin.take(), child.stdout.take().expect("it is piped"));
        Self { child, input, output: BufReader::new(output) }
    }

    /// Asks without waiting for the answer.
    fn ask(&mut self, call: &str) {
        let input = self.input.as_mut().expect("it has not been told to end");
        writeln!(input, "{call}").expect("it reads");
    }

    fn answer(&mut self) -> String {
        let mut answer = String::new();
        self.output.read_line(&mut answer).expect("it answers");
        answer.trim_end().to_owned()
    }

    /// Makes a call and waits for what comes of it.
    fn call(&mut self, call: &str) -> String {
        self.ask(call);
        self.answer()
    }

    /// Lets it end by itself and says how long that took.
    fn end(mut self) -> Duration {
        let began = Instant::now();
        self.input = None;
        let status = self.child.wait().expect("it ends");
        assert!(status.success(), "it ended with {status}");
        began.elapsed()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn unlocked() -> (Sandbox, Bus, Keyring) {
    let mut sandbox = Sandbox::new().expect("a new home");
    let bus = Bus::start(&mut sandbox).expect("a session bus");
    let keyring = Keyring::start(&sandbox, &bus).await.expect("a keyring");
    (sandbox, bus, keyring)
}

#[tokio::test]
async fn an_unlocked_keychain_keeps_an_item_for_the_next_process_until_it_is_deleted() {
    let (sandbox, _bus, _keyring) = unlocked().await;
    let longest = "x".repeat(2_400);
    let mut client = Client::start(&sandbox);
    assert_eq!(client.call("background probe"), "ok");
    assert_eq!(client.call("background get item"), "none");
    assert_eq!(client.call(&format!("background set item {longest}")), "ok");
    assert_eq!(client.call("background set item {\"v\":1}"), "ok", "it is replaced");
    assert_eq!(client.call(&format!("background set long {longest}")), "ok");
    client.end();
    let mut next = Client::start(&sandbox);
    assert_eq!(next.call("background get item"), "some {\"v\":1}");
    assert_eq!(next.call("user get long"), format!("some {longest}"));
    assert_eq!(next.call("background delete item"), "ok");
    assert_eq!(next.call("background delete item"), "ok", "once more is fine");
    assert_eq!(next.call("background get item"), "none");
}

#[tokio::test]
async fn a_locked_keychain_says_so_whatever_is_asked_and_works_once_it_is_unlocked() {
    let (sandbox, _bus, keyring) = unlocked().await;
    let mut client = Client::start(&sandbox);
    assert_eq!(client.call("background set item kept"), "ok");
    keyring.lock().await.expect("it locks");
    for call in ["probe", "get item", "get other", "set item lost", "delete item"] {
        assert_eq!(client.call(&format!("background {call}")), "Locked", "{call}");
        assert_eq!(
            Client::start(&sandbox).call(&format!("background {call}")),
            "Locked",
            "{call}, newly started"
        );
    }
    keyring.unlock().await.expect("it unlocks");
    assert_eq!(client.call("background get item"), "some kept", "nothing was changed or lost");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_person_is_asked_to_unlock_and_only_once() {
    let (sandbox, bus, keyring) = unlocked().await;
    let prompter = Prompter::start(&bus).await;
    keyring.lock().await.expect("it locks");
    let mut client = Client::start(&sandbox);
    for _ in 0..5 {
        assert_eq!(client.call("background get item"), "Locked");
        assert_eq!(client.call("background set item x"), "Locked");
    }
    assert_eq!(prompter.count(), 0, "nobody is there to answer");
    for _ in 0..5 {
        assert_eq!(client.call("user get item"), "Locked", "the dialog was dismissed");
    }
    assert_eq!(prompter.count(), 1, "a click that needs several items asks once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keychain_that_was_never_set_up_is_not_an_empty_one() {
    let mut sandbox = Sandbox::new().expect("a new home");
    let bus = Bus::start(&mut sandbox).expect("a session bus");
    let prompter = Prompter::start(&bus).await;
    let mut command = sandbox.command("gnome-keyring-daemon");
    command.args(["--foreground", "--components=secrets"]);
    let _daemon = Process::start(&mut command, &sandbox.log("keyring")).expect("it starts");
    let unavailable = "Unavailable(\"no keychain has been set up yet\")";
    tunekey_tests::eventually::until("the keyring to be there", || async {
        let said = Client::start(&sandbox).call("background probe");
        anyhow::ensure!(said == unavailable, "it says {said}");
        Ok(())
    })
    .await
    .expect("it starts");
    let mut client = Client::start(&sandbox);
    for call in ["get item", "set item x", "delete item"] {
        assert_eq!(client.call(&format!("background {call}")), unavailable, "{call}");
    }
    assert_eq!(prompter.count(), 0, "nobody is asked in the background");
    assert_eq!(client.call("user get item"), "Locked", "the person did not choose a password for one");
    assert_eq!(prompter.count(), 1, "but was asked to");
}

#[tokio::test]
async fn a_keychain_that_starts_late_or_starts_again_is_found_without_a_restart() {
    let mut sandbox = Sandbox::new().expect("a new home");
    let bus = Bus::start(&mut sandbox).expect("a session bus");
    let mut client = Client::start(&sandbox);
    let unavailable = "Unavailable(\"no Secret Service answers\")";
    for call in ["probe", "get item", "set item x", "delete item"] {
        assert_eq!(client.call(&format!("background {call}")), unavailable, "{call}");
        assert_eq!(client.call(&format!("user {call}")), unavailable, "{call}");
    }
    let keyring = Keyring::start(&sandbox, &bus).await.expect("a keyring");
    assert_eq!(client.call("background set item kept"), "ok", "it is there now");
    drop(keyring);
    assert_eq!(client.call("background get item"), unavailable, "gone, not empty");
    let _keyring = Keyring::start(&sandbox, &bus).await.expect("a keyring");
    assert_eq!(client.call("background get item"), "some kept", "it is back");
}

#[tokio::test]
async fn without_a_session_bus_there_is_no_keychain() {
    let mut sandbox = Sandbox::new().expect("a new home");
    let nowhere = format!("unix:path={}", sandbox.root().join("run/nowhere").display());
    sandbox.set("DBUS_SESSION_BUS_ADDRESS", nowhere);
    for call in ["probe", "get item", "set item x", "delete item"] {
        for interaction in ["background", "user"] {
            let said = Client::start(&sandbox).call(&format!("{interaction} {call}"));
            assert_eq!(said, "Unavailable(\"there is no session bus\")", "{interaction} {call}");
        }
    }
}

#[tokio::test]
async fn a_hung_keychain_is_silent_in_time_and_keeps_nobody_from_ending() {
    let (sandbox, _bus, keyring) = unlocked().await;
    let mut client = Client::start(&sandbox);
    assert_eq!(client.call("background set item kept"), "ok");
    keyring.hang().expect("it can be stopped");
    for call in ["get item", "set item lost", "probe"] {
        let began = Instant::now();
        assert_eq!(client.call(&format!("background {call}")), "Silent", "{call}");
        assert!(began.elapsed() < BACKGROUND, "{call} took {:?}", began.elapsed());
    }
    let mut fresh = Client::start(&sandbox);
    assert_eq!(fresh.call("background get item"), "Silent", "also to somebody new");
    let took = fresh.end();
    assert!(took < Duration::from_secs(2), "ending took {took:?}");
    keyring.resume().expect("it can be continued");
    assert_eq!(
        client.call("background get item"),
        "some kept",
        "it heals without a restart, and nothing was lost"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_dialog_keeps_nobody_from_ending_either() {
    let (sandbox, bus, keyring) = unlocked().await;
    let prompter = Prompter::start(&bus).await;
    prompter.leave_open();
    keyring.lock().await.expect("it locks");
    let mut client = Client::start(&sandbox);
    client.ask("user get item");
    tunekey_tests::eventually::until("the dialog", || async {
        anyhow::ensure!(prompter.count() == 1, "it is not open");
        Ok(())
    })
    .await
    .expect("the person is asked");
    assert_eq!(Client::start(&sandbox).call("background probe"), "Locked", "others are answered meanwhile");
    // The process waits for the person; told to stop, it does at once.
    let began = Instant::now();
    nix::sys::signal::kill(tunekey_tests::process::pid(client.child.id()), nix::sys::signal::Signal::SIGTERM)
        .expect("it runs");
    client.child.wait().expect("it ends");
    assert!(began.elapsed() < Duration::from_secs(2), "ending took {:?}", began.elapsed());
}

/// What shows gnome-keyring's dialogs. This one counts them and dismisses each at once, or never. It runs on the
/// test's runtime, which needs a second thread while the test itself waits for a client.
struct Prompter {
    _connection: zbus::Connection,
    shown: Arc<AtomicUsize>,
    stays_open: Arc<std::sync::atomic::AtomicBool>,
}

struct Dialogs {
    shown: Arc<AtomicUsize>,
    stays_open: Arc<std::sync::atomic::AtomicBool>,
}

/// The interface that gnome-keyring calls (libgcr's `org.gnome.keyring.internal.Prompter.xml`).
#[zbus::interface(name = "org.gnome.keyring.internal.Prompter")]
impl Dialogs {
    fn begin_prompting(
        &self,
        callback: OwnedObjectPath,
        #[zbus(header)] header: zbus::message::Header<'_>,
        #[zbus(connection)] connection: &zbus::Connection,
    ) {
        self.shown.fetch_add(1, Ordering::SeqCst);
        if self.stays_open.load(Ordering::SeqCst) {
            return;
        }
        let (connection, caller) = (connection.clone(), header.sender().map(|name| name.to_owned()));
        tokio::spawn(async move {
            let interface = Some("org.gnome.keyring.internal.Prompter.Callback");
            let _ = connection.call_method(caller, &callback, interface, "PromptDone", &()).await;
        });
    }

    fn stop_prompting(&self, _callback: OwnedObjectPath) {}
}

impl Prompter {
    async fn start(bus: &Bus) -> Self {
        let connection = bus.connect().await.expect("the bus answers");
        let (shown, stays_open) = (Arc::default(), Arc::default());
        let dialogs = Dialogs { shown: Arc::clone(&shown), stays_open: Arc::clone(&stays_open) };
        connection
            .object_server()
            .at("/org/gnome/keyring/Prompter", dialogs)
            .await
            .expect("the path is free");
        connection.request_name("org.gnome.keyring.SystemPrompter").await.expect("the name is free");
        Self { _connection: connection, shown, stays_open }
    }

    /// How many dialogs have been asked for.
    fn count(&self) -> usize {
        self.shown.load(Ordering::SeqCst)
    }

    /// From now on dialogs stay open.
    fn leave_open(&self) {
        self.stays_open.store(true, Ordering::SeqCst);
    }
}
