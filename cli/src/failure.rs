//! The failure of a command: the problem, its message for people and a hint. For every command.

use tunekey_core::{Language, Problem, ProblemCode};

/// Why a command failed, and what may help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// The problem, as programs see it.
    pub(crate) problem: Problem,
    /// The message for people, where the command line knows a better one than the problem's own.
    message: Option<Box<Message>>,
    /// What to do about it, for people and in their language. Programs find the same in the last step.
    pub(crate) hint: Option<String>,
    /// Whether people have seen the message already, as the reason why a question was asked again.
    pub(crate) reported: bool,
}

/// A message in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Message {
    english: String,
    chinese: String,
}

impl Failure {
    /// A failure with a message of its own, which may hold no secret.
    pub(crate) fn new(code: ProblemCode, english: impl Into<String>, chinese: impl Into<String>) -> Self {
        let english = english.into();
        Self::from(Problem::new(code).with_detail(english.clone())).with_message(english, chinese)
    }

    /// Replaces the problem's message for people.
    pub(crate) fn with_message(mut self, english: impl Into<String>, chinese: impl Into<String>) -> Self {
        self.message = Some(Box::new(Message { english: english.into(), chinese: chinese.into() }));
        self
    }

    /// Adds what to do about it.
    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Marks that people have seen the message already.
    pub(crate) fn reported(mut self) -> Self {
        self.reported = true;
        self
    }

    /// The message for people.
    pub(crate) fn message(&self, language: Language) -> String {
        match &self.message {
            Some(message) => language.pick(&message.english, &message.chinese).to_owned(),
            None => self.problem.message(language),
        }
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self { problem, message: None, hint: None, reported: false }
    }
}
