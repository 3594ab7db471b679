//! Which tiers an account holds (protocol: NetEase §5.2).

use jiff::Timestamp;
use serde_json::{Value, json};

use super::client_identity::ClientIdentity;
use super::codes;
use super::gateway::Call;
use crate::contract::Context;
use crate::error::ServiceError;
use crate::http::CookieMap;
use crate::membership::{Membership, Tier, TierStatus};
use crate::response::integer;

const DOING: &str = "asking for the membership";

/// 音乐包.
pub(super) const MUSIC_PACKAGE: Tier = Tier::new("netease_music_package");

/// 黑胶 VIP.
pub(super) const VINYL: Tier = Tier::new("netease_vinyl");

/// 黑胶 SVIP.
pub(super) const VINYL_SUPER: Tier = Tier::new("netease_vinyl_super");

/// The two endpoints that know; the first also says what time it is there.
const PATHS: [&str; 2] = ["/music-vip-membership/client/vip/info", "/music-vip-membership/front/vip/info"];

/// The tiers, lowest first, and what the answer calls them.
const TIERS: [(Tier, &str); 3] =
    [(MUSIC_PACKAGE, "musicPackage"), (VINYL, "associator"), (VINYL_SUPER, "redplus")];

/// Asks one endpoint and, if it does not know, the other. A failure proves nothing.
pub(super) async fn ask(
    context: &Context,
    identity: ClientIdentity,
    cookies: &CookieMap,
) -> Option<Membership> {
    for path in PATHS {
        let asked = query(context, identity, cookies, path).await;
        let now = context.clock.now();
        if let Some(tiers) = asked.ok().and_then(|data| read(&data, now)) {
            return Some(Membership { tiers, checked_at: now });
        }
    }
    None
}

async fn query(
    context: &Context,
    identity: ClientIdentity,
    cookies: &CookieMap,
    path: &'static str,
) -> Result<Value, ServiceError> {
    let payload = json!({ "userId": "" });
    let call = Call { identity, path, payload, cookies, headers: Vec::new(), doing: DOING };
    let mut response = call.send(context).await?;
    match response.code {
        200 => Ok(response.body["data"].take()),
        code => Err(codes::refusal(DOING, code, &response.body)),
    }
}

pub(super) fn read(data: &Value, now: Timestamp) -> Option<Vec<TierStatus>> {
    let data = data.as_object().filter(|data| TIERS.iter().any(|(_, name)| data.contains_key(*name)))?;
    let now = data
        .get("now")
        .and_then(integer)
        .and_then(|now| Timestamp::from_millisecond(now).ok())
        .unwrap_or(now);
    Some(TIERS.into_iter().map(|(tier, name)| status(tier, data.get(name), now)).collect())
}

/// Former members keep their code beside an end in the past, so that the end decides; -1 is no end.
fn status(tier: Tier, package: Option<&Value>, now: Timestamp) -> TierStatus {
    let number = |name| package.and_then(|package| package.get(name)).and_then(integer).unwrap_or(0);
    let (code, end) = (number("vipCode"), number("expireTime"));
    let until = if end > 0 { Timestamp::from_millisecond(end).ok() } else { None };
    let active = code > 0 && (end == -1 || until.is_some_and(|until| until > now));
    TierStatus { tier, active, until }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_790_000_000_000;
    const DAY: i64 = 86_400_000;

    fn tiers(data: Value) -> Option<Vec<(bool, Option<i64>)>> {
        let now = Timestamp::from_millisecond(NOW).expect("a time");
        let tiers = read(&data, now)?;
        Some(tiers.iter().map(|tier| (tier.active, tier.until.map(Timestamp::as_millisecond))).collect())
    }

    #[test]
    fn each_tier_holds_until_its_own_end() {
        let data = json!({
            "redVipLevel": 7,
            "musicPackage": { "vipCode": 220, "expireTime": NOW - DAY },
            "associator": { "vipCode": 100, "expireTime": NOW + DAY },
            "redplus": { "vipCode": 0, "expireTime": 0 },
        });
        assert_eq!(tiers(data), Some(vec![(false, Some(NOW - DAY)), (true, Some(NOW + DAY)), (false, None)]));
    }

    #[test]
    fn the_services_clock_counts_where_it_says_what_time_it_is() {
        let data = json!({ "now": NOW + 2 * DAY, "associator": { "vipCode": 100, "expireTime": NOW + DAY } });
        assert_eq!(tiers(data).map(|tiers| tiers[1].0), Some(false), "it has ended by the service's clock");
    }

    #[test]
    fn an_end_of_minus_one_is_no_end_and_null_is_not_held() {
        let data = json!({ "associator": { "vipCode": 100, "expireTime": -1 }, "redplus": null });
        assert_eq!(tiers(data), Some(vec![(false, None), (true, None), (false, None)]));
    }

    #[test]
    fn an_answer_without_any_tier_says_nothing() {
        for data in [json!(null), json!({}), json!([]), json!({ "redVipLevel": 7 })] {
            assert_eq!(tiers(data.clone()), None, "{data}");
        }
    }
}
