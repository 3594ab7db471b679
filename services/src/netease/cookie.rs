//! NetEase's cookies: which are kept, sent and handed out (protocol: NetEase §6).

use crate::contract::CookiePairs;
use crate::credential::Credential;
use crate::http::{CookieMap, JoinedCookies};

/// The session.
pub(super) const SESSION: &str = "MUSIC_U";

/// What renews it. Its path keeps it from every other request, and so do we.
pub(super) const REFRESH: &str = "MUSIC_R_U";

/// The cross-site token.
pub(super) const CSRF: &str = "__csrf";

/// Cookies that are not part of a credential: two for statistics, which come a dozen times over, and the
/// guest that a session replaces.
const NOT_KEPT: [&str; 3] = ["MUSIC_R_T", "MUSIC_A_T", "MUSIC_A"];

/// What tools get, in this order; some take the first two by position.
const HANDED_OUT: [&str; 4] = [SESSION, CSRF, "__remember_me", "NMTID"];

/// What is enough to play: some tools refuse a session without its cross-site token.
pub(super) const PLAYING: [&str; 2] = [SESSION, CSRF];

/// Whether a cookie belongs to a credential.
pub(super) fn is_kept(name: &str) -> bool {
    !NOT_KEPT.contains(&name)
}

/// The credential as cookies.
pub(super) fn pairs(credential: &Credential) -> CookiePairs {
    HANDED_OUT
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), credential.field(name)?.clone())))
        .collect()
}

/// The cookies of a credential for a request that is not a renewal.
pub(super) fn session(credential: &Credential) -> CookieMap {
    pairs(credential).into_iter().collect()
}

/// Reads cookies that were joined into one text, attributes and all, as some answers carry them:
/// `MUSIC_U=…; Max-Age=…; Path=/;;__csrf=…`.
pub(super) fn unjoined(joined: &str) -> CookieMap {
    let sendable = |text: &str| !text.contains(char::is_control) && text != "\"\"";
    JoinedCookies::read(joined)
        .cookies
        .into_iter()
        .filter(|cookie| !cookie.name.is_empty() && sendable(cookie.name) && sendable(cookie.value))
        .map(|cookie| (cookie.name, cookie.value))
        .collect()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::id::AccountId;
    use crate::netease::ID;

    #[expect(clippy::disallowed_methods, reason = "the test compares the cookies")]
    fn written<'a>(pairs: impl Iterator<Item = (&'a str, &'a crate::secret::Secret)>) -> Vec<String> {
        pairs.map(|(name, value)| format!("{name}={}", value.expose())).collect()
    }

    #[test]
    fn the_vector_of_the_protocol_notes_holds() {
        let joined = "MUSIC_R_T=1; Max-Age=2147483647; Expires=Mon, 18 Oct 2094 00:19:44 GMT; Path=/openapi/clientlog;\
            MUSIC_R_U=R; Max-Age=15552000; Path=/eapi/login/token/refresh;;MUSIC_R_U=R; Path=/api/login/token/refresh;;\
            MUSIC_SNS=; Max-Age=0; Path=/;MUSIC_U=U==; Max-Age=15552000; Path=/; HTTPOnly;__csrf=C; Max-Age=1296010; \
            Path=/;";
        assert_eq!(
            written(unjoined(joined).iter()),
            ["MUSIC_R_T=1", "MUSIC_R_U=R", "MUSIC_U=U==", "__csrf=C"]
        );
    }

    #[test]
    fn a_cookie_handed_out_has_no_refresh_token_in_it() {
        let credential = Credential {
            account: AccountId::new(ID, "1"),
            issued_at: Timestamp::UNIX_EPOCH,
            expires_at: None,
            fields: [
                ("NMTID", "n"),
                ("MUSIC_R_U", "r"),
                ("__csrf", "c"),
                ("MUSIC_U", "u"),
                ("profile", "web"),
            ]
            .into_iter()
            .collect(),
        };
        let cookie = pairs(&credential);
        let cookie = written(cookie.iter().map(|(name, value)| (name.as_str(), value)));
        assert_eq!(cookie, ["MUSIC_U=u", "__csrf=c", "NMTID=n"]);
    }

    #[test]
    fn statistics_and_the_guest_are_not_kept() {
        assert!(is_kept("MUSIC_U") && is_kept("MUSIC_R_U") && is_kept("a-new-one"));
        assert!(!is_kept("MUSIC_R_T") && !is_kept("MUSIC_A_T") && !is_kept("MUSIC_A"));
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic_or_gives_a_cookie_that_cannot_be_sent(joined in ".{0,80}") {
            for (name, value) in unjoined(&joined).iter() {
                proptest::prop_assert!(!name.contains(';') && !value.is_empty());
            }
        }
    }
}
