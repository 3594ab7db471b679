//! Finds the credentials in a structured text, however deep they are: names and values, cookies of browsers and
//! their extensions, recorded requests, and texts in which another text was put.

use tunekey_services::{PasteFormat, Secret};
use url::Url;
use zeroize::Zeroizing;

use super::findings::{Group, Place, is_host, place, unquoted};
use super::names::{self, Kind};
use super::node::{Map, Node};
use super::{ImportError, Scope, header, layers};

/// Names of a qqmusic-api `Credential` as its library has written them before, for those of now.
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

/// How deep it is looked.
const DEEPEST: u8 = 48;

/// What holds for everything below a place in the tree.
#[derive(Clone, Copy)]
struct Below<'a> {
    /// Whose the cookies are that say nothing of it themselves.
    domain: Option<&'a str>,
    depth: u8,
}

/// Looks through a tree.
///
/// # Errors
/// When there are control characters where a header could break.
pub(super) fn read(node: &Node, format: PasteFormat, scope: &mut Scope<'_>) -> Result<(), ImportError> {
    let domain = scope.domain.map(str::to_owned);
    let below = Below { domain: domain.as_deref(), depth: 0 };
    within(node, format, below, scope)
}

fn within(
    node: &Node,
    format: PasteFormat,
    below: Below<'_>,
    scope: &mut Scope<'_>,
) -> Result<(), ImportError> {
    if below.depth > DEEPEST {
        return Ok(());
    }
    match node {
        Node::Nothing => Ok(()),
        Node::Text(text) => match address(text) {
            Some(query) => of_query(query, format, scope),
            None => scope.nested(text, below.domain, format),
        },
        Node::List(items) => list(items, format, below, scope),
        Node::Map(map) if is_recording(map) => recording(node, scope),
        Node::Map(map) => object(map, format, below, scope),
    }
}

/// What an address asks for, if it is one.
fn address(text: &str) -> Option<&str> {
    let (scheme, rest) = text.trim().split_once("://")?;
    let is_address = !scheme.is_empty()
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
        && !rest.contains(char::is_whitespace);
    is_address.then(|| rest.split_once(['?', '#']).map_or("", |(_, query)| query))
}

/// Reads the parameters of an address: some programs take a cookie as one.
fn of_query(query: &str, format: PasteFormat, scope: &mut Scope<'_>) -> Result<(), ImportError> {
    let mut group = Group::new(format);
    for (name, value) in query.split(['&', '?', '#']).filter_map(|pair| pair.split_once('=')) {
        let decoded = layers::percent_decoded(value);
        let value = decoded.as_deref().map_or(value, String::as_str);
        if names::field(name).is_some_and(|field| !field.is_weak()) {
            group.add(None, name, value)?;
        } else {
            // It is what the person gives to the program at that address, and not a cookie of its host.
            scope.nested(value, None, format)?;
        }
    }
    scope.push(group);
    Ok(())
}

fn list(
    items: &[Node],
    format: PasteFormat,
    below: Below<'_>,
    scope: &mut Scope<'_>,
) -> Result<(), ImportError> {
    let below = Below { depth: below.depth + 1, ..below };
    if let Some((name, value, domain)) = tuple(items) {
        let mut group = Group::new(format);
        group.add(domain.or(below.domain), name, value)?;
        scope.push(group);
        return Ok(());
    }
    // `fetch("https://…", { … })`: what follows is for that host.
    let address = items.first().and_then(Node::as_text).and_then(|text| Url::parse(text.trim()).ok());
    let host = address.as_ref().filter(|address| address.has_host()).and_then(Url::host_str);
    let below = Below { domain: host.filter(|_| items.len() > 1).or(below.domain), ..below };
    let mut records = Group::new(if is_plain(format) { PasteFormat::BrowserExport } else { format });
    let mut lines = Group::new(PasteFormat::SetCookie);
    let all_sessions = items.iter().filter_map(Node::as_text).all(|text| names::is_session(text.trim()));
    for item in items {
        match item {
            Node::Map(map) if record(map).is_some() => cookie(map, below.domain, &mut records)?,
            Node::List(pair) if tuple(pair).is_some() => {
                if let Some((name, value, domain)) = tuple(pair) {
                    records.add(domain.or(below.domain), name, value)?;
                }
            }
            // Some wrappers list their `Set-Cookie` lines.
            Node::Text(line) if is_cookie_line(line) && !is_text_within("", line_value(line)) => {
                header::joined(line, below.domain, &mut lines)?;
            }
            // What stands beside another text may be the value of a name that is not ours.
            Node::Text(text) if names::is_session(text.trim()) && !all_sessions => {}
            Node::Text(_) | Node::List(_) | Node::Map(_) | Node::Nothing => {
                within(item, format, below, scope)?
            }
        }
    }
    scope.push(records);
    scope.push(lines);
    Ok(())
}

fn object(
    map: &Map,
    format: PasteFormat,
    below: Below<'_>,
    scope: &mut Scope<'_>,
) -> Result<(), ImportError> {
    let is_one = map.entries.iter().filter(|(name, _)| name.eq_ignore_ascii_case("name")).count() == 1;
    if record(map).is_some() && (is_one || !map.is_flat) {
        let mut group = Group::new(format);
        cookie(map, below.domain, &mut group)?;
        scope.push(group);
        return Ok(());
    }
    // `"Name": "MUSIC_U"`, `"Value": "…"`, and the next, with no brackets around each.
    if map.is_flat && map.entries.iter().filter(|(name, _)| name.eq_ignore_ascii_case("name")).count() > 1 {
        let mut group = Group::new(format);
        let texts: Vec<(&str, &str)> =
            map.entries.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_text()?))).collect();
        for pair in texts.windows(2) {
            if let [(name, field), (value, text)] = pair
                && name.eq_ignore_ascii_case("name")
                && value.eq_ignore_ascii_case("value")
            {
                group.add(below.domain, field, text)?;
            }
        }
        scope.push(group);
    }
    let is_credential = is_credential(map);
    let mut group =
        Group::new(if is_credential && is_plain(format) { PasteFormat::QqmusicApi } else { format });
    // A program's settings have a host, too, which is its own.
    let is_cookie = ["path", "httpOnly", "expires"].iter().any(|part| map.get(part).is_some())
        || !map.is_flat && has_nameless(map);
    let said = domain_of(map).filter(|_| is_cookie);
    let domain = said.or(below.domain);
    let mut inner = Vec::new();
    let mut seen: Vec<(String, &str)> = Vec::new();
    for (name, value) in &map.entries {
        let renamed = RENAMED.iter().find(|(old, _)| is_credential && old == name).map(|(_, new)| *new);
        let name = renamed.unwrap_or(name.as_str());
        match value {
            // In a text of any sort it may be the value of a name that is not ours.
            Node::Text(text) if map.is_flat && name.is_empty() && names::is_session(text.trim()) => {}
            Node::Text(text) if is_text_within(name, text) => inner.push((name, value)),
            Node::Text(text) => {
                if map.is_flat && begins_another(name, unquoted(text), &seen) {
                    let full = std::mem::replace(&mut group, Group::new(format));
                    scope.push(full);
                    seen.clear();
                }
                seen.push((name.to_owned(), unquoted(text)));
                let is_ours =
                    names::field(name).is_some() || !map.is_flat && !name.is_empty() && is_whole_line(text);
                if is_ours || names::without_controls(name).is_err() {
                    group.add(domain, name, text)?;
                }
            }
            Node::Map(_) | Node::List(_) => inner.push((name, value)),
            Node::Nothing => {}
        }
    }
    // What stands beside a cookie may complete it; by itself it is nothing but a wrapper.
    let account = account_of(&group);
    if inner.is_empty() || has_known(&group) {
        scope.push(group);
    }
    let outer = account.map(|account| scope.account.replace(account));
    let below = Below { depth: below.depth + 1, domain };
    let mut values = Group::new(format);
    for (name, value) in inner {
        // `{"MUSIC_U": {"value": "…"}}`
        if let (Some(map), Some(_)) = (value.as_map(), names::field(name))
            && let Some(text) = map.text(&["value"])
        {
            values.add(domain_of(map).or(below.domain), name, text)?;
            continue;
        }
        // `{"music.163.com": [ … ]}`; what else looks like a host may be a path to a variable.
        let of_name = Some(name)
            .filter(|name| is_host(name) && (value.as_list().is_some() || place(name) != Place::Elsewhere));
        within(value, format, Below { domain: of_name.or(below.domain), ..below }, scope)?;
    }
    scope.push(values);
    if let Some(outer) = outer {
        scope.account = outer;
    }
    Ok(())
}

/// The account's number that a wrapper names.
fn account_of(group: &Group) -> Option<(String, Zeroizing<String>)> {
    let fields = group.fields();
    let (name, value) = fields.iter().find(|(name, _)| {
        names::field(name).is_some_and(|field| field.kind == Kind::Account && !field.is_weak())
    })?;
    Some((name.to_owned(), opened(value)))
}

#[expect(clippy::disallowed_methods, reason = "an account's number is no secret; it is put beside its key")]
fn opened(number: &Secret) -> Zeroizing<String> {
    Zeroizing::new(number.expose().to_owned())
}

fn has_known(group: &Group) -> bool {
    group.fields().iter().any(|(name, _)| names::field(name).is_some_and(|field| !field.is_weak()))
}

/// Whether a second value of a name that a credential has once begins the next one.
fn begins_another(name: &str, value: &str, seen: &[(String, &str)]) -> bool {
    let Some(field) = names::field(name) else { return false };
    let is_leading = matches!(field.kind, Kind::Session | Kind::Key | Kind::Account);
    is_leading && seen.iter().any(|(known, before)| known == name && *before != value)
}

/// A text in which there is another one: a header, a JSON text, a file.
fn is_text_within(name: &str, text: &str) -> bool {
    let text = text.trim();
    let field = names::field(name);
    if field.is_some_and(|field| matches!(field.judge(unquoted(text)), names::Verdict::Good(_))) {
        return false;
    }
    // A session under a name that says nothing of it.
    if names::may_hold_session(name) && names::is_session(unquoted(text)) {
        return true;
    }
    let is_compound = text.contains(['=', ':', ';', '\n', '\t', '{', '%', ',']);
    let is_wrapped = field.is_none_or(|field| field.is_weak()) || text.starts_with('{') || {
        // `{"MUSIC_U": "MUSIC_U=…"}`
        let begins = text.split(['=', ':']).next().unwrap_or_default();
        begins.len() < text.len() && names::field(begins.trim()).is_some()
    };
    is_wrapped && (is_compound && names::has_traces(text) || names::begins_with_field(text))
}

/// Whether a list is of cookies as lines.
fn is_cookie_line(text: &str) -> bool {
    text.split_once('=').is_some_and(|(name, _)| {
        let name = name.trim();
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
    }) && !text.contains('\n')
}

fn line_value(line: &str) -> &str {
    line.split_once('=').map_or("", |(_, value)| value)
}

fn is_whole_line(text: &str) -> bool {
    !text.trim().contains(['\n', '\r'])
}

fn is_plain(format: PasteFormat) -> bool {
    matches!(format, PasteFormat::JsonObject | PasteFormat::BrowserExport)
}

/// A cookie as browsers and their extensions write it: its name and its value.
fn record(map: &Map) -> Option<(&str, &str)> {
    let name = map.text(&["name", "key"])?;
    let value = map.text(&["value"])?;
    // Lists of other things have numbers for names.
    (!name.bytes().all(|byte| byte.is_ascii_digit())).then_some((name, value))
}

fn cookie(map: &Map, domain: Option<&str>, group: &mut Group) -> Result<(), ImportError> {
    let Some((name, value)) = record(map) else { return Ok(()) };
    let domain = domain_of(map).or(domain);
    match name.to_ascii_lowercase().as_str() {
        "cookie" | "set-cookie" => header::joined(value, domain, group).map(drop),
        _ => group.add(domain, name, value),
    }
}

fn domain_of(map: &Map) -> Option<&str> {
    let said = map.text(&["domain", "host", "host_key", "hostKey"]).or_else(|| {
        // `<Cookie MUSIC_U=… for .music.163.com/>`
        let mut nameless = map.entries.iter().filter(|(name, _)| name.is_empty());
        nameless.find_map(|(_, value)| {
            let text = value.as_text()?.trim_end_matches('/');
            (text.starts_with('.') && is_host(text)).then_some(text)
        })
    });
    said.map(str::trim).filter(|domain| is_host(domain) || domain.parse::<std::net::IpAddr>().is_ok())
}

fn has_nameless(map: &Map) -> bool {
    map.entries.iter().any(|(name, _)| name.is_empty())
}

/// `["MUSIC_U", "…"]`, or the same with a path and a domain behind it.
fn tuple(items: &[Node]) -> Option<(&str, &str, Option<&str>)> {
    let [name, value, rest @ ..] = items else { return None };
    let (name, value) = (name.as_text()?, value.as_text()?);
    let is_known = names::field(name.trim()).is_some() && names::field(value.trim()).is_none();
    let domain = rest.iter().filter_map(Node::as_text).map(str::trim).find(|text| is_host(text));
    is_known.then_some((name, value, domain))
}

fn is_credential(map: &Map) -> bool {
    let has = |names: &[&str]| map.entries.iter().any(|(name, _)| names.contains(&name.as_str()));
    has(&["musickey", "music_key"]) && has(&["musicid", "str_musicid", "music_id"])
}

/// A HAR file, or one entry of it.
fn is_recording(map: &Map) -> bool {
    let has_lists = |request: &Node| {
        ["headers", "cookies"]
            .iter()
            .any(|name| request.get(name).is_some_and(|list| list.as_list().is_some()))
    };
    map.get("log").is_some_and(|log| log.get("entries").is_some_and(|entries| entries.as_list().is_some()))
        || map.get("request").is_some_and(has_lists)
}

/// Reads what a browser has recorded: one browser's cookies, so that the last value of each counts.
fn recording(node: &Node, scope: &mut Scope<'_>) -> Result<(), ImportError> {
    let mut group = Group::new(PasteFormat::Har);
    let entries = node.get("log").and_then(|log| log.get("entries")).and_then(Node::as_list);
    let one = std::slice::from_ref(node);
    let (mut is_ours, mut has_header) = (false, false);
    for entry in entries.unwrap_or(one) {
        let Some(request) = entry.get("request") else { continue };
        let url = request.get("url").and_then(Node::as_text).and_then(|url| Url::parse(url).ok());
        let Some(host) = url.as_ref().and_then(Url::host_str) else { continue };
        is_ours |= place(host) != Place::Elsewhere;
        // What is sent first, then what the answer changes.
        for side in [Some(request), entry.get("response")].into_iter().flatten() {
            for list in ["headers", "cookies"].iter().filter_map(|name| side.get(name)?.as_list()) {
                for item in list.iter().filter_map(Node::as_map) {
                    let is_header = |name: &str| {
                        name.eq_ignore_ascii_case("cookie") || name.eq_ignore_ascii_case("set-cookie")
                    };
                    has_header |= item.text(&["name"]).is_some_and(is_header);
                    match (item.text(&["name"]), item.text(&["value"])) {
                        (Some(name), Some(value)) if is_header(name) => {
                            for line in value.lines() {
                                header::joined(line, Some(host), &mut group)?;
                            }
                        }
                        _ => cookie_of(item, host, &mut group)?,
                    }
                }
            }
        }
    }
    scope.found.without_cookies |= is_ours && !has_header && group.is_empty();
    scope.push(group);
    Ok(())
}

/// One of the cookies that are listed beside the headers; a header of another name is none.
fn cookie_of(item: &Map, host: &str, group: &mut Group) -> Result<(), ImportError> {
    let is_field =
        item.text(&["name"]).is_some_and(|name| names::field(name).is_some_and(|field| !field.is_weak()));
    if is_field || item.get("domain").is_some() { cookie(item, Some(host), group) } else { Ok(()) }
}
