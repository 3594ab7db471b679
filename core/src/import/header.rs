//! `Cookie` headers, `Set-Cookie` lines, and cookies that a wrapper has joined into one text, attributes and all.

use super::{ImportError, Pairs, dotenv};
use crate::service::PasteFormat;

/// Names of cookie attributes, which are no cookies (protocol: NetEase §6).
const ATTRIBUTES: [&str; 11] = [
    "max-age",
    "expires",
    "path",
    "domain",
    "secure",
    "httponly",
    "samesite",
    "version",
    "comment",
    "priority",
    "partitioned",
];

/// Reads a text of lines. Where some are headers by name, or variables of a `.env` file, the others are not
/// cookies but what stood around them.
pub(super) fn read(text: &str, pairs: &mut Pairs) -> Result<PasteFormat, ImportError> {
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let named = |name: &'static str| lines().filter_map(move |line| after_name(line, name));
    let set: Vec<&str> = named("set-cookie").collect();
    if !set.is_empty() {
        for line in set {
            joined(line, None, pairs)?;
        }
        return Ok(PasteFormat::SetCookie);
    }
    let sent: Vec<&str> = named("cookie").collect();
    let variables: Vec<&str> = lines().filter_map(dotenv::value).collect();
    let all = if !sent.is_empty() {
        sent.join(";")
    } else if !variables.is_empty() {
        // A variable may hold the header with its name.
        variables.iter().map(|line| after_name(line, "cookie").unwrap_or(line)).collect::<Vec<_>>().join(";")
    } else {
        lines().collect::<Vec<_>>().join(";")
    };
    let all = decoded(all)?;
    Ok(if joined(&all, None, pairs)? { PasteFormat::SetCookie } else { PasteFormat::CookieHeader })
}

/// Reads cookies that were joined by `;`, `;;` or `,` with or without their attributes, and says whether there
/// were attributes. A cookie that its attributes remove is left out.
pub(super) fn joined(text: &str, domain: Option<&str>, pairs: &mut Pairs) -> Result<bool, ImportError> {
    let mut attributes = false;
    let mut cookie: Option<(&str, &str, Option<&str>)> = None;
    for part in text.split(';').map(str::trim) {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let (name, value) = (name.trim(), value.trim());
        if ATTRIBUTES.contains(&name.to_ascii_lowercase().as_str()) {
            attributes = true;
            let removes = match name.to_ascii_lowercase().as_str() {
                "max-age" => value.parse::<i64>().is_ok_and(|seconds| seconds <= 0),
                "expires" => value.contains("1970"),
                "domain" => {
                    if let Some((_, _, domain)) = &mut cookie {
                        *domain = Some(value);
                    }
                    false
                }
                _ => false,
            };
            if removes {
                cookie = None;
            }
        } else if part.contains('=')
            && let Some((name, value, domain)) = cookie.replace((name, value, domain))
        {
            pairs.add(domain, name, value)?;
        }
    }
    if let Some((name, value, domain)) = cookie {
        pairs.add(domain, name, value)?;
    }
    Ok(attributes)
}

/// What stands behind the header's name.
pub(super) fn after_name<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (before, after) = line.split_once(':')?;
    before.trim().eq_ignore_ascii_case(name).then(|| after.trim())
}

/// A text that was percent-encoded as a whole, once decoded. Values that look encoded stay as they are.
fn decoded(text: String) -> Result<String, ImportError> {
    if text.contains('=') || !text.to_ascii_lowercase().contains("%3d") {
        return Ok(text);
    }
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = (bytes[at] == b'%')
            .then(|| text.get(at + 1..at + 3).and_then(|digits| u8::from_str_radix(digits, 16).ok()))
            .flatten();
        plain.push(code.unwrap_or(bytes[at]));
        at += if code.is_some() { 3 } else { 1 };
    }
    String::from_utf8(plain).map_err(|_| ImportError::NothingFound)
}
