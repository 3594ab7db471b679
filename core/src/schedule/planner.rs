//! What to renew now, and when to look again. Pure: a function of what is seen and of what was seen before, with no
//! clock, network or store of its own.
//!
//! The ledger speaks in times of the wall clock, which jumps; here each of them is put on the boot clock when it is
//! first seen, and goes by that. Only one thing is believed of the wall clock alone: that a renewal has become due,
//! because the clock may have been wrong at first. Even that waits until the clock has stood for a few seconds.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tunekey_services::{AccountId, Renewability};

use crate::attempts::{Attempt, Budget, HOUR};
use crate::evidence;
use crate::ledger::AccountRecord;
use crate::problem::ProblemCode;
use crate::timing::{self, Now};

/// How often to look at the latest: what no signal tells is noticed this soon.
pub(super) const TICK: Duration = Duration::from_secs(30);
/// How many accounts are renewed at once: services count requests by address.
pub(super) const MOST_AT_ONCE: usize = 8;
/// How much of the boot clock may pass between two looks before that was a sleep.
const SLEPT: Duration = Duration::from_secs(75);
/// How far the wall clock may go apart from the boot clock before it was set.
const CLOCK_SET: SignedDuration = SignedDuration::from_secs(30);
/// After a start, a sleep, a new network or a new time nothing is begun for this long: things come up one by one.
const SETTLE: Duration = Duration::from_secs(5);
/// Over how long the accounts then begin, each at its own moment.
const SETTLE_SPREAD: Duration = Duration::from_secs(25);
/// Over how long the renewals begin that a start finds missed, so that logging in is no burst.
const START_SPREAD: Duration = Duration::from_secs(10 * 60);
/// A key of whose life no more than this part is left is not among those that wait longer after a start.
const PRESSING: f64 = 1.0 / 6.0;
/// The longest pause that makes sense, whatever the ledger says.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(24);

/// What is seen at one moment.
#[derive(Debug)]
pub(super) struct View<'a> {
    /// When.
    pub(super) now: Now,
    /// What the ledger knows.
    pub(super) records: &'a [Arc<AccountRecord>],
    /// Whether there is a network, as far as is known.
    pub(super) online: bool,
    /// Whether the store of the secrets is open.
    pub(super) store_is_open: bool,
    /// What is being renewed.
    pub(super) under_way: &'a HashSet<AccountId>,
}

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// What to renew now, and out of which budget; the most pressing first.
    pub(super) renew: Vec<(AccountId, Budget)>,
    /// After how long to look again, unless something happens before.
    pub(super) look_again: Duration,
}

/// What happened since the last look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    /// The computer woke up.
    Woke,
    /// The network came back, or is another one.
    NetworkReturned,
}

/// Plans the renewals of a profile.
#[derive(Debug, Default)]
pub(super) struct Planner {
    /// The look before, if this is not the first one.
    last: Option<Now>,
    /// Since when this process plans.
    started: Duration,
    accounts: HashMap<AccountId, Memory>,
}

/// What is remembered of an account between two looks.
#[derive(Debug, Default)]
struct Memory {
    renewal: Anchor,
    second_answer: Anchor,
    end: Anchor,
    pause: Anchor,
    attempts: Vec<(Attempt, Duration)>,
    /// Nothing is begun before: set by what happens, and gone once it has passed with nothing to do.
    settled: Option<Duration>,
    /// When the network last came back.
    network_returned: Option<Duration>,
}

/// A time of the wall clock, and where it lies on the boot clock.
#[derive(Debug, Clone, Copy, Default)]
struct Anchor(Option<Anchored>);

#[derive(Debug, Clone, Copy)]
struct Anchored {
    wall: Timestamp,
    boot: Duration,
    /// When that was found.
    seen: Duration,
}

impl Anchor {
    /// Where `wall` lies, as it was found when it was first seen: at most `longest` from then.
    fn at(&mut self, wall: Timestamp, longest: SignedDuration, now: Now) -> Anchored {
        match self.0 {
            Some(known) if known.wall == wall => known,
            _ => {
                let wait = wall.duration_since(now.wall).min(longest.max(SignedDuration::ZERO));
                let boot = match Duration::try_from(wait) {
                    Ok(wait) => now.boot.saturating_add(wait),
                    Err(_) => now.boot.saturating_sub(wait.unsigned_abs()),
                };
                *self.0.insert(Anchored { wall, boot, seen: now.boot })
            }
        }
    }
}

impl Planner {
    /// What to do at this moment.
    pub(super) fn look(&mut self, view: &View<'_>) -> Plan {
        let now = view.now;
        let is_first = self.last.is_none();
        if is_first {
            self.started = now.boot;
        }
        let known: HashSet<_> = view.records.iter().map(|record| &record.id).collect();
        self.accounts.retain(|id, _| known.contains(id));
        for record in view.records {
            self.accounts.entry(record.id.clone()).or_default();
        }
        if is_first || self.last.is_some_and(|last| has_jumped(last, now)) {
            self.settle(now);
        }
        self.last = Some(now);
        let mut ready = Vec::new();
        let mut look_again = TICK;
        for record in view.records {
            let memory = self.accounts.entry(record.id.clone()).or_default();
            let Some((moment, budget)) = memory.next(record, now, self.started) else { continue };
            if moment > now.boot {
                look_again = look_again.min(moment - now.boot);
            } else if !view.under_way.contains(&record.id) {
                ready.push((moment, record.id.clone(), budget));
            }
        }
        let possible = view.online && view.store_is_open;
        let places = if possible { MOST_AT_ONCE.saturating_sub(view.under_way.len()) } else { 0 };
        ready.sort_by_key(|(moment, ..)| *moment);
        let renew: Vec<_> = ready.into_iter().take(places).map(|(_, id, budget)| (id, budget)).collect();
        for (id, _) in &renew {
            self.accounts.entry(id.clone()).or_default().settled = None;
        }
        Plan { renew, look_again: look_again.max(Duration::from_millis(1)) }
    }

    /// Takes what has happened into account.
    pub(super) fn note(&mut self, signal: Signal, now: Now) {
        if signal == Signal::NetworkReturned {
            for memory in self.accounts.values_mut() {
                memory.network_returned = Some(now.boot);
            }
        }
        self.settle(now);
    }

    /// Lets every account wait for its own moment of the next half minute. One that is waiting for such a moment, or
    /// has waited and is only kept from beginning by something else, waits no longer.
    fn settle(&mut self, now: Now) {
        for (id, memory) in &mut self.accounts {
            memory.settled.get_or_insert(settled_after(id, now.boot));
        }
    }
}

/// The account's own moment of the half minute after something has happened.
fn settled_after(id: &AccountId, happened: Duration) -> Duration {
    happened + SETTLE + SETTLE_SPREAD.mul_f64(timing::share(id, 0))
}

/// Whether the computer has slept, or the wall clock was set, between two looks.
fn has_jumped(last: Now, now: Now) -> bool {
    let boot = now.boot.saturating_sub(last.boot);
    let wall = now.wall.duration_since(last.wall);
    let apart = wall.saturating_sub(SignedDuration::try_from(boot).unwrap_or(SignedDuration::MAX));
    boot > SLEPT || apart.abs() > CLOCK_SET
}

impl Memory {
    /// When the account is to be renewed or asked about again, by the boot clock, and out of which budget. `None` when
    /// there is nothing to do with it.
    fn next(&mut self, record: &AccountRecord, now: Now, started: Duration) -> Option<(Duration, Budget)> {
        if record.health.needs_sign_in() || record.signing_out {
            return None;
        }
        let due = match (self.renewal_due(record, now, started), self.second_answer_due(record, now)) {
            (Some(renewal), Some(second)) => renewal.min(second),
            (renewal, second) => renewal.or(second)?,
        };
        self.note_attempts(record, now);
        let settled = self.settled.unwrap_or_default();
        if due > now.boot && settled <= now.boot {
            self.settled = None;
        }
        let due = due.max(settled);
        let pause = self.pause(record, now);
        let by_schedule = due.max(pause.map_or(Duration::ZERO, |pause| pause.boot));
        if let (Some(pause), Some(returned)) = (pause, self.network_returned)
            && returned >= pause.seen
            && failed_for_want_of_network(record)
        {
            let moment = due.max(settled_after(&record.id, returned));
            if moment < pause.boot && self.paid_at(Budget::Network) <= moment {
                return Some((moment, Budget::Network));
            }
        }
        Some((by_schedule.max(self.paid_at(Budget::Schedule)), Budget::Schedule))
    }

    /// When the key is to be renewed.
    fn renewal_due(&mut self, record: &AccountRecord, now: Now, started: Duration) -> Option<Duration> {
        if record.renewability == Some(Renewability::NotRenewable) || record.handed_over_at.is_some() {
            return None;
        }
        let planned = record.life.renew_at?;
        // A key that was issued in the future is as old as it looks: the clock was ahead then, or is behind now.
        let whole = planned.duration_since(record.life.issued_at);
        let mut due = self.renewal.at(planned, whole, now).boot;
        if planned <= now.wall {
            due = due.min(now.boot);
        }
        if due > started || self.is_pressing(record, now) {
            return Some(due);
        }
        // It was missed before this process planned anything.
        let share = timing::share(&record.id, record.generation.number());
        Some(started + START_SPREAD.mul_f64(share))
    }

    /// Whether so little is left of the key's life that its renewal can wait no longer.
    fn is_pressing(&mut self, record: &AccountRecord, now: Now) -> bool {
        let Some(expires_at) = record.life.expires_at else { return false };
        let life = expires_at.duration_since(record.life.issued_at).max(SignedDuration::ZERO);
        let left = self.end.at(expires_at, life, now).boot.saturating_sub(now.boot);
        left.as_secs_f64() < life.as_secs_f64() * PRESSING
    }

    /// When to ask again about a credential of which one answer has said that it is gone.
    fn second_answer_due(&mut self, record: &AccountRecord, now: Now) -> Option<Duration> {
        let at = evidence::ask_again_at(record)?;
        Some(self.second_answer.at(at, evidence::APART, now).boot)
    }

    /// Until when the account is left alone after a failure.
    fn pause(&mut self, record: &AccountRecord, now: Now) -> Option<Anchored> {
        let until = record.next_attempt_at?;
        let failed_at = record.renewals.first().map(|entry| entry.at).filter(|at| *at <= until);
        let longest = failed_at.map_or(LONGEST_PAUSE, |at| until.duration_since(at).min(LONGEST_PAUSE));
        Some(self.pause.at(until, longest, now))
    }

    /// Puts the attempts of the last hour on the boot clock.
    fn note_attempts(&mut self, record: &AccountRecord, now: Now) {
        // What the ledger keeps is not counted anew when the wall clock is set back.
        let in_ledger = |known: &Attempt| record.attempts.iter().any(|attempt| attempt == known);
        self.attempts.retain(|(known, at)| *at + HOUR.unsigned_abs() > now.boot || in_ledger(known));
        for attempt in record.attempts.iter().filter(|attempt| attempt.is_within_an_hour(now.wall)) {
            if self.attempts.iter().all(|(known, _)| known != attempt) {
                let ago = now.wall.duration_since(attempt.at).max(SignedDuration::ZERO).unsigned_abs();
                self.attempts.push((*attempt, now.boot.saturating_sub(ago)));
            }
        }
    }

    /// When a budget pays for the next attempt.
    fn paid_at(&self, budget: Budget) -> Duration {
        let paid = self.attempts.iter().filter(|(attempt, _)| attempt.budget == budget);
        let mut paid: Vec<Duration> = paid.map(|(_, at)| *at).collect();
        paid.sort_unstable();
        let most = budget.most_an_hour();
        if paid.len() < most { Duration::ZERO } else { paid[paid.len() - most] + HOUR.unsigned_abs() }
    }
}

/// Whether the last renewal never reached the service, so that another network may make it work.
fn failed_for_want_of_network(record: &AccountRecord) -> bool {
    let problem = record.renewals.first().and_then(|entry| entry.problem.as_ref());
    problem.is_some_and(|problem| {
        matches!(
            problem.code,
            ProblemCode::Offline
                | ProblemCode::NameNotResolved
                | ProblemCode::NotTheService
                | ProblemCode::ProxyUnreachable
                | ProblemCode::Timeout
        )
    })
}

#[cfg(test)]
mod tests {
    use tunekey_services::{Method, qqmusic};

    use super::*;
    use crate::account::KeyLifetime;

    #[test]
    fn what_was_handed_over_to_another_program_is_not_renewed_here() {
        let at = |minutes: i64| Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes);
        let mut record = AccountRecord::new(AccountId::new(qqmusic::ID, "10001"), Method::QqScan, at(0));
        record.life =
            KeyLifetime { issued_at: at(0), renew_at: Some(at(1_200)), expires_at: Some(at(4_320)) };
        let is_renewed = |record: &AccountRecord| {
            let mut planner = Planner::default();
            (0_u32..100).any(|minute| {
                let now = Now { wall: at(1_200 + i64::from(minute)), boot: Duration::from_secs(60) * minute };
                let records = &[Arc::new(record.clone())];
                let view =
                    View { now, records, online: true, store_is_open: true, under_way: &HashSet::new() };
                !planner.look(&view).renew.is_empty()
            })
        };
        assert!(is_renewed(&record), "it is due");
        record.handed_over_at = Some(at(0));
        assert!(!is_renewed(&record), "another program does that");
    }
}
