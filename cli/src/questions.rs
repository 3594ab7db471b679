//! What a sign-in asks in a line, and what a line means as an answer. Programs are asked by the step itself and
//! answer in the same words.

use tunekey_core::{Answer, Input, Language, Method, SignInStep};

use crate::words;

/// The country whose numbers are mostly typed without a code.
const MAINLAND_CHINA: &str = "86";
/// How many digits a number of mainland China has.
const DIGITS_IN_CHINA: usize = 11;

/// What a line means.
#[derive(Debug)]
pub(crate) enum Reply {
    /// The answer.
    Answer(Answer),
    /// No: keep everything as it was.
    Decline,
    /// Nothing that was asked for.
    NotUnderstood,
}

/// What to ask a person; `None` when the step asks nothing that a line can answer.
pub(crate) fn prompt(step: &SignInStep, method: Method, language: Language) -> Option<String> {
    let prompt = match step {
        SignInStep::AskPhoneNumber { .. } => language.pick(
            "Phone number (with another country’s code: +852 91234567): ",
            "手机号（中国大陆以外请加国家代码，如 +852 91234567）：",
        ),
        SignInStep::AskCaptcha { .. } if method == Method::Phone => language.pick(
            "Press Enter when the check is done (c: change the number): ",
            "验证完成后按回车（c：更换号码）：",
        ),
        SignInStep::AskCaptcha { .. } => {
            language.pick("Press Enter when the check is done: ", "验证完成后按回车：")
        }
        SignInStep::AskTextCode { resend_at, .. } => {
            let at = words::clock(*resend_at);
            return Some(match language {
                Language::English => {
                    format!("Code (c: change the number; from {at} on Enter: send another): ")
                }
                Language::Chinese => format!("验证码（c：更换号码；{at} 起按回车可重新发送）："),
            });
        }
        SignInStep::AskOtherAccount { .. } => {
            language.pick("Keep it beside the one you meant? [y/n] ", "是否同时保存该账号？[y/n] ")
        }
        SignInStep::AskWhichAccount { accounts } => {
            let last = accounts.len();
            return Some(match language {
                Language::English => format!("Which one? [1-{last}] "),
                Language::Chinese => format!("要添加哪一个？[1-{last}] "),
            });
        }
        SignInStep::AskPaste { .. } | SignInStep::AskToGoOn { .. } => return None,
        SignInStep::AskPage { .. }
        | SignInStep::PageClosed
        | SignInStep::AskNewAccount { .. }
        | SignInStep::Preparing
        | SignInStep::ShowCode { .. }
        | SignInStep::Scanned { .. }
        | SignInStep::Sending
        | SignInStep::Exchanging
        | SignInStep::Saving
        | SignInStep::Done { .. }
        | SignInStep::Expired { .. }
        | SignInStep::Refused
        | SignInStep::RiskControl { .. }
        | SignInStep::Failed { .. } => return None,
    };
    Some(prompt.to_owned())
}

/// What a line means as the answer to a step. An empty line of a program is a slip, not a wish.
pub(crate) fn reply(step: &SignInStep, method: Method, line: &str, by_program: bool) -> Reply {
    let line = line.trim();
    let word = line.to_lowercase();
    let give = |input| Reply::Answer(Answer::Give(input));
    match step {
        SignInStep::AskPhoneNumber { .. } if line.is_empty() => Reply::NotUnderstood,
        SignInStep::AskPhoneNumber { .. } => give(phone_number(line)),
        SignInStep::AskCaptcha { .. } => match word.as_str() {
            "c" | "change" if method == Method::Phone => give(Input::ChangeNumber),
            "" | "y" | "yes" | "done" => give(Input::CaptchaDone),
            _ => Reply::NotUnderstood,
        },
        SignInStep::AskTextCode { .. } => match word.as_str() {
            "" if by_program => Reply::NotUnderstood,
            "" | "r" | "resend" => give(Input::Resend),
            "c" | "change" => give(Input::ChangeNumber),
            // A whole message may have been pasted: the core finds the code in it.
            _ => give(Input::TextCode(line.into())),
        },
        SignInStep::AskWhichAccount { accounts } => {
            let place = line.trim_end_matches(['.', '。', ')']).parse::<usize>().ok();
            let by_place = place.filter(|place| (1..=accounts.len()).contains(place)).map(|place| place - 1);
            let by_number = || accounts.iter().position(|account| account.account.as_deref() == Some(line));
            match by_number().or(by_place) {
                Some(place) => give(Input::Account(place)),
                None if matches!(word.as_str(), "n" | "no" | "否") => Reply::Decline,
                None => Reply::NotUnderstood,
            }
        }
        SignInStep::AskOtherAccount { .. } => match word.as_str() {
            "y" | "yes" | "是" => Reply::Answer(Answer::Keep),
            "n" | "no" | "否" => Reply::Decline,
            _ => Reply::NotUnderstood,
        },
        SignInStep::AskPaste { .. }
        | SignInStep::AskToGoOn { .. }
        | SignInStep::AskPage { .. }
        | SignInStep::PageClosed
        | SignInStep::AskNewAccount { .. }
        | SignInStep::Preparing
        | SignInStep::ShowCode { .. }
        | SignInStep::Scanned { .. }
        | SignInStep::Sending
        | SignInStep::Exchanging
        | SignInStep::Saving
        | SignInStep::Done { .. }
        | SignInStep::Expired { .. }
        | SignInStep::Refused
        | SignInStep::RiskControl { .. }
        | SignInStep::Failed { .. } => Reply::NotUnderstood,
    }
}

/// A number as people write it, in digits of any width. Where its country's code ends only a space or a dash says,
/// except for numbers of mainland China. Whether it can be a number is for the core to say.
fn phone_number(line: &str) -> Input {
    let plain = half_width(line);
    let plain = plain.trim();
    let (country, number) = match plain.strip_prefix('+').or_else(|| plain.strip_prefix("00")) {
        None => (MAINLAND_CHINA, plain),
        Some(rest) => match (rest.strip_prefix(MAINLAND_CHINA), rest.split_once([' ', '-'])) {
            (Some(number), _) if digits(number) == DIGITS_IN_CHINA => (MAINLAND_CHINA, number),
            (_, Some(parts)) => parts,
            (_, None) => (rest, ""),
        },
    };
    Input::PhoneNumber { country: country.to_owned(), number: number.trim().into() }
}

/// The line with ASCII digits and signs for those of Chinese input methods, and without direction marks.
fn half_width(line: &str) -> String {
    let half = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{3000}' | '\u{a0}' => ' ',
        c => c,
    };
    let is_mark = |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    line.chars().filter(|c| !is_mark(*c)).map(half).collect()
}

fn digits(text: &str) -> usize {
    text.bytes().filter(u8::is_ascii_digit).count()
}

#[cfg(test)]
mod tests {
    use std::ops::Deref;

    use jiff::Timestamp;
    use tunekey_core::{AccountId, PastedAccount, PrivateAddress, Secret, ServiceId};

    use super::*;

    fn number(line: &str) -> (String, Secret) {
        match phone_number(line) {
            Input::PhoneNumber { country, number } => (country, number),
            other => panic!("{other:?} is no number"),
        }
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
            for by_program in [false, true] {
                let given = match reply(&code(), Method::Phone, line, by_program) {
                    Reply::Answer(Answer::Give(input)) => Some(format!("{input:?}")),
                    _ => None,
                };
                assert_eq!(given, wanted.as_ref().map(|input| format!("{input:?}")), "{line}");
            }
        }
        assert!(
            matches!(reply(&code(), Method::Phone, "", false), Reply::Answer(Answer::Give(Input::Resend))),
            "Enter alone"
        );
        assert!(
            matches!(reply(&code(), Method::Phone, "", true), Reply::NotUnderstood),
            "a program’s slip sends no message"
        );
    }

    #[test]
    fn only_a_check_on_the_way_by_phone_offers_another_number() {
        let address: <PrivateAddress as Deref>::Target =
            "https://music.163.com/check".parse().expect("an address");
        let step = SignInStep::AskCaptcha { address: address.into() };
        for (method, offered) in [(Method::Phone, true), (Method::AppScan, false)] {
            let prompt = prompt(&step, method, Language::English).expect("it asks");
            assert_eq!(prompt.contains("change the number"), offered, "{method}");
            let changes =
                matches!(reply(&step, method, "c", false), Reply::Answer(Answer::Give(Input::ChangeNumber)));
            assert_eq!(changes, offered, "{method}");
        }
    }

    #[test]
    fn only_a_clear_yes_keeps_another_account() {
        let account = AccountId::new(ServiceId::QqMusic, "10001");
        let step =
            SignInStep::AskOtherAccount { wanted: account.clone(), account, nickname: None, known: false };
        for yes in ["y", "Yes", "是"] {
            assert!(matches!(reply(&step, Method::Paste, yes, false), Reply::Answer(Answer::Keep)), "{yes}");
        }
        assert!(matches!(reply(&step, Method::Paste, "no", false), Reply::Decline));
        for unclear in ["", "ok", "yes please"] {
            assert!(
                matches!(reply(&step, Method::Paste, unclear, false), Reply::NotUnderstood),
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
            let chosen = match reply(&step, Method::Paste, line, false) {
                Reply::Answer(Answer::Give(Input::Account(place))) => Some(place),
                _ => None,
            };
            assert_eq!(chosen, place, "{line}");
        }
        assert!(matches!(reply(&step, Method::Paste, "no", false), Reply::Decline));
    }
}
