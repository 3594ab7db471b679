//! One attempt, from its code being fetched to its end.

use std::ops::ControlFlow::{self, Break, Continue};
use std::pin::pin;
use std::time::Duration;

use jiff::SignedDuration;
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;
use tunekey_services::{Attempt, Input, Method, Progress, QrCode, ServiceError, picture};

use super::Machine;
use crate::import::PasteAttempt;
use crate::problem::{Problem, ProblemCode};
use crate::sign_in::attempt_state::{AttemptOutcome, AttemptState, Stage};
use crate::sign_in::conversation::{Cancelled, Conversation};
use crate::sign_in::host::{Scanner, SignInHost};
use crate::sign_in::input::UserInput;
use crate::sign_in::parked::ParkedCode;
use crate::sign_in::step::SignInStep;

/// From how many on it is said how many sign-ins the day still holds.
const FEW_LEFT: usize = 5;

/// What happens to an attempt next.
enum AttemptEvent {
    /// The service has said something, or the code's time on screen is over.
    Progress(Progress),
    Failed(ServiceError),
    /// Somebody wants another code.
    StartOver,
    /// The front that started it has left, and nothing is confirmed.
    Cancelled,
}

impl<H: SignInHost> Machine<H> {
    /// One attempt from its first request to its end.
    pub(super) async fn attempt(&mut self) -> Result<AttemptOutcome, Cancelled> {
        self.scanner = Scanner::default();
        let mut state = match self.begin().await {
            Ok(state) => state,
            Err(outcome) => return Ok(outcome),
        };
        if let Stage::OnScreen { step, .. } = &state.stage {
            self.conversation.show(step.clone())?;
        }
        loop {
            let flow = match self.next_event(&mut state).await {
                AttemptEvent::Progress(progress) => self.advance(&mut state, progress).await?,
                AttemptEvent::Failed(error) => self.recover(&mut state, error).await?,
                AttemptEvent::StartOver => Break(AttemptOutcome::StartOver),
                AttemptEvent::Cancelled => {
                    self.park(state);
                    return Err(Cancelled);
                }
            };
            if let Break(outcome) = flow {
                return Ok(outcome);
            }
        }
    }

    /// A code that was parked, or a new attempt; or why there is none.
    async fn begin(&self) -> Result<AttemptState, AttemptOutcome> {
        let option = self.option();
        if self.is_counted_by_its_scan() && self.host.sign_ins_left(option.service) == 0 {
            let problem = Problem::new(ProblemCode::DailyLimit).with_service(option.service);
            return Err(AttemptOutcome::Hindered(problem));
        }
        if let Some(parked) = self.host.take_parked(option) {
            return Ok(parked.into());
        }
        let context = self.host.context().await.map_err(AttemptOutcome::Hindered)?;
        let attempt: Box<dyn Attempt> = match self.method {
            Method::Paste | Method::CookieCloud => Box::new(PasteAttempt::new(self.service, context.clone())),
            method => self.service.begin(method, context.clone()).map_err(AttemptOutcome::Failed)?,
        };
        Ok(AttemptState::new(attempt, context))
    }

    /// Waits for what happens next. What was confirmed is waited for, whoever leaves or wants another code.
    async fn next_event(&mut self, state: &mut AttemptState) -> AttemptEvent {
        let (pause, until, may_leave) = (state.pause(), state.stage.until(), !state.stage.is_committed());
        let AttemptState { attempt, stage, picture, .. } = state;
        let mut response = pin!(async {
            tokio::time::sleep(pause).await;
            attempt.next().await
        });
        let mut too_old = pin!(sleep_until(until));
        let mut cancelled = pin!(self.conversation.cancelled());
        loop {
            tokio::select! {
                biased;
                input = self.conversation.unasked() => {
                    if let Break(event) = take_unasked(&mut self.conversation, input, may_leave) {
                        return event;
                    }
                }
                // Without this a front that has left would keep its code alive for minutes.
                () = &mut cancelled, if may_leave => return AttemptEvent::Cancelled,
                png = fetched(picture) => {
                    *picture = None;
                    self.scanner.picture = png;
                    self.show_picture(stage);
                }
                result = &mut response => return match result {
                    Ok(progress) => AttemptEvent::Progress(progress),
                    Err(error) => AttemptEvent::Failed(error),
                },
                () = &mut too_old => return AttemptEvent::Progress(Progress::Expired),
            }
        }
    }

    /// Takes what the service has said.
    async fn advance(
        &mut self,
        state: &mut AttemptState,
        progress: Progress,
    ) -> Result<ControlFlow<AttemptOutcome>, Cancelled> {
        state.failures = 0;
        match progress {
            // -- A code has been made: QQ §1.1, §2.1, §3.1; NetEase §1.1, §1.2
            Progress::Code { code, life } => self.show_code(state, code, life)?,
            // -- Nobody has scanned it yet, or nobody has confirmed: QQ §1.2, §2.2, §3.3; NetEase §1.4 (801)
            Progress::Waiting => self.show_connection(state, None)?,
            // -- The phone has read it: QQ §1.2, §2.2, §3.3; NetEase §1.4 (802)
            Progress::Scanned { nickname, avatar } => self.show_scanner(state, nickname, avatar).await?,
            // -- It was declined there: QQ §1.2, §2.2, §3.3. NetEase has no word for it: its codes end
            Progress::Refused => return Ok(Break(AttemptOutcome::Refused)),
            // -- Its time is over: QQ §1.2, §2.2, §3.3; NetEase §1.4 (800)
            Progress::Expired => {
                return Ok(Break(AttemptOutcome::Expired { scanned: state.stage.is_scanned() }));
            }
            // -- A number, a code, a check or a page is wanted: QQ §4.1, §4.2, §9; NetEase §5.5
            Progress::Ask(question) => return self.ask(state, question).await,
            // -- It was confirmed, and the credential is fetched: QQ §1.4 to §1.6, §2.3, §3.4; NetEase §1.4 (803), §1.5
            Progress::Authorised => {
                self.count(state).await;
                state.stage = Stage::Committed { resumed: false };
                self.conversation.announce(SignInStep::Exchanging);
            }
            // -- The credential has come, whole: QQ §6; NetEase §5.1
            Progress::Granted(grant) => return Ok(Break(AttemptOutcome::Granted(grant))),
        }
        Ok(Continue(()))
    }

    /// Shows a code that has come.
    fn show_code(&self, state: &mut AttemptState, code: QrCode, life: Duration) -> Result<(), Cancelled> {
        let clock = &state.context.clock;
        let life_seconds = u32::try_from(life.as_secs()).unwrap_or(u32::MAX);
        let valid_until = clock.now() + SignedDuration::from_secs(i64::from(life_seconds));
        let until = Some(Instant::from_std(clock.monotonic() + life));
        let left = self.host.sign_ins_left(self.service.id());
        let left_today = u32::try_from(left).ok().filter(|_| left <= FEW_LEFT);
        let step = SignInStep::ShowCode { code, valid_until, life_seconds, problem: None, left_today };
        state.stage = Stage::OnScreen { step: step.clone(), until };
        self.conversation.show(step)
    }

    /// Shows who has scanned the code. The picture comes later.
    async fn show_scanner(
        &mut self,
        state: &mut AttemptState,
        nickname: Option<String>,
        avatar: Option<url::Url>,
    ) -> Result<(), Cancelled> {
        self.count(state).await;
        let step = SignInStep::Scanned { nickname: nickname.clone(), avatar: None, problem: None };
        self.scanner = Scanner { nickname, picture: None };
        state.picture = avatar.map(|address| {
            let (http, hosts) = (state.context.http.clone(), self.service.facts().picture_hosts);
            let fetched = async move { picture::fetch(&http, hosts, &address).await.ok() };
            AbortOnDropHandle::new(tokio::spawn(fetched))
        });
        state.stage.scanned(step.clone());
        self.conversation.show(step)
    }

    /// Shows the scanner's picture, if the scan is still what is on screen.
    fn show_picture(&self, stage: &mut Stage) {
        if let Some(png) = &self.scanner.picture
            && let Stage::OnScreen { step, .. } = stage
            && let SignInStep::Scanned { avatar, .. } = step
        {
            *avatar = Some(picture::data_url(png));
            self.conversation.announce(step.clone());
        }
    }

    /// Says beside what is on screen why nothing is heard of the service, or that it is heard again.
    pub(super) fn show_connection(
        &self,
        state: &mut AttemptState,
        problem: Option<Problem>,
    ) -> Result<(), Cancelled> {
        let Stage::OnScreen { step, .. } = &mut state.stage else { return Ok(()) };
        let (SignInStep::ShowCode { problem: shown, .. } | SignInStep::Scanned { problem: shown, .. }) = step
        else {
            return Ok(());
        };
        let code = |problem: &Option<Problem>| problem.as_ref().map(|problem| problem.code);
        if code(shown) == code(&problem) {
            return Ok(());
        }
        *shown = problem;
        self.conversation.show(step.clone())
    }

    /// Counts the attempt as a sign-in, once.
    pub(super) async fn count(&self, state: &mut AttemptState) {
        if !std::mem::replace(&mut state.is_counted, true)
            && self.is_counted_by_its_scan()
            && let Err(problem) = self.host.take_sign_in(self.service.id()).await
        {
            // It is under way already: to break it off now would help nobody.
            tracing::info!(code = ?problem.code, "a sign-in could not be counted");
        }
    }

    /// Whether it counts as a sign-in only when the phone has read its code, or its page has brought something: nothing
    /// before that is one in the eyes of the service. A form counts when it is sent.
    fn is_counted_by_its_scan(&self) -> bool {
        self.method.is_new_sign_in() && self.method != Method::Phone
    }

    /// Keeps a code that nobody has scanned: who looks at another option and comes back finds the same one.
    fn park(&self, state: AttemptState) {
        if let Some(parked) = ParkedCode::of(state) {
            self.host.park(self.option(), parked);
        }
    }
}

/// Takes what somebody says while nothing is asked.
fn take_unasked(
    conversation: &mut Conversation,
    input: UserInput,
    may_leave: bool,
) -> ControlFlow<AttemptEvent> {
    match input {
        UserInput::Again if may_leave => return Break(AttemptEvent::StartOver),
        // It comes too late; everyone is told where the sign-in stands instead.
        UserInput::Again => conversation.announce(SignInStep::Exchanging),
        UserInput::Answer(Input::Text(text)) if may_leave => conversation.bring(text),
        // What was confirmed is another text already, and nothing else was asked: a second click, or a page that says
        // the same twice.
        UserInput::Answer(_) | UserInput::Keep => {}
    }
    Continue(())
}

/// Sleeps until then; for ever when that is never.
async fn sleep_until(until: Option<Instant>) {
    match until {
        Some(until) => tokio::time::sleep_until(until).await,
        None => std::future::pending().await,
    }
}

/// The picture, once it has come or failed to; never when none is on its way.
async fn fetched(picture: &mut Option<AbortOnDropHandle<Option<Vec<u8>>>>) -> Option<Vec<u8>> {
    match picture {
        Some(picture) => picture.await.ok().flatten(),
        None => std::future::pending().await,
    }
}
