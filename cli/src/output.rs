//! What is printed, for people or for programs. The only file that writes to standard output.

use std::io::{self, Write as _};

use serde::Serialize;
use serde_json::{Value, json};
use tunekey_core::problem::{Language, Problem};

/// Where results go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    /// One JSON object a line instead of words.
    pub(crate) json: bool,
    /// The language of the words.
    pub(crate) language: Language,
}

impl Output {
    /// Prints a result: the object for programs, the words for people.
    pub(crate) fn result(self, object: &impl Serialize, words: impl FnOnce() -> String) {
        if self.json {
            self.line(&serde_json::to_string(object).unwrap_or_else(|_| "{}".to_owned()));
        } else {
            self.line(&words());
        }
    }

    /// Prints words that only people need, and that are not the result.
    pub(crate) fn note(self, words: &str) {
        if !self.json {
            drop(writeln!(io::stderr().lock(), "{words}"));
        }
    }

    /// Asks a person something, on the same line as their answer.
    pub(crate) fn prompt(self, words: &str) {
        if !self.json {
            let mut err = io::stderr().lock();
            drop(write!(err, "{words}").and_then(|()| err.flush()));
        }
    }

    /// Says what went wrong: for programs as an object among the results, for people on standard error.
    pub(crate) fn problem(self, problem: &Problem) {
        let message = problem.message(self.language);
        if self.json {
            let mut object = serde_json::to_value(problem).unwrap_or_else(|_| json!({}));
            object["message"] = Value::String(message);
            self.line(&json!({ "problem": object }).to_string());
        } else {
            drop(writeln!(io::stderr().lock(), "{message}"));
        }
    }

    /// Prints text as it is: a reader that has gone away (`| head`) is not an error.
    pub(crate) fn line(self, text: &str) {
        let mut out = io::stdout().lock();
        let newline = if text.ends_with('\n') { "" } else { "\n" };
        drop(write!(out, "{text}{newline}").and_then(|()| out.flush()));
    }
}
