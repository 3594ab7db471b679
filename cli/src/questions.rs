//! The questions of a sign-in that a line answers: what to ask a person, and what a line means as the answer. A program
//! is asked by the step itself and answers in the same words. For `sign_in.rs`.

use jiff::Timestamp;
use tunekey_core::{Input, Language, Method, PastedAccount, SignInStep, UserInput};

use crate::text;

/// The country calling code that is assumed where none is typed.
const MAINLAND_CHINA: &str = "86";
/// How many digits a phone number of mainland China has.
const DIGITS_IN_CHINA: usize = 11;

/// A question that a line answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineQuestion<'a> {
    /// A phone number.
    PhoneNumber,
    /// Whether the check in the browser is done, and whether another phone number may be given instead.
    Captcha { can_change_number: bool },
    /// The code that was sent; another one can be sent from this time on.
    TextCode { resend_at: Timestamp },
    /// Which one of these accounts to take.
    WhichAccount(&'a [PastedAccount]),
    /// Whether to keep an account that was not meant.
    OtherAccount,
    /// Whether a new account is the person's own.
    NewAccount,
}

/// What a line means.
#[derive(Debug)]
pub(crate) enum ParsedLine {
    /// What it says to the sign-in.
    Input(UserInput),
    /// No: keep everything as it was.
    Decline,
    /// Nothing that was asked for.
    Unrecognised,
}

impl<'a> LineQuestion<'a> {
    /// The question that a step of a sign-in by this method asks; `None` if a line does not answer it.
    pub(crate) fn of(step: &'a SignInStep, method: Method) -> Option<Self> {
        match step {
            SignInStep::AskPhoneNumber { .. } => Some(Self::PhoneNumber),
            SignInStep::AskCaptcha { .. } => {
                Some(Self::Captcha { can_change_number: method == Method::Phone })
            }
            SignInStep::AskTextCode { resend_at, .. } => Some(Self::TextCode { resend_at: *resend_at }),
            SignInStep::AskWhichAccount { accounts } => Some(Self::WhichAccount(accounts)),
            SignInStep::AskOtherAccount { .. } => Some(Self::OtherAccount),
            SignInStep::AskNewAccount { .. } => Some(Self::NewAccount),
            _ => None,
        }
    }

    /// What to ask a person.
    pub(crate) fn prompt(self, language: Language) -> String {
        let prompt = match self {
            Self::PhoneNumber => language.pick(
                "Phone number (with another country’s code: +852 91234567): ",
                "手机号（中国大陆以外请加国家代码，如 +852 91234567）：",
            ),
            Self::Captcha { can_change_number: true } => language.pick(
                "Press Enter when the check is done (c: change the number): ",
                "验证完成后按回车（c：更换号码）：",
            ),
            Self::Captcha { can_change_number: false } => {
                language.pick("Press Enter when the check is done: ", "验证完成后按回车：")
            }
            Self::TextCode { resend_at } => {
                let at = text::time_of_day(resend_at);
                return match language {
                    Language::English => {
                        format!("Code (c: change the number; from {at} on Enter: send another): ")
                    }
                    Language::Chinese => format!("验证码（c：更换号码；{at} 起按回车可重新发送）："),
                };
            }
            Self::WhichAccount(accounts) => {
                let last = accounts.len();
                return match language {
                    Language::English => format!("Which one? [1-{last}] "),
                    Language::Chinese => format!("要添加哪一个？[1-{last}] "),
                };
            }
            Self::OtherAccount => {
                language.pick("Keep it beside the one you meant? [y/n] ", "是否同时保存该账号？[y/n] ")
            }
            Self::NewAccount => language.pick("Is this you? [y/n] ", "这是你的账号吗？[y/n] "),
        };
        prompt.to_owned()
    }

    /// What a line means as the answer. A script's empty line is taken for a slip, not for Enter.
    pub(crate) fn parse(self, line: &str, from_script: bool) -> ParsedLine {
        let line = line.trim();
        let word = line.to_lowercase();
        let give = |input| ParsedLine::Input(UserInput::Answer(input));
        match self {
            Self::PhoneNumber if line.is_empty() => ParsedLine::Unrecognised,
            Self::PhoneNumber => give(phone_number(line)),
            Self::Captcha { can_change_number } => match word.as_str() {
                "c" | "change" if can_change_number => give(Input::ChangeNumber),
                "" | "y" | "yes" | "done" => give(Input::CaptchaDone),
                _ => ParsedLine::Unrecognised,
            },
            Self::TextCode { .. } => match word.as_str() {
                "" if from_script => ParsedLine::Unrecognised,
                "" | "r" | "resend" => give(Input::Resend),
                "c" | "change" => give(Input::ChangeNumber),
                // A whole message may have been pasted: the core finds the code in it.
                _ => give(Input::TextCode(line.into())),
            },
            Self::WhichAccount(accounts) => {
                let place = line.trim_end_matches(['.', '。', ')']).parse::<usize>().ok();
                let by_place = place.filter(|place| (1..=accounts.len()).contains(place));
                let by_place = by_place.map(|place| place - 1);
                let by_number = accounts.iter().position(|account| account.account.as_deref() == Some(line));
                match by_number.or(by_place) {
                    Some(index) => give(Input::Account(index)),
                    None if is_no(&word) => ParsedLine::Decline,
                    None => ParsedLine::Unrecognised,
                }
            }
            Self::OtherAccount | Self::NewAccount => match word.as_str() {
                "y" | "yes" | "是" => ParsedLine::Input(UserInput::Keep),
                _ if is_no(&word) => ParsedLine::Decline,
                _ => ParsedLine::Unrecognised,
            },
        }
    }
}

fn is_no(word: &str) -> bool {
    matches!(word, "n" | "no" | "否")
}

/// Splits a typed phone number into calling code and number. Only a space or a dash says where a calling code ends,
/// except for a number of mainland China. Whether it can be a number is for the core to decide.
fn phone_number(line: &str) -> Input {
    let plain = to_half_width(line);
    let plain = plain.trim();
    let (country, number) = match plain.strip_prefix('+').or_else(|| plain.strip_prefix("00")) {
        None => (MAINLAND_CHINA, plain),
        Some(rest) => match (rest.strip_prefix(MAINLAND_CHINA), rest.split_once([' ', '-'])) {
            (Some(number), _) if digit_count(number) == DIGITS_IN_CHINA => (MAINLAND_CHINA, number),
            (_, Some(parts)) => parts,
            (_, None) => (rest, ""),
        },
    };
    Input::PhoneNumber { country: country.to_owned(), number: number.trim().into() }
}

/// The line with ASCII digits and signs for those of Chinese input methods, and without direction marks.
fn to_half_width(line: &str) -> String {
    let half = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{3000}' | '\u{a0}' => ' ',
        c => c,
    };
    let is_mark = |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    line.chars().filter(|c| !is_mark(*c)).map(half).collect()
}

fn digit_count(text: &str) -> usize {
    text.bytes().filter(u8::is_ascii_digit).count()
}

#[cfg(test)]
mod tests {
    use std::ops::Deref;

    use tunekey_core::{AccountId, PrivateAddress, Secret, ServiceId};

    use super::*;

    fn number(line: &str) -> (String, Secret) {
        match phone_number(line) {
            Input::PhoneNumber { country, number } => (country, number),
            other => panic!("{other:?} is no number"),
        }
    }

    fn parse(step: &SignInStep, method: Method, line: &str, from_script: bool) -> ParsedLine {
        LineQuestion::of(step, method).expect("a line answers it").parse(line, from_script)
    }

    fn code() -> SignInStep {
        SignInStep::AskTextCode { sent_to: String::new(), resend_at: Timestamp::UNIX_EPOCH, problem: None }
    }

    #[test]
    fn a_number_is_taken_with_and_without_its_countrys_code() {
        for (line, country, rest) in [
            ("13800138000", "86", "13800138000"),
            ("138 0013 8000", "86", "138 0013 8000"),
            ("+86 13800138000", "86", "13800138000"),
            ("+8613800138000", "86", "13800138000"),
            ("0086 138-0013-8000", "86", "138-0013-8000"),
            ("+852 9123 4567", "852", "9123 4567"),
            ("+852-91234567", "852", "91234567"),
            ("\u{202d}+86 138 0013 8000\u{202c}", "86", "138 0013 8000"),
            ("＋86 13800138000", "86", "13800138000"),
            ("＋８５２　９１２３４５６７", "852", "91234567"),
            ("１３８００１３８０００", "86", "13800138000"),
        ] {
            assert_eq!(number(line), (country.to_owned(), rest.into()), "{line}");
        }
    }

    #[test]
    fn a_foreign_number_without_a_gap_is_left_for_the_core_to_refuse() {
        assert_eq!(number("+85291234567"), ("85291234567".to_owned(), "".into()));
    }

    #[test]
    fn a_code_can_be_typed_sent_again_or_given_up_for_another_number() {
        for (line, wanted) in [
            ("123 456", Some(Input::TextCode("123 456".into()))),
            ("【网易云音乐】验证码：1234", Some(Input::TextCode("【网易云音乐】验证码：1234".into()))),
            ("r", Some(Input::Resend)),
            ("resend", Some(Input::Resend)),
            ("Change", Some(Input::ChangeNumber)),
        ] {
            for from_script in [false, true] {
                let given = match parse(&code(), Method::Phone, line, from_script) {
                    ParsedLine::Input(UserInput::Answer(input)) => Some(format!("{input:?}")),
                    _ => None,
                };
                assert_eq!(given, wanted.as_ref().map(|input| format!("{input:?}")), "{line}");
            }
        }
        assert!(
            matches!(
                parse(&code(), Method::Phone, "", false),
                ParsedLine::Input(UserInput::Answer(Input::Resend))
            ),
            "Enter alone"
        );
        assert!(
            matches!(parse(&code(), Method::Phone, "", true), ParsedLine::Unrecognised),
            "a program’s slip sends no message"
        );
    }

    #[test]
    fn only_a_check_on_the_way_by_phone_offers_another_number() {
        let address: <PrivateAddress as Deref>::Target =
            "https://music.163.com/check".parse().expect("an address");
        let step = SignInStep::AskCaptcha { address: address.into() };
        for (method, offered) in [(Method::Phone, true), (Method::AppScan, false)] {
            let question = LineQuestion::of(&step, method).expect("a line answers it");
            let prompt = question.prompt(Language::English);
            assert_eq!(prompt.contains("change the number"), offered, "{method}");
            let changes = matches!(
                parse(&step, method, "c", false),
                ParsedLine::Input(UserInput::Answer(Input::ChangeNumber))
            );
            assert_eq!(changes, offered, "{method}");
        }
    }

    #[test]
    fn only_a_clear_yes_keeps_another_account() {
        let account = AccountId::new(ServiceId::new("qqmusic"), "10001");
        let step =
            SignInStep::AskOtherAccount { wanted: account.clone(), account, nickname: None, known: false };
        for yes in ["y", "Yes", "是"] {
            assert!(
                matches!(parse(&step, Method::Paste, yes, false), ParsedLine::Input(UserInput::Keep)),
                "{yes}"
            );
        }
        assert!(matches!(parse(&step, Method::Paste, "no", false), ParsedLine::Decline));
        for unclear in ["", "ok", "yes please"] {
            assert!(
                matches!(parse(&step, Method::Paste, unclear, false), ParsedLine::Unrecognised),
                "{unclear:?}"
            );
        }
    }

    #[test]
    fn one_of_several_accounts_is_chosen_by_its_place_or_by_its_number() {
        let account = |number: &str| PastedAccount { account: Some(number.to_owned()), renewable: false };
        let step = SignInStep::AskWhichAccount { accounts: vec![account("10001"), account("10002")] };
        for (line, place) in
            [("1", Some(0)), ("2.", Some(1)), (" 10002 ", Some(1)), ("3", None), ("0", None), ("", None)]
        {
            let chosen = match parse(&step, Method::Paste, line, false) {
                ParsedLine::Input(UserInput::Answer(Input::Account(place))) => Some(place),
                _ => None,
            };
            assert_eq!(chosen, place, "{line}");
        }
        assert!(matches!(parse(&step, Method::Paste, "no", false), ParsedLine::Decline));
    }
}
