//! The address of a database as a person gives it, `postgres://user@host:5432/database`, without a password: it stands
//! in arguments and in the profile, where others may read it.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};
use url::form_urlencoded;

use crate::problem::Problem;

/// What an address begins with.
const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];
/// What may stand behind its question mark besides what is understood here.
const PASSED_ON: [&str; 6] = ["host", "port", "user", "dbname", "connect_timeout", "target_session_attrs"];

/// The address of a database.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DatabaseUrl {
    text: String,
    pub(super) config: Box<Config>,
    pub(super) encryption: Encryption,
    /// The file with the passwords, in the format of PostgreSQL's own programs; `None` for the usual one.
    pub(super) password_file: Option<PathBuf>,
    /// Whether a pooler stands before the database, so that nothing is heard by itself.
    pub(super) is_pooled: bool,
}

/// How a connection is encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Encryption {
    /// With TLS, to a server whose certificate is trusted by the system or by this file.
    Verified { authority: Option<PathBuf> },
    /// Not at all: on this computer, or as the person says, in their own network.
    None,
}

/// Why an address is none that is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BadUrl {
    NotOne,
    HasPassword,
    Parameter,
    Mode,
}

impl DatabaseUrl {
    /// Reads an address.
    ///
    /// # Errors
    /// `InvalidInput` for what is none, has a password in it, or asks for what is not done. It repeats nothing of it.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        read(text).map_err(BadUrl::problem)
    }

    /// The address. There is no password in it.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DatabaseUrl").field(&self.text).finish()
    }
}

impl From<DatabaseUrl> for String {
    fn from(url: DatabaseUrl) -> Self {
        url.text
    }
}

impl TryFrom<String> for DatabaseUrl {
    type Error = Problem;

    fn try_from(text: String) -> Result<Self, Problem> {
        Self::parse(&text)
    }
}

fn read(text: &str) -> Result<DatabaseUrl, BadUrl> {
    if !SCHEMES.iter().any(|scheme| text.starts_with(scheme)) {
        return Err(BadUrl::NotOne);
    }
    let (address, query) = text.split_once('?').unwrap_or((text, ""));
    let (mut passed_on, mut mode) = (form_urlencoded::Serializer::new(String::new()), None);
    let (mut authority, mut password_file, mut is_pooled) = (None, None, false);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "sslmode" => mode = Some(value.into_owned()),
            "sslrootcert" => authority = Some(PathBuf::from(value.as_ref())),
            "passfile" => password_file = Some(PathBuf::from(value.as_ref())),
            "pgbouncer" => is_pooled = value == "true",
            "password" => return Err(BadUrl::HasPassword),
            name if PASSED_ON.contains(&name) => drop(passed_on.append_pair(name, &value)),
            _ => return Err(BadUrl::Parameter),
        }
    }
    let query = passed_on.finish().replace('+', "%20");
    let config: Config = format!("{address}?{query}").parse().map_err(|_| BadUrl::NotOne)?;
    let mut config = Box::new(config);
    if config.get_password().is_some() {
        return Err(BadUrl::HasPassword);
    }
    if config.get_hosts().is_empty() {
        return Err(BadUrl::NotOne);
    }
    let encryption = match mode.as_deref() {
        None if config.get_hosts().iter().all(is_of_this_computer) => Encryption::None,
        None | Some("require" | "verify-full") => Encryption::Verified { authority },
        Some("disable") => Encryption::None,
        Some(_) => return Err(BadUrl::Mode),
    };
    config.ssl_mode(match encryption {
        Encryption::Verified { .. } => SslMode::Require,
        Encryption::None => SslMode::Disable,
    });
    config.application_name("tunekey");
    Ok(DatabaseUrl { text: text.to_owned(), config, encryption, password_file, is_pooled })
}

/// Whether a server is reached through a socket in the file system, which nobody else can listen to.
fn is_of_this_computer(host: &Host) -> bool {
    match host {
        Host::Tcp(_) => false,
        #[cfg(unix)]
        Host::Unix(_) => true,
    }
}

impl BadUrl {
    fn problem(self) -> Problem {
        match self {
            Self::NotOne => Problem::invalid(
                "Name the store as keychain, file, or the address of a database: postgres://user@host:5432/database.",
                "请用 keychain、file 或数据库地址（postgres://用户@主机:5432/数据库）指定存储。",
            ),
            Self::HasPassword if cfg!(windows) => Problem::invalid(
                "An address with a password isn’t taken: other programs can read the arguments of this one, so choose \
                 another password if this one is real. Put it into %APPDATA%\\postgresql\\pgpass.conf.",
                "不接受带密码的地址：其他程序可以读取本程序的参数，如果该密码是真实的，请更换它。请将密码写入 \
                 %APPDATA%\\postgresql\\pgpass.conf。",
            ),
            Self::HasPassword => Problem::invalid(
                "An address with a password isn’t taken: other programs can read the arguments of this one, so choose \
                 another password if this one is real. Put it into ~/.pgpass (chmod 600), or hand it out as the secret \
                 tunekey-database-password.",
                "不接受带密码的地址：其他程序可以读取本程序的参数，如果该密码是真实的，请更换它。请将密码写入 ~/.pgpass（chmod 600），\
                 或以 tunekey-database-password 为名提供该密钥。",
            ),
            Self::Parameter => Problem::invalid(
                "The address of the database asks for something that TuneKey doesn’t know. It takes host, port, user, dbname, \
                 connect_timeout, target_session_attrs, sslmode, sslrootcert, passfile and pgbouncer=true.",
                "数据库地址包含无法识别的参数。可用的参数：host、port、user、dbname、connect_timeout、target_session_attrs、\
                 sslmode、sslrootcert、passfile 和 pgbouncer=true。",
            ),
            Self::Mode => Problem::invalid(
                "TuneKey encrypts the connection to a database and verifies its certificate (sslmode=verify-full), or, in your \
                 own network only, does neither (sslmode=disable).",
                "TuneKey 对数据库连接加密并验证证书（sslmode=verify-full）；仅在自己的网络内可不加密（sslmode=disable）。",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERIFIED: Encryption = Encryption::Verified { authority: None };

    #[test]
    fn a_connection_is_encrypted_and_verified_unless_the_address_says_otherwise() {
        for (text, encryption) in [
            ("postgres://tunekey@db.example/tunekey", VERIFIED),
            ("postgresql://tunekey@db.example:6432/tunekey?sslmode=verify-full", VERIFIED),
            ("postgres://127.0.0.1/tunekey?sslmode=require", VERIFIED),
            ("postgres://one,two:5433/tunekey", VERIFIED),
            (
                "postgres://db/tunekey?sslrootcert=/etc/my%20ca.pem",
                Encryption::Verified { authority: Some("/etc/my ca.pem".into()) },
            ),
            ("postgres://127.0.0.1/tunekey?sslmode=disable", Encryption::None),
            #[cfg(unix)]
            ("postgres:///tunekey?host=/run/postgresql", Encryption::None),
        ] {
            let url = DatabaseUrl::parse(text).expect(text);
            assert_eq!(url.encryption, encryption, "{text}");
            let is_encrypted = url.config.get_ssl_mode() == SslMode::Require;
            assert_eq!(is_encrypted, encryption != Encryption::None, "{text}");
            assert_eq!(url.as_str(), text);
        }
    }

    #[test]
    fn what_is_known_of_an_address_is_not_passed_on_and_the_rest_is() {
        let text = "postgres:///db?host=db.example&port=6432&user=me&pgbouncer=true&passfile=/run/pass";
        let url = DatabaseUrl::parse(text).expect("it is one");
        assert_eq!((url.config.get_user(), url.config.get_ports()), (Some("me"), &[6432][..]));
        assert!(url.is_pooled);
        assert_eq!(url.password_file, Some("/run/pass".into()));
    }

    #[test]
    fn what_is_no_address_that_is_used_is_refused_without_being_repeated() {
        for text in [
            "",
            "pass",
            "https://db.example",
            "postgres://",
            "postgres://me:canary@db.example/tunekey",
            "postgres://me@db.example/tunekey?password=canary",
            "postgres://me@db.example/tunekey?sslmode=prefer",
            "postgres://me@db.example/tunekey?sslmode=canary",
            "postgres://me@db.example/tunekey?options=canary",
            "postgres://me@db.example:canary/tunekey",
        ] {
            let problem = DatabaseUrl::parse(text).expect_err(text);
            assert!(!format!("{problem:?}{problem}").contains("canary"), "{text}");
        }
    }
}
