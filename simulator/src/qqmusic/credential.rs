//! The credential: what is in it, how long it lives, and how the service writes it (protocol: QQ §6).

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::envelope::{CallReply, is_web};
use crate::clock::now_ms;
use crate::state::account::{Account, AccountKind};
use crate::state::fault::Fault;
use crate::state::ledger::{Credential, IssuedVia};
use crate::state::shared_state::SharedState;

/// Signs an account in: the reply has the credential, and cookies where the client is a web page.
pub(super) fn sign_in(
    state: &mut SharedState,
    fault: Option<&Fault>,
    comm: &Map<String, Value>,
    account: &str,
    via: IssuedVia,
) -> CallReply {
    if state.settings.device_limit {
        let mut data = skeleton();
        data["errMsg"] = json!("登录设备已达上限，请在手机上移除一台设备");
        return CallReply::declined(20_279).with(data);
    }
    let Ok(account) = state.account_in_reply(account, fault) else {
        return CallReply::broken_rule(1000, "the account is gone").with(skeleton());
    };
    let mut secrets = new_secrets(state, &account);
    if via == IssuedVia::WechatScan && !state.settings.wechat_refresh_fields {
        // They are in the reply, but empty; it can be renewed without them.
        secrets.retain(|name, _| !REFRESH_FIELDS.contains(&name.as_str()));
    }
    let (issued, expires) = lifetime(state);
    let credential = state.ledger.sign_in(&account, via, secrets, issued, expires);
    let raw = raw_login_type(via).filter(|_| state.settings.raw_login_type);
    let told = raw.unwrap_or(login_type(account.kind));
    state.ledger.set_login_type(credential.id, told);
    let mut data = body(state, &account, &credential);
    data["loginType"] = json!(told);
    let mut reply = CallReply::ok(data);
    if is_web(comm) {
        reply.cookies = cookies(&account, &credential);
    }
    reply
}

/// What a credential may lack and be renewed all the same (protocol: QQ §2.3).
const REFRESH_FIELDS: [&str; 3] = ["refresh_key", "refresh_token", "access_token"];

/// The `loginType` and `tmeLoginType` of a kind of account (protocol: QQ §0).
pub(super) fn login_type(kind: AccountKind) -> i64 {
    if kind == AccountKind::WeChat { 1 } else { 2 }
}

/// The `loginType` of a sign-in method that has one of its own (protocol: QQ §6).
fn raw_login_type(via: IssuedVia) -> Option<i64> {
    match via {
        IssuedVia::Phone => Some(0),
        IssuedVia::AppScan => Some(6),
        IssuedVia::QqScan | IssuedVia::WechatScan | IssuedVia::OfficialPage | IssuedVia::Renewal => None,
    }
}

/// When a credential made now was issued and when it ends, in milliseconds since the Unix epoch.
pub(super) fn lifetime(state: &SharedState) -> (i64, i64) {
    let issued = now_ms() - state.settings.issue_age_seconds * 1000;
    (issued, issued + state.settings.key_life_seconds * 1000)
}

fn new_secrets(state: &SharedState, account: &Account) -> BTreeMap<String, String> {
    let tokens = &state.tokens;
    [
        ("musickey", new_musickey(state, account)),
        ("openid", tokens.upper_hex(32)),
        ("unionid", format!("UID_{}", tokens.upper_hex(32))),
        ("access_token", tokens.upper_hex(32)),
        ("refresh_token", tokens.upper_hex(32)),
        ("refresh_key", format!("rk_{}", tokens.alphanumeric(60))),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// A new `musickey`: about as long as the real ones, with the prefix of the account's kind.
pub(super) fn new_musickey(state: &SharedState, account: &Account) -> String {
    let prefix = if account.kind == AccountKind::WeChat { "W_X_" } else { "Q_H_L_" };
    format!("{prefix}{}", state.tokens.alphanumeric(88))
}

/// The data of every sign-in call that fails: all fields, empty (protocol: QQ §6).
pub(super) fn skeleton() -> Value {
    json!({
        "openid": "", "refresh_token": "", "access_token": "", "expired_at": 0, "musicid": 0, "musickey": "",
        "musickeyCreateTime": 0, "keyExpiresIn": 0, "first_login": 0, "errMsg": "", "sessionKey": "", "unionid": "",
        "str_musicid": "", "errtip": "", "nick": "", "logo": "", "feedbackURL": "", "encryptUin": "", "userip": "",
        "lastLoginTime": 0, "bindAccountType": 0, "refresh_key": "", "needRefreshKeyIn": 0, "loginType": 0,
        "prompt2bind": 0, "logoffStatus": 0, "otherAccounts": [], "otherPhoneNo": "", "token": "", "isPrized": 0,
        "isShowDevManage": 0, "errTip2": "", "tip3": "", "encryptedPhoneNo": "", "phoneNo": ""
    })
}

/// The `musicid` of a WeChat account where only `str_musicid` is its number (protocol: QQ §13.1).
const PLACEHOLDER: u64 = 1;

/// The `musicid` of an account.
pub(super) fn musicid(state: &SharedState, account: &Account) -> u64 {
    let is_placeholder = state.settings.placeholder_musicid && account.kind == AccountKind::WeChat;
    if is_placeholder { PLACEHOLDER } else { account.number() }
}

/// The credential as the service writes it.
pub(super) fn body(state: &SharedState, account: &Account, credential: &Credential) -> Value {
    let issued = credential.issued_ms / 1000;
    let mut body = skeleton();
    for name in ["musickey", "openid", "unionid", "access_token", "refresh_token", "refresh_key"] {
        body[name] = json!(credential.secret(name));
    }
    // The end of the access token, about 7 days: not the end of the key (protocol: QQ §6).
    body["expired_at"] = json!(issued + 604_800);
    body["musicid"] = json!(musicid(state, account));
    body["str_musicid"] = json!(account.uid);
    body["musickeyCreateTime"] = json!(issued);
    body["keyExpiresIn"] = json!(state.settings.key_life_seconds);
    body["encryptUin"] = json!(account.encrypt_uin);
    body["loginType"] = json!(login_type(account.kind));
    body["userip"] = json!("192.0.2.7");
    body
}

/// The `Set-Cookie` lines of a sign-in by a web page; a cookie without a value is not set.
fn cookies(account: &Account, credential: &Credential) -> Vec<String> {
    let secret = |name: &str| credential.secret(name).to_owned();
    let issued = credential.issued_ms / 1000;
    let common = [
        ("qqmusic_key", secret("musickey")),
        ("qm_keyst", secret("musickey")),
        ("qqmusic_uin", account.uid.clone()),
        ("euin", account.encrypt_uin.clone()),
        ("tmeLoginType", login_type(account.kind).to_string()),
        // Numbered the other way round (protocol: QQ §0).
        ("login_type", (3 - login_type(account.kind)).to_string()),
    ];
    let own = if account.kind == AccountKind::WeChat {
        vec![
            ("wxuin", account.uid.clone()),
            ("wxopenid", secret("openid")),
            ("wxunionid", secret("unionid")),
            ("wxaccess_token", secret("access_token")),
            ("wxrefresh_token", secret("refresh_token")),
        ]
    } else {
        vec![
            ("uin", account.uid.clone()),
            ("psrf_qqopenid", secret("openid")),
            ("psrf_qqunionid", secret("unionid")),
            ("psrf_qqaccess_token", secret("access_token")),
            ("psrf_qqrefresh_token", secret("refresh_token")),
            ("psrf_musickey_createtime", issued.to_string()),
            ("psrf_access_token_expiresAt", (issued + 604_800).to_string()),
        ]
    };
    common
        .into_iter()
        .chain(own)
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}={value}; Path=/; Domain=y.qq.com; Max-Age=259200"))
        .collect()
}
