//! The kinds of stores, and how each is spoken of. A new kind is one more file beside this one, and its words here.

use super::StoreError;

/// What keeps a profile's secrets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum StoreKind {
    /// The operating system's keychain.
    #[default]
    Keychain,
}

/// What a person reads of a store that cannot be used, each in English and in Chinese. `{service}` stands where the
/// service's name belongs.
pub(crate) struct StoreWords {
    /// It is locked.
    pub(crate) locked: (&'static str, &'static str),
    /// There is none, or it does not answer.
    pub(crate) unavailable: (&'static str, &'static str),
    /// It said no.
    pub(crate) denied: (&'static str, &'static str),
    /// It is there and open, and holds no credential for the account.
    pub(crate) missing: (&'static str, &'static str),
    /// What it holds for the account is damaged or of a newer version.
    pub(crate) unreadable: (&'static str, &'static str),
}

impl StoreKind {
    /// What it is called within an English sentence.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Keychain => "keychain",
        }
    }

    /// An error of a store of this kind in technical English, for logs and details.
    pub fn says(self, error: StoreError) -> String {
        let noun = self.noun();
        match error {
            StoreError::Locked => format!("the {noun} is locked"),
            StoreError::Unavailable(why) => format!("there is no {noun}: {why}"),
            StoreError::Denied => format!("the {noun} denies access"),
            StoreError::Silent => format!("the {noun} does not answer"),
            StoreError::Unreadable(why) => format!("the item cannot be read: {why}"),
            StoreError::Failed(why) => format!("the {noun} failed: {why}"),
        }
    }

    /// The sentences for people.
    pub(crate) const fn words(self) -> StoreWords {
        match self {
            Self::Keychain => KEYCHAIN,
        }
    }
}

const KEYCHAIN: StoreWords = StoreWords {
    locked: ("The keychain is locked. Unlock it and try again.", "系统密钥环已锁定，请解锁后重试。"),
    unavailable: (
        "No keychain answers. TuneKey never falls back to a plain file: start a Secret Service provider \
         (GNOME Keyring, KWallet), then try again.",
        "没有可用的系统密钥环。TuneKey 不会退回到明文文件，请先启动 Secret Service 服务（GNOME Keyring、KWallet）再重试。",
    ),
    denied: (
        "Access to the keychain was denied. Try again and allow it in the system’s dialog.",
        "访问系统密钥环被拒绝，请重试并在系统弹窗中选择允许。",
    ),
    missing: (
        "The keychain holds no credential for this account. If the keyring was replaced or another one is in \
         use, bring back the old one; otherwise sign in again. {service} was not asked.",
        "系统密钥环里没有该账号的凭据。如果更换过密钥环，请恢复原来的；否则请重新登录。并未询问{service}。",
    ),
    unreadable: (
        "The keychain’s item for this account can’t be read: it is damaged, or a newer TuneKey wrote it. \
         Use the newer version, or sign in again.",
        "系统密钥环里该账号的条目无法读取：可能已损坏，或由更新版本的 TuneKey 写入。请使用新版本，或重新登录。",
    ),
};
