//! The person at a sign-in, with their phone, their text messages, a browser, and a cookie from elsewhere.

use std::sync::Arc;

use anyhow::{Context as _, Result, bail, ensure};
use tunekey_core::{
    Account, AccountId, Answer, Format, Input, Method, Problem, ProblemCode, ServiceId, SignIn, SignInOption,
    SignInStep,
};
use tunekey_simulator::{Code, CodeState, Running, Service};

use crate::browser;
use crate::stage::{MARK, Stage, account_for, says_enough};

/// How a sign-in ended, or where it waits for more than the person can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Signed in.
    Done,
    /// The code is over.
    Expired,
    /// The code is over after it was scanned.
    NotConfirmed,
    /// Declined.
    Refused,
    /// The page was closed.
    PageClosed,
    /// Risk control.
    Risk,
    /// It failed.
    Failed(ProblemCode),
    /// The same question again, because the last answer did not do.
    AskedAgain(ProblemCode),
    /// A code is asked for that nobody has sent.
    NoMessage,
    /// The code stays on the screen, and it says why nothing is heard of the service.
    Unheard(ProblemCode),
}

/// What the person does with a code to scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Does {
    /// Scans and confirms.
    Confirms,
    /// Scans and declines.
    Refuses,
    /// Waits until it is over.
    LetsItExpire,
}

/// A person who wants in.
#[derive(Debug)]
pub struct Person {
    services: Arc<Running>,
    authority: std::path::PathBuf,
    way: SignInOption,
    account: String,
    phone: String,
    cookie: Option<String>,
    does: Does,
    /// What every step said, as data and as a log would show it.
    said: Vec<String>,
}

impl Stage {
    /// Signs in undisturbed.
    ///
    /// # Errors
    /// When it does not work.
    pub async fn signed_in(&self, way: SignInOption) -> Result<AccountId> {
        let mut person = Person::new(self, way, account_for(way)).await?;
        let account = person.signs_in(&mut self.sign_in(way)).await?;
        self.knows(&account.id).await?;
        Ok(account.id)
    }
}

impl Person {
    /// The owner of an account, who has a cookie of it if that is the way.
    ///
    /// # Errors
    /// When there is no such account, or it has no cookie.
    pub async fn new(stage: &Stage, way: SignInOption, account: &str) -> Result<Self> {
        let known = stage.services.accounts().into_iter().find(|one| one.id == account);
        let phone = known.context("no such account")?.phone;
        let cookie = match way.method {
            Method::Paste => Some(cookie_of(stage, way.service, account).await?),
            _ => None,
        };
        Ok(Self {
            services: Arc::clone(&stage.services),
            authority: stage.authority(),
            way,
            account: account.to_owned(),
            phone,
            cookie,
            does: Does::Confirms,
            said: Vec::new(),
        })
    }

    /// Does this with codes and pages from now on.
    pub fn does(&mut self, does: Does) {
        self.does = does;
    }

    /// Follows a sign-in to its good end.
    ///
    /// # Errors
    /// When it ends otherwise.
    pub async fn signs_in(&mut self, sign_in: &mut SignIn) -> Result<Account> {
        loop {
            let step = self.next(sign_in).await?;
            if let SignInStep::Done { account, .. } = step {
                return Ok(*account);
            }
            if let Some(ended) = self.acts(&step, sign_in).await? {
                bail!("it ended as {ended:?}");
            }
        }
    }

    /// Follows a sign-in until it is over or waits for more than the person can say.
    ///
    /// # Errors
    /// When it ends without a last word, or says a secret.
    pub async fn follows(&mut self, sign_in: &mut SignIn) -> Result<Ended> {
        loop {
            let step = self.next(sign_in).await?;
            if let Some(ended) = self.acts(&step, sign_in).await? {
                return Ok(ended);
            }
        }
    }

    /// The next step, which says no secret.
    ///
    /// # Errors
    /// When there is none, or it says one.
    pub async fn next(&mut self, sign_in: &mut SignIn) -> Result<SignInStep> {
        let step = sign_in.next().await.context("it ended without a last word")?;
        for text in [serde_json::to_string(&step)?, format!("{step:?}")] {
            ensure!(!text.contains(MARK), "a step says a secret");
            ensure!(!text.contains(&self.phone), "a step says the phone number");
            self.said.push(text);
        }
        Ok(step)
    }

    /// Does what the step asks for. `Some` when it is the last.
    ///
    /// # Errors
    /// When the person cannot do it.
    pub async fn acts(&mut self, step: &SignInStep, sign_in: &SignIn) -> Result<Option<Ended>> {
        let give = |input| sign_in.answer(Answer::Give(input));
        match step {
            SignInStep::ShowCode { problem: Some(problem), .. }
            | SignInStep::Scanned { problem: Some(problem), .. } => {
                return Ok(Some(Ended::Unheard(told(problem)?)));
            }
            SignInStep::ShowCode { .. } => self.sees_a_code()?,
            SignInStep::Scanned { .. } if self.does == Does::Refuses => self.declines()?,
            SignInStep::AskPhoneNumber { problem: None, .. } => {
                give(Input::PhoneNumber { country: "86".to_owned(), number: self.phone.as_str().into() });
            }
            SignInStep::AskCaptcha { .. } => {
                for captcha in self.services.captchas() {
                    self.services.solve_captcha(captcha.id)?;
                }
                give(Input::CaptchaDone);
            }
            SignInStep::AskTextCode { problem: None, .. } => {
                let messages = self.services.text_messages();
                match messages.iter().rfind(|message| message.phone == self.phone) {
                    Some(message) => give(Input::TextCode(message.code.as_str().into())),
                    None => return Ok(Some(Ended::NoMessage)),
                }
            }
            SignInStep::AskPage { page } => {
                let account = (self.does == Does::Confirms).then_some(self.account.as_str());
                give(browser::visit(&self.services, &self.authority, page, account).await?);
            }
            SignInStep::AskPaste { problem: None, .. } => {
                give(Input::Text(self.cookie.as_deref().context("there is nothing to paste")?.into()));
            }
            SignInStep::AskWhichAccount { .. } => give(Input::Account(0)),
            SignInStep::AskToGoOn { .. } => give(Input::Go),
            SignInStep::AskOtherAccount { .. } | SignInStep::AskNewAccount { .. } => {
                sign_in.answer(Answer::Keep)
            }
            SignInStep::AskPhoneNumber { problem: Some(problem), .. }
            | SignInStep::AskTextCode { problem: Some(problem), .. }
            | SignInStep::AskPaste { problem: Some(problem), .. } => {
                return Ok(Some(Ended::AskedAgain(told(problem)?)));
            }
            SignInStep::Done { .. } => return Ok(Some(Ended::Done)),
            SignInStep::Expired { scanned: false } => return Ok(Some(Ended::Expired)),
            SignInStep::Expired { scanned: true } => return Ok(Some(Ended::NotConfirmed)),
            SignInStep::Refused => return Ok(Some(Ended::Refused)),
            SignInStep::PageClosed => return Ok(Some(Ended::PageClosed)),
            SignInStep::RiskControl { problem, alternatives } => {
                told(problem)?;
                ensure!(!alternatives.next.is_empty(), "risk control leaves no way in");
                return Ok(Some(Ended::Risk));
            }
            SignInStep::Failed { problem, .. } => return Ok(Some(Ended::Failed(told(problem)?))),
            SignInStep::Preparing
            | SignInStep::Scanned { .. }
            | SignInStep::Sending
            | SignInStep::Exchanging
            | SignInStep::Saving => {}
        }
        Ok(None)
    }

    /// All that the steps have said.
    pub fn heard(&self) -> &[String] {
        &self.said
    }

    fn declines(&self) -> Result<()> {
        let service = played(self.way.service);
        let codes = self.services.codes();
        let scanned = |code: &&Code| code.service == service && code.state == CodeState::Scanned;
        match codes.iter().rfind(scanned) {
            Some(code) => Ok(self.services.refuse(code.id).map(drop)?),
            None => Ok(()),
        }
    }

    fn sees_a_code(&self) -> Result<()> {
        let service = played(self.way.service);
        let codes = self.services.codes();
        // A code whose answer was lost on the way is still there: nobody sees it.
        let shown = |code: &&Code| code.service == service && code.state == CodeState::Shown;
        // One that has ended before anybody could see it is not there to scan.
        let Some(code) = codes.iter().rfind(shown) else { return Ok(()) };
        match self.does {
            Does::Confirms => {
                self.services.scan(code.id, Some(&self.account))?;
                self.services.confirm(code.id)?;
            }
            // A person declines what is on the phone: by then the service has said that it is scanned.
            Does::Refuses => drop(self.services.scan(code.id, Some(&self.account))?),
            Does::LetsItExpire => drop(self.services.expire(code.id)?),
        }
        Ok(())
    }
}

/// The service as the simulator calls it.
pub fn played(service: ServiceId) -> Service {
    match service {
        ServiceId::QqMusic => Service::QqMusic,
        ServiceId::Netease => Service::NetEase,
    }
}

fn told(problem: &Problem) -> Result<ProblemCode> {
    says_enough(problem)?;
    Ok(problem.code)
}

/// A cookie of the account, from a sign-in on another computer.
async fn cookie_of(stage: &Stage, service: ServiceId, account: &str) -> Result<String> {
    let elsewhere = stage.beside()?;
    let method = if service == ServiceId::QqMusic { Method::QqScan } else { Method::AppScan };
    let way = SignInOption { service, method };
    let mut person = Box::pin(Person::new(&elsewhere, way, account)).await?;
    let signed_in = person.signs_in(&mut elsewhere.sign_in(way)).await?;
    stage.services.clear_journal();
    let format = if service == ServiceId::QqMusic { Format::QqMusicApi } else { Format::Header };
    elsewhere.cookie(&signed_in.id, format).await
}
