//! Somebody answers in a service's place: every hostile answer that the simulator knows, at every request of every
//! way in and of every renewal. Nothing comes of any of them: no hang, no crash, no code that is none of a sign-in, and
//! no memory to speak of.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use nix::sys::signal::Signal;
use serde_json::json;
use tokio::sync::{Mutex, Semaphore};
use tokio::task::JoinSet;
use tunekey_core::{Health, Method, ProblemCode, ServiceId, SignInOption, SignInStep};
use tunekey_simulator::{FOREIGN_CODES, Fault, FaultKind, Settings};
use tunekey_tests::desktop::Desktop;
use tunekey_tests::patience::until;
use tunekey_tests::person::{Ended, Person};
use tunekey_tests::process::most_memory;
use tunekey_tests::stage::{Stage, WAYS, account_for};

/// How many cases run at once: they mostly wait.
const SIDE_BY_SIDE: usize = 12;

/// One matrix at a time: what comes before a hostile answer has to work, on a busy computer, too.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

/// Longer than every pause and every limit of a sign-in that nothing comes of: whoever takes longer hangs.
const HANGS: Duration = Duration::from_secs(120);

/// How much more memory than usual an answer may take.
const MOST_MEMORY: u64 = 64 * 1024 * 1024;

/// The window answers within this, whatever is done to it.
const ANSWERS_IN: Duration = Duration::from_millis(200);

/// How long a process may take to end when it is told to.
const ENDS_IN: Duration = Duration::from_secs(5);

/// The ways in that show a code of a service's own drawing, and the request that brings it.
const DRAWN: [(SignInOption, &str); 2] = [
    (SignInOption { service: ServiceId::QqMusic, method: Method::QqScan }, "qq.ptqrshow"),
    (SignInOption { service: ServiceId::QqMusic, method: Method::AppScan }, "qq.create_qrcode"),
];

/// The ways whose renewals are disturbed: one for each kind of account.
const RENEWED: [SignInOption; 3] = [
    SignInOption { service: ServiceId::QqMusic, method: Method::QqScan },
    SignInOption { service: ServiceId::QqMusic, method: Method::WechatScan },
    SignInOption { service: ServiceId::Netease, method: Method::AppScan },
];

#[tokio::test(flavor = "multi_thread")]
async fn no_foreign_code_is_shown() {
    for (way, request) in DRAWN {
        for (number, text) in FOREIGN_CODES.iter().enumerate() {
            let stage = Stage::new(Settings::default()).await.expect("a stage");
            let fault = Fault::new(request, FaultKind::ForeignCode).with_code(number as i64);
            stage.services.arm(fault).expect("the request is known");
            let mut sign_in = stage.sign_in(way);
            let problem = loop {
                match sign_in.next().await.expect("it has a last word") {
                    SignInStep::ShowCode { .. } => panic!("{text} was shown by {}", way.method),
                    SignInStep::Failed { problem, .. } => break problem,
                    _ => {}
                }
            };
            assert_eq!(problem.code, ProblemCode::ForeignCode, "{text} by {}: {problem:?}", way.method);
            assert!(!format!("{problem:?}").contains("evil"), "what it said is not repeated: {problem:?}");
            assert!(stage.is_empty(), "nothing is kept");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_hostile_answer_hangs_a_sign_in_or_makes_an_account() {
    let mut cases = Vec::new();
    // What several ways ask is disturbed in the first of them.
    let mut known = BTreeSet::new();
    for way in WAYS {
        let stage = Stage::new(Settings::default()).await.expect("a stage");
        stage.signed_in(way).await.expect("an undisturbed sign-in works");
        let mut requests = stage.requests();
        // The page's own requests are the browser's.
        requests.retain(|request| !matches!(request.as_str(), "qq.page" | "netease.page"));
        for request in requests.into_iter().filter(|request| known.insert(request.clone())) {
            cases.extend(FaultKind::HOSTILE.map(|kind| (way, request.clone(), kind)));
        }
    }
    all(cases, |(way, request, kind)| hostile_sign_in(way, request, kind)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_hostile_answer_hangs_a_renewal_or_costs_the_credential() {
    let cases =
        RENEWED.into_iter().flat_map(|way| FaultKind::HOSTILE.map(|kind| (way, "*".to_owned(), kind)));
    all(cases.collect(), |(way, _, kind)| hostile_renewal(way, kind)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_stays_small_and_ends_when_it_is_told_to() -> Result<()> {
    let desktop = Desktop::start().await?;
    let start = || desktop.cli_start(&["--json", "sign-in", "qqmusic", "--method", "qq-scan"]);
    let usual = {
        let mut sign_in = start()?;
        sign_in.step("show_code").await?;
        let usual = sign_in.most_memory().context("it has ended")?;
        sign_in.signal(Signal::SIGTERM)?;
        desktop.finished(sign_in).await?;
        usual
    };
    for method in ["qq-scan", "app-scan", "wechat-scan"] {
        for kind in FaultKind::HOSTILE {
            let name = format!("{} at every request of {method}", kind.name());
            desktop.simulator.clear_faults();
            desktop.simulator.arm(Fault::new("*", kind))?;
            let sign_in = desktop.cli_start(&["--json", "sign-in", "qqmusic", "--method", method])?;
            // The second request comes once the first answer was read, and not at all when that ended it.
            let most = until(format!("{name} to be read"), || async {
                let struck = desktop.simulator.faults()[0].struck;
                match sign_in.most_memory() {
                    None if struck > 0 => Ok(0),
                    most => most.filter(|_| struck > 1).context("it is not read yet"),
                }
            })
            .await?;
            ensure!(most < usual + MOST_MEMORY, "{name}: {} MiB more", (most - usual) / 1024 / 1024);
            let told = Instant::now();
            // It may have ended by itself.
            let _ = sign_in.signal(Signal::SIGTERM);
            desktop.finished(sign_in).await?;
            ensure!(told.elapsed() < ENDS_IN, "{name}: it ended after {:?}", told.elapsed());
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_window_answers_stays_small_and_can_be_quit_whatever_a_service_sends() -> Result<()> {
    let desktop = Desktop::start().await?;
    let window = desktop.window().await?;
    window.element("#c-qqmusic").await?;
    let usual = most_memory(window.app()).context("it has ended")?;
    for kind in FaultKind::HOSTILE {
        for (service, method) in [("qqmusic", "qq-scan"), ("qqmusic", "app-scan"), ("netease", "app-scan")] {
            let name = format!("{} at every request of {method} of {service}", kind.name());
            desktop.simulator.clear_faults();
            desktop.simulator.arm(Fault::new("*", kind))?;
            let way = json!({ "service": service, "method": method, "wanted": null });
            window.invoke("start_sign_in", way).await?;
            until(format!("{name} to come"), || async {
                ensure!(desktop.simulator.faults()[0].struck > 0, "nothing was asked");
                Ok(())
            })
            .await?;
            let took = window.answers_in().await?;
            ensure!(took < ANSWERS_IN, "{name}: it answered after {took:?}");
            let most = most_memory(window.app()).context("it has ended")?;
            ensure!(most < usual + MOST_MEMORY, "{name}: {} MiB more", (most - usual) / 1024 / 1024);
        }
    }
    window.quit(ENDS_IN).await
}

/// Runs every case and lists all that failed.
async fn all<F>(
    cases: Vec<(SignInOption, String, FaultKind)>,
    run: fn((SignInOption, String, FaultKind)) -> F,
) where
    F: Future<Output = Result<()>> + Send + 'static,
{
    assert!(cases.len() > FaultKind::HOSTILE.len(), "there is more than one request: {}", cases.len());
    let _turn = ONE_AT_A_TIME.lock().await;
    let (total, turns) = (cases.len(), Arc::new(Semaphore::new(SIDE_BY_SIDE)));
    let mut running = JoinSet::new();
    for case in cases {
        let turns = Arc::clone(&turns);
        running.spawn(async move {
            let _turn = turns.acquire_owned().await;
            let name = format!("{} at {} of {:?}", case.2.name(), case.1, case.0);
            let came = tokio::time::timeout(HANGS, run(case)).await;
            let came = came.unwrap_or_else(|_| Err(anyhow::anyhow!("it hangs")));
            came.map_err(|error| format!("{name}: {error:#}"))
        });
    }
    let (mut failed, mut count) = (String::new(), 0);
    while let Some(ended) = running.join_next().await {
        if let Err(words) = ended.unwrap_or_else(|panic| Err(format!("it panicked: {panic}"))) {
            count += 1;
            let _ = writeln!(failed, "  {words}");
        }
    }
    assert!(failed.is_empty(), "{count} of {total} cases:\n{failed}");
}

/// A sign-in with a hostile answer ends, or waits for the person, and makes no account of somebody else.
async fn hostile_sign_in(way: SignInOption, request: String, kind: FaultKind) -> Result<()> {
    let stage = Stage::new(Settings::default()).await?;
    let mut person = Person::new(&stage, way, account_for(way)).await?;
    stage.services.arm(Fault::new(request, kind))?;
    stage.services.configure(|settings| settings.code_life_seconds = 10);
    let mut sign_in = stage.sign_in(way);
    let ended = person.follows(&mut sign_in).await?;
    let accounts = stage.tunekey.snapshot().accounts;
    ensure!(
        accounts.iter().all(|account| account.id.to_string() == account_for(way)),
        "a stranger signed in"
    );
    ensure!(
        (ended == Ended::Done) != accounts.is_empty(),
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

/// A renewal to which everything is answered in a hostile way ends, and the credential still works.
async fn hostile_renewal(way: SignInOption, kind: FaultKind) -> Result<()> {
    let stage = Stage::new(Settings::default()).await?;
    let id = stage.signed_in(way).await?;
    stage.services.arm(Fault::new("*", kind))?;
    let _ = stage.renew(&id).await?;
    let _ = stage.tunekey.check(&id).await;
    let account = stage.account(&id)?;
    ensure!(account.busy.is_none(), "it still says that it renews");
    ensure!(!matches!(account.health, Health::NeedsSignIn { .. }), "it asks to sign in again without need");
    stage.services.clear_faults();
    stage.holds_valid(&id).await
}
