//! The generator of secret values: keys, tokens, ids. For every service that issues one.

use rand::Rng;

/// Makes secret values that look like the real ones.
///
/// When a mark is planted every value contains it, so that a test can search files, logs and pages for it.
#[derive(Debug, Default)]
pub(crate) struct TokenGenerator {
    mark: String,
}

impl TokenGenerator {
    /// Plants a mark, keeping of it only what is harmless in cookies, queries and JSON alike.
    pub(crate) fn plant(&mut self, mark: Option<&str>) {
        self.mark = mark
            .unwrap_or_default()
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
            .collect();
    }

    /// `length` characters of `alphabet`, longer only if the mark alone is.
    fn value(&self, alphabet: &[u8], length: usize) -> String {
        let mut rng = rand::rng();
        let free = length.saturating_sub(self.mark.len());
        let mut pick = |count: usize| -> String {
            (0..count).map(|_| char::from(alphabet[rng.random_range(0..alphabet.len())])).collect()
        };
        let (before, after) = (pick(free / 2), pick(free - free / 2));
        format!("{before}{}{after}", self.mark)
    }

    /// Lower-case hexadecimal.
    pub(crate) fn hex(&self, length: usize) -> String {
        self.value(b"0123456789abcdef", length)
    }

    /// Upper-case hexadecimal.
    pub(crate) fn upper_hex(&self, length: usize) -> String {
        self.value(b"0123456789ABCDEF", length)
    }

    /// Letters and digits.
    pub(crate) fn alphanumeric(&self, length: usize) -> String {
        self.value(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", length)
    }

    /// Decimal digits, not starting with 0 unless the mark does.
    pub(crate) fn digits(&self, length: usize) -> String {
        self.value(b"123456789", length)
    }

    /// A UUID; the mark stands at its end, where 12 characters keep the form 8-4-4-4-12.
    pub(crate) fn uuid(&self) -> String {
        let uuid = uuid::Uuid::new_v4().to_string();
        let (head, _) = uuid.split_at(24);
        let tail = if self.mark.len() > 12 { self.mark.clone() } else { self.hex(12) };
        format!("{head}{tail}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_value_contains_the_mark_and_keeps_its_length() {
        let mut tokens = TokenGenerator::default();
        tokens.plant(Some("c0ffee; 123"));
        for (value, length) in [
            (tokens.hex(64), 64),
            (tokens.alphanumeric(30), 30),
            (tokens.digits(13), 13),
            (tokens.uuid(), 36),
            (tokens.upper_hex(9), 9),
        ] {
            assert!(value.contains("c0ffee123"), "{value}");
            assert_eq!(value.len(), length, "{value}");
        }
    }
}
