//! Netscape's `cookies.txt`: seven fields a line, separated by tabs.

use super::{ImportError, Pairs};

/// What curl and browsers put before the domain of a cookie that scripts cannot read.
const HTTP_ONLY: &str = "#HttpOnly_";

/// Whether any line is one of such a file.
pub(super) fn looks_like(text: &str) -> bool {
    text.lines().any(|line| fields(line).is_some())
}

pub(super) fn read(text: &str, pairs: &mut Pairs) -> Result<(), ImportError> {
    for (domain, name, value) in text.lines().filter_map(fields) {
        pairs.add(Some(domain), name, value)?;
    }
    Ok(())
}

/// Domain, name and value of a line. Some editors and chats make spaces of the tabs.
fn fields(line: &str) -> Option<(&str, &str, &str)> {
    let line = line.trim();
    let line = match line.strip_prefix(HTTP_ONLY) {
        Some(line) => line,
        None if line.starts_with('#') => return None,
        None => line,
    };
    let fields: Vec<&str> =
        if line.contains('\t') { line.split('\t').collect() } else { line.split_whitespace().collect() };
    let [domain, below, _path, secure, _end, name, value] = fields[..] else { return None };
    let flag = |text: &str| text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false");
    (flag(below) && flag(secure)).then_some((domain, name, value))
}
