//! The [`SimulatorState`]: the shared state behind its lock, and every operation that a test or the phone page can do
//! on it.
//!
//! One lock guards all that the services share, because a sign-in touches codes, accounts, ledger and journal together
//! and none of these steps waits for anything. Waiting is done outside, on a change counter: see
//! [`SimulatorState::changes`].

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::clock::now_ms;
use crate::state::account::{Account, Service};
use crate::state::captcha::Captcha;
use crate::state::code::{Code, CodeState};
use crate::state::control_error::ControlError;
use crate::state::fault::{ArmedFault, Fault};
use crate::state::journal::{JournalEntry, Verdict};
use crate::state::ledger::{Credential, RevokedBy};
use crate::state::settings::Settings;
use crate::state::shared_state::SharedState;
use crate::state::text_message::TextMessage;

/// What the simulator knows, the services' own memories aside.
///
/// All methods are synchronous and quick; the asynchronous ones say what they wait for.
#[derive(Debug)]
pub struct SimulatorState {
    shared: Mutex<SharedState>,
    request_names: Vec<&'static str>,
    /// How often the state was changed.
    changed: watch::Sender<u64>,
    /// How often all connections were cut.
    cuts: watch::Sender<u64>,
}

impl SimulatorState {
    /// The state in which nothing has happened yet. Faults can strike the requests with these names.
    pub(crate) fn new(
        settings: Settings,
        accounts: Vec<Account>,
        request_names: Vec<&'static str>,
    ) -> Arc<Self> {
        Arc::new(Self {
            shared: Mutex::new(SharedState::new(settings, accounts)),
            request_names,
            changed: watch::Sender::new(0),
            cuts: watch::Sender::new(0),
        })
    }

    /// Locks the shared state. A test that panicked while holding the lock must not take the others with it.
    pub(crate) fn lock(&self) -> MutexGuard<'_, SharedState> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the shared state, and wakes everybody who waits for a change.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut SharedState) -> T) -> T {
        let result = change(&mut self.lock());
        self.changed.send_modify(|count| *count = count.wrapping_add(1));
        result
    }

    /// A receiver that is notified after every change: a code shown or moved, a credential issued, a request answered.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Cuts every connection that goes through the proxy, whatever it waits for. New ones are served.
    pub fn drop_connections(&self) {
        self.cuts.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// A receiver that is notified when all connections are cut.
    pub(crate) fn cuts(&self) -> watch::Receiver<u64> {
        self.cuts.subscribe()
    }

    /// Waits until `look` finds what it looks for.
    ///
    /// `look` is called at once and again after every change. There is no time limit: wrap it in
    /// [`tokio::time::timeout`].
    pub async fn until<T>(&self, mut look: impl FnMut(&Self) -> Option<T>) -> T {
        let mut changes = self.changes();
        loop {
            changes.mark_unchanged();
            if let Some(found) = look(self) {
                return found;
            }
            if changes.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    // ---- codes -------------------------------------------------------------------------------------------------

    /// All codes ever shown, oldest first, with their state as of now.
    pub fn codes(&self) -> Vec<Code> {
        let mut state = self.lock();
        state.expire_old_codes();
        state.codes.clone()
    }

    /// The code with this id.
    ///
    /// # Errors
    /// [`ControlError::NoSuchCode`].
    pub fn code(&self, id: u64) -> Result<Code, ControlError> {
        self.codes().into_iter().find(|code| code.id == id).ok_or(ControlError::NoSuchCode(id))
    }

    /// Waits for a code of `service` whose id is greater than `after` (0: any) and that nobody has scanned yet.
    pub async fn next_code(&self, service: Service, after: u64) -> Code {
        self.until(|state| {
            state
                .codes()
                .into_iter()
                .find(|code| code.service == service && code.id > after && code.state == CodeState::Shown)
        })
        .await
    }

    /// The phone's camera sees the code: `account` (an id like `qqmusic:10001`; the first that can when
    /// `None`) scans it.
    ///
    /// # Errors
    /// [`ControlError`] when there is no such code or account, or the code was scanned before.
    pub fn scan(&self, id: u64, account: Option<&str>) -> Result<Code, ControlError> {
        self.change(|state| state.scan_code(id, account))
    }

    /// The phone's camera reads `text` from a picture: finds the code it belongs to and scans it.
    ///
    /// NetEase builds its text on the computer, so this is where the simulator learns the `chainId` that the text
    /// carries; polls that then name another one are answered as a security risk (protocol: NetEase §1.2).
    ///
    /// # Errors
    /// [`ControlError::UnknownText`] when no code carries it, otherwise as [`SimulatorState::scan`].
    pub fn scan_text(&self, text: &str, account: Option<&str>) -> Result<Code, ControlError> {
        self.change(|state| {
            state.expire_old_codes();
            let read = |code: &Code| code.read_text(text).map(|chain| (code.id, chain));
            let (id, chain) = state.codes.iter().find_map(read).ok_or(ControlError::UnknownText)?;
            let code = state.scan_code(id, account)?;
            if let Some(chain) = chain {
                state.code_mut(id)?.scanned_chain = Some(chain);
            }
            Ok(code)
        })
    }

    /// The person taps "confirm". A code that nobody has scanned is scanned first, with the first account that can.
    ///
    /// # Errors
    /// As [`SimulatorState::scan`].
    pub fn confirm(&self, id: u64) -> Result<Code, ControlError> {
        self.confirm_as(id, None)
    }

    /// As [`SimulatorState::confirm`], but a code that nobody has scanned is scanned with `account`: what a person does
    /// who signs in on an official page.
    ///
    /// # Errors
    /// As [`SimulatorState::scan`]; [`ControlError::WrongState`] when another account has scanned it.
    pub fn confirm_as(&self, id: u64, account: Option<&str>) -> Result<Code, ControlError> {
        self.change(|state| {
            state.expire_old_codes();
            let code = state.code_mut(id)?.clone();
            if code.state == CodeState::Shown {
                state.scan_code(id, account)?;
            } else if account.is_some() && code.account.as_deref() != account {
                return Err(ControlError::WrongState(code.state));
            }
            state.move_code(id, &[CodeState::Scanned], CodeState::Confirmed)
        })
    }

    /// The person taps "refuse".
    ///
    /// # Errors
    /// As [`SimulatorState::scan`].
    pub fn refuse(&self, id: u64) -> Result<Code, ControlError> {
        self.change(|state| {
            state.expire_old_codes();
            state.move_code(id, &[CodeState::Shown, CodeState::Scanned], CodeState::Refused)
        })
    }

    /// Expires a code, whatever its age.
    ///
    /// # Errors
    /// As [`SimulatorState::scan`].
    pub fn expire(&self, id: u64) -> Result<Code, ControlError> {
        use CodeState::{Confirmed, Scanned, Shown};
        self.change(|state| state.move_code(id, &[Shown, Scanned, Confirmed], CodeState::Expired))
    }

    // ---- text messages and captchas ----------------------------------------------------------------------------

    /// All text messages ever sent, oldest first.
    pub fn text_messages(&self) -> Vec<TextMessage> {
        self.lock().text_messages.all().to_vec()
    }

    /// Waits for a text message of `service` whose id is greater than `after` (0: any).
    pub async fn next_text_message(&self, service: Service, after: u64) -> TextMessage {
        self.until(|state| {
            state.text_messages().into_iter().find(|message| message.service == service && message.id > after)
        })
        .await
    }

    /// All captchas ever asked for, oldest first.
    pub fn captchas(&self) -> Vec<Captcha> {
        self.lock().captchas.all().to_vec()
    }

    /// A person solves a captcha, without opening its page.
    ///
    /// # Errors
    /// [`ControlError::NoSuchCaptcha`].
    pub fn solve_captcha(&self, id: u64) -> Result<Captcha, ControlError> {
        self.change(|state| {
            let captcha = state.captchas.by_id(id).ok_or(ControlError::NoSuchCaptcha(id))?;
            captcha.solved = true;
            Ok(captcha.clone())
        })
    }

    // ---- accounts ----------------------------------------------------------------------------------------------

    /// All accounts, the first of each service being the one that scans by default.
    pub fn accounts(&self) -> Vec<Account> {
        self.lock().accounts.clone()
    }

    /// Adds accounts like the first one of a service, with numbers and names of their own, and gives their ids.
    pub fn add_accounts(&self, service: Service, count: usize) -> Vec<String> {
        let mut state = self.lock();
        let Some(first) = state.accounts.iter().find(|account| account.service == service).cloned() else {
            return Vec::new();
        };
        let known = state.accounts.len();
        let added = (known..known + count).map(|number| first.another(number));
        let added: Vec<_> = added.collect();
        let ids = added.iter().map(|account| account.id.clone()).collect();
        state.accounts.extend(added);
        ids
    }

    /// Ends every session of the account, as when a person changes the password.
    ///
    /// # Errors
    /// [`ControlError::NoSuchAccount`].
    pub fn revoke(&self, account: &str) -> Result<(), ControlError> {
        self.change(|state| {
            state.account(account)?;
            state.ledger.revoke_account(account, RevokedBy::Control, now_ms());
            Ok(())
        })
    }

    /// Makes every credential of the account older by `by`: its end comes nearer, or has passed.
    ///
    /// # Errors
    /// [`ControlError::NoSuchAccount`].
    pub fn age(&self, account: &str, by: Duration) -> Result<(), ControlError> {
        self.change(|state| {
            state.account(account)?;
            state.ledger.age_account(account, i64::try_from(by.as_millis()).unwrap_or(i64::MAX));
            Ok(())
        })
    }

    // ---- faults, settings, canary -------------------------------------------------------------------------------

    /// Arms a fault. Faults are taken in the order in which they were armed.
    ///
    /// # Errors
    /// [`ControlError::UnknownRequest`] when `fault.at` is neither `*` nor one of [`SimulatorState::request_names`].
    pub fn arm(&self, fault: Fault) -> Result<(), ControlError> {
        if fault.at != "*" && !self.request_names.contains(&fault.at.as_str()) {
            return Err(ControlError::UnknownRequest(fault.at));
        }
        self.change(|state| state.faults.push(ArmedFault::new(fault)));
        Ok(())
    }

    /// The names of all requests that faults can strike, `*` aside.
    pub fn request_names(&self) -> &[&'static str] {
        &self.request_names
    }

    /// The faults that are armed, with how often each struck.
    pub fn faults(&self) -> Vec<ArmedFault> {
        self.lock().faults.clone()
    }

    /// Disarms all faults.
    pub fn clear_faults(&self) {
        self.change(|state| state.faults.clear());
    }

    /// The settings as they are.
    pub fn settings(&self) -> Settings {
        self.lock().settings.clone()
    }

    /// Changes settings.
    pub fn configure(&self, change: impl FnOnce(&mut Settings)) {
        self.change(|state| change(&mut state.settings));
    }

    /// Replaces the settings named in a JSON object and leaves the others.
    ///
    /// # Errors
    /// [`ControlError::Settings`] when a key is unknown or a value has the wrong kind; nothing is changed then.
    pub fn patch_settings(&self, patch: &serde_json::Value) -> Result<Settings, ControlError> {
        let patched = self.settings().patched(patch).map_err(ControlError::Settings)?;
        self.change(|state| state.settings = patched.clone());
        Ok(patched)
    }

    /// Every secret issued from now on embeds `mark` (letters, digits, `-` and `_`; 12 hex digits fit every field's own
    /// form). `None` plants nothing.
    pub fn plant_canary(&self, mark: Option<&str>) {
        self.change(|state| state.tokens.plant(mark));
    }

    // ---- what happened -----------------------------------------------------------------------------------------

    /// Every credential ever issued, oldest first.
    pub fn ledger(&self) -> Vec<Credential> {
        self.lock().ledger.credentials().to_vec()
    }

    /// How often each account's credential was renewed, by account id.
    pub fn renewals(&self) -> BTreeMap<String, u32> {
        self.lock().ledger.renewals()
    }

    /// Every request answered, oldest first.
    pub fn journal(&self) -> Vec<JournalEntry> {
        self.lock().journal.entries().to_vec()
    }

    /// The requests that broke a rule of the protocol (not those that a fault spoiled).
    pub fn broken_rules(&self) -> Vec<JournalEntry> {
        self.lock().journal.entries().iter().filter(|entry| entry.rule.is_some()).cloned().collect()
    }

    /// Records a request in the journal.
    pub(crate) fn record(
        &self,
        name: &str,
        request: String,
        verdict: Verdict,
        rule: Option<String>,
        fault: Option<String>,
        status: u16,
    ) {
        let name = name.to_owned();
        self.change(|state| state.journal.record(name, request, verdict, rule, fault, status));
    }

    /// Forgets the requests answered so far.
    pub fn clear_journal(&self) {
        self.change(|state| state.journal.clear());
    }
}
