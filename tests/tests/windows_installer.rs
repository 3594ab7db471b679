//! The Windows installer, in Wine: what it installs, what it replaces, what it takes away, and what is the user's.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use tunekey_core::{Method, SignInOption};
use tunekey_services::qqmusic;
use tunekey_tests::canary::CANARY;
use tunekey_tests::eventually::{TIMEOUT, until};
use tunekey_tests::fixtures::QQ;
use tunekey_tests::machine::{Machine, System};
use tunekey_tests::process::Process;
use tunekey_tests::programs::cross;
use tunekey_tests::sandbox::Sandbox;
use tunekey_tests::screen::{ENTER, Screen, WindowState};

const PROFILE: &str = r"C:\profile";
const QQ_SCAN: SignInOption = SignInOption { service: qqmusic::ID, method: Method::QqScan };

const VERSION: &str = env!("CARGO_PKG_VERSION");
/// As `cargo xtask cross` numbers the version that comes after this one.
const NEXT_VERSION: &str = "99.0.0";

/// Where Windows looks for what can be uninstalled.
const UNINSTALL: &str = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Uninstall\TuneKey";
const NOTIFIER: &str = r"HKCU\Software\Classes\AppUserModelId\dev.tunekey.desktop";
const ENVIRONMENT: &str = r"HKCU\Environment";
/// Where the WebView2 Runtime says which version it is.
const WEB_VIEW: &str = r"HKCU\Software\Microsoft\EdgeUpdate\Clients\{F3017226-FE2A-4295-8BDF-00C3A9A7E4C5}";

/// What it ends with when one of the programs is running.
const IN_USE: i32 = 3;

const FILES: [&str; 9] = [
    "LICENSE-APACHE.txt",
    "LICENSE-MIT.txt",
    "LICENSE-WebView2Loader.txt",
    "THIRD-PARTY-LICENSES.txt",
    "WebView2Loader.dll",
    "icon.png",
    "tunekey-desktop.exe",
    "tunekey.exe",
    "uninstall.exe",
];

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_in_its_place_and_uninstalling_takes_it_away_and_nothing_else() -> Result<()> {
    let computer = Computer::start(Sandbox::new()?).await?;
    computer.machine.sign_in(QQ_SCAN).await?;
    let before = computer.environment()?;
    ensure!(computer.set_up("this", &[]).await? == 0, "it is not installed");

    let folder = computer.folder()?;
    ensure!(names_in(&folder)? == FILES.map(str::to_owned).into(), "there are {:?}", names_in(&folder)?);
    let shortcut = String::from_utf8_lossy(&std::fs::read(computer.shortcut()?)?).replace('\0', "");
    ensure!(shortcut.contains("tunekey-desktop.exe"), "the Start menu leads elsewhere");
    let entry = computer.values(UNINSTALL)?;
    let says = |name: &str| entry.get(name).map(|(_, value)| value.as_str()).unwrap_or_default();
    ensure!((says("DisplayName"), says("DisplayVersion")) == ("TuneKey", VERSION), "it is {entry:?}");
    ensure!(says("Publisher") == "The TuneKey contributors", "by {entry:?}");
    ensure!(says("DisplayIcon") == computer.spelt(r"\tunekey-desktop.exe,0"), "with {entry:?}");
    ensure!(
        says("UninstallString") == format!("\"{}\"", computer.spelt(r"\uninstall.exe")),
        "with {entry:?}"
    );
    let size: u64 =
        FILES.iter().filter_map(|name| folder.join(name).metadata().ok()).map(|file| file.len()).sum();
    let said = u64::from_str_radix(says("EstimatedSize").trim_start_matches("0x"), 16)? * 1024;
    ensure!(said.abs_diff(size) < 1024 * 1024, "it says {said} bytes, and has {size}");
    ensure!(!computer.values(NOTIFIER)?.is_empty(), "notifications have no name");

    let version = computer.installed("tunekey.exe")?.arg("--version").output()?;
    ensure!(String::from_utf8_lossy(&version.stdout).contains(VERSION), "it says {version:?}");
    computer.cookie("tunekey.exe").context("the account is not found")?;
    // In the user's own profile.
    let set = computer.installed("tunekey.exe")?.args(["settings", "format", "json"]).status()?;
    ensure!(set.success(), "nothing can be set: {set}");

    computer.uninstall().await?;
    ensure!(!computer.shortcut()?.exists(), "the Start menu still has it");
    for key in [UNINSTALL, NOTIFIER] {
        ensure!(computer.values(key)?.is_empty(), "{key} is left");
    }
    ensure!(computer.environment()? == before, "the environment has changed");
    ensure!(computer.user()?.join("AppData/Local/TuneKey/data/ledger.json").is_file(), "the profile is gone");
    let cookie = computer.machine.cli(&["cookie", QQ]).await?.succeeded()?;
    ensure!(cookie.stdout.contains(CANARY), "the credential is gone");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_keeps_the_accounts_and_what_the_user_has_made_of_the_path() -> Result<()> {
    let computer = Computer::start(Sandbox::new()?).await?;
    computer.set_path("REG_SZ", r"C:\tools")?;
    ensure!(computer.set_up("this", &[]).await? == 0, "it is not installed");
    computer.machine.sign_in(QQ_SCAN).await?;
    ensure!(computer.set_up("next", &[]).await? == 0, "it is not upgraded");

    ensure!(computer.version()? == NEXT_VERSION, "it is still {}", computer.version()?);
    computer.cookie("tunekey.exe").context("the account is gone")?;
    let with_entry = format!(r"C:\tools;{}", computer.spelt(""));
    ensure!(computer.path()? == with_entry, "the PATH is {}", computer.path()?);

    // Whoever has taken the entry out does not get it again; who asks for it does.
    computer.set_path("REG_SZ", r"C:\tools")?;
    for (arguments, path) in
        [(&[][..], r"C:\tools"), (&["/PATH=yes"], &with_entry), (&["/PATH=no"], r"C:\tools")]
    {
        ensure!(computer.set_up("next", arguments).await? == 0, "{arguments:?}: it is not installed again");
        ensure!(computer.path()? == path, "{arguments:?}: the PATH is {}", computer.path()?);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_of_any_kind_gets_one_entry_and_is_then_as_it_was_to_the_letter() -> Result<()> {
    // Without the programs, because it is installed many times.
    let computer = Computer::start(Sandbox::new()?).await?;
    // Longer than any text that the installer's own language can hold.
    let long: Vec<String> = (0..200).map(|number| format!(r"C:\Some Folder {number:03}\bin")).collect();
    let long = format!(r"%USERPROFILE%\程序;{};", long.join(";"));
    let similar = format!(r"{0}\bin;C:\x{0};;D:\tools;", computer.spelt(""));
    for (kind, path) in [("REG_EXPAND_SZ", long.as_str()), ("REG_SZ", r"C:\tools"), ("REG_SZ", &similar)] {
        computer.set_path(kind, path)?;
        let (before, every_letter) = (computer.path()?, computer.environment()?);
        for _ in 0..2 {
            ensure!(computer.set_up("small", &["/PATH=yes"]).await? == 0, "it is not installed");
        }
        let entry = computer.values(ENVIRONMENT)?.remove("Path").context("there is no PATH")?;
        ensure!(
            entry == (kind.to_owned(), format!("{before};{}", computer.spelt(""))),
            "the PATH is {entry:?}"
        );
        computer.uninstall().await?;
        ensure!(
            computer.environment()? == every_letter,
            "the PATH was {before}, and is {}",
            computer.path()?
        );
    }
    // A user who has none.
    let removed =
        computer.machine.wine()?.args(["reg.exe", "delete", ENVIRONMENT, "/v", "Path", "/f"]).output()?;
    ensure!(removed.status.success(), "the PATH is not removed");
    ensure!(computer.set_up("small", &[]).await? == 0, "it is not installed");
    ensure!(computer.path()? == computer.spelt(""), "the PATH is {}", computer.path()?);
    computer.uninstall().await?;
    ensure!(!computer.values(ENVIRONMENT)?.contains_key("Path"), "an empty PATH is left");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_replaced_or_removed_while_the_app_is_running() -> Result<()> {
    let mut sandbox = Sandbox::new()?;
    let _opened = sandbox.record_opened_addresses()?;
    let screen = Screen::start(&mut sandbox)?;
    let computer = Computer::start(sandbox).await?;
    ensure!(computer.set_up("this", &[]).await? == 0, "it is not installed");
    let mut command = computer.installed("tunekey-desktop.exe")?;
    let mut app = Process::start(&mut command, &computer.machine.sandbox.log("app"))?;
    // It has no web view, and runs until somebody has read that.
    screen.wait_for_window("TuneKey", WindowState::Shown).await?;

    ensure!(computer.set_up("next", &[]).await? == IN_USE, "it is replaced");
    ensure!(computer.version()? == VERSION, "it is said to be {}", computer.version()?);
    let uninstaller = computer.folder()?.join("uninstall.exe");
    // In place, because a copy of it would be what ends with something.
    let place = format!("_?={}", computer.spelt(""));
    ensure!(computer.run(&uninstaller, &["/S", &place]).await? == IN_USE, "it is removed");
    ensure!(names_in(&computer.folder()?)? == FILES.map(str::to_owned).into(), "something was removed");
    ensure!(computer.shortcut()?.exists(), "the Start menu has it no more");

    screen.activate("TuneKey")?;
    screen.wait_for_focus("TuneKey").await?;
    screen.press(ENTER)?;
    app.wait_for_exit(TIMEOUT).await?;
    ensure!(computer.set_up("next", &[]).await? == 0, "it is not replaced");
    ensure!(computer.version()? == NEXT_VERSION, "it is said to be {}", computer.version()?);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_web_view_the_installer_leads_to_the_page_that_has_it_and_else_to_no_page() -> Result<()> {
    for has_web_view in [false, true] {
        let mut sandbox = Sandbox::new()?;
        let opened = sandbox.record_opened_addresses()?;
        let screen = Screen::start(&mut sandbox)?;
        let computer = Computer::start(sandbox).await?;
        if has_web_view {
            computer.set(WEB_VIEW, "pv", "REG_SZ", "130.0.2849.80")?;
        }
        let mut command = computer.machine.wine()?;
        command.args(["start.exe", "/wait", "/unix"]).arg(installer("this"));
        let _setup = Process::start(&mut command, &computer.machine.sandbox.log("installer"))?;
        screen.wait_for_window("TuneKey Setup", WindowState::Shown).await?;
        screen.activate("TuneKey Setup")?;
        screen.wait_for_focus("TuneKey Setup").await?;
        // Install, and then either the question or the end, which starts the app: each has its answer a key away.
        let came = until("a page to be opened or the app to be started", || async {
            if opened.is_any() || computer.machine.process("tunekey-desktop").is_some() {
                return Ok(opened.is_any());
            }
            screen.press(ENTER)?;
            anyhow::bail!("neither has happened")
        })
        .await?;
        if has_web_view {
            ensure!(!came, "a page was opened that nobody needs");
        } else {
            let address = opened.next().await?;
            ensure!(address.starts_with("https://developer.microsoft.com/"), "it opens {address}");
        }
    }
    Ok(())
}

/// A Windows that TuneKey is installed on, beside the programs that `cargo xtask cross` has built for it.
struct Computer {
    machine: Machine,
}

impl Computer {
    async fn start(sandbox: Sandbox) -> Result<Self> {
        Ok(Self { machine: Machine::start(System::Windows, sandbox, PROFILE).await? })
    }

    /// Runs the installer of one of two versions without a question, and gives what it ends with.
    async fn set_up(&self, version: &str, arguments: &[&str]) -> Result<i32> {
        self.run(&installer(version), &[&["/S"], arguments].concat()).await
    }

    /// Runs the uninstaller without a question, until nothing is left of the folder.
    async fn uninstall(&self) -> Result<()> {
        let folder = self.folder()?;
        ensure!(self.run(&folder.join("uninstall.exe"), &["/S"]).await? == 0, "it does not start");
        // A copy of it goes on: no program can delete itself.
        until("the folder to be gone", || async {
            ensure!(!folder.exists(), "there are {:?}", names_in(&folder)?);
            Ok(())
        })
        .await?;
        until("it to be in no list", || async {
            ensure!(self.values(UNINSTALL)?.is_empty(), "it is in the list");
            Ok(())
        })
        .await
    }

    /// Runs a Windows program to its end.
    async fn run(&self, program: &Path, arguments: &[&str]) -> Result<i32> {
        let mut command = self.command(program)?;
        let mut process = Process::start(command.args(arguments), &self.machine.sandbox.log("installer"))?;
        process.wait_for_exit(TIMEOUT).await?.code().context("a signal has ended it")
    }

    fn command(&self, program: &Path) -> Result<Command> {
        let mut command = self.machine.wine()?;
        command.args(["start.exe", "/b", "/wait", "/unix"]).arg(program);
        Ok(command)
    }

    /// What starts a program from where it was installed.
    fn installed(&self, name: &str) -> Result<Command> {
        self.command(&self.folder()?.join(name))
    }

    /// Reads the account's cookie with an installed program.
    fn cookie(&self, name: &str) -> Result<()> {
        let output = self.installed(name)?.args(["--profile", PROFILE, "cookie", QQ]).output()?;
        ensure!(output.status.success(), "it ends with {}", output.status);
        ensure!(String::from_utf8_lossy(&output.stdout).contains(CANARY), "it says no cookie");
        Ok(())
    }

    /// The user's own folder.
    fn user(&self) -> Result<PathBuf> {
        let users = self.machine.disk()?.join("users");
        let name = names_in(&users)?.into_iter().find(|name| name != "Public");
        Ok(users.join(name.context("there is no user")?))
    }

    /// Where it is installed.
    fn folder(&self) -> Result<PathBuf> {
        Ok(self.user()?.join("AppData/Local/Programs/TuneKey"))
    }

    /// The same followed by a part, as Windows spells it.
    fn spelt(&self, part: &str) -> String {
        let user =
            self.user().ok().and_then(|folder| Some(folder.file_name()?.to_string_lossy().into_owned()));
        format!(r"C:\users\{}\AppData\Local\Programs\TuneKey{part}", user.unwrap_or_default())
    }

    fn shortcut(&self) -> Result<PathBuf> {
        Ok(self.user()?.join("AppData/Roaming/Microsoft/Windows/Start Menu/Programs/TuneKey.lnk"))
    }

    /// What is said to be installed.
    fn version(&self) -> Result<String> {
        let entry = self.values(UNINSTALL)?.remove("DisplayVersion");
        Ok(entry.context("nothing is installed")?.1)
    }

    /// The user's part of the PATH.
    fn path(&self) -> Result<String> {
        Ok(self.values(ENVIRONMENT)?.remove("Path").context("there is no PATH")?.1)
    }

    /// The user's environment as a file that the registry could be restored from: what is shown of it leaves out letters
    /// that the console has not.
    fn environment(&self) -> Result<Vec<u8>> {
        let mut export = self.machine.wine()?;
        let output = export.args(["reg.exe", "export", ENVIRONMENT, r"C:\environment.reg", "/y"]).output()?;
        ensure!(output.status.success(), "it is not exported: {}", output.status);
        Ok(std::fs::read(self.machine.disk()?.join("environment.reg"))?)
    }

    fn set_path(&self, kind: &str, path: &str) -> Result<()> {
        self.set(ENVIRONMENT, "Path", kind, path)
    }

    /// Sets a value of the registry.
    fn set(&self, key: &str, name: &str, kind: &str, value: &str) -> Result<()> {
        let mut add = self.machine.wine()?;
        let output = add.args(["reg.exe", "add", key, "/v", name, "/t", kind, "/d", value, "/f"]).output()?;
        ensure!(output.status.success(), "{key} does not take {name}: {}", output.status);
        Ok(())
    }

    /// The values of a key of the registry: of which type each is, and what it says. None when there is no such key.
    fn values(&self, key: &str) -> Result<BTreeMap<String, (String, String)>> {
        let output = self.machine.wine()?.args(["reg.exe", "query", key]).output()?;
        let text = String::from_utf8(output.stdout)?;
        let values = text.lines().filter_map(|line| {
            let mut parts = line.trim_end_matches('\r').strip_prefix("    ")?.splitn(3, "    ");
            let (name, kind) = (parts.next()?.to_owned(), parts.next()?.to_owned());
            Some((name, (kind, parts.next().unwrap_or_default().to_owned())))
        });
        Ok(values.collect())
    }
}

/// The installer of `this` version or the `next`; the `small` one holds texts in the place of the programs.
fn installer(version: &str) -> PathBuf {
    cross().join("installers").join(format!("{version}-setup.exe"))
}

fn names_in(folder: &Path) -> Result<BTreeSet<String>> {
    let entries = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}
