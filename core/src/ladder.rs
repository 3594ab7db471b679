//! The other ways in when one is barred, and how many sign-ins a day are wise. Pure: the caller brings the clock.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tunekey_services::{Method, ServiceId};

use crate::sign_in::{Others, WayIn};

/// For how long a way that was barred stands behind the others.
const BARRED_FOR: SignedDuration = SignedDuration::from_hours(1);

/// Over how long sign-ins are counted.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// How many sign-ins with one service are started in a day. People who needed many in a row were locked out for
/// days; nobody who is only trying to get in needs this many.
pub(crate) const MOST_A_DAY: usize = 30;

/// The ways that were barred lately.
#[derive(Debug, Default)]
pub(crate) struct Barred(HashMap<(ServiceId, Method), Timestamp>);

impl Barred {
    pub(crate) fn note(&mut self, way: WayIn, now: Timestamp) {
        self.0.insert((way.service, way.method), now);
    }

    /// The other ways among those that the service offers, best first, and behind them those that were barred.
    pub(crate) fn others(&self, way: WayIn, offered: &[Method], now: Timestamp) -> Others {
        let lately = |method: Method| {
            self.0.get(&(way.service, method)).is_some_and(|at| now.duration_since(*at).abs() < BARRED_FOR)
        };
        let mut next: Vec<WayIn> = offered
            .iter()
            .filter(|method| **method != way.method)
            .map(|method| WayIn { service: way.service, method: *method })
            .collect();
        next.sort_by_key(|other| lately(other.method));
        Others { next, barred: offered.iter().copied().filter(|method| lately(*method)).collect() }
    }
}

/// A sign-in that was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Started {
    /// With which service.
    pub service: ServiceId,
    /// When.
    pub at: Timestamp,
}

/// How many sign-ins with a service the day still holds.
pub(crate) fn left(started: &[Started], service: ServiceId, now: Timestamp) -> usize {
    let today = |earlier: &&Started| earlier.service == service && now.duration_since(earlier.at).abs() < DAY;
    MOST_A_DAY.saturating_sub(started.iter().filter(today).count())
}

/// Counts one more sign-in. Gives `false`, and counts nothing, when the day's are used up.
pub(crate) fn try_take(started: &mut Vec<Started>, service: ServiceId, now: Timestamp) -> bool {
    started.retain(|earlier| now.duration_since(earlier.at).abs() < DAY);
    let is_left = left(started, service, now) > 0;
    if is_left {
        started.push(Started { service, at: now });
    }
    is_left
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + minutes * 60).expect("a time")
    }

    fn way(method: Method) -> WayIn {
        WayIn { service: ServiceId::QqMusic, method }
    }

    const OFFERED: [Method; 4] = [Method::QqScan, Method::WechatScan, Method::Phone, Method::Paste];

    #[test]
    fn what_was_barred_lately_comes_last_and_is_named() {
        let mut barred = Barred::default();
        barred.note(way(Method::QqScan), at(0));
        barred.note(way(Method::WechatScan), at(1));
        let others = barred.others(way(Method::WechatScan), &OFFERED, at(2));
        let next: Vec<_> = others.next.iter().map(|other| other.method).collect();
        assert_eq!(next, [Method::Phone, Method::Paste, Method::QqScan]);
        assert_eq!(others.barred, [Method::QqScan, Method::WechatScan]);
        let later = barred.others(way(Method::WechatScan), &OFFERED, at(60));
        assert_eq!(later.next[0].method, Method::QqScan, "an hour later the best way is the best again");
    }

    #[test]
    fn another_services_trouble_is_not_this_ones() {
        let mut barred = Barred::default();
        barred.note(WayIn { service: ServiceId::Netease, method: Method::Phone }, at(0));
        assert!(barred.others(way(Method::QqScan), &OFFERED, at(0)).barred.is_empty());
    }

    #[test]
    fn a_day_holds_so_many_sign_ins_with_a_service_and_no_more() {
        let mut started = Vec::new();
        for minute in 0..MOST_A_DAY as i64 {
            assert!(
                try_take(&mut started, ServiceId::QqMusic, at(minute)),
                "sign-in {minute} is one of the allowed"
            );
        }
        assert!(!try_take(&mut started, ServiceId::QqMusic, at(60)), "one too many");
        assert!(try_take(&mut started, ServiceId::Netease, at(60)), "the other service counts for itself");
        assert!(try_take(&mut started, ServiceId::QqMusic, at(24 * 60)), "the oldest is a day old");
    }

    #[test]
    fn a_clock_that_was_far_ahead_does_not_lock_anybody_out() {
        let mut started = vec![Started { service: ServiceId::QqMusic, at: at(10_000_000) }; MOST_A_DAY];
        assert!(try_take(&mut started, ServiceId::QqMusic, at(0)));
        assert_eq!(started.len(), 1);
    }
}
