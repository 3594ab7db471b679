//! The contract of every way in: each waits, scans, refuses, expires, confirms, is cancelled at every step, survives a
//! broken connection, asks before it takes another account, and says no secret. What it does when a request goes wrong
//! is in `faults.rs`, which runs over the same rows.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use tokio::task::JoinSet;
use tracing_subscriber::layer::SubscriberExt as _;
use tunekey_core::{Answer, Method, ProblemCode, RenewalOutcome, ServiceId, SignInOption, SignInStep};
use tunekey_simulator::{Fault, FaultKind, PushSplit, Settings, SimulatorState};
use tunekey_tests::person::{Does, Ended, Person, played};
use tunekey_tests::stage::{MARK, Stage, WAYS, account_for, words};

/// Longer than any sign-in takes that nobody disturbs: whoever takes longer hangs.
const HANGS: Duration = Duration::from_secs(60);

/// Runs a part of the contract for every way at once and lists all that failed.
async fn every_way<F>(ways: impl IntoIterator<Item = SignInOption>, keeps: fn(SignInOption) -> F)
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    let mut running = JoinSet::new();
    for way in ways {
        running.spawn(async move {
            let came = tokio::time::timeout(HANGS, keeps(way)).await;
            came.unwrap_or_else(|_| Err(anyhow::anyhow!("it hangs")))
                .map_err(|error| format!("{} {}: {error:#}", way.service, way.method))
        });
    }
    let mut failed = Vec::new();
    while let Some(ended) = running.join_next().await {
        if let Err(words) = ended.unwrap_or_else(|panic| Err(format!("it panicked: {panic}"))) {
            failed.push(words);
        }
    }
    assert!(failed.is_empty(), "{} ways fail:\n  {}", failed.len(), failed.join("\n  "));
}

/// The ways that show a code to scan.
fn scans() -> impl Iterator<Item = SignInOption> {
    let is_scan =
        |way: &SignInOption| matches!(way.method, Method::QqScan | Method::WechatScan | Method::AppScan);
    WAYS.into_iter().filter(is_scan)
}

#[test]
fn the_rows_are_all_that_the_services_offer() {
    let offered = tunekey_core::registry::all().iter().flat_map(|service| {
        service.methods().iter().map(|method| SignInOption { service: service.id(), method: *method })
    });
    assert!(offered.eq(WAYS), "every method has its row, in the order in which it is offered");
    for service in [ServiceId::QqMusic, ServiceId::Netease] {
        assert!(
            WAYS.iter().filter(|way| way.service == service).count() >= 3,
            "{service} has three at least"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_way_leads_to_the_account_whose_credential_renews_and_ends() {
    every_way(WAYS, |way| async move {
        let stage = Stage::new(Settings::default()).await?;
        let mut person = Person::new(&stage, way, account_for(way)).await?;
        let account = person.signs_in(&mut stage.sign_in(way)).await?;
        ensure!(account.id.to_string() == account_for(way), "{} has signed in", account.id);
        // Who it is in detail is asked once it is saved.
        stage.knows(&account.id).await?;
        let account = stage.account(&account.id)?;
        ensure!(account.nickname != account.uid, "it does not know the nickname");
        ensure!(account.membership.is_some(), "it does not know the membership");
        ensure!(account.method == way.method, "it says that it came by {}", account.method);
        stage.holds_newest(&account.id).await?;

        // What is pasted from a NetEase header cannot be renewed; everything else can.
        let renewed = stage.renew(&account.id).await?;
        if way == (SignInOption { service: ServiceId::Netease, method: Method::Paste }) {
            stage.holds_valid(&account.id).await?;
        } else {
            let record = renewed.map_err(words)?;
            ensure!(record.outcome == RenewalOutcome::Renewed, "the renewal came to {:?}", record.outcome);
            stage.holds_newest(&account.id).await?;
        }
        let out = stage.tunekey.sign_out(&account.id).await.map_err(words)?;
        ensure!(out.confirmed && stage.is_empty(), "signing out leaves something");
        let broken = stage.services.broken_rules();
        ensure!(broken.is_empty(), "it breaks rules: {broken:?}");
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_is_declined_saves_nothing_and_another_works() {
    every_way(scans(), |way| async move {
        let stage = Stage::new(Settings::default()).await?;
        let mut person = Person::new(&stage, way, account_for(way)).await?;
        let mut sign_in = stage.sign_in(way);
        person.does(Does::Refuses);
        let ended = person.follows(&mut sign_in).await?;
        // NetEase has no word for it: its codes end.
        let wanted = if way.service == ServiceId::Netease { Ended::NotConfirmed } else { Ended::Refused };
        ensure!(ended == wanted && stage.is_empty(), "it ended as {ended:?}");
        ensure!(stage.services.codes().len() == 1, "another code was shown without a word");
        person.does(Does::Confirms);
        sign_in.answer(Answer::Again);
        person.signs_in(&mut sign_in).await.map(drop)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_expires_is_replaced_once_by_itself_and_then_when_asked() {
    every_way(scans(), |way| async move {
        let stage = Stage::new(Settings::default()).await?;
        let mut person = Person::new(&stage, way, account_for(way)).await?;
        let mut sign_in = stage.sign_in(way);
        person.does(Does::LetsItExpire);
        let ended = person.follows(&mut sign_in).await?;
        ensure!(ended == Ended::Expired && stage.is_empty(), "it ended as {ended:?}");
        ensure!(stage.services.codes().len() == 2, "{} codes were shown", stage.services.codes().len());
        person.does(Does::Confirms);
        sign_in.answer(Answer::Again);
        person.signs_in(&mut sign_in).await.map(drop)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_closed_saves_nothing_and_can_be_opened_again() {
    let pages = WAYS.into_iter().filter(|way| way.method == Method::OfficialPage);
    every_way(pages, |way| async move {
        let stage = Stage::new(Settings::default()).await?;
        let mut person = Person::new(&stage, way, account_for(way)).await?;
        let mut sign_in = stage.sign_in(way);
        person.does(Does::Refuses);
        let ended = person.follows(&mut sign_in).await?;
        ensure!(ended == Ended::PageClosed && stage.is_empty(), "it ended as {ended:?}");
        person.does(Does::Confirms);
        sign_in.answer(Answer::Again);
        person.signs_in(&mut sign_in).await.map(drop)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_in_the_browser_comes_between_the_number_and_the_code() {
    let phones = WAYS.into_iter().filter(|way| way.method == Method::Phone);
    every_way(phones, |way| async move {
        let stage = Stage::new(Settings { phone_captcha: true, ..Settings::default() }).await?;
        let mut person = Person::new(&stage, way, account_for(way)).await?;
        person.signs_in(&mut stage.sign_in(way)).await?;
        ensure!(stage.services.captchas().iter().all(|captcha| captcha.solved), "the check was not done");
        ensure!(stage.services.captchas().len() == 1, "one check was wanted");
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_code_is_asked_for_again_and_the_right_one_still_works() {
    let phones = WAYS.into_iter().filter(|way| way.method == Method::Phone);
    every_way(phones, |way| async move {
        use tunekey_core::Input;

        let stage = Stage::new(Settings::default()).await?;
        // What the web site sends cannot be read by the services as they are played here.
        stage.tunekey.set_setting("netease-profile", "pc").map_err(words)?;
        let mut person = Person::new(&stage, way, account_for(way)).await?;
        let mut sign_in = stage.sign_in(way);
        loop {
            let step = person.next(&mut sign_in).await?;
            if matches!(step, SignInStep::AskTextCode { .. }) {
                break;
            }
            person.acts(&step, &sign_in).await?;
        }
        let right = stage.services.text_messages().last().context("no message came")?.code.clone();
        let wrong = if right == "000000" { "000001" } else { "000000" };
        sign_in.answer(Answer::Give(Input::TextCode(wrong.into())));
        let ended = person.follows(&mut sign_in).await?;
        ensure!(ended == Ended::AskedAgain(ProblemCode::WrongCode), "it ended as {ended:?}");
        sign_in.answer(Answer::Give(Input::TextCode(right.as_str().into())));
        person.signs_in(&mut sign_in).await?;
        ensure!(stage.services.text_messages().len() == 1, "more than one message was sent");
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_leaves_before_it_is_confirmed_leaves_nothing_behind() {
    every_way(WAYS, |way| async move {
        for steps in 1.. {
            let stage = Stage::new(Settings::default()).await?;
            let mut person = Person::new(&stage, way, account_for(way)).await?;
            let mut sign_in = stage.sign_in(way);
            for left in (0..steps).rev() {
                let step = person.next(&mut sign_in).await?;
                // Who has scanned has confirmed: what comes of it is the next sentence's.
                if step.cannot_be_cancelled() || matches!(step, SignInStep::Scanned { .. }) {
                    ensure!(steps > 2, "it was confirmed after {steps} steps");
                    return Ok(());
                }
                if left > 0 {
                    person.acts(&step, &sign_in).await?;
                }
            }
            drop(sign_in);
            stage.tunekey.drain().await;
            ensure!(stage.is_empty(), "something was kept after {steps} steps");
            // The next way in works at once: nothing of the one that was left is in its way.
            let next = SignInOption { service: way.service, method: Method::AppScan };
            let mut other = Person::new(&stage, next, account_for(next)).await?;
            other.signs_in(&mut stage.sign_in(next)).await.with_context(|| format!("left after {steps}"))?;
        }
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_leaves_once_it_is_confirmed_finds_the_account_all_the_same_unless_it_is_to_be_asked_about() {
    every_way(WAYS, |way| async move {
        let stage = Stage::new(Settings::default()).await?;
        let mut person = Person::new(&stage, way, account_for(way)).await?;
        let mut sign_in = stage.sign_in(way);
        loop {
            let step = person.next(&mut sign_in).await?;
            if step.cannot_be_cancelled() {
                break;
            }
            person.acts(&step, &sign_in).await?;
        }
        drop(sign_in);
        stage.tunekey.drain().await;
        let accounts = stage.tunekey.snapshot().accounts;
        if way.method == Method::OfficialPage {
            // Nobody has said that it is them.
            ensure!(accounts.is_empty(), "an account was kept that nobody was asked about");
            let ended = stage.services.ledger().iter().all(|credential| !credential.is_valid());
            ensure!(ended, "its session goes on at the service");
            return Ok(());
        }
        ensure!(accounts.len() == 1, "there are {} accounts", accounts.len());
        stage.holds_valid(&accounts[0].id).await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_breaks_while_the_code_is_shown_is_made_again() {
    every_way(scans(), |way| async move {
        let stage = Stage::new(Settings::default()).await?;
        let mut person = Person::new(&stage, way, account_for(way)).await?;
        let mut sign_in = stage.sign_in(way);
        loop {
            let step = person.next(&mut sign_in).await?;
            if matches!(step, SignInStep::ShowCode { .. }) {
                // Everybody who waits for an answer loses the connection, and so does the next.
                stage.services.drop_connections();
                stage.services.arm(Fault::new("*", FaultKind::Reset).once())?;
                let shown =
                    |state: &SimulatorState| state.codes().pop().context("no code").map(|code| code.polls);
                let asked =
                    stage.services.until(|world| (world.faults()[0].struck == 1).then(|| shown(world)));
                let asked = asked.await?;
                // What happens while nobody listens is never heard of.
                stage.services.until(|world| shown(world).ok().filter(|polls| *polls > asked)).await;
                person.acts(&step, &sign_in).await?;
                break;
            }
        }
        person.signs_in(&mut sign_in).await.map(drop)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_poll_that_is_held_for_longer_than_we_wait_is_a_code_that_nobody_has_scanned() -> Result<()> {
    let stage = Stage::new(Settings { long_poll_seconds: 60, ..Settings::default() }).await?;
    let way = SignInOption { service: ServiceId::QqMusic, method: Method::WechatScan };
    let mut person = Person::new(&stage, way, account_for(way)).await?;
    let mut sign_in = stage.sign_in(way);
    loop {
        let step = person.next(&mut sign_in).await?;
        if matches!(step, SignInStep::ShowCode { .. }) {
            let twice =
                |state: &SimulatorState| state.codes().pop().is_some_and(|code| code.polls > 1).then_some(());
            stage.services.until(twice).await;
            person.acts(&step, &sign_in).await?;
            break;
        }
    }
    person.signs_in(&mut sign_in).await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wechat_credential_renews_with_and_without_the_fields_that_are_for_it() -> Result<()> {
    for wechat_refresh_fields in [true, false] {
        let stage = Stage::new(Settings { wechat_refresh_fields, ..Settings::default() }).await?;
        let way = SignInOption { service: ServiceId::QqMusic, method: Method::WechatScan };
        let id = stage.signed_in(way).await?;
        for _ in 0..2 {
            let record = stage.renew(&id).await?.map_err(words)?;
            ensure!(record.outcome == RenewalOutcome::Renewed, "it came to {:?}", record.outcome);
            stage.holds_newest(&id).await?;
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_devices_are_said_and_lead_to_the_other_ways() {
    let without_paste =
        WAYS.into_iter().filter(|way| way.service == ServiceId::QqMusic && way.method != Method::Paste);
    every_way(without_paste, |way| async move {
        let stage = Stage::new(Settings { device_limit: true, ..Settings::default() }).await?;
        let mut person = Person::new(&stage, way, account_for(way)).await?;
        let mut sign_in = stage.sign_in(way);
        loop {
            let step = person.next(&mut sign_in).await?;
            if let SignInStep::Failed { problem, alternatives } = &step {
                ensure!(problem.code == ProblemCode::DeviceLimit, "it says {:?}", problem.code);
                ensure!(problem.service_message.is_some(), "the service's own words are lost");
                ensure!(alternatives.next.iter().all(|next| next.method != way.method), "it offers itself");
                ensure!(
                    alternatives.blocked == [way.method] && alternatives.next.len() == 5,
                    "it offers {alternatives:?}"
                );
                return Ok(());
            }
            ensure!(person.acts(&step, &sign_in).await?.is_none(), "it ended at {step:?}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bare_session_that_is_pasted_does_not_cost_an_account_what_renews_it() -> Result<()> {
    let stage = Stage::new(Settings::default()).await?;
    let scan = SignInOption { service: ServiceId::Netease, method: Method::AppScan };
    let id = stage.signed_in(scan).await?;
    ensure!(stage.keeps_field("MUSIC_R_U"), "there is nothing to lose, so that this proves nothing");
    stage.signed_in(SignInOption { method: Method::Paste, ..scan }).await?;
    ensure!(stage.account(&id)?.method == Method::Paste, "it was not saved");
    ensure!(stage.keeps_field("MUSIC_R_U"), "what renews it is gone");
    stage.holds_newest(&id).await
}

/// A change of how the service pushes.
type Form = (&'static str, fn(&mut Settings));

#[tokio::test(flavor = "multi_thread")]
async fn a_push_is_understood_in_every_form_that_the_service_gives_it() {
    const FORMS: [Form; 7] = [
        ("from the first server", |settings| settings.push_redirects = 0),
        ("from the third server", |settings| settings.push_redirects = 2),
        ("byte by byte", |settings| settings.push_split = PushSplit::Bytes),
        ("several in a frame", |settings| settings.push_split = PushSplit::Joined),
        ("to be acknowledged", |settings| settings.push_qos = 1),
        ("with a short patience", |settings| settings.push_keep_alive_seconds = Some(1)),
        ("with the kinds of accounts", |settings| settings.raw_login_type = false),
    ];
    let way = SignInOption { service: ServiceId::QqMusic, method: Method::AppScan };
    for (form, change) in FORMS {
        let came = async {
            let mut settings = Settings::default();
            change(&mut settings);
            let stage = Stage::new(settings).await?;
            let mut person = Person::new(&stage, way, account_for(way)).await?;
            let account = person.signs_in(&mut stage.sign_in(way)).await?;
            stage.renew(&account.id).await?.map_err(words)?;
            let broken = stage.services.broken_rules();
            ensure!(broken.is_empty(), "it breaks rules: {broken:?}");
            anyhow::Ok(())
        };
        let came =
            tokio::time::timeout(HANGS, came).await.unwrap_or_else(|_| Err(anyhow::anyhow!("it hangs")));
        came.unwrap_or_else(|error| panic!("pushed {form}: {error:#}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_pushed_before_the_subscription_stands_is_not_lost() -> Result<()> {
    let stage = Stage::new(Settings { push_before_suback: true, ..Settings::default() }).await?;
    let way = SignInOption { service: ServiceId::QqMusic, method: Method::AppScan };
    let mut person = Person::new(&stage, way, account_for(way)).await?;
    let mut sign_in = stage.sign_in(way);
    let code = stage.services.next_code(played(way.service), 0).await;
    stage.services.scan(code.id, Some(account_for(way)))?;
    stage.services.confirm(code.id)?;
    person.signs_in(&mut sign_in).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_servers_in_a_row_end_the_sign_in() {
    let stage = Stage::new(Settings { push_redirects: 4, ..Settings::default() }).await.expect("a stage");
    let way = SignInOption { service: ServiceId::QqMusic, method: Method::AppScan };
    let mut person = Person::new(&stage, way, account_for(way)).await.expect("a person");
    let ended = person.follows(&mut stage.sign_in(way)).await.expect("it ends");
    assert_eq!(ended, Ended::Failed(ProblemCode::Unexpected), "it must not be sent around for ever");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_account_than_the_one_meant_never_overwrites_it() {
    every_way(WAYS, |way| async move {
        let stage = Stage::new(Settings::default()).await?;
        // A is signed in; B signs in where A was meant.
        let other = match way.service {
            ServiceId::QqMusic => "qqmusic:10002",
            ServiceId::Netease => "netease:90002",
        };
        let first = SignInOption { service: way.service, method: Method::AppScan };
        let mut owner = Person::new(&stage, first, other).await?;
        let meant = owner.signs_in(&mut stage.sign_in(first)).await?.id;

        let mut stranger = Person::new(&stage, way, account_for(way)).await?;
        let mut sign_in = stage.tunekey.sign_in(way.service, way.method, Some(meant.clone()));
        loop {
            let step = stranger.next(&mut sign_in).await?;
            if let SignInStep::AskOtherAccount { account, wanted, known, .. } = &step {
                ensure!(account.to_string() == account_for(way) && *wanted == meant && !known, "{step:?}");
                break;
            }
            ensure!(!matches!(step, SignInStep::Saving), "it saves without asking");
            ensure!(stranger.acts(&step, &sign_in).await?.is_none(), "it ended at {step:?}");
        }
        ensure!(stage.tunekey.snapshot().accounts.len() == 1, "the other one is there before the answer");
        stage.holds_newest(&meant).await.context("the account that was meant")?;
        sign_in.answer(Answer::Keep);
        let kept = stranger.signs_in(&mut sign_in).await?;
        ensure!(kept.id.to_string() == account_for(way), "{} was kept", kept.id);
        ensure!(stage.tunekey.snapshot().accounts.len() == 2, "both are there");
        stage.holds_newest(&meant).await.context("the account that was meant, afterwards")?;
        stage.holds_newest(&kept.id).await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_way_says_a_secret_in_its_steps_or_in_the_log() {
    static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());

    struct Log;
    impl std::io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            LOG.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    // The programs hear only our own crate, because libraries write bodies at this level.
    let ours = tracing_subscriber::filter::Targets::new()
        .with_target("tunekey_core", tracing_subscriber::filter::LevelFilter::TRACE);
    let layer = tracing_subscriber::fmt::layer().with_writer(|| Log);
    let subscriber = tracing_subscriber::registry().with(layer).with(ours);
    tracing::subscriber::set_global_default(subscriber).expect("no other test of this file logs");

    every_way(WAYS, |way| async move {
        let stage = Stage::new(Settings { phone_captcha: true, ..Settings::default() }).await?;
        let mut person = Person::new(&stage, way, account_for(way)).await?;
        person.signs_in(&mut stage.sign_in(way)).await?;
        // Each step was searched as it came.
        ensure!(person.heard().len() > 4, "it says nothing, so that this proves nothing");
        let log = String::from_utf8_lossy(&LOG.lock().unwrap_or_else(PoisonError::into_inner)).into_owned();
        ensure!(log.contains("answered"), "the log says nothing, so that this proves nothing");
        ensure!(!log.contains(MARK), "the log says a secret");
        let accounts = stage.services.accounts();
        let known = accounts.iter().find(|one| one.id == account_for(way)).context("no such account")?;
        ensure!(!log.contains(&known.phone), "the log says the phone number");
        for message in stage.services.text_messages() {
            ensure!(!log.contains(&message.code), "the log says a text code");
        }
        Ok(())
    })
    .await;
}
