//! The kinds of stores, and how each is spoken of. A new kind is one more file beside this one, and its words here.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use strum::VariantArray;

use super::{DatabaseError, StoreError};

/// What keeps a profile's secrets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, VariantArray)]
#[serde(rename_all = "snake_case")]
pub enum StoreKind {
    /// The operating system's keychain.
    #[default]
    Keychain,
    /// Encrypted files in the profile, for computers without a keychain.
    File,
    /// Encrypted records in a PostgreSQL database, for several computers.
    Postgres,
}

/// What a person reads of a store that cannot be used, each in English and in Chinese. `{service}` stands where the
/// service's name belongs.
pub(crate) struct StoreWords {
    /// The store itself, within a sentence.
    pub(crate) name: (&'static str, &'static str),
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
    /// Its name on the command line and in the profile.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Keychain => "keychain",
            Self::File => "file",
            Self::Postgres => "postgres",
        }
    }

    /// What it is called within an English sentence.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Keychain => "keychain",
            Self::File => "store of encrypted files",
            Self::Postgres => "database",
        }
    }

    /// Whether an older copy of it can take its place unnoticed, as a backup of files can.
    pub(crate) fn can_be_rolled_back(self) -> bool {
        match self {
            Self::Keychain => false,
            Self::File | Self::Postgres => true,
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
            StoreError::RolledBack => format!("the {noun} holds an older credential than was saved last"),
            StoreError::NoIdentity => format!("no identity was found that opens the {noun}"),
            StoreError::WrongIdentity => format!("the identity that was found does not open the {noun}"),
            StoreError::ExposedIdentity => {
                format!("others could have read the identity that opens the {noun}")
            }
            StoreError::Moved => format!("the profile no longer uses the {noun}"),
            StoreError::Database(error) => error.says().to_owned(),
            StoreError::Failed(why) => format!("the {noun} failed: {why}"),
        }
    }

    /// The sentences for people.
    pub(crate) const fn words(self) -> StoreWords {
        match self {
            Self::Keychain => KEYCHAIN,
            Self::File => FILE,
            Self::Postgres => POSTGRES,
        }
    }
}

impl fmt::Display for StoreKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for StoreKind {
    type Err = UnknownStore;

    fn from_str(name: &str) -> Result<Self, UnknownStore> {
        Self::VARIANTS.iter().copied().find(|kind| kind.as_str() == name).ok_or(UnknownStore)
    }
}

/// A name that no kind of store has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownStore;

const KEYCHAIN: StoreWords = StoreWords {
    name: ("the keychain", "系统密钥环"),
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

const FILE: StoreWords = StoreWords {
    name: ("the encrypted folder", "加密文件夹"),
    locked: (
        "This profile’s credentials are in encrypted files, and the identity that opens them was not found. \
         `tunekey store show` names the places where it is looked for.",
        "本数据目录的凭据存放在加密文件中，但没有找到能打开它们的身份密钥。用 `tunekey store show` 查看查找的位置。",
    ),
    unavailable: (
        "The folder `secrets` with this profile’s encrypted credentials is gone or can’t be used. TuneKey falls back \
         to nothing else: put it back (from a backup, or mount its volume), then try again.",
        "存放加密凭据的 `secrets` 文件夹不存在或无法使用。TuneKey 不会改用其他存储：请将其恢复（从备份，或挂载所在的卷）后重试。",
    ),
    denied: (
        "The encrypted files of this profile can’t be used: they are somebody else’s, or others may change them. Make \
         them yours alone (chown, chmod go-w), then try again.",
        "本数据目录的加密文件无法使用：它们属于其他用户，或可被他人改动。请改为仅归你所有（chown、chmod go-w）后重试。",
    ),
    missing: (
        "The profile’s encrypted files hold no credential for this account. If the folder `secrets` was replaced, \
         bring back the old one; otherwise sign in again. {service} was not asked.",
        "加密文件里没有该账号的凭据。如果更换过 `secrets` 文件夹，请恢复原来的；否则请重新登录。并未询问{service}。",
    ),
    unreadable: (
        "The encrypted file of this account can’t be read: it is cut off or damaged, or a newer TuneKey wrote it. \
         Put a backup of the folder `secrets` back, or sign in again.",
        "该账号的加密文件无法读取：可能不完整、已损坏，或由更新版本的 TuneKey 写入。请恢复 `secrets` 文件夹的备份，或重新登录。",
    ),
};

const POSTGRES: StoreWords = StoreWords {
    name: ("the database", "数据库"),
    locked: (
        "This profile’s credentials are encrypted in a database, and the identity that opens them was not found. \
         `tunekey store show` names the places where it is looked for.",
        "本数据目录的凭据加密存放在数据库中，但没有找到能打开它们的身份密钥。用 `tunekey store show` 查看查找的位置。",
    ),
    unavailable: DatabaseError::Unreachable.words(),
    denied: (
        "The database doesn’t let its user do this. Grant it the tables whose names begin with tunekey_, then try again.",
        "数据库不允许该用户执行此操作。请授予其以 tunekey_ 开头的表的权限后重试。",
    ),
    missing: (
        "The database holds no credential for this account: it was moved elsewhere, or an older backup was put back. Bring \
         it back, or sign in again. {service} was not asked.",
        "数据库里没有该账号的凭据：可能已迁移到别处，或恢复过较旧的备份。请恢复，或重新登录。并未询问{service}。",
    ),
    unreadable: (
        "The record of this account in the database can’t be read: it is damaged or was exchanged for another, or a newer \
         TuneKey wrote it. Put a backup back, or sign in again.",
        "数据库里该账号的记录无法读取：可能已损坏或被替换，或由更新版本的 TuneKey 写入。请恢复备份，或重新登录。",
    ),
};

/// What is said of an identity that does not open a database.
pub(crate) const WRONG_IDENTITY_OF_A_DATABASE: (&str, &str) = (
    "The identity that was found doesn’t open this profile’s records in the database. `tunekey store show` says where it was \
     found, and which recipient is wanted. Put the right identity there. Nothing was changed.",
    "找到的身份密钥打不开数据库中的记录。用 `tunekey store show` 查看它所在的位置和所需的接收方，并放入正确的身份密钥。没有改动任何内容。",
);

/// What is said of an identity for a database that others can read.
pub(crate) const EXPOSED_IDENTITY_OF_A_DATABASE: (&str, &str) = (
    "The identity that opens this profile’s records in the database was refused: other users can read it. `tunekey store \
     show` names the file. Close it with `chmod 600`, and if others may have read it, make a new one.",
    "能打开数据库记录的身份密钥未被使用：其他用户可以读取它。用 `tunekey store show` 查看是哪个文件，用 `chmod 600` 关闭权限；\
     如果可能已被他人读取，请新建一个。",
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_read_by_the_name_that_it_is_written_with() {
        for kind in StoreKind::VARIANTS {
            assert_eq!(kind.as_str().parse(), Ok(*kind));
        }
        assert_eq!("pass".parse::<StoreKind>(), Err(UnknownStore));
    }
}
