//! The contract of every sign-in option: it shows a code, expires, is declined, is confirmed, can be cancelled at every
//! step, survives a broken connection, asks before it saves another account, and reveals no secret. What it does when a
//! request fails is in `faults.rs`, for the same options.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use tracing_subscriber::layer::SubscriberExt as _;
use tunekey_core::{LOG_TARGETS, Method, ProblemCode, RenewalOutcome, SignInOption, SignInStep, UserInput};
use tunekey_services::{netease, qqmusic};
use tunekey_simulator::{Fault, FaultKind, PushSplit, Settings, SimulatorState};
use tunekey_tests::canary::CANARY;
use tunekey_tests::fixtures::{SIGN_IN_OPTIONS, account_for, simulator_service};
use tunekey_tests::harness::{Harness, into_error};
use tunekey_tests::matrix::run_all;
use tunekey_tests::user::{SignInOutcome, User, UserAction};

/// Longer than any undisturbed sign-in takes: a case that takes longer hangs.
const CASE_LIMIT: Duration = Duration::from_secs(60);

/// Checks a part of the contract for all these options at once.
async fn every_option<F>(options: impl IntoIterator<Item = SignInOption>, keeps: fn(SignInOption) -> F)
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    let name = |option: &SignInOption| format!("{} {}", option.service, option.method);
    run_all(options.into_iter().collect(), SIGN_IN_OPTIONS.len(), CASE_LIMIT, name, keeps).await;
}

/// The options that show a code to scan.
fn scan_options() -> impl Iterator<Item = SignInOption> {
    let is_scan = |option: &SignInOption| {
        matches!(option.method, Method::QqScan | Method::WechatScan | Method::AppScan)
    };
    SIGN_IN_OPTIONS.into_iter().filter(is_scan)
}

#[test]
fn the_options_are_all_that_the_services_offer() {
    let offered = tunekey_core::registry::all().iter().flat_map(|service| {
        let methods = service.facts().methods().chain([Method::Paste]);
        methods.map(|method| SignInOption { service: service.id(), method })
    });
    assert!(offered.eq(SIGN_IN_OPTIONS), "every method has its row, in the order in which it is offered");
    for service in [qqmusic::ID, netease::ID] {
        assert!(
            SIGN_IN_OPTIONS.iter().filter(|option| option.service == service).count() >= 3,
            "{service} has three at least"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_option_signs_in_renews_and_signs_out() {
    every_option(SIGN_IN_OPTIONS, |option| async move {
        let harness = Harness::new(Settings::default()).await?;
        let mut user = User::new(&harness, option, account_for(option)).await?;
        let account = user.complete_sign_in(&mut harness.start_sign_in(option)).await?;
        ensure!(account.id.to_string() == account_for(option), "{} has signed in", account.id);
        // Who it is in detail is asked once it is saved.
        harness.wait_for_details(&account.id).await?;
        let account = harness.account(&account.id)?;
        ensure!(account.nickname != account.uid, "it does not know the nickname");
        ensure!(account.membership.is_some(), "it does not know the membership");
        ensure!(account.method == option.method, "it says that it came by {}", account.method);
        harness.ensure_newest_credential(&account.id).await?;

        // What is pasted from a NetEase header cannot be renewed; everything else can.
        let renewed = harness.renew(&account.id).await?;
        if option == (SignInOption { service: netease::ID, method: Method::Paste }) {
            harness.ensure_valid_credential(&account.id).await?;
        } else {
            let record = renewed.map_err(into_error)?;
            ensure!(record.outcome == RenewalOutcome::Renewed, "the renewal came to {:?}", record.outcome);
            harness.ensure_newest_credential(&account.id).await?;
        }
        let out = harness.tunekey.sign_out(&account.id).await.map_err(into_error)?;
        ensure!(out.confirmed && harness.is_empty(), "signing out leaves something");
        let broken = harness.simulator.broken_rules();
        ensure!(broken.is_empty(), "it breaks rules: {broken:?}");
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_is_declined_saves_nothing_and_another_works() {
    every_option(scan_options(), |option| async move {
        let harness = Harness::new(Settings::default()).await?;
        let mut user = User::new(&harness, option, account_for(option)).await?;
        let mut sign_in = harness.start_sign_in(option);
        user.set_action(UserAction::Decline);
        let ended = user.follow(&mut sign_in).await?;
        // NetEase has no word for it: its codes end.
        let wanted =
            if option.service == netease::ID { SignInOutcome::NotConfirmed } else { SignInOutcome::Refused };
        ensure!(ended == wanted && harness.is_empty(), "it ended as {ended:?}");
        ensure!(harness.simulator.codes().len() == 1, "another code was shown without a word");
        user.set_action(UserAction::Confirm);
        sign_in.answer(UserInput::Again);
        user.complete_sign_in(&mut sign_in).await.map(drop)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_expires_is_replaced_once_by_itself_and_then_when_asked() {
    every_option(scan_options(), |option| async move {
        let harness = Harness::new(Settings::default()).await?;
        let mut user = User::new(&harness, option, account_for(option)).await?;
        let mut sign_in = harness.start_sign_in(option);
        user.set_action(UserAction::LetExpire);
        let ended = user.follow(&mut sign_in).await?;
        ensure!(ended == SignInOutcome::Expired && harness.is_empty(), "it ended as {ended:?}");
        ensure!(harness.simulator.codes().len() == 2, "{} codes were shown", harness.simulator.codes().len());
        user.set_action(UserAction::Confirm);
        sign_in.answer(UserInput::Again);
        user.complete_sign_in(&mut sign_in).await.map(drop)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_closed_saves_nothing_and_can_be_opened_again() {
    let pages = SIGN_IN_OPTIONS.into_iter().filter(|option| option.method == Method::OfficialPage);
    every_option(pages, |option| async move {
        let harness = Harness::new(Settings::default()).await?;
        let mut user = User::new(&harness, option, account_for(option)).await?;
        let mut sign_in = harness.start_sign_in(option);
        user.set_action(UserAction::Decline);
        let ended = user.follow(&mut sign_in).await?;
        ensure!(ended == SignInOutcome::PageClosed && harness.is_empty(), "it ended as {ended:?}");
        user.set_action(UserAction::Confirm);
        sign_in.answer(UserInput::Again);
        user.complete_sign_in(&mut sign_in).await.map(drop)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_in_the_browser_comes_between_the_number_and_the_code() {
    let phones = SIGN_IN_OPTIONS.into_iter().filter(|option| option.method == Method::Phone);
    every_option(phones, |option| async move {
        let harness = Harness::new(Settings { phone_captcha: true, ..Settings::default() }).await?;
        let mut user = User::new(&harness, option, account_for(option)).await?;
        user.complete_sign_in(&mut harness.start_sign_in(option)).await?;
        ensure!(harness.simulator.captchas().iter().all(|captcha| captcha.solved), "the check was not done");
        ensure!(harness.simulator.captchas().len() == 1, "one check was wanted");
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_code_is_asked_for_again_and_the_right_one_still_works() {
    let phones = SIGN_IN_OPTIONS.into_iter().filter(|option| option.method == Method::Phone);
    every_option(phones, |option| async move {
        use tunekey_core::Input;

        let harness = Harness::new(Settings::default()).await?;
        // The simulator cannot read what the web client sends.
        harness.tunekey.set_setting("netease-profile", "pc").await.map_err(into_error)?;
        let mut user = User::new(&harness, option, account_for(option)).await?;
        let mut sign_in = harness.start_sign_in(option);
        loop {
            let step = user.next_step(&mut sign_in).await?;
            if matches!(step, SignInStep::AskTextCode { .. }) {
                break;
            }
            user.handle_step(&step, &sign_in).await?;
        }
        let right = harness.simulator.text_messages().last().context("no message came")?.code.clone();
        let wrong = if right == "000000" { "000001" } else { "000000" };
        sign_in.answer(UserInput::Answer(Input::TextCode(wrong.into())));
        let ended = user.follow(&mut sign_in).await?;
        ensure!(ended == SignInOutcome::AskedAgain(ProblemCode::WrongCode), "it ended as {ended:?}");
        sign_in.answer(UserInput::Answer(Input::TextCode(right.as_str().into())));
        user.complete_sign_in(&mut sign_in).await?;
        ensure!(harness.simulator.text_messages().len() == 1, "more than one message was sent");
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_is_cancelled_before_it_is_confirmed_leaves_nothing_behind() {
    every_option(SIGN_IN_OPTIONS, |option| async move {
        for steps in 1.. {
            let harness = Harness::new(Settings::default()).await?;
            let mut user = User::new(&harness, option, account_for(option)).await?;
            let mut sign_in = harness.start_sign_in(option);
            for left in (0..steps).rev() {
                let step = user.next_step(&mut sign_in).await?;
                // A user who has scanned has confirmed: the next test is about that.
                if step.cannot_be_cancelled() || matches!(step, SignInStep::Scanned { .. }) {
                    ensure!(steps > 2, "it was confirmed after {steps} steps");
                    return Ok(());
                }
                if left > 0 {
                    user.handle_step(&step, &sign_in).await?;
                }
            }
            drop(sign_in);
            harness.tunekey.drain().await;
            ensure!(harness.is_empty(), "something was kept after {steps} steps");
            // The next sign-in works at once: the cancelled one does not block it.
            let next = SignInOption { service: option.service, method: Method::AppScan };
            let mut other = User::new(&harness, next, account_for(next)).await?;
            other
                .complete_sign_in(&mut harness.start_sign_in(next))
                .await
                .with_context(|| format!("left after {steps}"))?;
        }
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_is_cancelled_once_it_is_confirmed_is_saved_unless_it_has_to_ask_first() {
    every_option(SIGN_IN_OPTIONS, |option| async move {
        let harness = Harness::new(Settings::default()).await?;
        let mut user = User::new(&harness, option, account_for(option)).await?;
        let mut sign_in = harness.start_sign_in(option);
        loop {
            let step = user.next_step(&mut sign_in).await?;
            if step.cannot_be_cancelled() {
                break;
            }
            user.handle_step(&step, &sign_in).await?;
        }
        drop(sign_in);
        harness.tunekey.drain().await;
        let accounts = harness.tunekey.snapshot().accounts;
        if option.method == Method::OfficialPage {
            // Nobody has said that it is them.
            ensure!(accounts.is_empty(), "an account was kept that nobody was asked about");
            let ended = harness.simulator.ledger().iter().all(|credential| !credential.is_valid());
            ensure!(ended, "its session goes on at the service");
            return Ok(());
        }
        ensure!(accounts.len() == 1, "there are {} accounts", accounts.len());
        harness.ensure_valid_credential(&accounts[0].id).await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_breaks_while_the_code_is_shown_is_made_again() {
    every_option(scan_options(), |option| async move {
        let harness = Harness::new(Settings::default()).await?;
        let mut user = User::new(&harness, option, account_for(option)).await?;
        let mut sign_in = harness.start_sign_in(option);
        loop {
            let step = user.next_step(&mut sign_in).await?;
            if matches!(step, SignInStep::ShowCode { .. }) {
                // Every open request loses its connection, and so does the next one.
                harness.simulator.drop_connections();
                harness.simulator.arm(Fault::new("*", FaultKind::Reset).once())?;
                let shown =
                    |state: &SimulatorState| state.codes().pop().context("no code").map(|code| code.polls);
                let asked =
                    harness.simulator.until(|state| (state.faults()[0].struck == 1).then(|| shown(state)));
                let asked = asked.await?;
                // What happens without a connection is not reported later.
                harness.simulator.until(|state| shown(state).ok().filter(|polls| *polls > asked)).await;
                user.handle_step(&step, &sign_in).await?;
                break;
            }
        }
        user.complete_sign_in(&mut sign_in).await.map(drop)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_poll_that_is_held_for_longer_than_we_wait_is_a_code_that_nobody_has_scanned() -> Result<()> {
    let harness = Harness::new(Settings { long_poll_seconds: 60, ..Settings::default() }).await?;
    let option = SignInOption { service: qqmusic::ID, method: Method::WechatScan };
    let mut user = User::new(&harness, option, account_for(option)).await?;
    let mut sign_in = harness.start_sign_in(option);
    loop {
        let step = user.next_step(&mut sign_in).await?;
        if matches!(step, SignInStep::ShowCode { .. }) {
            let twice =
                |state: &SimulatorState| state.codes().pop().is_some_and(|code| code.polls > 1).then_some(());
            harness.simulator.until(twice).await;
            user.handle_step(&step, &sign_in).await?;
            break;
        }
    }
    user.complete_sign_in(&mut sign_in).await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wechat_credential_renews_with_and_without_the_fields_that_are_for_it() -> Result<()> {
    for wechat_refresh_fields in [true, false] {
        let harness = Harness::new(Settings { wechat_refresh_fields, ..Settings::default() }).await?;
        let option = SignInOption { service: qqmusic::ID, method: Method::WechatScan };
        let id = harness.sign_in(option).await?;
        for _ in 0..2 {
            let record = harness.renew(&id).await?.map_err(into_error)?;
            ensure!(record.outcome == RenewalOutcome::Renewed, "it came to {:?}", record.outcome);
            harness.ensure_newest_credential(&id).await?;
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_devices_are_reported_with_the_alternatives() {
    let without_paste = SIGN_IN_OPTIONS
        .into_iter()
        .filter(|option| option.service == qqmusic::ID && option.method != Method::Paste);
    every_option(without_paste, |option| async move {
        let harness = Harness::new(Settings { device_limit: true, ..Settings::default() }).await?;
        let mut user = User::new(&harness, option, account_for(option)).await?;
        let mut sign_in = harness.start_sign_in(option);
        loop {
            let step = user.next_step(&mut sign_in).await?;
            if let SignInStep::Failed { problem, alternatives } = &step {
                ensure!(problem.code == ProblemCode::DeviceLimit, "it says {:?}", problem.code);
                ensure!(problem.service_message.is_some(), "the service's own words are lost");
                ensure!(
                    alternatives.next.iter().all(|next| next.method != option.method),
                    "it offers itself"
                );
                ensure!(
                    alternatives.blocked == [option.method] && alternatives.next.len() == 5,
                    "it offers {alternatives:?}"
                );
                return Ok(());
            }
            ensure!(user.handle_step(&step, &sign_in).await?.is_none(), "it ended at {step:?}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bare_session_that_is_pasted_does_not_cost_an_account_what_renews_it() -> Result<()> {
    let harness = Harness::new(Settings::default()).await?;
    let scan = SignInOption { service: netease::ID, method: Method::AppScan };
    let id = harness.sign_in(scan).await?;
    ensure!(harness.stores_field("MUSIC_R_U"), "there is nothing to lose, so that this proves nothing");
    harness.sign_in(SignInOption { method: Method::Paste, ..scan }).await?;
    ensure!(harness.account(&id)?.method == Method::Paste, "it was not saved");
    ensure!(harness.stores_field("MUSIC_R_U"), "what renews it is gone");
    harness.ensure_newest_credential(&id).await
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
    let option = SignInOption { service: qqmusic::ID, method: Method::AppScan };
    for (form, change) in FORMS {
        let came = async {
            let mut settings = Settings::default();
            change(&mut settings);
            let harness = Harness::new(settings).await?;
            let mut user = User::new(&harness, option, account_for(option)).await?;
            let account = user.complete_sign_in(&mut harness.start_sign_in(option)).await?;
            harness.renew(&account.id).await?.map_err(into_error)?;
            let broken = harness.simulator.broken_rules();
            ensure!(broken.is_empty(), "it breaks rules: {broken:?}");
            anyhow::Ok(())
        };
        let came =
            tokio::time::timeout(CASE_LIMIT, came).await.unwrap_or_else(|_| Err(anyhow::anyhow!("it hangs")));
        came.unwrap_or_else(|error| panic!("pushed {form}: {error:#}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_pushed_before_the_subscription_stands_is_not_lost() -> Result<()> {
    let harness = Harness::new(Settings { push_before_suback: true, ..Settings::default() }).await?;
    let option = SignInOption { service: qqmusic::ID, method: Method::AppScan };
    let mut user = User::new(&harness, option, account_for(option)).await?;
    let mut sign_in = harness.start_sign_in(option);
    let code = harness.simulator.next_code(simulator_service(option.service), 0).await;
    harness.simulator.scan(code.id, Some(account_for(option)))?;
    harness.simulator.confirm(code.id)?;
    user.complete_sign_in(&mut sign_in).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_servers_in_a_row_end_the_sign_in() {
    let harness =
        Harness::new(Settings { push_redirects: 4, ..Settings::default() }).await.expect("a harness");
    let option = SignInOption { service: qqmusic::ID, method: Method::AppScan };
    let mut user = User::new(&harness, option, account_for(option)).await.expect("a user");
    let ended = user.follow(&mut harness.start_sign_in(option)).await.expect("it ends");
    assert_eq!(ended, SignInOutcome::Failed(ProblemCode::Unexpected), "it must not be sent around for ever");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_account_than_the_one_meant_never_overwrites_it() {
    every_option(SIGN_IN_OPTIONS, |option| async move {
        let harness = Harness::new(Settings::default()).await?;
        // A is signed in; B signs in where A was meant.
        let other = match option.service {
            qqmusic::ID => "qqmusic:10002",
            _ => "netease:90002",
        };
        let first = SignInOption { service: option.service, method: Method::AppScan };
        let mut owner = User::new(&harness, first, other).await?;
        let meant = owner.complete_sign_in(&mut harness.start_sign_in(first)).await?.id;

        let mut stranger = User::new(&harness, option, account_for(option)).await?;
        let mut sign_in = harness
            .tunekey
            .start_sign_in(option.service, option.method, Some(meant.clone()))
            .map_err(into_error)?;
        loop {
            let step = stranger.next_step(&mut sign_in).await?;
            if let SignInStep::AskOtherAccount { account, wanted, known, .. } = &step {
                ensure!(account.to_string() == account_for(option) && *wanted == meant && !known, "{step:?}");
                break;
            }
            ensure!(!matches!(step, SignInStep::Saving), "it saves without asking");
            ensure!(stranger.handle_step(&step, &sign_in).await?.is_none(), "it ended at {step:?}");
        }
        ensure!(harness.tunekey.snapshot().accounts.len() == 1, "the other one is there before the answer");
        harness.ensure_newest_credential(&meant).await.context("the account that was meant")?;
        sign_in.answer(UserInput::Keep);
        let kept = stranger.complete_sign_in(&mut sign_in).await?;
        ensure!(kept.id.to_string() == account_for(option), "{} was kept", kept.id);
        ensure!(harness.tunekey.snapshot().accounts.len() == 2, "both are there");
        harness.ensure_newest_credential(&meant).await.context("the account that was meant, afterwards")?;
        harness.ensure_newest_credential(&kept.id).await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_option_puts_a_secret_into_its_steps_or_the_log() {
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
        .with_targets(LOG_TARGETS.map(|target| (target, tracing_subscriber::filter::LevelFilter::TRACE)));
    let layer = tracing_subscriber::fmt::layer().with_writer(|| Log);
    let subscriber = tracing_subscriber::registry().with(layer).with(ours);
    tracing::subscriber::set_global_default(subscriber).expect("no other test of this file logs");

    every_option(SIGN_IN_OPTIONS, |option| async move {
        let harness = Harness::new(Settings { phone_captcha: true, ..Settings::default() }).await?;
        let mut user = User::new(&harness, option, account_for(option)).await?;
        user.complete_sign_in(&mut harness.start_sign_in(option)).await?;
        // Each step was searched as it came.
        ensure!(user.seen_steps().len() > 4, "it says nothing, so that this proves nothing");
        let log = String::from_utf8_lossy(&LOG.lock().unwrap_or_else(PoisonError::into_inner)).into_owned();
        ensure!(log.contains("answered"), "the log says nothing, so that this proves nothing");
        ensure!(!log.contains(CANARY), "the log says a secret");
        let accounts = harness.simulator.accounts();
        let known = accounts.iter().find(|one| one.id == account_for(option)).context("no such account")?;
        ensure!(!log.contains(&known.phone), "the log says the phone number");
        for message in harness.simulator.text_messages() {
            ensure!(!log.contains(&message.code), "the log says a text code");
        }
        Ok(())
    })
    .await;
}
