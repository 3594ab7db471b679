//! The machine's end of a sign-in: steps go out to everyone who looks, what people say comes in, and the front that
//! started it may leave at any time.

use std::sync::Arc;

use tokio::sync::mpsc;
use tunekey_services::{Input, Secret};

use super::input::UserInput;
use super::step::SignInStep;
use super::under_way::UnderWay;

/// The front that has started the sign-in has left.
pub(super) struct Cancelled;

/// What became of a question.
pub(super) enum Answered {
    With(Input),
    StartOver,
}

/// What became of the question whether to keep an account.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    Keep,
    StartOver,
}

pub(crate) struct Conversation {
    under_way: Arc<UnderWay>,
    inputs: mpsc::UnboundedReceiver<UserInput>,
    /// A text that was given before anything asked for it: kept for the question that does.
    brought: Option<Secret>,
}

impl Conversation {
    pub(crate) fn new(under_way: Arc<UnderWay>, inputs: mpsc::UnboundedReceiver<UserInput>) -> Self {
        Self { under_way, inputs, brought: None }
    }

    /// Enters a step that makes sense only while the front that started it is there.
    pub(super) fn show(&self, step: SignInStep) -> Result<(), Cancelled> {
        self.announce(step);
        if self.under_way.cancelled().is_cancelled() { Err(Cancelled) } else { Ok(()) }
    }

    /// Enters a step of what goes on whoever is there.
    pub(super) fn announce(&self, step: SignInStep) {
        self.under_way.publish(step);
    }

    /// The front that started it leaves.
    pub(super) fn cancelled(&self) -> impl Future<Output = ()> + Send + use<> {
        self.under_way.cancelled().clone().cancelled_owned()
    }

    /// What somebody says while nothing is asked, however the machine takes it.
    pub(super) async fn unasked(&mut self) -> UserInput {
        match self.inputs.recv().await {
            Some(input) => input,
            // What people say it with lives as long as the sign-in.
            None => std::future::pending().await,
        }
    }

    /// Keeps a text for the question that will ask for it.
    pub(super) fn bring(&mut self, text: Secret) {
        self.brought = Some(text);
    }

    /// The text that was given before anything asked for it.
    pub(super) fn take_brought(&mut self) -> Option<Secret> {
        self.brought.take()
    }

    /// Waits for the answer to a question.
    pub(super) async fn answer(&mut self) -> Result<Answered, Cancelled> {
        loop {
            match self.input().await? {
                UserInput::Answer(input) => return Ok(Answered::With(input)),
                UserInput::Again => return Ok(Answered::StartOver),
                UserInput::Keep => {}
            }
        }
    }

    /// Waits until somebody says whether to keep an account.
    pub(super) async fn decision(&mut self) -> Result<Decision, Cancelled> {
        loop {
            match self.input().await? {
                UserInput::Keep => return Ok(Decision::Keep),
                UserInput::Again => return Ok(Decision::StartOver),
                UserInput::Answer(_) => {}
            }
        }
    }

    /// Waits until somebody wants to try again.
    pub(super) async fn again(&mut self) -> Result<(), Cancelled> {
        loop {
            match self.input().await? {
                UserInput::Again => return Ok(()),
                UserInput::Answer(Input::Text(text)) => self.bring(text),
                UserInput::Answer(_) | UserInput::Keep => {}
            }
        }
    }

    async fn input(&mut self) -> Result<UserInput, Cancelled> {
        let cancelled = self.cancelled();
        tokio::select! {
            // Who answers and leaves has answered.
            biased;
            input = self.unasked() => Ok(input),
            () = cancelled => Err(Cancelled),
        }
    }
}
