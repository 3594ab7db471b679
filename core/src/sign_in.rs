//! The sign-in state machine: one function, each state a place where it waits.
//!
//! Progress is a value ([`SignInStep`]), the person's part is a value ([`Answer`]), dropping the [`SignIn`]
//! cancels. From [`SignInStep::Exchanging`] on nothing cancels: the services give a credential exactly once, so
//! what may have been issued is fetched and written to the keychain even when nobody is looking any more.

use std::time::Duration;

use async_trait::async_trait;
use jiff::SignedDuration;
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

use crate::account::{Account, AccountId, Method, ServiceId};
use crate::picture;
use crate::problem::{Problem, ProblemCode};
use crate::service::{
    Attempt, Context, Grant, Input, PhoneNumber, Progress, Question, Service, ServiceError,
};

mod step;
#[cfg(test)]
mod tests;

pub use step::{Others, SignInStep, WayIn};
use step::{asking, working};

/// What a person can answer to a sign-in.
#[derive(Debug)]
pub enum Answer {
    /// Drop this code and fetch another; try again.
    Again,
    /// The answer to a question.
    Give(Input),
    /// Save the other account beside the one that was meant.
    KeepOther,
}

/// A sign-in under way. Dropping it cancels it, unless the step [cannot be
/// cancelled](SignInStep::cannot_be_cancelled).
#[derive(Debug)]
pub struct SignIn {
    steps: mpsc::UnboundedReceiver<SignInStep>,
    answers: mpsc::UnboundedSender<Answer>,
}

impl SignIn {
    /// The next step; `None` after [`SignInStep::Done`].
    pub async fn next(&mut self) -> Option<SignInStep> {
        self.steps.recv().await
    }

    /// What the person wants. Says nothing when the sign-in is already over.
    pub fn answer(&self, answer: Answer) {
        let _ = self.answers.send(answer);
    }

    /// A way to answer from elsewhere while this one waits for steps.
    pub fn answers(&self) -> mpsc::UnboundedSender<Answer> {
        self.answers.clone()
    }
}

/// How many answers in a row may fail to come before the person is told.
const FAILURES_IN_A_ROW: u32 = 3;
/// How long to wait after a request that failed in a way that may pass.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(1);

/// How often a credential is saved when nobody is there to be told that the keychain says no.
const SAVES_UNHEARD: u32 = 3;
/// How often the person can go on with what was confirmed before a new code is the better way.
const RESUMES: u32 = 3;

/// What the machine needs from the rest of the core.
#[async_trait]
pub(crate) trait Surroundings: Send + Sync + 'static {
    /// The HTTP client, clock and device identity of now.
    fn context(&self) -> Result<Context, Problem>;
    /// Whether a credential could be saved; may ask the person to unlock the keychain.
    async fn ready_to_save(&self) -> Result<(), Problem>;
    /// Saves the credential and what is known of the account. Gives back whether it was known before.
    async fn save(&self, grant: &Grant, method: Method) -> Result<(Account, bool), Problem>;
    /// Counts one more sign-in with that service, or says that it would be one too many today.
    fn admit(&self, service: ServiceId) -> Result<(), Problem>;
    /// Remembers that this way was barred.
    fn barred(&self, way: WayIn);
    /// The other ways into the service.
    fn others(&self, way: WayIn) -> Others;
    /// Whether the account is here already.
    fn knows(&self, account: &AccountId) -> bool;
    /// Ends a credential that the person does not want, as far as the service takes part.
    async fn discard(&self, grant: &Grant);
}

/// Starts a sign-in on the current runtime, among those tasks.
pub(crate) fn start(
    tasks: &TaskTracker,
    service: &'static dyn Service,
    method: Method,
    wanted: Option<AccountId>,
    surroundings: impl Surroundings,
) -> SignIn {
    let (steps, steps_out) = mpsc::unbounded_channel();
    let (answers_in, answers) = mpsc::unbounded_channel();
    let machine = Machine { service, method, wanted, surroundings, steps, answers, codes_by_itself: 1 };
    tasks.spawn(machine.run());
    SignIn { steps: steps_out, answers: answers_in }
}

struct Machine<S> {
    service: &'static dyn Service,
    method: Method,
    /// The account that is to be signed in again; any when `None`.
    wanted: Option<AccountId>,
    surroundings: S,
    steps: mpsc::UnboundedSender<SignInStep>,
    answers: mpsc::UnboundedReceiver<Answer>,
    /// How many expired codes are still replaced without being asked; more of them looks like a robot.
    codes_by_itself: u32,
}

/// How one code ended.
enum CodeEnd {
    Granted(Box<Grant>),
    Expired,
    Refused,
    Failed(ServiceError),
    PageClosed,
    /// The person wants another.
    Dropped,
}

/// Whether the service has heard that it is to issue a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Confirmed {
    No,
    Yes,
    /// Yes, and then the network was gone for so long that the person was told.
    Resumed,
}

/// Nobody is listening any more.
struct Gone;

impl<S: Surroundings> Machine<S> {
    async fn run(mut self) {
        // `Gone` is how a dropped `SignIn` arrives here: there is nobody left to tell.
        drop(self.sign_in().await);
    }

    async fn sign_in(&mut self) -> Result<(), Gone> {
        loop {
            self.step(SignInStep::Preparing)?;
            let ready = tokio::select! {
                ready = self.surroundings.ready_to_save() => ready,
                // Nobody waits for the keychain any more.
                () = self.steps.closed() => return Err(Gone),
            };
            if let Err(problem) = ready {
                self.step(SignInStep::Failed { problem, others: Others::default() })?;
                self.asked_again().await?;
                continue;
            }
            let last_word = match self.one_code().await? {
                Ok(CodeEnd::Granted(grant)) => {
                    if self.is_wanted(&grant).await? {
                        return self.save(&grant).await;
                    }
                    continue;
                }
                Ok(CodeEnd::Dropped) => continue,
                Ok(CodeEnd::Expired) if self.codes_by_itself > 0 => {
                    self.codes_by_itself -= 1;
                    continue;
                }
                Ok(CodeEnd::Expired) => SignInStep::Expired,
                Ok(CodeEnd::Refused) => SignInStep::Refused,
                Ok(CodeEnd::PageClosed) => SignInStep::PageClosed,
                Ok(CodeEnd::Failed(error)) => self.failure(error.into_problem(self.service.id())),
                Err(problem) => self.failure(problem),
            };
            self.step(last_word)?;
            self.asked_again().await?;
        }
    }

    /// One code from being fetched to its end.
    async fn one_code(&mut self) -> Result<Result<CodeEnd, Problem>, Gone> {
        // A form that nobody has sent yet is no sign-in in the eyes of the service.
        if self.method.is_new_sign_in()
            && self.method != Method::Phone
            && let Err(problem) = self.surroundings.admit(self.service.id())
        {
            return Ok(Err(problem));
        }
        let context = match self.surroundings.context() {
            Ok(context) => context,
            Err(problem) => return Ok(Err(problem)),
        };
        let mut attempt = match self.service.begin(self.method, context.clone()) {
            Ok(attempt) => attempt,
            Err(error) => return Ok(Ok(CodeEnd::Failed(error))),
        };
        let mut failures = 0;
        let mut shown = None;
        let (mut confirmed, mut resumes) = (Confirmed::No, 0);
        loop {
            let progress = match self.progress(&mut *attempt, shown, confirmed).await? {
                Some(progress) => progress,
                None => return Ok(Ok(CodeEnd::Dropped)),
            };
            match progress {
                Ok(Progress::Code { code, life }) => {
                    failures = 0;
                    let now = context.clock.now();
                    let life_seconds = u32::try_from(life.as_secs()).unwrap_or(u32::MAX);
                    let valid_until = now + SignedDuration::from_secs(i64::from(life_seconds));
                    shown = Some(tokio::time::Instant::from_std(context.clock.monotonic() + life));
                    self.step(SignInStep::ShowCode {
                        code,
                        valid_until,
                        life_seconds,
                        problem: None,
                        left_today: None,
                    })?;
                }
                Ok(Progress::Waiting) => failures = 0,
                Ok(Progress::Scanned { nickname, avatar }) => {
                    failures = 0;
                    self.step(SignInStep::Scanned {
                        nickname: nickname.clone(),
                        avatar: None,
                        problem: None,
                    })?;
                    if let Some(url) = avatar
                        && let Ok(picture) = picture::fetch(&context.http, &url).await
                    {
                        let avatar = Some(picture::data_url(&picture));
                        self.step(SignInStep::Scanned { nickname, avatar, problem: None })?;
                    }
                }
                Ok(Progress::Ask(question)) => {
                    failures = 0;
                    shown = None;
                    let asked_after = std::mem::replace(&mut confirmed, Confirmed::No);
                    let at_page = matches!(question, Question::Page(_));
                    self.step(asking(question, context.clock.now()))?;
                    let Some(input) = self.input().await? else { return Ok(Ok(CodeEnd::Dropped)) };
                    if at_page && matches!(input, Input::PageClosed) {
                        return Ok(Ok(CodeEnd::PageClosed));
                    }
                    if let Input::PhoneNumber { country, number } = &input
                        && PhoneNumber::parse(country, number).is_ok()
                        && let Err(problem) = self.surroundings.admit(self.service.id())
                    {
                        return Ok(Err(problem));
                    }
                    let step = match input {
                        // The check held up what was typed before it, which is sent again now.
                        Input::CaptchaDone if asked_after != Confirmed::No => Some(SignInStep::Exchanging),
                        _ => working(&input),
                    };
                    if step.as_ref().is_some_and(SignInStep::cannot_be_cancelled) {
                        confirmed = Confirmed::Yes;
                    }
                    if let Some(step) = step {
                        let heard = self.step(step);
                        if confirmed == Confirmed::No {
                            heard?;
                        }
                    }
                    attempt.give(input);
                }
                Ok(Progress::Authorised) => {
                    failures = 0;
                    shown = None;
                    confirmed = Confirmed::Yes;
                    // Not `?`: what was confirmed is fetched even when nobody listens any more.
                    drop(self.step(SignInStep::Exchanging));
                }
                Ok(Progress::Refused) => return Ok(Ok(CodeEnd::Refused)),
                Ok(Progress::Expired) => return Ok(Ok(CodeEnd::Expired)),
                Ok(Progress::Granted(grant)) => return Ok(Ok(CodeEnd::Granted(grant))),
                Err(error) if error.may_pass() && failures + 1 < FAILURES_IN_A_ROW => {
                    failures += 1;
                    tracing::debug!(%error, failures, "a sign-in request failed and is tried again");
                    tokio::time::sleep(PAUSE_AFTER_FAILURE).await;
                }
                Err(error) if error.may_pass() && confirmed != Confirmed::No && resumes < RESUMES => {
                    // What was confirmed stays here for another try: the person need not scan again.
                    let problem = error.into_problem(self.service.id());
                    let told = self.step(SignInStep::Failed { problem, others: Others::default() });
                    let asked = if told.is_ok() { self.asked_again().await } else { told };
                    resumes = match asked {
                        Ok(()) => resumes + 1,
                        // Whoever leaves does not take it along: once more, unheard.
                        Err(Gone) if self.method.is_new_sign_in() => RESUMES,
                        Err(Gone) => return Err(Gone),
                    };
                    failures = 0;
                    confirmed = Confirmed::Resumed;
                    drop(self.step(SignInStep::Exchanging));
                }
                // It came too late, or was used up by the request whose answer was lost.
                Err(ServiceError::Unexpected { .. })
                    if confirmed == Confirmed::Resumed && self.method.is_new_sign_in() =>
                {
                    return Ok(Ok(CodeEnd::Dropped));
                }
                Err(error) => return Ok(Ok(CodeEnd::Failed(error))),
            }
        }
    }

    /// The attempt's next progress, unless the person wants another code (`None`) or has gone, or the code
    /// has outlived its time on screen, whatever the service says. What was confirmed is waited for.
    async fn progress(
        &mut self,
        attempt: &mut dyn Attempt,
        until: Option<tokio::time::Instant>,
        confirmed: Confirmed,
    ) -> Result<Option<Result<Progress, ServiceError>>, Gone> {
        let too_old = async {
            match until {
                Some(until) => tokio::time::sleep_until(until).await,
                None => std::future::pending().await,
            }
        };
        let (mut too_old, mut next) = (std::pin::pin!(too_old), attempt.next());
        let may_leave = confirmed == Confirmed::No;
        let mut heard = true;
        loop {
            tokio::select! {
                biased;
                answer = self.answers.recv(), if heard => match answer {
                    Some(Answer::Again) if may_leave => return Ok(None),
                    // It comes too late; the front is told where the sign-in stands instead.
                    Some(Answer::Again) => drop(self.step(SignInStep::Exchanging)),
                    // Nothing was asked: a second click, or a page that says the same twice.
                    Some(Answer::Give(_) | Answer::KeepOther) => {}
                    None if may_leave => return Err(Gone),
                    None => heard = false,
                },
                // Without this a front that was dropped would keep its code alive for minutes.
                () = self.steps.closed(), if may_leave => return Err(Gone),
                progress = &mut next => return Ok(Some(progress)),
                () = &mut too_old => return Ok(Some(Ok(Progress::Expired))),
            }
        }
    }

    /// The answer to a question; `None` when the person wants to start over.
    async fn input(&mut self) -> Result<Option<Input>, Gone> {
        loop {
            match self.answer().await? {
                Answer::Give(input) => return Ok(Some(input)),
                Answer::Again => return Ok(None),
                Answer::KeepOther => {}
            }
        }
    }

    /// Whether what was granted may be saved: another account than the wanted one only if the person says so.
    async fn is_wanted(&mut self, grant: &Grant) -> Result<bool, Gone> {
        let account = &grant.credential.account;
        let Some(wanted) = self.wanted.clone().filter(|wanted| wanted != account) else { return Ok(true) };
        let asked = self.step(SignInStep::AskOtherAccount {
            account: account.clone(),
            nickname: grant.inspection.nickname.clone(),
            known: self.surroundings.knows(account),
            wanted,
        });
        let answer = match asked {
            Ok(()) => loop {
                match self.answer().await {
                    Ok(Answer::Give(_)) => {}
                    Ok(Answer::KeepOther) => break Ok(true),
                    Ok(Answer::Again) => break Ok(false),
                    Err(Gone) => break Err(Gone),
                }
            },
            Err(Gone) => Err(Gone),
        };
        // What was pasted is somebody's elsewhere, too: it is not ours to end.
        if !matches!(answer, Ok(true)) && self.method.is_new_sign_in() {
            self.surroundings.discard(grant).await;
        }
        answer
    }

    /// Saves what has come. A keychain that says no does not lose it: it stays here for another try.
    async fn save(&mut self, grant: &Grant) -> Result<(), Gone> {
        let mut unheard = 0;
        loop {
            // Not `?`: a credential that has come is saved even when nobody listens any more.
            drop(self.step(SignInStep::Saving));
            let problem = match self.surroundings.save(grant, self.method).await {
                Ok((account, known)) => {
                    return self.step(SignInStep::Done { account: Box::new(account), known });
                }
                Err(problem) => problem,
            };
            tracing::warn!(code = ?problem.code, "a credential that has come could not be saved");
            let told = self.step(SignInStep::Failed { problem, others: Others::default() });
            if told.is_ok() && self.asked_again().await.is_ok() {
                continue;
            }
            unheard += 1;
            if unheard == SAVES_UNHEARD {
                if self.method.is_new_sign_in() {
                    self.surroundings.discard(grant).await;
                }
                return Err(Gone);
            }
            tokio::time::sleep(PAUSE_AFTER_FAILURE).await;
        }
    }

    /// What went wrong, with the other ways in where one of them may help.
    fn failure(&self, problem: Problem) -> SignInStep {
        let way = WayIn { service: self.service.id(), method: self.method };
        let barred = matches!(
            problem.code,
            ProblemCode::RiskControl
                | ProblemCode::ClientTooOld
                | ProblemCode::DeviceLimit
                | ProblemCode::WrongWayIn
        );
        if barred {
            self.surroundings.barred(way);
        }
        let others = match problem.code {
            _ if barred => self.surroundings.others(way),
            ProblemCode::RateLimited | ProblemCode::Rejected | ProblemCode::Unexpected => {
                self.surroundings.others(way)
            }
            // Only a way that is no further sign-in helps now.
            ProblemCode::DailyLimit => {
                let mut others = self.surroundings.others(way);
                others.next.retain(|way| !way.method.is_new_sign_in());
                others
            }
            _ => Others::default(),
        };
        match problem.code {
            ProblemCode::RiskControl => SignInStep::RiskControl { problem, others },
            // Only what was pasted is a credential; in the other ways it is a code that was refused.
            ProblemCode::Rejected if self.method != Method::Paste => {
                SignInStep::Failed { problem: Problem { code: ProblemCode::Unexpected, ..problem }, others }
            }
            _ => SignInStep::Failed { problem, others },
        }
    }

    fn step(&self, step: SignInStep) -> Result<(), Gone> {
        self.steps.send(step).map_err(|_| Gone)
    }

    async fn asked_again(&mut self) -> Result<(), Gone> {
        while !matches!(self.answer().await?, Answer::Again) {}
        Ok(())
    }

    async fn answer(&mut self) -> Result<Answer, Gone> {
        tokio::select! {
            // Who answers and leaves has answered.
            biased;
            answer = self.answers.recv() => answer.ok_or(Gone),
            () = self.steps.closed() => Err(Gone),
        }
    }
}
