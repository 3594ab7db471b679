//! Every fault at every request of every way in and of both renewals. Each ends in a state that says the truth, with
//! words, in time; nothing is lost or overwritten, nobody is told to sign in again without need, and the next try
//! works.
//!
//! The matrix is generated: the requests are those that an undisturbed run makes, the faults all that the simulator
//! knows. Every case has services, a profile and a keychain of its own, so that they run side by side.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tunekey_core::{Answer, Health, Method, ProblemCode, RenewalOutcome, ServiceId, SignInOption};
use tunekey_simulator::{Fault, FaultKind, Settings};
use tunekey_tests::person::{Ended, Person};
use tunekey_tests::stage::{Stage, WAYS, account_for, words};

/// The renewal that is tried when the current one has said nothing of use.
const OLDER_WAY: &str = "qq.renew_b";

/// How many cases run at once: they mostly wait.
const SIDE_BY_SIDE: usize = 64;

/// Longer than three requests of the longest kind with their pauses: whoever takes longer hangs.
const HANGS: Duration = Duration::from_secs(60);

/// The ways whose renewals are disturbed: one for each kind of account.
const RENEWED: [SignInOption; 3] = [
    SignInOption { service: ServiceId::QqMusic, method: Method::QqScan },
    SignInOption { service: ServiceId::QqMusic, method: Method::WechatScan },
    SignInOption { service: ServiceId::Netease, method: Method::AppScan },
];

#[tokio::test(flavor = "multi_thread")]
async fn no_fault_in_a_sign_in_leaves_anything_but_the_truth() {
    let mut cases = Vec::new();
    // What several ways ask is disturbed in the first of them.
    let mut known = BTreeSet::new();
    for way in WAYS {
        let requests = requests_of_a_sign_in(way).await.unwrap_or_else(|error| {
            panic!("an undisturbed sign-in by {} {} works: {error:#}", way.service, way.method)
        });
        for request in requests.into_iter().filter(|request| known.insert(request.clone())) {
            cases.extend(Case::all(way, &request));
        }
        if way.method == Method::Paste {
            // The one question that decides whether what was pasted is good.
            let decides = if way.service == ServiceId::QqMusic { "qq.userinfo" } else { "netease.account" };
            cases.extend(Case::all(way, decides));
        }
    }
    all(cases, faulty_sign_in).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_fault_in_a_renewal_loses_the_credential_or_ends_the_account() {
    let mut cases = Vec::new();
    for way in RENEWED {
        let requests = requests_of_a_renewal(way).await.expect("an undisturbed renewal works");
        for request in requests {
            cases.extend(Case::all(way, &request));
        }
    }
    // The older way of QQ Music is only gone when the current one has said nothing of use.
    cases.extend(Case::all(RENEWED[0], OLDER_WAY));
    all(cases, faulty_renewal).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_the_service_has_ended_needs_a_new_sign_in_and_keeps_the_account() {
    for way in RENEWED {
        let service = way.service;
        let stage = stage().await.expect("a stage");
        let id = stage.signed_in(way).await.expect("an undisturbed sign-in works");
        stage.services.revoke(&id.to_string()).expect("the account is known");
        for (code, wait) in [(ProblemCode::RefusedOnce, 61), (ProblemCode::Rejected, 0)] {
            let problem = stage.renew(&id).await.expect("it ends").expect_err("the session is over");
            assert_eq!(problem.code, code, "{service}: {problem:?}");
            stage.leap(Duration::from_secs(wait));
        }
        let account = stage.account(&id).expect("the account stays in the list");
        assert!(matches!(account.health, Health::NeedsSignIn { .. }), "{service}: {:?}", account.health);
        assert!(stage.keeps_something(), "{service}: only a person deletes a credential");
    }
}

/// A fault somewhere.
#[derive(Debug, Clone)]
struct Case {
    way: SignInOption,
    request: String,
    kind: FaultKind,
    times: Option<u32>,
}

impl Case {
    /// Every fault at a request, once and always.
    fn all(way: SignInOption, request: &str) -> impl Iterator<Item = Self> {
        FaultKind::ALL.into_iter().flat_map(move |kind| {
            [Some(1), None].map(|times| Self { way, request: request.to_owned(), kind, times })
        })
    }

    fn fault(&self) -> Fault {
        let fault = Fault::new(self.request.as_str(), self.kind);
        match self.times {
            Some(times) => fault.times(times),
            None => fault,
        }
    }

    /// Whether the service goes on as if the person had not confirmed, until the code ends.
    fn says_nothing_more(&self) -> bool {
        self.request == "qq.push" && matches!(self.kind, FaultKind::Lost | FaultKind::RenewalLost)
    }

    fn name(&self) -> String {
        let often = if self.times.is_some() { "once" } else { "always" };
        format!("{} at {} {often}, by {}", self.kind.name(), self.request, self.way.method)
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
    let stage = stage().await?;
    let mut person = Person::new(&stage, case.way, account_for(case.way)).await?;
    stage.services.arm(case.fault())?;
    if case.says_nothing_more() {
        stage.services.configure(|settings| settings.code_life_seconds = 5);
    }
    let mut sign_in = stage.sign_in(case.way);
    let mut ended = tokio::select! {
        ended = person.follows(&mut sign_in) => ended?,
        () = unheard_questions_take_long(&stage, &case) => bail!("the services are gone"),
    };
    if part(&case) == Part::Nice {
        // Such things are asked for once the account is saved.
        stage.services.until(|world| (world.faults()[0].struck > 0).then_some(())).await;
    }
    ensure!(stage.struck() > 0, "the fault never struck, so this case proves nothing");
    ensure!(ended_rightly(&case, &ended), "it ended as {ended:?}");
    if matches!(ended, Ended::Unheard(_)) {
        // The network is back, and the code still lives, unless the answer that confirmed it was lost.
        stage.services.clear_faults();
        ended = person.follows(&mut sign_in).await.context("once the network is back")?;
    }
    if ended != Ended::Done {
        ensure!(stage.is_empty(), "something was kept without a sign-in");
        stage.services.clear_faults();
        stage.services.configure(|settings| {
            settings.code_life_seconds = 180;
            // A second message so soon would be refused, rightly.
            settings.phone_resend_seconds = 0;
        });
        if matches!(ended, Ended::AskedAgain(_) | Ended::NoMessage) {
            // The person has left the form and comes back.
            sign_in = stage.sign_in(case.way);
        } else {
            sign_in.answer(Answer::Again);
        }
        ended = person.follows(&mut sign_in).await.context("the next try")?;
        ensure!(ended == Ended::Done, "the next try ended as {ended:?}");
    }
    // With an answer about somebody else there is no telling whose sign-in it was.
    if case.kind != FaultKind::WrongUser {
        let accounts = stage.tunekey.snapshot().accounts;
        ensure!(accounts.len() == 1, "one account signed in, there are {}", accounts.len());
        stage.holds_valid(&accounts[0].id).await?;
        if case.way.method != Method::Paste {
            stage.holds_newest(&accounts[0].id).await?;
        }
    }
    Ok(())
}

/// A renewal with a fault: the account stays, the credential works, and the next renewal brings a new key.
async fn faulty_renewal(case: Case) -> Result<()> {
    let stage = stage().await?;
    let id = stage.signed_in(case.way).await?;
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

/// A long poll that nobody answers is a code that nobody scans: time goes by until its life is over.
async fn unheard_questions_take_long(stage: &Stage, case: &Case) {
    if case.request != "qq.wx_poll" || !matches!(case.kind, FaultKind::Hang | FaultKind::Stall) {
        return std::future::pending().await;
    }
    for unheard in 1.. {
        stage.services.until(|world| (world.faults()[0].struck >= unheard).then_some(())).await;
        stage.leap(Duration::from_secs(200));
    }
}

/// What a request is to a sign-in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Asked again and again while the code is shown.
    Poll,
    /// Asked once, with nothing to go on from if it fails.
    Needed,
    /// Sends a message or uses a code up: never repeated without the person.
    Typed,
    /// The connection over which everything else is told.
    Push,
    /// Names, pictures and memberships are nice to have.
    Nice,
}

fn part(case: &Case) -> Part {
    match (case.request.as_str(), case.way.method) {
        ("qq.ptqrlogin" | "netease.poll" | "qq.wx_poll", _) => Part::Poll,
        ("qq.phone_send" | "qq.phone_login" | "netease.phone_send" | "netease.phone_login", _) => Part::Typed,
        ("qq.push", _) => Part::Push,
        (
            "qq.ptqrshow" | "qq.check_sig" | "qq.authorize" | "qq.exchange" | "qq.wx_page" | "qq.wx_exchange",
            _,
        )
        | ("qq.create_qrcode" | "qq.app_exchange" | "netease.unikey" | "netease.account", _)
        | ("qq.userinfo", Method::Paste) => Part::Needed,
        _ => Part::Nice,
    }
}

/// Whether the answer is a page, a picture, a script or a redirect: it is there or not, and no code says why.
fn has_no_codes(request: &str) -> bool {
    matches!(
        request,
        "qq.ptqrshow"
            | "qq.ptqrlogin"
            | "qq.check_sig"
            | "qq.authorize"
            | "qq.wx_page"
            | "qq.wx_poll"
            | "qq.push"
    )
}

/// Whether a sign-in may end so.
fn ended_rightly(case: &Case, ended: &Ended) -> bool {
    use FaultKind as K;
    let part = part(case);
    let no_codes = has_no_codes(&case.request);
    if part == Part::Nice {
        return *ended == Ended::Done;
    }
    let passes = matches!(case.kind, K::Status500 | K::Html | K::Reset | K::Hang);
    if case.times.is_some() && part == Part::Poll && passes {
        // One lost question is asked again; the code stays on the screen.
        return *ended == Ended::Done;
    }
    let network = |code: &ProblemCode| proves_nothing(*code);
    let about_renewals = matches!(case.kind, K::RenewalRejected | K::RenewalSkeleton);
    // What was pasted and has ended is renewed, where that is possible.
    let is_renewed = case.request == "qq.userinfo" && (about_renewals || case.kind == K::Expired);
    match ended {
        // A retry that helped, a nickname of somebody else, or a refusal of renewals that polls do not know.
        Ended::Done => {
            // What is typed is repeated once the check is done that risk control wants.
            (case.times.is_some() && (part != Part::Typed || case.kind == K::Risk))
                || case.kind == K::WrongUser
                || (part == Part::Poll && about_renewals)
                || is_renewed
        }
        // The answer that said "confirmed" was lost, and it is given once; or none ever came.
        Ended::Expired | Ended::NotConfirmed => match part {
            Part::Poll => !matches!(case.kind, K::Risk | K::RateLimited | K::UnknownCode),
            Part::Push => case.kind == K::Expired || case.says_nothing_more(),
            Part::Needed | Part::Typed | Part::Nice => false,
        },
        Ended::Refused => part == Part::Poll && no_codes && case.kind == K::Risk,
        Ended::Risk => case.kind == K::Risk && !no_codes,
        // The form stays where it was, and says why.
        Ended::AskedAgain(code) => {
            part == Part::Typed
                && match case.kind {
                    K::RateLimited => *code == ProblemCode::RateLimited,
                    K::Hang | K::Stall => *code == ProblemCode::Timeout,
                    K::Expired | K::RenewalRejected => network(code) || *code == ProblemCode::WrongCode,
                    _ => network(code),
                }
        }
        Ended::NoMessage => part == Part::Typed && about_renewals,
        // The answer that was lost had used the confirmation up.
        Ended::Failed(ProblemCode::ExchangeLost) => {
            matches!(part, Part::Needed | Part::Poll)
                && case.times.is_some()
                && matches!(case.kind, K::Lost | K::RenewalLost | K::Truncated | K::Stall)
        }
        Ended::Failed(code) => match case.kind {
            _ if part == Part::Typed => case.kind.is_application_level() && *code == ProblemCode::Unexpected,
            K::Risk => no_codes && network(code),
            K::RateLimited => *code == ProblemCode::RateLimited || (no_codes && network(code)),
            K::Hang => *code == ProblemCode::Timeout,
            K::Reset => *code == ProblemCode::Offline,
            // What was pasted and cannot be renewed is no longer accepted.
            K::Expired | K::RenewalRejected if case.way.method == Method::Paste => {
                network(code) || *code == ProblemCode::Rejected
            }
            K::Expired => network(code) || *code == ProblemCode::Expired,
            // A push that says "not this way".
            K::RenewalRejected => network(code) || part == Part::Push,
            _ => network(code),
        },
        Ended::Unheard(code) => {
            case.times.is_none()
                && matches!(part, Part::Poll | Part::Push)
                && match case.kind {
                    K::Hang | K::Stall => *code == ProblemCode::Timeout,
                    _ => network(code),
                }
        }
        Ended::PageClosed => false,
    }
}

/// Whether a failed renewal may say this.
fn says_why(kind: FaultKind, code: ProblemCode) -> bool {
    use FaultKind as K;
    match kind {
        K::Risk => code == ProblemCode::RiskControl,
        K::RateLimited => code == ProblemCode::RateLimited,
        K::Expired | K::RenewalRejected => code == ProblemCode::RenewalRefused || proves_nothing(code),
        K::Hang => code == ProblemCode::Timeout,
        K::Reset | K::Lost | K::RenewalLost => code == ProblemCode::Offline,
        K::Status500 => code == ProblemCode::ServerError,
        K::Html => code == ProblemCode::NotTheService,
        _ => proves_nothing(code),
    }
}

/// Whether a code says that something is in the way, and nothing of the credential.
fn proves_nothing(code: ProblemCode) -> bool {
    matches!(
        code,
        ProblemCode::Offline
            | ProblemCode::Timeout
            | ProblemCode::Unexpected
            | ProblemCode::NotTheService
            | ProblemCode::ServerError
    )
}

/// Whether the service itself never says anything.
fn is_transport(kind: FaultKind) -> bool {
    !kind.is_application_level()
}

/// The requests that an undisturbed sign-in makes.
async fn requests_of_a_sign_in(way: SignInOption) -> Result<BTreeSet<String>> {
    let stage = stage().await?;
    stage.signed_in(way).await?;
    let mut requests = stage.requests();
    // The page's own requests are the browser's, and so is what becomes of them.
    requests.retain(|request| !matches!(request.as_str(), "qq.page" | "netease.page"));
    Ok(requests)
}

/// The requests that an undisturbed renewal makes.
async fn requests_of_a_renewal(way: SignInOption) -> Result<BTreeSet<String>> {
    let stage = stage().await?;
    let id = stage.signed_in(way).await?;
    stage.services.clear_journal();
    stage.renew(&id).await?.map_err(words)?;
    Ok(stage.requests())
}

/// A stage on which a case is played.
async fn stage() -> Result<Stage> {
    Stage::new(Settings::default()).await
}
