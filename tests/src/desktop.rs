//! A whole desktop: screen, session bus, keyring, and a simulator that plants a canary in every secret. For the suites
//! of the whole product, the demo and the benchmarks.

use std::ffi::OsStr;
use std::sync::{Mutex as StdMutex, PoisonError};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tokio::sync::{Mutex, MutexGuard};
use tunekey_core::{Method, SignInOption};
use tunekey_simulator::{Code, CodeState, Options, Running, Service, Simulator};

use crate::canary::{CANARY, Canaries, ProcessWatch};
use crate::cli::{Cli, CommandOutput};
use crate::clipboard::Clipboard;
use crate::eventually::TIMEOUT;
use crate::fixtures::{PAGE_METHOD, account_for, service_of, simulator_service};
use crate::keyring::{Bus, Keyring};
use crate::process::Process;
use crate::programs::{program, workspace};
use crate::sandbox::Sandbox;
use crate::screen::{ENTER, ESCAPE, Screen, TAB, WindowState};
use crate::tray::Tray;
use crate::window::Window;

/// The seconds after which a copied cookie is cleared here: the shortest that can be set.
pub const CLEARED_AFTER: u32 = 5;

/// Desktops of one suite run one at a time: many windows at once would make every duration a guess on a small machine.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

/// A desktop, with a profile that points at the simulator.
#[derive(Debug)]
pub struct Desktop {
    /// The simulator of the services.
    pub simulator: Running,
    /// The keyring, if this desktop has one.
    keyring: Option<Keyring>,
    /// The session bus.
    pub bus: Bus,
    /// The screen.
    pub screen: Screen,
    /// The home folder.
    pub sandbox: Sandbox,
    watch: ProcessWatch,
    outputs: StdMutex<Vec<String>>,
    _exclusive: MutexGuard<'static, ()>,
}

impl Desktop {
    /// Starts a desktop as a user finds it after logging in.
    ///
    /// # Errors
    /// When a part of it does not start.
    pub async fn start() -> Result<Self> {
        let mut desktop = Self::without_keyring().await?;
        desktop.keyring = Some(Keyring::start(&desktop.sandbox, &desktop.bus).await?);
        Ok(desktop)
    }

    /// Starts a desktop without a keyring.
    ///
    /// # Errors
    /// When a part of it does not start.
    pub async fn without_keyring() -> Result<Self> {
        let exclusive = ONE_AT_A_TIME.lock().await;
        let mut sandbox = Sandbox::new()?;
        let bus = Bus::start(&mut sandbox)?;
        let screen = Screen::start(&mut sandbox)?;
        let mut options = Options::default();
        options.ca_out = Some(sandbox.root().join("ca.pem"));
        let simulator = Simulator::start(options).await?;
        simulator.plant_canary(Some(CANARY));
        let watch = ProcessWatch::start(sandbox.root());
        let desktop = Self {
            simulator,
            keyring: None,
            bus,
            screen,
            sandbox,
            watch,
            outputs: StdMutex::default(),
            _exclusive: exclusive,
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

    /// Runs the command line to its end, logging at `trace`. Its output is searched for canaries later.
    ///
    /// # Errors
    /// When it does not end.
    pub async fn cli<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Result<CommandOutput> {
        self.finish(self.start_cli(arguments)?).await
    }

    /// Starts the command line.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start_cli<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Result<Cli> {
        Cli::start(&self.sandbox, arguments)
    }

    /// Waits for the command line to end.
    ///
    /// # Errors
    /// When it does not.
    pub async fn finish(&self, cli: Cli) -> Result<CommandOutput> {
        let output = cli.wait_for_exit().await?;
        let mut outputs = self.outputs.lock().unwrap_or_else(PoisonError::into_inner);
        outputs.push(output.stderr.clone());
        if !output.prints_secret {
            outputs.push(output.stdout.clone());
        }
        Ok(output)
    }

    /// Waits for a code that is newer than the one with the id `after`.
    ///
    /// # Errors
    /// When none comes.
    pub async fn next_code(&self, service: Service, after: u64) -> Result<Code> {
        tokio::time::timeout(TIMEOUT, self.simulator.next_code(service, after))
            .await
            .context("no code was asked for")
    }

    /// Waits for the newest code to scan that is shown for a sign-in option, or for its page. Returns its id.
    ///
    /// # Errors
    /// When none comes.
    pub async fn shown_code(&self, option: SignInOption) -> Result<u64> {
        let service = simulator_service(option.service);
        // A code of an option that was left before stays as it was.
        let is_page = option.method == Method::OfficialPage;
        let shown = self.simulator.until(|state| {
            let codes = state.codes();
            codes
                .iter()
                .rfind(|code| code.service == service && code.state == CodeState::Shown)
                .filter(|code| (code.method == PAGE_METHOD) == is_page)
                .map(|code| code.id)
        });
        let id = tokio::time::timeout(TIMEOUT, shown).await;
        id.with_context(|| format!("{} {}: no code was asked for", option.service, option.method))
    }

    /// The phone number of the account that signs in by an option.
    ///
    /// # Errors
    /// When there is no such account.
    pub fn phone_of(&self, option: SignInOption) -> Result<String> {
        let accounts = self.simulator.accounts();
        let owner = accounts.into_iter().find(|account| account.id == account_for(option));
        Ok(owner.context("no such account")?.phone)
    }

    /// The code of the newest text message to that number.
    ///
    /// # Errors
    /// When no message was sent.
    pub fn text_code_for(&self, option: SignInOption) -> Result<String> {
        let phone = self.phone_of(option)?;
        let messages = self.simulator.text_messages();
        let message = messages.into_iter().rfind(|message| message.phone == phone);
        Ok(message.context("no message came")?.code)
    }

    /// Signs an account in through the command line, which is quicker than the window.
    ///
    /// # Errors
    /// When the sign-in fails.
    pub async fn sign_in(&self, account: &str) -> Result<()> {
        let service = service_of(account);
        let after = self.simulator.codes().last().map_or(0, |code| code.id);
        let sign_in = self.start_cli(&["--json", "sign-in", service.name()])?;
        self.confirm(sign_in, account, after).await
    }

    /// Signs in once more, for a delivery alone.
    ///
    /// # Errors
    /// When it fails.
    pub async fn sign_in_for(&self, delivery: &str, account: &str) -> Result<()> {
        let after = self.simulator.codes().last().map_or(0, |code| code.id);
        let sign_in = self.start_cli(&["--json", "delivery", "sign-in", delivery])?;
        self.confirm(sign_in, account, after).await
    }

    /// Scans and confirms the code that a sign-in has asked for since `after`, and waits until it has succeeded.
    async fn confirm(&self, mut sign_in: Cli, account: &str, after: u64) -> Result<()> {
        // When it shows no code, its output says why.
        sign_in.wait_for_step("show_code").await?;
        let code = self.next_code(service_of(account), after).await?;
        self.simulator.scan(code.id, Some(account))?;
        self.simulator.confirm(code.id)?;
        self.finish(sign_in).await?.succeeded().map(drop)
    }

    /// A cookie of an account, from a sign-in on another profile.
    ///
    /// # Errors
    /// When the sign-in fails.
    pub async fn cookie_from_elsewhere(&self, account: &str) -> Result<String> {
        let profile = self.sandbox.home().join("elsewhere");
        let run = |arguments: &[&str]| Cli::start_on(&self.sandbox, &profile, arguments);
        let authority = self.sandbox.root().join("ca.pem").display().to_string();
        for (key, value) in [("proxy", self.simulator.proxy_url.as_str()), ("extra-ca", &authority)] {
            self.finish(run(&["settings", key, value])?).await?.succeeded()?;
        }
        let service = service_of(account);
        let after = self.simulator.codes().last().map_or(0, |code| code.id);
        let sign_in = run(&["--json", "sign-in", service.name()])?;
        self.confirm(sign_in, account, after).await?;
        let format = if service == Service::QqMusic { "qqmusicapi" } else { "header" };
        let output = self.finish(run(&["cookie", account, "--format", format])?).await?.succeeded()?;
        Ok(output.stdout.trim_end().to_owned())
    }

    /// The newest credential that the simulator has issued for an account.
    ///
    /// # Errors
    /// When there is none.
    pub fn newest_credential(&self, account: &str) -> Result<tunekey_simulator::Credential> {
        let issued =
            self.simulator.ledger().into_iter().rev().find(|credential| credential.account == account);
        issued.with_context(|| format!("{account} has no credential"))
    }

    /// Whether the keychain holds the newest credential of an account.
    ///
    /// # Errors
    /// When the keychain does not answer.
    pub async fn stores_newest_credential(&self, account: &str) -> Result<bool> {
        let newest = self.newest_credential(account)?;
        let key = key_of(&newest);
        // A credential may be split over items, so the beginning of the key is looked for.
        let beginning = &key.as_bytes()[..key.len().min(60)];
        let items = self.keyring().items().await?;
        Ok(items.values().any(|item| item.windows(beginning.len()).any(|part| part == beginning)))
    }

    /// Answers a dialog of the system's with the keyboard: no page can answer it.
    ///
    /// # Errors
    /// When it is not asked.
    pub async fn answer_dialog(&self, question: &str, yes: bool) -> Result<()> {
        // The button that says yes comes after the one that has the focus.
        self.answer_dialog_with(question, if yes { &[TAB, ENTER] } else { &[ESCAPE] }).await
    }

    /// Presses these keys in a dialog, and waits until it has closed.
    ///
    /// # Errors
    /// When it is not asked, or goes on being.
    pub async fn answer_dialog_with(&self, question: &str, keys: &[u32]) -> Result<()> {
        self.screen.wait_for_window(question, WindowState::Shown).await?;
        self.screen.activate(question)?;
        self.screen.wait_for_focus(question).await?;
        for key in keys {
            self.screen.press(*key)?;
        }
        self.screen.wait_for_window(question, WindowState::Hidden).await
    }

    /// Starts the app, as from a menu, without a driver for its window.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start_app(&self) -> Result<Process> {
        self.start_process(&[], "app")
    }

    /// Starts the app without a window, as at a log-in.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start_hidden_app(&self) -> Result<Process> {
        self.start_process(&["--hidden"], "app")
    }

    /// Starts the app once more, as from a menu.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start_second_app(&self) -> Result<Process> {
        self.start_process(&[], "another-app")
    }

    fn start_process(&self, arguments: &[&str], log: &str) -> Result<Process> {
        let mut command = self.sandbox.command(program("tunekey-desktop")?);
        command.arg("--profile").arg(self.sandbox.profile()).args(["--log", "trace"]).args(arguments);
        Process::start(&mut command, &self.sandbox.log(log))
    }

    /// Records, as another process would, that an account needs a new sign-in, and a new nickname. Written to the
    /// ledger, because a service's second refusal counts only after longer than a test has.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn record_rejection(&self, account: &str, nickname: &str) -> Result<()> {
        self.edit_ledger(account, |record| {
            record["nickname"] = nickname.into();
            record["health"] = json!({
                "state": "needs_sign_in",
                "since": jiff::Timestamp::now().to_string(),
                "reason": "rejected",
            });
        })
    }

    /// Records, as another process would, that an account's key cannot be renewed and expires in so many hours.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn record_expiry(&self, account: &str, hours: i64) -> Result<()> {
        let end = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(hours);
        self.edit_ledger(account, |record| {
            record["renewability"] = "not_renewable".into();
            record["life"]["renew_at"] = Value::Null;
            record["life"]["expires_at"] = end.to_string().into();
        })
    }

    /// Records, as another process would, these fields of an account that was healthy before.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn record_state(&self, account: &str, fields: Value) -> Result<()> {
        self.edit_ledger(account, |record| {
            record["health"] = json!({ "state": "healthy" });
            record["renewability"] = "renewable".into();
            record["renewals"] = json!([]);
            record["failures"] = 0.into();
            if let (Some(record), Value::Object(fields)) = (record.as_object_mut(), fields) {
                record.extend(fields);
            }
        })
    }

    /// Moves the first refusal of an account's credential so many seconds into the past: a second one counts only after
    /// a minute.
    ///
    /// # Errors
    /// When there was none, or it cannot be written.
    pub fn backdate_refusal(&self, account: &str, seconds: i64) -> Result<()> {
        let at = jiff::Timestamp::now() - jiff::SignedDuration::from_secs(seconds);
        self.edit_ledger(account, |record| {
            let evidence = &mut record["evidence"];
            evidence["at"] = at.to_string().into();
            let boot = evidence["boot_ms"].as_i64().unwrap_or_default();
            evidence["boot_ms"] = (boot - seconds * 1000).max(0).into();
        })
    }

    fn edit_ledger(&self, account: &str, change: impl FnOnce(&mut Value)) -> Result<()> {
        let path = self.sandbox.profile().join("ledger.json");
        // As every writer does: what the app writes at the same time would be lost, or this.
        let lock = std::fs::File::open(path.with_extension("lock"))?;
        lock.lock()?;
        let mut ledger: Value = serde_json::from_slice(&std::fs::read(&path)?)?;
        let records = ledger["accounts"].as_array_mut().context("the ledger lists no accounts")?;
        let record = records.iter_mut().find(|one| one["id"] == account).context("no such account")?;
        change(record);
        let new = path.with_extension("new");
        std::fs::write(&new, serde_json::to_vec(&ledger)?)?;
        Ok(std::fs::rename(new, path)?)
    }

    /// Saves a picture of the whole screen in `target/pictures/`, for people to look at.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep_picture(&self, name: &str) -> Result<()> {
        let folder = workspace().join("target/pictures");
        std::fs::create_dir_all(&folder)?;
        Ok(self.screen.picture()?.save(folder.join(name).with_extension("png"))?)
    }

    /// The app's log, at `trace`.
    ///
    /// # Errors
    /// When there is no log.
    pub fn app_log(&self) -> Result<String> {
        std::fs::read_to_string(self.sandbox.log("app")).context("the app has logged nothing")
    }

    /// Searches every place where no secret may be for canaries: files outside the keychain, logs, arguments and
    /// environments of all processes, the command line's output, and what these windows hold and have received.
    ///
    /// # Errors
    /// When a canary is found. The error says where.
    pub async fn ensure_no_secret_leaked(&self, windows: &[&Window]) -> Result<()> {
        let issued: Vec<String> =
            self.simulator.ledger().into_iter().flat_map(|one| one.secrets.into_values()).collect();
        let codes: Vec<String> = self.simulator.codes().into_iter().map(|code| code.key).collect();
        let messages = self.simulator.text_messages().into_iter();
        let (phones, typed): (Vec<_>, Vec<_>) = messages.map(|message| (message.phone, message.code)).unzip();
        ensure!(
            !phones.is_empty() || issued.iter().chain(&codes).any(|secret| secret.contains(CANARY)),
            "no secret carries a canary, so that looking for it proves nothing"
        );
        let canaries =
            Canaries::new(codes.into_iter().chain(phones).chain([CANARY.to_owned()]))?.with_text_codes(typed);
        for window in windows {
            canaries.check("the page", window.page().await?)?;
        }
        for output in self.outputs.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            canaries.check("the command line’s output", output)?;
        }
        self.watch.check(&canaries, self.sandbox.opener().as_deref())?;
        self.ensure_keychain_holds_canaries(&canaries).await?;
        canaries.check_files(self.sandbox.root(), &self.sandbox.keyrings())
    }

    /// Checks that the canaries are in the keychain, so that not finding them elsewhere proves something.
    async fn ensure_keychain_holds_canaries(&self, canaries: &Canaries) -> Result<()> {
        let Some(keyring) = &self.keyring else { return Ok(()) };
        // A locked keyring does not show what it holds.
        if keyring.is_locked().await? {
            return Ok(());
        }
        let items = keyring.items().await?;
        ensure!(
            items.is_empty() || items.values().any(|item| canaries.find(item).is_some()),
            "the keychain holds no canary"
        );
        Ok(())
    }
}

/// The key of a credential, without its other fields.
pub fn key_of(credential: &tunekey_simulator::Credential) -> &str {
    let name = match credential.service {
        Service::NetEase => "MUSIC_U",
        _ => "musickey",
    };
    credential.secrets.get(name).map_or("", String::as_str)
}
