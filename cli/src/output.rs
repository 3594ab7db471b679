//! What is printed, for people or for programs. The only file that writes to standard output.

use std::io::{self, IsTerminal as _, Write as _};

use serde::Serialize;
use serde_json::{Value, json};
use tunekey_core::{AccountId, Ink, Language};

use crate::failure::Failure;
use crate::wrap::wrapped;

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
            self.object(object);
        } else {
            self.line(&words());
        }
    }

    /// Prints an object for programs.
    pub(crate) fn object(self, object: &impl Serialize) {
        self.line(&serde_json::to_string(object).unwrap_or_else(|_| "{}".to_owned()));
    }

    /// Prints words that only people need, and that are not the result.
    pub(crate) fn note(self, words: &str) {
        if !self.json {
            drop(writeln!(io::stderr().lock(), "{}", fitting(words)));
        }
    }

    /// Prints advice: only where somebody looks, because a script's log is not the place for it.
    pub(crate) fn advice(self, words: &str) {
        if io::stderr().is_terminal() {
            self.note(words);
        }
    }

    /// Asks a person something, on the same line as their answer.
    pub(crate) fn prompt(self, words: &str) {
        if !self.json {
            let (words, mut err) = (fitting(words.trim_end()), io::stderr().lock());
            drop(write!(err, "{words} ").and_then(|()| err.flush()));
        }
    }

    /// Says what went wrong: for programs as an object among the results, for people on standard error.
    pub(crate) fn failure(self, failure: &Failure) {
        if self.json {
            self.object(&json!({ "problem": self.described(failure) }));
        } else {
            self.note(&failure.message(self.language));
        }
    }

    /// The same for one account of several.
    pub(crate) fn failure_of(self, id: &AccountId, failure: &Failure) {
        if self.json {
            self.object(&json!({ "account": id, "problem": self.described(failure) }));
        } else {
            self.note(&format!("{id}  {}", failure.message(self.language)));
        }
    }

    fn described(self, failure: &Failure) -> Value {
        let mut object = serde_json::to_value(&failure.problem).unwrap_or_else(|_| json!({}));
        object["message"] = Value::String(failure.message(self.language));
        object
    }

    /// Prints text as it is: a reader that has gone away (`| head`) is not an error.
    pub(crate) fn line(self, text: &str) {
        let newline = if text.ends_with('\n') { "" } else { "\n" };
        self.write(&format!("{text}{newline}"));
    }

    /// Prints text that goes into a file or another program to the byte: a terminal gets its line break all the same.
    pub(crate) fn exactly(self, text: &str) {
        if io::stdout().is_terminal() { self.line(text) } else { self.write(text) }
    }

    fn write(self, text: &str) {
        let mut out = io::stdout().lock();
        drop(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
    }
}

/// Words for standard error: on a terminal broken between words.
fn fitting(words: &str) -> String {
    let err = io::stderr();
    let size = if err.is_terminal() { terminal_size::terminal_size_of(&err) } else { None };
    let columns = size.map_or(0, |(columns, _)| usize::from(columns.0));
    if columns > 0 { wrapped(words, columns) } else { words.to_owned() }
}

/// What results are drawn on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Canvas {
    /// What a code is drawn with.
    pub(crate) ink: Ink,
    /// How many columns and rows there are; `None` where nobody looks: a file, another program.
    pub(crate) size: Option<(u32, u32)>,
}

impl Canvas {
    /// Standard output as it is now.
    pub(crate) fn of_standard_output() -> Self {
        let out = io::stdout();
        if !out.is_terminal() {
            return Self { ink: Ink::Letters, size: None };
        }
        let size = terminal_size::terminal_size_of(&out);
        let size = size.map(|(columns, rows)| (u32::from(columns.0), u32::from(rows.0)));
        Self { ink: Self::ink(), size: size.filter(|(columns, rows)| *columns > 0 && *rows > 0) }
    }

    /// What a terminal shows, wherever it is.
    pub(crate) fn ink() -> Ink {
        // Older consoles of Windows take escape sequences only when asked to.
        let takes_escapes = anstyle_query::windows::enable_ansi_colors().unwrap_or(true);
        let is_dumb = cfg!(not(windows)) && !anstyle_query::term_supports_color();
        if anstyle_query::no_color() || is_dumb || !takes_escapes { Ink::Letters } else { Ink::Colours }
    }
}
