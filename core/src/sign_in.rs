//! The sign-in state machine: one function, each state a place where it waits.
//!
//! Progress is a value ([`SignInStep`]), the person's part is a value ([`Answer`]), dropping the [`SignIn`]
//! cancels. From [`SignInStep::Exchanging`] on nothing cancels: the services give a credential exactly once, so
//! what may have been issued is fetched and written to the keychain even when nobody is looking any more.
//!
//! What is only nice to know never stands in the way: pictures come beside the polling, and who the account belongs
//! to in detail is asked once it is saved.

use std::time::Duration;

use async_trait::async_trait;
use jiff::SignedDuration;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};
use tunekey_services::{
    AccountId, Attempt, Context, Grant, Input, Method, PhoneNumber, Progress, QrCode, Question, Secret,
    Service, ServiceError, ServiceId, picture,
};

use crate::account::Account;
use crate::alternatives::{Alternatives, SignInOption};
use crate::import::PasteAttempt;
use crate::problem::{Problem, ProblemCode};

mod parked;
mod step;
#[cfg(test)]
mod tests;

pub(crate) use parked::{ParkedCode, ParkedCodes};
pub use step::{SignInStep, StepKind};
use step::{step_for_input, step_for_question};

/// What a person can answer to a sign-in.
#[derive(Debug)]
pub enum Answer {
    /// Drop this code and fetch another; try again.
    Again,
    /// The answer to a question. Only a text may come before its question: whoever brings one along has it already.
    /// Anything else that nothing asked for is dropped.
    Give(Input),
    /// Save the account that was asked about: another than the one that was meant, or a new one.
    Keep,
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
/// How many times that pause the waits grow to while a code still lives.
const LONGEST_PAUSE: u32 = 5;

/// How often a credential is saved when nobody is there to be told that the keychain says no.
const SAVES_UNHEARD: u32 = 3;
/// How often the person can go on with what was confirmed before a new code is the better way.
const RESUMES: u32 = 3;
/// From how many on it is said how many sign-ins the day still holds.
const FEW_LEFT: usize = 5;

/// Who scanned a code, where the service says so: what is known of an account before it is asked about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Scanner {
    /// The name that the service shows.
    pub(crate) nickname: Option<String>,
    /// The picture as PNG.
    pub(crate) picture: Option<Vec<u8>>,
}

/// What the machine needs from the rest of the core.
#[async_trait]
pub(crate) trait SignInHost: Send + Sync + 'static {
    /// The HTTP client, clock and device identity of now.
    async fn context(&self) -> Result<Context, Problem>;
    /// Whether a credential could be saved; may ask the person to unlock the keychain.
    async fn ready_to_save(&self) -> Result<(), Problem>;
    /// Saves the credential and what is known of the account, and asks for the rest afterwards. Gives back whether
    /// the account was known before.
    async fn save(
        &self,
        grant: &Grant,
        method: Method,
        scanner: &Scanner,
    ) -> Result<(Account, bool), Problem>;
    /// How many sign-ins with that service the day still holds.
    fn sign_ins_left(&self, service: ServiceId) -> usize;
    /// Counts one more sign-in with that service. Errors when the day's are used up.
    async fn take_sign_in(&self, service: ServiceId) -> Result<(), Problem>;
    /// Remembers that this way was barred.
    fn blocked(&self, way: SignInOption);
    /// The other ways into the service.
    fn alternatives(&self, way: SignInOption) -> Alternatives;
    /// Whether the account is here already.
    fn knows(&self, account: &AccountId) -> bool;
    /// Whose credential it is: name and picture, as far as the service says so in time.
    async fn owner(&self, grant: &Grant) -> Scanner;
    /// Ends a credential that the person does not want, as far as the service takes part.
    async fn discard(&self, grant: &Grant);
    /// Keeps a code that nobody has scanned and nobody looks at any more.
    fn park(&self, way: SignInOption, code: ParkedCode);
    /// A code for that way that was parked and still lives for a while.
    fn take_parked(&self, way: SignInOption) -> Option<ParkedCode>;
}

/// Starts a sign-in on the current runtime, among those tasks.
pub(crate) fn start(
    tasks: &TaskTracker,
    service: &'static dyn Service,
    method: Method,
    wanted: Option<AccountId>,
    surroundings: impl SignInHost,
) -> SignIn {
    let (steps, steps_out) = mpsc::unbounded_channel();
    let (answers_in, answers) = mpsc::unbounded_channel();
    let machine = Machine {
        service,
        method,
        wanted,
        surroundings,
        steps,
        answers,
        codes_by_itself: 1,
        scanner: Scanner::default(),
        brought: None,
    };
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
    /// Who scanned the code that is on its way.
    scanner: Scanner,
    /// A text that was given before anything asked for it: kept for the question that does.
    brought: Option<Secret>,
}

/// How one code ended.
enum AttemptOutcome {
    Granted(Box<Grant>),
    Expired {
        /// Whether the phone had read it.
        scanned: bool,
    },
    Refused,
    Failed(ServiceError),
    /// It could not even begin.
    Hindered(Problem),
    PageClosed,
    /// The person wants another.
    Dropped,
}

/// Whether the service has heard that it is to issue a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Commitment {
    No,
    Yes,
    /// Yes, and then the network was gone for so long that the person was told.
    Resumed,
}

/// Where one code stands.
struct Run {
    attempt: Box<dyn Attempt>,
    context: Context,
    /// The step on screen while the phone is waited for.
    shown: Option<SignInStep>,
    /// When to stop showing it, whatever the service says.
    until: Option<Instant>,
    /// How long to wait before the next request.
    pause: Duration,
    /// How many answers in a row have not come.
    failures: u32,
    confirmed: Commitment,
    /// How often the person went on with what was confirmed.
    resumes: u32,
    /// Whether it has been counted as a sign-in.
    counted: bool,
    /// The scanner's picture on its way.
    picture: Option<AbortOnDropHandle<Option<Vec<u8>>>>,
}

impl Run {
    fn new(attempt: Box<dyn Attempt>, context: Context) -> Self {
        Self {
            attempt,
            context,
            shown: None,
            until: None,
            pause: Duration::ZERO,
            failures: 0,
            confirmed: Commitment::No,
            resumes: 0,
            counted: false,
            picture: None,
        }
    }
}

/// Nobody is listening any more.
struct Cancelled;

impl<S: SignInHost> Machine<S> {
    async fn run(mut self) {
        // `Cancelled` is how a dropped `SignIn` arrives here: there is nobody left to tell.
        drop(self.sign_in().await);
    }

    async fn sign_in(&mut self) -> Result<(), Cancelled> {
        loop {
            self.step(SignInStep::Preparing)?;
            let ready = tokio::select! {
                ready = self.surroundings.ready_to_save() => ready,
                // Nobody waits for the keychain any more.
                () = self.steps.closed() => return Err(Cancelled),
            };
            if let Err(problem) = ready {
                self.step(SignInStep::Failed { problem, alternatives: Alternatives::default() })?;
                self.asked_again().await?;
                continue;
            }
            let last_word = match self.one_code().await? {
                AttemptOutcome::Granted(grant) => {
                    if self.may_save(&grant).await? {
                        return self.save(&grant).await;
                    }
                    continue;
                }
                AttemptOutcome::Dropped => continue,
                // One that was scanned was declined, or not confirmed in time: that is said first.
                AttemptOutcome::Expired { scanned: false } if self.codes_by_itself > 0 => {
                    self.codes_by_itself -= 1;
                    continue;
                }
                AttemptOutcome::Expired { scanned } => SignInStep::Expired { scanned },
                AttemptOutcome::Refused => SignInStep::Refused,
                AttemptOutcome::PageClosed => SignInStep::PageClosed,
                AttemptOutcome::Failed(error) => self.failure(Problem::of_service(error, self.service.id())),
                AttemptOutcome::Hindered(problem) => self.failure(problem),
            };
            self.step(last_word)?;
            self.asked_again().await?;
        }
    }

    /// One code from being fetched to its end.
    async fn one_code(&mut self) -> Result<AttemptOutcome, Cancelled> {
        self.scanner = Scanner::default();
        let mut run = match self.begin().await {
            Ok(run) => run,
            Err(end) => return Ok(end),
        };
        if let Some(step) = run.shown.clone() {
            self.step(step)?;
        }
        loop {
            let progress = match self.progress(&mut run).await {
                Ok(Some(progress)) => progress,
                Ok(None) => return Ok(AttemptOutcome::Dropped),
                Err(Cancelled) => {
                    self.park(run);
                    return Err(Cancelled);
                }
            };
            let end = match progress {
                Ok(progress) => self.advance(&mut run, progress).await?,
                Err(error) => self.recover(&mut run, error).await?,
            };
            if let Some(end) = end {
                return Ok(end);
            }
        }
    }

    /// A code that was parked, or a new attempt.
    async fn begin(&self) -> Result<Run, AttemptOutcome> {
        let way = self.way();
        // A form that nobody has sent yet is no sign-in in the eyes of the service.
        if self.method.is_new_sign_in()
            && self.method != Method::Phone
            && self.surroundings.sign_ins_left(way.service) == 0
        {
            let problem = Problem::new(ProblemCode::DailyLimit).with_service(way.service);
            return Err(AttemptOutcome::Hindered(problem));
        }
        if let Some(parked) = self.surroundings.take_parked(way) {
            return Ok(parked.into());
        }
        let context = self.surroundings.context().await.map_err(AttemptOutcome::Hindered)?;
        let attempt: Box<dyn Attempt> = match self.method {
            Method::Paste => Box::new(PasteAttempt::new(self.service, context.clone())),
            method => self.service.begin(method, context.clone()).map_err(AttemptOutcome::Failed)?,
        };
        Ok(Run::new(attempt, context))
    }

    /// Keeps a code that nobody has scanned: who looks at another way in and comes back finds the same one.
    fn park(&self, run: Run) {
        if let Some(parked) = ParkedCode::of(run) {
            self.surroundings.park(self.way(), parked);
        }
    }

    /// Takes what has happened. Gives how the code ended, if it did.
    async fn advance(
        &mut self,
        run: &mut Run,
        progress: Progress,
    ) -> Result<Option<AttemptOutcome>, Cancelled> {
        run.failures = 0;
        run.pause = Duration::ZERO;
        match progress {
            Progress::Code { code, life } => self.show(run, code, life)?,
            Progress::Waiting => self.show_again(run, None)?,
            Progress::Scanned { nickname, avatar } => {
                self.count(run).await;
                let step = SignInStep::Scanned { nickname: nickname.clone(), avatar: None, problem: None };
                self.scanner = Scanner { nickname, picture: None };
                run.picture = avatar.map(|address| {
                    let http = run.context.http.clone();
                    AbortOnDropHandle::new(tokio::spawn(
                        async move { picture::fetch(&http, &address).await.ok() },
                    ))
                });
                run.shown = Some(step.clone());
                self.step(step)?;
            }
            Progress::Ask(question) => return self.ask(run, question).await,
            Progress::Authorised => {
                self.count(run).await;
                run.until = None;
                run.shown = None;
                run.confirmed = Commitment::Yes;
                // Not `?`: what was confirmed is fetched even when nobody listens any more.
                drop(self.step(SignInStep::Exchanging));
            }
            Progress::Refused => return Ok(Some(AttemptOutcome::Refused)),
            Progress::Expired => {
                let scanned = matches!(run.shown, Some(SignInStep::Scanned { .. }));
                return Ok(Some(AttemptOutcome::Expired { scanned }));
            }
            Progress::Granted(grant) => return Ok(Some(AttemptOutcome::Granted(grant))),
        }
        Ok(None)
    }

    /// Shows a code that has come.
    fn show(&self, run: &mut Run, code: QrCode, life: Duration) -> Result<(), Cancelled> {
        let now = run.context.clock.now();
        let life_seconds = u32::try_from(life.as_secs()).unwrap_or(u32::MAX);
        let valid_until = now + SignedDuration::from_secs(i64::from(life_seconds));
        run.until = Some(Instant::from_std(run.context.clock.monotonic() + life));
        let left = self.surroundings.sign_ins_left(self.service.id());
        let left_today = u32::try_from(left).ok().filter(|_| left <= FEW_LEFT);
        let step = SignInStep::ShowCode { code, valid_until, life_seconds, problem: None, left_today };
        run.shown = Some(step.clone());
        self.step(step)
    }

    /// Says beside what is shown why nothing is heard of the service, or that it is heard again.
    fn show_again(&self, run: &mut Run, why: Option<Problem>) -> Result<(), Cancelled> {
        let Some(SignInStep::ShowCode { problem, .. } | SignInStep::Scanned { problem, .. }) = &mut run.shown
        else {
            return Ok(());
        };
        if problem.as_ref().map(|problem| problem.code) == why.as_ref().map(|problem| problem.code) {
            return Ok(());
        }
        *problem = why;
        match run.shown.clone() {
            Some(step) => self.step(step),
            None => Ok(()),
        }
    }

    /// Counts the code as a sign-in: only one that the phone has read is one in the eyes of the service.
    async fn count(&self, run: &mut Run) {
        if !std::mem::replace(&mut run.counted, true)
            && self.method.is_new_sign_in()
            && self.method != Method::Phone
            && let Err(problem) = self.surroundings.take_sign_in(self.service.id()).await
        {
            // It is under way already: to break it off now would help nobody.
            tracing::info!(code = ?problem.code, "a sign-in could not be counted");
        }
    }

    /// Asks the person, and hands the answer on.
    async fn ask(&mut self, run: &mut Run, question: Question) -> Result<Option<AttemptOutcome>, Cancelled> {
        run.until = None;
        run.shown = None;
        let asked_after = std::mem::replace(&mut run.confirmed, Commitment::No);
        let at_page = matches!(question, Question::Page(_));
        let brought = if question.takes_text() { self.brought.take() } else { None };
        let input = match brought {
            Some(text) => Input::Text(text),
            None => {
                self.step(step_for_question(question, self.service.id(), run.context.clock.now()))?;
                let Some(input) = self.input().await? else { return Ok(Some(AttemptOutcome::Dropped)) };
                input
            }
        };
        if at_page && matches!(input, Input::PageClosed) {
            return Ok(Some(AttemptOutcome::PageClosed));
        }
        if let Input::PhoneNumber { country, number } = &input
            && PhoneNumber::parse(country, number).is_ok()
            && let Err(problem) = self.surroundings.take_sign_in(self.service.id()).await
        {
            return Ok(Some(AttemptOutcome::Hindered(problem)));
        }
        if at_page {
            self.count(run).await;
        }
        let step = match input {
            // The check held up what was typed before it, which is sent again now.
            Input::CaptchaDone if asked_after != Commitment::No => Some(SignInStep::Exchanging),
            _ => step_for_input(&input),
        };
        if step.as_ref().is_some_and(SignInStep::cannot_be_cancelled) {
            run.confirmed = Commitment::Yes;
        }
        if let Some(step) = step {
            let heard = self.step(step);
            if run.confirmed == Commitment::No {
                heard?;
            }
        }
        run.attempt.give(input);
        Ok(None)
    }

    /// Decides what becomes of a request that failed. Gives how the code ended, if it did.
    async fn recover(
        &mut self,
        run: &mut Run,
        error: ServiceError,
    ) -> Result<Option<AttemptOutcome>, Cancelled> {
        if error.may_pass() {
            run.failures = run.failures.saturating_add(1);
            run.pause = PAUSE_AFTER_FAILURE * run.failures.min(LONGEST_PAUSE);
            tracing::debug!(%error, run.failures, "a sign-in request failed");
            if run.failures < FAILURES_IN_A_ROW {
                return Ok(None);
            }
            let problem = Problem::of_service(error, self.service.id());
            if run.confirmed == Commitment::No && run.shown.is_some() {
                // The code lives for minutes, whatever the network does meanwhile.
                self.show_again(run, Some(problem))?;
                return Ok(None);
            }
            if run.confirmed != Commitment::No && run.resumes < RESUMES {
                self.resume(run, problem).await?;
                return Ok(None);
            }
            return Ok(Some(AttemptOutcome::Hindered(problem)));
        }
        match error {
            // It came too late, or was used up by the request whose answer was lost.
            ServiceError::Unexpected { .. } | ServiceError::ExchangeLost { .. }
                if run.confirmed == Commitment::Resumed && self.method.is_new_sign_in() =>
            {
                Ok(Some(AttemptOutcome::Dropped))
            }
            error => Ok(Some(AttemptOutcome::Failed(error))),
        }
    }

    /// Keeps what was confirmed for another try: the person need not scan again.
    async fn resume(&mut self, run: &mut Run, problem: Problem) -> Result<(), Cancelled> {
        let told = self.step(SignInStep::Failed { problem, alternatives: Alternatives::default() });
        let asked = if told.is_ok() { self.asked_again().await } else { told };
        run.resumes = match asked {
            Ok(()) => run.resumes + 1,
            // Whoever leaves does not take it along: once more, unheard.
            Err(Cancelled) if self.method.is_new_sign_in() => RESUMES,
            Err(Cancelled) => return Err(Cancelled),
        };
        run.failures = 0;
        run.pause = Duration::ZERO;
        run.confirmed = Commitment::Resumed;
        drop(self.step(SignInStep::Exchanging));
        Ok(())
    }

    /// The attempt's next progress, unless the person wants another code (`None`) or has gone, or the code
    /// has outlived its time on screen, whatever the service says. What was confirmed is waited for.
    async fn progress(&mut self, run: &mut Run) -> Result<Option<Result<Progress, ServiceError>>, Cancelled> {
        let Run { attempt, shown, until, pause, confirmed, picture, .. } = run;
        let (until, pause, may_leave) = (*until, *pause, *confirmed == Commitment::No);
        let too_old = async {
            match until {
                Some(until) => tokio::time::sleep_until(until).await,
                None => std::future::pending().await,
            }
        };
        let next = async {
            tokio::time::sleep(pause).await;
            attempt.next().await
        };
        let (mut too_old, mut next) = (std::pin::pin!(too_old), std::pin::pin!(next));
        let mut heard = true;
        loop {
            let drawn = async {
                match picture.as_mut() {
                    Some(picture) => picture.await.ok().flatten(),
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                answer = self.answers.recv(), if heard => match answer {
                    Some(Answer::Again) if may_leave => return Ok(None),
                    // It comes too late; the front is told where the sign-in stands instead.
                    Some(Answer::Again) => drop(self.step(SignInStep::Exchanging)),
                    // What was confirmed is another text already.
                    Some(Answer::Give(Input::Text(text))) if may_leave => self.brought = Some(text),
                    // Nothing was asked: a second click, or a page that says the same twice.
                    Some(Answer::Give(_) | Answer::Keep) => {}
                    None if may_leave => return Err(Cancelled),
                    None => heard = false,
                },
                // Without this a front that was dropped would keep its code alive for minutes.
                () = self.steps.closed(), if may_leave => return Err(Cancelled),
                drawn = drawn => {
                    *picture = None;
                    self.scanner.picture = drawn;
                    if let (Some(png), Some(step @ SignInStep::Scanned { .. })) = (&self.scanner.picture, &mut *shown) {
                        if let SignInStep::Scanned { avatar, .. } = step {
                            *avatar = Some(picture::data_url(png));
                        }
                        let told = self.steps.send(step.clone()).map_err(|_| Cancelled);
                        if may_leave {
                            told?;
                        }
                    }
                }
                progress = &mut next => return Ok(Some(progress)),
                () = &mut too_old => return Ok(Some(Ok(Progress::Expired))),
            }
        }
    }

    fn way(&self) -> SignInOption {
        SignInOption { service: self.service.id(), method: self.method }
    }

    /// The answer to a question; `None` when the person wants to start over.
    async fn input(&mut self) -> Result<Option<Input>, Cancelled> {
        loop {
            match self.answer().await? {
                Answer::Give(input) => return Ok(Some(input)),
                Answer::Again => return Ok(None),
                Answer::Keep => {}
            }
        }
    }

    /// Whether what was granted may be saved. Another account than the wanted one is only if the person says so, and
    /// so is a new one that came by a page: what such a page runs, not the person alone, decides who signs in there.
    async fn may_save(&mut self, grant: &Grant) -> Result<bool, Cancelled> {
        let account = &grant.credential.account;
        let known = self.surroundings.knows(account);
        let question = match self.wanted.clone() {
            Some(wanted) if wanted != *account => SignInStep::AskOtherAccount {
                account: account.clone(),
                nickname: grant.inspection.nickname.clone().or_else(|| self.scanner.nickname.clone()),
                known,
                wanted,
            },
            None if self.method == Method::OfficialPage && !known => {
                self.scanner = self.surroundings.owner(grant).await;
                SignInStep::AskNewAccount {
                    account: account.clone(),
                    nickname: self.scanner.nickname.clone(),
                    avatar: self.scanner.picture.as_deref().map(picture::data_url),
                }
            }
            Some(_) | None => return Ok(true),
        };
        let answer = match self.step(question) {
            Ok(()) => loop {
                match self.answer().await {
                    Ok(Answer::Give(_)) => {}
                    Ok(Answer::Keep) => break Ok(true),
                    Ok(Answer::Again) => break Ok(false),
                    Err(Cancelled) => break Err(Cancelled),
                }
            },
            Err(Cancelled) => Err(Cancelled),
        };
        // What was pasted is somebody's elsewhere, too: it is not ours to end.
        if !matches!(answer, Ok(true)) && self.method.is_new_sign_in() {
            self.surroundings.discard(grant).await;
        }
        answer
    }

    /// Saves what has come. A keychain that says no does not lose it: it stays here for another try.
    async fn save(&mut self, grant: &Grant) -> Result<(), Cancelled> {
        let mut unheard = 0;
        loop {
            // Not `?`: a credential that has come is saved even when nobody listens any more.
            drop(self.step(SignInStep::Saving));
            let problem = match self.surroundings.save(grant, self.method, &self.scanner).await {
                Ok((account, known)) => {
                    return self.step(SignInStep::Done { account: Box::new(account), known });
                }
                Err(problem) => problem,
            };
            tracing::warn!(code = ?problem.code, "a credential that has come could not be saved");
            let told = self.step(SignInStep::Failed { problem, alternatives: Alternatives::default() });
            if told.is_ok() && self.asked_again().await.is_ok() {
                continue;
            }
            unheard += 1;
            if unheard == SAVES_UNHEARD {
                if self.method.is_new_sign_in() {
                    self.surroundings.discard(grant).await;
                }
                return Err(Cancelled);
            }
            tokio::time::sleep(PAUSE_AFTER_FAILURE).await;
        }
    }

    /// What went wrong, with the other ways in where one of them may help.
    fn failure(&self, problem: Problem) -> SignInStep {
        let way = self.way();
        let blocked = matches!(
            problem.code,
            ProblemCode::RiskControl
                | ProblemCode::ClientTooOld
                | ProblemCode::DeviceLimit
                | ProblemCode::WrongMethod
        );
        if blocked {
            self.surroundings.blocked(way);
        }
        let alternatives = match problem.code {
            _ if blocked => self.surroundings.alternatives(way),
            ProblemCode::RateLimited | ProblemCode::Rejected | ProblemCode::Unexpected => {
                self.surroundings.alternatives(way)
            }
            // Only a way that is no further sign-in helps now.
            ProblemCode::DailyLimit => {
                let mut alternatives = self.surroundings.alternatives(way);
                alternatives.next.retain(|way| !way.method.is_new_sign_in());
                alternatives
            }
            _ => Alternatives::default(),
        };
        match problem.code {
            ProblemCode::RiskControl => SignInStep::RiskControl { problem, alternatives },
            // Only what was pasted is a credential; in the other ways it is a code that was refused.
            ProblemCode::Rejected if self.method != Method::Paste => SignInStep::Failed {
                problem: Problem { code: ProblemCode::Unexpected, ..problem },
                alternatives,
            },
            _ => SignInStep::Failed { problem, alternatives },
        }
    }

    fn step(&self, step: SignInStep) -> Result<(), Cancelled> {
        self.steps.send(step).map_err(|_| Cancelled)
    }

    async fn asked_again(&mut self) -> Result<(), Cancelled> {
        loop {
            match self.answer().await? {
                Answer::Again => return Ok(()),
                Answer::Give(Input::Text(text)) => self.brought = Some(text),
                Answer::Give(_) | Answer::Keep => {}
            }
        }
    }

    async fn answer(&mut self) -> Result<Answer, Cancelled> {
        tokio::select! {
            // Who answers and leaves has answered.
            biased;
            answer = self.answers.recv() => answer.ok_or(Cancelled),
            () = self.steps.closed() => Err(Cancelled),
        }
    }
}
