//! A whole desktop: screen, session bus, keyring, the played services, and marks in every secret they issue.

use std::ffi::OsStr;
use std::sync::{Mutex as StdMutex, PoisonError};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tokio::sync::{Mutex, MutexGuard};
use tunekey_simulator::{Code, Options, Running, Service, Simulator};

use crate::canary::{Marks, Watch};
use crate::cli::{Cli, Ran};
use crate::clipboard::Clipboard;
use crate::keyring::{Bus, Keyring};
use crate::patience::PATIENCE;
use crate::process::Process;
use crate::programs::{program, workspace};
use crate::sandbox::Sandbox;
use crate::screen::{ENTER, ESCAPE, Screen, Standing, TAB};
use crate::tray::Tray;
use crate::window::Window;

/// What every secret contains that the simulator issues: it stands nowhere else.
const MARK: &str = "c0ffee5eca11";

/// After how many seconds a copied cookie is cleared here: the shortest that can be set.
pub const CLEARED_AFTER: u32 = 5;

/// Two windows at once would make every duration a guess on a small machine.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

/// A desktop, with a profile that points at the simulator.
#[derive(Debug)]
pub struct Desktop {
    /// The services.
    pub simulator: Running,
    /// The keyring, if this desktop has one.
    keyring: Option<Keyring>,
    /// The session bus.
    pub bus: Bus,
    /// The screen.
    pub screen: Screen,
    /// The home folder.
    pub sandbox: Sandbox,
    watch: Watch,
    said: StdMutex<Vec<String>>,
    _turn: MutexGuard<'static, ()>,
}

impl Desktop {
    /// A desktop as a person finds it after logging in.
    ///
    /// # Errors
    /// When a part of it does not start.
    pub async fn start() -> Result<Self> {
        let mut desktop = Self::without_keyring().await?;
        desktop.keyring = Some(Keyring::start(&desktop.sandbox, &desktop.bus).await?);
        Ok(desktop)
    }

    /// A desktop on which no program keeps secrets.
    ///
    /// # Errors
    /// When a part of it does not start.
    pub async fn without_keyring() -> Result<Self> {
        let turn = ONE_AT_A_TIME.lock().await;
        let mut sandbox = Sandbox::new()?;
        let bus = Bus::start(&mut sandbox)?;
        let screen = Screen::start(&mut sandbox)?;
        let mut options = Options::default();
        options.ca_out = Some(sandbox.root().join("ca.pem"));
        let simulator = Simulator::start(options).await?;
        simulator.plant_canary(Some(MARK));
        let watch = Watch::start();
        let desktop = Self {
            simulator,
            keyring: None,
            bus,
            screen,
            sandbox,
            watch,
            said: StdMutex::default(),
            _turn: turn,
        };
        let ca = desktop.sandbox.root().join("ca.pem");
        for (key, value) in [
            ("proxy", desktop.simulator.proxy_url.clone()),
            ("extra-ca", ca.display().to_string()),
            ("clipboard-seconds", CLEARED_AFTER.to_string()),
        ] {
            desktop.cli(&["settings", key, &value]).await?.succeeded()?;
        }
        Ok(desktop)
    }

    /// The keyring.
    ///
    /// # Panics
    /// On a desktop without one.
    pub fn keyring(&self) -> &Keyring {
        self.keyring.as_ref().expect("this desktop has a keyring")
    }

    /// Starts a keyring on a desktop that has none yet.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn start_keyring(&mut self) -> Result<()> {
        self.keyring = Some(Keyring::start(&self.sandbox, &self.bus).await?);
        Ok(())
    }

    /// Ends the keyring, as if it had never been there.
    pub fn stop_keyring(&mut self) {
        self.keyring = None;
    }

    /// Opens the app's window.
    ///
    /// # Errors
    /// When it does not come.
    pub async fn window(&self) -> Result<Window> {
        Window::open(&self.sandbox).await
    }

    /// The app's tray menu.
    ///
    /// # Errors
    /// When it has none.
    pub async fn tray(&self, window: &Window) -> Result<Tray> {
        Tray::of(&self.bus, window.app()).await
    }

    /// The clipboard.
    pub fn clipboard(&self) -> Clipboard<'_> {
        Clipboard::of(&self.sandbox)
    }

    /// Runs the command line to its end, logging at `trace`; what it says is searched for marks later.
    ///
    /// # Errors
    /// When it does not end.
    pub async fn cli<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Result<Ran> {
        self.finished(self.cli_start(arguments)?).await
    }

    /// Starts the command line.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn cli_start<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Result<Cli> {
        Cli::start(&self.sandbox, arguments)
    }

    /// Waits for the command line to end.
    ///
    /// # Errors
    /// When it does not.
    pub async fn finished(&self, cli: Cli) -> Result<Ran> {
        let ran = cli.ended().await?;
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.push(ran.log.clone());
        if !ran.prints_secret {
            said.push(ran.out.clone());
        }
        Ok(ran)
    }

    /// Waits for a code on the screen that was not there before `after`.
    ///
    /// # Errors
    /// When none comes.
    pub async fn code(&self, service: Service, after: u64) -> Result<Code> {
        tokio::time::timeout(PATIENCE, self.simulator.next_code(service, after))
            .await
            .context("no code was asked for")
    }

    /// Signs an account in by the command line: the quick way to a desktop that has one.
    ///
    /// # Errors
    /// When the sign-in fails.
    pub async fn signed_in(&self, account: &str) -> Result<()> {
        let service = service_of(account);
        let after = self.simulator.codes().last().map_or(0, |code| code.id);
        let sign_in = self.cli_start(&["--json", "sign-in", service.name()])?;
        self.confirmed(sign_in, account, after).await
    }

    /// Scans and confirms the code that a sign-in has asked for since `after`, and waits for its good end.
    async fn confirmed(&self, mut sign_in: Cli, account: &str, after: u64) -> Result<()> {
        // Its own word comes first: when it shows no code, it says why.
        sign_in.step("show_code").await?;
        let code = self.code(service_of(account), after).await?;
        self.simulator.scan(code.id, Some(account))?;
        self.simulator.confirm(code.id)?;
        self.finished(sign_in).await?.succeeded().map(drop)
    }

    /// A cookie of an account, from a sign-in on another profile: what a person may have from elsewhere.
    ///
    /// # Errors
    /// When the sign-in fails.
    pub async fn cookie_from_elsewhere(&self, account: &str) -> Result<String> {
        let profile = self.sandbox.home().join("elsewhere");
        let run = |arguments: &[&str]| Cli::start_on(&self.sandbox, &profile, arguments);
        let authority = self.sandbox.root().join("ca.pem").display().to_string();
        for (key, value) in [("proxy", self.simulator.proxy_url.as_str()), ("extra-ca", &authority)] {
            self.finished(run(&["settings", key, value])?).await?.succeeded()?;
        }
        let service = service_of(account);
        let after = self.simulator.codes().last().map_or(0, |code| code.id);
        let sign_in = run(&["--json", "sign-in", service.name()])?;
        self.confirmed(sign_in, account, after).await?;
        let format = if service == Service::QqMusic { "qqmusicapi" } else { "header" };
        let ran = self.finished(run(&["cookie", account, "--format", format])?).await?.succeeded()?;
        Ok(ran.out.trim_end().to_owned())
    }

    /// The newest credential that the services have issued for an account.
    ///
    /// # Errors
    /// When there is none.
    pub fn newest(&self, account: &str) -> Result<tunekey_simulator::Credential> {
        let issued =
            self.simulator.ledger().into_iter().rev().find(|credential| credential.account == account);
        issued.with_context(|| format!("{account} has no credential"))
    }

    /// Whether the keychain holds the newest credential of an account, with all its key's letters.
    ///
    /// # Errors
    /// When the keychain does not answer.
    pub async fn keeps_newest(&self, account: &str) -> Result<bool> {
        let newest = self.newest(account)?;
        let key = key_of(&newest);
        // A credential may be split over items, so the beginning of the key is looked for.
        let beginning = &key.as_bytes()[..key.len().min(60)];
        let items = self.keyring().items().await?;
        Ok(items.values().any(|item| item.windows(beginning.len()).any(|part| part == beginning)))
    }

    /// Answers a question of the system's own, which no page can answer, as a person does at the keyboard.
    ///
    /// # Errors
    /// When it is not asked.
    pub async fn answers(&self, question: &str, yes: bool) -> Result<()> {
        // The button that says yes comes after the one that has the focus.
        self.answers_by(question, if yes { &[TAB, ENTER] } else { &[ESCAPE] }).await
    }

    /// Presses these keys while that question is asked, after which it is no longer.
    ///
    /// # Errors
    /// When it is not asked, or goes on being.
    pub async fn answers_by(&self, question: &str, keys: &[u32]) -> Result<()> {
        self.screen.window_is(question, Standing::Shown).await?;
        self.screen.activate(question)?;
        self.screen.is_active(question).await?;
        for key in keys {
            self.screen.press(*key)?;
        }
        self.screen.window_is(question, Standing::Hidden).await
    }

    /// Starts the app without a window, as at a log-in.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn hidden_app(&self) -> Result<Process> {
        let mut command = self.sandbox.command(program("tunekey-desktop")?);
        command.arg("--profile").arg(self.sandbox.profile()).args(["--hidden", "--log", "trace"]);
        Process::start(&mut command, &self.sandbox.log("app"))
    }

    /// Starts the app once more, as from a menu.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn another_app(&self) -> Result<Process> {
        let mut command = self.sandbox.command(program("tunekey-desktop")?);
        command.arg("--profile").arg(self.sandbox.profile()).args(["--log", "trace"]);
        Process::start(&mut command, &self.sandbox.log("another-app"))
    }

    /// Another process has found that an account needs a new sign-in, and heard what its owner is called now. Written
    /// where that is kept, because no service says so twice within the time that a test has.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn is_found_dead(&self, account: &str, nickname: &str) -> Result<()> {
        self.another_process_writes(account, |record| {
            record["nickname"] = nickname.into();
            record["health"] = json!({
                "state": "needs_sign_in",
                "since": jiff::Timestamp::now().to_string(),
                "reason": "rejected",
            });
        })
    }

    /// Another process has found that an account's key cannot be renewed, and ends in so many hours.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn is_found_to_end_in(&self, account: &str, hours: i64) -> Result<()> {
        let end = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(hours);
        self.another_process_writes(account, |record| {
            record["renewability"] = "not_renewable".into();
            record["life"]["renew_at"] = Value::Null;
            record["life"]["expires_at"] = end.to_string().into();
        })
    }

    /// Another process has found this of an account that was fine before.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn is_found(&self, account: &str, found: Value) -> Result<()> {
        self.another_process_writes(account, |record| {
            record["health"] = json!({ "state": "healthy" });
            record["renewability"] = "renewable".into();
            record["renewals"] = json!([]);
            record["failures"] = 0.into();
            if let (Some(record), Value::Object(found)) = (record.as_object_mut(), found) {
                record.extend(found);
            }
        })
    }

    /// The first refusal of an account's credential was so many seconds ago: a second one counts only after a minute.
    ///
    /// # Errors
    /// When there was none, or it cannot be written.
    pub fn was_refused_before(&self, account: &str, seconds: i64) -> Result<()> {
        let at = jiff::Timestamp::now() - jiff::SignedDuration::from_secs(seconds);
        self.another_process_writes(account, |record| record["evidence"]["at"] = at.to_string().into())
    }

    fn another_process_writes(&self, account: &str, change: impl FnOnce(&mut Value)) -> Result<()> {
        let path = self.sandbox.profile().join("ledger.json");
        let mut ledger: Value = serde_json::from_slice(&std::fs::read(&path)?)?;
        let records = ledger["accounts"].as_array_mut().context("the ledger lists no accounts")?;
        let record = records.iter_mut().find(|one| one["id"] == account).context("no such account")?;
        change(record);
        let new = path.with_extension("new");
        std::fs::write(&new, serde_json::to_vec(&ledger)?)?;
        Ok(std::fs::rename(new, path)?)
    }

    /// Keeps a picture of the whole screen in `target/pictures/`, for people to look at.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep_picture(&self, name: &str) -> Result<()> {
        let folder = workspace().join("target/pictures");
        std::fs::create_dir_all(&folder)?;
        Ok(self.screen.picture()?.save(folder.join(name).with_extension("png"))?)
    }

    /// What the app has logged, at its most talkative.
    ///
    /// # Errors
    /// When there is no log.
    pub fn app_log(&self) -> Result<String> {
        std::fs::read_to_string(self.sandbox.log("app")).context("the app has not said a word")
    }

    /// Looks for the marks in every place where no secret may be: files outside the keychain, logs, arguments and
    /// environments of all processes, what the command line said, and what these windows hold and have received.
    ///
    /// # Errors
    /// When a mark is found; the error says where.
    pub async fn no_secret_leaked(&self, windows: &[&Window]) -> Result<()> {
        let issued: Vec<String> =
            self.simulator.ledger().into_iter().flat_map(|one| one.secrets.into_values()).collect();
        let codes: Vec<String> = self.simulator.codes().into_iter().map(|code| code.key).collect();
        let messages = self.simulator.text_messages().into_iter();
        let (phones, typed): (Vec<_>, Vec<_>) = messages.map(|message| (message.phone, message.code)).unzip();
        ensure!(
            !phones.is_empty() || issued.iter().chain(&codes).any(|secret| secret.contains(MARK)),
            "no secret carries a mark, so that looking for it proves nothing"
        );
        let marks = Marks::new(codes.into_iter().chain(phones).chain([MARK.to_owned()]))?.and_codes(typed);
        for window in windows {
            marks.check("the page", window.page().await?)?;
        }
        for said in self.said.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            marks.check("what the command line said", said)?;
        }
        self.watch.check(&marks, self.sandbox.opener().as_deref())?;
        self.marks_are_what_is_kept(&marks).await?;
        marks.check_files(self.sandbox.root(), &self.sandbox.keyrings())
    }

    /// Finds the marks where they belong, so that not finding them elsewhere proves something.
    async fn marks_are_what_is_kept(&self, marks: &Marks) -> Result<()> {
        let Some(keyring) = &self.keyring else { return Ok(()) };
        // A locked keyring does not show what it holds.
        if keyring.is_locked().await? {
            return Ok(());
        }
        let items = keyring.items().await?;
        ensure!(
            items.is_empty() || items.values().any(|item| marks.find(item).is_some()),
            "the keychain holds no mark"
        );
        Ok(())
    }
}

/// The service of an account's id.
pub fn service_of(account: &str) -> Service {
    if account.starts_with("netease") { Service::NetEase } else { Service::QqMusic }
}

/// The key itself, of all that a credential holds.
pub fn key_of(credential: &tunekey_simulator::Credential) -> &str {
    let name = match credential.service {
        Service::NetEase => "MUSIC_U",
        _ => "musickey",
    };
    credential.secrets.get(name).map_or("", String::as_str)
}
