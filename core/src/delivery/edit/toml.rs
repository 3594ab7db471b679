//! A value in TOML, whatever stands around it.

use std::fmt::Write as _;

use toml_edit::{Document, Item, TableLike, Value};
use zeroize::Zeroizing;

use super::{Change, EditError};

/// Puts a string in the place of a value.
pub(super) fn change(text: &str, steps: &[String], value: &str) -> Result<Change, EditError> {
    let document = Document::parse(text).map_err(|_| EditError::NotParsed("TOML"))?;
    let mut at = At::Item(document.as_item());
    for step in steps {
        at = at.step(step).ok_or(EditError::NotThere)?;
    }
    let scalar = match at {
        At::Item(Item::Value(value)) | At::Value(value) => value,
        At::Item(_) | At::Table(_) => return Err(EditError::NotAValue),
    };
    if matches!(scalar, Value::Array(_) | Value::InlineTable(_)) {
        return Err(EditError::NotAValue);
    }
    let range = scalar.span().ok_or(EditError::NotParsed("TOML"))?;
    let old = text.get(range.clone()).ok_or(EditError::NotParsed("TOML"))?;
    let is_literal = old.starts_with('\'') && !old.starts_with("'''");
    Ok((range, if is_literal && fits_literal(value) { literal(value) } else { basic(value) }))
}

/// Where a pointer has led so far.
enum At<'a> {
    Item(&'a Item),
    Value(&'a Value),
    Table(&'a dyn TableLike),
}

impl<'a> At<'a> {
    fn step(self, step: &str) -> Option<Self> {
        let place = || step.parse::<usize>().ok();
        let member = |table: &'a dyn TableLike| table.get(step).map(At::Item);
        match self {
            At::Table(table) => member(table),
            At::Item(Item::Table(table)) => member(table),
            At::Item(Item::ArrayOfTables(tables)) => Some(At::Table(tables.get(place()?)?)),
            At::Item(Item::Value(value)) | At::Value(value) => match value {
                Value::Array(array) => array.get(place()?).map(At::Value),
                Value::InlineTable(table) => table.get(step).map(At::Value),
                _ => None,
            },
            At::Item(Item::None) => None,
        }
    }
}

/// Whether a literal string, which knows no escapes, can hold the value.
fn fits_literal(value: &str) -> bool {
    !value.contains(|character: char| character == '\'' || (character.is_control() && character != '\t'))
}

fn literal(value: &str) -> Zeroizing<String> {
    Zeroizing::new(format!("'{value}'"))
}

/// A basic string (TOML 1.0, “String”).
fn basic(value: &str) -> Zeroizing<String> {
    let mut written = Zeroizing::new(String::with_capacity(2 * value.len() + 2));
    written.push('"');
    for character in value.chars() {
        match character {
            '"' | '\\' => written.extend(['\\', character]),
            // Writing to memory does not fail.
            control if control.is_control() => drop(write!(written, "\\u{:04X}", u32::from(control))),
            other => written.push(other),
        }
    }
    written.push('"');
    written
}
