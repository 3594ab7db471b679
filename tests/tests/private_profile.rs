//! The profile is one person's: nobody else reads what is in it, and what somebody else could have written is not
//! used. Every refusal is said in words, with what mends it.

use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, ensure};
use tunekey_tests::cli::Cli;
use tunekey_tests::desktop::Desktop;
use tunekey_tests::process::Process;
use tunekey_tests::programs::program;
use tunekey_tests::sandbox::Sandbox;
use tunekey_tests::screen::WindowState;

/// Another user of the machine.
const SOMEBODY: u32 = 65_534;

/// How a profile was tampered with, and what has to be said of it.
struct Case {
    what: &'static str,
    tamper: fn(&Path) -> std::io::Result<()>,
    /// What the words name besides the path.
    mend: &'static str,
}

const CASES: [Case; 12] = [
    Case { what: "the folder is another’s", tamper: |dir| give(dir), mend: "chown -R" },
    Case { what: "the group may write to the folder", tamper: |dir| mode(dir, 0o770), mend: "chmod go-w" },
    Case { what: "everybody may write to the folder", tamper: |dir| mode(dir, 0o1777), mend: "chmod go-w" },
    Case { what: "the ledger is another’s", tamper: |dir| give(&dir.join("ledger.json")), mend: "chown" },
    Case {
        what: "the group may write the ledger",
        tamper: |dir| mode(&dir.join("ledger.json"), 0o660),
        mend: "chmod go-w",
    },
    Case { what: "the ledger is a link", tamper: |dir| link(dir, "ledger.json"), mend: "rm " },
    Case { what: "the lock is another’s", tamper: |dir| give(&dir.join("ledger.lock")), mend: "chown" },
    Case {
        what: "everybody may write the lock",
        tamper: |dir| mode(&dir.join("ledger.lock"), 0o666),
        mend: "chmod go-w",
    },
    Case { what: "the lock is a link", tamper: |dir| link(dir, "ledger.lock"), mend: "rm " },
    Case {
        what: "the keychain’s name is another’s",
        tamper: |dir| give(&dir.join("keychain-name.json")),
        mend: "chown",
    },
    Case {
        what: "the folder of locks is another’s", tamper: |dir| give(&dir.join("locks")), mend: "chown"
    },
    Case { what: "the folder of pictures is a link", tamper: |dir| link(dir, "avatars"), mend: "rm " },
];

fn give(path: &Path) -> std::io::Result<()> {
    chown(path, Some(SOMEBODY), Some(SOMEBODY))
}

fn mode(path: &Path, mode: u32) -> std::io::Result<()> {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
}

fn link(dir: &Path, name: &str) -> std::io::Result<()> {
    std::fs::rename(dir.join(name), dir.join("elsewhere"))?;
    symlink(dir.join("elsewhere"), dir.join(name))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_that_somebody_else_could_have_changed_is_refused_in_words() -> Result<()> {
    ensure!(nix::unistd::geteuid().is_root(), "this needs root: files are given to another user");
    let sandbox = Sandbox::new()?;
    for (number, case) in CASES.iter().enumerate() {
        let profile = sandbox.home().join(format!("profile {number}"));
        let list = ["--json", "accounts"];
        Cli::start_on(&sandbox, &profile, &list)?.wait_for_exit().await?.succeeded()?;
        (case.tamper)(&profile)?;
        let before = contents(&profile)?;
        for command in [list.as_slice(), &["--json", "settings", "proxy", "none"]] {
            let output = Cli::start_on(&sandbox, &profile, command)?.wait_for_exit().await?.exited_with(1)?;
            ensure!(output.problem()? == "profile_not_private", "{}: {}", case.what, output.stdout);
            let message = output.json()?[0]["problem"]["message"].to_string();
            let path = profile.display().to_string();
            ensure!(
                message.contains(&path) && message.contains(case.mend) && message.contains("--profile"),
                "{}: {message}",
                case.what
            );
        }
        ensure!(contents(&profile)? == before, "{}: something was written all the same", case.what);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_refusal_says_to_run_mends_it() -> Result<()> {
    ensure!(nix::unistd::geteuid().is_root(), "this needs root: files are given to another user");
    let sandbox = Sandbox::new()?;
    for case in CASES.iter().filter(|case| case.mend.starts_with("ch")) {
        let profile = sandbox.home().join("a person’s ‘own’ folder").join(case.what);
        let list = ["--json", "accounts"];
        Cli::start_on(&sandbox, &profile, &list)?.wait_for_exit().await?.succeeded()?;
        (case.tamper)(&profile)?;
        let output = Cli::start_on(&sandbox, &profile, &list)?.wait_for_exit().await?.exited_with(1)?;
        let words = output.json()?[0]["problem"]["message"].as_str().unwrap_or_default().to_owned();
        let command = words.split('`').nth(1).unwrap_or_default();
        let status = std::process::Command::new("sh").args(["-c", command]).status()?;
        ensure!(status.success(), "{}: “{command}” does not work", case.what);
        Cli::start_on(&sandbox, &profile, &list)?.wait_for_exit().await?.succeeded()?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_window_says_why_it_does_not_open_somebody_elses_folder() -> Result<()> {
    let desktop = Desktop::start().await?;
    mode(&desktop.sandbox.profile(), 0o777)?;
    let mut command = desktop.sandbox.command(program("tunekey-desktop")?);
    command.arg("--profile").arg(desktop.sandbox.profile());
    let mut app = Process::start(&mut command, &desktop.sandbox.log("refused"))?;
    desktop.screen.wait_for_window("TuneKey", WindowState::Shown).await?;
    desktop.keep_picture("profile-not-private")?;
    let said = app.output()?;
    ensure!(said.contains("chmod go-w") && said.contains("home/profile"), "it says: {said}");
    desktop.screen.close("TuneKey")?;
    let ended = app.wait_for_exit(Duration::from_secs(5)).await?;
    ensure!(ended.code() == Some(1), "it ended with {ended}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_a_window_leaves_is_for_this_user_only_whatever_the_umask() -> Result<()> {
    let desktop = Desktop::start().await?;
    // As an earlier version left them where the group may write.
    let profile = desktop.sandbox.profile();
    std::fs::create_dir(profile.join("webview"))?;
    std::fs::write(profile.join("window.json"), "{}")?;
    mode(&profile.join("webview"), 0o775)?;
    mode(&profile.join("window.json"), 0o664)?;
    // The start script sets a umask that lets everybody do everything.
    let window = desktop.window().await?;
    window.wait_for_text("h1", "Scan once").await?;
    window.invoke("set_preferences", serde_json::json!({ "change": { "theme": "dark" } })).await?;
    window.quit(Duration::from_secs(5)).await?;
    desktop.sign_in("qqmusic:10001").await?;
    let window = desktop.window().await?;
    window.wait_for_text(".vip", "until").await?;

    let paths = everything_in(&profile)?;
    for name in ["window.json", "tray", "webview", "avatars", "ledger.json", "keychain-name.json", "locks"] {
        ensure!(paths.contains(&profile.join(name)), "{name} is not there, so that nothing was seen of it");
    }
    let open: Vec<_> = paths
        .into_iter()
        .filter(|path| {
            // What vanishes while it is looked at is no longer readable for anybody.
            std::fs::symlink_metadata(path)
                .is_ok_and(|found| !found.is_symlink() && found.permissions().mode() & 0o077 != 0)
        })
        .collect();
    ensure!(open.is_empty(), "others may use {open:#?}");
    Ok(())
}

/// Everything below a folder, and the folder.
fn everything_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = vec![folder.to_owned()];
    let mut folders = vec![folder.to_owned()];
    while let Some(at) = folders.pop() {
        for entry in std::fs::read_dir(&at).into_iter().flatten().flatten() {
            found.push(entry.path());
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            }
        }
    }
    Ok(found)
}

/// Each file below a folder, with what it holds.
fn contents(folder: &Path) -> Result<Vec<(PathBuf, Option<Vec<u8>>)>> {
    let mut all: Vec<_> =
        everything_in(folder)?.into_iter().map(|path| (path.clone(), std::fs::read(path).ok())).collect();
    all.sort();
    Ok(all)
}
