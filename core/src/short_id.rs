//! Names of what the person sets up: ten small letters and digits, drawn by lot.

use rand::Rng as _;

/// How long one is.
const LENGTH: usize = 10;

/// A new one.
pub(crate) fn random() -> String {
    const DIGITS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let mut dice = rand::rng();
    (0..LENGTH).map(|_| char::from(DIGITS[dice.random_range(0..DIGITS.len())])).collect()
}

/// Whether a text is one.
pub(crate) fn is_one(text: &str) -> bool {
    text.len() == LENGTH && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}
