//! What a token of the local API allows.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use tunekey_services::UnknownName;

/// What a token allows. Each stands for itself: none includes another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "kebab-case")]
pub enum ApiScope {
    /// To see which accounts there are and how they are doing. No secret.
    Status,
    /// To read cookies.
    Cookie,
    /// To have the service asked: renewals, checks, deliveries.
    Renew,
    /// To sign accounts in.
    SignIn,
}

impl ApiScope {
    /// All of them, the most harmless first.
    pub const ALL: [Self; 4] = [Self::Status, Self::Cookie, Self::Renew, Self::SignIn];

    /// Its name on the command line and in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Cookie => "cookie",
            Self::Renew => "renew",
            Self::SignIn => "sign-in",
        }
    }
}

impl fmt::Display for ApiScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ApiScope {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == name).ok_or(UnknownName)
    }
}
