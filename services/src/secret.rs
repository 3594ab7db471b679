//! A value that opens an account. It has a type so that printing it by accident does not compile.

use std::fmt;

use zeroize::Zeroizing;

/// A secret text: redacted in [`Debug`], wiped from memory when dropped, and deliberately without
/// `Display` and `Serialize`, so that it can reach a log, an error or the web view only on purpose.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes ownership of a secret text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text itself. Every place that calls this is listed by `clippy.toml` and says why it may.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing in it: the services send empty fields when they have nothing to say.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_empty() { "Secret(empty)" } else { "Secret(…)" })
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_print_itself() {
        let secret = Secret::new("canary-7f3a");
        assert_eq!(format!("{secret:?}"), "Secret(…)", "Debug must not carry the text");
        assert_eq!(format!("{:?}", vec![secret]), "[Secret(…)]", "nor inside a collection");
    }
}
