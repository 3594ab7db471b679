//! Every fault at every request of every way in and of both renewals. Each ends in a state that says the truth, with
//! words, in time; nothing is lost or overwritten, nobody is told to sign in again without need, and the next try
//! works.
//!
//! The matrix is generated: the requests are those that an undisturbed run makes, the faults all that the simulator
//! knows. Every case has services, a profile and a keychain of its own, so that they run side by side.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use tunekey_core::{Answer, Health, Method, ProblemCode, RenewalOutcome, ServiceId, SignInOption};
use tunekey_simulator::{Fault, FaultKind, Settings};
use tunekey_tests::fixtures::{SIGN_IN_OPTIONS, account_for};
use tunekey_tests::harness::{Harness, into_error};
use tunekey_tests::matrix::{RENEWED, run_all, sign_in_requests};
use tunekey_tests::user::{SignInOutcome, User};

/// The renewal that is tried when the current one has said nothing of use.
const OLDER_WAY: &str = "qq.renew_b";

/// How many cases run at once: they mostly wait.
const CONCURRENCY: usize = 64;

/// Longer than three requests of the longest kind with their pauses: whoever takes longer hangs.
const CASE_LIMIT: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn no_fault_in_a_sign_in_leaves_anything_but_the_truth() {
    let requests = sign_in_requests().await.expect("undisturbed sign-ins work");
    let mut cases: Vec<Case> =
        requests.iter().flat_map(|(option, request)| Case::all(*option, request)).collect();
    for option in SIGN_IN_OPTIONS.into_iter().filter(|option| option.method == Method::Paste) {
        // The one request that decides whether a pasted credential works.
        let decides = if option.service == ServiceId::QqMusic { "qq.userinfo" } else { "netease.account" };
        cases.extend(Case::all(option, decides));
    }
    all(cases, faulty_sign_in).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_fault_in_a_renewal_loses_the_credential_or_ends_the_account() {
    let mut cases = Vec::new();
    for option in RENEWED {
        let requests = requests_of_a_renewal(option).await.expect("an undisturbed renewal works");
        for request in requests {
            cases.extend(Case::all(option, &request));
        }
    }
    // The older way of QQ Music is only gone when the current one has said nothing of use.
    cases.extend(Case::all(RENEWED[0], OLDER_WAY));
    all(cases, faulty_renewal).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_the_service_has_ended_needs_a_new_sign_in_and_keeps_the_account() {
    for option in RENEWED {
        let service = option.service;
        let harness = harness().await.expect("a harness");
        let id = harness.sign_in(option).await.expect("an undisturbed sign-in works");
        harness.simulator.revoke(&id.to_string()).expect("the account is known");
        for (code, wait) in [(ProblemCode::RefusedOnce, 61), (ProblemCode::Rejected, 0)] {
            let problem = harness.renew(&id).await.expect("it ends").expect_err("the session is over");
            assert_eq!(problem.code, code, "{service}: {problem:?}");
            harness.advance_clock(Duration::from_secs(wait));
        }
        let account = harness.account(&id).expect("the account stays in the list");
        assert!(matches!(account.health, Health::NeedsSignIn { .. }), "{service}: {:?}", account.health);
        assert!(harness.stores_anything(), "{service}: only a person deletes a credential");
    }
}

/// A fault somewhere.
#[derive(Debug, Clone)]
struct Case {
    option: SignInOption,
    request: String,
    kind: FaultKind,
    times: Option<u32>,
}

impl Case {
    /// Every fault at a request, once and always.
    fn all(option: SignInOption, request: &str) -> impl Iterator<Item = Self> {
        FaultKind::ALL.into_iter().flat_map(move |kind| {
            [Some(1), None].map(|times| Self { option, request: request.to_owned(), kind, times })
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
        format!("{} at {} {often}, by {}", self.kind.name(), self.request, self.option.method)
    }
}

/// Runs every case.
async fn all<F>(cases: Vec<Case>, run: fn(Case) -> F)
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    assert!(cases.len() > 2 * FaultKind::ALL.len(), "the matrix has more than one request: {}", cases.len());
    run_all(cases, CONCURRENCY, CASE_LIMIT, Case::name, run).await;
}

/// A sign-in with a fault: it ends as it should, and the next try works.
async fn faulty_sign_in(case: Case) -> Result<()> {
    let harness = harness().await?;
    let mut user = User::new(&harness, case.option, account_for(case.option)).await?;
    harness.simulator.arm(case.fault())?;
    if case.says_nothing_more() {
        harness.simulator.configure(|settings| settings.code_life_seconds = 5);
    }
    let mut sign_in = harness.start_sign_in(case.option);
    let mut ended = tokio::select! {
        ended = user.follow(&mut sign_in) => ended?,
        () = unheard_questions_take_long(&harness, &case) => bail!("the services are gone"),
    };
    if part(&case) == Part::Nice {
        // Such things are asked for once the account is saved.
        harness.simulator.until(|state| (state.faults()[0].struck > 0).then_some(())).await;
    }
    ensure!(harness.fault_count() > 0, "the fault never struck, so this case proves nothing");
    ensure!(ended_rightly(&case, &ended), "it ended as {ended:?}");
    if matches!(ended, SignInOutcome::NoResponse(_)) {
        // The network is back, and the code still lives, unless the answer that confirmed it was lost.
        harness.simulator.clear_faults();
        ended = user.follow(&mut sign_in).await.context("once the network is back")?;
    }
    if ended != SignInOutcome::Done {
        ensure!(harness.is_empty(), "something was kept without a sign-in");
        harness.simulator.clear_faults();
        harness.simulator.configure(|settings| {
            settings.code_life_seconds = 180;
            // A second message so soon would be refused, rightly.
            settings.phone_resend_seconds = 0;
        });
        if matches!(ended, SignInOutcome::AskedAgain(_) | SignInOutcome::NoMessage) {
            // The person has left the form and comes back.
            sign_in = harness.start_sign_in(case.option);
        } else {
            sign_in.answer(Answer::Again);
        }
        ended = user.follow(&mut sign_in).await.context("the next try")?;
        ensure!(ended == SignInOutcome::Done, "the next try ended as {ended:?}");
    }
    // With an answer about somebody else there is no telling whose sign-in it was.
    if case.kind != FaultKind::WrongUser {
        let accounts = harness.tunekey.snapshot().accounts;
        ensure!(accounts.len() == 1, "one account signed in, there are {}", accounts.len());
        harness.ensure_valid_credential(&accounts[0].id).await?;
        if case.option.method != Method::Paste {
            harness.ensure_newest_credential(&accounts[0].id).await?;
        }
    }
    Ok(())
}

/// A renewal with a fault: the account stays, the credential works, and the next renewal brings a new key.
async fn faulty_renewal(case: Case) -> Result<()> {
    let harness = harness().await?;
    let id = harness.sign_in(case.option).await?;
    harness.simulator.arm(case.fault())?;
    let older_way = case.request == OLDER_WAY;
    if older_way {
        harness.simulator.arm(Fault::new("qq.renew", FaultKind::UnknownCode))?;
    }
    let came = harness.renew(&id).await?;
    ensure!(harness.fault_count() > 0, "the fault never struck, so this case proves nothing");
    let account = harness.account(&id)?;
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
    harness.ensure_valid_credential(&id).await?;
    harness.simulator.clear_faults();
    let next = harness.renew(&id).await?.map_err(into_error).context("the next renewal")?;
    ensure!(next.outcome == RenewalOutcome::Renewed, "the next renewal came to {:?}", next.outcome);
    harness.ensure_newest_credential(&id).await
}

/// A long poll that nobody answers is a code that nobody scans: time goes by until its life is over.
async fn unheard_questions_take_long(harness: &Harness, case: &Case) {
    if case.request != "qq.wx_poll" || !matches!(case.kind, FaultKind::Hang | FaultKind::Stall) {
        return std::future::pending().await;
    }
    for unheard in 1.. {
        harness.simulator.until(|state| (state.faults()[0].struck >= unheard).then_some(())).await;
        harness.advance_clock(Duration::from_secs(200));
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
    match (case.request.as_str(), case.option.method) {
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
fn ended_rightly(case: &Case, ended: &SignInOutcome) -> bool {
    use FaultKind as K;
    let part = part(case);
    let no_codes = has_no_codes(&case.request);
    if part == Part::Nice {
        return *ended == SignInOutcome::Done;
    }
    let passes = matches!(case.kind, K::Status500 | K::Html | K::Reset | K::Hang);
    if case.times.is_some() && part == Part::Poll && passes {
        // One lost question is asked again; the code stays on the screen.
        return *ended == SignInOutcome::Done;
    }
    let network = |code: &ProblemCode| proves_nothing(*code);
    let about_renewals = matches!(case.kind, K::RenewalRejected | K::RenewalSkeleton);
    // What was pasted and has ended is renewed, where that is possible.
    let is_renewed = case.request == "qq.userinfo" && (about_renewals || case.kind == K::Expired);
    match ended {
        // A retry that helped, a nickname of somebody else, or a refusal of renewals that polls do not know.
        SignInOutcome::Done => {
            // What is typed is repeated once the check is done that risk control wants.
            (case.times.is_some() && (part != Part::Typed || case.kind == K::Risk))
                || case.kind == K::WrongUser
                || (part == Part::Poll && about_renewals)
                || is_renewed
        }
        // The answer that said "confirmed" was lost, and it is given once; or none ever came.
        SignInOutcome::Expired | SignInOutcome::NotConfirmed => match part {
            Part::Poll => !matches!(case.kind, K::Risk | K::RateLimited | K::UnknownCode),
            Part::Push => case.kind == K::Expired || case.says_nothing_more(),
            Part::Needed | Part::Typed | Part::Nice => false,
        },
        SignInOutcome::Refused => part == Part::Poll && no_codes && case.kind == K::Risk,
        SignInOutcome::RiskControl => case.kind == K::Risk && !no_codes,
        // The form stays where it was, and says why.
        SignInOutcome::AskedAgain(code) => {
            part == Part::Typed
                && match case.kind {
                    K::RateLimited => *code == ProblemCode::RateLimited,
                    K::Hang | K::Stall => *code == ProblemCode::Timeout,
                    K::Expired | K::RenewalRejected => network(code) || *code == ProblemCode::WrongCode,
                    _ => network(code),
                }
        }
        SignInOutcome::NoMessage => part == Part::Typed && about_renewals,
        // The answer that was lost had used the confirmation up.
        SignInOutcome::Failed(ProblemCode::ExchangeLost) => {
            matches!(part, Part::Needed | Part::Poll)
                && case.times.is_some()
                && matches!(case.kind, K::Lost | K::RenewalLost | K::Truncated | K::Stall)
        }
        SignInOutcome::Failed(code) => match case.kind {
            _ if part == Part::Typed => case.kind.is_application_level() && *code == ProblemCode::Unexpected,
            K::Risk => no_codes && network(code),
            K::RateLimited => *code == ProblemCode::RateLimited || (no_codes && network(code)),
            K::Hang => *code == ProblemCode::Timeout,
            K::Reset => *code == ProblemCode::Offline,
            // What was pasted and cannot be renewed is no longer accepted.
            K::Expired | K::RenewalRejected if case.option.method == Method::Paste => {
                network(code) || *code == ProblemCode::Rejected
            }
            K::Expired => network(code) || *code == ProblemCode::Expired,
            // A push that says "not this way".
            K::RenewalRejected => network(code) || part == Part::Push,
            _ => network(code),
        },
        SignInOutcome::NoResponse(code) => {
            case.times.is_none()
                && matches!(part, Part::Poll | Part::Push)
                && match case.kind {
                    K::Hang | K::Stall => *code == ProblemCode::Timeout,
                    _ => network(code),
                }
        }
        SignInOutcome::PageClosed => false,
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

/// The requests that an undisturbed renewal makes.
async fn requests_of_a_renewal(option: SignInOption) -> Result<BTreeSet<String>> {
    let harness = harness().await?;
    let id = harness.sign_in(option).await?;
    harness.simulator.clear_journal();
    harness.renew(&id).await?.map_err(into_error)?;
    Ok(harness.requests())
}

/// A stage on which a case is played.
async fn harness() -> Result<Harness> {
    Harness::new(Settings::default()).await
}
