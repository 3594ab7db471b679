//! When keys end and are renewed, and how long failures wait. Pure but for the dice: the caller brings the clock.

use jiff::SignedDuration;
use rand::Rng as _;
use tunekey_services::{Credential, Service};

use crate::account::KeyLifetime;

/// The first pause after a failed renewal; it doubles with each further one.
const FIRST_PAUSE: SignedDuration = SignedDuration::from_mins(2);
/// The longest pause between two tries.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(30);
/// How much earlier than planned a renewal may come, so that many accounts do not renew in one moment.
const JITTER: f64 = 0.05;

/// The life of a credential's key, with a renewal planned a little before the last good moment.
pub(crate) fn life(service: &dyn Service, credential: &Credential) -> KeyLifetime {
    let issued_at = credential.issued_at;
    let renew_at = service.renew_at(credential).map(|latest| {
        let whole = latest.duration_since(issued_at);
        latest - whole.mul_f64_or_zero(rand::rng().random_range(0.0..JITTER))
    });
    KeyLifetime { issued_at, renew_at, expires_at: credential.expires_at }
}

/// How long to wait after so many failures: doubling, with full jitter above half.
pub(crate) fn pause(failures: u32) -> SignedDuration {
    let doubled = FIRST_PAUSE.saturating_mul(2_i32.saturating_pow(failures.saturating_sub(1)));
    doubled.min(LONGEST_PAUSE).mul_f64_or_zero(rand::rng().random_range(0.5..1.0))
}

/// Some of a duration.
pub(crate) fn jitter(most: SignedDuration) -> SignedDuration {
    most.mul_f64_or_zero(rand::rng().random_range(0.0..1.0))
}

/// `mul_f64` that gives zero instead of panicking on what no duration can be.
trait MulOrZero {
    fn mul_f64_or_zero(self, factor: f64) -> SignedDuration;
}

impl MulOrZero for SignedDuration {
    fn mul_f64_or_zero(self, factor: f64) -> SignedDuration {
        SignedDuration::try_from_secs_f64(self.as_secs_f64() * factor).unwrap_or(SignedDuration::ZERO)
    }
}
