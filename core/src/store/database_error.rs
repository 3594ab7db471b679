//! Why a database that several computers share did not do it, each with what a person reads of it and can do.

use strum::VariantArray;

use super::StoreState;

/// Why it did not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray)]
pub enum DatabaseError {
    /// It cannot be reached, or is about to end.
    Unreachable,
    /// It wants a password, and none was found.
    NoPassword,
    /// It does not take the user or the password.
    WrongPassword,
    /// Others could have read the file with the password.
    ExposedPassword,
    /// It offers no encryption.
    NoEncryption,
    /// It is to be reached without encryption, and is not in the person's own network.
    PlainAbroad,
    /// Its certificate is not trusted.
    Untrusted,
    /// The file with the certificate authority to trust cannot be used.
    NoAuthority,
    /// It has no tables of ours.
    NoTables,
    /// A newer version has made its tables.
    NewerTables,
    /// Another computer changes the account, and does not finish.
    Leased,
    /// Another computer has begun to change the account meanwhile.
    LeaseLost,
}

impl DatabaseError {
    /// What this says of the store as a whole, if it says anything.
    pub(super) fn state(self) -> Option<StoreState> {
        match self {
            Self::Unreachable
            | Self::NoEncryption
            | Self::PlainAbroad
            | Self::Untrusted
            | Self::NoAuthority
            | Self::NoTables
            | Self::NewerTables => Some(StoreState::Unavailable),
            Self::NoPassword | Self::WrongPassword | Self::ExposedPassword => Some(StoreState::Denied),
            Self::Leased | Self::LeaseLost => None,
        }
    }

    /// In technical English, for logs and details.
    pub(super) fn says(self) -> &'static str {
        match self {
            Self::Unreachable => "the database can’t be reached",
            Self::NoPassword => "the database wants a password",
            Self::WrongPassword => "the database refuses the user or the password",
            Self::ExposedPassword => "others could have read the database’s password",
            Self::NoEncryption => "the database offers no TLS",
            Self::PlainAbroad => "an unencrypted connection would leave the private network",
            Self::Untrusted => "the database’s certificate is not trusted",
            Self::NoAuthority => "the certificate authority of the database can’t be read",
            Self::NoTables => "the database has no tables of TuneKey",
            Self::NewerTables => "a newer version has made the database’s tables",
            Self::Leased => "another computer holds the account’s lease",
            Self::LeaseLost => "the account’s lease was lost to another computer",
        }
    }

    /// What to tell a person, in English and in Chinese.
    pub(crate) const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Unreachable => (
                "The database with this profile’s credentials can’t be reached. Nothing is lost, and nothing is known to be \
                 wrong with your accounts. Start it, or check the network; `tunekey store show` names its address.",
                "连接不上存放凭据的数据库。没有丢失任何内容，账号状态未知但并未失效。请启动数据库或检查网络；\
                 用 `tunekey store show` 查看其地址。",
            ),
            Self::NoPassword if cfg!(windows) => (
                "The database wants a password, and none was found. Put it into %APPDATA%\\postgresql\\pgpass.conf \
                 (host:port:database:user:password).",
                "数据库需要密码，但没有找到。请写入 %APPDATA%\\postgresql\\pgpass.conf（主机:端口:数据库:用户:密码）。",
            ),
            Self::NoPassword => (
                "The database wants a password, and none was found. Put it into ~/.pgpass (host:port:database:user:password, \
                 chmod 600), or hand it out as the secret tunekey-database-password.",
                "数据库需要密码，但没有找到。请写入 ~/.pgpass（主机:端口:数据库:用户:密码，chmod 600），\
                 或以 tunekey-database-password 为名提供该密钥。",
            ),
            Self::WrongPassword if cfg!(windows) => (
                "The database refuses its user or password. Correct them in %APPDATA%\\postgresql\\pgpass.conf. Nothing was \
                 changed.",
                "数据库拒绝了用户名或密码。请更正 %APPDATA%\\postgresql\\pgpass.conf。没有改动任何内容。",
            ),
            Self::WrongPassword => (
                "The database refuses its user or password. Correct them in ~/.pgpass, or in the secret \
                 tunekey-database-password. Nothing was changed.",
                "数据库拒绝了用户名或密码。请更正 ~/.pgpass 或密钥 tunekey-database-password。没有改动任何内容。",
            ),
            Self::ExposedPassword => (
                "The file with the database’s password was refused: other users can read it. Close it with `chmod 600`, and \
                 if others may have read it, choose another password.",
                "数据库密码文件未被使用：其他用户可以读取它。请用 `chmod 600` 关闭权限；如果可能已被他人读取，请更换密码。",
            ),
            Self::NoEncryption => (
                "The database server offers no encryption (TLS), so nothing was sent. Switch it on there; or, in your own \
                 network only, add ?sslmode=disable to its address.",
                "数据库服务器不支持加密（TLS），未发送任何内容。请在服务器上启用；仅在自己的网络内，也可在地址后加 ?sslmode=disable。",
            ),
            Self::PlainAbroad => (
                "The address of the database has sslmode=disable, and it leads out of your own network, so nothing was sent. \
                 Switch encryption (TLS) on and take that out of the address.",
                "数据库地址带有 sslmode=disable，却指向自己网络之外，未发送任何内容。请启用加密（TLS）并去掉该参数。",
            ),
            Self::Untrusted => (
                "The certificate of the database isn’t trusted, so nothing was sent. If it has an authority of its own, name \
                 its file in the address: ?sslrootcert=/path/ca.pem. Otherwise check its host name and this computer’s date.",
                "数据库的证书不受信任，未发送任何内容。如果使用自有 CA，请在地址中指明：?sslrootcert=/路径/ca.pem；\
                 否则请检查主机名和本机日期。",
            ),
            Self::NoAuthority => (
                "The file with the database’s certificate authority (sslrootcert) can’t be read, or holds none. Put it back.",
                "数据库的 CA 证书文件（sslrootcert）无法读取或其中没有证书，请放回该文件。",
            ),
            Self::NoTables => (
                "The database has no tables of TuneKey: it is another one, or it was emptied. Nothing is made in their place. \
                 Put a backup of it back, or correct its address.",
                "数据库里没有 TuneKey 的表：可能是另一个数据库，或已被清空。不会自动新建。请恢复其备份，或更正地址。",
            ),
            Self::NewerTables => (
                "The tables in the database were made by a newer TuneKey, and are left as they are. Update TuneKey here, too.",
                "数据库里的表由更新版本的 TuneKey 建立，已原样保留。请在本机也更新 TuneKey。",
            ),
            Self::Leased => (
                "Another computer is busy with this account. Nothing was changed; try again in two minutes.",
                "另一台电脑正在处理该账号。没有改动任何内容，请两分钟后再试。",
            ),
            Self::LeaseLost => (
                "Another computer took this account over while this one didn’t answer in time, so nothing was overwritten. \
                 Try again.",
                "本机未及时响应，另一台电脑已接手该账号，因此没有覆盖任何内容。请重试。",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_has_words_of_its_own_in_each_language() {
        let errors = DatabaseError::VARIANTS;
        let english: BTreeSet<_> = errors.iter().map(|error| error.words().0).collect();
        let chinese: BTreeSet<_> = errors.iter().map(|error| error.words().1).collect();
        let details: BTreeSet<_> = errors.iter().map(|error| error.says()).collect();
        assert_eq!([english.len(), chinese.len(), details.len()], [errors.len(); 3]);
        assert!(
            english.iter().all(|words| words.ends_with('.'))
                && chinese.iter().all(|words| words.ends_with('。'))
        );
    }
}
