//! The targets that several presets make of their answers.

use super::Made;
use super::answers::Answers;
use crate::delivery::target::{FileContent, FileTarget, PlacedValue, Replace, Target};
use crate::export::Format;
use crate::problem::Problem;

/// What a preset makes.
#[expect(clippy::unnecessary_wraps, reason = "every way to make a target ends with it")]
pub(super) fn made(format: Format, target: Target) -> Result<Made, Problem> {
    Ok(Made { target, format })
}

/// A value with its place.
pub(super) fn value(at: String, value: &str) -> PlacedValue {
    PlacedValue { at, value: value.to_owned() }
}

/// A file that is written whole.
pub(super) fn whole_file(answers: &Answers<'_>, format: Format, replace: Replace) -> Result<Made, Problem> {
    let target = FileTarget {
        path: answers.text("path").into(),
        content: FileContent::Whole,
        replace,
        mode: answers.mode("mode")?,
        owner: answers.optional("owner"),
        group: answers.optional("group"),
        then: answers.command("then")?,
    };
    made(format, Target::File(target))
}

/// Values in a file that is there.
pub(super) fn values_in_file(answers: &Answers<'_>, content: FileContent) -> Result<Made, Problem> {
    let target = FileTarget {
        path: answers.text("path").into(),
        content,
        replace: answers.replace()?,
        mode: None,
        owner: None,
        group: None,
        then: answers.command("then")?,
    };
    made(Format::Header, Target::File(target))
}

/// A variable in a `.env` file.
pub(super) fn variable_in_file(answers: &Answers<'_>) -> Result<Made, Problem> {
    let written = answers.optional("value").unwrap_or_else(|| "{{cookie}}".to_owned());
    let values = vec![value(answers.text("variable"), &written)];
    values_in_file(answers, FileContent::Variables { values })
}
