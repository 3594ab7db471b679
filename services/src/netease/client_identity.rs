//! As which of NetEase's own clients we present ourselves.

use crate::bilingual::Bilingual;
use crate::contract::Context;
use crate::facts::{ClientIdentityFacts, ClientIdentityOption};

/// As which of NetEase's own clients we present ourselves (protocol: NetEase §0).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ClientIdentity {
    /// The web site: weapi, type 1.
    Web,
    /// The desktop client: eapi, type 3.
    Pc,
}

/// The value of the setting for [`ClientIdentity::Web`].
pub(super) const WEB: &str = "web";

/// The value of the setting for [`ClientIdentity::Pc`].
pub(super) const DESKTOP: &str = "pc";

/// The person's choice.
pub(super) const SETTING: ClientIdentityFacts = ClientIdentityFacts {
    setting: "netease-profile",
    key: "netease_profile",
    name: Bilingual::new("NetEase client", "网易云客户端"),
    options: &[
        ClientIdentityOption { value: WEB, name: Bilingual::new("Web site", "网页版") },
        ClientIdentityOption { value: DESKTOP, name: Bilingual::new("PC client", "PC 客户端") },
    ],
};

impl ClientIdentity {
    /// The one that the settings want now.
    pub(super) fn chosen(context: &Context) -> Self {
        if context.client_identities.of(&SETTING) == DESKTOP { Self::Pc } else { Self::Web }
    }
}
