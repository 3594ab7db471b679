//! The one line of script that the sign-in page's poll answers: `ptuiCB('66','0','','0','…', '')`.

use url::Url;

use crate::secret::Secret;

/// More texts than any line has: six are usual.
const MOST_ARGUMENTS: usize = 16;

/// What the line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PtuiCb {
    /// Where the sign-in stands.
    pub(super) code: i64,
    /// Where a browser would go next.
    pub(super) address: String,
    /// Words for people.
    pub(super) message: String,
    /// The name of the person, once confirmed.
    pub(super) nickname: String,
}

impl PtuiCb {
    /// Reads the line: single-quoted texts between the brackets, with or without spaces, escaped as scripts
    /// may be (protocol: QQ §1.2).
    pub(super) fn parse(script: &str) -> Option<Self> {
        let script = script.trim_start_matches('\u{feff}').trim();
        let arguments = arguments(script.strip_prefix("ptuiCB")?.trim_start().strip_prefix('(')?)?;
        let mut arguments = arguments.into_iter();
        let code = arguments.next()?.trim().parse().ok()?;
        let mut argument = |skipped| arguments.nth(skipped).unwrap_or_default();
        Some(Self { code, address: argument(1), message: argument(1), nickname: argument(0) })
    }

    /// The account and the one-time signature in the address, if it is the address it has to be.
    pub(super) fn ticket(&self) -> Option<(String, Secret)> {
        let address = Url::parse(&self.address.replace("&amp;", "&")).ok()?;
        let right_place = address.scheme() == "https"
            && address.host_str() == Some("ssl.ptlogin2.graph.qq.com")
            && address.port().is_none()
            && address.path() == "/check_sig";
        let value = |name| address.query_pairs().find(|(key, value)| key == name && !value.is_empty());
        let (uin, sigx) = (value("uin")?.1, value("ptsigx")?.1);
        right_place.then(|| (uin.into_owned(), Secret::new(sigx)))
    }
}

/// The quoted texts up to the closing bracket.
fn arguments(text: &str) -> Option<Vec<String>> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    loop {
        rest = rest.strip_prefix('\'')?;
        let (argument, after) = quoted(rest)?;
        if found.len() == MOST_ARGUMENTS {
            return None;
        }
        found.push(argument);
        rest = after.trim_start();
        rest = match rest.strip_prefix(',') {
            Some(more) => more.trim_start(),
            None => return rest.starts_with(')').then_some(found),
        };
    }
}

/// A text up to its closing quote, unescaped, and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '\'' => return Some((value, &text[at + 1..])),
            '\\' => match characters.next()?.1 {
                'x' => value.push(hexadecimal(&mut characters, 2)?),
                'u' => value.push(hexadecimal(&mut characters, 4)?),
                'n' | 'r' | 't' => value.push(' '),
                escaped => value.push(escaped),
            },
            other => value.push(other),
        }
    }
    None
}

fn hexadecimal(characters: &mut std::str::CharIndices<'_>, digits: usize) -> Option<char> {
    let mut number = 0;
    for _ in 0..digits {
        number = number * 16 + characters.next()?.1.to_digit(16)?;
    }
    // Halves of a pair (emoji in names) cannot stand alone.
    Some(char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIRMED: &str = "ptuiCB('0','0','https://ssl.ptlogin2.graph.qq.com/check_sig?pttype=1&uin=10001&service=ptqrlogin&nodirect=0&ptsigx=0a1bff&s_url=https%3A%2F%2Fgraph.qq.com%2Foauth2.0%2Flogin_jump&f_url=&ptlang=2052','0','登录成功！', '昵称')";

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the test compares the secret")]
    fn a_confirmed_line_gives_the_account_the_signature_and_the_name() {
        let line = PtuiCb::parse(CONFIRMED).expect("the line is well formed");
        assert_eq!((line.code, line.message.as_str(), line.nickname.as_str()), (0, "登录成功！", "昵称"));
        let (uin, sigx) = line.ticket().expect("the address is the right one");
        assert_eq!((uin.as_str(), sigx.expose()), ("10001", "0a1bff"));
    }

    #[test]
    fn waiting_lines_have_no_address() {
        for (script, code) in [
            ("ptuiCB('66','0','','0','二维码未失效。(1234567890)', '')", 66),
            ("ptuiCB('67','0','','0','二维码认证中。(1234567890)', '');", 67),
            ("  ptuiCB( '65' , '0','','0','二维码已失效。','')\r\n", 65),
            ("\u{feff}ptuiCB('68','0','','0','本次登录已被拒绝')", 68),
        ] {
            let line = PtuiCb::parse(script).expect("the line is well formed");
            assert_eq!(line.code, code, "{script}");
            assert_eq!(line.ticket(), None, "{script} leads nowhere");
        }
    }

    #[test]
    fn escapes_are_undone() {
        let line =
            PtuiCb::parse(r"ptuiCB('10','0','https:\/\/x\x2fy','0','it\'s \u6635\u79f0, (a)\\', '\ud83d')");
        let line = line.expect("the line is well formed");
        assert_eq!(line.address, "https://x/y");
        assert_eq!(line.message, "it's 昵称, (a)\\");
        assert_eq!(line.nickname, "\u{fffd}", "half of a pair is replaced");
    }

    #[test]
    fn html_ampersands_in_the_address_are_understood() {
        let line = PtuiCb::parse(&CONFIRMED.replace('&', "&amp;")).expect("the line is well formed");
        assert_eq!(line.ticket().map(|(uin, _)| uin).as_deref(), Some("10001"));
    }

    #[test]
    fn an_address_anywhere_else_is_no_ticket() {
        let line = PtuiCb::parse(CONFIRMED).expect("the line is well formed");
        for (from, to) in [
            ("https:", "http:"),
            ("ssl.ptlogin2.graph.qq.com", "ssl.ptlogin2.graph.qq.com.evil.example"),
            ("graph.qq.com/check", "graph.qq.com:8443/check"),
            ("/check_sig", "/other"),
            ("ptsigx=0a1bff", "ptsigx="),
            ("uin=10001", "u=10001"),
        ] {
            let line = PtuiCb { address: line.address.replacen(from, to, 1), ..line.clone() };
            assert_eq!(line.ticket(), None, "{to} must not be followed");
        }
    }

    #[test]
    fn what_is_no_such_line_is_refused() {
        for script in [
            "",
            "<html>",
            "ptuiCB",
            "ptuiCB(",
            "ptuiCB()",
            "ptuiCB('66'",
            "ptuiCB('a','0')",
            "ptuiCB('66','0' x)",
        ] {
            assert_eq!(PtuiCb::parse(script), None, "{script:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_script_makes_it_panic(script in "(ptuiCB\\()?['\\\\xu0-9a-f, )é&]{0,60}") {
            let _ = PtuiCb::parse(&script).map(|line| line.ticket());
        }
    }
}
