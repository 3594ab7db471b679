//! What becomes of a request that failed, and what else the person can do about a failure.

use std::ops::ControlFlow::{self, Break, Continue};

use tunekey_services::ServiceError;

use super::{Machine, failed};
use crate::alternatives::Alternatives;
use crate::problem::{Problem, ProblemCode};
use crate::sign_in::attempt_state::{AttemptOutcome, AttemptState, Stage};
use crate::sign_in::conversation::Cancelled;
use crate::sign_in::host::SignInHost;
use crate::sign_in::step::SignInStep;

/// How many requests in a row may fail before the person is told.
const FAILURES_IN_A_ROW: u32 = 3;
/// How often the person can go on with what was confirmed before a new code is the better way.
const RESUMES: u32 = 3;

impl<H: SignInHost> Machine<H> {
    /// Decides what becomes of an attempt of which a request failed.
    pub(super) async fn recover(
        &mut self,
        state: &mut AttemptState,
        error: ServiceError,
    ) -> Result<ControlFlow<AttemptOutcome>, Cancelled> {
        if error.may_pass() {
            return self.ask_again(state, error).await;
        }
        Ok(Break(match (error, &state.stage) {
            // It came too late, or was used up by the request whose answer was lost (protocol: QQ §13.8,
            // NetEase §1.5).
            (
                ServiceError::Unexpected { .. } | ServiceError::ExchangeLost { .. },
                Stage::Committed { resumed: true },
            ) if self.method.is_new_sign_in() => AttemptOutcome::StartOver,
            (error, _) => AttemptOutcome::Failed(error),
        }))
    }

    /// After a failure that may pass: the service is asked again, and once it has failed too often the person is told.
    async fn ask_again(
        &mut self,
        state: &mut AttemptState,
        error: ServiceError,
    ) -> Result<ControlFlow<AttemptOutcome>, Cancelled> {
        state.failures = state.failures.saturating_add(1);
        tracing::debug!(%error, state.failures, "a sign-in request failed");
        if state.failures < FAILURES_IN_A_ROW {
            return Ok(Continue(()));
        }
        let problem = Problem::of_service(error, self.service.id());
        match state.stage {
            // The code lives for minutes, whatever the network does meanwhile.
            Stage::OnScreen { .. } => self.show_connection(state, Some(problem))?,
            Stage::Committed { .. } if state.resumes < RESUMES => self.resume(state, problem).await?,
            Stage::Open | Stage::Committed { .. } => return Ok(Break(AttemptOutcome::Hindered(problem))),
        }
        Ok(Continue(()))
    }

    /// Keeps what was confirmed for another try: the person need not scan again.
    async fn resume(&mut self, state: &mut AttemptState, problem: Problem) -> Result<(), Cancelled> {
        let again = match self.conversation.show(failed(problem)) {
            Ok(()) => self.conversation.again().await,
            Err(Cancelled) => Err(Cancelled),
        };
        state.resumes = match again {
            Ok(()) => state.resumes + 1,
            // Whoever leaves does not take it along: once more, unheard.
            Err(Cancelled) if self.method.is_new_sign_in() => RESUMES,
            Err(Cancelled) => return Err(Cancelled),
        };
        state.failures = 0;
        state.stage = Stage::Committed { resumed: true };
        self.conversation.announce(SignInStep::Exchanging);
        Ok(())
    }

    /// What went wrong, with the other options where one of them may help.
    pub(super) fn failure(&self, problem: Problem) -> SignInStep {
        let alternatives = self.alternatives_to(&problem);
        match problem.code {
            ProblemCode::RiskControl => SignInStep::RiskControl { problem, alternatives },
            // Only what was pasted is a credential; in the other methods it is a code that was refused.
            ProblemCode::Rejected if self.method.is_new_sign_in() => SignInStep::Failed {
                problem: Problem { code: ProblemCode::Unexpected, ..problem },
                alternatives,
            },
            _ => SignInStep::Failed { problem, alternatives },
        }
    }

    /// The other options that may help against a problem. Remembers this one as blocked when the problem says so.
    fn alternatives_to(&self, problem: &Problem) -> Alternatives {
        let option = self.option();
        match problem.code {
            ProblemCode::RiskControl
            | ProblemCode::ClientTooOld
            | ProblemCode::DeviceLimit
            | ProblemCode::WrongMethod => {
                self.host.note_blocked(option);
                self.host.alternatives(option)
            }
            ProblemCode::RateLimited | ProblemCode::Rejected | ProblemCode::Unexpected => {
                self.host.alternatives(option)
            }
            // Only one that is no further sign-in helps now.
            ProblemCode::DailyLimit => {
                let mut alternatives = self.host.alternatives(option);
                alternatives.next.retain(|other| !other.method.is_new_sign_in());
                alternatives
            }
            _ => Alternatives::default(),
        }
    }
}
