//! Variables that hold a cookie: `NAME='…'`, `export NAME="…"`, `set NAME=…`, `$env:NAME="…"`.

/// What the variable on this line holds, if it is one that holds cookies rather than being one itself.
pub(super) fn value(line: &str) -> Option<&str> {
    let line = line.trim().trim_end_matches(';');
    let bare = ["export ", "set ", "$env:", "declare -x "].iter().find_map(|word| line.strip_prefix(word));
    let (name, value) = bare.unwrap_or(line).split_once('=')?;
    let (name, value) = (name.trim(), value.trim());
    let is_variable =
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !is_variable {
        return None;
    }
    let inside = ['"', '\'']
        .into_iter()
        .find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote))
        .unwrap_or(value);
    let says_so = name.to_ascii_lowercase().contains("cookie");
    let wrapped = bare.is_some() || inside.len() < value.len();
    (says_so || wrapped && holds_a_pair(inside)).then_some(inside)
}

/// Whether there is a name and a value in it. A value of a cookie alone may well end in `=`.
fn holds_a_pair(text: &str) -> bool {
    text.split_once('=').is_some_and(|(name, value)| {
        !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
            && !value.trim_matches('=').is_empty()
    })
}
