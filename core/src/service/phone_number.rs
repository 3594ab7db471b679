//! Phone numbers as people type them, and as they are shown again.

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

#[expect(clippy::disallowed_methods, reason = "the number is checked, and shown with most of it hidden")]
fn opened(number: &Secret) -> &str {
    number.expose()
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
    }
}
