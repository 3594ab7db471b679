//! A Netscape `cookies.txt`, as curl, wget and yt-dlp read it: a fixed first line, then seven fields a line,
//! separated by tabs, with upper-case booleans and whole seconds.

use jiff::Timestamp;

use super::{Unfit, exposed};
use crate::secret::Secret;
use crate::service::{CookiePairs, ExportFacts};

/// Without exactly this line Python's reader refuses the file.
const FIRST_LINE: &str = "# Netscape HTTP Cookie File\n";

/// What marks a cookie that scripts may not read. Readers that do not know it see a comment.
const HTTP_ONLY: &str = "#HttpOnly_";

pub(super) fn render(
    cookie: &CookiePairs,
    facts: &ExportFacts,
    expires_at: Option<Timestamp>,
) -> Result<Secret, Unfit> {
    let domain = facts.cookie_domain;
    // Zero is a cookie that lasts as long as the program that reads it.
    let expires = expires_at.map_or(0, |at| at.as_second().max(0));
    let mut file = FIRST_LINE.to_owned();
    for (name, value) in cookie {
        let value = exposed(value);
        if name.is_empty() || [name.as_str(), value].iter().any(|text| text.contains(char::is_control)) {
            return Err(Unfit);
        }
        let mark = if facts.http_only.contains(&name.as_str()) { HTTP_ONLY } else { "" };
        // The domain starts with a dot: all of its hosts. Both services are reached by TLS only.
        file.push_str(&format!("{mark}{domain}\tTRUE\t/\tTRUE\t{expires}\t{name}\t{value}\n"));
    }
    Ok(Secret::new(file))
}
