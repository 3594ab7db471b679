//! Every fault at every request of both sign-ins and both renewals. Each ends in a state that says the truth, with
//! words, in time; nothing is lost or overwritten, nobody is told to sign in again without need, and the next try
//! works.
//!
//! The matrix is generated: the requests are those that an undisturbed run makes, the faults all that the simulator
//! knows. Every case has services, a profile and a keychain of its own, so that they run side by side.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use async_trait::async_trait;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tunekey_core::account::{AccountId, Health, Method, RenewalOutcome, RenewalTrigger, ServiceId};
use tunekey_core::clock::SystemClock;
use tunekey_core::export::Format;
use tunekey_core::http::Limits;
use tunekey_core::problem::{Language, Problem, ProblemCode};
use tunekey_core::profile::Profile;
use tunekey_core::secret::Secret;
use tunekey_core::sign_in::{Answer, SignIn, SignInStep};
use tunekey_core::tunekey::{Setup, TuneKey};
use tunekey_core::vault::keychain::{Keychain, KeychainError, Patience};
use tunekey_simulator::{Auto, Fault, FaultKind, Options, Running, Settings, Simulator};
use tunekey_tests::desktop::key_of;

/// What every secret contains; it must be in no word that is said about a fault.
const MARK: &str = "c0ffee5eca11";

/// The renewal that is tried when the current one has said nothing of use.
const OLDER_WAY: &str = "qq.renew_b";

/// How many cases run at once: they mostly wait.
const SIDE_BY_SIDE: usize = 32;

/// Longer than three requests of the longest kind with their pauses: whoever takes longer hangs.
const HANGS: Duration = Duration::from_secs(60);

/// The time limits of the product, scaled down so that a hundred hung requests can be waited for.
fn limits() -> Limits {
    Limits {
        connect: Duration::from_secs(2),
        read: Duration::from_secs(2),
        total: Duration::from_secs(4),
        ..Limits::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_fault_in_a_sign_in_leaves_anything_but_the_truth() {
    let mut cases = Vec::new();
    for service in [ServiceId::QqMusic, ServiceId::Netease] {
        let requests = requests_of_a_sign_in(service).await.expect("an undisturbed sign-in works");
        for request in requests {
            for kind in FaultKind::ALL {
                for times in [Some(1), None] {
                    cases.push(Case { service, request: request.clone(), kind, times });
                }
            }
        }
    }
    all(cases, faulty_sign_in).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_fault_in_a_renewal_loses_the_credential_or_ends_the_account() {
    let mut cases = Vec::new();
    for service in [ServiceId::QqMusic, ServiceId::Netease] {
        let requests = requests_of_a_renewal(service).await.expect("an undisturbed renewal works");
        for request in requests {
            for kind in FaultKind::ALL {
                for times in [Some(1), None] {
                    cases.push(Case { service, request: request.clone(), kind, times });
                }
            }
        }
    }
    // The older way of QQ Music is only gone when the current one has said nothing of use.
    for kind in FaultKind::ALL {
        for times in [Some(1), None] {
            let request = OLDER_WAY.to_owned();
            cases.push(Case { service: ServiceId::QqMusic, request, kind, times });
        }
    }
    all(cases, faulty_renewal).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_the_service_has_ended_needs_a_new_sign_in_and_keeps_the_account() {
    for service in [ServiceId::QqMusic, ServiceId::Netease] {
        let stage = Stage::new(service).await.expect("a stage");
        let id = stage.signed_in().await.expect("an undisturbed sign-in works");
        stage.services.revoke(&id.to_string()).expect("the account is known");
        let problem = stage.renew(&id).await.expect("it ends").expect_err("the session is over");
        assert_eq!(problem.code, ProblemCode::Rejected, "{service}: {problem:?}");
        let account = stage.account(&id).expect("the account stays in the list");
        assert!(matches!(account.health, Health::NeedsSignIn { .. }), "{service}: {:?}", account.health);
        assert!(!stage.keychain.is_empty(), "{service}: only a person deletes a credential");
    }
}

/// A fault somewhere.
#[derive(Debug, Clone)]
struct Case {
    service: ServiceId,
    request: String,
    kind: FaultKind,
    times: Option<u32>,
}

impl Case {
    fn fault(&self) -> Fault {
        let fault = Fault::new(self.request.as_str(), self.kind);
        match self.times {
            Some(times) => fault.times(times),
            None => fault,
        }
    }

    fn name(&self) -> String {
        let often = if self.times.is_some() { "once" } else { "always" };
        format!("{} at {} {often}", self.kind.name(), self.request)
    }
}

/// Runs every case and lists all that failed.
async fn all<F>(cases: Vec<Case>, run: fn(Case) -> F)
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    assert!(cases.len() > 2 * FaultKind::ALL.len(), "the matrix has more than one request: {}", cases.len());
    let (total, turns) = (cases.len(), Arc::new(Semaphore::new(SIDE_BY_SIDE)));
    let mut running = JoinSet::new();
    for case in cases {
        let turns = Arc::clone(&turns);
        running.spawn(async move {
            let _turn = turns.acquire_owned().await;
            let name = case.name();
            let began = Instant::now();
            let came = tokio::time::timeout(HANGS, run(case)).await;
            let came = came.unwrap_or_else(|_| Err(anyhow::anyhow!("it hangs")));
            came.map_err(|error| format!("{name} (after {:.1} s): {error:#}", began.elapsed().as_secs_f64()))
        });
    }
    let mut failed = String::new();
    let mut count = 0;
    while let Some(ended) = running.join_next().await {
        let came = ended.unwrap_or_else(|panic| Err(format!("it panicked: {panic}")));
        if let Err(words) = came {
            count += 1;
            let _ = writeln!(failed, "  {words}");
        }
    }
    assert!(failed.is_empty(), "{count} of {total} cases:\n{failed}");
}

/// A sign-in with a fault: it ends as it should, and the next try works.
async fn faulty_sign_in(case: Case) -> Result<()> {
    let stage = Stage::new(case.service).await?;
    stage.services.arm(case.fault())?;
    let mut sign_in = stage.sign_in();
    let mut ended = stage.end(&mut sign_in).await?;
    ensure!(stage.struck() > 0, "the fault never struck, so this case proves nothing");
    ensure!(ended_rightly(&case, &ended), "it ended as {}", ended.name());
    if ended != Ended::Done {
        ensure!(stage.tunekey.snapshot().accounts.is_empty(), "an account appeared without a sign-in");
        ensure!(stage.keychain.is_empty(), "something was stored without a sign-in");
        stage.services.clear_faults();
        sign_in.answer(Answer::Again);
        ended = stage.end(&mut sign_in).await.context("the next try")?;
        ensure!(ended == Ended::Done, "the next try ended as {}", ended.name());
    }
    // With an answer about somebody else there is no telling whose sign-in it was.
    if case.kind != FaultKind::WrongUser {
        let accounts = stage.tunekey.snapshot().accounts;
        ensure!(accounts.len() == 1, "one account signed in, there are {}", accounts.len());
        stage.holds_newest(&accounts[0].id).await?;
    }
    Ok(())
}

/// A renewal with a fault: the account stays, the credential works, and the next renewal brings a new key.
async fn faulty_renewal(case: Case) -> Result<()> {
    let stage = Stage::new(case.service).await?;
    let id = stage.signed_in().await?;
    stage.services.arm(case.fault())?;
    let older_way = case.request == OLDER_WAY;
    if older_way {
        stage.services.arm(Fault::new("qq.renew", FaultKind::UnknownCode))?;
    }
    let came = stage.renew(&id).await?;
    ensure!(stage.struck() > 0, "the fault never struck, so this case proves nothing");
    let account = stage.account(&id)?;
    ensure!(account.busy.is_none(), "it still says that it renews");
    // The services would still take the credential: one answer alone must not end the account.
    ensure!(!matches!(account.health, Health::NeedsSignIn { .. }), "it asks to sign in again without need");
    ensure!(account.nickname != id.uid, "it forgot the nickname");
    let last = account.renewals.first().context("the history does not show it")?;
    match &came {
        Ok(record) => {
            ensure!(
                matches!(record.outcome, RenewalOutcome::Renewed | RenewalOutcome::Unchanged),
                "{record:?}"
            );
            ensure!(
                !is_transport(case.kind) || case.times.is_some() || record.outcome == RenewalOutcome::Renewed,
                "it says that the key is unchanged where nothing was answered"
            );
        }
        Err(problem) => {
            // After the older way the current way's answer stands, which said nothing of use.
            let kind = if older_way { FaultKind::UnknownCode } else { case.kind };
            ensure!(says_why(kind, problem.code), "it says {:?}", problem.code);
            ensure!(last.outcome == RenewalOutcome::Failed, "the history says {:?}", last.outcome);
        }
    }
    stage.holds_valid(&id).await?;
    stage.services.clear_faults();
    let next = stage.renew(&id).await?.map_err(words).context("the next renewal")?;
    ensure!(next.outcome == RenewalOutcome::Renewed, "the next renewal came to {:?}", next.outcome);
    stage.holds_newest(&id).await
}

/// How a sign-in ended, or where it waits.
#[derive(Debug, Clone, PartialEq)]
enum Ended {
    Done,
    Expired,
    Refused,
    Risk,
    Failed(ProblemCode),
}

impl Ended {
    fn name(&self) -> String {
        format!("{self:?}")
    }
}

/// Whether a sign-in may end so.
fn ended_rightly(case: &Case, ended: &Ended) -> bool {
    use FaultKind as K;
    let request = case.request.as_str();
    let poll = matches!(request, "qq.ptqrlogin" | "netease.poll");
    // A redirect, a picture or a page without the thing looked for: no code says what is the matter.
    let without_code = matches!(request, "qq.ptqrshow" | "qq.check_sig" | "qq.authorize");
    let essential =
        poll || without_code || matches!(request, "qq.exchange" | "netease.unikey" | "netease.account");
    if !essential {
        // Names, pictures and memberships are nice to have.
        return *ended == Ended::Done;
    }
    let passes = matches!(case.kind, K::Status500 | K::Html | K::Reset | K::Hang);
    if case.times.is_some() && poll && passes {
        // One lost question is asked again; the code stays on the screen.
        return *ended == Ended::Done;
    }
    let network = |code: &ProblemCode| {
        matches!(code, ProblemCode::Offline | ProblemCode::Timeout | ProblemCode::Unexpected)
    };
    match ended {
        // A retry that helped, a nickname of somebody else, or a refusal of renewals that polls do not know.
        Ended::Done => {
            let about_renewals = matches!(case.kind, K::RenewalRejected | K::RenewalSkeleton);
            case.times.is_some() || case.kind == K::WrongUser || (poll && about_renewals)
        }
        // The answer that said "confirmed" was lost, and it is given once.
        Ended::Expired => poll && !matches!(case.kind, K::Risk | K::RateLimited | K::UnknownCode),
        Ended::Refused => request == "qq.ptqrlogin" && case.kind == K::Risk,
        Ended::Risk => case.kind == K::Risk && !without_code,
        Ended::Failed(code) => match case.kind {
            K::Risk => without_code && network(code),
            K::RateLimited => *code == ProblemCode::RateLimited || without_code || request == "qq.ptqrlogin",
            K::Hang => *code == ProblemCode::Timeout,
            K::Reset => *code == ProblemCode::Offline,
            K::Expired | K::RenewalRejected => network(code) || *code == ProblemCode::Expired,
            _ => network(code),
        },
    }
}

/// Whether a failed renewal may say this.
fn says_why(kind: FaultKind, code: ProblemCode) -> bool {
    use FaultKind as K;
    match kind {
        K::Risk => code == ProblemCode::RiskControl,
        K::RateLimited => code == ProblemCode::RateLimited,
        K::Hang => code == ProblemCode::Timeout,
        K::Reset | K::Lost | K::RenewalLost => code == ProblemCode::Offline,
        _ => matches!(code, ProblemCode::Offline | ProblemCode::Timeout | ProblemCode::Unexpected),
    }
}

/// Whether the service itself never says anything.
fn is_transport(kind: FaultKind) -> bool {
    !kind.is_meaning()
}

/// The requests that an undisturbed sign-in makes.
async fn requests_of_a_sign_in(service: ServiceId) -> Result<BTreeSet<String>> {
    let stage = Stage::new(service).await?;
    stage.signed_in().await?;
    Ok(stage.requests())
}

/// The requests that an undisturbed renewal makes.
async fn requests_of_a_renewal(service: ServiceId) -> Result<BTreeSet<String>> {
    let stage = Stage::new(service).await?;
    let id = stage.signed_in().await?;
    stage.services.clear_journal();
    stage.renew(&id).await?.map_err(words)?;
    Ok(stage.requests())
}

/// The services, a profile and a keychain of one case.
struct Stage {
    services: Running,
    tunekey: TuneKey,
    keychain: Arc<Memory>,
    service: ServiceId,
    _profile: tempfile::TempDir,
}

impl Stage {
    async fn new(service: ServiceId) -> Result<Self> {
        let profile = tempfile::tempdir()?;
        let ca = profile.path().join("ca.pem");
        let mut options = Options::default().with_settings(Settings {
            auto: Some(Auto { scan_ms: 0, confirm_ms: 0 }),
            ..Settings::default()
        });
        options.ca_out = Some(ca.clone());
        let services = Simulator::start(options).await?;
        services.plant_canary(Some(MARK));
        let keychain = Arc::new(Memory::default());
        let setup = Setup {
            profile: Profile::at(profile.path().join("profile")).map_err(words)?,
            keychain: keychain.clone(),
            clock: Arc::new(SystemClock),
            limits: limits(),
            has_web_view: true,
        };
        let tunekey = TuneKey::open(setup).map_err(words)?;
        tunekey.set_setting("proxy", &services.proxy_url).map_err(words)?;
        tunekey.set_setting("extra-ca", &ca.to_string_lossy()).map_err(words)?;
        Ok(Self { services, tunekey, keychain, service, _profile: profile })
    }

    fn sign_in(&self) -> SignIn {
        let method = match self.service {
            ServiceId::QqMusic => Method::QqScan,
            ServiceId::Netease => Method::AppScan,
        };
        self.tunekey.sign_in(self.service, method, None)
    }

    /// Follows a sign-in until it is over or waits for the person.
    async fn end(&self, sign_in: &mut SignIn) -> Result<Ended> {
        loop {
            let step = sign_in.next().await.context("it ended without a last word")?;
            let ended = match step {
                SignInStep::Done { .. } => Ended::Done,
                SignInStep::Expired => Ended::Expired,
                SignInStep::Refused => Ended::Refused,
                SignInStep::RiskControl { problem, .. } => {
                    says_enough(&problem)?;
                    Ended::Risk
                }
                SignInStep::Failed { problem, .. } => {
                    says_enough(&problem)?;
                    Ended::Failed(problem.code)
                }
                SignInStep::Preparing
                | SignInStep::ShowCode { .. }
                | SignInStep::Scanned { .. }
                | SignInStep::Exchanging
                | SignInStep::Saving => continue,
                step => bail!("a scan asks nothing: {step:?}"),
            };
            return Ok(ended);
        }
    }

    async fn signed_in(&self) -> Result<AccountId> {
        let ended = self.end(&mut self.sign_in()).await?;
        ensure!(ended == Ended::Done, "an undisturbed sign-in ended as {}", ended.name());
        let accounts = self.tunekey.snapshot().accounts;
        Ok(accounts.into_iter().next().context("no account after a sign-in")?.id)
    }

    async fn renew(&self, id: &AccountId) -> Result<Result<tunekey_core::account::RenewalRecord, Problem>> {
        let came = self.tunekey.renew(id, RenewalTrigger::Manual).await;
        if let Err(problem) = &came {
            says_enough(problem)?;
        }
        Ok(came)
    }

    fn account(&self, id: &AccountId) -> Result<tunekey_core::account::Account> {
        let accounts = self.tunekey.snapshot().accounts;
        accounts.into_iter().find(|account| account.id == *id).context("the account is gone")
    }

    /// How often the fault of this case, the first that was armed, has struck.
    fn struck(&self) -> u32 {
        self.services.faults().first().map_or(0, |fault| fault.struck)
    }

    fn requests(&self) -> BTreeSet<String> {
        let names = self.services.journal().into_iter().map(|entry| entry.name);
        names.flat_map(|name| name.split('+').map(str::to_owned).collect::<Vec<_>>()).collect()
    }

    async fn header(&self, id: &AccountId) -> Result<String> {
        let copied = self.tunekey.cookie(id, Some(Format::Header)).await.map_err(words)?;
        Ok(copied.text.expose().to_owned())
    }

    /// What is kept is the last that the service has issued.
    async fn holds_newest(&self, id: &AccountId) -> Result<()> {
        let ledger = self.services.ledger();
        let newest = ledger.iter().rev().find(|issued| issued.account == id.to_string());
        let newest = newest.context("the service has issued nothing")?;
        ensure!(newest.is_valid(), "the newest credential is not valid");
        ensure!(
            self.header(id).await?.contains(key_of(newest)),
            "the newest credential is not the one that is kept"
        );
        Ok(())
    }

    /// What is kept still works.
    async fn holds_valid(&self, id: &AccountId) -> Result<()> {
        let header = self.header(id).await?;
        let ledger = self.services.ledger();
        let kept = ledger.iter().find(|issued| header.contains(key_of(issued)));
        ensure!(kept.context("what is kept was never issued")?.is_valid(), "what is kept no longer works");
        Ok(())
    }
}

/// A problem has words in both languages and carries no secret.
fn says_enough(problem: &Problem) -> Result<()> {
    for language in [Language::English, Language::Chinese] {
        ensure!(!problem.message(language).trim().is_empty(), "no words for {:?}", problem.code);
    }
    let all = format!("{problem:?}");
    if all.contains(MARK) {
        bail!("a problem carries a secret: {:?}", problem.code);
    }
    Ok(())
}

fn words(problem: Problem) -> anyhow::Error {
    anyhow::anyhow!("{problem:?}")
}

/// A keychain in memory that is always open.
#[derive(Debug, Default)]
struct Memory(Mutex<HashMap<String, Secret>>);

impl Memory {
    fn items(&self) -> MutexGuard<'_, HashMap<String, Secret>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_empty(&self) -> bool {
        self.items().is_empty()
    }
}

#[async_trait]
impl Keychain for Memory {
    async fn get(&self, name: &str, _: Patience) -> Result<Option<Secret>, KeychainError> {
        Ok(self.items().get(name).cloned())
    }

    async fn set(&self, name: &str, line: &Secret, _: Patience) -> Result<(), KeychainError> {
        self.items().insert(name.to_owned(), line.clone());
        Ok(())
    }

    async fn delete(&self, name: &str, _: Patience) -> Result<(), KeychainError> {
        self.items().remove(name);
        Ok(())
    }

    async fn look(&self, _: Patience) -> Result<(), KeychainError> {
        Ok(())
    }
}
