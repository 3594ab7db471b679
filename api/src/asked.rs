//! What somebody has asked, read back from the access log by the table of the routes: for fronts that say it in words.

use std::sync::LazyLock;

use tunekey_core::ApiScope;

use crate::routes;

/// The paths of the routes, with what a token must allow for each.
static PATHS: LazyLock<Vec<(&str, &[ApiScope])>> =
    LazyLock::new(|| routes::all().into_iter().map(|route| (route.path, route.needs)).collect());

/// What somebody has asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// What a token must allow for it; `None` for what any token may, and for what there is not.
    pub scope: Option<ApiScope>,
    /// The account that it was about, as it was named: `service:number`, the beginning of that, or a nickname.
    pub account: Option<String>,
}

impl Asked {
    /// Reads it from a method and a path, as [`ApiUse::what`](tunekey_core::ApiUse::what) has them.
    pub fn read(what: &str) -> Self {
        let path = what.split_once(' ').map_or(what, |(_, path)| path);
        let found = PATHS.iter().find_map(|(known, needs)| Some((needs, captured(known, path)?)));
        let Some((needs, account)) = found else { return Self::default() };
        Self { scope: needs.first().copied(), account }
    }
}

/// What stands in a path where a route has `{account}`: nothing inside where it has none. `None` when it is another
/// route.
fn captured(route: &str, path: &str) -> Option<Option<String>> {
    let (mut wanted, mut given) = (route.split('/'), path.split('/'));
    let mut account = None;
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(account),
            (Some("{account}"), Some(name)) if !name.is_empty() => account = Some(decoded(name)),
            (Some(variable), Some(value)) if variable.starts_with('{') && !value.is_empty() => {}
            (Some(word), Some(same)) if word == same => {}
            _ => return None,
        }
    }
}

/// A segment of a path without its escapes.
fn decoded(segment: &str) -> String {
    // A form's `+` is a blank, and a path's is none.
    let query = format!("x={}", segment.replace('+', "%2B"));
    let pair = url::form_urlencoded::parse(query.as_bytes()).next();
    pair.map_or_else(|| segment.to_owned(), |(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_is_read_back_by_the_table_of_the_routes() {
        let of = |scope, account: Option<&str>| Asked { scope, account: account.map(str::to_owned) };
        for (what, asked) in [
            ("GET /v1/accounts", of(Some(ApiScope::Status), None)),
            ("GET /v1/accounts/qqmusic:10001", of(Some(ApiScope::Status), Some("qqmusic:10001"))),
            ("GET /v1/accounts/netease%3A90001/cookie", of(Some(ApiScope::Cookie), Some("netease:90001"))),
            ("GET /v1/accounts/a+%E6%9E%97/cookie", of(Some(ApiScope::Cookie), Some("a+林"))),
            ("POST /v1/accounts/qqmusic/renew", of(Some(ApiScope::Renew), Some("qqmusic"))),
            ("POST /v1/deliveries/0123456789/send", of(Some(ApiScope::Renew), None)),
            ("GET /v1/sign-ins/7/events", of(Some(ApiScope::SignIn), None)),
            ("GET /music/tencent/cookie/qrcode", of(Some(ApiScope::SignIn), None)),
            ("POST /v2/music/tencent/cookie", of(Some(ApiScope::Renew), None)),
            ("GET /openapi.json", of(None, None)),
            ("GET /v1/accounts//cookie", of(None, None)),
            ("GET /v1/accounts/a/b/c", of(None, None)),
            ("", of(None, None)),
        ] {
            assert_eq!(Asked::read(what), asked, "{what}");
        }
    }
}
