//! Phone numbers, and the codes that are sent to them, as people type them.

use crate::problem::{Problem, ProblemCode};
use crate::secret::Secret;

/// A phone number that a code can be sent to.
#[derive(Debug, Clone)]
pub(crate) struct PhoneNumber {
    /// The country's code, such as `86`.
    pub(super) country: String,
    /// The number within the country, digits only.
    pub(super) number: Secret,
}

impl PhoneNumber {
    /// Checks what was typed. Spaces and dashes do not count. Numbers of mainland China have 11 digits; those of
    /// other countries 5 to 15 (ITU-T E.164).
    pub(crate) fn parse(country: &str, number: &Secret) -> Result<Self, Problem> {
        let invalid = |detail| Err(Problem::new(ProblemCode::InvalidInput).with_detail(detail));
        let country = country.trim().trim_start_matches('+').trim_start_matches('0');
        if !(1..=3).contains(&country.len()) || !country.bytes().all(|byte| byte.is_ascii_digit()) {
            return invalid("a country code has one to three digits");
        }
        let digits: String =
            opened(number).chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '(' | ')')).collect();
        let number = Secret::new(digits);
        let digits = opened(&number);
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return invalid("a phone number has digits only");
        }
        match (country, digits.len()) {
            ("86", 11) => {}
            ("86", _) => return invalid("a phone number of mainland China has 11 digits"),
            (_, 5..=15) => {}
            _ => return invalid("a phone number has 5 to 15 digits"),
        }
        Ok(Self { country: country.to_owned(), number })
    }

    /// The number with most of its digits hidden: enough to see a slip, not enough to call.
    pub(super) fn masked(&self) -> String {
        let digits = opened(&self.number);
        let (first, last) = if digits.len() >= 11 { (3, 4) } else { (0, 2) };
        let hidden = digits.len().saturating_sub(first + last);
        let shown = |place: usize| place < first || place >= first + hidden;
        digits.chars().enumerate().map(|(place, digit)| if shown(place) { digit } else { '•' }).collect()
    }
}

/// The code of a text message, if the service could have sent it: 4 to 8 digits. Spaces and dashes do not count.
pub(super) fn text_code(typed: &Secret) -> Option<Secret> {
    let digits: String = opened(typed).chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    let is_code = (4..=8).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_code.then(|| Secret::new(digits))
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
        for (country, number) in [("86", "13800138000"), ("+86", "138 0013 8000"), ("0086", "138-0013-8000")]
        {
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
            ("86", "１３８００１３８０００"),
            ("12345", "13800138000"),
        ] {
            assert_eq!(parsed(country, number), None, "{country} {number}");
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
            ("１２３４５６", None),
            ("", None),
        ] {
            assert_eq!(text_code(&typed.into()), code.map(Secret::from), "{typed}");
        }
    }
}
