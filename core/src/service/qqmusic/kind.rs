//! What stands behind an account of QQ Music: QQ or WeChat. The two are asked for differently
//! (protocol: QQ §6).

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
