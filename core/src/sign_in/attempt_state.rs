//! Where one attempt stands, and how it can end.

use std::time::Duration;

use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;
use tunekey_services::{Attempt, Context, Grant, ServiceError};

use super::step::SignInStep;
use crate::problem::Problem;

/// How long to wait after a request that failed in a way that may pass.
pub(super) const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(1);
/// How many times that pause the waits grow to while a code still lives.
const LONGEST_PAUSE: u32 = 5;

/// How far an attempt has come.
pub(super) enum Stage {
    /// Nothing is on screen that can run out, and nobody has confirmed anything: the code is being fetched, a question
    /// is asked, or its answer is looked at.
    Open,
    /// A code, or that it was scanned, is on screen.
    OnScreen {
        /// What is shown.
        step: SignInStep,
        /// When to stop showing it, whatever the service says.
        until: Option<Instant>,
    },
    /// The service has heard that it is to issue a credential: what comes of it is fetched whoever looks.
    Committed {
        /// Whether the network was gone for so long since that the person was told.
        resumed: bool,
    },
}

impl Stage {
    pub(super) fn is_committed(&self) -> bool {
        matches!(self, Self::Committed { .. })
    }

    /// Whether the phone has read the code that is on screen.
    pub(super) fn is_scanned(&self) -> bool {
        matches!(self, Self::OnScreen { step: SignInStep::Scanned { .. }, .. })
    }

    /// When to stop showing what is on screen.
    pub(super) fn until(&self) -> Option<Instant> {
        match self {
            Self::OnScreen { until, .. } => *until,
            Self::Open | Self::Committed { .. } => None,
        }
    }

    /// The phone has read the code: that takes the code's place for the rest of its time.
    pub(super) fn scanned(&mut self, step: SignInStep) {
        if !self.is_committed() {
            *self = Self::OnScreen { step, until: self.until() };
        }
    }
}

/// One attempt under way.
pub(super) struct AttemptState {
    pub(super) attempt: Box<dyn Attempt>,
    pub(super) context: Context,
    pub(super) stage: Stage,
    /// How many requests in a row have failed in a way that may pass.
    pub(super) failures: u32,
    /// How often the person went on with what was confirmed.
    pub(super) resumes: u32,
    /// Whether it has been counted as a sign-in.
    pub(super) is_counted: bool,
    /// The scanner's picture on its way.
    pub(super) picture: Option<AbortOnDropHandle<Option<Vec<u8>>>>,
}

impl AttemptState {
    /// One that has asked nothing yet.
    pub(super) fn new(attempt: Box<dyn Attempt>, context: Context) -> Self {
        let stage = Stage::Open;
        Self { attempt, context, stage, failures: 0, resumes: 0, is_counted: false, picture: None }
    }

    /// How long to wait before the next request.
    pub(super) fn pause(&self) -> Duration {
        PAUSE_AFTER_FAILURE * self.failures.min(LONGEST_PAUSE)
    }
}

/// How an attempt ended.
pub(super) enum AttemptOutcome {
    Granted(Box<Grant>),
    Expired {
        /// Whether the phone had read it.
        scanned: bool,
    },
    Refused,
    Failed(ServiceError),
    /// It could not begin or go on, for a reason of our own.
    Hindered(Problem),
    PageClosed,
    /// The person wants another.
    StartOver,
}
