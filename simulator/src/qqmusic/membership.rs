//! Memberships: what an account has paid for (protocol: QQ §8.3, §8.4).

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use serde_json::{Value, json};

use super::Context;
use super::envelope::{Call, CallReply, Envelope};
use super::session::living_session;
use crate::state::account::{Account, Membership, Service, Subscription};

/// Tells the memberships of accounts: `userInfo.VipQueryServer/SRFVipQuery_V2`.
pub(super) fn query(context: &Context<'_>, envelope: &Envelope, call: &Call) -> CallReply {
    let (state, memory) = context.state.lock();
    if let Err(reply) = living_session(&state, &memory, context.request, &envelope.comm) {
        return reply;
    }
    let Some(uins) = call.param.get("uin_list").and_then(Value::as_array) else {
        return CallReply::broken_rule(10_006, "uin_list is not a list");
    };
    if uins.iter().any(|uin| !uin.is_string()) {
        return CallReply::broken_rule(10_006, "uin_list holds numbers");
    }
    let mut map = json!({});
    for uin in uins.iter().filter_map(Value::as_str) {
        let id = format!("{}:{uin}", Service::QqMusic.name());
        if let Ok(account) = state.account_in_reply(&id, context.fault) {
            map[uin] = flags(&account);
        }
    }
    CallReply::ok(json!({"infoMap": map}))
}

/// Tells the membership of the account that asks: `VipLogin.VipLoginInter/vip_login_base`. Somebody who is not signed in
/// is answered with success, too, and no membership (protocol: QQ §13.7).
pub(super) fn login_base(context: &Context<'_>, envelope: &Envelope) -> CallReply {
    let (state, memory) = context.state.lock();
    let account = living_session(&state, &memory, context.request, &envelope.comm).and_then(|credential| {
        state.account_in_reply(&credential.account, context.fault).map_err(|_| CallReply::declined(1000))
    });
    match account {
        Ok(account) => CallReply::ok(base(account.membership)),
        Err(reply) => CallReply { code: 0, ..reply }.with(base(Membership::default())),
    }
}

/// A wall-clock time in Beijing, which is what the service writes.
fn beijing(ms: i64, format: &str) -> String {
    let zone = TimeZone::fixed(Offset::constant(8));
    Timestamp::from_millisecond(ms)
        .map(|at| at.to_zoned(zone).strftime(format).to_string())
        .unwrap_or_default()
}

fn moment(held: Option<Subscription>, which: impl Fn(Subscription) -> i64) -> String {
    held.map(|held| beijing(which(held), "%Y-%m-%d %H:%M:%S")).unwrap_or_default()
}

fn flag(held: Option<Subscription>) -> u8 {
    u8::from(held.is_some())
}

fn flags(account: &Account) -> Value {
    let (basic, vip, svip) = (account.membership.basic, account.membership.vip, account.membership.svip);
    json!({
        "HugeVip": flag(svip), "HugeVipStart": moment(svip, |held| held.from_ms),
        "HugeVipEnd": moment(svip, |held| held.until_ms),
        "HugeYearFlag": u8::from(svip.is_some_and(|held| held.yearly)),
        "iSuperVip": flag(vip), "superStartTime": moment(vip, |held| held.from_ms),
        "superEndTime": moment(vip, |held| held.until_ms),
        // Numbers come as text now and then (protocol: QQ §8.4).
        "iVipFlag": flag(basic).to_string(), "sStartDateTime": moment(basic, |held| held.from_ms),
        "sOverDateTime": moment(basic, |held| held.until_ms),
        "iYearFlag": u8::from(basic.is_some_and(|held| held.yearly)),
        "iCurLevel": basic.map_or(0, |held| held.level),
        "ieight": 0, "itwelve": 0, "iNewVip": flag(vip), "iNewSuperVip": flag(vip),
    })
}

fn base(membership: Membership) -> Value {
    let (basic, vip, svip) = (membership.basic, membership.vip, membership.svip);
    let day =
        |held: Option<Subscription>| held.map(|held| beijing(held.until_ms, "%Y-%m-%d")).unwrap_or_default();
    let level = basic.map_or(0, |held| held.level);
    json!({
        "svip": flag(vip), "send": moment(vip, |held| held.until_ms), "autodown": 0, "canRenew": 1,
        "maxdirnum": 1000, "maxsongnum": 1000, "star": 0, "starstart": "", "starend": "", "music_lev_hires": "1",
        "identity": {
            "vip": flag(basic), "overdate": day(basic), "HugeVip": flag(svip),
            "HugeVipStart": moment(svip, |held| held.from_ms), "HugeVipEnd": moment(svip, |held| held.until_ms),
            "HugeYearFlag": u8::from(svip.is_some_and(|held| held.yearly)), "LMFlag": flag(basic),
            "LMEnd": day(basic), "yearflag": u8::from(basic.is_some_and(|held| held.yearly)), "level": level,
            "nextlevel": level + 1, "icon": "https://y.gtimg.cn/music/icon/v1/mp3/level.png",
            "purchaseUrl": "https://y.qq.com/portal/vipportal/index.html", "twelve": 0, "eight": 0, "GroupVip": 0,
            "ExpVip": 0, "ChildVip": 0, "AdVipFlag": 0,
        },
        "userinfo": {
            "buyurl": "https://y.qq.com/portal/vipportal/index.html", "myvipurl": "https://y.qq.com/", "score": 1234,
            "expire": 0, "music_level": 5,
        },
    })
}
