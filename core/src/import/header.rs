//! `Cookie` headers, `Set-Cookie` lines, and cookies that a wrapper has joined into one text, attributes and all.

use tunekey_services::PasteFormat;
use tunekey_services::http::JoinedCookies;

use super::findings::Group;
use super::names::{self, Kind};
use super::{ImportError, Scope, dotenv, layers};

/// Reads a text of lines. Where some are headers by name, or variables of a `.env` file, the others are not
/// cookies but what stood around them.
pub(super) fn read(text: &str, scope: &mut Scope<'_>) -> Result<(), ImportError> {
    let lines: Vec<&str> =
        text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let set: Vec<String> =
        ["set-cookie", "set-cookie2", "set-cookie3"].iter().flat_map(|name| named(&lines, name)).collect();
    if !set.is_empty() {
        // One answer, or several of one sign-in: the last value of each counts. Those of several accounts are told
        // apart when they are pushed.
        let mut group = Group::new(PasteFormat::SetCookie);
        for line in set {
            joined(&line, scope.domain, &mut group)?;
        }
        scope.push(group);
        return Ok(());
    }
    let sent = named(&lines, "cookie");
    let variables = || lines.iter().filter_map(|line| dotenv::value(line));
    let texts: Vec<String> = if !sent.is_empty() {
        sent
    } else if variables().next().is_some() {
        // A variable may hold the header with its name.
        variables().map(|line| after_name(line, "cookie").unwrap_or(line).to_owned()).collect()
    } else {
        by_account(&lines)
    };
    for text in texts {
        let decoded = if text.contains('=') { None } else { layers::percent_decoded(&text) };
        let mut group = Group::new(PasteFormat::CookieHeader);
        if joined(decoded.as_deref().map_or(text.as_str(), String::as_str), scope.domain, &mut group)? {
            group.format = PasteFormat::SetCookie;
        }
        scope.push(group);
    }
    Ok(())
}

/// What stands behind the headers of that name. One that ends in a semicolon goes on in the next line.
fn named(lines: &[&str], name: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut goes_on = false;
    for line in lines {
        match after_name(line, name) {
            Some(value) => {
                found.push(value.to_owned());
                goes_on = value.ends_with(';');
            }
            None if !found.is_empty() && names::begins_with_field(line) => {
                if let Some(last) = found.last_mut() {
                    last.push(';');
                    last.push_str(line);
                }
                goes_on = line.ends_with(';');
            }
            None if goes_on && !line.split(['=', ';']).next().unwrap_or_default().contains(':') => {
                if let Some(last) = found.last_mut() {
                    last.push_str(line);
                }
                goes_on = line.ends_with(';');
            }
            None => goes_on = false,
        }
    }
    found
}

/// Lines of cookies, those of one account together: a second session or key begins the next one.
fn by_account(lines: &[&str]) -> Vec<String> {
    let mut accounts: Vec<String> = Vec::new();
    let mut seen: Vec<(&str, &str)> = Vec::new();
    for line in lines {
        let leading: Vec<(&str, &str)> = JoinedCookies::read(line)
            .cookies
            .iter()
            .map(|cookie| (cookie.name, cookie.value))
            .filter(|(name, value)| {
                let kind = names::field(name).map(|field| field.kind);
                !value.is_empty() && matches!(kind, Some(Kind::Session | Kind::Key | Kind::Account))
            })
            .collect();
        let begins = leading
            .iter()
            .any(|(name, value)| seen.iter().any(|(known, before)| known == name && before != value));
        if begins {
            seen.clear();
        }
        match accounts.last_mut().filter(|_| !begins) {
            Some(last) => {
                last.push(';');
                last.push_str(line);
            }
            None => accounts.push((*line).to_owned()),
        }
        seen.extend(leading);
    }
    accounts
}

/// Reads cookies that were joined into one text, and says whether there were attributes. Those that name no domain
/// are for `domain`.
pub(super) fn joined(text: &str, domain: Option<&str>, group: &mut Group) -> Result<bool, ImportError> {
    let joined = JoinedCookies::read(text);
    for cookie in joined.cookies {
        let own = cookie.domain.map(|domain| domain.trim_matches('"'));
        group.add(own.or(domain), cookie.name, cookie.value)?;
    }
    Ok(joined.attributes)
}

/// What stands behind the header's name.
pub(super) fn after_name<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (before, after) = line.split_once(':')?;
    before.trim().eq_ignore_ascii_case(name).then(|| after.trim())
}
