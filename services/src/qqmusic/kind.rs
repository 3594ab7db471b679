//! What stands behind an account of QQ Music, QQ or WeChat, and how it was signed in. The service asks for both
//! (protocol: QQ §6, §13.2).

use crate::credential::Credential;

/// What stands behind an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Qq,
    WeChat,
}

impl Kind {
    /// The beginning of the key says it. `loginType` does not: it also names ways of signing in.
    #[expect(clippy::disallowed_methods, reason = "the beginning of the key is the same for everybody")]
    pub(super) fn of(credential: &Credential) -> Self {
        match credential.field("musickey") {
            Some(key) if key.expose().starts_with("W_X_") => Self::WeChat,
            Some(_) | None => Self::Qq,
        }
    }

    /// `tmeLoginType`, in envelopes and as a cookie.
    pub(super) fn tme_login_type(self) -> u8 {
        match self {
            Self::Qq => 2,
            Self::WeChat => 1,
        }
    }

    /// The `login_type` cookie, which counts the other way round.
    pub(super) fn login_type_cookie(self) -> u8 {
        match self {
            Self::Qq => 1,
            Self::WeChat => 2,
        }
    }
}

/// `tmeLoginType` for what is asked of the account: what the last answer said, whatever that was; the account's kind
/// only where nothing was said (protocol: QQ §13.2).
pub(super) fn login_type(credential: &Credential) -> u8 {
    said_login_type(credential).unwrap_or_else(|| Kind::of(credential).tme_login_type())
}

/// The `loginType` that came with the credential: 1 for WeChat, 2 for QQ, 0 or 6 for the way of signing in.
#[expect(clippy::disallowed_methods, reason = "a number of one digit that is the same for everybody")]
pub(super) fn said_login_type(credential: &Credential) -> Option<u8> {
    credential.field("loginType").and_then(|value| value.expose().trim().parse().ok())
}
