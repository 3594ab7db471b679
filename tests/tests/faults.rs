//! Every fault at every request of every sign-in option and of both renewals. Each ends in a true state, with a message
//! and in time; nothing is lost or overwritten, no account needs a new sign-in without reason, and the next try works.
//!
//! The matrix is generated: the requests are those that an undisturbed run makes, the faults all that the simulator
//! knows. Every case has services, a profile and a keychain of its own, so that they run side by side.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use tunekey_core::{Health, Method, ProblemCode, RenewalOutcome, SignInOption, UserInput};
use tunekey_services::qqmusic;
use tunekey_simulator::{Fault, FaultKind, Settings};
use tunekey_tests::fixtures::{SIGN_IN_OPTIONS, account_for};
use tunekey_tests::harness::{Harness, into_error};
use tunekey_tests::matrix::{RENEWED, run_all, sign_in_requests};
use tunekey_tests::user::{SignInOutcome, User};

/// The request of the renewal that is tried when the current one was of no use.
const FALLBACK_RENEWAL: &str = "qq.renew_b";

/// How many cases run at once: they mostly wait.
const CONCURRENCY: usize = 32;

/// Longer than the life of a code: one whose last event was lost, on a machine too busy to connect again in time, ends
/// with it. A case that takes longer hangs.
const CASE_LIMIT: Duration = Duration::from_secs(300);

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_in_a_sign_in_ends_in_a_true_state_and_the_next_try_works() {
    let requests = sign_in_requests().await.expect("undisturbed sign-ins work");
    let mut cases: Vec<Case> =
        requests.iter().flat_map(|(option, request)| Case::all(*option, request)).collect();
    for option in SIGN_IN_OPTIONS.into_iter().filter(|option| option.method == Method::Paste) {
        // The one request that decides whether a pasted credential works.
        let decides = if option.service == qqmusic::ID { "qq.userinfo" } else { "netease.account" };
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
    // The fallback renewal of QQ Music is only tried when the current one was of no use.
    cases.extend(Case::all(RENEWED[0], FALLBACK_RENEWAL));
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

/// A fault at a request of a sign-in option or its renewal.
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

    /// Whether the service goes on as if nobody had confirmed, until the code expires.
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

/// A sign-in with a fault ends as it should, and the next try works.
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
        () = advance_clock_at_long_polls(&harness, &case) => bail!("the services are gone"),
    };
    if role(&case) == Role::Optional {
        // Such things are asked for once the account is saved.
        harness.simulator.until(|state| (state.faults()[0].struck > 0).then_some(())).await;
    }
    ensure!(harness.fault_count() > 0, "the fault never struck, so this case proves nothing");
    ensure!(is_expected(&case, &ended), "it ended as {ended:?}");
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
            sign_in.answer(UserInput::Again);
        }
        ended = user.follow(&mut sign_in).await.context("the next try")?;
        ensure!(ended == SignInOutcome::Done, "the next try ended as {ended:?}");
    }
    // The new key is proven once it is saved, and renewed where that fails: a renewal under way ends first.
    harness.tunekey.drain().await;
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

/// After a renewal with a fault the account is there, its credential works, and the next renewal brings a new key.
async fn faulty_renewal(case: Case) -> Result<()> {
    let harness = harness().await?;
    let id = harness.sign_in(case.option).await?;
    harness.simulator.arm(case.fault())?;
    let is_fallback = case.request == FALLBACK_RENEWAL;
    if is_fallback {
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
            // After the fallback the current renewal's problem counts, which was of no use.
            let kind = if is_fallback { FaultKind::UnknownCode } else { case.kind };
            ensure!(is_expected_problem(kind, problem.code), "it says {:?}", problem.code);
            ensure!(last.outcome == RenewalOutcome::Failed, "the history says {:?}", last.outcome);
        }
    }
    harness.ensure_valid_credential(&id).await?;
    harness.simulator.clear_faults();
    let next = harness.renew(&id).await?.map_err(into_error).context("the next renewal")?;
    ensure!(next.outcome == RenewalOutcome::Renewed, "the next renewal came to {:?}", next.outcome);
    harness.ensure_newest_credential(&id).await
}

/// Advances the clock for each long poll without a response, until the code expires.
async fn advance_clock_at_long_polls(harness: &Harness, case: &Case) {
    if case.request != "qq.wx_poll" || !matches!(case.kind, FaultKind::Hang | FaultKind::Stall) {
        return std::future::pending().await;
    }
    for unheard in 1.. {
        harness.simulator.until(|state| (state.faults()[0].struck >= unheard).then_some(())).await;
        harness.advance_clock(Duration::from_secs(200));
    }
}

/// The role of a request in a sign-in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Repeated while the code is shown.
    Poll,
    /// Made once; the sign-in fails with it.
    Needed,
    /// Sends a text message or uses a code up: never repeated without the user.
    Typed,
    /// The push connection, over which the service reports everything else.
    Push,
    /// Nicknames, avatars and memberships: a sign-in succeeds without them.
    Optional,
}

fn role(case: &Case) -> Role {
    match (case.request.as_str(), case.option.method) {
        ("qq.ptqrlogin" | "netease.poll" | "qq.wx_poll", _) => Role::Poll,
        ("qq.phone_send" | "qq.phone_login" | "netease.phone_send" | "netease.phone_login", _) => Role::Typed,
        ("qq.push", _) => Role::Push,
        (
            "qq.ptqrshow" | "qq.check_sig" | "qq.authorize" | "qq.exchange" | "qq.wx_page" | "qq.wx_exchange",
            _,
        )
        | ("qq.create_qrcode" | "qq.app_exchange" | "netease.unikey" | "netease.account", _)
        | ("qq.userinfo", Method::Paste) => Role::Needed,
        _ => Role::Optional,
    }
}

/// Whether the response is a page, a picture, a script or a redirect, which has no code that says why it failed.
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

/// Whether a sign-in with this fault may end so.
fn is_expected(case: &Case, ended: &SignInOutcome) -> bool {
    use FaultKind as K;
    let role = role(case);
    let no_codes = has_no_codes(&case.request);
    if role == Role::Optional {
        return *ended == SignInOutcome::Done;
    }
    let passes = matches!(case.kind, K::Status500 | K::Html | K::Reset | K::Hang);
    if case.times.is_some() && role == Role::Poll && passes {
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
            (case.times.is_some() && (role != Role::Typed || case.kind == K::Risk))
                || case.kind == K::WrongUser
                || (role == Role::Poll && about_renewals)
                || is_renewed
        }
        // The answer that said "confirmed" was lost, and it is given once; or none ever came.
        SignInOutcome::Expired | SignInOutcome::NotConfirmed => match role {
            Role::Poll => !matches!(case.kind, K::Risk | K::RateLimited | K::UnknownCode),
            Role::Push => case.kind == K::Expired || case.says_nothing_more(),
            Role::Needed | Role::Typed | Role::Optional => false,
        },
        SignInOutcome::Refused => role == Role::Poll && no_codes && case.kind == K::Risk,
        SignInOutcome::RiskControl => case.kind == K::Risk && !no_codes,
        // The form stays where it was, and says why.
        SignInOutcome::AskedAgain(code) => {
            role == Role::Typed
                && match case.kind {
                    K::RateLimited => *code == ProblemCode::RateLimited,
                    K::Hang | K::Stall => *code == ProblemCode::Timeout,
                    K::Expired | K::RenewalRejected => network(code) || *code == ProblemCode::WrongCode,
                    _ => network(code),
                }
        }
        SignInOutcome::NoMessage => role == Role::Typed && about_renewals,
        // The answer that was lost had used the confirmation up.
        SignInOutcome::Failed(ProblemCode::ExchangeLost) => {
            matches!(role, Role::Needed | Role::Poll)
                && case.times.is_some()
                && matches!(case.kind, K::Lost | K::RenewalLost | K::Truncated | K::Stall)
        }
        SignInOutcome::Failed(code) => match case.kind {
            _ if role == Role::Typed => case.kind.is_application_level() && *code == ProblemCode::Unexpected,
            K::Risk => no_codes && network(code),
            K::RateLimited => *code == ProblemCode::RateLimited || (no_codes && network(code)),
            K::Hang => *code == ProblemCode::Timeout,
            K::Reset => *code == ProblemCode::Offline,
            // What was pasted and cannot be renewed is no longer accepted.
            K::Expired | K::RenewalRejected if case.option.method == Method::Paste => {
                network(code) || *code == ProblemCode::Rejected
            }
            K::Expired => network(code) || *code == ProblemCode::Expired,
            // A push that refuses this method.
            K::RenewalRejected => network(code) || role == Role::Push,
            _ => network(code),
        },
        SignInOutcome::NoResponse(code) => {
            case.times.is_none()
                && matches!(role, Role::Poll | Role::Push)
                && match case.kind {
                    K::Hang | K::Stall => *code == ProblemCode::Timeout,
                    _ => network(code),
                }
        }
        SignInOutcome::PageClosed => false,
    }
}

/// Whether a renewal with this fault may fail with this problem.
fn is_expected_problem(kind: FaultKind, code: ProblemCode) -> bool {
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

/// Whether a problem says nothing about the credential.
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

/// Whether the fault is one of the transport, so that the service itself never responds.
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

/// A harness with the usual settings.
async fn harness() -> Result<Harness> {
    Harness::new(Settings::default()).await
}
