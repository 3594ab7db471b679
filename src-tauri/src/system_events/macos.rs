//! App Nap slows an app without a window down: it is held off while a renewal is due.

use std::time::Duration;

use jiff::SignedDuration;
use objc2_foundation::{NSActivityOptions, NSProcessInfo, NSString};
use tunekey_core::{Clock as _, SystemClock, TuneKey};

/// How often to look. A nap makes it less often, by minutes.
const LOOKS: Duration = Duration::from_secs(60);

/// How long before a renewal the app stays awake: longer than a nap delays a look.
const AHEAD: SignedDuration = SignedDuration::from_mins(15);

/// Keeps the app awake while something is due. The system ends an activity with the object that stands for it, which
/// stays on one thread of its own.
pub(super) fn stay_awake_while_due(core: &TuneKey) {
    let core = core.clone();
    std::thread::spawn(move || {
        let mut activity = None;
        loop {
            let soon = SystemClock.now() + AHEAD;
            let is_due = core.snapshot().accounts.iter().any(|account| {
                !account.health.needs_sign_in() && account.life.renew_at.is_some_and(|at| at <= soon)
            });
            activity = match (is_due, activity) {
                (true, None) => Some(NSProcessInfo::processInfo().beginActivityWithOptions_reason(
                    NSActivityOptions::UserInitiatedAllowingIdleSystemSleep,
                    &NSString::from_str("A key is about to be renewed"),
                )),
                (true, kept) => kept,
                (false, _) => None,
            };
            std::thread::sleep(LOOKS);
        }
    });
}
