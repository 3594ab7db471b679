//! A Netscape `cookies.txt`, as curl, wget, yt-dlp and Python's `http.cookiejar` read it: a fixed first line, then
//! seven fields a line, separated by tabs, with upper-case booleans and whole seconds.
//!
//! No line has the `#HttpOnly_` of browsers' exports: wget, and Python before 3.10, take it for a comment and then
//! have no session. It tells browsers what scripts may read, which means nothing to a program that reads a file.

use jiff::Timestamp;
use tunekey_services::facts::CookieFacts;
use tunekey_services::{CookiePairs, Secret, Unfit};

use super::exposed;

/// Without exactly this line Python's reader refuses the file.
const FIRST_LINE: &str = "# Netscape HTTP Cookie File\n";

/// The end of a cookie whose end is not known: the last second that 32 bits hold. Zero would say "as long as the
/// program runs", which Python takes for "long over".
const NO_KNOWN_END: i64 = 2_147_483_647;

pub(super) fn render(
    cookie: &CookiePairs,
    facts: &CookieFacts,
    expires_at: Option<Timestamp>,
) -> Result<Secret, Unfit> {
    let domain = facts.domain;
    let expires = expires_at.map_or(NO_KNOWN_END, |at| at.as_second().max(1));
    let mut file = FIRST_LINE.to_owned();
    for (name, value) in cookie {
        let value = exposed(value);
        if name.is_empty() || [name.as_str(), value].iter().any(|text| text.contains(char::is_control)) {
            return Err(Unfit);
        }
        // The domain starts with a dot: all of its hosts. Both services are reached by TLS only.
        file.push_str(&format!("{domain}\tTRUE\t/\tTRUE\t{expires}\t{name}\t{value}\n"));
    }
    Ok(Secret::new(file))
}
