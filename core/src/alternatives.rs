//! What else a person can sign in with when one method is blocked. Pure: the caller brings the clock.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use tunekey_services::{Method, ServiceId};

/// For how long a method that was blocked stands behind the others.
const BLOCKED_FOR: SignedDuration = SignedDuration::from_hours(1);

/// A service and one of its methods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct SignInOption {
    /// The service.
    pub service: ServiceId,
    /// The method.
    pub method: Method,
}

/// What else to sign in with after one method of a service was blocked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct Alternatives {
    /// Best first; those that were blocked lately come last. Empty when none would help.
    pub next: Vec<SignInOption>,
    /// Those that were blocked lately, this one included.
    pub blocked: Vec<Method>,
}

/// The methods that were blocked lately.
#[derive(Debug, Default)]
pub(crate) struct BlockedMethods(HashMap<(ServiceId, Method), Timestamp>);

impl BlockedMethods {
    /// Remembers that a service blocked a method.
    pub(crate) fn note(&mut self, option: SignInOption, now: Timestamp) {
        self.0.insert((option.service, option.method), now);
    }

    /// The other methods among those offered, best first, and behind them those that were blocked lately.
    pub(crate) fn alternatives(
        &self,
        option: SignInOption,
        offered: &[Method],
        now: Timestamp,
    ) -> Alternatives {
        let lately = |method: Method| {
            self.0
                .get(&(option.service, method))
                .is_some_and(|at| now.duration_since(*at).abs() < BLOCKED_FOR)
        };
        let mut next: Vec<SignInOption> = offered
            .iter()
            .filter(|method| **method != option.method)
            .map(|method| SignInOption { service: option.service, method: *method })
            .collect();
        next.sort_by_key(|other| lately(other.method));
        Alternatives { next, blocked: offered.iter().copied().filter(|method| lately(*method)).collect() }
    }
}

#[cfg(test)]
mod tests {
    use tunekey_services::{netease, qqmusic};

    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + minutes * 60).expect("a time")
    }

    fn option(method: Method) -> SignInOption {
        SignInOption { service: qqmusic::ID, method }
    }

    const OFFERED: [Method; 4] = [Method::QqScan, Method::WechatScan, Method::Phone, Method::Paste];

    #[test]
    fn what_was_blocked_lately_comes_last_and_is_named() {
        let mut blocked = BlockedMethods::default();
        blocked.note(option(Method::QqScan), at(0));
        blocked.note(option(Method::WechatScan), at(1));
        let alternatives = blocked.alternatives(option(Method::WechatScan), &OFFERED, at(2));
        let next: Vec<_> = alternatives.next.iter().map(|other| other.method).collect();
        assert_eq!(next, [Method::Phone, Method::Paste, Method::QqScan]);
        assert_eq!(alternatives.blocked, [Method::QqScan, Method::WechatScan]);
        let later = blocked.alternatives(option(Method::WechatScan), &OFFERED, at(60));
        assert_eq!(later.next[0].method, Method::QqScan, "an hour later the best way is the best again");
    }

    #[test]
    fn another_services_trouble_is_not_this_ones() {
        let mut blocked = BlockedMethods::default();
        blocked.note(SignInOption { service: netease::ID, method: Method::Phone }, at(0));
        assert!(blocked.alternatives(option(Method::QqScan), &OFFERED, at(0)).blocked.is_empty());
    }
}
