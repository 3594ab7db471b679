//! `name=value; name=value`: what a `Cookie` header holds, on one line, with no line break at the end, because
//! a line break is what most tools choke on.

use tunekey_services::{CookiePairs, Secret, Unfit};

use super::exposed;

pub(super) fn render(cookie: &CookiePairs) -> Result<Secret, Unfit> {
    let mut pairs = Vec::with_capacity(cookie.len());
    for (name, value) in cookie {
        let value = exposed(value);
        if !is_token(name) || !value.chars().all(fits) {
            return Err(Unfit);
        }
        pairs.push(format!("{name}={value}"));
    }
    Ok(Secret::new(pairs.join("; ")))
}

/// Whether a reader keeps the character: a header is visible ASCII, and a semicolon ends the value.
fn fits(character: char) -> bool {
    character.is_ascii_graphic() && character != ';'
}

fn is_token(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| fits(c) && c != '=')
}
