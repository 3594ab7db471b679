//! What signs the user's terminals know, as the locale says, and the text for those that know ASCII alone. For
//! `output.rs`.

use std::borrow::Cow;

/// The variables that say it, the one that decides first.
const VARIABLES: [&str; 3] = ["LC_ALL", "LC_CTYPE", "LANG"];

/// Whether they know Unicode. Where nobody has said anything, as in a container, they do.
pub(crate) fn is_unicode() -> bool {
    cfg!(windows)
        || is_unicode_in(|name| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()))
}

fn is_unicode_in(variable: impl Fn(&str) -> Option<String>) -> bool {
    let locale = VARIABLES.iter().find_map(|name| variable(name).filter(|value| !value.is_empty()));
    let Some(locale) = locale else { return true };
    let locale = locale.to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

/// A text in ASCII: what sets it better is replaced by what was typed before, any other sign by a question mark.
pub(crate) fn in_ascii(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return text.into();
    }
    let mut plain = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '‘' | '’' => plain.push('\''),
            '“' | '”' => plain.push('"'),
            '…' => plain.push_str("..."),
            '–' | '—' | '−' => plain.push('-'),
            '·' | '•' => plain.push('*'),
            '→' => plain.push_str("->"),
            '×' => plain.push('x'),
            '≤' => plain.push_str("<="),
            '≥' => plain.push_str(">="),
            '\u{a0}' => plain.push(' '),
            sign if sign.is_ascii() => plain.push(sign),
            _ => plain.push('?'),
        }
    }
    plain.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(&str, &str)]) -> bool {
        let pairs: Vec<(String, String)> =
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        is_unicode_in(|name| pairs.iter().find(|(other, _)| other == name).map(|(_, value)| value.clone()))
    }

    #[test]
    fn the_locale_says_which_signs_a_terminal_knows() {
        assert!(of(&[]), "nobody has said anything");
        assert!(of(&[("LANG", "zh_CN.UTF-8")]) && of(&[("LANG", "C.utf8")]));
        assert!(!of(&[("LANG", "C")]) && !of(&[("LANG", "zh_CN.GBK")]) && !of(&[("LC_CTYPE", "POSIX")]));
        assert!(!of(&[("LC_ALL", "C"), ("LANG", "en_US.UTF-8")]), "the first one decides");
        assert!(of(&[("LC_ALL", ""), ("LANG", "en_US.UTF-8")]), "an empty one says nothing");
    }

    #[test]
    fn a_text_keeps_its_sense_in_ascii() {
        assert_eq!(in_ascii("“QQ Music”: can’t … 小满 – 1×2"), "\"QQ Music\": can't ... ?? - 1x2");
        assert!(matches!(in_ascii("plain\n"), Cow::Borrowed("plain\n")), "and is left alone where it is");
    }
}
