//! A hostile server in a service's place: every hostile response of the simulator, at every request of every sign-in
//! option and of every renewal. None leads to a hang, a crash, a code that is none of a sign-in, or much memory.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use nix::sys::signal::Signal;
use serde_json::json;
use tokio::sync::Mutex;
use tunekey_core::{Health, Method, ProblemCode, SignInOption, SignInStep};
use tunekey_services::qqmusic;
use tunekey_simulator::{FOREIGN_CODES, Fault, FaultKind, Settings};
use tunekey_tests::desktop::Desktop;
use tunekey_tests::eventually::{in_one_of_three_attempts, until};
use tunekey_tests::fixtures::account_for;
use tunekey_tests::harness::Harness;
use tunekey_tests::matrix::{RENEWED, run_all, sign_in_requests};
use tunekey_tests::process::peak_memory;
use tunekey_tests::user::{SignInOutcome, User};
use tunekey_tests::window::{QUIT_LIMIT, RESPONSE_LIMIT};

/// How many cases run at once: they mostly wait.
const CONCURRENCY: usize = 12;

/// Matrices run one at a time: what comes before a hostile response has to work on a busy machine, too.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

/// Longer than every pause and every limit of a sign-in that fails: a case that takes longer hangs.
const CASE_LIMIT: Duration = Duration::from_secs(180);

/// How much more memory than usual a response may take, in bytes.
const MEMORY_LIMIT: u64 = 64 * 1024 * 1024;

/// The sign-in options whose code is a picture of the service's, and the request that brings it.
const SERVICE_CODES: [(SignInOption, &str); 2] = [
    (SignInOption { service: qqmusic::ID, method: Method::QqScan }, "qq.ptqrshow"),
    (SignInOption { service: qqmusic::ID, method: Method::AppScan }, "qq.create_qrcode"),
];

#[tokio::test(flavor = "multi_thread")]
async fn no_foreign_code_is_shown() {
    for (option, request) in SERVICE_CODES {
        for (number, text) in FOREIGN_CODES.iter().enumerate() {
            let harness = Harness::new(Settings::default()).await.expect("a harness");
            let fault = Fault::new(request, FaultKind::ForeignCode).with_code(number as i64);
            harness.simulator.arm(fault).expect("the request is known");
            let mut sign_in = harness.start_sign_in(option);
            let problem = loop {
                match sign_in.next().await.expect("it has a last word") {
                    SignInStep::ShowCode { .. } => panic!("{text} was shown by {}", option.method),
                    SignInStep::Failed { problem, .. } => break problem,
                    _ => {}
                }
            };
            assert_eq!(problem.code, ProblemCode::ForeignCode, "{text} by {}: {problem:?}", option.method);
            assert!(!format!("{problem:?}").contains("evil"), "what it said is not repeated: {problem:?}");
            assert!(harness.is_empty(), "nothing is kept");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_hostile_answer_hangs_a_sign_in_or_makes_an_account() {
    let requests = sign_in_requests().await.expect("undisturbed sign-ins work");
    let case = |(option, request): (SignInOption, String)| {
        FaultKind::HOSTILE.map(|kind| (option, request.clone(), kind))
    };
    let cases = requests.into_iter().flat_map(case).collect();
    all(cases, |(option, request, kind)| hostile_sign_in(option, request, kind)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_hostile_answer_hangs_a_renewal_or_costs_the_credential() {
    let cases =
        RENEWED.into_iter().flat_map(|option| FaultKind::HOSTILE.map(|kind| (option, "*".to_owned(), kind)));
    all(cases.collect(), |(option, _, kind)| hostile_renewal(option, kind)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_stays_small_and_ends_when_it_is_told_to() -> Result<()> {
    let desktop = Desktop::start().await?;
    let start = || desktop.start_cli(&["--json", "sign-in", "qqmusic", "--method", "qq-scan"]);
    let usual = {
        let mut sign_in = start()?;
        sign_in.wait_for_step("show_code").await?;
        let usual = sign_in.peak_memory().context("it has ended")?;
        sign_in.signal(Signal::SIGTERM)?;
        desktop.finish(sign_in).await?;
        usual
    };
    for method in ["qq-scan", "app-scan", "wechat-scan"] {
        for kind in FaultKind::HOSTILE {
            let name = format!("{} at every request of {method}", kind.name());
            desktop.simulator.clear_faults();
            desktop.simulator.arm(Fault::new("*", kind))?;
            let sign_in = desktop.start_cli(&["--json", "sign-in", "qqmusic", "--method", method])?;
            // The second request comes once the first answer was read, and not at all when that ended it.
            let most = until(format!("{name} to be read"), || async {
                let struck = desktop.simulator.faults()[0].struck;
                match sign_in.peak_memory() {
                    None if struck > 0 => Ok(0),
                    most => most.filter(|_| struck > 1).context("it is not read yet"),
                }
            })
            .await?;
            ensure!(most < usual + MEMORY_LIMIT, "{name}: {} MiB more", (most - usual) / 1024 / 1024);
            let told = Instant::now();
            // It may have ended by itself.
            let _ = sign_in.signal(Signal::SIGTERM);
            desktop.finish(sign_in).await?;
            ensure!(told.elapsed() < QUIT_LIMIT, "{name}: it ended after {:?}", told.elapsed());
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_window_answers_stays_small_and_can_be_quit_whatever_a_service_sends() -> Result<()> {
    let desktop = Desktop::start().await?;
    let window = desktop.window().await?;
    window.element("#c-qqmusic").await?;
    let usual = peak_memory(window.app()).context("it has ended")?;
    for kind in FaultKind::HOSTILE {
        for (service, method) in [("qqmusic", "qq-scan"), ("qqmusic", "app-scan"), ("netease", "app-scan")] {
            let name = format!("{} at every request of {method} of {service}", kind.name());
            in_one_of_three_attempts(|| async {
                desktop.simulator.clear_faults();
                desktop.simulator.arm(Fault::new("*", kind))?;
                let option = json!({ "service": service, "method": method, "wanted": null });
                window.invoke("start_sign_in", option).await?;
                until(format!("{name} to come"), || async {
                    ensure!(desktop.simulator.faults()[0].struck > 0, "nothing was asked");
                    Ok(())
                })
                .await?;
                let took = window.response_time().await?;
                ensure!(took < RESPONSE_LIMIT, "{name}: it answered after {took:?}");
                Ok(())
            })
            .await?;
            let most = peak_memory(window.app()).context("it has ended")?;
            ensure!(most < usual + MEMORY_LIMIT, "{name}: {} MiB more", (most - usual) / 1024 / 1024);
        }
    }
    window.quit(QUIT_LIMIT).await
}

/// A hostile response to a request of a sign-in option or its renewal.
type Case = (SignInOption, String, FaultKind);

/// Runs every case.
async fn all<F>(cases: Vec<Case>, run: fn(Case) -> F)
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    assert!(cases.len() > FaultKind::HOSTILE.len(), "there is more than one request: {}", cases.len());
    let _exclusive = ONE_AT_A_TIME.lock().await;
    let name = |(option, request, kind): &Case| format!("{} at {request} of {option:?}", kind.name());
    run_all(cases, CONCURRENCY, CASE_LIMIT, name, run).await;
}

/// A sign-in with a hostile response ends, or waits for the user, and adds no account of somebody else.
async fn hostile_sign_in(option: SignInOption, request: String, kind: FaultKind) -> Result<()> {
    let harness = Harness::new(Settings::default()).await?;
    let mut user = User::new(&harness, option, account_for(option)).await?;
    harness.simulator.arm(Fault::new(request, kind))?;
    harness.simulator.configure(|settings| settings.code_life_seconds = 10);
    let mut sign_in = harness.start_sign_in(option);
    let ended = user.follow(&mut sign_in).await?;
    let accounts = harness.tunekey.snapshot().accounts;
    ensure!(
        accounts.iter().all(|account| account.id.to_string() == account_for(option)),
        "a stranger signed in"
    );
    ensure!(
        (ended == SignInOutcome::Done) != accounts.is_empty(),
        "it ended as {ended:?} with {} accounts",
        accounts.len()
    );
    for account in accounts {
        ensure!(
            account.nickname.chars().count() <= 1024 && !account.nickname.contains(char::is_control),
            "raw name"
        );
    }
    Ok(())
}

/// A renewal with nothing but hostile responses ends, and the credential still works.
async fn hostile_renewal(option: SignInOption, kind: FaultKind) -> Result<()> {
    let harness = Harness::new(Settings::default()).await?;
    let id = harness.sign_in(option).await?;
    harness.simulator.arm(Fault::new("*", kind))?;
    let _ = harness.renew(&id).await?;
    let _ = harness.tunekey.check(&id).await;
    let account = harness.account(&id)?;
    ensure!(account.busy.is_none(), "it still says that it renews");
    ensure!(!matches!(account.health, Health::NeedsSignIn { .. }), "it asks to sign in again without need");
    harness.simulator.clear_faults();
    harness.ensure_valid_credential(&id).await
}
