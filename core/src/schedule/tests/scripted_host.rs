//! A computer, a network, a store and two services that a script plays with.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use tunekey_services::netease::Netease;
use tunekey_services::qqmusic::QqMusic;
use tunekey_services::{AccountId, Clock, Credential, Method, Service, netease, qqmusic};

use super::super::Host;
use crate::account::{RenewalOutcome, RenewalRecord, RenewalTrigger, SignInReason};
use crate::attempts::Budget;
use crate::evidence;
use crate::ledger::AccountRecord;
use crate::problem::{Problem, ProblemCode};
use crate::renewal::{failed, succeeded};
use crate::timing::{Now, life};
use crate::vault::Generation;

/// What time it is when a script begins.
pub(super) const BEGINNING: i64 = 1_790_000_000;

/// The host of one script. Cheap to clone; every clone is the same.
#[derive(Clone, Debug)]
pub(super) struct ScriptedHost(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    began: tokio::time::Instant,
    /// How long a renewal takes at most.
    slowness: Duration,
    state: Mutex<State>,
}

/// What is so at this moment.
#[derive(Debug)]
pub(super) struct State {
    dice: StdRng,
    /// How long the computer has slept.
    pub(super) slept: Duration,
    /// How far its clock is from the true time.
    pub(super) clock_off: SignedDuration,
    pub(super) records: Vec<AccountRecord>,
    pub(super) online: bool,
    pub(super) store_is_open: bool,
    /// Whether the services work, or for how long they ask to be left alone.
    pub(super) services: Services,
    /// Which accounts the service refuses the next time.
    pub(super) refuses: Vec<AccountId>,
    pub(super) told: HashMap<AccountId, Told>,
    pub(super) renewed: u32,
    pub(super) failed: u32,
    pub(super) most_at_once: usize,
    pub(super) first_renewals: HashMap<AccountId, Duration>,
    pub(super) broken: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Services {
    Work,
    Down(Option<Duration>),
}

/// What the true course of things says of an account, by the boot clock.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// When its key is due.
    pub(super) due: Duration,
    /// When it seems due to a process that has begun while the clock was wrong.
    pub(super) seems_due: Duration,
    /// When it is to be asked about again.
    pub(super) second_answer: Option<Duration>,
    /// Until when it is left alone after a failure.
    pub(super) paused_until: Duration,
    /// When attempts began, and out of which budget.
    pub(super) attempts: Vec<(Duration, Budget)>,
    /// Until when attempts count that a clock which was set back has put into the future.
    pub(super) waits_until: Duration,
    pub(super) is_under_way: bool,
    /// Since when its renewal has been possible without having begun.
    pub(super) possible_since: Option<Duration>,
}

impl ScriptedHost {
    /// A host with so many accounts, whose keys are of that age.
    pub(super) fn new(
        seed: u64,
        accounts: u32,
        age: Duration,
        slowness: Duration,
        clock_off: SignedDuration,
    ) -> Self {
        let mut state = State {
            dice: StdRng::seed_from_u64(seed),
            slept: Duration::ZERO,
            clock_off: SignedDuration::ZERO,
            records: Vec::new(),
            online: true,
            store_is_open: true,
            services: Services::Work,
            refuses: Vec::new(),
            told: HashMap::new(),
            renewed: 0,
            failed: 0,
            most_at_once: 0,
            first_renewals: HashMap::new(),
            broken: Vec::new(),
        };
        let began = Timestamp::from_second(BEGINNING).expect("a time");
        for number in 0..accounts {
            // A key of half a year makes no difference in a script of two days, unless it sleeps.
            let (service, id) =
                if seed > 0 && number % 4 == 3 { (netease::ID, "90") } else { (qqmusic::ID, "10") };
            let id = AccountId::new(service, format!("{id}{seed:04}{number:02}"));
            let mut record = AccountRecord::new(id.clone(), Method::QqScan, began);
            record.generation = Generation::new(1);
            let issued_at = began - SignedDuration::try_from(age).expect("short");
            record.life = life(service_of(&id), &credential(&id, issued_at, number), record.generation);
            let due = record.life.renew_at.expect("it is renewable");
            let due = after(BOOT, due.duration_since(began));
            let told = Told { due, seems_due: due, ..Told::default() };
            state.told.insert(id, told);
            state.records.push(record);
        }
        state.clock_off = clock_off;
        Self(Arc::new(Inner { began: tokio::time::Instant::now(), slowness, state: Mutex::new(state) }))
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long ago the script began, sleep included.
    pub(super) fn elapsed(&self) -> Duration {
        self.boot() - BOOT
    }

    /// Cuts off what is under way, as a crash does, and forgets what the ledger does not say: all that a new process
    /// has to go by are its times of the wall clock.
    pub(super) fn restart(&self) {
        let now = Now::of(self);
        let mut state = self.state();
        let state = &mut *state;
        for record in &state.records {
            let told = state.told.get_mut(&record.id).expect("it is here");
            (told.is_under_way, told.possible_since) = (false, None);
            let at =
                |at: Timestamp, most: SignedDuration| after(now.boot, at.duration_since(now.wall).min(most));
            let planned = record.life.renew_at.expect("it is renewable");
            let whole = planned.duration_since(record.life.issued_at);
            told.seems_due = told.seems_due.min(at(planned, whole));
            told.due = told.due.max(at(planned, whole));
            if let (Some(second), Some(first)) = (&mut told.second_answer, record.evidence) {
                *second = at(first.at + evidence::APART, evidence::APART).max(*second);
            }
            if let Some(until) = record.next_attempt_at {
                told.paused_until = told.paused_until.max(at(until, SignedDuration::from_hours(24)));
            }
            if record
                .attempts
                .iter()
                .any(|attempt| attempt.at > now.wall && attempt.is_within_an_hour(now.wall))
            {
                told.waits_until = now.boot + Duration::from_secs(3600);
            }
        }
    }

    /// Begins an attempt and checks that there is reason for it.
    fn begin(&self, id: &AccountId, budget: Budget) -> Duration {
        let (now, elapsed) = (Now::of(self), self.elapsed());
        let mut state = self.state();
        let record = state.records.iter_mut().find(|record| record.id == *id).expect("it is here");
        record.attempts.note(budget, now.wall);
        let due_by_the_clock = record.life.renew_at.is_some_and(|at| at <= now.wall);
        let told = state.told.get_mut(id).expect("it is here");
        let second = told.second_answer.is_some_and(|at| at <= now.boot);
        let due = told.due.min(told.seems_due) <= now.boot || second || due_by_the_clock;
        told.possible_since = None;
        told.is_under_way = true;
        told.attempts.retain(|(at, _)| *at + Duration::from_secs(3600) > now.boot);
        told.attempts.push((now.boot, budget));
        let paid = told.attempts.iter().filter(|(_, paid)| *paid == budget).count();
        let paused = told.paused_until > now.boot + Duration::from_secs(1) && budget == Budget::Schedule;
        let at_once = state.told.values().filter(|told| told.is_under_way).count();
        state.most_at_once = state.most_at_once.max(at_once);
        for (broken, promise) in [
            (!due, "renewed without a reason"),
            (paused, "renewed in a pause"),
            (paid > budget.most_an_hour(), "tried too often"),
            (at_once > 8, "more than eight at once"),
        ] {
            if broken {
                state.broken.push(format!("{promise}: {id} at {elapsed:?}"));
            }
        }
        let most = self.0.slowness.as_millis() as u64;
        Duration::from_millis(state.dice.random_range(most / 2..=most))
    }

    /// Ends an attempt as the script has it.
    fn end(&self, id: &AccountId) {
        let (now, elapsed) = (Now::of(self), self.elapsed());
        let mut state = self.state();
        let state = &mut *state;
        let place = state.records.iter().position(|record| record.id == *id).expect("it is here");
        let (record, told) = (&mut state.records[place], state.told.get_mut(id).expect("it is here"));
        told.is_under_way = false;
        let refused = state.refuses.iter().position(|refused| refused == id);
        let code = match (state.store_is_open, state.online, state.services, refused) {
            (false, ..) => Some(ProblemCode::KeychainLocked),
            (_, false, ..) => Some(ProblemCode::Offline),
            (_, _, Services::Down(None), _) => Some(ProblemCode::ServerError),
            (_, _, Services::Down(Some(_)), _) => Some(ProblemCode::RateLimited),
            (.., Some(place)) => {
                state.refuses.remove(place);
                evidence::weigh(record, record.generation, SignInReason::Rejected, now);
                told.second_answer = Some(now.boot + Duration::from_secs(60));
                Some(ProblemCode::RefusedOnce)
            }
            (.., None) => None,
        };
        let outcome = if code.is_some() { RenewalOutcome::Failed } else { RenewalOutcome::Renewed };
        let problem = code.map(Problem::new);
        let entry = RenewalRecord {
            at: now.wall,
            outcome,
            unchanged: None,
            trigger: RenewalTrigger::Automatic,
            problem,
        };
        if code.is_some() {
            let wish = match state.services {
                Services::Down(wish) if code == Some(ProblemCode::RateLimited) => wish,
                _ => None,
            };
            failed(record, entry, wish.map(|wish| SignedDuration::try_from(wish).expect("short")));
            let until = record.next_attempt_at.expect("it waits");
            told.paused_until = after(now.boot, until.duration_since(now.wall));
            state.failed += 1;
        } else {
            // One service says when it issued the key, by its own clock; for the other one ours counts.
            let issued_at = if id.service == netease::ID { now.wall } else { now.wall - state.clock_off };
            record.generation = Generation::new(record.generation.number() + 1);
            record.life = life(service_of(id), &credential(id, issued_at, place as u32), record.generation);
            succeeded(record, entry);
            let planned = record.life.renew_at.expect("it is renewable").duration_since(now.wall);
            let whole = record.life.renew_at.expect("it is").duration_since(record.life.issued_at);
            told.due = after(now.boot, planned.min(whole.max(SignedDuration::ZERO)));
            told.seems_due = told.due;
            told.paused_until = Duration::ZERO;
            told.second_answer = None;
            state.first_renewals.entry(id.clone()).or_insert(elapsed);
            state.renewed += 1;
        }
        record.renewals.truncate(3);
        if record.health.needs_sign_in() {
            state.broken.push(format!("{id} is said to need a sign-in at {elapsed:?}"));
        }
    }
}

/// What the boot clock says when a script begins.
pub(super) const BOOT: Duration = Duration::from_secs(100 * 24 * 60 * 60);

/// A moment by the boot clock, so long after another one.
fn after(boot: Duration, wait: SignedDuration) -> Duration {
    match Duration::try_from(wait) {
        Ok(wait) => boot + wait,
        Err(_) => boot.saturating_sub(wait.unsigned_abs()),
    }
}

fn service_of(id: &AccountId) -> &'static dyn Service {
    if id.service == netease::ID { &Netease } else { &QqMusic }
}

/// A credential whose key lives for nine hours, a day, three days or, with NetEase, half a year.
fn credential(id: &AccountId, issued_at: Timestamp, number: u32) -> Credential {
    let hours = match (id.service == netease::ID, number % 4) {
        (true, _) => 180 * 24,
        (_, 0) => 72,
        (_, 1) => 24,
        (..) => 60,
    };
    let fields = [("musickey", "k"), ("refresh_key", "r"), ("MUSIC_U", "u"), ("MUSIC_R_U", "r")];
    Credential {
        account: id.clone(),
        issued_at,
        expires_at: Some(issued_at + SignedDuration::from_hours(hours)),
        fields: fields.into_iter().collect(),
    }
}

impl Clock for ScriptedHost {
    fn now(&self) -> Timestamp {
        let boot = SignedDuration::try_from(self.elapsed()).expect("a script is short");
        Timestamp::from_second(BEGINNING).expect("a time") + boot + self.state().clock_off
    }

    fn monotonic(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }

    fn boot(&self) -> Duration {
        BOOT + self.0.began.elapsed() + self.state().slept
    }
}

#[async_trait]
impl Host for ScriptedHost {
    const PACE: Duration = Duration::from_secs(20);

    fn now(&self) -> Now {
        Now::of(self)
    }

    async fn follow(&self) {}

    async fn records(&self) -> Option<Vec<Arc<AccountRecord>>> {
        Some(self.state().records.iter().cloned().map(Arc::new).collect())
    }

    fn store_is_open(&self) -> bool {
        self.state().store_is_open
    }

    async fn attempt(&self, account: &AccountId, budget: Budget) {
        let takes = self.begin(account, budget);
        tokio::time::sleep(takes).await;
        self.end(account);
    }
}
