//! What happens to a host, and whether the schedule keeps its promises meanwhile.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use tokio::task::JoinHandle;
use tunekey_services::Clock as _;

use super::super::{Signals, run};
use super::scripted_host::{BOOT, ScriptedHost, Services};
use super::{DAY, HOUR, MINUTE, TEN_YEARS};
use crate::attempts::Budget;

/// How often the promises are held against what is so.
const CHECK: Duration = Duration::from_secs(20);
/// How soon after it has become possible a renewal begins.
const PROMISED: Duration = Duration::from_secs(60);
/// Over how long the renewals begin that a start finds missed.
const AFTER_START: Duration = Duration::from_secs(10 * 60);

/// Something that happens to the computer or around it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Happening {
    /// It sleeps.
    Sleep(Duration),
    /// Its clock is set, by so much.
    SetClock(SignedDuration),
    /// It is without a network for so long.
    Offline(Duration),
    /// The schedule is told that there is a network.
    NetworkReturns,
    /// The store is locked for so long.
    Lock(Duration),
    /// The services do not work for so long, and may ask to be left alone.
    ServiceDown(Duration, Option<Duration>),
    /// The services refuse every account once.
    RefuseOnce,
    /// The program ends and is started again.
    Restart,
    /// What began for a while is over.
    Ends(Ending),
}

/// The end of something that lasted a while.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ending {
    Offline,
    Lock,
    ServiceDown,
}

/// What happens when, counted from the beginning in time that the computer is awake.
#[derive(Debug, Clone)]
pub(super) struct Script {
    seed: u64,
    accounts: u32,
    age: Duration,
    length: Duration,
    slowness: Duration,
    clock_off: SignedDuration,
    told_of_the_network: bool,
    happenings: Vec<(Duration, Happening)>,
}

/// What came of a script.
#[derive(Debug)]
pub(super) struct Played {
    /// Which promises were broken, and when.
    pub(super) broken: Vec<String>,
    pub(super) renewed: u32,
    pub(super) failed: u32,
    pub(super) most_at_once: usize,
    /// When each account that was renewed was so for the first time, since the beginning.
    pub(super) first_renewals: Vec<Duration>,
}

impl Script {
    /// A script in which nothing happens but time.
    pub(super) fn new(accounts: u32, length: Duration) -> Self {
        Self {
            seed: 0,
            accounts,
            age: Duration::ZERO,
            length,
            slowness: Duration::from_secs(4),
            clock_off: SignedDuration::ZERO,
            told_of_the_network: false,
            happenings: Vec::new(),
        }
    }

    /// With keys of that age.
    pub(super) fn aged(self, age: Duration) -> Self {
        Self { age, ..self }
    }

    /// With services that take so long at most.
    pub(super) fn slow(self, slowness: Duration) -> Self {
        Self { slowness, ..self }
    }

    /// On a computer whose clock is wrong at first.
    pub(super) fn clock_off(self, clock_off: SignedDuration) -> Self {
        Self { clock_off, ..self }
    }

    /// On a system that says whether there is a network.
    pub(super) fn told_of_the_network(self) -> Self {
        Self { told_of_the_network: true, ..self }
    }

    /// With one happening more.
    pub(super) fn with(mut self, at: Duration, happening: Happening) -> Self {
        self.happenings.push((at, happening));
        self
    }

    /// A script that a seed makes.
    pub(super) fn of_seed(seed: u64) -> Self {
        let mut dice = StdRng::seed_from_u64(seed);
        let accounts = if seed.is_multiple_of(10) { 20 } else { dice.random_range(1..=5) };
        let hours = |dice: &mut StdRng, most: u32| HOUR * dice.random_range(0..=most);
        let mut script = Self::new(accounts, DAY / 4 + hours(&mut dice, 18)).aged(hours(&mut dice, 70));
        script.seed = seed;
        script.told_of_the_network = dice.random();
        for number in 0..dice.random_range(1..=8_u64) {
            let minutes = u32::try_from(script.length.as_secs() / 60).unwrap_or(u32::MAX);
            // None at the moment of another one, nor before the schedule has begun.
            let at = MINUTE * dice.random_range(1..=minutes) + Duration::from_secs(2 * number);
            let happening = any_happening(&mut dice);
            script = script.with(at, happening);
        }
        script
    }

    /// Plays it from the beginning to its end.
    pub(super) fn play(self) -> Played {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.expect("a runtime").block_on(async { Play::new(self).run().await })
    }
}

fn any_happening(dice: &mut StdRng) -> Happening {
    // Anything from a minute to so many days, short ones as often as long ones.
    let some = |dice: &mut StdRng, days: u32| {
        MINUTE.mul_f64(f64::from(days * 24 * 60).powf(dice.random_range(0.0..1.0)))
    };
    match dice.random_range(0..9) {
        0 | 1 => Happening::Sleep(some(dice, 60)),
        2 => Happening::SetClock(if dice.random() { TEN_YEARS } else { -TEN_YEARS }),
        3 => Happening::SetClock(SignedDuration::from_secs(dice.random_range(-7200..=7200))),
        4 => Happening::Offline(some(dice, 2)),
        5 => Happening::Lock(some(dice, 1)),
        6 => {
            let wish = dice.random::<bool>().then(|| some(dice, 1));
            Happening::ServiceDown(some(dice, 2), wish)
        }
        7 => Happening::RefuseOnce,
        _ => Happening::Restart,
    }
}

/// A script that is being played.
struct Play {
    script: Script,
    host: ScriptedHost,
    signals: Arc<Signals>,
    schedule: JoinHandle<()>,
    started: Duration,
    /// What began for a while, and ends when it was last said to.
    ends: [Duration; 3],
}

impl Play {
    fn new(mut script: Script) -> Self {
        script.happenings.sort_by_key(|(at, _)| *at);
        script.happenings.reverse();
        let host =
            ScriptedHost::new(script.seed, script.accounts, script.age, script.slowness, script.clock_off);
        let signals = Arc::<Signals>::default();
        let schedule = start(&host, &signals);
        Self { script, host, signals, schedule, started: BOOT, ends: [Duration::ZERO; 3] }
    }

    async fn run(mut self) -> Played {
        let began = tokio::time::Instant::now();
        while began.elapsed() < self.script.length {
            while self.script.happenings.last().is_some_and(|(at, _)| *at <= began.elapsed()) {
                if let Some((at, happening)) = self.script.happenings.pop() {
                    self.happen(at, happening);
                }
            }
            self.check();
            let next = self.script.happenings.last().map(|(at, _)| at.saturating_sub(began.elapsed()));
            tokio::time::sleep(next.unwrap_or(CHECK).clamp(Duration::from_millis(1), CHECK)).await;
        }
        self.schedule.abort();
        let mut state = self.host.state();
        let mut first_renewals: Vec<_> = state.first_renewals.values().copied().collect();
        first_renewals.sort_unstable();
        Played {
            broken: std::mem::take(&mut state.broken),
            renewed: state.renewed,
            failed: state.failed,
            most_at_once: state.most_at_once,
            first_renewals,
        }
    }

    fn happen(&mut self, at: Duration, happening: Happening) {
        match happening {
            Happening::Sleep(length) => {
                let mut state = self.host.state();
                state.slept += length;
                state.told.values_mut().for_each(|told| told.possible_since = None);
            }
            Happening::SetClock(by) => self.host.state().clock_off += by,
            Happening::Offline(length) => {
                self.host.state().online = false;
                self.tell_of_the_network(false);
                self.until(at + length, Ending::Offline);
            }
            Happening::NetworkReturns => self.signals.network_changed(true),
            Happening::Lock(length) => {
                self.host.state().store_is_open = false;
                self.until(at + length, Ending::Lock);
            }
            Happening::ServiceDown(length, wish) => {
                self.host.state().services = Services::Down(wish);
                self.until(at + length, Ending::ServiceDown);
            }
            Happening::RefuseOnce => {
                let mut state = self.host.state();
                state.refuses = state.records.iter().map(|record| record.id.clone()).collect();
            }
            Happening::Restart => {
                self.schedule.abort();
                self.host.restart();
                self.started = self.host.boot();
                self.schedule = start(&self.host, &self.signals);
            }
            Happening::Ends(ending) if self.ends[ending as usize] > at => {}
            Happening::Ends(Ending::Offline) => {
                self.host.state().online = true;
                self.tell_of_the_network(true);
            }
            Happening::Ends(Ending::Lock) => self.host.state().store_is_open = true,
            Happening::Ends(Ending::ServiceDown) => self.host.state().services = Services::Work,
        }
    }

    fn tell_of_the_network(&self, online: bool) {
        if self.script.told_of_the_network {
            self.signals.network_changed(online);
        }
    }

    fn until(&mut self, at: Duration, ending: Ending) {
        self.ends[ending as usize] = self.ends[ending as usize].max(at);
        self.script.happenings.push((at, Happening::Ends(ending)));
        self.script.happenings.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    }

    /// Notes since when each renewal has been possible, and which of them has not begun in time.
    fn check(&self) {
        let (boot, elapsed) = (self.host.boot(), self.host.elapsed());
        let mut state = self.host.state();
        let is_full = state.told.values().filter(|told| told.is_under_way).count() >= 8;
        let possible = state.store_is_open && (state.online || !self.script.told_of_the_network) && !is_full;
        let mut late = Vec::new();
        for (id, told) in &mut state.told {
            let missed = told.due <= self.started && boot < self.started + AFTER_START;
            let due = (told.due <= boot && !missed) || told.second_answer.is_some_and(|at| at <= boot);
            let hour =
                told.attempts.iter().filter(|(at, paid)| *paid == Budget::Schedule && *at + HOUR > boot);
            let is_paid = hour.count() < Budget::Schedule.most_an_hour();
            if !(possible
                && due
                && is_paid
                && told.waits_until <= boot
                && told.paused_until <= boot
                && !told.is_under_way)
            {
                told.possible_since = None;
                continue;
            }
            let since = *told.possible_since.get_or_insert(boot);
            if boot - since > PROMISED {
                late.push(format!("{id} waits at {elapsed:?}"));
            }
        }
        if state.broken.len() < 10 {
            state.broken.extend(late);
        }
    }
}

fn start(host: &ScriptedHost, signals: &Arc<Signals>) -> JoinHandle<()> {
    let (host, signals) = (host.clone(), signals.clone());
    tokio::spawn(async move { run(host, &signals).await })
}
