//! A value in JSON, whatever stands around it.

use jsonc_parser::ast::Value;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use zeroize::Zeroizing;

use super::{Change, EditError};

/// What configuration files hold that JSON does not. Words and other numbers would be read differently by others.
const OPTIONS: ParseOptions = ParseOptions {
    allow_comments: true,
    allow_trailing_commas: true,
    allow_loose_object_property_names: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

/// Puts a string in the place of a value.
pub(super) fn change(text: &str, steps: &[String], value: &str) -> Result<Change, EditError> {
    let parsed = parse_to_ast(text, &CollectOptions::default(), &OPTIONS);
    let root = parsed.ok().and_then(|parsed| parsed.value).ok_or(EditError::NotParsed("JSON"))?;
    let mut at = &root;
    for step in steps {
        at = match at {
            Value::Object(object) => {
                let mut named = object.properties.iter().filter(|one| one.name.as_str() == step);
                let found = named.next().ok_or(EditError::NotThere)?;
                if named.next().is_some() {
                    return Err(EditError::Twice);
                }
                &found.value
            }
            Value::Array(array) => {
                let place = step.parse().ok().and_then(|place: usize| array.elements.get(place));
                place.ok_or(EditError::NotThere)?
            }
            _ => return Err(EditError::NotThere),
        };
    }
    let range = match at {
        Value::StringLit(one) => one.range,
        Value::NumberLit(one) => one.range,
        Value::BooleanLit(one) => one.range,
        Value::NullKeyword(one) => one.range,
        Value::Object(_) | Value::Array(_) => return Err(EditError::NotAValue),
    };
    let written = serde_json::to_string(value).map_err(|_| EditError::Unfit)?;
    Ok((range.start..range.end, Zeroizing::new(written)))
}
