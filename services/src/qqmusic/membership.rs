//! Which tiers an account holds (protocol: QQ §8.3, §8.4).
//!
//! Clients disagree about the flags. The reading here is the one that the vendor's own SDK supports:
//! HugeVip is 超级会员, and what `vip_login_base` calls `svip` is 豪华绿钻.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;
use serde_json::{Value, json};

use super::gateway::{Call, Caller, GATEWAY};
use crate::contract::Context;
use crate::credential::Credential;
use crate::error::ServiceError;
use crate::membership::{Membership, Tier, TierStatus};
use crate::response::{integer, text};

const DOING: &str = "asking for the membership";

/// 绿钻.
pub(super) const GREEN: Tier = Tier::new("qq_green");

/// 豪华绿钻.
pub(super) const LUXURY_GREEN: Tier = Tier::new("qq_luxury_green");

/// 超级会员.
pub(super) const SUPER: Tier = Tier::new("qq_super");

/// The service writes wall-clock times of China, which has no summer time.
const BEIJING: Offset = Offset::constant(8);

/// Asks one function and, if it does not know, the other.
pub(super) async fn ask(context: &Context, credential: &Credential) -> Option<Membership> {
    let uid = credential.account.uid.as_str();
    let asked =
        query(context, credential, "userInfo.VipQueryServer", "SRFVipQuery_V2", json!({ "uin_list": [uid] }));
    let now = context.clock.now();
    if let Some(tiers) = asked.await.ok().and_then(|data| by_query(&data, uid, now)) {
        return Some(Membership { tiers, checked_at: now });
    }
    let asked = query(context, credential, "VipLogin.VipLoginInter", "vip_login_base", json!({}));
    let tiers = asked.await.ok().and_then(|data| by_login(&data, now))?;
    Some(Membership { tiers, checked_at: now })
}

async fn query(
    context: &Context,
    credential: &Credential,
    module: &'static str,
    method: &'static str,
    param: Value,
) -> Result<Value, ServiceError> {
    let caller = Caller::web(credential);
    Call { gateway: GATEWAY, caller, module, method, param, doing: DOING }.send(context).await?.ok()
}

/// Reads `SRFVipQuery_V2`.
pub(super) fn by_query(data: &Value, uid: &str, now: Timestamp) -> Option<Vec<TierStatus>> {
    let of = ["infoMap", "map_vip_info"].iter().find_map(|name| data.get(*name)?.get(uid))?;
    if !of.is_object() {
        return None;
    }
    Some(vec![
        tier(GREEN, flag(of, "iVipFlag"), end(of, "sOverDateTime"), now),
        tier(LUXURY_GREEN, flag(of, "iSuperVip"), end(of, "superEndTime"), now),
        tier(SUPER, flag(of, "HugeVip"), end(of, "HugeVipEnd"), now),
    ])
}

/// Reads `vip_login_base`.
pub(super) fn by_login(data: &Value, now: Timestamp) -> Option<Vec<TierStatus>> {
    let identity = data.get("identity").filter(|identity| identity.is_object())?;
    let green = match flag(identity, "vip") {
        true => (true, end(identity, "overdate")),
        false => (flag(identity, "LMFlag"), end(identity, "LMEnd")),
    };
    Some(vec![
        tier(GREEN, green.0, green.1, now),
        tier(LUXURY_GREEN, flag(data, "svip"), end(data, "send"), now),
        tier(SUPER, flag(identity, "HugeVip"), end(identity, "HugeVipEnd"), now),
    ])
}

/// A flag can lag behind its end, and ends of the past stay in the answer: both must agree.
fn tier(tier: Tier, flag: bool, until: Option<Timestamp>, now: Timestamp) -> TierStatus {
    TierStatus { tier, active: flag && until.is_none_or(|until| until > now), until }
}

fn flag(object: &Value, name: &str) -> bool {
    object.get(name).and_then(integer).is_some_and(|flag| flag > 0)
}

/// `YYYY-MM-DD HH:MM:SS`, or a day alone, which holds to its end.
fn end(object: &Value, name: &str) -> Option<Timestamp> {
    let written = text(object, name)?;
    let wall: DateTime = match DateTime::strptime("%Y-%m-%d %H:%M:%S", written) {
        Ok(time) => time,
        Err(_) => Date::strptime("%Y-%m-%d", written).ok()?.at(23, 59, 59, 0),
    };
    BEIJING.to_timestamp(wall).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-21T12:00:00+08:00".parse().expect("a time")
    }

    fn at(time: &str) -> Option<Timestamp> {
        Some(time.parse().expect("a time"))
    }

    fn status(tier: Tier, active: bool, until: Option<Timestamp>) -> TierStatus {
        TierStatus { tier, active, until }
    }

    #[test]
    fn the_three_tiers_are_read_from_their_own_flags_and_ends() {
        let data = json!({ "infoMap": { "10001": {
            "iVipFlag": "1", "sStartDateTime": "2025-01-01 00:00:00", "sOverDateTime": "2026-12-31 23:59:59",
            "iSuperVip": 1, "superEndTime": "2026-12-01",
            "HugeVip": 0, "HugeVipEnd": "2024-05-01 08:00:00",
        } } });
        assert_eq!(
            by_query(&data, "10001", now()),
            Some(vec![
                status(GREEN, true, at("2026-12-31T23:59:59+08:00")),
                status(LUXURY_GREEN, true, at("2026-12-01T23:59:59+08:00")),
                status(SUPER, false, at("2024-05-01T08:00:00+08:00")),
            ])
        );
        assert_eq!(by_query(&data, "10002", now()), None, "another account's entry is not ours");
    }

    #[test]
    fn a_flag_without_a_future_end_holds_nothing_and_an_end_without_a_flag_neither() {
        let green = |flag: i64, end: &str| {
            let data = json!({ "infoMap": { "1": { "iVipFlag": flag, "sOverDateTime": end } } });
            by_query(&data, "1", now()).expect("an entry")[0]
        };
        assert!(!green(1, "2026-11-21 11:59:59").active, "the flag lags behind the end");
        assert!(green(1, "2026-11-21 12:00:01").active, "the clock is Beijing's");
        assert!(green(1, "2026-11-21").active, "a day holds to its end");
        assert!(!green(0, "2027-11-21").active, "without the flag the end says nothing");
        for none in ["", "0000-00-00", "0000-00-00 00:00:00", "soon"] {
            assert_eq!(green(1, none), status(GREEN, true, None), "{none:?} is no end");
            assert_eq!(green(0, none), status(GREEN, false, None));
        }
    }

    #[test]
    fn the_other_function_calls_the_luxury_tier_svip() {
        let data = json!({ "svip": 1, "send": "2026-12-31 23:59:59", "identity": {
            "vip": 0, "overdate": "2020-01-01", "LMFlag": 1, "LMEnd": "2026-12-30", "HugeVip": 1, "HugeVipEnd": "2020-01-01",
        } });
        assert_eq!(
            by_login(&data, now()),
            Some(vec![
                status(GREEN, true, at("2026-12-30T23:59:59+08:00")),
                status(LUXURY_GREEN, true, at("2026-12-31T23:59:59+08:00")),
                status(SUPER, false, at("2020-01-01T23:59:59+08:00")),
            ])
        );
    }

    #[test]
    fn an_answer_that_says_nothing_is_no_membership() {
        for data in [json!(null), json!({}), json!({ "infoMap": [] }), json!({ "infoMap": { "1": null } })] {
            assert_eq!(by_query(&data, "1", now()), None, "{data}");
            assert_eq!(by_login(&data, now()), None, "{data}");
        }
    }
}
