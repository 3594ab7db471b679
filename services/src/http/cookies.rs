//! Cookies without a jar: an ordered map that one sign-in or one request owns.
//!
//! A shared jar would mix accounts, joins names in random order, cannot be listed, and logs values.

use std::fmt;

use jiff::fmt::rfc2822::DateTimeParser;
use jiff::{SignedDuration, Timestamp};
use zeroize::Zeroizing;

use crate::secret::Secret;

/// The longest name and value together that a line may set, in bytes: browsers keep no more (RFC 6265 §6.1).
const LONGEST: usize = 4096;

/// The most cookies of one sign-in or one request: browsers keep fewer of one site (RFC 6265 §6.1). What comes beyond
/// is not kept.
const MOST: usize = 512;

/// One `Set-Cookie` line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetCookie {
    /// The name.
    pub name: String,
    /// The value, not decoded.
    pub value: Secret,
    /// When it ends, if the line says so.
    pub expires_at: Option<Timestamp>,
    /// Whether the line removes the cookie rather than setting it.
    pub deletes: bool,
}

impl SetCookie {
    /// Reads a line: name and value before the first `;`, split at the first `=` (protocol: NetEase §6).
    /// Removals are an empty value, `""`, a `Max-Age` of zero or less, or an `Expires` in the past.
    pub fn parse(line: &str, now: Timestamp) -> Option<Self> {
        let (pair, attributes) = line.split_once(';').unwrap_or((line, ""));
        let (name, value) = pair.split_once('=')?;
        let (name, value) = (name.trim(), value.trim());
        if name.is_empty() || name.len() + value.len() > LONGEST || !sendable(name) || !sendable(value) {
            return None;
        }
        let (mut max_age, mut expires) = (None, None);
        for attribute in attributes.split(';') {
            let (key, value) = attribute.split_once('=').unwrap_or((attribute, ""));
            match key.trim().to_ascii_lowercase().as_str() {
                "max-age" => max_age = value.trim().parse::<i64>().ok(),
                "expires" => expires = date(value.trim()),
                _ => {}
            }
        }
        // Max-Age wins over Expires (RFC 6265 §5.3).
        let expires_at = match max_age {
            Some(seconds) => now.checked_add(SignedDuration::from_secs(seconds)).ok(),
            None => expires,
        };
        let deletes = value.is_empty()
            || value == "\"\""
            || max_age.is_some_and(|seconds| seconds <= 0)
            || (max_age.is_none() && expires.is_some_and(|at| at <= now));
        Some(Self { name: name.to_owned(), value: value.into(), expires_at, deletes })
    }
}

/// Whether a text can stand in a `Cookie` header.
fn sendable(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b';' || byte == b' ')
}

/// `Mon, 18 Oct 2094 00:19:44 GMT`, and the same with dashes as older servers write it.
fn date(text: &str) -> Option<Timestamp> {
    let (_, after_weekday) = text.split_once(',')?;
    DateTimeParser::new().parse_timestamp(after_weekday.trim().replace('-', " ")).ok()
}

/// Cookies in the order in which they were first set.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct CookieMap(Vec<(String, Secret)>);

impl CookieMap {
    /// The cookie of that name, if there is anything in it.
    pub fn get(&self, name: &str) -> Option<&Secret> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// Sets a cookie, in its old place if it has one. An empty value changes nothing, nor does a new name beyond
    /// the most that there may be.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<Secret>) {
        let (name, value) = (name.into(), value.into());
        if value.is_empty() {
            return;
        }
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => {
                if self.0.len() < MOST {
                    self.0.push((name, value));
                }
            }
        }
    }

    /// Takes over what one answer sets. A removal counts only when no other line of the same answer gives
    /// the cookie a value, in whichever order they come (protocol: NetEase §6, QQ §1.4).
    pub fn absorb(&mut self, response: &[SetCookie]) {
        for line in response.iter().filter(|line| line.deletes) {
            self.0.retain(|(name, _)| *name != line.name);
        }
        for line in response.iter().filter(|line| !line.deletes) {
            self.set(line.name.as_str(), line.value.clone());
        }
    }

    /// All cookies, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Secret)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The value of the `Cookie` header; `None` when there is nothing to send.
    #[expect(
        clippy::disallowed_methods,
        reason = "the header carries the cookies to the service that set them"
    )]
    pub(super) fn header(&self) -> Option<Zeroizing<String>> {
        let pairs: Vec<String> =
            self.0.iter().map(|(name, value)| format!("{name}={}", value.expose())).collect();
        if pairs.is_empty() { None } else { Some(Zeroizing::new(pairs.join("; "))) }
    }
}

impl<N: Into<String>, V: Into<Secret>> FromIterator<(N, V)> for CookieMap {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let mut cookies = Self::default();
        for (name, value) in pairs {
            cookies.set(name, value);
        }
        cookies
    }
}

impl fmt::Debug for CookieMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-21T12:00:00Z".parse().expect("a time")
    }

    fn set(lines: &[&str]) -> CookieMap {
        let mut cookies = CookieMap::default();
        cookies.absorb(&lines.iter().filter_map(|line| SetCookie::parse(line, now())).collect::<Vec<_>>());
        cookies
    }

    fn header(cookies: &CookieMap) -> String {
        cookies.header().map(|header| header.to_string()).unwrap_or_default()
    }

    #[test]
    fn the_value_is_everything_between_the_first_equals_sign_and_the_first_semicolon() {
        assert_eq!(
            header(&set(&["MUSIC_U=U==; Max-Age=9; Path=/", "a = b ", "c=d=e;f=g"])),
            "MUSIC_U=U==; a=b; c=d=e"
        );
        for bad in ["", "novalue", "=x; Path=/", "a=b\r\nX: y", "a=\u{1}", "ä=ö"] {
            assert_eq!(SetCookie::parse(bad, now()), None, "{bad:?}");
        }
    }

    #[test]
    fn a_removal_in_any_form_removes_unless_the_same_answer_sets_a_value() {
        for removal in [
            "p_skey=; Path=/",
            "p_skey=\"\"",
            "p_skey=x; Max-Age=0",
            "p_skey=x; max-age=-1; Expires=Mon, 18 Oct 2094 00:19:44 GMT",
            "p_skey=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
            "p_skey=x; Expires=Thu, 01-Jan-1970 00:00:00 GMT",
        ] {
            let mut cookies: CookieMap = [("p_skey", "old")].into_iter().collect();
            cookies.absorb(&[SetCookie::parse(removal, now()).expect("a cookie")]);
            assert_eq!(header(&cookies), "", "{removal} removes");
            for lines in [["p_skey=real; Path=/", removal], [removal, "p_skey=real; Path=/"]] {
                assert_eq!(header(&set(&lines)), "p_skey=real", "{lines:?}: a value wins over a removal");
            }
        }
    }

    #[test]
    fn the_last_of_several_values_wins_and_keeps_the_place_of_the_first() {
        assert_eq!(header(&set(&["a=1", "b=2", "a=3"])), "a=3; b=2");
    }

    #[test]
    fn the_end_comes_from_max_age_before_expires() {
        let end = |line| SetCookie::parse(line, now()).expect("a cookie").expires_at.map(|at| at.to_string());
        assert_eq!(end("a=1; Max-Age=60"), Some("2026-11-21T12:01:00Z".to_owned()));
        assert_eq!(
            end("a=1; Expires=Mon, 18 Oct 2094 00:19:44 GMT"),
            Some("2094-10-18T00:19:44Z".to_owned())
        );
        assert_eq!(
            end("a=1; Expires=Mon, 18-Oct-2094 00:19:44 GMT"),
            Some("2094-10-18T00:19:44Z".to_owned())
        );
        assert_eq!(
            end("a=1; Max-Age=60; Expires=Mon, 18 Oct 2094 00:19:44 GMT").as_deref(),
            Some("2026-11-21T12:01:00Z")
        );
        assert_eq!(end("a=1; Max-Age=soon; Expires=never; Path=/"), None);
        assert_eq!(end("a=1; Max-Age=9223372036854775807"), None, "beyond the end of time is unsaid");
    }

    #[test]
    fn a_service_that_sets_cookies_without_end_fills_no_memory() {
        let mut cookies = set(&["first=1"]);
        for number in 0..10_000 {
            let line = SetCookie::parse(&format!("a{number}={}", "x".repeat(4000)), now()).expect("it fits");
            cookies.absorb(&[line]);
        }
        assert_eq!(cookies.iter().count(), MOST);
        assert!(cookies.get("first").is_some(), "what was there stays");
        cookies.set("first", "2");
        assert_eq!(cookies.get("first"), Some(&"2".into()), "and can be set anew");
        assert_eq!(
            SetCookie::parse(&format!("a={}", "x".repeat(LONGEST)), now()),
            None,
            "no browser keeps it"
        );
    }

    proptest::proptest! {
        #[test]
        fn no_line_makes_it_panic_or_gives_a_cookie_that_cannot_be_sent(line in "[ -~é\\r]{0,60}") {
            if let Some(cookie) = SetCookie::parse(&line, now()) {
                proptest::prop_assert!(!header(&[(cookie.name, cookie.value)].into_iter().collect()).contains('\r'));
            }
        }
    }
}
