//! Renewal by path A and path B, and sign-out (protocol: QQ §7).

use serde_json::{Map, Value, json};

use super::credential::{body, lifetime, login_type, musicid, new_musickey, skeleton};
use super::envelope::{Call, CallReply, Envelope, text_of};
use super::session::{living_session, session_by_key};
use super::{Context, Memory};
use crate::clock::now_ms;
use crate::http::request::expect_values;
use crate::state::account::{AccountKind, Service};
use crate::state::ledger::{Credential, RevokedBy};
use crate::state::shared_state::SharedState;

/// Path A: `music.login.LoginServer/Login` with `loginMode` 2.
pub(super) fn path_a(context: &Context<'_>, envelope: &Envelope, call: &Call) -> CallReply {
    context.state.change(|state, _| match check_a(state, context, &envelope.comm, &call.param) {
        Ok(old) => renew(state, context, &old, !state.settings.sparse_renewals),
        Err(reply) => reply.with(skeleton()),
    })
}

/// Path B: `QQConnectLogin.LoginServer/QQLogin` with the old key; QQ accounts only, and the key must still be good.
pub(super) fn path_b(context: &Context<'_>, call: &Call) -> CallReply {
    context.state.change(|state, memory| match check_b(state, memory, context, &call.param) {
        Ok(old) => {
            let mut reply = renew(state, context, &old, true);
            reply.data["refresh_key"] = json!("");
            reply
        }
        Err(reply) => reply.with(skeleton()),
    })
}

/// `music.login.LoginServer/Logout`.
pub(super) fn logout(context: &Context<'_>, envelope: &Envelope) -> CallReply {
    context.state.change(|state, memory| {
        match living_session(state, memory, context.request, &envelope.comm) {
            Ok(credential) => {
                state.ledger.revoke_session(credential.session, RevokedBy::SignOut, now_ms());
                CallReply::ok(json!({}))
            }
            Err(reply) => reply,
        }
    })
}

fn renew(state: &mut SharedState, context: &Context<'_>, old: &Credential, with_tokens: bool) -> CallReply {
    let Ok(account) = state.account_in_reply(&old.account, context.fault) else {
        return CallReply::broken_rule(1000, "the account is gone").with(skeleton());
    };
    let mut secrets = old.secrets.clone();
    secrets.insert("musickey".to_owned(), new_musickey(state, &account));
    // A credential that had no refresh token gets one by its first renewal (protocol: QQ §7.1).
    let is_new = old.secret("refresh_token").is_empty();
    if is_new {
        secrets.insert("refresh_token".to_owned(), state.tokens.upper_hex(32));
    }
    let (issued, expires) = lifetime(state);
    let times = (issued, expires, now_ms());
    let credential = state.ledger.renew(old, &account, secrets, times, state.settings.rotation);
    state.ledger.set_login_type(credential.id, login_type(account.kind));
    let mut data = body(state, &account, &credential);
    if !with_tokens {
        // A client that overwrites what it has with these loses it (protocol: QQ §7.4).
        if !is_new {
            data["refresh_token"] = json!("");
        }
        data["access_token"] = json!("");
        data["openid"] = json!("");
    }
    CallReply::ok(data)
}

/// The parameters of path A by the kind of sign-in, and whether the key can still be renewed with them.
fn check_a(
    state: &SharedState,
    context: &Context<'_>,
    comm: &Map<String, Value>,
    param: &Map<String, Value>,
) -> Result<Credential, CallReply> {
    let rule = |rule: String| Err(CallReply::broken_rule(1000, rule));
    // It belongs to the telephone's calls and is answered like this everywhere else (protocol: QQ §13.5).
    if !text_of(comm, "tmeLoginMethod").is_empty() {
        return rule("comm.tmeLoginMethod has no place in a renewal".to_owned());
    }
    let key = text_of(param, "musickey");
    let Some(old) = state.ledger.find(Service::QqMusic, "musickey", &key).cloned() else {
        return rule("the old key is unknown".to_owned());
    };
    check_shape(state, &old, comm, param).map_err(|rule| CallReply::broken_rule(1000, rule))?;
    if !param.get("loginMode").is_some_and(Value::is_number) {
        return rule("loginMode is not a number".to_owned());
    }
    // Empty ones are usual (protocol: QQ §2.3), wrong ones are not.
    for name in ["refresh_key", "openid", "access_token", "refresh_token", "unionid"] {
        let sent = text_of(param, name);
        if !sent.is_empty() && sent != old.secret(name) {
            return rule(format!("{name} is not the account's"));
        }
    }
    let carried = text_of(comm, "authst");
    let cookie = context.request.cookie("qm_keyst").unwrap_or_default();
    if carried != key && cookie != key {
        return rule("comm.authst is not the old key".to_owned());
    }
    // The key may have ended of age: what renews it outlives it. A key that was replaced may not, and number and key
    // alone are renewed only while the key works (protocol: QQ §13.3, §13.9).
    let sent = |name: &str| !text_of(param, name).is_empty();
    let revives = sent("refresh_key") || (sent("openid") && sent("refresh_token"));
    let replaced = old.revoked.is_some() || old.superseded_ms.is_some_and(|at| at <= now_ms());
    if replaced || (!revives && !old.is_valid()) {
        return Err(CallReply::declined(1000));
    }
    Ok(old)
}

/// `tmeLoginType` and the account's numbers, which go together: 1 goes by text, 2 by number, and every other way of
/// signing in by both (protocol: QQ §13.2). Both are good for all.
fn check_shape(
    state: &SharedState,
    old: &Credential,
    comm: &Map<String, Value>,
    param: &Map<String, Value>,
) -> Result<(), String> {
    let account = state.account(&old.account).ok();
    let kind = login_type(account.map_or(AccountKind::Qq, |account| account.kind));
    let told = old.login_type.unwrap_or(kind);
    let named = text_of(comm, "tmeLoginType");
    let is_kind = named == kind.to_string() && !state.settings.repeats_login_type;
    if named != told.to_string() && !is_kind {
        return Err(format!("comm.tmeLoginType is not the {told} of the last answer"));
    }
    let names: &[&str] = match named.as_str() {
        "1" => &["str_musicid"],
        "2" => &["musicid"],
        _ => &["musicid", "str_musicid"],
    };
    let number = account.map(|account| musicid(state, account)).unwrap_or_default().to_string();
    for name in names {
        let sent = text_of(param, name);
        if sent != old.uid && !(*name == "musicid" && sent == number) {
            return Err(format!("{name} is not the account's"));
        }
    }
    if names.contains(&"musicid") && !param.get("musicid").is_some_and(Value::is_number) {
        return Err("musicid is not a number".to_owned());
    }
    Ok(())
}

fn check_b(
    state: &SharedState,
    memory: &Memory,
    context: &Context<'_>,
    param: &Map<String, Value>,
) -> Result<Credential, CallReply> {
    let request = context.request;
    let rule = |rule: String| Err(CallReply::broken_rule(1000, rule));
    let formats = [("format", "json"), ("inCharset", "utf8"), ("outCharset", "utf8")];
    if let Err(wrong) = expect_values(&request.query, &formats) {
        return rule(wrong);
    }
    let key = text_of(param, "musickey");
    let cookie = |name: &str| request.cookie(name).unwrap_or_default();
    if cookie("qqmusic_key") != key && cookie("qm_keyst") != key {
        return rule("the cookies do not carry the old key".to_owned());
    }
    let old = session_by_key(state, memory, &key, &text_of(param, "str_musicid"))?;
    for (name, wanted) in
        [("onlyNeedAccessToken", "0"), ("forceRefreshToken", "0"), ("musicid", old.uid.as_str())]
    {
        if text_of(param, name) != wanted {
            return rule(format!("{name} is not {wanted}"));
        }
    }
    for name in ["expired_at", "musickeyCreateTime"] {
        if !param.get(name).is_some_and(Value::is_number) {
            return rule(format!("{name} is not a number"));
        }
    }
    for (sent, kept) in [
        ("psrf_qqopenid", "openid"),
        ("refresh_token", "refresh_token"),
        ("access_token", "access_token"),
        ("unionid", "unionid"),
    ] {
        if text_of(param, sent) != old.secret(kept) {
            return rule(format!("{sent} is missing or not the account's"));
        }
    }
    if text_of(param, "encryptUin").is_empty() {
        return rule("encryptUin is missing".to_owned());
    }
    Ok(old)
}
