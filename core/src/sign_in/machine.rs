//! The machine, from the keychain that must be ready to the account that is saved.

mod attempt;
mod questions;
mod recovery;
mod saving;

use tunekey_services::{AccountId, Grant, Method, Service};

use super::attempt_state::AttemptOutcome;
use super::conversation::{Cancelled, Conversation, Decision};
use super::host::{Scanner, SignInHost};
use super::step::SignInStep;
use crate::alternatives::{Alternatives, SignInOption};
use crate::problem::Problem;

/// How many expired codes are replaced without being asked; more of them would look like a robot.
const CODES_BY_ITSELF: u32 = 1;

pub(crate) struct Machine<H> {
    service: &'static dyn Service,
    method: Method,
    /// The account that is to be signed in again; any when `None`.
    wanted: Option<AccountId>,
    host: H,
    conversation: Conversation,
    /// How many expired codes are still replaced without being asked.
    codes_by_itself: u32,
    /// Who scanned the code that is on its way.
    scanner: Scanner,
}

/// What became of one round.
enum Round {
    Saved,
    StartOver,
}

impl<H: SignInHost> Machine<H> {
    pub(crate) fn new(
        service: &'static dyn Service,
        method: Method,
        wanted: Option<AccountId>,
        host: H,
        conversation: Conversation,
    ) -> Self {
        let (codes_by_itself, scanner) = (CODES_BY_ITSELF, Scanner::default());
        Self { service, method, wanted, host, conversation, codes_by_itself, scanner }
    }

    /// Runs until an account is saved, or the front that has started it leaves before anything was confirmed.
    pub(crate) async fn run(mut self) {
        // Nobody is left who could be told that it was cancelled.
        drop(self.sign_in().await);
    }

    async fn sign_in(&mut self) -> Result<(), Cancelled> {
        // A sign-in begins at this step, so that only what starts over enters it.
        while let Round::StartOver = self.round().await? {
            self.conversation.show(SignInStep::Preparing)?;
        }
        Ok(())
    }

    /// From the keychain to an account that is saved, or to where the person starts over.
    async fn round(&mut self) -> Result<Round, Cancelled> {
        let ready = tokio::select! {
            ready = self.host.ready_to_save() => ready,
            // Nobody waits for the keychain any more.
            () = self.conversation.cancelled() => return Err(Cancelled),
        };
        if let Err(problem) = ready {
            return self.fail(failed(problem)).await;
        }
        match self.attempt().await? {
            AttemptOutcome::Granted(grant) => self.granted(&grant).await,
            AttemptOutcome::StartOver => Ok(Round::StartOver),
            // One that was scanned was declined, or not confirmed in time: that is said first.
            AttemptOutcome::Expired { scanned: false } if self.codes_by_itself > 0 => {
                self.codes_by_itself -= 1;
                Ok(Round::StartOver)
            }
            AttemptOutcome::Expired { scanned } => self.fail(SignInStep::Expired { scanned }).await,
            AttemptOutcome::Refused => self.fail(SignInStep::Refused).await,
            AttemptOutcome::PageClosed => self.fail(SignInStep::PageClosed).await,
            AttemptOutcome::Failed(error) => {
                self.fail(self.failure(Problem::of_service(error, self.service.id()))).await
            }
            AttemptOutcome::Hindered(problem) => self.fail(self.failure(problem)).await,
        }
    }

    /// Saves what has come, if that is wanted.
    async fn granted(&mut self, grant: &Grant) -> Result<Round, Cancelled> {
        if let Err(problem) = self.host.accepts(grant, self.method).await {
            self.discard(grant).await;
            return self.fail(failed(problem)).await;
        }
        match self.consent(grant).await? {
            Decision::Keep => self.save(grant).await.map(|()| Round::Saved),
            Decision::StartOver => Ok(Round::StartOver),
        }
    }

    /// Says how a round failed, and waits until somebody wants to start over.
    async fn fail(&mut self, step: SignInStep) -> Result<Round, Cancelled> {
        self.conversation.show(step)?;
        self.conversation.again().await?;
        Ok(Round::StartOver)
    }

    fn option(&self) -> SignInOption {
        SignInOption { service: self.service.id(), method: self.method }
    }
}

/// A failure that no other option helps against.
fn failed(problem: Problem) -> SignInStep {
    SignInStep::Failed { problem, alternatives: Alternatives::default() }
}
