//! The core with a simulator, a keychain in memory and an adjustable clock, without a window: quick enough for hundreds
//! side by side. For `sign_in.rs`, `faults.rs`, `crash_points.rs` and `hostile_service.rs`.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use async_trait::async_trait;
use jiff::Timestamp;
use tunekey_core::{
    Account, AccountId, Clock, Format, Interaction, Language, Limits, Problem, Profile, RenewalRecord,
    RenewalTrigger, Secret, SecretStore, Setup, SignIn, SignInOption, SlotName, StoreError, StoreKind,
    SystemClock, TuneKey,
};
use tunekey_simulator::{Options, Running, Settings, Simulator};

use crate::canary::CANARY;
use crate::desktop::key_of;

/// How long the core may take to ask for an account's details before it is told to ask again.
const DETAILS_LIMIT: Duration = Duration::from_secs(20);
/// How often it is told so: on a busy machine a request can take longer than [`limits`] allows.
const DETAILS_REQUESTS: usize = 3;

/// The product's time limits, scaled down so that a hundred hung requests can be waited for.
fn limits() -> Limits {
    Limits {
        connect: Duration::from_secs(4),
        read: Duration::from_secs(4),
        total: Duration::from_secs(8),
        long_poll: Duration::from_secs(8),
        handshake: Duration::from_secs(8),
        ..Limits::default()
    }
}

/// A core with a simulator, a profile and a keychain.
#[derive(Debug)]
pub struct Harness {
    /// The simulator of the services.
    pub simulator: Arc<Running>,
    /// The core.
    pub tunekey: TuneKey,
    keychain: Arc<MemoryKeychain>,
    clock: Arc<AdjustableClock>,
    profile: tempfile::TempDir,
}

impl Harness {
    /// Starts one. The simulator puts [`CANARY`] into every secret.
    ///
    /// # Errors
    /// When a part of it does not start.
    pub async fn new(settings: Settings) -> Result<Self> {
        let profile = tempfile::tempdir()?;
        let mut options = Options::default().with_settings(settings);
        options.ca_out = Some(ca(&profile));
        let simulator = Simulator::start(options).await?;
        simulator.plant_canary(Some(CANARY));
        Self::on(Arc::new(simulator), profile, None).await
    }

    /// Starts another core with the same simulator, as on another computer.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn on_another_computer(&self) -> Result<Self> {
        Self::on(Arc::clone(&self.simulator), tempfile::tempdir()?, Some(ca(&self.profile))).await
    }

    async fn on(
        simulator: Arc<Running>,
        profile: tempfile::TempDir,
        authority: Option<PathBuf>,
    ) -> Result<Self> {
        let keychain = Arc::new(MemoryKeychain::default());
        let clock = Arc::new(AdjustableClock::default());
        let setup = Setup {
            profile: Profile::at(profile.path().join("profile")).map_err(into_error)?,
            store: keychain.clone(),
            passphrase: None,
            clock: clock.clone(),
            limits: limits(),
            shows_pages: true,
        };
        let tunekey = TuneKey::open(setup).map_err(into_error)?;
        let authority = authority.unwrap_or_else(|| ca(&profile));
        tunekey.set_setting("proxy", &simulator.proxy_url).await.map_err(into_error)?;
        tunekey.set_setting("extra-ca", &authority.to_string_lossy()).await.map_err(into_error)?;
        Ok(Self { simulator, tunekey, keychain, clock, profile })
    }

    /// What a core is made of that is another process on the same profile, with that store in the place of the keychain.
    ///
    /// # Errors
    /// When the profile cannot be opened.
    pub fn another_process(&self, store: Arc<dyn SecretStore>) -> Result<Setup> {
        Ok(Setup {
            profile: Profile::at(self.profile.path().join("profile")).map_err(into_error)?,
            store,
            passphrase: None,
            clock: self.clock.clone(),
            limits: limits(),
            shows_pages: true,
        })
    }

    /// The keychain.
    pub fn keychain(&self) -> Arc<dyn SecretStore> {
        self.keychain.clone()
    }

    /// Advances the core's clock, but not the simulator's.
    pub fn advance_clock(&self, time: Duration) {
        *self.clock.ahead() += time;
    }

    /// The file with the simulator's certificate authority.
    pub fn authority(&self) -> PathBuf {
        self.tunekey.settings().extra_ca.unwrap_or_default()
    }

    /// Starts a sign-in to any account.
    ///
    /// # Panics
    /// When there is no such service.
    pub fn start_sign_in(&self, option: SignInOption) -> SignIn {
        self.tunekey.start_sign_in(option.service, option.method, None).expect("it is a service of ours")
    }

    /// Waits until the core has an account's details, which it asks for once the account is saved: membership and
    /// avatar. What did not come is asked for again, as a user would with *Verify*.
    ///
    /// # Errors
    /// When they do not come.
    pub async fn wait_for_details(&self, id: &AccountId) -> Result<()> {
        for _ in 0..DETAILS_REQUESTS {
            if let Ok(come) = tokio::time::timeout(DETAILS_LIMIT, self.details(id)).await {
                return come;
            }
            drop(self.tunekey.check(id).await);
        }
        bail!("the account’s details did not come")
    }

    async fn details(&self, id: &AccountId) -> Result<()> {
        let mut events = self.tunekey.events();
        loop {
            let account = self.account(id)?;
            if account.membership.is_some() && account.picture.is_some() {
                return Ok(());
            }
            // An error means that events were missed: reason enough to check again.
            drop(events.recv().await);
        }
    }

    /// Renews an account as a user would.
    ///
    /// # Errors
    /// When a problem has no message, or contains a secret.
    pub async fn renew(&self, id: &AccountId) -> Result<Result<RenewalRecord, Problem>> {
        let result = self.tunekey.renew(id, RenewalTrigger::Manual).await;
        if let Err(problem) = &result {
            check_problem(problem)?;
        }
        Ok(result)
    }

    /// An account of the core's snapshot.
    ///
    /// # Errors
    /// When it is not there.
    pub fn account(&self, id: &AccountId) -> Result<Account> {
        let accounts = self.tunekey.snapshot().accounts;
        accounts.into_iter().find(|account| account.id == *id).context("the account is gone")
    }

    /// Whether there is neither an account nor a credential.
    pub fn is_empty(&self) -> bool {
        self.tunekey.snapshot().accounts.is_empty() && self.keychain.items().is_empty()
    }

    /// Whether a credential in the keychain has a field of that name.
    pub fn stores_field(&self, name: &str) -> bool {
        self.keychain.items().values().any(|line| line.expose().contains(name))
    }

    /// A look at the names of what is in the keychain, for whoever runs elsewhere.
    pub fn item_names(&self) -> impl Fn() -> Vec<String> + Send + Sync + use<> {
        let keychain = self.keychain.clone();
        move || keychain.items().keys().cloned().collect()
    }

    /// Whether the keychain holds a credential.
    pub fn stores_anything(&self) -> bool {
        !self.keychain.items().is_empty()
    }

    /// How often the fault that was armed first has struck.
    pub fn fault_count(&self) -> u32 {
        self.simulator.faults().first().map_or(0, |fault| fault.struck)
    }

    /// The names of the requests that the simulator has answered.
    pub fn requests(&self) -> BTreeSet<String> {
        let names = self.simulator.journal().into_iter().map(|entry| entry.name);
        names.flat_map(|name| name.split('+').map(str::to_owned).collect::<Vec<_>>()).collect()
    }

    /// An account's cookie in a format.
    ///
    /// # Errors
    /// When there is none.
    pub async fn cookie(&self, id: &AccountId, format: Format) -> Result<String> {
        let exported = self.tunekey.cookie(id, Some(format)).await.map_err(into_error)?;
        Ok(exported.text.expose().to_owned())
    }

    /// Checks that the stored credential is the newest that the service has issued for the account.
    ///
    /// # Errors
    /// When it is not, or no longer valid.
    pub async fn ensure_newest_credential(&self, id: &AccountId) -> Result<()> {
        let ledger = self.simulator.ledger();
        let newest = ledger.iter().rev().find(|issued| issued.account == id.to_string());
        let newest = newest.context("the service has issued nothing")?;
        ensure!(newest.is_valid(), "the newest credential is not valid");
        ensure!(
            self.cookie(id, Format::Header).await?.contains(key_of(newest)),
            "the newest credential is not the one that is kept"
        );
        Ok(())
    }

    /// Checks that the service still accepts the stored credential.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ensure_valid_credential(&self, id: &AccountId) -> Result<()> {
        let header = self.cookie(id, Format::Header).await?;
        let ledger = self.simulator.ledger();
        let kept = ledger.iter().find(|issued| header.contains(key_of(issued)));
        ensure!(kept.context("what is kept was never issued")?.is_valid(), "what is kept no longer works");
        Ok(())
    }
}

fn ca(profile: &tempfile::TempDir) -> PathBuf {
    profile.path().join("ca.pem")
}

/// Checks that a problem has a message in both languages and contains no secret.
///
/// # Errors
/// When it has none, or contains one.
pub fn check_problem(problem: &Problem) -> Result<()> {
    for language in [Language::English, Language::Chinese] {
        ensure!(!problem.message(language).trim().is_empty(), "no message for {:?}", problem.code);
    }
    let all = format!("{problem:?}");
    if all.contains(CANARY) {
        bail!("a problem contains a secret: {:?}", problem.code);
    }
    Ok(())
}

/// A problem as the error of a test.
pub fn into_error(problem: Problem) -> anyhow::Error {
    anyhow::anyhow!("{problem:?}")
}

/// The system's clocks, advanced by a duration.
#[derive(Debug, Default)]
struct AdjustableClock(Mutex<Duration>);

impl AdjustableClock {
    fn ahead(&self) -> MutexGuard<'_, Duration> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for AdjustableClock {
    fn now(&self) -> Timestamp {
        SystemClock.now() + *self.ahead()
    }

    fn monotonic(&self) -> Instant {
        SystemClock.monotonic() + *self.ahead()
    }

    fn boot(&self) -> Duration {
        SystemClock.boot() + *self.ahead()
    }
}

/// A keychain in memory that is always open.
#[derive(Debug, Default)]
struct MemoryKeychain(Mutex<HashMap<String, Secret>>);

impl MemoryKeychain {
    fn items(&self) -> MutexGuard<'_, HashMap<String, Secret>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl SecretStore for MemoryKeychain {
    fn kind(&self) -> StoreKind {
        StoreKind::Keychain
    }

    async fn get(&self, slot: &SlotName, _: Interaction<'_>) -> Result<Option<Secret>, StoreError> {
        Ok(self.items().get(slot.as_str()).cloned())
    }

    async fn set(&self, slot: &SlotName, line: &Secret, _: Interaction<'_>) -> Result<(), StoreError> {
        self.items().insert(slot.to_string(), line.clone());
        Ok(())
    }

    async fn delete(&self, slot: &SlotName, _: Interaction<'_>) -> Result<(), StoreError> {
        self.items().remove(slot.as_str());
        Ok(())
    }

    async fn probe(&self, _: Interaction<'_>) -> Result<(), StoreError> {
        Ok(())
    }
}
