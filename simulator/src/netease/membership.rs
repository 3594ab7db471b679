//! Memberships: what an account has paid for (protocol: NetEase §5.2).

use serde_json::{Value, json};

use super::Context;
use super::api_reply::{ApiReply, sign_in_first};
use super::session::living_session;
use super::transport::Call;
use crate::clock::now_ms;
use crate::state::account::{Account, Service, Subscription};

/// Tells the membership of an account: `…/music-vip-membership/front/vip/info` and `…/client/vip/info`.
pub(super) fn info(context: &Context<'_>, call: &Call) -> ApiReply {
    let state = context.state.lock_shared();
    let credential = match living_session(&state, context.request) {
        Ok(credential) => credential,
        Err(Some(rule)) => return ApiReply::broken_rule(rule, sign_in_first()),
        Err(None) => return ApiReply::declined(sign_in_first()),
    };
    let asked = call.text("userId");
    let asked =
        if asked.is_empty() { credential.account } else { format!("{}:{asked}", Service::NetEase.name()) };
    match state.account_in_reply(&asked, context.fault) {
        Ok(account) => ApiReply::ok(body(&account, context.request.path.contains("/client/"))),
        Err(_) => ApiReply::broken_rule("userId is nobody", json!({"code": 404})),
    }
}

fn product(held: Option<Subscription>, vip_code: i64) -> Value {
    json!({
        "vipCode": held.map_or(0, |_| vip_code), "vipLevel": held.map_or(0, |held| held.level),
        "expireTime": held.map_or(0, |held| held.until_ms), "iconUrl": null, "dynamicIconUrl": null, "isSign": false,
        "isSignIap": false, "isSignDeduct": false, "isSignIapDeduct": false,
    })
}

fn body(account: &Account, client: bool) -> Value {
    let membership = account.membership;
    let level = membership.vip.map_or(0, |held| held.level);
    let yearly = membership.vip.is_some_and(|held| held.yearly);
    let mut data = json!({
        "redVipLevel": level, "redVipLevelIcon": "", "redVipAnnualCount": if yearly { 1 } else { -1 },
        "redVipDynamicIconUrl": null, "redVipDynamicIconUrl2": null, "familyVip": null,
        "associator": product(membership.vip, 100), "musicPackage": product(membership.basic, 220),
        // Missing altogether for those who never had it.
        "redplus": membership.svip.map_or(Value::Null, |held| product(Some(held), 300)),
    });
    if client {
        for (name, value) in [
            ("now", json!(now_ms())),
            ("userId", json!(account.number())),
            ("albumVip", Value::Null),
            ("voiceBookVip", Value::Null),
            ("oldCacheProtocol", json!(false)),
            ("relationType", json!(0)),
            ("relationOtherUserId", Value::Null),
            ("relationOtherUserRedVipExpireTime", Value::Null),
        ] {
            data[name] = value;
        }
    }
    json!({"code": 200, "message": "成功", "data": data})
}
