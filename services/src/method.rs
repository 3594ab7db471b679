//! The ways to sign in.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::name::UnknownName;

/// A way to sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// A code scanned with mobile QQ.
    QqScan,
    /// A code scanned with WeChat.
    WechatScan,
    /// A code scanned with the service's own app.
    AppScan,
    /// A code sent to a phone number.
    Phone,
    /// The service's own sign-in page, in a window of its own.
    OfficialPage,
    /// A credential that the person already has.
    Paste,
    /// The cookies of a browser that an extension of it keeps in a CookieCloud.
    #[serde(rename = "cookiecloud")]
    CookieCloud,
}

impl Method {
    /// Every method, in the order in which fronts list them.
    pub const ALL: [Self; 7] = [
        Self::QqScan,
        Self::WechatScan,
        Self::AppScan,
        Self::Phone,
        Self::OfficialPage,
        Self::Paste,
        Self::CookieCloud,
    ];

    /// The name used on the command line and in the ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::QqScan => "qq-scan",
            Self::WechatScan => "wechat-scan",
            Self::AppScan => "app-scan",
            Self::Phone => "phone",
            Self::OfficialPage => "official-page",
            Self::Paste => "paste",
            Self::CookieCloud => "cookiecloud",
        }
    }

    /// Whether it shows a page of the service, for which a front needs a web view or a browser.
    pub fn shows_page(self) -> bool {
        self == Self::OfficialPage
    }

    /// Whether it is one more sign-in in the eyes of the service.
    pub fn is_new_sign_in(self) -> bool {
        !matches!(self, Self::Paste | Self::CookieCloud)
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Method {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        Self::ALL.into_iter().find(|m| m.as_str() == name).ok_or(UnknownName)
    }
}
