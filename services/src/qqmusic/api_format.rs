//! The `Credential` of qqmusic-api-python as JSON, with all its fields, because it needs the full set to
//! renew (protocol: QQ §6). Numbers are numbers, whatever form they arrived in. The minimal one has the same fields,
//! because old versions want all of them, and those that renew are empty.

use serde::Serialize;

use crate::credential::Credential;
use crate::format::{Scope, Unfit};
use crate::secret::Secret;

/// The fields under their names there, in their order there.
#[derive(Serialize)]
struct Shape<'a> {
    openid: &'a str,
    refresh_token: &'a str,
    access_token: &'a str,
    expired_at: i64,
    musicid: u64,
    musickey: &'a str,
    unionid: &'a str,
    str_musicid: &'a str,
    refresh_key: &'a str,
    #[serde(rename = "musickeyCreateTime")]
    musickey_create_time: i64,
    #[serde(rename = "keyExpiresIn")]
    key_expires_in: i64,
    first_login: i64,
    #[serde(rename = "bindAccountType")]
    bind_account_type: i64,
    #[serde(rename = "needRefreshKeyIn")]
    need_refresh_key_in: i64,
    #[serde(rename = "encryptUin")]
    encrypt_uin: &'a str,
    #[serde(rename = "loginType")]
    login_type: i64,
}

/// WeChat and QQ, as the service numbers them.
const WECHAT: i64 = 1;
const QQ: i64 = 2;

/// What a renewal needs besides the key and its number.
const RENEWING: [&str; 5] = ["openid", "refresh_token", "access_token", "unionid", "refresh_key"];

pub(super) fn render(credential: &Credential, scope: Scope) -> Result<Secret, Unfit> {
    let text = |name| match scope {
        Scope::Minimal if RENEWING.contains(&name) => "",
        Scope::Full | Scope::Minimal => credential.field(name).map_or("", exposed),
    };
    let number = |name| text(name).parse::<i64>().ok();
    let uid = credential.account.uid.as_str();
    let issued_at = credential.issued_at.as_second();
    let life = credential.expires_at.map_or(0, |at| at.as_second() - issued_at);
    let key = text("musickey");
    let shape = Shape {
        openid: text("openid"),
        refresh_token: text("refresh_token"),
        access_token: text("access_token"),
        expired_at: number("expired_at").unwrap_or(0),
        // Up to 19 digits: more than fit into a floating-point number.
        musicid: text("musicid").parse().or_else(|_| uid.parse()).map_err(|_| Unfit)?,
        musickey: key,
        unionid: text("unionid"),
        str_musicid: credential.field("str_musicid").map_or(uid, exposed),
        refresh_key: text("refresh_key"),
        musickey_create_time: number("musickeyCreateTime").unwrap_or(issued_at),
        key_expires_in: number("keyExpiresIn").unwrap_or(life),
        first_login: number("first_login").unwrap_or(0),
        bind_account_type: number("bindAccountType").unwrap_or(0),
        need_refresh_key_in: number("needRefreshKeyIn").unwrap_or(0),
        encrypt_uin: text("encryptUin"),
        login_type: number("loginType").unwrap_or(if key.starts_with("W_X") { WECHAT } else { QQ }),
    };
    serde_json::to_string(&shape).map(Secret::new).map_err(|_| Unfit)
}

/// The text of a value that is being exported.
#[expect(clippy::disallowed_methods, reason = "an export is for whoever the person gives it to")]
fn exposed(secret: &Secret) -> &str {
    secret.expose()
}
