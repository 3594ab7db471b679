//! Changes one value in the text of a file that belongs to another program. Every other byte stays as it was: no format
//! is written anew, the value is put where the old one stood.

use std::ops::Range;

use dotenv::Reading;
use zeroize::Zeroizing;

mod dotenv;
mod json;
mod toml;

/// Where in a file a value stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place<'a> {
    /// The variable of that name in a `.env` file. One that is not there is added at the end.
    Variable(&'a str),
    /// The same for a reader to whom quotes are a part of the value.
    RawVariable(&'a str),
    /// The value at that JSON Pointer (RFC 6901) in a TOML file.
    Toml(&'a str),
    /// The value at that JSON Pointer (RFC 6901) in a JSON file, in which comments may stand.
    Json(&'a str),
}

/// Why a text cannot be changed. None of it carries a byte of the text or of the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EditError {
    /// It is not what the format allows.
    #[error("the file is not valid {0}")]
    NotParsed(&'static str),
    /// There is nothing at that place.
    #[error("there is nothing at that place in the file")]
    NotThere,
    /// There is a table or a list at that place.
    #[error("there is a table or a list at that place in the file, and no value")]
    NotAValue,
    /// The place can be read in two ways.
    #[error("that place is twice in the file")]
    Twice,
    /// The name of the place can be none.
    #[error("that names no place in such a file")]
    BadPlace,
    /// No notation of the format carries the value so that each of its readers sees the same.
    #[error("the value cannot be written there so that every reader sees the same")]
    Unfit,
}

/// The text with the value at the place, and all else as it was.
///
/// # Errors
/// As [`EditError`] says; nothing is changed then.
pub(crate) fn edited(place: Place<'_>, text: &str, value: &str) -> Result<Zeroizing<String>, EditError> {
    let (at, written) = match place {
        Place::Variable(name) => dotenv::change(text, name, value, Reading::Quotes)?,
        Place::RawVariable(name) => dotenv::change(text, name, value, Reading::Raw)?,
        Place::Toml(pointer) => toml::change(text, &steps(pointer)?, value)?,
        Place::Json(pointer) => json::change(text, &steps(pointer)?, value)?,
    };
    let mut edited = Zeroizing::new(String::with_capacity(text.len() + written.len()));
    edited.push_str(&text[..at.start]);
    edited.push_str(&written);
    edited.push_str(&text[at.end..]);
    Ok(edited)
}

/// The bytes to replace, and what comes in their place.
type Change = (Range<usize>, Zeroizing<String>);

/// The steps of a JSON Pointer.
fn steps(pointer: &str) -> Result<Vec<String>, EditError> {
    let steps = pointer.strip_prefix('/').ok_or(EditError::BadPlace)?;
    Ok(steps.split('/').map(|step| step.replace("~1", "/").replace("~0", "~")).collect())
}

#[cfg(test)]
mod tests;
