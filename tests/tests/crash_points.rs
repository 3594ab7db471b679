//! A process dies at each step of a renewal and of the delivery that follows it, in each fate of the old key, and at
//! each step of a sign-in for a delivery alone. The next process goes on: no credential is lost but where the service
//! has ended the old one before the new one could be kept, and then it says so; each key is delivered, and never an
//! older one after a newer.
//!
//! `TUNEKEY_CRASH_SEEDS` is how many worlds each point is tried in; 1 when it is not set.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use tunekey_core::{
    AccountId, DeliveryScope, DeliveryState, Event, Method, Preset, ProblemCode, RenewalTrigger, Secret,
    SignInOption, TuneKey,
};
use tunekey_services::netease;
use tunekey_simulator::{Rotation, Settings};
use tunekey_tests::desktop::key_of;
use tunekey_tests::eventually::until;
use tunekey_tests::harness::{Harness, check_problem, into_error};
use tunekey_tests::matrix::{RENEWED, run_all};
use tunekey_tests::mortal::{Death, Mortal, Point};
use tunekey_tests::push_server::PushServer;
use tunekey_tests::user::User;

/// How many cases run side by side: they wait most of the time.
const CONCURRENCY: usize = 12;
/// How long one may take.
const CASE_LIMIT: Duration = Duration::from_secs(120);
/// After how long a second refusal is believed.
const BELIEVED: Duration = Duration::from_secs(61);
/// How long what a dead process has begun may take to end.
const DEATH: Duration = Duration::from_secs(20);

/// The calls of the store that a renewal and the delivery after it make, in order.
const RENEWAL: [&str; 13] = [
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

/// The calls of the store that a sign-in for a delivery alone and that delivery make, in order.
const OWN_SIGN_IN: [&str; 7] = [
    "sign-in: its slot is read",
    "sign-in: the credential is written",
    "sign-in: the credential is read back",
    "delivery: the slot is read",
    "delivery: the secret of the target is read",
    "delivered: the slot is emptied",
    "delivered: the slot is read",
];

/// What becomes of the old key.
const ROTATIONS: [Rotation; 4] = [
    Rotation::StaysValid,
    Rotation::Grace { seconds: 30 },
    Rotation::DiesAtOnce,
    Rotation::DiesOnceTheNewIsUsed,
];

#[derive(Debug, Clone, Copy)]
struct Case {
    point: Point,
    rotation: Rotation,
    seed: u64,
}

/// Whether the service has issued a key that nobody keeps when a renewal dies there.
fn loses_the_new_key(point: Point) -> bool {
    match point {
        Point::Before(call) => (BEFORE_THE_REQUEST + 1..=WRITTEN).contains(&call),
        Point::After(call) => (BEFORE_THE_REQUEST + 1..WRITTEN).contains(&call),
        Point::Noted | Point::Asked | Point::Answered | Point::Delivered => false,
    }
}

impl Case {
    /// Every point of something that makes so many calls, in so many worlds as are wanted. The worlds of each case are
    /// others, so that a single one for each has all of them.
    fn all(calls: usize, rotations: &'static [Rotation]) -> Vec<Self> {
        let seeds = std::env::var("TUNEKEY_CRASH_SEEDS").ok();
        let seeds: u64 = seeds.and_then(|seeds| seeds.parse().ok()).unwrap_or(1);
        let cases = Point::all(calls).flat_map(|point| {
            let of = move |rotation: &Rotation| {
                let rotation = *rotation;
                (0..seeds).map(move |seed| Self { point, rotation, seed })
            };
            rotations.iter().flat_map(of)
        });
        cases
            .enumerate()
            .map(|(place, case)| Self { seed: case.seed * 1_000 + place as u64, ..case })
            .collect()
    }

    /// Whether the service may have ended the old key with the new one kept nowhere. A renewal asks with the new one
    /// before it is kept, whether it is this account's.
    fn may_lose_the_credential(self) -> bool {
        let ends = matches!(self.rotation, Rotation::DiesAtOnce | Rotation::DiesOnceTheNewIsUsed);
        ends && loses_the_new_key(self.point)
    }

    fn name(&self, calls: &[&str]) -> String {
        format!("{}, {:?}, seed {}", self.point.name(calls), self.rotation, self.seed)
    }
}

/// A profile with an account that delivers to a server, and nothing left to deliver.
struct Fixture {
    harness: Harness,
    option: SignInOption,
    account: AccountId,
    server: PushServer,
    /// The death of the process that delivers now.
    death: Arc<Mutex<Arc<Death>>>,
}

impl Fixture {
    /// One whose account is that of one of these options, and whose delivery has that much of the credential.
    async fn new(
        options: &[SignInOption],
        scope: DeliveryScope,
        rotation: Rotation,
        seed: u64,
    ) -> Result<Self> {
        let mut random = StdRng::seed_from_u64(seed);
        let option = options[random.random_range(0..options.len())];
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
        let fixture = Self { harness, option, account, server, death };
        fixture.add_delivery(scope).await?;
        Ok(fixture)
    }

    /// Adds the delivery, and delivers what there is for it.
    async fn add_delivery(&self, scope: DeliveryScope) -> Result<()> {
        let field = if self.account.service == netease::ID { "MUSIC_U" } else { "qm_keyst" };
        let (url, body) = (self.server.url(), format!("{{\"key\":\"{{{{field.{field}}}}}\"}}"));
        let answers = [("url", url.as_str()), ("body", &body), ("plain-http", "yes")];
        let answers = answers.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let preset = Preset::by_name("webhook").map_err(into_error)?;
        let draft = preset.draft(&answers, scope).map_err(into_error)?;
        let secret = Secret::new("whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz");
        let secrets = BTreeMap::from([("signing".to_owned(), secret)]);
        let tunekey = &self.harness.tunekey;
        let id = tunekey.add_delivery(&self.account, draft, secrets).await.map_err(into_error)?.id;
        if scope == DeliveryScope::OwnSignIn {
            // Until it is switched on nobody looks whether there is a sign-in for it, which would be one more call.
            return tunekey.switch_delivery(&id, false).await.map_err(into_error);
        }
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
        // Where no call of the store holds the process up it goes on until it is ended below: also then it has died.
        let ended = tokio::select! {
            biased;
            () = death.has_come() => None,
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

/// Has the process die when the ledger says that the renewal, the sign-in or the delivery is done: that is when fronts
/// hear of it.
fn watch(runtime: &tokio::runtime::Runtime, tunekey: &TuneKey, death: &Arc<Death>) {
    let (mut events, death) = (tunekey.events(), death.clone());
    let before = tunekey.snapshot().accounts.first().and_then(|account| account.renewals.first().cloned());
    runtime.spawn(async move {
        let mut is_noted = false;
        while let Ok(event) = events.recv().await {
            match event {
                Event::Account { account } if account.renewals.first() != before.as_ref() => {
                    is_noted = true;
                    death.comes(Point::Noted);
                }
                Event::Deliveries { deliveries, .. } => match deliveries[0].state {
                    DeliveryState::Waiting if deliveries[0].delivery.own.is_some() => {
                        is_noted = true;
                        death.comes(Point::Noted);
                    }
                    DeliveryState::Delivered | DeliveryState::HandedOver if is_noted => {
                        death.comes(Point::Delivered);
                    }
                    _ => {}
                },
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
    let fixture = Fixture::new(&RENEWED, DeliveryScope::PlayingOnly, case.rotation, case.seed).await?;
    let account = fixture.account.clone();
    let issued = fixture.issued().len();
    let death = Death::at(case.point);
    let ended = fixture.process(death, |tunekey| renew_and_deliver(tunekey, account.clone())).await?;
    ensure!(ended.is_none() || case.point == Point::Delivered, "it does not get there: {ended:?}");
    ensure!(fixture.issued().len() <= issued + 1, "it was renewed more than once");

    let next = fixture.process(Arc::default(), |tunekey| renew_and_deliver(tunekey, account.clone())).await?;
    match next.context("nothing kills it")? {
        Ok(()) => fixture.harness.ensure_newest_credential(&account).await?,
        Err(code) if case.may_lose_the_credential() => {
            ensure!(code == ProblemCode::RefusedOnce, "one refusal is not believed: {code:?}");
            return needs_sign_in(&fixture).await;
        }
        Err(code) => bail!("a credential was lost: {code:?}"),
    }
    until("the newest key at the target", || async {
        let delivered = fixture.delivered()?;
        ensure!(delivered.last() == Some(&(fixture.issued().len() - 1)), "there are {delivered:?}");
        Ok(())
    })
    .await?;
    in_order(&fixture)
}

/// The service refuses the credential a second time, and the person is told what to do.
async fn needs_sign_in(fixture: &Fixture) -> Result<()> {
    fixture.harness.advance_clock(BELIEVED);
    let account = fixture.account.clone();
    let again = fixture.process(Arc::default(), |tunekey| renew_and_deliver(tunekey, account)).await?;
    ensure!(again == Some(Err(ProblemCode::Rejected)), "it comes to {again:?}");
    fixture.harness.tunekey.reload().await;
    let health = fixture.harness.account(&fixture.account)?.health;
    ensure!(health.needs_sign_in() && fixture.harness.stores_anything(), "it is {health:?}");
    in_order(fixture)
}

/// Never an older one after a newer.
fn in_order(fixture: &Fixture) -> Result<()> {
    let delivered = fixture.delivered()?;
    ensure!(delivered.is_sorted(), "an older key was delivered after a newer one: {delivered:?}");
    Ok(())
}

/// Signs in for the delivery, and waits until its target has that and the slot is empty.
async fn sign_in_and_deliver(
    tunekey: TuneKey,
    mut user: User,
    method: Method,
    death: Arc<Death>,
) -> Result<()> {
    let id = tunekey.deliveries().first().context("there is one")?.id.clone();
    let mut sign_in = tunekey.start_own_sign_in(&id, method).map_err(into_error)?;
    user.complete_sign_in(&mut sign_in).await?;
    tunekey.switch_delivery(&id, true).await.map_err(into_error)?;
    until("the slot to be emptied", || async {
        let delivery = &tunekey.snapshot().deliveries[0];
        let (state, last) = (delivery.state, &delivery.delivery.last);
        let is_done = state == DeliveryState::HandedOver && death.calls() >= OWN_SIGN_IN.len();
        ensure!(is_done, "it is {state:?}: {last:?}");
        Ok(())
    })
    .await
}

/// Waits until the target has the sign-in that was kept, and nothing of it is left here; false when there was none to be
/// found.
async fn goes_on_with_what_was_kept(tunekey: TuneKey, names: impl Fn() -> Vec<String>) -> Result<bool> {
    let id = tunekey.deliveries().first().context("there is one")?.id.clone();
    tunekey.switch_delivery(&id, true).await.map_err(into_error)?;
    until("what was kept to be delivered", || async {
        let delivery = &tunekey.snapshot().deliveries[0];
        let is_left = names().iter().any(|name| name.contains("own-sign-in"));
        match delivery.state {
            DeliveryState::HandedOver if !is_left => Ok(true),
            DeliveryState::NeedsSignIn if delivery.delivery.next_try_at.is_some() => Ok(false),
            state => bail!("it is {state:?}"),
        }
    })
    .await
}

/// The process dies there while it signs in for a delivery alone, and the next one goes on.
async fn dies_while_it_signs_in_for_a_tool(case: Case) -> Result<()> {
    // Its cookies renew, so that there is something to hand over.
    let fixture = Fixture::new(&RENEWED[..1], DeliveryScope::OwnSignIn, case.rotation, case.seed).await?;
    let (account, method) = (fixture.account.to_string(), fixture.option.method);
    let user = async || User::new(&fixture.harness, fixture.option, &account).await;
    let (death, first) = (Death::at(case.point), user().await?);
    let heard = death.clone();
    let ended = fixture.process(death, |tunekey| sign_in_and_deliver(tunekey, first, method, heard)).await?;
    ensure!(ended.is_none() || case.point == Point::Delivered, "it does not get there: {ended:?}");

    let names = fixture.harness.item_names();
    let next = fixture.process(Arc::default(), |tunekey| goes_on_with_what_was_kept(tunekey, names));
    let found = next.await?.context("nothing kills it")??;
    let is_kept = !matches!(case.point, Point::Before(0 | 1) | Point::After(0));
    ensure!(found == is_kept, "what was signed in is lost, or was made up: {found}");
    if !found {
        let (death, again) = (Arc::<Death>::default(), user().await?);
        let heard = death.clone();
        let signed_in = fixture.process(death, |tunekey| sign_in_and_deliver(tunekey, again, method, heard));
        signed_in.await?.context("nothing kills it")??;
    }
    let delivered = fixture.delivered()?;
    ensure!(
        delivered.last() == Some(&(fixture.issued().len() - 1)),
        "the newest is not there: {delivered:?}"
    );
    fixture.harness.renew(&fixture.account).await?.map_err(into_error)?;
    in_order(&fixture)
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_dies_at_any_step_of_a_renewal_or_a_delivery_loses_no_key_and_changes_no_order() {
    let cases = Case::all(RENEWAL.len(), &ROTATIONS);
    run_all(cases, CONCURRENCY, CASE_LIMIT, |case| case.name(&RENEWAL), dies_and_goes_on).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_dies_at_any_step_of_a_sign_in_for_a_tool_loses_none_that_was_kept() {
    let cases = Case::all(OWN_SIGN_IN.len(), &ROTATIONS[2..3]);
    run_all(
        cases,
        CONCURRENCY,
        CASE_LIMIT,
        |case| case.name(&OWN_SIGN_IN),
        dies_while_it_signs_in_for_a_tool,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_steps_are_those_that_an_undisturbed_renewal_or_sign_in_and_its_delivery_take() {
    let fixture =
        Fixture::new(&RENEWED, DeliveryScope::PlayingOnly, Rotation::StaysValid, 7).await.expect("a fixture");
    let (death, account) = (Arc::<Death>::default(), fixture.account.clone());
    let ended = fixture.process(death.clone(), |tunekey| renew_and_deliver(tunekey, account)).await;
    assert_eq!(ended.expect("it runs"), Some(Ok(())));
    assert_eq!(death.calls(), RENEWAL.len(), "a step has no name");

    let fixture = Fixture::new(&RENEWED[..1], DeliveryScope::OwnSignIn, Rotation::StaysValid, 7)
        .await
        .expect("a fixture");
    let user =
        User::new(&fixture.harness, fixture.option, &fixture.account.to_string()).await.expect("a user");
    let (death, method) = (Arc::<Death>::default(), fixture.option.method);
    let heard = death.clone();
    let ended =
        fixture.process(death.clone(), |tunekey| sign_in_and_deliver(tunekey, user, method, heard)).await;
    ended.expect("it runs").expect("nothing kills it").expect("it is delivered");
    assert_eq!(death.calls(), OWN_SIGN_IN.len(), "a step has no name");
    assert!(Point::all(RENEWAL.len()).count() + Point::all(OWN_SIGN_IN.len()).count() >= 40);
}
