//! JSON: names and values, a browser extension's list, a HAR file, a qqmusic-api `Credential`, and what wrappers
//! put around them.

use serde_json::{Map, Value};
use url::Url;

use super::{ImportError, Pairs, header};
use crate::service::PasteFormat;

/// What wrappers call the field with the cookies in it.
const WRAPPERS: [&str; 4] = ["cookie", "cookies", "data", "body"];

/// How deep a wrapper is opened.
const DEEPEST: u8 = 4;

/// A `Credential`'s names as its library writes them now, for those it has written before.
const RENAMED: [(&str, &str); 8] = [
    ("music_key", "musickey"),
    ("music_id", "musicid"),
    ("encrypt_uin", "encryptUin"),
    ("login_type", "loginType"),
    ("musickey_create_time", "musickeyCreateTime"),
    ("key_expires_in", "keyExpiresIn"),
    ("bind_account_type", "bindAccountType"),
    ("need_refresh_key_in", "needRefreshKeyIn"),
];

pub(super) fn read(value: &Value, pairs: &mut Pairs) -> Result<PasteFormat, ImportError> {
    within(value, pairs, DEEPEST)
}

fn within(value: &Value, pairs: &mut Pairs, depth: u8) -> Result<PasteFormat, ImportError> {
    match value {
        Value::Object(object) if is_har(object) => har(object, pairs),
        Value::Object(object) if is_credential(object) => credential(object, pairs),
        Value::Object(object) => {
            let holds = |value: &&Value| value.is_string() || value.is_object() || value.is_array();
            let wrapped =
                WRAPPERS.iter().find_map(|name| object.get(*name).filter(holds)).filter(|_| depth > 0);
            match wrapped {
                Some(Value::String(text)) => {
                    header::read(text, pairs)?;
                    Ok(PasteFormat::JsonObject)
                }
                Some(inner @ (Value::Object(_) | Value::Array(_))) => within(inner, pairs, depth - 1),
                _ => {
                    fields(object, pairs)?;
                    Ok(PasteFormat::JsonObject)
                }
            }
        }
        Value::Array(list) => {
            for item in list {
                match item {
                    Value::Object(cookie) => browser_cookie(cookie, None, pairs)?,
                    // Some wrappers list their `Set-Cookie` lines.
                    Value::String(line) => drop(header::joined(line, None, pairs)?),
                    Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {}
                }
            }
            let is_lines = list.iter().any(Value::is_string);
            Ok(if is_lines { PasteFormat::SetCookie } else { PasteFormat::BrowserExport })
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Err(ImportError::NothingFound),
    }
}

fn fields(object: &Map<String, Value>, pairs: &mut Pairs) -> Result<(), ImportError> {
    for (name, value) in object {
        if let Some(value) = scalar(value) {
            pairs.add(None, name, &value)?;
        }
    }
    Ok(())
}

fn is_credential(object: &Map<String, Value>) -> bool {
    let has = |names: &[&str]| names.iter().any(|name| object.contains_key(*name));
    has(&["musickey", "music_key"]) && has(&["musicid", "str_musicid", "music_id"])
}

fn credential(object: &Map<String, Value>, pairs: &mut Pairs) -> Result<PasteFormat, ImportError> {
    for (name, value) in object {
        let name = RENAMED.iter().find(|(old, _)| old == name).map_or(name.as_str(), |(_, new)| new);
        if let Some(value) = scalar(value) {
            pairs.add(None, name, &value)?;
        }
    }
    Ok(PasteFormat::QqmusicApi)
}

fn browser_cookie(
    cookie: &Map<String, Value>,
    host: Option<&str>,
    pairs: &mut Pairs,
) -> Result<(), ImportError> {
    let text = |name: &str| cookie.get(name).and_then(Value::as_str);
    // Extensions differ in whether they write the first letter large.
    let name = text("name").or_else(|| text("Name")).or_else(|| text("key"));
    let value = text("value").or_else(|| text("Value"));
    let domain = text("domain").or_else(|| text("host")).or(host);
    match (name, value) {
        (Some(name), Some(value)) => pairs.add(domain, name, value),
        _ => Ok(()),
    }
}

fn is_har(object: &Map<String, Value>) -> bool {
    object.get("log").is_some_and(|log| log["entries"].is_array())
        || object
            .get("request")
            .is_some_and(|request| request["headers"].is_array() || request["cookies"].is_array())
}

fn har(object: &Map<String, Value>, pairs: &mut Pairs) -> Result<PasteFormat, ImportError> {
    match object.get("log").and_then(|log| log["entries"].as_array()) {
        Some(entries) => {
            for entry in entries {
                request(&entry["request"], pairs)?;
            }
        }
        None => request(&object["request"], pairs)?,
    }
    Ok(PasteFormat::Har)
}

/// One recorded request. Its cookies belong to the host that it went to.
fn request(request: &Value, pairs: &mut Pairs) -> Result<(), ImportError> {
    let url = request["url"].as_str().and_then(|url| Url::parse(url).ok());
    let Some(host) = url.as_ref().and_then(Url::host_str) else { return Ok(()) };
    for line in request["headers"].as_array().into_iter().flatten() {
        if line["name"].as_str().is_some_and(|name| name.eq_ignore_ascii_case("cookie")) {
            header::joined(line["value"].as_str().unwrap_or_default(), Some(host), pairs)?;
        }
    }
    for cookie in request["cookies"].as_array().into_iter().flatten().filter_map(Value::as_object) {
        browser_cookie(cookie, Some(host), pairs)?;
    }
    Ok(())
}

/// A value as text, every digit of a number as it was written.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}
