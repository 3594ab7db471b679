//! The sign-in state machine: one function, each state a place where it waits.
//!
//! Progress is a value ([`SignInStep`]), the person's part is a value ([`Answer`]), dropping the [`SignIn`]
//! cancels. From [`SignInStep::Saving`] on nothing cancels: the services give a credential exactly once, so
//! once it has come it is written to the keychain even when nobody is looking any more.

use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use tokio::sync::mpsc;

use crate::account::{Account, Method, ServiceId};
use crate::picture;
use crate::problem::{Problem, ProblemCode};
use crate::qr::QrCode;
use crate::service::{Attempt, Context, Grant, Progress, Service, ServiceError};

/// Where a sign-in stands. Every step is the whole truth; a front draws the latest and forgets the others.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum SignInStep {
    /// A code is being fetched.
    Preparing,
    /// Show this code and wait for a scan.
    ShowCode {
        /// The code as a picture: a `data:` URL.
        #[cfg_attr(feature = "typescript", ts(type = "string"))]
        code: QrCode,
        /// When to stop showing it.
        #[cfg_attr(feature = "typescript", ts(type = "string"))]
        valid_until: Timestamp,
        /// How long it lives in all, in seconds.
        life_seconds: u32,
    },
    /// The phone has read it; waiting for the confirmation there.
    Scanned {
        /// Who scanned, where the service says so.
        nickname: Option<String>,
        /// That person's picture: a `data:` URL.
        avatar: Option<String>,
    },
    /// Confirmed; the credential is being fetched.
    Exchanging,
    /// The credential is being written to the keychain. From here on the sign-in cannot be cancelled.
    Saving,
    /// Signed in.
    Done {
        /// The account.
        account: Box<Account>,
        /// Whether it was known before, so that its credential was replaced.
        known: bool,
    },
    /// The code is no longer valid and no other was fetched by itself; [`Answer::Again`] gets one.
    Expired,
    /// Declined on the phone. [`Answer::Again`] starts over.
    Refused,
    /// Risk control stopped it. `next` lists the other ways in, best first.
    RiskControl {
        /// What the service said.
        problem: Problem,
        /// The other ways in.
        next: Vec<WayIn>,
    },
    /// It failed. [`Answer::Again`] starts over, or, when only the keychain stood in the way of a
    /// credential that has already come, tries to save that one again.
    Failed {
        /// Why.
        problem: Problem,
    },
}

impl SignInStep {
    /// Whether nothing more happens unless the person answers.
    pub fn waits_for_answer(&self) -> bool {
        match self {
            Self::Expired | Self::Refused | Self::RiskControl { .. } | Self::Failed { .. } => true,
            Self::Preparing
            | Self::ShowCode { .. }
            | Self::Scanned { .. }
            | Self::Exchanging
            | Self::Saving
            | Self::Done { .. } => false,
        }
    }
}

/// A service and one of its methods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct WayIn {
    /// The service.
    pub service: ServiceId,
    /// The method.
    pub method: Method,
}

/// What a person can answer to a sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Drop this code and fetch another; try again.
    Again,
}

/// A sign-in under way. Dropping it cancels it, up to the moment when there is something to save.
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

/// What the machine needs from the rest of the core.
#[async_trait]
pub(crate) trait Surroundings: Send + Sync + 'static {
    /// The HTTP client, clock and device identity of now.
    fn context(&self) -> Result<Context, Problem>;
    /// Whether a credential could be saved; may ask the person to unlock the keychain.
    async fn ready_to_save(&self) -> Result<(), Problem>;
    /// Saves the credential and what is known of the account. Gives back whether it was known before.
    async fn save(&self, grant: &Grant, method: Method) -> Result<(Account, bool), Problem>;
}

/// Starts a sign-in on the current runtime.
pub(crate) fn start(
    service: &'static dyn Service,
    method: Method,
    others: Vec<WayIn>,
    surroundings: impl Surroundings,
) -> SignIn {
    let (steps, steps_out) = mpsc::unbounded_channel();
    let (answers_in, answers) = mpsc::unbounded_channel();
    let machine = Machine { service, method, others, surroundings, steps, answers, codes_by_itself: 1 };
    tokio::spawn(machine.run());
    SignIn { steps: steps_out, answers: answers_in }
}

struct Machine<S> {
    service: &'static dyn Service,
    method: Method,
    others: Vec<WayIn>,
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
    /// The person wants another.
    Dropped,
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
            if let Err(problem) = self.surroundings.ready_to_save().await {
                self.step(SignInStep::Failed { problem })?;
                self.asked_again().await?;
                continue;
            }
            let last_word = match self.one_code().await? {
                Ok(CodeEnd::Granted(grant)) => return self.save(&grant).await,
                Ok(CodeEnd::Dropped) => continue,
                Ok(CodeEnd::Expired) if self.codes_by_itself > 0 => {
                    self.codes_by_itself -= 1;
                    continue;
                }
                Ok(CodeEnd::Expired) => SignInStep::Expired,
                Ok(CodeEnd::Refused) => SignInStep::Refused,
                Ok(CodeEnd::Failed(error)) => self.failure(error),
                Err(problem) => SignInStep::Failed { problem },
            };
            self.step(last_word)?;
            self.asked_again().await?;
        }
    }

    /// One code from being fetched to its end.
    async fn one_code(&mut self) -> Result<Result<CodeEnd, Problem>, Gone> {
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
        loop {
            let progress = match self.progress(&mut *attempt, shown).await? {
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
                    self.step(SignInStep::ShowCode { code, valid_until, life_seconds })?;
                }
                Ok(Progress::Waiting) => failures = 0,
                Ok(Progress::Scanned { nickname, avatar }) => {
                    failures = 0;
                    self.step(SignInStep::Scanned { nickname: nickname.clone(), avatar: None })?;
                    if let Some(url) = avatar
                        && let Ok(picture) = picture::fetch(&context.http, &url).await
                    {
                        let avatar = Some(picture::data_url(&picture));
                        self.step(SignInStep::Scanned { nickname, avatar })?;
                    }
                }
                Ok(Progress::Authorised) => {
                    failures = 0;
                    shown = None;
                    self.step(SignInStep::Exchanging)?;
                }
                Ok(Progress::Refused) => return Ok(Ok(CodeEnd::Refused)),
                Ok(Progress::Expired) => return Ok(Ok(CodeEnd::Expired)),
                Ok(Progress::Granted(grant)) => return Ok(Ok(CodeEnd::Granted(grant))),
                Err(error) if error.may_pass() && failures + 1 < FAILURES_IN_A_ROW => {
                    failures += 1;
                    tracing::debug!(%error, failures, "a sign-in request failed and is tried again");
                    tokio::time::sleep(PAUSE_AFTER_FAILURE).await;
                }
                Err(error) => return Ok(Ok(CodeEnd::Failed(error))),
            }
        }
    }

    /// The attempt's next progress, unless the person wants another code (`None`) or has gone, or the code
    /// has outlived its time on screen, whatever the service says.
    async fn progress(
        &mut self,
        attempt: &mut dyn Attempt,
        until: Option<tokio::time::Instant>,
    ) -> Result<Option<Result<Progress, ServiceError>>, Gone> {
        let too_old = async {
            match until {
                Some(until) => tokio::time::sleep_until(until).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            answer = self.answers.recv() => match answer {
                Some(Answer::Again) => Ok(None),
                None => Err(Gone),
            },
            // Without this a front that was dropped would keep its code alive for minutes.
            () = self.steps.closed() => Err(Gone),
            progress = attempt.next() => Ok(Some(progress)),
            () = too_old => Ok(Some(Ok(Progress::Expired))),
        }
    }

    /// Saves what has come. A keychain that says no does not lose it: it stays here for another try.
    async fn save(&mut self, grant: &Grant) -> Result<(), Gone> {
        loop {
            // Not `?`: a credential that has come is saved even when nobody listens any more.
            drop(self.step(SignInStep::Saving));
            match self.surroundings.save(grant, self.method).await {
                Ok((account, known)) => {
                    return self.step(SignInStep::Done { account: Box::new(account), known });
                }
                Err(problem) => self.step(SignInStep::Failed { problem })?,
            }
            self.asked_again().await?;
        }
    }

    fn failure(&self, error: ServiceError) -> SignInStep {
        let problem = error.into_problem(self.service.id());
        match problem.code {
            ProblemCode::RiskControl => SignInStep::RiskControl { problem, next: self.others.clone() },
            // While signing in there is no credential yet to be refused: what is refused is this code.
            ProblemCode::Rejected => {
                SignInStep::Failed { problem: Problem { code: ProblemCode::Unexpected, ..problem } }
            }
            _ => SignInStep::Failed { problem },
        }
    }

    fn step(&self, step: SignInStep) -> Result<(), Gone> {
        self.steps.send(step).map_err(|_| Gone)
    }

    async fn asked_again(&mut self) -> Result<(), Gone> {
        tokio::select! {
            answer = self.answers.recv() => answer.map(|Answer::Again| ()).ok_or(Gone),
            () = self.steps.closed() => Err(Gone),
        }
    }
}

#[cfg(test)]
mod tests;
