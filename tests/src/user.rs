//! The user at a sign-in, with a phone, text messages, a browser, and a cookie from another computer. For suites on a
//! [`Harness`].

use std::sync::Arc;

use anyhow::{Context as _, Result, bail, ensure};
use tunekey_core::{
    Account, AccountId, Format, Input, Method, Problem, ProblemCode, ServiceId, SignIn, SignInOption,
    SignInStep, UserInput,
};
use tunekey_services::qqmusic;
use tunekey_simulator::{Code, CodeState, Running};

use crate::browser;
use crate::canary::CANARY;
use crate::fixtures::{account_for, simulator_service};
use crate::harness::{Harness, check_problem};

/// How a sign-in ended, or which question the user cannot answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInOutcome {
    /// Signed in.
    Done,
    /// The code has expired.
    Expired,
    /// The code has ended after it was scanned.
    NotConfirmed,
    /// Declined on the phone.
    Refused,
    /// The page was closed.
    PageClosed,
    /// Risk control.
    RiskControl,
    /// It failed.
    Failed(ProblemCode),
    /// The same question is asked again because of this problem.
    AskedAgain(ProblemCode),
    /// A text code is asked for, but no message was sent.
    NoMessage,
    /// The code stays on the screen with a problem, because the service does not respond.
    NoResponse(ProblemCode),
}

/// What the user does with a code or a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserAction {
    /// Scans and confirms.
    Confirm,
    /// Scans and declines.
    Decline,
    /// Waits until it expires.
    LetExpire,
}

/// A user who signs in.
#[derive(Debug)]
pub struct User {
    simulator: Arc<Running>,
    authority: std::path::PathBuf,
    option: SignInOption,
    account: String,
    phone: String,
    cookie: Option<String>,
    action: UserAction,
    /// Every step so far, as JSON and in its `Debug` form.
    steps: Vec<String>,
}

impl Harness {
    /// Signs in without any fault, and waits for the account's details.
    ///
    /// # Errors
    /// When it does not work.
    pub async fn sign_in(&self, option: SignInOption) -> Result<AccountId> {
        let mut user = User::new(self, option, account_for(option)).await?;
        let account = user.complete_sign_in(&mut self.start_sign_in(option)).await?;
        self.wait_for_details(&account.id).await?;
        Ok(account.id)
    }
}

impl User {
    /// The owner of an account, who has a cookie of it if the method is paste.
    ///
    /// # Errors
    /// When there is no such account, or it has no cookie.
    pub async fn new(harness: &Harness, option: SignInOption, account: &str) -> Result<Self> {
        let known = harness.simulator.accounts().into_iter().find(|one| one.id == account);
        let phone = known.context("no such account")?.phone;
        let cookie = match option.method {
            Method::Paste => Some(cookie_from_elsewhere(harness, option.service, account).await?),
            _ => None,
        };
        Ok(Self {
            simulator: Arc::clone(&harness.simulator),
            authority: harness.authority(),
            option,
            account: account.to_owned(),
            phone,
            cookie,
            action: UserAction::Confirm,
            steps: Vec::new(),
        })
    }

    /// Sets what the user does with codes and pages from now on.
    pub fn set_action(&mut self, action: UserAction) {
        self.action = action;
    }

    /// Follows a sign-in until the account is signed in.
    ///
    /// # Errors
    /// When it ends otherwise.
    pub async fn complete_sign_in(&mut self, sign_in: &mut SignIn) -> Result<Account> {
        loop {
            let step = self.next_step(sign_in).await?;
            if let SignInStep::Done { account, .. } = step {
                return Ok(*account);
            }
            if let Some(outcome) = self.handle_step(&step, sign_in).await? {
                bail!("it ended as {outcome:?}");
            }
        }
    }

    /// Follows a sign-in until it ends or asks what the user cannot answer.
    ///
    /// # Errors
    /// When it ends without a final step, or a step contains a secret.
    pub async fn follow(&mut self, sign_in: &mut SignIn) -> Result<SignInOutcome> {
        loop {
            let step = self.next_step(sign_in).await?;
            if let Some(outcome) = self.handle_step(&step, sign_in).await? {
                return Ok(outcome);
            }
        }
    }

    /// Waits for the next step and checks that it contains no secret.
    ///
    /// # Errors
    /// When there is none, or it contains one.
    pub async fn next_step(&mut self, sign_in: &mut SignIn) -> Result<SignInStep> {
        let step = sign_in.next().await.context("it ended without a final step")?;
        for text in [serde_json::to_string(&step)?, format!("{step:?}")] {
            ensure!(!text.contains(CANARY), "a step contains a secret");
            ensure!(!text.contains(&self.phone), "a step contains the phone number");
            self.steps.push(text);
        }
        Ok(step)
    }

    /// Does what the step asks for. Returns the outcome if it is the last step.
    ///
    /// # Errors
    /// When the user cannot do it.
    pub async fn handle_step(
        &mut self,
        step: &SignInStep,
        sign_in: &SignIn,
    ) -> Result<Option<SignInOutcome>> {
        let give = |input| sign_in.answer(UserInput::Answer(input));
        match step {
            SignInStep::ShowCode { problem: Some(problem), .. }
            | SignInStep::Scanned { problem: Some(problem), .. } => {
                return Ok(Some(SignInOutcome::NoResponse(checked_code(problem)?)));
            }
            SignInStep::ShowCode { .. } => self.scan_code()?,
            SignInStep::Scanned { .. } if self.action == UserAction::Decline => self.decline_scanned()?,
            SignInStep::AskPhoneNumber { problem: None, .. } => {
                give(Input::PhoneNumber { country: "86".to_owned(), number: self.phone.as_str().into() });
            }
            SignInStep::AskCaptcha { .. } => {
                for captcha in self.simulator.captchas() {
                    self.simulator.solve_captcha(captcha.id)?;
                }
                give(Input::CaptchaDone);
            }
            SignInStep::AskTextCode { problem: None, .. } => {
                let messages = self.simulator.text_messages();
                match messages.iter().rfind(|message| message.phone == self.phone) {
                    Some(message) => give(Input::TextCode(message.code.as_str().into())),
                    None => return Ok(Some(SignInOutcome::NoMessage)),
                }
            }
            SignInStep::AskPage { page } => {
                let account = (self.action == UserAction::Confirm).then_some(self.account.as_str());
                give(browser::visit(&self.simulator, &self.authority, page, account).await?);
            }
            SignInStep::AskPaste { problem: None, .. } => {
                give(Input::Text(self.cookie.as_deref().context("there is nothing to paste")?.into()));
            }
            SignInStep::AskWhichAccount { .. } => give(Input::Account(0)),
            SignInStep::AskToGoOn { .. } => give(Input::Go),
            SignInStep::AskOtherAccount { .. } | SignInStep::AskNewAccount { .. } => {
                sign_in.answer(UserInput::Keep)
            }
            SignInStep::AskPhoneNumber { problem: Some(problem), .. }
            | SignInStep::AskTextCode { problem: Some(problem), .. }
            | SignInStep::AskPaste { problem: Some(problem), .. } => {
                return Ok(Some(SignInOutcome::AskedAgain(checked_code(problem)?)));
            }
            SignInStep::Done { .. } => return Ok(Some(SignInOutcome::Done)),
            SignInStep::Expired { scanned: false } => return Ok(Some(SignInOutcome::Expired)),
            SignInStep::Expired { scanned: true } => return Ok(Some(SignInOutcome::NotConfirmed)),
            SignInStep::Refused => return Ok(Some(SignInOutcome::Refused)),
            SignInStep::PageClosed => return Ok(Some(SignInOutcome::PageClosed)),
            SignInStep::RiskControl { problem, alternatives } => {
                checked_code(problem)?;
                ensure!(!alternatives.next.is_empty(), "risk control leaves no alternative");
                return Ok(Some(SignInOutcome::RiskControl));
            }
            SignInStep::Failed { problem, .. } => {
                return Ok(Some(SignInOutcome::Failed(checked_code(problem)?)));
            }
            SignInStep::Preparing
            | SignInStep::Scanned { .. }
            | SignInStep::Sending
            | SignInStep::Exchanging
            | SignInStep::Saving => {}
        }
        Ok(None)
    }

    /// Every step so far, as JSON and in its `Debug` form.
    pub fn seen_steps(&self) -> &[String] {
        &self.steps
    }

    fn decline_scanned(&self) -> Result<()> {
        let service = simulator_service(self.option.service);
        let codes = self.simulator.codes();
        let scanned = |code: &&Code| code.service == service && code.state == CodeState::Scanned;
        match codes.iter().rfind(scanned) {
            Some(code) => Ok(self.simulator.refuse(code.id).map(drop)?),
            None => Ok(()),
        }
    }

    fn scan_code(&self) -> Result<()> {
        let service = simulator_service(self.option.service);
        let codes = self.simulator.codes();
        // A code whose response was lost is still shown by the simulator: nobody sees it.
        let shown = |code: &&Code| code.service == service && code.state == CodeState::Shown;
        // A code that ended before anybody could see it cannot be scanned.
        let Some(code) = codes.iter().rfind(shown) else { return Ok(()) };
        match self.action {
            UserAction::Confirm => {
                self.simulator.scan(code.id, Some(&self.account))?;
                self.simulator.confirm(code.id)?;
            }
            // It is declined once the step says that it was scanned.
            UserAction::Decline => drop(self.simulator.scan(code.id, Some(&self.account))?),
            UserAction::LetExpire => drop(self.simulator.expire(code.id)?),
        }
        Ok(())
    }
}

fn checked_code(problem: &Problem) -> Result<ProblemCode> {
    check_problem(problem)?;
    Ok(problem.code)
}

/// A cookie of the account, from a sign-in on another computer.
async fn cookie_from_elsewhere(harness: &Harness, service: ServiceId, account: &str) -> Result<String> {
    let elsewhere = harness.on_another_computer().await?;
    let method = if service == qqmusic::ID { Method::QqScan } else { Method::AppScan };
    let option = SignInOption { service, method };
    let mut user = Box::pin(User::new(&elsewhere, option, account)).await?;
    let signed_in = user.complete_sign_in(&mut elsewhere.start_sign_in(option)).await?;
    harness.simulator.clear_journal();
    let format = if service == qqmusic::ID { Format::Own(qqmusic::API_FORMAT) } else { Format::Header };
    elsewhere.cookie(&signed_in.id, format).await
}
