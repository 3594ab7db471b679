//! User info: who somebody is, and whether the credential is good (protocol: QQ §8.1, §8.2).

use serde_json::json;

use super::Context;
use super::envelope::{Call, CallReply, Envelope, text_of};
use super::hash::hash33;
use super::session::{living_session, session_by_key};
use crate::http::encoding::base64_encode;
use crate::http::reply::Reply;
use crate::http::request::expect_values;
use crate::service::outcome::{Outcome, Refusal};
use crate::state::account::Service;
use crate::state::fault::FaultKind;

/// Tells whether the credential is good, with a name and a picture but no account (protocol: QQ §13.7):
/// `music.UserInfo.userInfoServer/GetLoginUserInfo`.
pub(super) fn login_user_info(context: &Context<'_>, envelope: &Envelope) -> CallReply {
    let (state, memory) = context.state.lock();
    let account = living_session(&state, &memory, context.request, &envelope.comm).and_then(|credential| {
        state.account_in_reply(&credential.account, context.fault).map_err(|_| CallReply::declined(1000))
    });
    match account {
        Ok(account) => CallReply::ok(json!({"info": {
            "nick": account.nickname, "logo": account.avatar_url,
        }})),
        Err(reply) => reply,
    }
}

/// Tells names and pictures of accounts to anybody: `userInfo.BaseUserInfoServer/get_user_baseinfo_v2`.
pub(super) fn base_info(context: &Context<'_>, call: &Call) -> CallReply {
    let Some(uins) = call.param.get("vec_uin").and_then(|value| value.as_array()) else {
        return CallReply::broken_rule(10_006, "vec_uin is not a list");
    };
    if uins.iter().any(|uin| !uin.is_string()) {
        return CallReply::broken_rule(10_006, "vec_uin holds something other than text");
    }
    let state = context.state.lock_shared();
    let mut map = json!({});
    for uin in uins.iter().filter_map(|uin| uin.as_str()) {
        let id = format!("{}:{uin}", Service::QqMusic.name());
        if let Ok(account) = state.account_in_reply(&id, context.fault) {
            map[uin] =
                json!({"nick": account.nickname, "headurl": account.avatar_url, "desc": "", "uin": uin});
        }
    }
    CallReply::ok(json!({"map_userinfo": map}))
}

/// Tells the name and picture of an `encryptUin`: `music.UnifiedHomepage.UnifiedHomepageSrv/GetHomepageHeader`.
pub(super) fn homepage_header(context: &Context<'_>, call: &Call) -> CallReply {
    let euin = text_of(&call.param, "uin");
    if text_of(&call.param, "IsQueryTabDetail") != "1" {
        return CallReply::broken_rule(10_006, "IsQueryTabDetail is not 1");
    }
    let state = context.state.lock_shared();
    let found = state.accounts.iter().find(|account| !euin.is_empty() && account.encrypt_uin == euin);
    match found.and_then(|account| state.account_in_reply(&account.id, context.fault).ok()) {
        None => CallReply::broken_rule(10_006, "uin is no encryptUin"),
        Some(account) => CallReply::ok(json!({
            "Info": {
                "BaseInfo": {
                    "EncryptedUin": account.encrypt_uin, "Name": account.nickname, "Avatar": account.avatar_url,
                    "BackgroundImage": "", "UserType": 0,
                },
                "Singer": {}, "IsFollowed": 0,
            },
            "TabDetail": {},
        })),
    }
}

/// Tells who is signed in, on the web: `GET https://c6.y.qq.com/rsc/fcgi-bin/fcg_get_profile_homepage.fcg`.
pub(super) fn web(context: &Context<'_>) -> Outcome {
    let request = context.request;
    let key = request.cookie("qm_keyst").or_else(|| request.cookie("qqmusic_key")).unwrap_or_default();
    let uin = request.cookie("uin").unwrap_or_default();
    let g_tk = hash33(&key, 5381).to_string();
    let id = uin.trim_start_matches('o').trim_start_matches('0').to_owned();
    let fixed = [
        ("g_tk", g_tk.as_str()),
        ("format", "json"),
        ("cid", "205360838"),
        ("loginUin", id.as_str()),
        ("userid", id.as_str()),
        ("hostUin", "0"),
        ("reqfrom", "1"),
    ];
    if let Err(rule) = expect_values(&request.query, &fixed) {
        return Outcome::broken_rule(rule, error_reply(1000));
    }
    if let Some(code) = context.fault.and_then(|fault| match fault.kind {
        FaultKind::UnknownCode => Some(fault.code_or(77_777)),
        FaultKind::Risk => Some(fault.code_or(2001)),
        FaultKind::RateLimited => Some(104_604),
        FaultKind::Expired => Some(1000),
        _ => None,
    }) {
        return Outcome::declined(error_reply(code));
    }
    let (state, memory) = context.state.lock();
    let account = session_by_key(&state, &memory, &key, &uin).and_then(|credential| {
        state.account_in_reply(&credential.account, context.fault).map_err(|_| CallReply::declined(1000))
    });
    match account {
        Ok(account) => Reply::json(&json!({"code": 0, "subcode": 0, "message": "", "data": {"creator": {
            "uin": account.number(), "encrypt_uin": account.encrypt_uin, "headpic": account.avatar_url,
            // Base64 in some replies, plain in others.
            "nick": base64_encode(account.nickname.as_bytes()),
        }}}))
        .into(),
        Err(reply) => Outcome {
            reply: error_reply(reply.code),
            refusal: reply.refusal.or(Some(Refusal::Declined)),
            upgrade: None,
        },
    }
}

fn error_reply(code: i64) -> Reply {
    Reply::json(&json!({"code": code, "subcode": code, "message": "", "data": {}}))
}
