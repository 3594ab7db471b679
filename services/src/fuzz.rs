//! The readers of HTTP and of foreign names, fed with what no service sends.

use tunekey_fuzz::{fuzz, text};

use crate::display_text;
use crate::http::{CookieMap, JoinedCookies, SetCookie};

#[global_allocator]
static ALLOCATOR: tunekey_fuzz::Allocator = tunekey_fuzz::allocator();

const SET_COOKIE: &str =
    "MUSIC_U=00A1B2; Max-Age=15552000; Expires=Mon, 18 Oct 2094 00:19:44 GMT; Path=/; HTTPOnly";
const JOINED: &str = "MUSIC_R_T=1; Expires=Mon, 18-Oct-2094 00:19:44 GMT; Path=/a;;MUSIC_U=U==; Domain=.163.com,__csrf=C; Path=/;";

#[test]
fn set_cookie() {
    let now = jiff::Timestamp::UNIX_EPOCH;
    fuzz!([SET_COOKIE, JOINED], |input: &[u8]| {
        let mut cookies = CookieMap::default();
        let text = text(input);
        let lines: Vec<_> = text.split('\n').filter_map(|line| SetCookie::parse(line, now)).collect();
        cookies.absorb(&lines);
        assert!(cookies.iter().count() <= 512, "no site has so many");
    });
}

#[test]
fn joined_cookies() {
    fuzz!([JOINED, SET_COOKIE, "a=1;b=2"], |input: &[u8]| {
        assert!(JoinedCookies::read(&text(input)).cookies.len() <= 512, "no site has so many");
    });
}

#[test]
fn names_and_messages() {
    fuzz!(
        ["小明", "a\u{301}\u{301}", "\u{202e}evil\u{200b}", "\u{1b}]52;c;QQ==\u{7}", "👩‍👩‍👧‍👦"],
        |input: &[u8]| {
            let text = text(input);
            for shown in [display_text::name(&text), display_text::message(&text)].into_iter().flatten() {
                assert!(
                    shown.len() <= 32 * display_text::MESSAGE_LENGTH,
                    "{} bytes are no name",
                    shown.len()
                );
                assert!(!shown.contains(char::is_control), "{shown:?}");
            }
            assert!(!display_text::escaped(&text).contains(char::is_control));
        }
    );
}
