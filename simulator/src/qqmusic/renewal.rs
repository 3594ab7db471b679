//! Renewal by path A and path B, and sign-out (protocol: QQ §7).

use serde_json::{Map, Value, json};

use super::gateway::{Call, Envelope, Inner, by_key, signed_in, text_of};
use super::sign_in::{body, lifetime, mint_key, raw_login_type, skeleton, spoken_of};
use crate::account::{AccountKind, Service};
use crate::clock::now_ms;
use crate::exchange::{Turn, expect_values};
use crate::ledger::{Credential, RevokedBy};
use crate::world::State;

/// Path A: `music.login.LoginServer/Login` with `loginMode` 2.
pub(super) fn path_a(turn: &Turn<'_>, envelope: &Envelope, call: &Call) -> Inner {
    turn.world.change(|state| match check_a(state, turn, &envelope.comm, &call.param) {
        Ok(old) => renew(state, turn, &old, !state.settings.sparse_renewals),
        Err(inner) => inner.with(skeleton()),
    })
}

/// Path B: `QQConnectLogin.LoginServer/QQLogin` with the old key; QQ accounts only, and the key must still be good.
pub(super) fn path_b(turn: &Turn<'_>, call: &Call) -> Inner {
    turn.world.change(|state| match check_b(state, turn, &call.param) {
        Ok(old) => {
            let mut inner = renew(state, turn, &old, true);
            inner.data["refresh_key"] = json!("");
            inner
        }
        Err(inner) => inner.with(skeleton()),
    })
}

/// `music.login.LoginServer/Logout`.
pub(super) fn logout(turn: &Turn<'_>, envelope: &Envelope) -> Inner {
    turn.world.change(|state| match signed_in(state, turn.request, &envelope.comm) {
        Ok(credential) => {
            state.ledger.revoke_session(credential.session, RevokedBy::SignOut, now_ms());
            Inner::ok(json!({}))
        }
        Err(inner) => inner,
    })
}

fn renew(state: &mut State, turn: &Turn<'_>, old: &Credential, with_tokens: bool) -> Inner {
    let Ok(account) = spoken_of(state, turn, &old.account) else {
        return Inner::rule(1000, "the account is gone").with(skeleton());
    };
    let mut secrets = old.secrets.clone();
    secrets.insert("musickey".to_owned(), mint_key(state, &account));
    // A credential that had no refresh token gets one by its first renewal (protocol: QQ §7.1).
    let is_new = old.secret("refresh_token").is_empty();
    if is_new {
        secrets.insert("refresh_token".to_owned(), state.mint.upper_hex(32));
    }
    let (issued, expires) = lifetime(state);
    let times = (issued, expires, now_ms());
    let credential = state.ledger.renew(old, &account, secrets, times, state.settings.rotation);
    let mut data = body(&account, &credential, state.settings.key_life_seconds);
    if !with_tokens {
        // A client that overwrites what it has with these loses it (protocol: QQ §7.4).
        if !is_new {
            data["refresh_token"] = json!("");
        }
        data["access_token"] = json!("");
        data["openid"] = json!("");
    }
    Inner::ok(data)
}

/// The parameters of path A by kind of account.
fn check_a(
    state: &State,
    turn: &Turn<'_>,
    comm: &Map<String, Value>,
    param: &Map<String, Value>,
) -> Result<Credential, Inner> {
    let rule = |rule: String| Err(Inner::rule(1000, rule));
    let key = text_of(param, "musickey");
    let Some(old) = state.ledger.find(Service::QqMusic, "musickey", &key).cloned() else {
        return rule("the old key is unknown".to_owned());
    };
    let kind = state.account(&old.account).map_or(AccountKind::Qq, |account| account.kind);
    // Clients that keep the `loginType` of the answer renew with it (protocol: QQ §7.1, "other").
    let raw = state.ledger.sign_in_of(&old).and_then(|first| raw_login_type(first.via));
    let login_type = text_of(comm, "tmeLoginType");
    let is_raw = raw.is_some_and(|raw| login_type == raw.to_string());
    if login_type != kind.login_type().to_string() && !is_raw {
        return rule(format!("comm.tmeLoginType is not {}", kind.login_type()));
    }
    // The ids: a number for QQ, text for WeChat; mini-programs send both, and so do those of the other kinds.
    let id_names: &[&str] = match kind {
        _ if is_raw => &["musicid", "str_musicid"],
        AccountKind::WeChat => &["str_musicid"],
        AccountKind::Qq | AccountKind::Native => &["musicid"],
    };
    for id_name in id_names {
        if text_of(param, id_name) != old.uid {
            return rule(format!("{id_name} is not the account's"));
        }
    }
    if id_names.contains(&"musicid") && !param.get("musicid").is_some_and(Value::is_number) {
        return rule("musicid is not a number".to_owned());
    }
    if !param.get("loginMode").is_some_and(Value::is_number) {
        return rule("loginMode is not a number".to_owned());
    }
    if text_of(param, "refresh_key") != old.secret("refresh_key") {
        return rule("refresh_key is missing or not the account's".to_owned());
    }
    // With no refresh key, the openid has to do (protocol: QQ §7.1).
    if old.secret("refresh_key").is_empty() && text_of(param, "openid").is_empty() {
        return rule("there is neither a refresh_key nor an openid".to_owned());
    }
    // Empty ones are usual (protocol: QQ §2.3), wrong ones are not.
    for name in ["openid", "access_token", "refresh_token", "unionid"] {
        let sent = text_of(param, name);
        if !sent.is_empty() && sent != old.secret(name) {
            return rule(format!("{name} is not the account's"));
        }
    }
    let carried = text_of(comm, "authst");
    let cookie = turn.request.cookie("qm_keyst").unwrap_or_default();
    if carried != key && cookie != key {
        return rule("comm.authst is not the old key".to_owned());
    }
    // The key may have ended of age: the refresh key outlives it. A key that was replaced may not.
    if old.revoked.is_some() || old.superseded_ms.is_some_and(|at| at <= now_ms()) {
        return Err(Inner::outdated(1000));
    }
    Ok(old)
}

fn check_b(state: &State, turn: &Turn<'_>, param: &Map<String, Value>) -> Result<Credential, Inner> {
    let request = turn.request;
    let rule = |rule: String| Err(Inner::rule(1000, rule));
    let formats = [("format", "json"), ("inCharset", "utf8"), ("outCharset", "utf8")];
    if let Err(wrong) = expect_values(&request.query, &formats) {
        return rule(wrong);
    }
    let key = text_of(param, "musickey");
    let cookie = |name: &str| request.cookie(name).unwrap_or_default();
    if cookie("qqmusic_key") != key && cookie("qm_keyst") != key {
        return rule("the cookies do not carry the old key".to_owned());
    }
    let old = by_key(state, &key, &text_of(param, "str_musicid"))?;
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
