//! Which process renews by itself, and how often a person may have it done.

use super::*;
use crate::attempts::Budget;
use crate::schedule::Host;

/// The wall clock of a test whose time passes as fast as nothing happens.
#[derive(Debug)]
struct PausedClock(tokio::time::Instant);

impl Clock for PausedClock {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::try_from(self.0.elapsed()).expect("a test is short")
    }
    fn monotonic(&self) -> std::time::Instant {
        tokio::time::Instant::now().into_std()
    }
    fn boot(&self) -> Duration {
        self.0.elapsed()
    }
}

#[tokio::test]
async fn nothing_is_renewed_by_itself_once_the_process_is_about_to_end() {
    let home = Home::new().await;
    let due = SystemClock.now();
    home.tunekey
        .0
        .accounts
        .update(&first(), move |record| record.life.renew_at = Some(due))
        .await
        .expect("it is due");
    home.tunekey.drain().await;
    Host::attempt(&home.tunekey, &first(), Budget::Schedule).await;
    assert!(home.tunekey.0.accounts.record(&first()).expect("it is there").renewals.is_empty());
}

#[tokio::test]
async fn a_person_whose_renewals_fail_again_and_again_is_told_to_wait_also_after_a_restart() {
    let home = Home::new().await;
    for number in 0..Budget::Person.most_an_hour() {
        let problem = home.tunekey.renew(&first(), RenewalTrigger::Manual).await.expect_err("nobody answers");
        assert_eq!(problem.code, ProblemCode::ProxyUnreachable, "renewal {number} is tried");
    }
    for tunekey in [&home.tunekey, &home.restarted()] {
        let problem = tunekey.renew(&first(), RenewalTrigger::Manual).await.expect_err("too many");
        assert_eq!(problem.code, ProblemCode::RateLimited);
        let problem = tunekey.renew(&first(), RenewalTrigger::Automatic).await.expect_err("nobody answers");
        assert_eq!(problem.code, ProblemCode::ProxyUnreachable, "the schedule has a budget of its own");
    }
}

#[tokio::test]
async fn an_attempt_of_the_schedule_counts_before_it_is_made() {
    let home = Home::new().await;
    Host::attempt(&home.tunekey, &first(), Budget::Schedule).await;
    let record = home.restarted().0.accounts.record(&first()).expect("it is there");
    let counted: Vec<_> = record.attempts.iter().map(|attempt| attempt.budget).collect();
    assert_eq!(counted, [Budget::Schedule], "and a restart knows of it");
    assert_eq!(record.failures, 1);
}

#[tokio::test(start_paused = true)]
async fn one_process_of_a_profile_runs_the_schedule_and_another_takes_over_within_a_minute_of_its_end() {
    let home = Home::new().await;
    let clock = Arc::new(PausedClock(tokio::time::Instant::now()));
    let [first, second] = [(); 2].map(|()| open_with(&home.dir, home.keychain.clone(), clock.clone()));
    let run = |tunekey: &TuneKey| {
        let tunekey = tunekey.clone();
        tokio::spawn(async move { tunekey.run_schedule().await })
    };
    let holder = run(&first);
    until_it_is_so(|| first.runs_the_schedule()).await;
    let waiting = run(&second);
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(!second.runs_the_schedule(), "two would renew everything twice");
    holder.abort();
    let _ = holder.await;
    assert!(!first.runs_the_schedule(), "whoever no longer looks has let go");
    let ended = tokio::time::Instant::now();
    until_it_is_so(|| second.runs_the_schedule()).await;
    assert!(ended.elapsed() <= Duration::from_secs(60), "it took {:?}", ended.elapsed());
    waiting.abort();
}

#[tokio::test(start_paused = true)]
async fn a_process_that_is_about_to_end_lets_another_run_the_schedule() {
    let home = Home::new().await;
    let clock = Arc::new(PausedClock(tokio::time::Instant::now()));
    let tunekey = open_with(&home.dir, home.keychain.clone(), clock);
    let schedule = tunekey.clone();
    let running = tokio::spawn(async move { schedule.run_schedule().await });
    until_it_is_so(|| tunekey.runs_the_schedule()).await;
    tunekey.drain().await;
    assert!(!tunekey.runs_the_schedule());
    tokio::time::sleep(Duration::from_secs(120)).await;
    assert!(!tunekey.runs_the_schedule(), "and does not take it back");
    running.abort();
}

#[tokio::test(start_paused = true)]
async fn what_changes_with_time_alone_is_told_at_the_next_look_one_a_second_at_most() {
    let home = Home::new().await;
    let clock = Arc::new(PausedClock(tokio::time::Instant::now()));
    let tunekey = open_with(&home.dir, home.keychain.clone(), clock.clone());
    let soon = clock.now() + SignedDuration::from_hours(1) + SignedDuration::from_millis(500);
    let accounts = &tunekey.0.accounts;
    accounts.update(&first(), move |record| record.life.renew_at = Some(soon)).await.expect("it is noted");
    let mut health = Vec::new();
    for milliseconds in [0, 900, 900, 900] {
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        Host::records(&tunekey).await;
        health.push(accounts.view(&first()).expect("it is there").health);
    }
    // At 0, 0.9, 1.8 and 2.7 seconds; it renews soon from half a second on.
    assert_eq!(health, [Health::Healthy, Health::Healthy, Health::RenewsSoon, Health::RenewsSoon]);
}

/// Lets the time of the test pass until something is so.
async fn until_it_is_so(is_so: impl Fn() -> bool) {
    while !is_so() {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
