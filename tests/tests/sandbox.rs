//! The harnesses of the other suites work: sandbox, session bus and keyring.

use std::time::Duration;

use tunekey_tests::keyring::{Bus, Keyring};
use tunekey_tests::sandbox::Sandbox;
use tunekey_tests::screen::Screen;

#[tokio::test]
async fn a_keyring_locks_unlocks_hangs_and_goes_on() {
    let mut sandbox = Sandbox::new().expect("a new home");
    let bus = Bus::start(&mut sandbox).expect("a session bus");
    let keyring = Keyring::start(&sandbox, &bus).await.expect("a keyring");
    assert!(keyring.items().await.expect("it answers").is_empty(), "a new keyring holds nothing");
    keyring.lock().await.expect("it locks");
    assert!(keyring.is_locked().await.expect("it answers"), "it says so");
    keyring.unlock().await.expect("it unlocks");
    keyring.hang().expect("it can be stopped");
    let answer = tokio::time::timeout(Duration::from_millis(300), keyring.is_locked()).await;
    assert!(answer.is_err(), "a hung keyring does not answer");
    keyring.resume().expect("it can be continued");
    assert!(!keyring.is_locked().await.expect("it answers again"), "and is as it was");
}

#[tokio::test]
async fn a_bus_without_a_keyring_starts_none_by_itself() {
    let mut sandbox = Sandbox::new().expect("a new home");
    let bus = Bus::start(&mut sandbox).expect("a session bus");
    let connection = bus.connect().await.expect("the bus answers");
    let asked = connection
        .call_method(
            Some("org.freedesktop.secrets"),
            "/org/freedesktop/secrets",
            Some("org.freedesktop.DBus.Peer"),
            "Ping",
            &(),
        )
        .await;
    assert!(asked.is_err(), "nobody is there to answer");
}

#[tokio::test]
async fn a_sandbox_ends_everything_that_was_started_in_it() {
    let mut sandbox = Sandbox::new().expect("a new home");
    let bus = Bus::start(&mut sandbox).expect("a session bus");
    let keyring = Keyring::start(&sandbox, &bus).await.expect("a keyring");
    let screen = Screen::start(&mut sandbox).expect("a screen");
    keyring.hang().expect("it can be stopped");
    let (root, started) = (sandbox.root().to_owned(), sandbox.processes());
    assert!(
        started.len() >= 4,
        "bus, keyring, Xvfb and openbox are told apart from other processes: {started:?}"
    );
    drop((screen, keyring, bus, sandbox));
    for id in started {
        tunekey_tests::process::wait_until_gone(id, Duration::from_secs(5)).await.expect("it ended");
    }
    assert!(!root.exists(), "and its folder is gone");
}
