//! Codes that nobody has scanned and nobody looks at any more, kept while they live: who looks at another way in and
//! comes back finds the same code, so that looking around asks nothing more of the service.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use tokio::time::Instant;
use tunekey_services::{Attempt, Context};

use super::{Commitment, Run, SignInStep};
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
    /// What is worth keeping of a run that nobody looks at any more.
    pub(super) fn of(run: Run) -> Option<Self> {
        let step = run.shown.filter(|step| matches!(step, SignInStep::ShowCode { .. }))?;
        let waits = run.confirmed == Commitment::No && run.attempt.survives_pause();
        let until = run.until.filter(|_| waits)?;
        Some(Self { attempt: run.attempt, context: run.context, step, until })
    }

    fn is_worth_showing(&self) -> bool {
        self.until.saturating_duration_since(Instant::now()) >= WORTH_SHOWING
    }
}

impl From<ParkedCode> for Run {
    fn from(parked: ParkedCode) -> Self {
        let ParkedCode { attempt, context, step, until } = parked;
        Self { shown: Some(step), until: Some(until), ..Self::new(attempt, context) }
    }
}

impl fmt::Debug for ParkedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParkedCode").field("until", &self.until).finish_non_exhaustive()
    }
}

/// The parked codes, one for each way in.
#[derive(Debug, Default)]
pub(crate) struct ParkedCodes(HashMap<SignInOption, ParkedCode>);

impl ParkedCodes {
    /// Keeps a code.
    pub(crate) fn put(&mut self, way: SignInOption, code: ParkedCode) {
        self.0.retain(|_, code| code.is_worth_showing());
        self.0.insert(way, code);
    }

    /// Takes the code for that way, if it still lives for a while.
    pub(crate) fn take(&mut self, way: SignInOption) -> Option<ParkedCode> {
        self.0.remove(&way).filter(ParkedCode::is_worth_showing)
    }

    /// Drops them all: they were fetched in a way that the settings no longer want.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}
