//! What the answers of both services have in common: how they fail to be answers, and how loosely they
//! write numbers.

use serde_json::Value;

use crate::display_text;
use crate::error::ServiceError;
use crate::http::{Http, HttpError, NotTheAnswer, Request, Response};

/// Sends a request; too many requests by HTTP status, or a wish to be left alone for a while, is an error here already.
pub(crate) async fn ask(
    http: &Http,
    request: Request,
    doing: &'static str,
) -> Result<Response, ServiceError> {
    let response = http.send(request).await.map_err(|source| unreachable(doing, source))?;
    match (response.status(), response.retry_after()) {
        // A server that is down for a while says when to come back, too.
        (code @ 429, retry_after) | (code @ 503, retry_after @ Some(_)) => {
            Err(ServiceError::RateLimited { doing, code: code.into(), service_message: None, retry_after })
        }
        _ => Ok(response),
    }
}

/// The answer as JSON.
pub(crate) fn json(response: &Response, doing: &'static str) -> Result<Value, ServiceError> {
    response.json().map_err(|what| not_the_service(doing, what))
}

/// The network failed.
pub(crate) fn unreachable(doing: &'static str, source: HttpError) -> ServiceError {
    ServiceError::Http { doing, source }
}

/// Something came, but not from the service.
pub(crate) fn not_the_service(doing: &'static str, what: NotTheAnswer) -> ServiceError {
    ServiceError::NotTheService { doing, got: what }
}

/// Something came that proves nothing.
pub(crate) fn unexpected(doing: &'static str, got: impl Into<String>) -> ServiceError {
    ServiceError::Unexpected { doing, got: got.into(), service_message: None }
}

/// A sign-in by a method that the service does not have.
pub(crate) fn no_such_method() -> ServiceError {
    unexpected("starting a sign-in", "a method that the service does not have")
}

/// A whole number, written as a number or as text.
pub(crate) fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Bool(flag) => Some(i64::from(*flag)),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// An account number: up to 19 digits, as a number or as text, and never zero. It goes through no
/// floating-point number, which would change the last digits.
pub(crate) fn account_number(value: &Value) -> Option<u64> {
    let number = match value {
        Value::Number(number) => number.as_u64()?,
        Value::String(text) => text.trim().parse().ok()?,
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    (number != 0).then_some(number)
}

/// The text of that name, if there is anything in it.
pub(crate) fn text<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    object.get(name)?.as_str().map(str::trim).filter(|text| !text.is_empty())
}

/// The first of these fields that holds words for people, as they may be shown.
pub(crate) fn words(object: &Value, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| text(object, name)).and_then(display_text::message)
}

/// The first of these fields that holds somebody's name, as it may be shown.
pub(crate) fn name(object: &Value, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| text(object, name).and_then(display_text::name))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn account_numbers_keep_every_digit_however_they_are_written() {
        let number = 1_152_921_504_600_000_043;
        assert_eq!(account_number(&json!(1_152_921_504_600_000_043_u64)), Some(number));
        assert_eq!(account_number(&json!("1152921504600000043")), Some(number));
        for none in [json!(0), json!("0"), json!(""), json!(null), json!(1.5e18), json!(-3), json!("o10001")]
        {
            assert_eq!(account_number(&none), None, "{none} is no account number");
        }
    }

    #[test]
    fn numbers_may_be_text() {
        assert_eq!(integer(&json!("-462")), Some(-462));
        assert_eq!(integer(&json!(803)), Some(803));
        assert_eq!(integer(&json!({})), None);
    }

    #[test]
    fn messages_are_shown_without_control_characters_and_not_endlessly() {
        let response = json!({ "message": null, "msg": " \u{1b}[31m操作\n频繁 ", "more": "x".repeat(500) });
        assert_eq!(words(&response, &["message", "msg"]).as_deref(), Some("[31m操作 频繁"));
        let more = words(&response, &["more"]).map(|words| words.chars().count());
        assert_eq!(more, Some(display_text::MESSAGE_LENGTH));
        assert_eq!(words(&response, &["message"]), None);
    }

    #[test]
    fn a_name_of_which_nothing_can_be_seen_is_none_and_the_next_field_is_looked_at() {
        let response = json!({ "nick": "\u{202e}\u{200b}", "name": "小\n明\u{1b}]0;x\u{7}" });
        assert_eq!(name(&response, &["nick", "name"]).as_deref(), Some("小 明]0;x"));
        assert_eq!(name(&response, &["nick"]), None);
    }
}
