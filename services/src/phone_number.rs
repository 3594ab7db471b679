//! Phone numbers, and the codes that are sent to them, as people type them.

use zeroize::Zeroizing;

use crate::display_text::is_invisible;
use crate::error::InputError;
use crate::secret::Secret;

/// A phone number that a code can be sent to.
#[derive(Debug, Clone)]
pub struct PhoneNumber {
    /// The country's code, such as `86`.
    pub(crate) country: String,
    /// The number within the country, digits only.
    pub(crate) number: Secret,
}

/// What may stand between the digits of a number, or around them.
const BETWEEN_DIGITS: [char; 8] = ['-', '(', ')', '.', '/', '·', '‐', '–'];

impl PhoneNumber {
    /// Checks what was typed or pasted. Spaces, dashes, brackets and direction marks do not count, full-width digits
    /// are digits, and the country's code may stand before the number, too. Numbers of mainland China have 11
    /// digits; those of other countries 5 to 15 (ITU-T E.164).
    ///
    /// # Errors
    /// When no code could be sent to it.
    pub fn parse(country: &str, number: &Secret) -> Result<Self, InputError> {
        let country = plain(country);
        let country = country.trim().trim_start_matches('+').trim_start_matches('0');
        if !(1..=3).contains(&country.len()) || !country.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(InputError::CountryCode);
        }
        let typed = plain(opened(number));
        let digits: String =
            typed.chars().filter(|c| !c.is_whitespace() && !BETWEEN_DIGITS.contains(c)).collect();
        let digits = Zeroizing::new(digits);
        let international = digits.strip_prefix('+').or_else(|| digits.strip_prefix("00"));
        let digits = match international {
            Some(rest) => match rest.strip_prefix(country) {
                Some(rest) => rest,
                None => {
                    return Err(InputError::OtherCountry);
                }
            },
            // Mainland numbers have 11 digits, so that 86 and 11 more can only be one with its country.
            None if country == "86" && digits.len() == 13 => digits.strip_prefix("86").unwrap_or(&digits),
            None => &digits,
        };
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(InputError::NotDigits);
        }
        match (country, digits.len()) {
            ("86", 11) => {}
            ("86", _) => {
                return Err(InputError::MainlandLength);
            }
            (_, 5..=15) => {}
            _ => {
                return Err(InputError::Length);
            }
        }
        Ok(Self { country: country.to_owned(), number: Secret::new(digits) })
    }

    /// The number with most of its digits hidden: enough to see a slip, not enough to call.
    pub(crate) fn masked(&self) -> String {
        let digits = opened(&self.number);
        let (first, last) = if digits.len() >= 11 { (3, 4) } else { (0, 2) };
        let hidden = digits.len().saturating_sub(first + last);
        let shown = |place: usize| place < first || place >= first + hidden;
        digits.chars().enumerate().map(|(place, digit)| if shown(place) { digit } else { '•' }).collect()
    }
}

/// What messages call the code that they bring, in small letters.
const CODE_WORDS: [&str; 9] =
    ["验证码", "校验码", "動態碼", "动态码", "驗證碼", "激活码", "登录码", "code", "otp"];

/// How much may stand between that word and the code, in bytes.
const WIDEST_GAP: usize = 24;

/// The code of a text message, if the service could have sent it: 4 to 8 digits. Spaces, dashes and direction marks
/// do not count, full-width digits are digits, and the whole message may have been pasted.
pub(crate) fn text_code(typed: &Secret) -> Option<Secret> {
    let typed = plain(opened(typed));
    let compact: Zeroizing<String> =
        Zeroizing::new(typed.chars().filter(|c| !c.is_whitespace() && *c != '-').collect());
    let compact = compact.strip_prefix("G").unwrap_or(&compact);
    if !compact.is_empty() && compact.bytes().all(|byte| byte.is_ascii_digit()) {
        return (4..=8).contains(&compact.len()).then(|| Secret::new(compact));
    }
    code_in_message(&typed.to_lowercase()).map(Secret::new)
}

/// The code in a message: behind or before the word for it, or else the only number that can be one.
fn code_in_message(message: &str) -> Option<&str> {
    let numbers = numbers_in(message);
    let near = CODE_WORDS.iter().flat_map(|word| {
        message.match_indices(word).filter_map(|(at, word)| {
            let end = at + word.len();
            let behind = numbers.iter().find(|(start, _)| *start >= end && start - end <= WIDEST_GAP);
            let before = numbers.iter().rfind(|(start, number)| {
                let stop = start + number.len();
                stop <= at && at - stop <= WIDEST_GAP
            });
            // "1234 is your code, call 4008888"
            let says_so = |(start, number): &&(usize, &str)| {
                message[start + number.len()..].trim_start().starts_with(['是', '为', 'i'])
            };
            before.filter(says_so).or(behind).or(before)
        })
    });
    let mut near: Vec<&str> = near.map(|(_, number)| *number).collect();
    match near.first().copied() {
        Some(first) => {
            // Two that differ: which of them it is, the person has to say.
            near.retain(|number| *number != first);
            near.is_empty().then_some(first)
        }
        None => match numbers[..] {
            [(_, only)] => Some(only),
            _ => None,
        },
    }
}

/// Every number that could be a code, with its place: no date, no time, and no part of anything else.
fn numbers_in(message: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = message[at..].find(|c: char| c.is_ascii_digit()).map(|start| at + start) {
        let length = message[start..].bytes().take_while(u8::is_ascii_digit).count();
        at = start + length;
        let before = message[..start].chars().next_back();
        let after = message[at..].chars().next();
        let is_joined = |c: Option<char>| {
            c.is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | ':' | '.' | '*' | '+' | '_'))
        };
        let ends_sentence =
            after == Some('.') && !message[at + 1..].starts_with(|c: char| c.is_ascii_digit());
        let is_labelled = before == Some(':');
        let is_of_date = matches!(after, Some('年' | '月' | '日' | '元'));
        if (4..=8).contains(&length)
            && (is_labelled || !is_joined(before))
            && (ends_sentence || !is_joined(after))
            && !is_of_date
        {
            found.push((start, &message[start..at]));
        }
    }
    found
}

/// What was typed, with ASCII digits and signs, and without what shows nothing.
fn plain(typed: &str) -> Zeroizing<String> {
    let plain = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{3000}' => ' ',
        '\u{2212}' | '—' => '-',
        // Other scripts have digits of their own.
        '\u{660}'..='\u{669}' => char::from_digit(u32::from(c) - 0x660, 10).unwrap_or(c),
        '\u{6f0}'..='\u{6f9}' => char::from_digit(u32::from(c) - 0x6f0, 10).unwrap_or(c),
        c => c,
    };
    let visible = typed.chars().filter(|c| !is_invisible(*c) || c.is_whitespace());
    Zeroizing::new(visible.map(plain).collect())
}

#[expect(clippy::disallowed_methods, reason = "what was typed is checked, and shown with most of it hidden")]
fn opened(typed: &Secret) -> &str {
    typed.expose()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(country: &str, number: &str) -> Option<(String, String)> {
        let phone = PhoneNumber::parse(country, &number.into()).ok()?;
        Some((phone.country.clone(), opened(&phone.number).to_owned()))
    }

    #[test]
    fn a_number_is_taken_as_people_write_it() {
        for (country, number) in [
            ("86", "13800138000"),
            ("+86", "138 0013 8000"),
            ("0086", "138-0013-8000"),
            ("86", "\u{202d}13800138000\u{202c}"),
            ("86", "\u{2066}138 0013 8000\u{2069}"),
            ("86", "１３８００１３８０００"),
            ("＋86", "１３８ ００１３ ８０００"),
            ("８６", "138（0013）8000"),
            ("86", "+86 138 0013 8000"),
            ("86", "＋86 138 0013 8000"),
            ("86", "+8613800138000"),
            ("86", "008613800138000"),
            ("86", "8613800138000"),
            ("86", "(+86) 138-0013-8000"),
            ("86", "138.0013.8000"),
            ("86", "\u{200b}138\u{a0}0013\u{a0}8000"),
        ] {
            let wanted = Some(("86".to_owned(), "13800138000".to_owned()));
            assert_eq!(parsed(country, number), wanted, "{country} {number}");
        }
        assert!(parsed("852", "91234567").is_some(), "other countries have shorter numbers");
    }

    #[test]
    fn what_is_no_number_is_refused_before_anything_is_sent() {
        for (country, number) in [
            ("86", "1380013800"),
            ("86", "138001380000"),
            ("86", "1380013800a"),
            ("86", ""),
            ("", "13800138000"),
            ("8x", "13800138000"),
            ("1", "1234"),
            ("1", "1234567890123456"),
            ("86", "+85291234567"),
            ("852", "+8613800138000"),
            ("86", "23800138000138"),
            ("12345", "13800138000"),
        ] {
            assert_eq!(parsed(country, number), None, "{country} {number}");
        }
    }

    #[test]
    fn a_refusal_says_what_is_wrong_with_the_number() {
        for (country, number, reason) in [
            ("", "13800138000", InputError::CountryCode),
            ("86", "+85291234567", InputError::OtherCountry),
            ("86", "1380013800a", InputError::NotDigits),
            ("86", "1", InputError::MainlandLength),
            ("1", "1", InputError::Length),
        ] {
            let refused = PhoneNumber::parse(country, &number.into()).expect_err("it is no number");
            assert_eq!(refused, reason, "{country} {number}");
        }
    }

    #[test]
    fn most_of_a_number_is_hidden() {
        let masked = |country, number: &str| {
            PhoneNumber::parse(country, &number.into()).expect("it is a number").masked()
        };
        assert_eq!(masked("86", "13812345678"), "138••••5678");
        assert_eq!(masked("852", "91234567"), "••••••67", "short numbers show less");
        assert_eq!(masked("1", "2125550123"), "••••••••23");
        assert_eq!(masked("44", "077009001234567"), "077••••••••4567");
    }

    #[test]
    fn a_code_is_four_to_eight_digits_however_they_are_spaced() {
        for (typed, code) in [
            ("012345", Some("012345")),
            (" 0123 ", Some("0123")),
            ("123-456", Some("123456")),
            ("12 34 56 78", Some("12345678")),
            ("123", None),
            ("123456789", None),
            ("12345a", None),
            ("１２３４５６", Some("123456")),
            ("\u{202d}123456\u{202c}", Some("123456")),
            ("12\u{200b}34", Some("1234")),
            ("", None),
        ] {
            assert_eq!(text_code(&typed.into()), code.map(Secret::from), "{typed}");
        }
    }

    #[test]
    fn the_code_is_found_in_the_whole_message() {
        for (message, code) in [
            ("【网易云音乐】您的验证码是1234，10分钟内有效。", Some("1234")),
            ("【网易云音乐】验证码：123456，30分钟内有效，请勿泄露。", Some("123456")),
            ("【腾讯科技】123456是您的验证码，请于5分钟内填写", Some("123456")),
            (
                "【QQ音乐】你正在登录QQ音乐，验证码123456，请于5分钟内填写。如非本人操作，请忽略。",
                Some("123456"),
            ),
            ("【腾讯科技】验证码：１２３４５６，请勿转发", Some("123456")),
            ("\u{200e}【网易】校验码 \u{2068}654321\u{2069}（10分钟内有效）", Some("654321")),
            ("Your NetEase verification code is 123456. It expires in 10 minutes.", Some("123456")),
            ("123456 is your verification code", Some("123456")),
            ("【腾讯科技】123456是您的验证码，客服4008888", Some("123456")),
            ("Code: 4321", Some("4321")),
            ("[TME] code:123456,valid for 5 min", Some("123456")),
            ("2026-11-25 10:00 【网易云音乐】验证码 8888，如有疑问请致电 400-888-8888", Some("8888")),
            ("您好，尾号8000的用户，您的验证码为 567890，请于2026年11月25日前使用", Some("567890")),
            ("1234，谢谢", Some("1234")),
            ("验证码是什么", None),
            ("验证码123，或456", None),
            ("1234 还是 5678", None),
            ("call 13800138000", None),
        ] {
            assert_eq!(text_code(&message.into()), code.map(Secret::from), "{message}");
        }
    }
}
