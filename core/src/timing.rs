//! When keys end and are renewed, and how long failures wait. Pure: the caller brings the clock, and what looks like
//! chance follows from whose account it is and when.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};
use tunekey_services::{AccountId, Clock, Credential, Service};

use crate::account::KeyLifetime;
use crate::vault::Generation;

/// The longest pause after a first failed renewal; it doubles with each further one.
const FIRST_PAUSE: SignedDuration = SignedDuration::from_mins(2);
/// The longest pause between two tries.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(30);
/// The shortest pause between two tries.
const SHORTEST_PAUSE: SignedDuration = SignedDuration::from_secs(15);
/// How long a service is left alone at most because it asks for it.
const LONGEST_WISH: SignedDuration = SignedDuration::from_hours(24);
/// How long a key is left alone at least after a renewal that worked, whatever the service says of its life.
const REST: SignedDuration = SignedDuration::from_hours(1);

/// One moment on two clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Now {
    /// The wall clock, which may jump.
    pub(crate) wall: Timestamp,
    /// The boot clock, which does not.
    pub(crate) boot: Duration,
}

impl Now {
    /// This moment.
    pub(crate) fn of(clock: &dyn Clock) -> Self {
        Self { wall: clock.now(), boot: clock.boot() }
    }
}

/// The life of a credential's key, with a renewal planned at the account's own moment of its window.
pub(crate) fn life(service: &dyn Service, credential: &Credential, generation: Generation) -> KeyLifetime {
    let share = share(&credential.account, generation.number());
    let renew_at = service.renewal_window(credential).map(|window| window.moment(share));
    KeyLifetime { issued_at: credential.issued_at, renew_at, expires_at: credential.expires_at }
}

/// When to renew a key that was renewed or confirmed at `at`, for which `planned` was found. A plan that is over at once
/// comes of a clock that is wrong, here or at the service, and would be over again after the next renewal: its length
/// counts instead.
pub(crate) fn after_success(planned: Timestamp, life: KeyLifetime, at: Timestamp) -> Timestamp {
    let rest = if planned > at { REST } else { planned.duration_since(life.issued_at).max(REST) };
    at.checked_add(rest).unwrap_or(at).max(planned)
}

/// A share between 0 and 1 that is an account's own for this number: the same in every process and after every start,
/// and another one for every account and every number.
pub(crate) fn share(account: &AccountId, number: u64) -> f64 {
    let digest =
        Sha256::new().chain_update(account.to_string()).chain_update(number.to_be_bytes()).finalize();
    let bits = digest.iter().take(4).fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
    f64::from(bits) / (f64::from(u32::MAX) + 1.0)
}

/// A share that is of this moment, too.
pub(crate) fn share_at(account: &AccountId, at: Timestamp) -> f64 {
    share(account, at.as_microsecond().cast_unsigned())
}

/// How long to wait after so many failures, of which the last one was told to stay away for `wish`: doubling, with full
/// jitter, of which this is the share.
pub(crate) fn pause(failures: u32, wish: Option<SignedDuration>, share: f64) -> SignedDuration {
    let doubled = FIRST_PAUSE.saturating_mul(2_i32.saturating_pow(failures.saturating_sub(1)));
    let pause = part(doubled.min(LONGEST_PAUSE), share).max(SHORTEST_PAUSE);
    pause.max(wish.unwrap_or(SignedDuration::ZERO).min(LONGEST_WISH))
}

/// A share of a duration.
pub(crate) fn part(whole: SignedDuration, share: f64) -> SignedDuration {
    SignedDuration::try_from_secs_f64(whole.as_secs_f64() * share).unwrap_or(SignedDuration::ZERO)
}

#[cfg(test)]
mod tests {
    use tunekey_services::qqmusic;

    use super::*;

    fn at(hours: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours)
    }

    #[test]
    fn pauses_double_up_to_half_an_hour_and_lie_anywhere_below() {
        for (failures, most) in [(1, 2), (2, 4), (3, 8), (4, 16), (5, 30), (50, 30), (u32::MAX, 30)] {
            let most = SignedDuration::from_mins(most);
            let account = AccountId::new(qqmusic::ID, "1");
            let pauses = (0..200).map(|hours| pause(failures, None, share_at(&account, at(hours))));
            let pauses: Vec<_> = pauses.collect();
            assert!(pauses.iter().all(|pause| (SHORTEST_PAUSE..=most).contains(pause)), "{failures}");
            assert!(pauses.iter().any(|pause| *pause < most / 2), "{failures}: full jitter");
            assert!(pauses.iter().any(|pause| *pause > most / 2), "{failures}: full jitter");
        }
    }

    #[test]
    fn a_service_that_asks_to_be_left_alone_is_but_not_for_ever() {
        let wish = SignedDuration::from_mins(50);
        assert_eq!(pause(1, Some(wish), 0.5), wish);
        assert!(pause(50, Some(SignedDuration::from_secs(1)), 0.0) >= SHORTEST_PAUSE);
        assert_eq!(pause(1, Some(SignedDuration::MAX), 0.5), LONGEST_WISH);
    }

    #[test]
    fn the_moments_of_many_accounts_are_their_own_and_spread() {
        let share = |uid: u32, generation| {
            let account = AccountId::new(qqmusic::ID, uid.to_string());
            share(&account, generation)
        };
        assert_eq!(share(1, 3).to_bits(), share(1, 3).to_bits(), "the same at every start");
        let mut tenths = [0_u32; 10];
        for uid in 0..1000 {
            let share = share(uid, u64::from(uid % 7));
            assert!((0.0..1.0).contains(&share));
            tenths[tenths.len().min((share * 10.0) as usize)] += 1;
        }
        assert!(tenths.iter().all(|count| (60..140).contains(count)), "{tenths:?}");
    }

    #[test]
    fn a_key_that_has_just_been_renewed_is_left_alone_for_an_hour_whatever_the_clocks_say() {
        let life = |issued| KeyLifetime { issued_at: at(issued), renew_at: None, expires_at: None };
        assert_eq!(after_success(at(120), life(100), at(100)), at(120), "as planned");
        assert_eq!(after_success(at(100), life(80), at(100)), at(120), "the service's clock is behind");
        assert_eq!(after_success(at(100), life(110), at(100)), at(101), "and this one makes no sense");
    }
}
