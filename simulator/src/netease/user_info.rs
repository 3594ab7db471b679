//! User info: who is signed in (protocol: NetEase §5.1).

use serde_json::{Value, json};

use super::Context;
use super::api_reply::ApiReply;
use super::session::living_session;
use crate::state::account::Account;
use crate::state::settings::GuestFlag;

/// Tells who is signed in: `…/w/nuser/account/get` and `…/nuser/account/get`.
pub(super) fn get(context: &Context<'_>) -> ApiReply {
    let (state, memory) = context.state.lock();
    let request = context.request;
    match living_session(&state, request) {
        Ok(_) if state.settings.guests == GuestFlag::Anonimous => ApiReply::declined(visitor()),
        Ok(_) if state.settings.guests == GuestFlag::Anonymous => ApiReply::declined(named_visitor()),
        Ok(credential) => match state.account_in_reply(&credential.account, context.fault) {
            Ok(account) => ApiReply::ok(signed_in(&account)),
            Err(_) => ApiReply::declined(nobody()),
        },
        Err(Some(rule)) => ApiReply::broken_rule(rule, json!({"code": 301, "msg": "需要登录"})),
        Err(None) => {
            let guest = request.cookie("MUSIC_A").filter(|token| memory.guests.contains(token));
            ApiReply::declined(if guest.is_some() { visitor() } else { nobody() })
        }
    }
}

/// Nobody is signed in, which is no error.
fn nobody() -> Value {
    json!({"code": 200, "account": null, "profile": null})
}

/// The body for a guest.
fn visitor() -> Value {
    json!({"code": 200, "profile": null, "account": {
        "id": 9_000_000_001_u64, "userName": "1000_SIMULATED", "type": 1000, "status": -10, "whitelistAuthority": 0,
        "createTime": 1_700_000_000_000_i64, "tokenVersion": 0, "ban": 0, "baoyueVersion": 0, "donateVersion": 0,
        "vipType": 0, "anonimousUser": true, "paidFee": false,
    }})
}

/// The body for a guest in another spelling, and with a profile that looks like somebody's.
fn named_visitor() -> Value {
    let mut body = visitor();
    body["account"]["anonymousUser"] = body["account"]["anonimousUser"].take();
    body["account"].as_object_mut().map(|account| account.remove("anonimousUser"));
    body["profile"] = json!({"userId": 9_000_000_001_u64, "nickname": "游客", "avatarUrl": ""});
    body
}

/// The body for somebody who is signed in.
pub(super) fn signed_in(account: &Account) -> Value {
    let membership = account.membership;
    let paid = membership.vip.is_some();
    // The profile says 110 for the best tier and the account 11 for the same person (protocol: NetEase §5.2).
    let profile_vip = if membership.svip.is_some() { 110 } else { 11 * i32::from(paid) };
    let id = account.number();
    // A phone number, which nobody may log or show.
    let phone = format!("1_{}", account.phone);
    json!({
        "code": 200,
        "account": {
            "id": id, "userName": phone, "type": 1, "status": 0, "whitelistAuthority": 0,
            "createTime": 1_500_000_000_000_i64, "tokenVersion": 1, "ban": 0, "baoyueVersion": 0, "donateVersion": 0,
            "vipType": 11 * i32::from(paid), "anonimousUser": false, "paidFee": false,
        },
        "profile": {
            "userId": id, "userType": 0, "nickname": account.nickname, "avatarImgId": 109_951_163_u64,
            "avatarUrl": account.avatar_url, "backgroundUrl": "", "signature": "", "createTime": 1_500_000_000_000_i64,
            "userName": phone, "accountType": 1, "shortUserName": &phone[2..], "birthday": 0, "gender": 0,
            "province": 110_000, "city": 110_101, "vipType": profile_vip, "viptypeVersion": 1_600_000_000_000_i64,
            "accountStatus": 0, "authStatus": 0, "djStatus": 0, "lastLoginTime": 1_700_000_000_000_i64,
            "lastLoginIP": "192.0.2.7", "authenticationTypes": 0, "anchor": false,
        },
    })
}
