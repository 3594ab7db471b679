//! The names of services and accounts, as keychain keys, the command line and the ledger write them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::name::{UnknownName, name};

name! {
    /// A music service: its name in keychain keys, on the command line, in the ledger and in URLs. Which there are,
    /// [the registry](crate::registry) says.
    ServiceId, 15
}

/// Which account: the service and the service's own number for the person, as text because the numbers
/// of WeChat accounts have 19 digits and do not survive a JavaScript number.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountId {
    /// The service that knows the account.
    pub service: ServiceId,
    /// The service's number for it: decimal digits.
    pub uid: String,
}

impl AccountId {
    /// Names an account.
    pub fn new(service: ServiceId, uid: impl Into<String>) -> Self {
        Self { service, uid: uid.into() }
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.service, self.uid)
    }
}

impl FromStr for AccountId {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let (service, uid) = text.split_once(':').ok_or(UnknownName)?;
        if uid.is_empty() || !uid.bytes().all(|b| b.is_ascii_digit()) {
            return Err(UnknownName);
        }
        Ok(Self::new(service.parse()?, uid))
    }
}

impl Serialize for AccountId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AccountId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_id_reads_back_what_it_writes() {
        let id = AccountId::new(ServiceId::new("qqmusic"), "1152921504600000042");
        assert_eq!(id.to_string(), "qqmusic:1152921504600000042");
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn an_account_id_needs_the_name_of_a_service_and_a_number() {
        for bad in ["", "qqmusic", "qqmusic:", "qqmusic:o10001", "QQ Music:1", ":1", "qqmusic:1 2"] {
            assert_eq!(bad.parse::<AccountId>(), Err(UnknownName), "{bad:?} names no account");
        }
    }
}
