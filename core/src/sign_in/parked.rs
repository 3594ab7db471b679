//! Codes that nobody has scanned and nobody looks at any more, kept while they live: who looks at another option and
//! comes back finds the same code, so that looking around asks nothing more of the service.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use tokio::time::Instant;
use tunekey_services::{Attempt, Context};

use super::attempt_state::{AttemptState, Stage};
use super::step::SignInStep;
use crate::alternatives::SignInOption;

/// For how long a code must still live to be worth showing again.
const WORTH_SHOWING: Duration = Duration::from_secs(20);

/// A code with the attempt that waits for its scan.
pub(crate) struct ParkedCode {
    attempt: Box<dyn Attempt>,
    context: Context,
    step: SignInStep,
    until: Instant,
}

impl ParkedCode {
    /// What is worth keeping of an attempt that nobody looks at any more.
    pub(super) fn of(state: AttemptState) -> Option<Self> {
        let AttemptState { attempt, context, stage, .. } = state;
        match stage {
            Stage::OnScreen { step: step @ SignInStep::ShowCode { .. }, until: Some(until) }
                if attempt.survives_pause() =>
            {
                Some(Self { attempt, context, step, until })
            }
            _ => None,
        }
    }

    fn is_worth_showing(&self) -> bool {
        self.until.saturating_duration_since(Instant::now()) >= WORTH_SHOWING
    }
}

impl From<ParkedCode> for AttemptState {
    fn from(parked: ParkedCode) -> Self {
        let ParkedCode { attempt, context, step, until } = parked;
        Self { stage: Stage::OnScreen { step, until: Some(until) }, ..Self::new(attempt, context) }
    }
}

impl fmt::Debug for ParkedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParkedCode").field("until", &self.until).finish_non_exhaustive()
    }
}

/// The parked codes, one for each option.
#[derive(Debug, Default)]
pub(crate) struct ParkedCodes(HashMap<SignInOption, ParkedCode>);

impl ParkedCodes {
    /// Keeps a code.
    pub(crate) fn put(&mut self, option: SignInOption, code: ParkedCode) {
        self.0.retain(|_, code| code.is_worth_showing());
        self.0.insert(option, code);
    }

    /// Takes the code for that option, if it still lives for a while.
    pub(crate) fn take(&mut self, option: SignInOption) -> Option<ParkedCode> {
        self.0.remove(&option).filter(ParkedCode::is_worth_showing)
    }

    /// Drops them all: they were fetched in a way that the settings no longer want.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}
