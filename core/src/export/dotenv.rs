//! One line for a `.env` file: `NAME="name=value; name=value"`.
//!
//! Shells, Node's dotenv, python-dotenv, Docker Compose and systemd disagree about what a backslash does
//! inside quotes. So nothing is ever escaped: a value goes between quotes in which all of them read it as it
//! is, or it is refused.

use tunekey_services::facts::CookieFacts;
use tunekey_services::{CookiePairs, Secret, Unfit};

use super::{exposed, header};

pub(super) fn render(cookie: &CookiePairs, facts: &CookieFacts) -> Result<Secret, Unfit> {
    let line = header::render(cookie)?;
    let line = exposed(&line);
    let quote = if !line.contains(['"', '$', '`', '\\', '!']) {
        '"'
    } else if !line.contains(['\'', '\\']) && !line.contains("${") {
        '\''
    } else {
        return Err(Unfit);
    };
    Ok(Secret::new(format!("{}={quote}{line}{quote}", facts.env_name)))
}
