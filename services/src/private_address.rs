//! An address that no log and no error shows. For questions and pages.

use std::fmt;
use std::ops::Deref;

use url::Url;

/// An address with something in it that is for its opener alone. It shows no more than its host.
#[derive(Clone, PartialEq, Eq)]
pub struct PrivateAddress(Url);

impl From<Url> for PrivateAddress {
    fn from(address: Url) -> Self {
        Self(address)
    }
}

impl Deref for PrivateAddress {
    type Target = Url;

    fn deref(&self) -> &Url {
        &self.0
    }
}

impl fmt::Debug for PrivateAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateAddress({})", self.0.host_str().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        text.parse().expect("a URL")
    }

    #[test]
    fn a_private_address_shows_its_host_only() {
        let address = PrivateAddress::from(url("https://y.qq.com/check?token=canary"));
        assert_eq!(format!("{address:?}"), "PrivateAddress(y.qq.com)");
    }
}
