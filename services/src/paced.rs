//! An attempt at its own pace: it pauses before each request, longer after each that failed, and lets go of
//! everything once it is over. For the sign-ins of every service that go on without the person.

use std::time::Duration;

use async_trait::async_trait;

use crate::contract::{Attempt, Progress};
use crate::error::ServiceError;
use crate::question::Input;
use crate::response::unexpected;

/// What such an attempt asks for, one request after the other.
#[async_trait]
pub(crate) trait Steps: Send {
    /// How long to wait before the next request when the last one was answered.
    fn pace(&self) -> Duration {
        Duration::ZERO
    }

    /// Makes the next request, or the last one again if that failed in a way that may pass. `retried` says so: its
    /// answer may have been on the way.
    ///
    /// # Errors
    /// As [`Attempt::next`].
    async fn step(&mut self, retried: bool) -> Result<Progress, ServiceError>;

    /// As [`Attempt::survives_pause`].
    fn survives_pause(&self) -> bool {
        false
    }

    /// As [`Attempt::give`].
    fn give(&mut self, input: Input) {
        drop(input);
    }
}

/// The attempt that takes those steps.
pub(crate) struct Paced<S> {
    /// `None` once it is over: cookies and keys go with it.
    steps: Option<S>,
    back_off: BackOff,
}

impl<S> Paced<S> {
    /// After the first failure it pauses for `first`, then for twice as long each time, up to `most`.
    pub(crate) fn new(steps: S, first: Duration, most: Duration) -> Self {
        Self { steps: Some(steps), back_off: BackOff { first, most, failures: 0 } }
    }
}

#[async_trait]
impl<S: Steps> Attempt for Paced<S> {
    async fn next(&mut self) -> Result<Progress, ServiceError> {
        let Some(steps) = &mut self.steps else {
            return Err(unexpected("signing in", "a sign-in that is over"));
        };
        tokio::time::sleep(self.back_off.pause(steps.pace())).await;
        let result = steps.step(self.back_off.failures > 0).await;
        match &result {
            Ok(Progress::Refused | Progress::Expired | Progress::Granted(_)) => self.steps = None,
            Ok(
                Progress::Code { .. }
                | Progress::Waiting
                | Progress::Scanned { .. }
                | Progress::Ask(_)
                | Progress::Authorised,
            ) => self.back_off.failures = 0,
            Err(error) if error.may_pass() => {
                self.back_off.failures = self.back_off.failures.saturating_add(1);
            }
            Err(_) => self.steps = None,
        }
        result
    }

    fn survives_pause(&self) -> bool {
        self.steps.as_ref().is_some_and(Steps::survives_pause)
    }

    fn give(&mut self, input: Input) {
        if let Some(steps) = &mut self.steps {
            steps.give(input);
        }
    }
}

/// The requests that failed since the last one that was answered.
struct BackOff {
    first: Duration,
    most: Duration,
    failures: u32,
}

impl BackOff {
    /// How long to wait before the next request, which usually comes after `usual`.
    fn pause(&self, usual: Duration) -> Duration {
        match self.failures {
            0 => usual,
            failures => self.first.saturating_mul(1 << (failures - 1).min(8)).min(self.most),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::time::Instant;

    use super::*;
    use crate::http::HttpError;

    const SECOND: Duration = Duration::from_secs(1);

    /// Answers with what was prepared; counts itself as dropped through the `Arc`.
    struct Prepared {
        answers: Vec<Result<Progress, ServiceError>>,
        retried: Vec<bool>,
        /// Held for as long as these steps are.
        _alive: Arc<()>,
    }

    #[async_trait]
    impl Steps for Prepared {
        fn pace(&self) -> Duration {
            SECOND
        }

        async fn step(&mut self, retried: bool) -> Result<Progress, ServiceError> {
            self.retried.push(retried);
            self.answers.remove(0)
        }
    }

    fn prepared(answers: Vec<Result<Progress, ServiceError>>) -> (Paced<Prepared>, Arc<()>) {
        let alive = Arc::new(());
        let steps = Prepared { answers, retried: Vec::new(), _alive: Arc::clone(&alive) };
        (Paced::new(steps, SECOND * 2, SECOND * 8), alive)
    }

    fn offline() -> Result<Progress, ServiceError> {
        Err(ServiceError::Http { doing: "testing", source: HttpError::Connect })
    }

    #[tokio::test(start_paused = true)]
    async fn each_failure_doubles_the_pause_up_to_the_limit_and_an_answer_ends_it() {
        let failures = (0..40).map(|_| offline());
        let answers = failures.chain([Ok(Progress::Waiting), Ok(Progress::Waiting)]).collect();
        let (mut paced, _) = prepared(answers);
        let mut pauses = Vec::new();
        for _ in 0..42 {
            let began = Instant::now();
            drop(paced.next().await);
            pauses.push(began.elapsed().as_secs());
        }
        assert_eq!(pauses[..5], [1, 2, 4, 8, 8], "its own pace first, then twice as long each time");
        assert!(pauses[5..41].iter().all(|pause| *pause == 8), "however many failures there are: {pauses:?}");
        assert_eq!(pauses[41], 1, "then its own pace again");
        let steps = paced.steps.expect("it is not over");
        assert_eq!(steps.retried[..2], [false, true], "a request that failed is made again");
        assert_eq!(steps.retried[40..], [true, false], "until it is answered");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_over_is_let_go_of_and_asks_nothing_more() {
        for end in [
            Ok(Progress::Refused),
            Ok(Progress::Expired),
            Err(ServiceError::Rejected { doing: "testing", code: 1 }),
        ] {
            let (mut paced, alive) = prepared(vec![end]);
            drop(paced.next().await);
            assert_eq!(Arc::strong_count(&alive), 1, "its cookies and keys are gone");
            let again = paced.next().await;
            assert!(matches!(again, Err(ServiceError::Unexpected { .. })), "{again:?}");
        }
    }
}
