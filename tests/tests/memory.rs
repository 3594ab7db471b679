//! What is left of a credential in memory once it is no longer needed, and in the core dump of a program that crashes.

use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use nix::sys::signal::{Signal, kill};
use tunekey_simulator::{Fault, FaultKind};
use tunekey_tests::canary::Canaries;
use tunekey_tests::desktop::{Desktop, key_of};
use tunekey_tests::eventually::{until, within};
use tunekey_tests::executable;
use tunekey_tests::fixtures::{NETEASE, QQ, service_of};
use tunekey_tests::memory::{canaries_in, limit};
use tunekey_tests::process::{Process, pid, wait_until_gone};
use tunekey_tests::programs::program;
use tunekey_tests::sandbox::Sandbox;

/// How long idle connections are kept, and a little more.
const WIPE_LIMIT: Duration = Duration::from_secs(15);

#[tokio::test(flavor = "multi_thread")]
async fn after_signing_out_of_qq_music_no_process_holds_the_key() -> Result<()> {
    signed_out_and_forgotten(QQ).await
}

#[tokio::test(flavor = "multi_thread")]
async fn after_signing_out_of_netease_no_process_holds_the_key() -> Result<()> {
    signed_out_and_forgotten(NETEASE).await
}

async fn signed_out_and_forgotten(account: &str) -> Result<()> {
    let desktop = Desktop::start().await?;
    let window = desktop.window().await?;
    let service = service_of(account);
    window.click(&format!("#c-{}", service.name())).await?;
    window.wait_for_state("waiting").await?;
    let code = desktop.next_code(service, 0).await?;
    desktop.simulator.scan(code.id, Some(account))?;
    desktop.simulator.confirm(code.id)?;
    window.wait_for_state("success").await?;
    window.click("#q-open").await?;
    // Who it is has been asked for, too: the last use of the key.
    window.wait_for_text(".vip", "until").await?;
    window.click("#a-ref").await?;
    window.wait_for_text("#hist li", "Renewed, new key").await?;
    let keys = desktop.simulator.ledger().into_iter().filter(|one| one.account == account);
    let canaries = Canaries::new(keys.map(|one| key_of(&one).to_owned()))?;

    // Nothing that draws a window ever had it.
    let app = window.app();
    for id in desktop.sandbox.processes().into_iter().filter(|id| is_drawing(*id)) {
        ensure!(canaries_in(id, &canaries)?.is_empty(), "a web process holds the key");
    }
    within(WIPE_LIMIT, "an app that does nothing to hold no key", || async { none_in(app, &canaries) })
        .await?;

    window.click("#a-out").await?;
    desktop.answer_dialog("Sign out", true).await?;
    window.wait_for_text("h1", "Scan once").await?;
    within(WIPE_LIMIT, "the keys to be gone", || async { none_in(app, &canaries) }).await?;
    desktop.ensure_no_secret_leaked(&[&window]).await
}

fn none_in(process: u32, canaries: &Canaries) -> Result<()> {
    let found = canaries_in(process, canaries)?;
    ensure!(found.is_empty(), "{} copies: {found:#?}", found.len());
    Ok(())
}

/// Whether a process is one of WebKit's.
fn is_drawing(id: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{id}/comm")).is_ok_and(|name| name.starts_with("WebKit"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_line_that_crashes_while_it_renews_leaves_no_memory_behind() -> Result<()> {
    let desktop = Desktop::start().await?;
    desktop.sign_in(QQ).await?;
    let key = Canaries::new([key_of(&desktop.newest_credential(QQ)?).to_owned()])?;
    desktop.simulator.arm(Fault::new("*", FaultKind::Hang))?;
    let mut command = desktop.sandbox.command("sh");
    command.args(["-c", "ulimit -c unlimited; exec \"$0\" \"$@\""]).arg(program("tunekey")?);
    command.arg("--profile").arg(desktop.sandbox.profile()).args(["renew", QQ]);
    let renewing = Process::start(&mut command, &desktop.sandbox.log("renewing"))?;
    asked(&desktop).await?;
    leaves_nothing_when_it_crashes(renewing.id(), &key).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_that_crashes_while_it_renews_leaves_no_memory_behind() -> Result<()> {
    let desktop = Desktop::start().await?;
    desktop.sign_in(QQ).await?;
    let key = Canaries::new([key_of(&desktop.newest_credential(QQ)?).to_owned()])?;
    let window = desktop.window().await?;
    desktop.simulator.arm(Fault::new("*", FaultKind::Hang))?;
    window.click("#a-ref").await?;
    asked(&desktop).await?;
    leaves_nothing_when_it_crashes(window.app(), &key).await
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_of_the_same_user_cannot_read_the_command_lines_memory() -> Result<()> {
    ensure!(nix::unistd::geteuid().is_root(), "this needs root: another user’s process is started");
    let sandbox = Sandbox::new()?;
    let folder = tempfile::Builder::new().prefix("tunekey-test-").tempdir()?;
    std::os::unix::fs::chown(folder.path(), Some(NOBODY), Some(NOBODY))?;
    let copy = folder.path().join("tunekey");
    executable::copy(&program("tunekey")?, &copy)?;
    let mut command = sandbox.command(&copy);
    // It waits for what is pasted.
    command.arg("--profile").arg(folder.path().join("profile")).args(["import", "qqmusic", "-"]);
    command.current_dir("/").uid(NOBODY).gid(NOBODY).stdin(Stdio::piped()).stderr(Stdio::null());
    let mut waiting = command.spawn()?;
    let id = waiting.id();
    let seen = until("its memory to belong to the system alone", || async {
        let owner = std::fs::metadata(format!("/proc/{id}/mem")).context("it is gone")?.uid();
        ensure!(owner == 0, "it belongs to user {owner}");
        Ok(())
    })
    .await;
    waiting.kill()?;
    waiting.wait()?;
    seen
}

/// Somebody with no rights.
const NOBODY: u32 = 65_534;

/// Crashes a process and looks for its memory where the system would have written it.
async fn leaves_nothing_when_it_crashes(process: u32, key: &Canaries) -> Result<()> {
    ensure!(!canaries_in(process, key)?.is_empty(), "it holds no key, so that its crash proves nothing");
    // One byte: nothing is written, neither to a file nor to a program that collects dumps.
    ensure!(limit(process, "Max core file size")? == ("1".into(), "1".into()), "a core may be dumped");
    let folder = std::fs::read_link(format!("/proc/{process}/cwd"))?;
    kill(pid(process), Signal::SIGABRT)?;
    wait_until_gone(process, Duration::from_secs(10)).await?;
    ensure!(dumps(&folder)?.is_empty(), "a core was dumped: {:?}", dumps(&folder)?);

    // That says something only where others do leave one. Where the system gives them to a program, the limit has
    // to do.
    let pattern = std::fs::read_to_string("/proc/sys/kernel/core_pattern")?;
    if !pattern.starts_with(['|', '/']) {
        let crash = "ulimit -c unlimited; kill -ABRT $$";
        Command::new("sh").args(["-c", crash]).current_dir(&folder).status()?;
        ensure!(!dumps(&folder)?.is_empty(), "nothing leaves a core here: {pattern}");
    }
    Ok(())
}

/// The core dumps in a folder.
fn dumps(folder: &Path) -> Result<Vec<PathBuf>> {
    let files = std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    Ok(files
        .into_iter()
        .filter(|path| path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"core")))
        .collect())
}

/// Waits until a service was asked something that it does not answer.
async fn asked(desktop: &Desktop) -> Result<()> {
    until("the renewal to be under way", || async {
        ensure!(desktop.simulator.faults().iter().any(|fault| fault.struck > 0), "nothing was asked");
        Ok(())
    })
    .await
}
