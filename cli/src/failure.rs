//! How a command fails: what went wrong, and what to type next.

use tunekey_core::{Language, Problem, ProblemCode};

/// What went wrong, and what may help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// What went wrong.
    pub(crate) problem: Problem,
    /// The sentence for people, where the command line knows a better one than the problem's own.
    words: Option<Box<Sentence>>,
    /// What people are told after it, in their language. Programs find the same in the last step.
    pub(crate) next: Option<String>,
    /// Whether people were told what went wrong when it did, as the reason why a question was asked again.
    pub(crate) told: bool,
}

/// A sentence in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Sentence {
    english: String,
    chinese: String,
}

impl Failure {
    /// A failure with a sentence of its own. Neither may hold a secret.
    pub(crate) fn new(code: ProblemCode, english: impl Into<String>, chinese: impl Into<String>) -> Self {
        let english = english.into();
        Self::from(Problem::new(code).with_detail(english.clone())).with_words(english, chinese)
    }

    /// The same with another sentence for people than the problem's.
    pub(crate) fn with_words(mut self, english: impl Into<String>, chinese: impl Into<String>) -> Self {
        self.words = Some(Box::new(Sentence { english: english.into(), chinese: chinese.into() }));
        self
    }

    /// The same with what to type next.
    pub(crate) fn and_next(mut self, next: impl Into<String>) -> Self {
        self.next = Some(next.into());
        self
    }

    /// The same when the person has been told what went wrong already.
    pub(crate) fn told(mut self) -> Self {
        self.told = true;
        self
    }

    /// What to tell the person.
    pub(crate) fn message(&self, language: Language) -> String {
        match &self.words {
            Some(words) => language.pick(&words.english, &words.chinese).to_owned(),
            None => self.problem.message(language),
        }
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self { problem, words: None, next: None, told: false }
    }
}
