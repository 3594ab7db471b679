//! Placeholders in the texts of a delivery: `{{ cookie }}` stands for the credential in the delivery's format, and so
//! on. What is put in their place is escaped as the text around them wants it, and is never looked at for placeholders
//! again.

use serde_json::Value;
use zeroize::Zeroizing;

/// Why a template cannot be used, or not be filled in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TemplateError {
    /// A placeholder has no end.
    #[error("a placeholder has no end")]
    Open,
    /// There is no such placeholder.
    #[error("there is no placeholder of the name {0}")]
    Unknown(String),
    /// The credential does not have that.
    #[error("the credential has no {0}")]
    Missing(String),
    /// The body is no JSON.
    #[error("the body is no JSON")]
    NotJson,
    /// What a header would become cannot stand in one.
    #[error("a value cannot stand in a header")]
    NotAHeader,
    /// A header that opens something says what in plain sight.
    #[error("a header that opens something has no placeholder for a secret")]
    OpenSecret,
}

/// What stands in the place of a placeholder; `None` when there is nothing.
pub(crate) type Lookup<'a> = &'a dyn Fn(&str) -> Option<Zeroizing<String>>;

/// The names of the placeholders in a text, in their order.
pub(crate) fn names(text: &str) -> Result<Vec<&str>, TemplateError> {
    Ok(pieces(text)?.into_iter().filter_map(|piece| piece.name).collect())
}

/// Puts values in the place of placeholders, each as `escape` makes it.
pub(crate) fn fill(
    text: &str,
    lookup: Lookup<'_>,
    escape: impl Fn(&str) -> String,
) -> Result<Zeroizing<String>, TemplateError> {
    let mut filled = Zeroizing::new(String::with_capacity(text.len() + 4096));
    for piece in pieces(text)? {
        filled.push_str(piece.before);
        if let Some(name) = piece.name {
            let value = lookup(name).ok_or_else(|| TemplateError::Missing(name.to_owned()))?;
            filled.push_str(&Zeroizing::new(escape(&value)));
        }
    }
    Ok(filled)
}

/// Fills in the strings of a JSON text: what they become is a string again, whatever is in it.
pub(crate) fn fill_json(text: &str, lookup: Lookup<'_>) -> Result<Zeroizing<String>, TemplateError> {
    let mut body: Value = serde_json::from_str(text).map_err(|_| TemplateError::NotJson)?;
    fill_strings(&mut body, lookup)?;
    Ok(Zeroizing::new(body.to_string()))
}

fn fill_strings(value: &mut Value, lookup: Lookup<'_>) -> Result<(), TemplateError> {
    match value {
        Value::String(text) => *text = fill(text, lookup, str::to_owned)?.to_string(),
        Value::Array(values) => values.iter_mut().try_for_each(|value| fill_strings(value, lookup))?,
        Value::Object(members) => members.values_mut().try_for_each(|value| fill_strings(value, lookup))?,
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
    Ok(())
}

/// Fills in the names and values of a form.
pub(crate) fn fill_form(text: &str, lookup: Lookup<'_>) -> Result<Zeroizing<String>, TemplateError> {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = fill(name, lookup, str::to_owned)?;
        let value = fill(value, lookup, str::to_owned)?;
        form.append_pair(&name, &value);
    }
    Ok(Zeroizing::new(form.finish()))
}

/// A piece of an address: one segment of the path, or one value of the query, whatever is in it.
pub(crate) fn escape_for_address(value: &str) -> String {
    url::form_urlencoded::byte_serialize(value.as_bytes()).collect::<String>().replace('+', "%20")
}

/// A text and the placeholder behind it.
struct Piece<'a> {
    before: &'a str,
    name: Option<&'a str>,
}

fn pieces(text: &str) -> Result<Vec<Piece<'_>>, TemplateError> {
    let (mut rest, mut pieces) = (text, Vec::new());
    while let Some((before, behind)) = rest.split_once("{{") {
        let (name, behind) = behind.split_once("}}").ok_or(TemplateError::Open)?;
        pieces.push(Piece { before, name: Some(name.trim()) });
        rest = behind;
    }
    pieces.push(Piece { before: rest, name: None });
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn always(value: &str) -> impl Fn(&str) -> Option<Zeroizing<String>> {
        move |name| (name == "cookie").then(|| Zeroizing::new(value.to_owned()))
    }

    #[test]
    fn a_placeholder_is_named_and_closed() {
        assert_eq!(names("a {{ cookie }}{{secret.x}} b"), Ok(vec!["cookie", "secret.x"]));
        assert_eq!(names("a {{ cookie }"), Err(TemplateError::Open));
        let missing = fill("{{other}}", &always("v"), str::to_owned);
        assert_eq!(missing, Err(TemplateError::Missing("other".to_owned())));
    }

    proptest! {
        #[test]
        fn no_value_breaks_out_of_json(value in "(\\PC|[\"\\\\{}\n\t]){0,40}") {
            let body = fill_json(r#"{"a":"<{{cookie}}>","b":[1,"{{ cookie }}"]}"#, &always(&value)).expect("it fills");
            let parsed: Value = serde_json::from_str(&body).expect("it is JSON");
            prop_assert_eq!(parsed, serde_json::json!({ "a": format!("<{value}>"), "b": [1, value] }));
        }

        #[test]
        fn no_value_breaks_out_of_a_form(value in "(\\PC|[&=%+;\n]){0,40}") {
            let body = fill_form("a=x&b={{cookie}}&c=1", &always(&value)).expect("it fills");
            let pairs: Vec<(String, String)> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
            let wanted = [("a", "x"), ("b", value.as_str()), ("c", "1")];
            prop_assert_eq!(pairs, wanted.map(|(name, value)| (name.to_owned(), value.to_owned())));
        }

        #[test]
        fn no_value_breaks_out_of_a_segment_of_an_address(value in "\\PC{1,40}") {
            let address = fill("https://h.test/a/{{cookie}}/b", &always(&value), escape_for_address).expect("it fills");
            let address = url::Url::parse(&address).expect("it is an address");
            prop_assert_eq!(address.host_str(), Some("h.test"));
            prop_assert!(address.query().is_none() && address.fragment().is_none());
            // A segment of dots alone would lead elsewhere: no name of a secret place is one.
            prop_assume!(value != "." && value != "..");
            prop_assert_eq!(address.path_segments().map(Iterator::count), Some(3));
        }
    }
}
