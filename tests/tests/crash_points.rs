//! A process dies at each step of a renewal and of the delivery that follows it, in each fate of the old key. The next process
//! goes on: no credential is lost but where the service has ended the old one before the new one could be kept, and then
//! it says so; each key is delivered, and never an older one after a newer.
//!
//! `TUNEKEY_CRASH_SEEDS` is how many worlds each point is tried in; 1 when it is not set.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use async_trait::async_trait;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use tokio::sync::Notify;
use tunekey_core::{
    AccountId, DeliveryScope, DeliveryState, Event, Interaction, Preset, ProblemCode, RenewalTrigger, Secret,
    SecretStore, SlotName, StoreError, StoreKind, TuneKey,
};
use tunekey_services::netease;
use tunekey_simulator::{Rotation, Settings};
use tunekey_tests::desktop::key_of;
use tunekey_tests::eventually::until;
use tunekey_tests::harness::{Harness, check_problem, into_error};
use tunekey_tests::matrix::{RENEWED, run_all};
use tunekey_tests::push_server::PushServer;

/// How many cases run side by side: they wait most of the time.
const CONCURRENCY: usize = 12;
/// How long one may take.
const CASE_LIMIT: Duration = Duration::from_secs(120);
/// After how long a second refusal is believed.
const BELIEVED: Duration = Duration::from_secs(61);
/// How long what a dead process has begun may take to end.
const DEATH: Duration = Duration::from_secs(20);

/// The calls of the store that a renewal and the delivery after it make, in order.
const CALLS: [&str; 13] = [
    "renewal: the first slot is read",
    "renewal: the second slot is read",
    "proof: the first slot is read",
    "proof: the second slot is read",
    "proof: the idle slot is written",
    "proof: the idle slot is read back",
    "commit: the first slot is read",
    "commit: the second slot is read",
    "commit: the new key is written",
    "commit: the new key is read back",
    "delivery: the first slot is read",
    "delivery: the second slot is read",
    "delivery: the secret of the target is read",
];
/// The service is asked between these two.
const BEFORE_THE_REQUEST: usize = 5;
/// From here on the new key is kept.
const WRITTEN: usize = 8;

/// What becomes of the old key.
const ROTATIONS: [Rotation; 4] = [
    Rotation::StaysValid,
    Rotation::Grace { seconds: 30 },
    Rotation::DiesAtOnce,
    Rotation::DiesOnceTheNewIsUsed,
];

/// Where the process dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Point {
    /// Before that call of the store.
    Before(usize),
    /// After it, before its answer is known.
    After(usize),
    /// When the renewal stands in the ledger.
    Renewed,
    /// When the target has the value, and has not answered.
    Asked,
    /// When the target has answered.
    Answered,
    /// When the delivery stands in the ledger.
    Delivered,
}

impl Point {
    fn all() -> impl Iterator<Item = Self> {
        let calls = (0..CALLS.len()).flat_map(|call| [Self::Before(call), Self::After(call)]);
        calls.chain([Self::Renewed, Self::Asked, Self::Answered, Self::Delivered])
    }

    fn name(self) -> String {
        match self {
            Self::Before(call) => format!("before “{}”", CALLS[call]),
            Self::After(call) => format!("after “{}”", CALLS[call]),
            Self::Renewed => "when the renewal is noted".to_owned(),
            Self::Asked => "when the target has the value".to_owned(),
            Self::Answered => "when the target has answered".to_owned(),
            Self::Delivered => "when the delivery is noted".to_owned(),
        }
    }

    /// Whether the service has issued a key that nobody keeps.
    fn loses_the_new_key(self) -> bool {
        match self {
            Self::Before(call) => (BEFORE_THE_REQUEST + 1..=WRITTEN).contains(&call),
            Self::After(call) => (BEFORE_THE_REQUEST + 1..WRITTEN).contains(&call),
            Self::Renewed | Self::Asked | Self::Answered | Self::Delivered => false,
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Case {
    point: Point,
    rotation: Rotation,
    seed: u64,
}

impl Case {
    /// Whether the service may have ended the old key with the new one kept nowhere. A renewal asks with the new one before
    /// it is kept, whether it is this account's.
    fn may_lose_the_credential(self) -> bool {
        let ends = matches!(self.rotation, Rotation::DiesAtOnce | Rotation::DiesOnceTheNewIsUsed);
        ends && self.point.loses_the_new_key()
    }

    fn name(&self) -> String {
        format!("{}, {:?}, seed {}", self.point.name(), self.rotation, self.seed)
    }
}

/// Where a process dies, and that it has. What is dead does nothing more.
#[derive(Debug, Default)]
struct Death {
    point: Mutex<Option<Point>>,
    /// How many calls of the store there were.
    calls: AtomicUsize,
    has_come: Notify,
}

impl Death {
    fn at(point: Point) -> Arc<Self> {
        Arc::new(Self { point: Mutex::new(Some(point)), ..Self::default() })
    }

    /// Whether this is where the process dies.
    fn comes(&self, point: Point) -> bool {
        let comes = *self.point.lock().unwrap_or_else(PoisonError::into_inner) == Some(point);
        if comes {
            self.has_come.notify_one();
        }
        comes
    }

    async fn pass(&self, point: Point) {
        if self.comes(point) {
            pending::<()>().await;
        }
    }
}

/// A keychain whose caller may die at any call.
#[derive(Debug)]
struct Mortal {
    keychain: Arc<dyn SecretStore>,
    death: Arc<Death>,
}

impl Mortal {
    async fn call<T>(&self, act: impl Future<Output = T>) -> T {
        let call = self.death.calls.fetch_add(1, Ordering::AcqRel);
        self.death.pass(Point::Before(call)).await;
        let done = act.await;
        self.death.pass(Point::After(call)).await;
        done
    }
}

#[async_trait]
impl SecretStore for Mortal {
    fn kind(&self) -> StoreKind {
        self.keychain.kind()
    }

    async fn get(&self, slot: &SlotName, interaction: Interaction<'_>) -> Result<Option<Secret>, StoreError> {
        self.call(self.keychain.get(slot, interaction)).await
    }

    async fn set(
        &self,
        slot: &SlotName,
        line: &Secret,
        interaction: Interaction<'_>,
    ) -> Result<(), StoreError> {
        self.call(self.keychain.set(slot, line, interaction)).await
    }

    async fn delete(&self, slot: &SlotName, interaction: Interaction<'_>) -> Result<(), StoreError> {
        self.call(self.keychain.delete(slot, interaction)).await
    }

    async fn probe(&self, interaction: Interaction<'_>) -> Result<(), StoreError> {
        self.keychain.probe(interaction).await
    }
}

/// A profile with an account that delivers to a server, and nothing left to deliver.
struct World {
    harness: Harness,
    account: AccountId,
    server: PushServer,
    /// The death of the process that delivers now.
    death: Arc<Mutex<Arc<Death>>>,
}

impl World {
    async fn new(rotation: Rotation, seed: u64) -> Result<Self> {
        let mut random = StdRng::seed_from_u64(seed);
        let option = RENEWED[random.random_range(0..RENEWED.len())];
        let settings = Settings { rotation, sparse_renewals: random.random_bool(0.5), ..Settings::default() };
        let harness = Harness::new(settings).await?;
        let account = harness.sign_in(option).await?;
        harness.tunekey.set_setting("auto-renew", "off").await.map_err(into_error)?;
        for _ in 0..random.random_range(0..3) {
            // Another slot is the idle one then.
            harness.renew(&account).await?.map_err(into_error)?;
        }
        let death = Arc::new(Mutex::new(Arc::new(Death::default())));
        let heard = death.clone();
        let server = PushServer::start_with(move |_| {
            let death = heard.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if death.comes(Point::Asked) {
                return (0, String::new());
            }
            death.comes(Point::Answered);
            (200, "{}".to_owned())
        })
        .await?;
        let world = Self { harness, account, server, death };
        world.deliver_by_hand().await?;
        Ok(world)
    }

    async fn deliver_by_hand(&self) -> Result<()> {
        let field = if self.account.service == netease::ID { "MUSIC_U" } else { "qm_keyst" };
        let (url, body) = (self.server.url(), format!("{{\"key\":\"{{{{field.{field}}}}}\"}}"));
        let answers = [("url", url.as_str()), ("body", &body), ("plain-http", "yes")];
        let answers = answers.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let preset = Preset::by_name("webhook").map_err(into_error)?;
        let draft = preset.draft(&answers, DeliveryScope::PlayingOnly).map_err(into_error)?;
        let secret = Secret::new("whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz");
        let secrets = BTreeMap::from([("signing".to_owned(), secret)]);
        let tunekey = &self.harness.tunekey;
        let id = tunekey.add_delivery(&self.account, draft, secrets).await.map_err(into_error)?.id;
        let record = tunekey.send_delivery(&id).await.map_err(into_error)?;
        ensure!(record.problem.is_none(), "nothing goes wrong yet: {record:?}");
        Ok(())
    }

    /// Runs another process until its work is done or it dies. Gives what it has come to, unless it has died.
    async fn process<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
        &self,
        death: Arc<Death>,
        work: impl FnOnce(TuneKey) -> F,
    ) -> Result<Option<T>> {
        *self.death.lock().unwrap_or_else(PoisonError::into_inner) = death.clone();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let store = Arc::new(Mortal { keychain: self.harness.keychain(), death: death.clone() });
        let tunekey = TuneKey::open(self.harness.another_process(store)?).map_err(into_error)?;
        let schedule = tunekey.clone();
        runtime.spawn(async move { schedule.run_schedule().await });
        watch(&runtime, &tunekey, &death);
        let work = runtime.spawn(work(tunekey));
        let ended = tokio::select! {
            () = death.has_come.notified() => None,
            done = work => Some(done?),
        };
        // Whatever was under way is dropped where it stands, and with it every lock.
        tokio::task::spawn_blocking(move || runtime.shutdown_timeout(DEATH)).await?;
        Ok(ended)
    }

    /// The keys of the account in the order in which the service has issued them.
    fn issued(&self) -> Vec<String> {
        let ledger = self.harness.simulator.ledger().into_iter();
        let ours = ledger.filter(|one| one.account == self.account.to_string());
        ours.map(|one| key_of(&one).to_owned()).collect()
    }

    /// The places of what was delivered among all that was issued.
    fn delivered(&self) -> Result<Vec<usize>> {
        let issued = self.issued();
        let place = |key: &str| issued.iter().position(|one| one == key);
        let received = self.server.received().into_iter();
        received
            .map(|one| one.json["key"].as_str().and_then(place).context("something else was delivered"))
            .collect()
    }
}

/// Has the process die when the ledger says that the renewal, or the delivery, is done: that is when fronts hear of it.
fn watch(runtime: &tokio::runtime::Runtime, tunekey: &TuneKey, death: &Arc<Death>) {
    let (mut events, death) = (tunekey.events(), death.clone());
    let before = tunekey.snapshot().accounts.first().and_then(|account| account.renewals.first().cloned());
    runtime.spawn(async move {
        let mut is_renewed = false;
        while let Ok(event) = events.recv().await {
            match event {
                Event::Account { account } if account.renewals.first() != before.as_ref() => {
                    is_renewed = true;
                    death.comes(Point::Renewed);
                }
                Event::Deliveries { deliveries, .. }
                    if is_renewed && deliveries[0].state == DeliveryState::Delivered =>
                {
                    death.comes(Point::Delivered);
                }
                _ => {}
            }
        }
    });
}

/// Renews, and waits until the new key is delivered.
async fn renew_and_deliver(tunekey: TuneKey, account: AccountId) -> Result<(), ProblemCode> {
    if let Err(problem) = tunekey.renew(&account, RenewalTrigger::Manual).await {
        check_problem(&problem).expect("it has words and no secret");
        return Err(problem.code);
    }
    let mut events = tunekey.events();
    while tunekey.snapshot().deliveries[0].state != DeliveryState::Delivered {
        // Which it was does not matter.
        drop(events.recv().await);
    }
    Ok(())
}

/// The process dies there, and the next one goes on.
async fn dies_and_goes_on(case: Case) -> Result<()> {
    let world = World::new(case.rotation, case.seed).await?;
    let account = world.account.clone();
    let issued = world.issued().len();
    let death = Death::at(case.point);
    let ended = world.process(death, |tunekey| renew_and_deliver(tunekey, account.clone())).await?;
    ensure!(ended.is_none() || case.point == Point::Delivered, "it does not get there: {ended:?}");
    ensure!(world.issued().len() <= issued + 1, "it was renewed more than once");

    let next = world.process(Arc::default(), |tunekey| renew_and_deliver(tunekey, account.clone())).await?;
    match next.context("nothing kills it")? {
        Ok(()) => world.harness.ensure_newest_credential(&account).await?,
        Err(code) if case.may_lose_the_credential() => {
            ensure!(code == ProblemCode::RefusedOnce, "one refusal is not believed: {code:?}");
            return needs_sign_in(&world).await;
        }
        Err(code) => bail!("a credential was lost: {code:?}"),
    }
    until("the newest key at the target", || async {
        let delivered = world.delivered()?;
        ensure!(delivered.last() == Some(&(world.issued().len() - 1)), "there are {delivered:?}");
        Ok(())
    })
    .await?;
    in_order(&world)
}

/// The service refuses the credential a second time, and the person is told what to do.
async fn needs_sign_in(world: &World) -> Result<()> {
    world.harness.advance_clock(BELIEVED);
    let account = world.account.clone();
    let again = world.process(Arc::default(), |tunekey| renew_and_deliver(tunekey, account)).await?;
    ensure!(again == Some(Err(ProblemCode::Rejected)), "it comes to {again:?}");
    world.harness.tunekey.reload().await;
    let health = world.harness.account(&world.account)?.health;
    ensure!(health.needs_sign_in() && world.harness.stores_anything(), "it is {health:?}");
    in_order(world)
}

/// Never an older one after a newer.
fn in_order(world: &World) -> Result<()> {
    let delivered = world.delivered()?;
    ensure!(delivered.is_sorted(), "an older key was delivered after a newer one: {delivered:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_dies_at_any_step_of_a_renewal_or_a_delivery_loses_no_key_and_changes_no_order() {
    let seeds = std::env::var("TUNEKEY_CRASH_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(1);
    let cases = Point::all().flat_map(|point| {
        let of = move |rotation| (0..seeds).map(move |seed| Case { point, rotation, seed });
        ROTATIONS.into_iter().flat_map(of)
    });
    // The first world of each case is another one, so that a single seed has all of them.
    let cases =
        cases.enumerate().map(|(place, case)| Case { seed: case.seed * 1_000 + place as u64, ..case });
    run_all(cases.collect(), CONCURRENCY, CASE_LIMIT, Case::name, dies_and_goes_on).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_steps_are_those_that_an_undisturbed_renewal_and_its_delivery_take() {
    let world = World::new(Rotation::StaysValid, 7).await.expect("a world");
    let (death, account) = (Arc::<Death>::default(), world.account.clone());
    let ended = world.process(death.clone(), |tunekey| renew_and_deliver(tunekey, account)).await;
    assert_eq!(ended.expect("it runs"), Some(Ok(())));
    assert_eq!(death.calls.load(Ordering::Acquire), CALLS.len(), "a step has no name");
    assert!(Point::all().count() >= 30);
}
