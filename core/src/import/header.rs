//! `Cookie` headers, `Set-Cookie` lines, and cookies that a wrapper has joined into one text, attributes and all.

use super::{ImportError, Pairs, dotenv};
use crate::http::JoinedCookies;
use crate::service::PasteFormat;

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

/// Reads cookies that were joined into one text, and says whether there were attributes. Those that name no domain
/// are for `domain`.
pub(super) fn joined(text: &str, domain: Option<&str>, pairs: &mut Pairs) -> Result<bool, ImportError> {
    let joined = JoinedCookies::read(text);
    for cookie in joined.cookies {
        pairs.add(cookie.domain.or(domain), cookie.name, cookie.value)?;
    }
    Ok(joined.attributes)
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
