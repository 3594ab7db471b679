//! What every reader of foreign bytes is fed with, and how long it may take.
//!
//! A target is an ordinary test in a module named `fuzz`. `cargo test` runs each for a moment; `cargo xtask fuzz` as
//! often as wanted. What is fed is real input with random changes. Every target holds two things: nothing panics (a
//! release ends with a panic, wherever it is), and no input takes longer than [`LONGEST`].

use std::time::Duration;

use crate::clock::{Clock as _, SystemClock};

/// How long a test runs a target.
pub(crate) const MOMENT: Duration = Duration::from_millis(150);

/// How long one input may take: many times what the slowest real one takes, on a busy computer.
const LONGEST: Duration = Duration::from_secs(2);

/// How long an input is at most. What takes more than its length in time shows well below it.
const LARGEST: usize = 64 * 1024;

/// Runs a target: `fuzz!([seeds…], |input| …)`. The seeds are real inputs, of which others are made.
macro_rules! fuzz {
    ($seeds:expr, $read:expr) => {{
        let seeds = $seeds.map(|seed| <[u8]>::to_vec(seed.as_ref()));
        bolero::check!()
            .with_test_time($crate::fuzz::MOMENT)
            .with_max_len(256)
            .for_each(|bytes: &[u8]| $crate::fuzz::feed(&seeds, bytes, $read));
    }};
}
pub(crate) use fuzz;

/// Feeds a reader with the input that the engine's bytes stand for.
pub(crate) fn feed(seeds: &[Vec<u8>], bytes: &[u8], read: impl Fn(&[u8])) {
    let input = input(seeds, bytes);
    let began = SystemClock.monotonic();
    read(&input);
    let took = SystemClock.monotonic() - began;
    assert!(took < LONGEST, "{} bytes took {took:?}: {:?}", input.len(), String::from_utf8_lossy(&input));
}

/// The same with text.
pub(crate) fn text(input: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(input)
}

/// An input: the bytes themselves, or a seed with a few changes that they describe.
fn input(seeds: &[Vec<u8>], bytes: &[u8]) -> Vec<u8> {
    let Some((first, rest)) = bytes.split_first() else { return Vec::new() };
    let Some(seed) =
        (first % 8 != 0).then(|| seeds.get(usize::from(*first) / 8 % seeds.len().max(1))).flatten()
    else {
        return rest.to_vec();
    };
    let mut input = seed.clone();
    for change in rest.chunks_exact(5).take(8) {
        let [what, high, low, length, byte] = [0, 1, 2, 3, 4].map(|at| change[at]);
        let at = usize::from(u16::from_be_bytes([high, low])) % (input.len() + 1);
        let end = (at + 1 + usize::from(length)).min(input.len());
        match what % 7 {
            0 if at < input.len() => input[at] = byte,
            0 | 1 => input.insert(at, byte),
            2 => drop(input.drain(at..end)),
            3 => input.truncate(at),
            // What is quadratic shows in what is repeated.
            4 | 5 => {
                let part = input[at..end].to_vec();
                let times =
                    (1_usize << (byte % 15)).min(LARGEST.saturating_sub(input.len()) / part.len().max(1));
                input.splice(at..at, part.repeat(times));
            }
            _ => {
                let other = &seeds[usize::from(byte) % seeds.len()];
                let from = usize::from(length) % (other.len() + 1);
                input.splice(at..at, other[from..].iter().copied());
            }
        }
        input.truncate(LARGEST);
    }
    input
}

mod targets {
    use super::text;
    use crate::display_text;
    use crate::http::{CookieMap, JoinedCookies, SetCookie};
    use crate::import;
    use crate::secret::Secret;
    use crate::settings::{Proxy, Settings};

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

    #[test]
    fn settings() {
        fuzz!(["http://127.0.0.1:7890", "socks5h://[::1]:1080", "system", "socks://h"], |input: &[u8]| {
            let text = text(input);
            if let Ok(Proxy::Manual(address)) = Proxy::parse(&text) {
                let address = url::Url::parse(&address).expect("what is kept is an address");
                assert!(address.username().is_empty() && address.password().is_none(), "no password is kept");
            }
            for key in ["proxy", "format", "language"] {
                let _ = Settings::default().set(key, &text);
            }
        });
    }

    #[test]
    fn pasted_text() {
        const SESSION: &str = "00A1B2C3D4E5F60718293A4B5C6D7E8F00A1B2C3D4E5F60718293A4B5C6D7E8F00A1B2C3D4E5F60718293A4B5C6D7E8F00A1B2C3D4E5F60718293A4B5C6D7E8F00A1B2C3D4E5F60718293A4B5C6D7E8F00A1B2C3D4E5F60718293A4B5C6D7E8F";
        let seeds = [
            format!("Cookie: MUSIC_U={SESSION}; __csrf=0123456789abcdef0123456789abcdef"),
            format!("[{{\"name\":\"MUSIC_U\",\"value\":\"{SESSION}\",\"domain\":\".music.163.com\"}}]"),
            format!(".music.163.com\tTRUE\t/\tTRUE\t0\tMUSIC_U\t{SESSION}\n"),
            format!("curl 'https://music.163.com/' -H 'cookie: MUSIC_U={SESSION}' -b $'a=\\x41'"),
            format!("cookies:\n  - name: MUSIC_U\n    value: \"{SESSION}\"\n"),
            "{\"musicid\": 10001, \"musickey\": \"Q_H_L_63k3NabcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123\"}"
                .to_owned(),
            "eyJNVVNJQ19VIjogIjAwQTFCMkMzIn0= %7B%22MUSIC_U%22%3A%2200%22%7D &quot;a&quot; =3D\n".to_owned(),
            "name,value\nMUSIC_U,00A1\n| name | value |\n|---|---|\n".to_owned(),
        ];
        fuzz!(seeds.clone(), |input: &[u8]| {
            // As long as a whole sign-in of cookies: an unoptimised build takes seconds for the longest.
            let input = &input[..input.len().min(8 * 1024)];
            if let Ok(text) = import::decode(input.to_vec())
                && let Ok(all) = import::read_all(&text)
            {
                assert!(all.len() <= 512, "nobody has so many accounts");
            }
            let _ = import::read(&Secret::new(&*text(input)));
        });
    }
}
