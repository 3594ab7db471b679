//! What all services share: accounts, codes, text messages, captchas, faults, settings, and what was issued and
//! answered. It knows no service. Only to be had under the lock of [`SimulatorState`](crate::SimulatorState).

use crate::clock::now_ms;
use crate::state::account::{Account, Service};
use crate::state::captcha::{Captcha, Captchas};
use crate::state::code::{Code, CodeState};
use crate::state::control_error::ControlError;
use crate::state::fault::{ArmedFault, Fault, FaultKind};
use crate::state::journal::Journal;
use crate::state::ledger::Ledger;
use crate::state::settings::Settings;
use crate::state::text_message::TextMessages;
use crate::state::token_generator::TokenGenerator;

/// Whose captcha it is that risk control wants of everybody.
const ANY_DEVICE: &str = "risk control";

/// What all services share.
#[derive(Debug)]
pub(crate) struct SharedState {
    pub(crate) settings: Settings,
    /// All accounts; the first one of each service is taken where nobody names one.
    pub(crate) accounts: Vec<Account>,
    /// All codes ever shown, oldest first. Those that are too old are only marked by [`SharedState::expire_old_codes`].
    pub(crate) codes: Vec<Code>,
    pub(crate) text_messages: TextMessages,
    pub(crate) captchas: Captchas,
    pub(crate) ledger: Ledger,
    pub(crate) journal: Journal,
    /// The armed faults, in the order in which they strike.
    pub(crate) faults: Vec<ArmedFault>,
    pub(crate) tokens: TokenGenerator,
}

impl SharedState {
    /// The state in which nothing has happened yet.
    pub(crate) fn new(settings: Settings, accounts: Vec<Account>) -> Self {
        Self {
            settings,
            accounts,
            codes: Vec::new(),
            text_messages: TextMessages::default(),
            captchas: Captchas::default(),
            ledger: Ledger::default(),
            journal: Journal::default(),
            faults: Vec::new(),
            tokens: TokenGenerator::default(),
        }
    }

    // ---- accounts ----------------------------------------------------------------------------------------------

    /// The account with this id.
    ///
    /// # Errors
    /// [`ControlError::NoSuchAccount`].
    pub(crate) fn account(&self, id: &str) -> Result<&Account, ControlError> {
        self.accounts
            .iter()
            .find(|account| account.id == id)
            .ok_or_else(|| ControlError::NoSuchAccount(id.to_owned()))
    }

    /// The account that a reply about `id` names: that one, or another one of its service under
    /// [`FaultKind::WrongUser`].
    ///
    /// # Errors
    /// [`ControlError::NoSuchAccount`].
    pub(crate) fn account_in_reply(&self, id: &str, fault: Option<&Fault>) -> Result<Account, ControlError> {
        let own = self.account(id)?;
        let account = match fault.filter(|fault| fault.kind == FaultKind::WrongUser) {
            None => own,
            Some(Fault { account: Some(wanted), .. }) => self.account(wanted)?,
            Some(_) => {
                let is_other = |other: &&Account| other.service == own.service && other.id != own.id;
                self.accounts.iter().find(is_other).unwrap_or(own)
            }
        };
        Ok(account.clone())
    }

    // ---- codes -------------------------------------------------------------------------------------------------

    /// Shows a new code. `key` is what the client names it by (`qrsig`, `unikey`), `text` what its picture says.
    pub(crate) fn show_code(&mut self, service: Service, method: &str, key: &str, text: &str) -> &mut Code {
        let id = self.codes.last().map_or(1, |code| code.id + 1);
        self.codes.push(Code::shown(id, service, method, key, text, now_ms()));
        let last = self.codes.len() - 1;
        &mut self.codes[last]
    }

    /// The code with this id.
    ///
    /// # Errors
    /// [`ControlError::NoSuchCode`].
    pub(crate) fn code_mut(&mut self, id: u64) -> Result<&mut Code, ControlError> {
        self.codes.iter_mut().find(|code| code.id == id).ok_or(ControlError::NoSuchCode(id))
    }

    /// The code of this sign-in method that the client names by `key`.
    pub(crate) fn code_by_key(&self, service: Service, method: &str, key: &str) -> Option<&Code> {
        self.codes.iter().find(|code| code.is_named(service, method, key))
    }

    /// The same, to change it.
    pub(crate) fn code_by_key_mut(&mut self, service: Service, method: &str, key: &str) -> Option<&mut Code> {
        self.codes.iter_mut().find(|code| code.is_named(service, method, key))
    }

    /// Expires the codes that nobody confirmed within the time that the settings allow.
    pub(crate) fn expire_old_codes(&mut self) {
        let limit = now_ms() - self.settings.code_life_seconds.saturating_mul(1000);
        for code in &mut self.codes {
            if code.created_ms <= limit && matches!(code.state, CodeState::Shown | CodeState::Scanned) {
                code.state = CodeState::Expired;
            }
        }
    }

    /// Moves a code to the state `to`, from one of the states `from`.
    ///
    /// # Errors
    /// [`ControlError::NoSuchCode`]; [`ControlError::WrongState`] when it is in none of the states `from`.
    pub(crate) fn move_code(
        &mut self,
        id: u64,
        from: &[CodeState],
        to: CodeState,
    ) -> Result<Code, ControlError> {
        let code = self.code_mut(id)?;
        if !from.contains(&code.state) {
            return Err(ControlError::WrongState(code.state));
        }
        code.state = to;
        Ok(code.clone())
    }

    /// Scans a code with an account; with the first one that can, when `account` is `None`.
    ///
    /// # Errors
    /// [`ControlError`] when there is no such code or account, the account cannot scan the code, or somebody has.
    pub(crate) fn scan_code(&mut self, id: u64, account: Option<&str>) -> Result<Code, ControlError> {
        self.expire_old_codes();
        let code = self.code_mut(id)?.clone();
        let account = match account {
            Some(id) => self.account(id)?.clone(),
            None => self
                .accounts
                .iter()
                .find(|account| code.can_be_scanned_by(account))
                .cloned()
                .ok_or_else(|| ControlError::NoSuchAccount(code.service.name().to_owned()))?,
        };
        if !code.can_be_scanned_by(&account) {
            return Err(ControlError::WrongService(account.id));
        }
        self.move_code(id, &[CodeState::Shown], CodeState::Scanned)?;
        let code = self.code_mut(id)?;
        code.account = Some(account.id);
        Ok(code.clone())
    }

    // ---- captchas ----------------------------------------------------------------------------------------------

    /// The captcha that `device` has to solve before a text message is sent for it, with a page at the address `page`;
    /// `None` when the setting `phone_captcha` is off or the device has solved it.
    pub(crate) fn captcha_before_message(
        &mut self,
        service: Service,
        device: &str,
        page: &str,
    ) -> Option<Captcha> {
        if !self.settings.phone_captcha {
            return None;
        }
        let captcha = self.captchas.required(service, device, page, &self.tokens);
        Some(captcha).filter(|captcha| !captcha.solved)
    }

    /// The captcha that risk control wants, whoever asks, with a page at the address `page`.
    pub(crate) fn risk_captcha(&mut self, service: Service, page: &str) -> Captcha {
        self.captchas.required(service, ANY_DEVICE, page, &self.tokens)
    }
}
