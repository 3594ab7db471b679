//! The schedule on a host of its own, where days pass in a moment: 300 scripts made of seeds, and some by name.
//!
//! Each moment of a script is held against what the schedule promises: a renewal begins within a minute of being
//! possible, none without reason, no more than eight at once, and nobody is told to sign in who need not.

mod script;
mod scripted_host;

use std::time::Duration;

use jiff::SignedDuration;
use script::{Happening, Script};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const TEN_YEARS: SignedDuration = SignedDuration::from_hours(10 * 365 * 24);

/// How many scripts each of the tests that make them plays.
const SCRIPTS: u64 = 75;

/// Four tests, so that they run side by side.
macro_rules! scripts {
    ($($name:ident: $quarter:literal),+ $(,)?) => {$(
        #[test]
        fn $name() {
            for seed in $quarter * SCRIPTS..($quarter + 1) * SCRIPTS {
                let script = Script::of_seed(seed);
                let played = script.clone().play();
                assert_eq!(played.broken, Vec::<String>::new(), "seed {seed}: {script:#?}");
            }
        }
    )+};
}

scripts! {
    the_promises_hold_whatever_happens_in_the_first_quarter_of_the_scripts: 0,
    the_promises_hold_whatever_happens_in_the_second_quarter_of_the_scripts: 1,
    the_promises_hold_whatever_happens_in_the_third_quarter_of_the_scripts: 2,
    the_promises_hold_whatever_happens_in_the_fourth_quarter_of_the_scripts: 3,
}

/// Plays a script that breaks no promise, and gives what came of it.
fn play(script: Script) -> script::Played {
    let played = script.play();
    assert_eq!(played.broken, Vec::<String>::new());
    played
}

#[test]
fn a_key_that_runs_out_in_a_sleep_is_renewed_within_a_minute_of_waking_up() {
    for length in [MINUTE, 2 * HOUR, 19 * HOUR, 3 * DAY, 60 * DAY] {
        let script = Script::new(1, 2 * HOUR).aged(17 * HOUR).with(HOUR, Happening::Sleep(length));
        let renewed = play(script).renewed;
        assert_eq!(renewed, u32::from(length > MINUTE), "after {length:?}");
    }
}

#[test]
fn a_clock_that_is_ten_years_wrong_for_a_day_costs_one_early_renewal_at_most() {
    for years in [TEN_YEARS, -TEN_YEARS] {
        let script = Script::new(3, 3 * DAY)
            .with(HOUR, Happening::SetClock(years))
            .with(25 * HOUR, Happening::SetClock(-years));
        let renewed = play(script).renewed;
        assert!((9..=15).contains(&renewed), "three keys of 20 hours each in three days, not {renewed}");
    }
}

#[test]
fn a_clock_that_jumps_for_a_second_renews_nothing() {
    let script = Script::new(3, 2 * HOUR)
        .with(HOUR, Happening::SetClock(TEN_YEARS))
        .with(HOUR + Duration::from_secs(1), Happening::SetClock(-TEN_YEARS));
    assert_eq!(play(script).renewed, 0);
}

#[test]
fn a_computer_that_starts_in_1970_renews_once_its_clock_is_right() {
    let script = Script::new(3, 3 * HOUR)
        .aged(30 * HOUR)
        .clock_off(-TEN_YEARS)
        .with(Duration::from_secs(40), Happening::SetClock(TEN_YEARS));
    assert_eq!(play(script).renewed, 3);
}

#[test]
fn the_hour_that_summer_time_takes_or_gives_changes_nothing() {
    for hour in [SignedDuration::from_hours(1), SignedDuration::from_hours(-1)] {
        // A system that keeps local time in its clock sets it.
        let script = Script::new(5, 3 * DAY).with(30 * HOUR, Happening::SetClock(hour));
        let renewed = play(script).renewed;
        assert!((15..=20).contains(&renewed), "{renewed}");
    }
}

#[test]
fn without_a_network_nothing_is_tried_for_an_hour_and_with_it_everything_at_once() {
    let lacking = |hours| {
        let script = Script::new(8, DAY).aged(18 * HOUR).told_of_the_network();
        play(script.with(HOUR, Happening::Offline(hours)))
    };
    let short = lacking(55 * MINUTE);
    assert_eq!((short.first_renewals.len(), short.failed), (8, 0));
    let long = lacking(10 * HOUR);
    assert_eq!(long.first_renewals.len(), 8);
    assert!(long.failed > 0, "the system may be wrong");
    let last = long.first_renewals.iter().max().expect("they are renewed");
    assert!(*last <= 11 * HOUR + MINUTE, "{last:?}");
}

#[test]
fn a_network_that_nobody_tells_of_is_found_by_trying() {
    let script = Script::new(2, DAY).aged(18 * HOUR).with(HOUR, Happening::Offline(10 * HOUR));
    let played = play(script);
    assert!(played.renewed >= 2, "{}", played.renewed);
    assert!(played.failed > 2, "{}", played.failed);
}

#[test]
fn a_network_that_returns_ends_the_pause_of_those_who_lacked_it() {
    // Told of it only when it comes back: until then the schedule tries.
    let script = Script::new(4, 12 * HOUR)
        .aged(19 * HOUR)
        .with(MINUTE, Happening::Offline(8 * HOUR))
        .with(8 * HOUR + 2 * MINUTE, Happening::NetworkReturns);
    let played = play(script);
    let longest = played.first_renewals.iter().max().expect("they are renewed");
    assert!(*longest <= 8 * HOUR + 3 * MINUTE, "{longest:?}");
}

#[test]
fn a_store_that_is_locked_for_a_night_is_not_even_asked() {
    let script = Script::new(4, DAY).aged(18 * HOUR).with(HOUR, Happening::Lock(10 * HOUR));
    let played = play(script);
    assert_eq!((played.first_renewals.len(), played.failed), (4, 0));
}

#[test]
fn a_service_that_is_down_for_days_is_asked_six_times_an_hour_at_most_and_told_no_lies_of() {
    let script = Script::new(2, 5 * DAY).aged(18 * HOUR).with(HOUR, Happening::ServiceDown(3 * DAY, None));
    let played = play(script);
    assert!(played.failed > 2 * 3 * 24, "it goes on: {}", played.failed);
    assert!(played.renewed >= 4, "{}", played.renewed);
}

#[test]
fn a_service_that_asks_to_be_left_alone_for_two_hours_is_asked_every_two_hours() {
    let wish = 2 * HOUR;
    let script =
        Script::new(1, DAY).aged(18 * HOUR).with(HOUR, Happening::ServiceDown(20 * HOUR, Some(wish)));
    let failed = play(script).failed;
    assert!((7..=10).contains(&failed), "{failed}");
}

#[test]
fn restarts_every_ten_minutes_forget_no_attempt() {
    let mut script =
        Script::new(2, 6 * HOUR).aged(30 * HOUR).with(Duration::ZERO, Happening::ServiceDown(DAY, None));
    for number in 1..36 {
        script = script.with(10 * MINUTE * number, Happening::Restart);
    }
    assert!(play(script).failed <= 2 * 6 * 6);
}

#[test]
fn twenty_accounts_that_a_log_in_finds_due_are_renewed_within_ten_minutes_and_not_at_once() {
    let played = play(Script::new(20, HOUR).aged(30 * HOUR));
    assert_eq!(played.renewed, 20);
    assert!(played.most_at_once <= 4, "a burst of {}", played.most_at_once);
    let last = played.first_renewals.iter().max().expect("they are renewed");
    assert!(*last <= 11 * MINUTE, "{last:?}");
}

#[test]
fn twenty_accounts_that_a_sleep_has_made_due_are_renewed_eight_at_a_time() {
    let script = Script::new(20, 3 * HOUR).slow(MINUTE).with(HOUR, Happening::Sleep(2 * DAY));
    let played = play(script);
    assert_eq!((played.renewed, played.most_at_once), (20, 8));
}

#[test]
fn a_service_that_refuses_once_is_asked_again_a_minute_later_and_believed_then() {
    let played = play(Script::new(3, 3 * HOUR).aged(18 * HOUR).with(Duration::ZERO, Happening::RefuseOnce));
    assert_eq!((played.renewed, played.failed), (3, 3));
}
