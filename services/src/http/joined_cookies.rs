//! Cookies that a program has joined into one text, with or without their attributes (protocol: NetEase §6).

use std::fmt;

/// Names of cookie attributes, which are no cookies.
const ATTRIBUTES: [&str; 11] = [
    "max-age",
    "expires",
    "path",
    "domain",
    "secure",
    "httponly",
    "samesite",
    "version",
    "comment",
    "priority",
    "partitioned",
];

/// The most cookies that are read: no browser keeps as many of one site.
const MOST: usize = 512;

/// What was found in such a text.
#[derive(Default)]
pub struct JoinedCookies<'a> {
    /// In the order of the text; those that their attributes remove are left out.
    pub cookies: Vec<JoinedCookie<'a>>,
    /// Whether there were attributes.
    pub attributes: bool,
}

impl fmt::Debug for JoinedCookies<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JoinedCookies({})", self.cookies.len())
    }
}

impl fmt::Debug for JoinedCookie<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JoinedCookie({})", self.name)
    }
}

/// One of the cookies.
pub struct JoinedCookie<'a> {
    /// The name.
    pub name: &'a str,
    /// The value, not decoded.
    pub value: &'a str,
    /// The domain that its attributes name.
    pub domain: Option<&'a str>,
}

impl<'a> JoinedCookies<'a> {
    /// Reads cookies that were joined by `;` or `;;`, or by a comma behind an attribute.
    pub fn read(text: &'a str) -> Self {
        let mut found = Self::default();
        let mut last: Option<JoinedCookie<'a>> = None;
        for part in text.split(';').flat_map(parted).map(str::trim) {
            if found.cookies.len() == MOST {
                return found;
            }
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let (name, value) = (name.trim(), value.trim());
            let attribute = name.to_ascii_lowercase();
            if ATTRIBUTES.contains(&attribute.as_str()) {
                found.attributes = true;
                match attribute.as_str() {
                    "max-age" if value.parse::<i64>().is_ok_and(|seconds| seconds <= 0) => last = None,
                    "expires" if value.contains("1970") => last = None,
                    "domain" => {
                        if let Some(cookie) = &mut last {
                            cookie.domain = Some(value);
                        }
                    }
                    _ => {}
                }
            } else if part.contains('=') {
                found.cookies.extend(last.replace(JoinedCookie { name, value, domain: None }));
            }
        }
        found.cookies.extend(last);
        found.cookies.truncate(MOST);
        found
    }
}

/// Cuts behind an attribute where a comma joins the next cookie to it. The comma of a date joins nothing.
fn parted(part: &str) -> impl Iterator<Item = &str> {
    let attribute = part.split(['=', ',']).next().unwrap_or_default().trim();
    let is_attribute = ATTRIBUTES.iter().any(|known| known.eq_ignore_ascii_case(attribute));
    let (first, second) = match joint(part).filter(|_| is_attribute) {
        Some(at) => (&part[..at], Some(&part[at + 1..])),
        None => (part, None),
    };
    std::iter::once(first).chain(second)
}

/// The first comma with a name and a `=` behind it. What stands between two commas is looked at once.
fn joint(part: &str) -> Option<usize> {
    let mut commas = part.match_indices(',').map(|(at, _)| at).peekable();
    while let Some(at) = commas.next() {
        let until = commas.peek().copied().unwrap_or(part.len());
        let name = part[at + 1..until].split_once('=').map_or("", |(name, _)| name.trim());
        if !name.is_empty() && !name.contains([' ', '"']) {
            return Some(at);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock::{Clock as _, SystemClock};

    type Found<'a> = (Vec<(&'a str, &'a str, Option<&'a str>)>, bool);

    fn read(text: &str) -> Found<'_> {
        let JoinedCookies { cookies, attributes } = JoinedCookies::read(text);
        let cookies = cookies.into_iter().map(|cookie| (cookie.name, cookie.value, cookie.domain));
        (cookies.collect(), attributes)
    }

    #[test]
    fn cookies_are_told_from_their_attributes() {
        assert_eq!(read("a=1; b=2"), (vec![("a", "1", None), ("b", "2", None)], false));
        assert_eq!(
            read("a=1; Path=/; HttpOnly;;b=2==; Domain=.example.org; Secure"),
            (vec![("a", "1", None), ("b", "2==", Some(".example.org"))], true)
        );
        assert_eq!(read("Path=/; HttpOnly"), (vec![], true));
        assert_eq!(read(" ; ;x;"), (vec![], false));
    }

    #[test]
    fn removed_ones_are_left_out() {
        for removed in
            ["a=1; Max-Age=0", "a=1; Path=/; max-age=-1", "a=1; Expires=Thu, 01 Jan 1970 00:00:10 GMT"]
        {
            assert_eq!(read(removed), (vec![], true), "{removed}");
        }
    }

    #[test]
    fn a_comma_joins_only_behind_an_attribute_and_only_what_looks_like_a_cookie() {
        let joined = "a=1; Expires=Tue, 01 Jan 2030 00:00:00 GMT,b=2; Path=/, c=3,4; HttpOnly, d=5";
        let cookies = vec![("a", "1", None), ("b", "2", None), ("c", "3,4", None), ("d", "5", None)];
        assert_eq!(read(joined), (cookies, true));
        assert_eq!(read("a=1,b=2"), (vec![("a", "1,b=2", None)], false), "a value may hold commas");
        assert_eq!(read("a=1; Path=/, b c=2"), (vec![("a", "1", None)], true), "no name has spaces");
    }

    #[test]
    fn no_text_takes_longer_than_its_length() {
        // Each of these took minutes: every comma looked for the next sign, and every cookie at all before it.
        let many = (0..100_000).map(|number| format!("a{number}=1;")).collect::<String>();
        for hostile in
            ["path,".repeat(200_000), ",".repeat(1_000_000), format!("path{}", ",".repeat(1_000_000)), many]
        {
            let began = SystemClock.monotonic();
            let found = JoinedCookies::read(&hostile);
            assert!(found.cookies.len() <= MOST, "no site has so many");
            assert!(began.elapsed() < Duration::from_secs(2), "it took {:?}", began.elapsed());
        }
    }
}
