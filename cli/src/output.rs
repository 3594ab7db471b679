//! What is printed, for people or for programs. The only file that writes to standard output; every command uses it.

use std::borrow::Cow;
use std::io::{self, IsTerminal as _, Write as _};

use serde::Serialize;
use serde_json::{Value, json};
use tunekey_core::{AccountId, Ink, Language};

use crate::charset;
use crate::failure::Failure;
use crate::wrap::wrapped;

/// How results are printed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    /// One JSON object a line instead of text.
    pub(crate) json: bool,
    /// The language of the text.
    pub(crate) language: Language,
}

impl Output {
    /// Prints a result: the object for programs, the text for people.
    pub(crate) fn result(self, object: &impl Serialize, text: impl FnOnce() -> String) {
        if self.json {
            self.object(object);
        } else {
            self.line(&text());
        }
    }

    /// Prints an object for programs.
    pub(crate) fn object(self, object: &impl Serialize) {
        self.line(&serde_json::to_string(object).unwrap_or_else(|_| "{}".to_owned()));
    }

    /// Prints text that only people need and that is not the result, to standard error.
    pub(crate) fn note(self, text: &str) {
        if !self.json {
            drop(writeln!(io::stderr().lock(), "{}", wrapped_for_stderr(text)));
        }
    }

    /// Prints advice, if standard error is a terminal: it has no place in a script's log.
    pub(crate) fn advice(self, text: &str) {
        if io::stderr().is_terminal() {
            self.note(text);
        }
    }

    /// Prints a question to standard error; the answer is typed on the same line.
    pub(crate) fn prompt(self, text: &str) {
        if !self.json {
            let (text, mut err) = (wrapped_for_stderr(text.trim_end()), io::stderr().lock());
            drop(write!(err, "{text} ").and_then(|()| err.flush()));
        }
    }

    /// Prints a failure: for programs as an object among the results, for people to standard error.
    pub(crate) fn failure(self, failure: &Failure) {
        if self.json {
            self.object(&json!({ "problem": self.problem_json(failure) }));
        } else {
            self.note(&failure.message(self.language));
        }
    }

    /// Prints the failure of one account of several.
    pub(crate) fn failure_of(self, id: &AccountId, failure: &Failure) {
        if self.json {
            self.object(&json!({ "account": id, "problem": self.problem_json(failure) }));
        } else {
            self.note(&format!("{id}  {}", failure.message(self.language)));
        }
    }

    fn problem_json(self, failure: &Failure) -> Value {
        let mut object = serde_json::to_value(&failure.problem).unwrap_or_else(|_| json!({}));
        object["message"] = Value::String(failure.message(self.language));
        object
    }

    /// Prints text with a line break at its end. A reader that has gone away (`| head`) is not an error.
    pub(crate) fn line(self, text: &str) {
        let newline = if text.ends_with('\n') { "" } else { "\n" };
        self.write(&format!("{text}{newline}"));
    }

    /// Prints text to the byte; only a terminal gets a line break at its end.
    pub(crate) fn exact(self, text: &str) {
        if io::stdout().is_terminal() { self.line(text) } else { self.write(text) }
    }

    /// Prints one of many: an object for programs, a line for people. Says whether somebody still reads. Whoever reads
    /// slowly, or not at all, keeps nothing else from going on.
    pub(crate) async fn one_of_many(self, object: &impl Serialize, text: impl FnOnce() -> String) -> bool {
        let line = match self.json {
            true => serde_json::to_string(object).unwrap_or_else(|_| "{}".to_owned()),
            false => text(),
        };
        let printed = tokio::task::spawn_blocking(move || print(&format!("{line}\n")).is_ok());
        printed.await.unwrap_or_default()
    }

    fn write(self, text: &str) {
        drop(print(text));
    }
}

fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    // A program or a file gets the text as it is.
    let text = if out.is_terminal() { for_terminal(text) } else { text.into() };
    out.write_all(text.as_bytes()).and_then(|()| out.flush())
}

/// Text wrapped to the width of standard error, if that is a terminal, in the signs that it knows.
fn wrapped_for_stderr(text: &str) -> String {
    let err = io::stderr();
    if !err.is_terminal() {
        return text.to_owned();
    }
    let text = for_terminal(text);
    let columns = terminal_size::terminal_size_of(&err).map_or(0, |(columns, _)| usize::from(columns.0));
    if columns > 0 { wrapped(&text, columns) } else { text.into_owned() }
}

fn for_terminal(text: &str) -> Cow<'_, str> {
    if charset::is_unicode() { text.into() } else { charset::in_ascii(text) }
}

/// What a QR code or a table is drawn on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Canvas {
    /// What a QR code is drawn with.
    pub(crate) ink: Ink,
    /// How many columns and rows there are; `None` for a file or another program.
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

    /// What this computer's terminals can show.
    pub(crate) fn ink() -> Ink {
        // Older consoles of Windows take escape sequences only when asked to.
        let takes_escapes = anstyle_query::windows::enable_ansi_colors().unwrap_or(true);
        let is_dumb = cfg!(not(windows)) && !anstyle_query::term_supports_color();
        if !charset::is_unicode() {
            return Ink::Plain;
        }
        if anstyle_query::no_color() || is_dumb || !takes_escapes { Ink::Letters } else { Ink::Colours }
    }
}
