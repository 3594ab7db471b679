//! Every sign-in option through the real window, and every alternative after a blocked one, with the keyboard alone.

use anyhow::{Context as _, Result, bail, ensure};
use tunekey_core::{Method, ServiceId, SignInOption};
use tunekey_services::{netease, qqmusic};
use tunekey_simulator::{Fault, FaultKind};
use tunekey_tests::desktop::Desktop;
use tunekey_tests::eventually::until;
use tunekey_tests::fixtures::{SIGN_IN_OPTIONS, account_for, simulator_service};
use tunekey_tests::window::{QUIT_LIMIT, Window};

/// The key as WebDriver writes it.
const ENTER: &str = "\u{e007}";

#[tokio::test(flavor = "multi_thread")]
async fn every_qq_music_option_signs_in_through_the_window() -> Result<()> {
    every_option_signs_in(qqmusic::ID).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_netease_option_signs_in_through_the_window() -> Result<()> {
    every_option_signs_in(netease::ID).await
}

async fn every_option_signs_in(service: ServiceId) -> Result<()> {
    let desktop = Desktop::start().await?;
    let window = desktop.window().await?;
    window.wait_for_text("h1", "Scan once").await?;
    for option in SIGN_IN_OPTIONS.into_iter().filter(|option| option.service == service) {
        let cookie = cookie_to_paste(&desktop, option).await?;
        start_sign_in(&window, option).await?;
        complete_sign_in(&desktop, &window, option, cookie.as_deref())
            .await
            .with_context(|| format!("{service} {}", option.method))?;
        ensure!(
            desktop.stores_newest_credential(account_for(option)).await?,
            "{}: the keychain does not hold it",
            option.method
        );
        // What came can be renewed, but for a NetEase header, which lacks what renews it.
        let renewed = desktop.cli(&["--json", "renew", account_for(option)]).await?;
        if service == netease::ID && option.method == Method::Paste {
            ensure!(renewed.exited_with(5)?.problem()? == "not_renewable", "it was sent all the same");
        } else {
            let renewal = renewed.succeeded()?.json()?;
            ensure!(renewal[0]["renewal"]["outcome"] == "renewed", "{}: {renewal:?}", option.method);
        }
        desktop
            .ensure_no_secret_leaked(&[&window])
            .await
            .with_context(|| format!("{service} {}", option.method))?;
    }
    // The web view that shows a page turns an authority down that it does not know before it asks about it.
    let mut broken = desktop.simulator.broken_rules();
    broken.retain(|entry| entry.name != "proxy.tls");
    ensure!(broken.is_empty(), "{broken:?}");
    window.quit(QUIT_LIMIT).await
}

#[tokio::test(flavor = "multi_thread")]
async fn after_risk_control_one_key_starts_an_alternative_for_qq_music() -> Result<()> {
    sign_in_after_risk_control(qqmusic::ID).await
}

#[tokio::test(flavor = "multi_thread")]
async fn after_risk_control_one_key_starts_an_alternative_for_netease() -> Result<()> {
    sign_in_after_risk_control(netease::ID).await
}

/// Blocks each option in turn, and signs in by an alternative with the keyboard alone.
async fn sign_in_after_risk_control(service: ServiceId) -> Result<()> {
    let mut desktop = Desktop::start().await?;
    let opened = desktop.sandbox.record_opened_addresses()?;
    // The same number is used again and again.
    desktop.simulator.configure(|settings| {
        (settings.phone_resend_seconds, settings.phone_daily_limit) = (0, 100);
    });
    let window = desktop.window().await?;
    window.wait_for_text("h1", "Scan once").await?;
    for option in SIGN_IN_OPTIONS.into_iter().filter(|option| option.service == service) {
        let cookie = cookie_to_paste(&desktop, SignInOption { method: Method::Paste, ..option }).await?;
        let risk = Fault::new(deciding_request(option), FaultKind::Risk);
        // The usual code of QQ Music offers a check first.
        let risk = if service == qqmusic::ID { risk.with_code(20_254) } else { risk };
        desktop.simulator.arm(risk)?;
        start_sign_in(&window, option).await?;
        answer_window(&desktop, &window, option, cookie.as_deref()).await?;
        if option == (SignInOption { service: netease::ID, method: Method::Phone }) {
            // NetEase offers a check first, which does not help.
            window.wait_for_state("captcha").await?;
            window.wait_for_focus("#q-primary").await?;
            window.type_keys(ENTER).await?;
            opened.next().await?;
            window.click("#p-done").await?;
        }
        window.wait_for_state("risk").await.with_context(|| format!("{service} {}", option.method))?;
        let words = window.wait_for_text(".info", "paused this sign-in").await?;
        ensure!(words.contains("Your account is fine"), "{}: it says {words}", option.method);
        desktop.simulator.clear_faults();

        // One key, and what the alternative itself asks for.
        window.wait_for_focus("#q-primary").await?;
        window.type_keys(ENTER).await?;
        let next = current_option(&window, service, option.method).await?;
        complete_sign_in(&desktop, &window, next, cookie.as_deref())
            .await
            .with_context(|| format!("{service} {} after {}", next.method, option.method))?;
        desktop.ensure_no_secret_leaked(&[&window]).await?;
    }
    window.quit(QUIT_LIMIT).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_that_the_service_wants_opens_in_the_systems_browser() -> Result<()> {
    let mut desktop = Desktop::start().await?;
    let opened = desktop.sandbox.record_opened_addresses()?;
    desktop.simulator.configure(|settings| settings.phone_captcha = true);
    let window = desktop.window().await?;
    for service in [qqmusic::ID, netease::ID] {
        let option = SignInOption { service, method: Method::Phone };
        start_sign_in(&window, option).await?;
        window.wait_for_focus("#p-num").await?;
        window.type_keys(&desktop.phone_of(option)?).await?;
        window.type_keys(ENTER).await?;
        window.wait_for_focus("#q-primary").await?;
        window.type_keys(ENTER).await?;
        let address = opened.next().await?;
        let captchas = desktop.simulator.captchas();
        let captcha = captchas.last().context("no check was wanted")?;
        ensure!(address == captcha.address, "{address} was opened");
        desktop.simulator.solve_captcha(captcha.id)?;
        window.click("#p-done").await?;
        type_text_code(&desktop, &window, option).await?;
        window.wait_for_state("success").await?;
    }
    desktop.ensure_no_secret_leaked(&[&window]).await?;
    window.quit(QUIT_LIMIT).await
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_again_as_somebody_else_asks_and_leaves_the_account_alone() -> Result<()> {
    let desktop = Desktop::start().await?;
    desktop.sign_in("qqmusic:10002").await?;
    desktop.simulator.revoke("qqmusic:10002")?;
    let window = desktop.window().await?;
    window.element("#a-copy").await?;
    desktop.record_rejection("qqmusic:10002", "Xiaoman")?;
    window.click("#a-sign").await?;
    window.wait_for_state("waiting").await?;
    let before = desktop.keyring().items().await?;
    let code = desktop.shown_code(SignInOption { service: qqmusic::ID, method: Method::QqScan }).await?;
    desktop.simulator.scan(code, Some("qqmusic:10001"))?;
    desktop.simulator.confirm(code)?;
    window.wait_for_state("other").await?;
    ensure!(desktop.keyring().items().await? == before, "something was saved before the answer");
    window.wait_for_focus("#q-primary").await?;
    window.type_keys(ENTER).await?;
    window.wait_for_state("success").await?;
    let accounts = desktop.cli(&["--json", "accounts"]).await?.succeeded()?.json()?;
    ensure!(
        accounts.iter().map(|one| &one["id"]).eq(["qqmusic:10002", "qqmusic:10001"]),
        "there are {accounts:?}"
    );
    ensure!(accounts[0]["health"]["state"] == "needs_sign_in", "the other account changed: {}", accounts[0]);
    desktop.ensure_no_secret_leaked(&[&window]).await
}

/// Starts a sign-in by an option from wherever the window is.
async fn start_sign_in(window: &Window, option: SignInOption) -> Result<()> {
    let service = simulator_service(option.service).name();
    if window.shows("#q-open").await? {
        window.click("#q-open").await?;
        window.element("#s-add").await?;
    }
    if window.shows("#s-add").await? {
        window.click("#s-add").await?;
    }
    if window.shows(&format!("#c-{service}")).await? {
        window.click(&format!("#c-{service}")).await?;
    }
    let button = format!("#s-m-{}", option.method);
    window.element(&button).await?;
    if window.attribute(&button, "aria-current").await?.is_none() {
        window.click(&button).await?;
    }
    Ok(())
}

/// Does what the option asks for, and waits until it has succeeded.
async fn complete_sign_in(
    desktop: &Desktop,
    window: &Window,
    option: SignInOption,
    cookie: Option<&str>,
) -> Result<()> {
    answer_window(desktop, window, option, cookie).await?;
    window.wait_for_state("success").await
}

/// Does what the option asks for.
async fn answer_window(
    desktop: &Desktop,
    window: &Window,
    option: SignInOption,
    cookie: Option<&str>,
) -> Result<()> {
    match option.method {
        Method::QqScan | Method::WechatScan | Method::AppScan => {
            window.wait_for_state("waiting").await?;
            let code = desktop.shown_code(option).await?;
            desktop.simulator.scan(code, Some(account_for(option)))?;
            // A fault may keep the word from the window; the phone does not know.
            desktop.simulator.confirm(code)?;
        }
        Method::Phone => {
            window.wait_for_focus("#p-num").await?;
            window.type_keys(&desktop.phone_of(option)?).await?;
            window.type_keys(ENTER).await?;
            type_text_code(desktop, window, option).await?;
        }
        Method::OfficialPage => {
            window.wait_for_state("page").await?;
            let code = desktop.shown_code(option).await?;
            desktop.simulator.confirm_as(code, Some(account_for(option)))?;
            confirm_new_account(desktop, window, option).await?;
        }
        Method::Paste => {
            desktop.clipboard().put(cookie.context("there is nothing to paste")?).await?;
            window.wait_for_focus("#pa-in").await?;
            window.type_with_control('v').await?;
            window.wait_for_state("found").await?;
            window.type_keys(ENTER).await?;
        }
        Method::CookieCloud => bail!("that has tests of its own"),
    }
    Ok(())
}

/// Confirms a new account that came by a page, with one key. A known account is not asked about.
async fn confirm_new_account(desktop: &Desktop, window: &Window, option: SignInOption) -> Result<()> {
    let accounts = desktop.cli(&["--json", "accounts"]).await?.succeeded()?.json()?;
    if accounts.iter().any(|one| one["id"] == account_for(option)) || !desktop.simulator.faults().is_empty() {
        return Ok(());
    }
    window.wait_for_state("new").await?;
    window.wait_for_focus("#q-primary").await?;
    window.type_keys(ENTER).await
}

async fn type_text_code(desktop: &Desktop, window: &Window, option: SignInOption) -> Result<()> {
    window.wait_for_focus("#p-code").await?;
    window.type_keys(&desktop.text_code_for(option)?).await
}

/// A cookie from another computer, if the option needs one.
async fn cookie_to_paste(desktop: &Desktop, option: SignInOption) -> Result<Option<String>> {
    if option.method != Method::Paste {
        return Ok(None);
    }
    desktop.cookie_from_elsewhere(account_for(option)).await.map(Some)
}

/// The option that the window goes to; it was on another method before.
async fn current_option(window: &Window, service: ServiceId, before: Method) -> Result<SignInOption> {
    until(format!("the window to leave {before}"), || async {
        for method in Method::ALL.into_iter().filter(|method| *method != before) {
            let button = format!("#s-m-{method}");
            if window.shows(&button).await? && window.attribute(&button, "aria-current").await?.is_some() {
                return Ok(SignInOption { service, method });
            }
        }
        bail!("it is still there")
    })
    .await
}

/// The request whose response decides whether the sign-in succeeds.
fn deciding_request(option: SignInOption) -> &'static str {
    match (option.service, option.method) {
        (qqmusic::ID, Method::QqScan | Method::OfficialPage) => "qq.exchange",
        (qqmusic::ID, Method::WechatScan) => "qq.wx_exchange",
        (qqmusic::ID, Method::AppScan) => "qq.app_exchange",
        (qqmusic::ID, Method::Phone) => "qq.phone_login",
        (qqmusic::ID, Method::Paste) => "qq.userinfo",
        (netease::ID, Method::Phone) => "netease.phone_login",
        (netease::ID, Method::OfficialPage | Method::Paste) => "netease.account",
        _ => "netease.poll",
    }
}
