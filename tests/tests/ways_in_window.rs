//! Every way in, through the real window: by each, and by the next when one is barred, with the keyboard alone.

use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use tunekey_core::{Method, ServiceId, SignInOption};
use tunekey_simulator::{CodeState, Fault, FaultKind};
use tunekey_tests::desktop::Desktop;
use tunekey_tests::person::played;
use tunekey_tests::stage::{WAYS, account_for};
use tunekey_tests::window::Window;

/// The app ends within this, whatever hangs.
const QUITS_IN: Duration = Duration::from_secs(5);

/// The key as WebDriver writes it.
const ENTER: &str = "\u{e007}";

#[tokio::test(flavor = "multi_thread")]
async fn every_way_into_qq_music_leads_through_the_window() -> Result<()> {
    every_way_into(ServiceId::QqMusic).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_into_netease_leads_through_the_window() -> Result<()> {
    every_way_into(ServiceId::Netease).await
}

async fn every_way_into(service: ServiceId) -> Result<()> {
    let desktop = Desktop::start().await?;
    let window = desktop.window().await?;
    window.reads("h1", "Scan once").await?;
    for way in WAYS.into_iter().filter(|way| way.service == service) {
        let cookie = cookie_to_paste(&desktop, way).await?;
        choose(&window, way).await?;
        goes_in(&desktop, &window, way, cookie.as_deref())
            .await
            .with_context(|| format!("{service} {}", way.method))?;
        ensure!(
            desktop.keeps_newest(account_for(way)).await?,
            "{}: the keychain does not hold it",
            way.method
        );
        // What came can be renewed, but for a NetEase header, which lacks what renews it.
        let renewed = desktop.cli(&["--json", "renew", account_for(way)]).await?;
        if service == ServiceId::Netease && way.method == Method::Paste {
            ensure!(renewed.ended_with(5)?.problem()? == "not_renewable", "it was sent all the same");
        } else {
            let renewal = renewed.succeeded()?.json()?;
            ensure!(renewal[0]["renewal"]["outcome"] == "renewed", "{}: {renewal:?}", way.method);
        }
        desktop.no_secret_leaked(&[&window]).await.with_context(|| format!("{service} {}", way.method))?;
    }
    // The web view that shows a page turns an authority down that it does not know before it asks about it.
    let mut broken = desktop.simulator.broken_rules();
    broken.retain(|entry| entry.name != "proxy.tls");
    ensure!(broken.is_empty(), "{broken:?}");
    window.quit(QUITS_IN).await
}

#[tokio::test(flavor = "multi_thread")]
async fn from_risk_control_one_key_leads_to_another_way_into_qq_music() -> Result<()> {
    past_risk_control(ServiceId::QqMusic).await
}

#[tokio::test(flavor = "multi_thread")]
async fn from_risk_control_one_key_leads_to_another_way_into_netease() -> Result<()> {
    past_risk_control(ServiceId::Netease).await
}

/// Each way is barred in its turn; the keyboard alone leads from there to a completed sign-in.
async fn past_risk_control(service: ServiceId) -> Result<()> {
    let mut desktop = Desktop::start().await?;
    let opened = desktop.sandbox.record_what_is_opened()?;
    // The same number is used again and again.
    desktop.simulator.configure(|settings| {
        (settings.phone_resend_seconds, settings.phone_daily_limit) = (0, 100);
    });
    let window = desktop.window().await?;
    window.reads("h1", "Scan once").await?;
    for way in WAYS.into_iter().filter(|way| way.service == service) {
        let cookie = cookie_to_paste(&desktop, SignInOption { method: Method::Paste, ..way }).await?;
        let risk = Fault::new(decides(way), FaultKind::Risk);
        // The usual code of QQ Music offers a check first.
        let risk = if service == ServiceId::QqMusic { risk.with_code(20_254) } else { risk };
        desktop.simulator.arm(risk)?;
        choose(&window, way).await?;
        acts(&desktop, &window, way, cookie.as_deref()).await?;
        if way == (SignInOption { service: ServiceId::Netease, method: Method::Phone }) {
            // NetEase offers a check first, which does not help.
            window.stage("captcha").await?;
            window.focus_is_on("#q-primary").await?;
            window.types(ENTER).await?;
            opened.next().await?;
            window.click("#p-done").await?;
        }
        window.stage("risk").await.with_context(|| format!("{service} {}", way.method))?;
        let words = window.reads(".info", "paused this sign-in").await?;
        ensure!(words.contains("Your account is fine"), "{}: it says {words}", way.method);
        desktop.simulator.clear_faults();

        // One key, and what the other way itself asks for.
        window.focus_is_on("#q-primary").await?;
        window.types(ENTER).await?;
        let next = current(&window, service, way.method).await?;
        goes_in(&desktop, &window, next, cookie.as_deref())
            .await
            .with_context(|| format!("{service} {} after {}", next.method, way.method))?;
        desktop.no_secret_leaked(&[&window]).await?;
    }
    window.quit(QUITS_IN).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_that_the_service_wants_opens_in_the_systems_browser() -> Result<()> {
    let mut desktop = Desktop::start().await?;
    let opened = desktop.sandbox.record_what_is_opened()?;
    desktop.simulator.configure(|settings| settings.phone_captcha = true);
    let window = desktop.window().await?;
    for service in [ServiceId::QqMusic, ServiceId::Netease] {
        let way = SignInOption { service, method: Method::Phone };
        choose(&window, way).await?;
        window.focus_is_on("#p-num").await?;
        window.types(&phone_of(&desktop, way)?).await?;
        window.types(ENTER).await?;
        window.focus_is_on("#q-primary").await?;
        window.types(ENTER).await?;
        let address = opened.next().await?;
        let captchas = desktop.simulator.captchas();
        let captcha = captchas.last().context("no check was wanted")?;
        ensure!(address == captcha.address, "{address} was opened");
        desktop.simulator.solve_captcha(captcha.id)?;
        window.click("#p-done").await?;
        types_the_code(&desktop, &window, way).await?;
        window.stage("success").await?;
    }
    desktop.no_secret_leaked(&[&window]).await?;
    window.quit(QUITS_IN).await
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_again_as_somebody_else_asks_and_leaves_the_account_alone() -> Result<()> {
    let desktop = Desktop::start().await?;
    desktop.signed_in("qqmusic:10002").await?;
    desktop.simulator.revoke("qqmusic:10002")?;
    let window = desktop.window().await?;
    window.element("#a-copy").await?;
    desktop.is_found_dead("qqmusic:10002", "Xiaoman")?;
    window.click("#a-sign").await?;
    window.stage("waiting").await?;
    let before = desktop.keyring().items().await?;
    let code =
        newest_code(&desktop, SignInOption { service: ServiceId::QqMusic, method: Method::QqScan }).await?;
    desktop.simulator.scan(code, Some("qqmusic:10001"))?;
    desktop.simulator.confirm(code)?;
    window.stage("other").await?;
    ensure!(desktop.keyring().items().await? == before, "something was saved before the answer");
    window.focus_is_on("#q-primary").await?;
    window.types(ENTER).await?;
    window.stage("success").await?;
    let accounts = desktop.cli(&["--json", "accounts"]).await?.succeeded()?.json()?;
    ensure!(
        accounts.iter().map(|one| &one["id"]).eq(["qqmusic:10002", "qqmusic:10001"]),
        "there are {accounts:?}"
    );
    ensure!(accounts[0]["health"]["state"] == "needs_sign_in", "the other account changed: {}", accounts[0]);
    desktop.no_secret_leaked(&[&window]).await
}

/// Starts a way in from wherever the window is.
async fn choose(window: &Window, way: SignInOption) -> Result<()> {
    let service = played(way.service).name();
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
    let button = format!("#s-m-{}", way.method);
    window.element(&button).await?;
    if window.attribute(&button, "aria-current").await?.is_none() {
        window.click(&button).await?;
    }
    Ok(())
}

/// Does what the way asks for, to its good end.
async fn goes_in(desktop: &Desktop, window: &Window, way: SignInOption, cookie: Option<&str>) -> Result<()> {
    acts(desktop, window, way, cookie).await?;
    window.stage("success").await
}

/// Does what the way asks for.
async fn acts(desktop: &Desktop, window: &Window, way: SignInOption, cookie: Option<&str>) -> Result<()> {
    match way.method {
        Method::QqScan | Method::WechatScan | Method::AppScan => {
            window.stage("waiting").await?;
            let code = newest_code(desktop, way).await?;
            desktop.simulator.scan(code, Some(account_for(way)))?;
            // A fault may keep the word from the window; the phone does not know.
            desktop.simulator.confirm(code)?;
        }
        Method::Phone => {
            window.focus_is_on("#p-num").await?;
            window.types(&phone_of(desktop, way)?).await?;
            window.types(ENTER).await?;
            types_the_code(desktop, window, way).await?;
        }
        Method::OfficialPage => {
            window.stage("page").await?;
            let code = newest_code(desktop, way).await?;
            desktop.simulator.confirm_as(code, Some(account_for(way)))?;
            is_asked_whether_it_is_them(desktop, window, way).await?;
        }
        Method::Paste => {
            desktop.clipboard().put(cookie.context("there is nothing to paste")?).await?;
            window.focus_is_on("#pa-in").await?;
            window.types_with_control('v').await?;
            window.stage("found").await?;
            window.types(ENTER).await?;
        }
    }
    Ok(())
}

/// A new account that came by a page is shown, and kept with the one key that says so. One that is known is not.
async fn is_asked_whether_it_is_them(desktop: &Desktop, window: &Window, way: SignInOption) -> Result<()> {
    let accounts = desktop.cli(&["--json", "accounts"]).await?.succeeded()?.json()?;
    if accounts.iter().any(|one| one["id"] == account_for(way)) || !desktop.simulator.faults().is_empty() {
        return Ok(());
    }
    window.stage("new").await?;
    window.focus_is_on("#q-primary").await?;
    window.types(ENTER).await
}

async fn types_the_code(desktop: &Desktop, window: &Window, way: SignInOption) -> Result<()> {
    window.focus_is_on("#p-code").await?;
    let phone = phone_of(desktop, way)?;
    let messages = desktop.simulator.text_messages();
    let message = messages.iter().rfind(|message| message.phone == phone).context("no message came")?;
    window.types(&message.code).await
}

/// The code that the window shows, or the page that it has opened.
async fn newest_code(desktop: &Desktop, way: SignInOption) -> Result<u64> {
    let service = played(way.service);
    // The code of the way that was left stays where it is.
    let is_page = way.method == Method::OfficialPage;
    let shown = desktop.simulator.until(|world| {
        let codes = world.codes();
        codes
            .iter()
            .rfind(|code| code.service == service && code.state == CodeState::Shown)
            .filter(|code| (code.method == "official_page") == is_page)
            .map(|code| code.id)
    });
    let asked = tokio::time::timeout(tunekey_tests::patience::PATIENCE, shown).await;
    asked.with_context(|| format!("{} {}: no code was asked for", way.service, way.method))
}

/// A cookie from another computer, when that is the way.
async fn cookie_to_paste(desktop: &Desktop, way: SignInOption) -> Result<Option<String>> {
    if way.method != Method::Paste {
        return Ok(None);
    }
    desktop.cookie_from_elsewhere(account_for(way)).await.map(Some)
}

fn phone_of(desktop: &Desktop, way: SignInOption) -> Result<String> {
    let accounts = desktop.simulator.accounts();
    let owner = accounts.into_iter().find(|one| one.id == account_for(way));
    Ok(owner.context("no such account")?.phone)
}

/// The way that the window is on now; it was on another.
async fn current(window: &Window, service: ServiceId, before: Method) -> Result<SignInOption> {
    for method in Method::ALL.into_iter().filter(|method| *method != before) {
        let button = format!("#s-m-{method}");
        if window.shows(&button).await? && window.attribute(&button, "aria-current").await?.is_some() {
            return Ok(SignInOption { service, method });
        }
    }
    bail!("the window is still on {before}")
}

/// The request whose answer decides whether this way leads in.
fn decides(way: SignInOption) -> &'static str {
    match (way.service, way.method) {
        (ServiceId::QqMusic, Method::QqScan | Method::OfficialPage) => "qq.exchange",
        (ServiceId::QqMusic, Method::WechatScan) => "qq.wx_exchange",
        (ServiceId::QqMusic, Method::AppScan) => "qq.app_exchange",
        (ServiceId::QqMusic, Method::Phone) => "qq.phone_login",
        (ServiceId::QqMusic, Method::Paste) => "qq.userinfo",
        (ServiceId::Netease, Method::Phone) => "netease.phone_login",
        (ServiceId::Netease, Method::OfficialPage | Method::Paste) => "netease.account",
        (ServiceId::Netease, _) => "netease.poll",
    }
}
