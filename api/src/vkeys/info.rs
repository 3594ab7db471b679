//! A membership as `info`.

use jiff::Timestamp;
use serde_json::{Map, Value};
use tunekey_core::{Membership, ServiceId, TierStatus, registry};

use super::envelope::add_time;

/// The seconds of a day.
const DAY: i64 = 24 * 60 * 60;

/// `svip` is the highest tier of the service, `vip` any other. What is not known is not held.
pub(super) fn info(service: ServiceId, membership: Option<&Membership>, now: Timestamp) -> Value {
    let facts = registry::facts(service);
    let is_highest = |status: &TierStatus| {
        facts.and_then(|facts| facts.tier(status.tier)).is_some_and(|tier| tier.is_highest)
    };
    let tiers = membership.map_or(&[][..], |membership| &membership.tiers);
    let mut object = Map::new();
    for (name, highest) in [("vip", false), ("svip", true)] {
        let of_this = || tiers.iter().filter(|status| is_highest(status) == highest);
        let held: Vec<_> = of_this().filter(|status| status.active).collect();
        // Of those that are held the one that lasts longest; else the one that ended last.
        let until = match held.is_empty() {
            true => of_this().filter_map(|status| status.until).max(),
            false => held.iter().filter_map(|status| status.until).max(),
        };
        object.insert(name.to_owned(), (!held.is_empty()).into());
        add_time(&mut object, [&format!("{name}EndTimestamp"), &format!("{name}EndTime")], until);
        let days = until.map_or(0, |until| (until.as_second() - now.as_second()).abs() / DAY);
        object.insert(format!("{name}DateDiff"), days.into());
    }
    Value::Object(object)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_highest_tier_is_svip_any_other_is_vip_and_every_member_has_its_type() {
        let service = ServiceId::new("qqmusic");
        let facts = registry::facts(service).expect("it is there");
        let now = Timestamp::from_second(1_722_693_959).expect("a time");
        let day = |days: i64| Timestamp::from_second(now.as_second() + days * DAY).ok();
        let tiers = facts.tiers.iter().map(|tier| TierStatus {
            tier: tier.tier,
            active: !tier.is_highest,
            until: day(if tier.is_highest { -347 } else { 10 }),
        });
        let membership = Membership { tiers: tiers.collect(), checked_at: now };
        let found = info(service, Some(&membership), now);
        assert_eq!((&found["vip"], &found["vipDateDiff"]), (&json!(true), &json!(10)));
        assert_eq!((&found["svip"], &found["svipDateDiff"]), (&json!(false), &json!(347)), "always positive");
        let nothing = info(service, None, now);
        assert_eq!(
            nothing,
            json!({ "vip": false, "vipEndTimestamp": 0, "vipEndTime": "", "vipDateDiff": 0,
                    "svip": false, "svipEndTimestamp": 0, "svipEndTime": "", "svipDateDiff": 0 })
        );
    }
}
