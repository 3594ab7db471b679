//! The questions of an attempt: asked, answered, and the answer handed on.

use std::mem;
use std::ops::ControlFlow::{self, Break, Continue};

use jiff::Timestamp;
use tunekey_services::{Input, PhoneNumber, Question};

use super::Machine;
use crate::sign_in::attempt_state::{AttemptOutcome, AttemptState, Stage};
use crate::sign_in::conversation::{Answered, Cancelled};
use crate::sign_in::host::SignInHost;
use crate::sign_in::step::{SignInStep, step_for_input, step_for_question};

impl<H: SignInHost> Machine<H> {
    /// Asks the person, and hands the answer on.
    pub(super) async fn ask(
        &mut self,
        state: &mut AttemptState,
        question: Question,
    ) -> Result<ControlFlow<AttemptOutcome>, Cancelled> {
        let asked_after = mem::replace(&mut state.stage, Stage::Open);
        let is_page = matches!(question, Question::Page(_));
        let now = state.context.clock.now();
        let input = match self.answer_to(question, now).await? {
            Answered::StartOver => return Ok(Break(AttemptOutcome::StartOver)),
            Answered::With(Input::PageClosed) if is_page => return Ok(Break(AttemptOutcome::PageClosed)),
            Answered::With(input) => input,
        };
        // A form counts as a sign-in when it is sent, and a page when it has brought something.
        if let Input::PhoneNumber { country, number } = &input
            && PhoneNumber::parse(country, number).is_ok()
            && let Err(problem) = self.host.take_sign_in(self.service.id()).await
        {
            return Ok(Break(AttemptOutcome::Hindered(problem)));
        }
        if is_page {
            self.count(state).await;
        }
        self.hand_on(state, input, &asked_after)?;
        Ok(Continue(()))
    }

    /// The answer to a question: the text that was given before, or what is said now.
    async fn answer_to(&mut self, question: Question, now: Timestamp) -> Result<Answered, Cancelled> {
        if question.takes_text()
            && let Some(text) = self.conversation.take_brought()
        {
            return Ok(Answered::With(Input::Text(text)));
        }
        self.conversation.show(step_for_question(question, self.service.id(), now))?;
        self.conversation.answer().await
    }

    /// Hands an answer on. One that may have a credential issued is followed to its end, whoever leaves.
    fn hand_on(&self, state: &mut AttemptState, input: Input, asked_after: &Stage) -> Result<(), Cancelled> {
        let step = match input {
            // The check held up what was typed before it, which is sent again now.
            Input::CaptchaDone if asked_after.is_committed() => Some(SignInStep::Exchanging),
            _ => step_for_input(&input),
        };
        match step {
            Some(step) if step.cannot_be_cancelled() => {
                state.stage = Stage::Committed { resumed: false };
                self.conversation.announce(step);
            }
            Some(step) => self.conversation.show(step)?,
            None => {}
        }
        state.attempt.give(input);
        Ok(())
    }
}
