//! How a command fails: what went wrong, and what to type next.

use tunekey_core::problem::Problem;

/// What went wrong, and what may help.
#[derive(Debug)]
pub(crate) struct Failure {
    /// What went wrong.
    pub(crate) problem: Problem,
    /// What people are told after it, in their language. Programs find the same in the last step.
    pub(crate) next: Option<String>,
    /// Whether people were told what went wrong when it did, as the reason why a question was asked again.
    pub(crate) told: bool,
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self { problem, next: None, told: false }
    }
}
