//! A browser that runs: how it is started, and that nothing of it is left. For `lib.rs`.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use command_fds::{CommandFdExt as _, FdMapping};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use serde_json::json;
use tempfile::TempDir;
use tunekey_core::{Problem, ProblemCode, Proxy};

use crate::devtools::DevTools;
use crate::installed::InstalledBrowser;
use crate::unexpected;

/// Where a browser reads its messages, and where it writes.
const READS: i32 = 3;
const WRITES: i32 = 4;

/// How long a browser may take to end by itself.
const CLOSE_LIMIT: Duration = Duration::from_secs(3);

/// How often a profile is tried to be removed, and the pause between: what was ended may write for a moment still.
const REMOVALS: usize = 20;
const REMOVAL_PAUSE: Duration = Duration::from_millis(25);

/// A browser that runs. Dropping it ends it, with all that it has started, and removes its profile.
#[derive(Debug)]
pub(crate) struct Browser {
    devtools: DevTools,
    child: Child,
    profile: TempDir,
}

impl Browser {
    /// Starts it with a profile of its own, on an empty page. Must be called on a runtime.
    ///
    /// # Errors
    /// `NotFound` when there is no such program, or it cannot be run; `InvalidInput` for a proxy that it cannot use;
    /// `Unexpected` when there is no room for a profile.
    pub(crate) fn start(installed: &InstalledBrowser, proxy: &Proxy) -> Result<Self, Problem> {
        let mut profile = tempfile::Builder::new();
        profile.prefix("tunekey-page-").permissions(Permissions::from_mode(0o700));
        let profile = profile.tempdir().map_err(|error| unexpected(&error))?;
        let pipes = || -> io::Result<_> { Ok((io::pipe()?, io::pipe()?)) };
        let ((its_in, our_out), (our_in, its_out)) = pipes().map_err(|error| unexpected(&error))?;
        let mut command = Command::new(installed.program());
        command.args(arguments(profile.path(), proxy));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        // Ctrl-C in a terminal is for us; and all that it starts can be ended together.
        command.process_group(0);
        // What systemd has given to us is for nobody else.
        command.env_remove("CREDENTIALS_DIRECTORY").env_remove("NOTIFY_SOCKET");
        let ends = vec![
            FdMapping { parent_fd: its_in.into(), child_fd: READS },
            FdMapping { parent_fd: its_out.into(), child_fd: WRITES },
        ];
        command.fd_mappings(ends).map_err(|error| unexpected(&io::Error::other(error)))?;
        let child = command.spawn().map_err(|error| not_started(installed, &error))?;
        // Its ends are held by the command until now.
        drop(command);
        let devtools = DevTools::new(our_out.into(), our_in.into()).map_err(|error| unexpected(&error))?;
        Ok(Self { devtools, child, profile })
    }

    /// How it is spoken to.
    pub(crate) fn devtools(&mut self) -> &mut DevTools {
        &mut self.devtools
    }

    /// Lets it end by itself, as far as it does so in time.
    pub(crate) async fn close(mut self) {
        if self.devtools.send(None, "Browser.close", json!({})).await.is_ok() {
            let gone = async { while let Ok(Some(_)) = self.devtools.next().await {} };
            drop(tokio::time::timeout(CLOSE_LIMIT, gone).await);
        }
        // What is left of it takes a moment to end, which must not stop others here.
        drop(tokio::task::spawn_blocking(move || drop(self)).await);
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if let Some(group) = i32::try_from(self.child.id()).ok().map(Pid::from_raw) {
            // That all of them have ended by themselves is what is usual.
            let _ = killpg(group, Signal::SIGKILL);
        }
        if let Err(error) = self.child.wait() {
            tracing::warn!(%error, "a browser was not waited for");
        }
        let is_removed = (0..REMOVALS).any(|_| {
            let is_removed = std::fs::remove_dir_all(self.profile.path()).is_ok();
            if !is_removed {
                std::thread::sleep(REMOVAL_PAUSE);
            }
            is_removed
        });
        if !is_removed && self.profile.path().exists() {
            tracing::warn!(profile = %self.profile.path().display(), "a browser’s profile was not removed");
        }
    }
}

/// What it is started with: a profile that is thrown away, as little as can be that calls its maker, nothing that asks.
fn arguments(profile: &Path, proxy: &Proxy) -> Vec<String> {
    let mut arguments = vec![format!("--user-data-dir={}", profile.display())];
    arguments.extend(
        [
            "--remote-debugging-pipe",
            "--no-first-run",
            "--no-default-browser-check",
            "--no-service-autorun",
            "--deny-permission-prompts",
            "--disable-background-networking",
            "--disable-breakpad",
            "--disable-component-update",
            "--disable-default-apps",
            "--disable-domain-reliability",
            "--disable-extensions",
            "--disable-component-extensions-with-background-pages",
            // Nothing is looked up of what is visited, and no clock or search engine asked at the start.
            "--disable-features=MediaRouter,NetworkTimeServiceQuerying,OptimizationHints,PreconnectToSearch,Translate,\
             msSmartScreenProtection",
            "--disable-sync",
            "--hide-crash-restore-bubble",
            // Else it asks for the keychain, in which it wants to keep a key for cookies that are thrown away.
            "--password-store=basic",
            "--use-mock-keychain",
            "--window-size=560,780",
            // A window without tabs. It shows the host once that is not its first page's.
            "--app=about:blank",
        ]
        .map(str::to_owned),
    );
    match proxy {
        // It reads the system's setting by itself.
        Proxy::System => {}
        Proxy::None => arguments.push("--no-proxy-server".to_owned()),
        // It always lets a SOCKS 5 proxy look up names.
        Proxy::Manual(address) => {
            arguments.push(format!("--proxy-server={}", address.replacen("socks5h:", "socks5:", 1)));
        }
    }
    arguments
}

fn not_started(installed: &InstalledBrowser, error: &io::Error) -> Problem {
    let program = installed.program().display().to_string();
    let program = tunekey_core::display_text::escaped(&program);
    Problem::new(ProblemCode::NotFound).with_detail(format!("starting {program}: {error}")).with_words(
        format!("The browser {program} can’t be started. Name another: --browser FILE."),
        format!("无法启动浏览器 {program}。请用 --browser 指定其他浏览器。"),
    )
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_browser_is_told_which_way_to_go() {
        let told = |proxy| arguments(Path::new("/tmp/p"), &proxy).join(" ");
        assert!(!told(Proxy::System).contains("proxy"), "it looks for itself");
        assert!(told(Proxy::None).contains("--no-proxy-server"));
        let manual = told(Proxy::Manual("socks5h://127.0.0.1:1080".to_owned()));
        assert!(manual.contains("--proxy-server=socks5://127.0.0.1:1080"), "{manual}");
    }

    #[tokio::test]
    async fn a_browser_that_is_not_there_is_said_to_be_that() {
        let nowhere = InstalledBrowser::at("/no/such/browser".into());
        let problem = Browser::start(&nowhere, &Proxy::None).expect_err("it is not there");
        assert_eq!(problem.code, ProblemCode::NotFound);
        assert!(problem.message(tunekey_core::Language::English).contains("/no/such/browser"), "{problem:?}");
    }

    #[tokio::test]
    async fn nothing_is_left_of_a_browser_that_does_not_end_by_itself() {
        let dir = tempfile::tempdir().expect("a folder");
        let (program, fifo) = (dir.path().join("browser"), dir.path().join("open"));
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).expect("pipes can be made");
        // It says where its profile is, and starts something that goes on.
        let script = format!(
            "#!/bin/sh\nexec 5> {}\nfor argument; do case $argument in --user-data-dir=*) profile=${{argument#*=}};; esac; done\n\
             echo x > \"$profile/file\"\nprintf '{{\"method\":\"%s\"}}\\0' \"$profile\" >&4\nsleep 600 & wait\n",
            fifo.display()
        );
        // Another process writes the program: what this one has open for writing, the children of other tests may have
        // open as well when it is to start.
        let text = dir.path().join("text");
        std::fs::File::create(&text).expect("room").write_all(script.as_bytes()).expect("room");
        let mut install = std::process::Command::new("install");
        assert!(install.arg("--mode=755").args([&text, &program]).status().expect("it is there").success());
        // It ends when the last of those that have it open has ended.
        let all_ended = tokio::task::spawn_blocking(move || std::fs::read(fifo).map(drop));
        let mut browser = Browser::start(&InstalledBrowser::at(program), &Proxy::None).expect("it starts");
        let said = browser.devtools().next().await.expect("it is read").expect("it is there");
        let crate::devtools::Message::Event { method: profile, .. } = said else { panic!("it is an event") };
        let about = std::fs::metadata(&profile).expect("the profile is there");
        assert_eq!(about.permissions().mode() & 0o777, 0o700);
        drop(browser);
        assert!(!Path::new(&profile).exists(), "its profile is gone");
        let all_ended = tokio::time::timeout(Duration::from_secs(20), all_ended).await;
        all_ended.expect("what it had started still runs").expect("it is read").expect("it can be read");
    }
}
