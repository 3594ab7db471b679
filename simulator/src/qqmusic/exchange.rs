//! The code for a credential: the exchange (protocol: QQ §1.6, §2.3), and the credential's form (§6).

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::gateway::{Call, CallReply, Envelope, is_web, text_of};
use super::wechat_scan;
use crate::account::{Account, AccountKind};
use crate::clock::now_ms;
use crate::fault::{Fault, FaultKind};
use crate::ledger::{Credential, IssuedVia};
use crate::request_context::RequestContext;
use crate::simulator_state::SharedState;

/// `QQConnectLogin.LoginServer/QQLogin` with a code.
pub(super) fn exchange(context: &RequestContext<'_>, envelope: &Envelope, call: &Call) -> CallReply {
    if text_of(&envelope.comm, "tmeLoginType") != "2" {
        return CallReply::broken_rule(1000, "comm.tmeLoginType is not 2").with(skeleton());
    }
    context.state.change(|state| {
        let wanted = text_of(&call.param, "code");
        let (account, via) = match state.qqmusic.codes.iter_mut().find(|code| code.code == wanted) {
            None => return CallReply::broken_rule(1000, "the code is unknown").with(skeleton()),
            Some(code) if code.used => {
                return CallReply::broken_rule(1000, "the code was used before").with(skeleton());
            }
            Some(code) => {
                code.used = true;
                (code.account.clone(), code.via)
            }
        };
        grant(state, context, &envelope.comm, &account, via)
    })
}

/// `music.login.LoginServer/Login` with a code from WeChat (protocol: QQ §2.3).
pub(super) fn exchange_wechat(context: &RequestContext<'_>, envelope: &Envelope, call: &Call) -> CallReply {
    let rule = |rule: &str| CallReply::broken_rule(1000, rule).with(skeleton());
    if text_of(&envelope.comm, "tmeLoginType") != "1" {
        return rule("comm.tmeLoginType is not 1");
    }
    if text_of(&call.param, "strAppid") != wechat_scan::APP_ID {
        return rule("strAppid is not QQ Music's");
    }
    context.state.change(|state| {
        let wanted = text_of(&call.param, "code");
        let account = match state.qqmusic.wechat_codes.iter_mut().find(|code| code.code == wanted) {
            None => return rule("the code is unknown"),
            Some(code) if code.used => return rule("the code was used before"),
            Some(code) => {
                code.used = true;
                code.account.clone()
            }
        };
        grant(state, context, &envelope.comm, &account, IssuedVia::WechatScan)
    })
}

/// Signs `account` in.
pub(super) fn grant(
    state: &mut SharedState,
    context: &RequestContext<'_>,
    comm: &Map<String, Value>,
    account: &str,
    via: IssuedVia,
) -> CallReply {
    if state.settings.device_limit {
        let mut data = skeleton();
        data["errMsg"] = json!("登录设备已达上限，请在手机上移除一台设备");
        return CallReply::declined(20_279).with(data);
    }
    let Ok(account) = spoken_of(state, context, account) else {
        return CallReply::broken_rule(1000, "the account is gone").with(skeleton());
    };
    let mut secrets = generate_secrets(state, &account);
    if via == IssuedVia::WechatScan && !state.settings.wechat_refresh_fields {
        // They are in the answer, but empty; it can be renewed without them.
        secrets.retain(|name, _| !REFRESH_FIELDS.contains(&name.as_str()));
    }
    let (issued, expires) = lifetime(state);
    let credential = state.ledger.sign_in(&account, via, secrets, issued, expires);
    let raw = raw_login_type(via).filter(|_| state.settings.raw_login_type);
    let login_type = raw.unwrap_or(account.kind.login_type());
    state.ledger.told(credential.id, login_type);
    let mut data = body(state, &account, &credential);
    data["loginType"] = json!(login_type);
    let mut reply = CallReply::ok(data);
    if is_web(comm) {
        reply.cookies = cookies(&account, &credential);
    }
    reply
}

const REFRESH_FIELDS: [&str; 3] = ["refresh_key", "refresh_token", "access_token"];

/// The ways of signing in that have a `loginType` of their own (protocol: QQ §6).
fn raw_login_type(via: IssuedVia) -> Option<i64> {
    match via {
        IssuedVia::Phone => Some(0),
        IssuedVia::AppScan => Some(6),
        IssuedVia::QqScan | IssuedVia::WechatScan | IssuedVia::OfficialPage | IssuedVia::Renewal => None,
    }
}

/// The account that the answer speaks of: `account`, unless the fault wants another one.
pub(super) fn spoken_of(
    state: &SharedState,
    context: &RequestContext<'_>,
    account: &str,
) -> Result<Account, crate::ControlError> {
    spoken_of_fault(state, context.fault, account)
}

/// The same, where there is no context.
pub(super) fn spoken_of_fault(
    state: &SharedState,
    fault: Option<&Fault>,
    account: &str,
) -> Result<Account, crate::ControlError> {
    let own = state.account(account)?.clone();
    match fault.filter(|fault| fault.kind == FaultKind::WrongUser) {
        None => Ok(own),
        Some(fault) => match &fault.account {
            Some(id) => state.account(id).cloned(),
            None => Ok(state
                .accounts
                .iter()
                .find(|other| other.service == own.service && other.id != own.id)
                .cloned()
                .unwrap_or(own)),
        },
    }
}

/// When a credential made now was issued and when it ends, in milliseconds.
pub(super) fn lifetime(state: &SharedState) -> (i64, i64) {
    let issued = now_ms() - state.settings.issue_age_seconds * 1000;
    (issued, issued + state.settings.key_life_seconds * 1000)
}

fn generate_secrets(state: &SharedState, account: &Account) -> BTreeMap<String, String> {
    let tokens = &state.tokens;
    [
        ("musickey", generate_key(state, account)),
        ("openid", tokens.upper_hex(32)),
        ("unionid", format!("UID_{}", tokens.upper_hex(32))),
        ("access_token", tokens.upper_hex(32)),
        ("refresh_token", tokens.upper_hex(32)),
        ("refresh_key", format!("rk_{}", tokens.word(60))),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// A new `musickey`: about as long as the real ones, with the prefix of the account's kind.
pub(super) fn generate_key(state: &SharedState, account: &Account) -> String {
    format!("{}{}", account.kind.key_prefix(), state.tokens.word(88))
}

/// What every failed sign-in call answers: all fields, empty (protocol: QQ §6).
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

/// What stands for a WeChat account's number where only the text has it (protocol: QQ §13.1).
const PLACEHOLDER: u64 = 1;

/// The number that `musicid` has.
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
    body["loginType"] = json!(account.kind.login_type());
    body["userip"] = json!("192.0.2.7");
    body
}

/// The cookies that the web form of the exchange sets besides; those that have no value are not set.
fn cookies(account: &Account, credential: &Credential) -> Vec<String> {
    let secret = |name: &str| credential.secret(name).to_owned();
    let issued = credential.issued_ms / 1000;
    let common = [
        ("qqmusic_key", secret("musickey")),
        ("qm_keyst", secret("musickey")),
        ("qqmusic_uin", account.uid.clone()),
        ("euin", account.encrypt_uin.clone()),
        ("tmeLoginType", account.kind.login_type().to_string()),
        // Numbered the other way round (protocol: QQ §0).
        ("login_type", (3 - account.kind.login_type()).to_string()),
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
