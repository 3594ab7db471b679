//! Whether the services can be reached, how quickly, and what time they say it is.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use tunekey_services::http::Request;
use tunekey_services::{Context, NotTheAnswer, Service, ServiceError, registry};

use super::{ConnectionTest, TuneKey};
use crate::problem::Problem;

/// An answer of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reached {
    /// How long the round trip took.
    pub(super) time: Duration,
    /// What time the service says it is, if it says so.
    pub(super) date: Option<Timestamp>,
}

impl TuneKey {
    /// How long a round trip to each service takes, through the proxy of now.
    pub async fn reach(&self) -> Vec<ConnectionTest> {
        let mut reaches = Vec::new();
        for service in registry::all() {
            let (milliseconds, problem) = match self.reach_one(*service).await {
                Ok(reached) => (Some(u32::try_from(reached.time.as_millis()).unwrap_or(u32::MAX)), None),
                Err(problem) => (None, Some(problem)),
            };
            reaches.push(ConnectionTest { service: service.id(), milliseconds, problem });
        }
        reaches
    }

    /// Reaches a service.
    ///
    /// # Errors
    /// Why it cannot be reached.
    pub(super) async fn reach_one(&self, service: &dyn Service) -> Result<Reached, Problem> {
        let context = self.context().await?;
        let reached = self.round_trip(&context, service).await;
        reached.map_err(|error| Problem::of_service(error, service.id()))
    }

    async fn round_trip(&self, context: &Context, service: &dyn Service) -> Result<Reached, ServiceError> {
        const DOING: &str = "testing the connection";
        let start = self.0.clock.monotonic();
        let answer = context.http.send(Request::get_with(service.facts().probe_url, &[])).await;
        let answer = answer.map_err(|source| ServiceError::Http { doing: DOING, source })?;
        // Neither service sends anybody elsewhere from there: a network that wants a sign-in does.
        if answer.answered() == Err(NotTheAnswer::Redirect) {
            return Err(ServiceError::NotTheService { doing: DOING, got: NotTheAnswer::Redirect });
        }
        let date = answer.header("date").and_then(|date| rfc2822::parse(date).ok());
        Ok(Reached {
            time: self.0.clock.monotonic().duration_since(start),
            date: date.map(|date| date.timestamp()),
        })
    }
}
