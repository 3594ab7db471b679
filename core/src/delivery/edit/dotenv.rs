//! A variable in a `.env` file, whatever stands around it.
//!
//! Shells, Node's dotenv, python-dotenv, Docker and systemd disagree about what a backslash does inside quotes, so
//! nothing is ever escaped: a value goes between quotes in which all of them read it as it is, or it is refused. Of
//! several lines with one name all of them take the last.

use std::ops::Range;

use zeroize::Zeroizing;

use super::{Change, EditError};

/// How the file's reader takes what stands behind the `=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// Quotes stand around the value.
    Quotes,
    /// All of the line is the value.
    Raw,
}

/// Puts a value in the place of that of a variable, or adds the variable at the end.
pub(super) fn change(text: &str, name: &str, value: &str, reading: Reading) -> Result<Change, EditError> {
    if !is_name(name) {
        return Err(EditError::BadPlace);
    }
    if value.contains(char::is_control) {
        return Err(EditError::Unfit);
    }
    match assignments(text).into_iter().rfind(|one| text[one.name.clone()] == *name) {
        Some(found) if reading == Reading::Raw => {
            // To such a reader what looks like a comment is a part of the value, too.
            let line = text[found.value.start..].find('\n').map_or(text.len(), |at| found.value.start + at);
            let end = found.value.start + text[found.value.start..line].trim_end_matches('\r').len();
            Ok((found.value.start..end, raw(value)?))
        }
        Some(found) => {
            let written = notation(&text[found.value.clone()], value)?;
            Ok((found.value, written))
        }
        None => {
            let line_end = if text.contains("\r\n") { "\r\n" } else { "\n" };
            let gap = if text.is_empty() || text.ends_with('\n') { "" } else { line_end };
            let written = match reading {
                Reading::Quotes => notation("", value)?,
                Reading::Raw => raw(value)?,
            };
            let line = Zeroizing::new(format!("{gap}{name}={}{line_end}", *written));
            Ok((text.len()..text.len(), line))
        }
    }
}

/// Whether every reader takes it for the name of a variable.
fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// A variable and its value, with the quotes around it, as they stand in the text.
struct Assignment {
    name: Range<usize>,
    value: Range<usize>,
}

fn assignments(text: &str) -> Vec<Assignment> {
    let mut found = Vec::new();
    let mut at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    while at < text.len() {
        let line_end = text[at..].find('\n').map_or(text.len(), |length| at + length);
        match assignment(text, at..line_end) {
            Some(one) => {
                let end = one.value.end;
                // A value in quotes may go on over several lines.
                at = text[end..].find('\n').map_or(text.len(), |length| end + length) + 1;
                found.push(one);
            }
            None => at = line_end + 1,
        }
    }
    found
}

fn assignment(text: &str, line: Range<usize>) -> Option<Assignment> {
    let content = &text[line.clone()];
    let equals = content.find('=')?;
    let before = content[..equals].trim();
    let name = before.strip_prefix("export").map(str::trim_start).filter(|name| is_name(name));
    let name = name.or_else(|| Some(before).filter(|name| is_name(name)))?;
    let name_at = line.start + content[..equals].rfind(name)?;
    let rest = &content[equals + 1..];
    let start = line.start + equals + 1 + (rest.len() - rest.trim_start_matches([' ', '\t']).len());
    Some(Assignment { name: name_at..name_at + name.len(), value: start..value_end(text, start, line.end) })
}

/// Where a value ends that begins at `start`, in a line that ends at `line_end`.
fn value_end(text: &str, start: usize, line_end: usize) -> usize {
    let first = text[start..line_end].chars().next();
    if let Some(quote @ ('"' | '\'' | '`')) = first
        && let Some(end) = closing_quote(&text[start + 1..], quote)
    {
        return start + 1 + end + 1;
    }
    let line = &text[start..line_end];
    let comment = line.match_indices('#').map(|(at, _)| at);
    let comment = comment.into_iter().find(|at| *at == 0 || line[..*at].ends_with([' ', '\t']));
    start + line[..comment.unwrap_or(line.len())].trim_end().len()
}

fn closing_quote(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(at, character)| {
        let closes = character == quote && !escaped;
        escaped = quote == '"' && character == '\\' && !escaped;
        closes.then_some(at)
    })
}

/// The value as it is.
fn raw(value: &str) -> Result<Zeroizing<String>, EditError> {
    if fits_bare(value) { Ok(Zeroizing::new(value.to_owned())) } else { Err(EditError::Unfit) }
}

/// The value in the same quotes as `old`, if it can be.
fn notation(old: &str, value: &str) -> Result<Zeroizing<String>, EditError> {
    let bare = !old.is_empty() && !old.starts_with(['"', '\'', '`']);
    // `docker run --env-file` takes quotes for a part of the value: whoever has a bare value with gaps knows why.
    let stays_bare = bare && (is_plain(value) || (old.contains([' ', ';']) && fits_bare(value)));
    if stays_bare {
        return Ok(Zeroizing::new(value.to_owned()));
    }
    let quotes = if old.starts_with('\'') { ['\'', '"'] } else { ['"', '\''] };
    let quote = quotes.into_iter().find(|quote| fits_quotes(*quote, value)).ok_or(EditError::Unfit)?;
    Ok(Zeroizing::new(format!("{quote}{value}{quote}")))
}

/// Whether the value means the same to every reader without quotes.
fn is_plain(value: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./:@%+=,".contains(&byte);
    !value.is_empty() && value.bytes().all(plain)
}

/// Whether a reader that knows no quotes keeps the value.
fn fits_bare(value: &str) -> bool {
    value.trim() == value && !value.is_empty() && !value.contains(['#', '"', '\'', '`', '$', '\\'])
}

fn fits_quotes(quote: char, value: &str) -> bool {
    match quote {
        '"' => !value.contains(['"', '$', '`', '\\', '!']),
        _ => !value.contains(['\'', '\\']) && !value.contains("${"),
    }
}
