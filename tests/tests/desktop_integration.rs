//! The app on the desktop: closing to the tray, quitting, notifications, and a sign-in page that cannot be loaded.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use nix::sys::signal::Signal;
use tunekey_simulator::{Fault, FaultKind, Service};
use tunekey_tests::desktop::Desktop;
use tunekey_tests::eventually::{until, within};
use tunekey_tests::fixtures::{NETEASE, QQ};
use tunekey_tests::notifications::{Notification, Notifications};
use tunekey_tests::screen::{ENTER, WindowState};
use tunekey_tests::tray::Tray;
use tunekey_tests::tray_host::TrayHost;
use tunekey_tests::window::QUIT_LIMIT;

/// The window's title.
const TITLE: &str = "TuneKey";

/// The colour of the button on our own page, in the light.
const BUTTON: [u8; 3] = [0x1f, 0x5f, 0xd0];

/// The capabilities of today's notification servers.
const CAPABILITIES: &[&str] = &["actions", "body", "body-markup"];

#[tokio::test(flavor = "multi_thread")]
async fn closing_goes_to_the_tray_where_there_is_one_and_says_so_the_first_time() -> Result<()> {
    let desktop = Desktop::start().await?;
    let _panel = TrayHost::start(&desktop.bus).await?;
    let notifications = Notifications::start(&desktop.bus, CAPABILITIES).await?;
    let window = desktop.window().await?;
    knows_the_tray(&desktop, 1).await?;
    for round in 0..2 {
        desktop.screen.wait_for_window(TITLE, WindowState::Shown).await?;
        desktop.screen.close(TITLE)?;
        desktop.screen.wait_for_window(TITLE, WindowState::Hidden).await?;
        let said = notifications.wait_for("keeps running").await?;
        ensure!(said.text.contains("tray") && said.text.contains("Ctrl+Q"), "it says {said:?}");
        ensure!(
            notifications.shown().len() == 1,
            "round {round}: once is enough: {:?}",
            notifications.shown()
        );
        desktop.tray(&window).await?.click("Open TuneKey").await?;
    }
    desktop.screen.wait_for_window(TITLE, WindowState::Shown).await?;
    window.quit(QUIT_LIMIT).await?;

    // Nor is it said again after a restart.
    let window = desktop.window().await?;
    knows_the_tray(&desktop, 2).await?;
    desktop.screen.close(TITLE)?;
    desktop.screen.wait_for_window(TITLE, WindowState::Hidden).await?;
    window.quit(QUIT_LIMIT).await?;
    ensure!(notifications.shown().len() == 1, "it was said again: {:?}", notifications.shown());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn starting_with_the_computer_is_an_entry_in_the_desktops_list_and_taken_out_again() -> Result<()> {
    let desktop = Desktop::start().await?;
    let window = desktop.window().await?;
    window.wait_for_text("h1", "Scan once").await?;
    window.type_with_control(',').await?;
    let folder = desktop.sandbox.home().join(".config/autostart");
    let entries = || -> Result<Vec<String>> {
        let Ok(found) = std::fs::read_dir(&folder) else { return Ok(Vec::new()) };
        found.map(|entry| Ok(std::fs::read_to_string(entry?.path())?)).collect()
    };
    window.click("#g7").await?;
    let entry = until("the entry", || async { entries()?.pop().context("there is none") }).await?;
    let profile = desktop.sandbox.profile().canonicalize()?;
    ensure!(entry.contains("tunekey-desktop\" \"--hidden\""), "it starts something else: {entry}");
    ensure!(
        entry.contains(&format!("\"--profile\" \"{}\"", profile.display())),
        "of another profile: {entry}"
    );
    window.click("#g7").await?;
    until("the entry to be gone", || async {
        ensure!(entries()?.is_empty(), "it is still there");
        Ok(())
    })
    .await?;
    window.quit(QUIT_LIMIT).await
}

/// What draws the page.
const PAGE_PROCESS: &str = "WebKitWebProcess";

/// How much longer than a minute a hidden window may keep its page on a busy machine.
const FREED_WITHIN: Duration = Duration::from_secs(120);

#[tokio::test(flavor = "multi_thread")]
async fn a_window_in_the_tray_gives_up_what_draws_it_and_comes_back_when_it_is_wanted() -> Result<()> {
    let desktop = Desktop::start().await?;
    desktop.sign_in(QQ).await?;
    let _panel = TrayHost::start(&desktop.bus).await?;
    let mut app = desktop.start_app()?;
    knows_the_tray(&desktop, 1).await?;
    let tray = Tray::of(&desktop.bus, app.id()).await?;
    desktop.screen.wait_for_window(TITLE, WindowState::Shown).await?;
    desktop.screen.close(TITLE)?;
    within(FREED_WITHIN, "the page to be given up", || async {
        ensure!(desktop.sandbox.process(PAGE_PROCESS).is_err(), "something still draws it");
        Ok(())
    })
    .await?;
    ensure!(tray.labels().await?.iter().any(|label| label.contains("小满")), "the tray forgot the account");

    tray.click("Open TuneKey").await?;
    desktop.screen.wait_for_window(TITLE, WindowState::Shown).await?;
    desktop.sandbox.process(PAGE_PROCESS).context("nothing draws the window that came back")?;
    app.signal(Signal::SIGTERM)?;
    ensure!(app.wait_for_exit(QUIT_LIMIT).await?.success(), "it did not end well");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_without_a_tray_leaves_the_window_where_it_can_be_found() -> Result<()> {
    let desktop = Desktop::start().await?;
    let notifications = Notifications::start(&desktop.bus, CAPABILITIES).await?;
    let window = desktop.window().await?;
    window.wait_for_text("h1", "Scan once").await?;
    desktop.screen.close(TITLE)?;
    desktop.screen.wait_for_window(TITLE, WindowState::Minimised).await?;
    let said = notifications.wait_for("keeps running").await?;
    ensure!(said.text.contains("minimised"), "it says {said:?}");

    // A watcher that nobody shows icons for is no tray either.
    desktop.screen.activate(TITLE)?;
    desktop.screen.wait_for_window(TITLE, WindowState::Shown).await?;
    let nobody = TrayHost::start_without_a_host(&desktop.bus).await?;
    desktop.screen.close(TITLE)?;
    desktop.screen.wait_for_window(TITLE, WindowState::Minimised).await?;
    drop(nobody);

    // From when a panel comes, closing goes there; when the panel goes, the window is back where it can be found.
    desktop.screen.activate(TITLE)?;
    desktop.screen.wait_for_window(TITLE, WindowState::Shown).await?;
    let panel = TrayHost::start(&desktop.bus).await?;
    knows_the_tray(&desktop, 1).await?;
    desktop.screen.close(TITLE)?;
    desktop.screen.wait_for_window(TITLE, WindowState::Hidden).await?;
    drop(panel);
    desktop.screen.wait_for_window(TITLE, WindowState::Minimised).await?;
    window.wait_for_text("h1", "Scan once").await?;
    window.quit(QUIT_LIMIT).await
}

#[tokio::test(flavor = "multi_thread")]
async fn control_q_ends_the_app_in_every_view() -> Result<()> {
    let desktop = Desktop::start().await?;
    for view in ["empty", "code", "account", "dialog", "settings", "locked"] {
        if view == "account" {
            desktop.sign_in(QQ).await?;
        }
        if view == "locked" {
            desktop.keyring().lock().await?;
        }
        let window = desktop.window().await?;
        match view {
            "empty" => drop(window.wait_for_text("h1", "Scan once").await?),
            "code" => {
                window.click("#c-qqmusic").await?;
                window.wait_for_state("waiting").await?;
            }
            "account" => drop(window.element("#a-copy").await?),
            "dialog" => {
                window.click("#a-out").await?;
                desktop.screen.wait_for_window("Sign out", WindowState::Shown).await?;
            }
            "settings" => {
                window.click("#s-set").await?;
                window.element("#g6").await?;
            }
            _ => drop(window.wait_for_text("h1", "is locked").await?),
        }
        // The app may be gone before the driver hears of it.
        let _ = tokio::time::timeout(Duration::from_secs(2), window.type_with_control('q')).await;
        window.wait_for_exit(QUIT_LIMIT).await.with_context(|| format!("in the view “{view}”"))?;
    }
    desktop.keyring().unlock().await?;
    // The window opens in the settings, where it was last.
    let window = desktop.window().await?;
    window.element("#g6").await?;
    // As above.
    let _ = tokio::time::timeout(Duration::from_secs(2), window.click("#g6")).await;
    window.wait_for_exit(QUIT_LIMIT).await.context("by the button in the settings")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_to_an_account_in_the_background_is_told_once_and_leads_to_signing_in() -> Result<()> {
    let desktop = Desktop::start().await?;
    desktop.sign_in(QQ).await?;
    desktop.cli(&["settings", "auto-renew", "off"]).await?.succeeded()?;
    let _panel = TrayHost::start(&desktop.bus).await?;
    let notifications = Notifications::start(&desktop.bus, CAPABILITIES).await?;
    let window = desktop.window().await?;
    window.element("#a-copy").await?;
    knows_the_tray(&desktop, 1).await?;
    desktop.screen.close(TITLE)?;
    desktop.screen.wait_for_window(TITLE, WindowState::Hidden).await?;
    notifications.wait_for("keeps running").await?;

    desktop.record_rejection(QQ, "Tom <i>& Jerry</i>")?;
    let said = notifications.wait_for("needs a new sign-in").await?;
    ensure!(said.title.contains("Tom <i>& Jerry</i>"), "a title is no markup: {said:?}");
    ensure!(said.text.contains("QQ Music"), "it does not name the service: {said:?}");
    ensure!(sign_in_notifications(&notifications).len() == 1, "one is enough: {:?}", notifications.shown());
    notifications.click(&said).await?;
    desktop.screen.wait_for_window(TITLE, WindowState::Shown).await?;
    window.wait_for_state("waiting").await.context("the click leads to signing in")?;
    window.quit(QUIT_LIMIT).await?;

    // It is the same incident after a restart, and with another window.
    let window = desktop.window().await?;
    window.element("#a-sign").await?;
    let after = sign_in_notifications(&notifications);
    window.quit(QUIT_LIMIT).await?;
    ensure!(after.len() == 1, "it was told again: {after:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_older_version_has_told_is_not_told_again() -> Result<()> {
    let desktop = Desktop::start().await?;
    for (account, nickname) in [(QQ, "Lin Jian"), (NETEASE, "Mori")] {
        desktop.sign_in(account).await?;
        desktop.record_rejection(account, nickname)?;
    }
    let preferences = desktop.sandbox.profile().join("window.json");
    let told = format!("{QQ} needs_sign_in 2026-09-21T14:13:20Z");
    let kept = serde_json::json!({ "theme": "dark", "told": [told] });
    serde_json::to_writer(std::fs::File::create(&preferences)?, &kept)?;
    let _panel = TrayHost::start(&desktop.bus).await?;
    let notifications = Notifications::start(&desktop.bus, CAPABILITIES).await?;
    let app = desktop.start_hidden_app()?;
    notifications.wait_for("Mori needs a new sign-in").await?;
    let said = sign_in_notifications(&notifications);
    ensure!(said.len() == 1, "it was told again: {said:?}");
    let kept: serde_json::Value = serde_json::from_slice(&std::fs::read(&preferences)?)?;
    ensure!(kept["theme"] == "dark" && kept.get("told").is_none(), "it is kept in two places: {kept}");
    drop(app);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_before_the_persons_eyes_is_told_by_the_window_alone() -> Result<()> {
    let desktop = Desktop::start().await?;
    desktop.sign_in(QQ).await?;
    desktop.sign_in(NETEASE).await?;
    desktop.cli(&["settings", "auto-renew", "off"]).await?.succeeded()?;
    let _panel = TrayHost::start(&desktop.bus).await?;
    let notifications = Notifications::start(&desktop.bus, CAPABILITIES).await?;
    let window = desktop.window().await?;
    window.click("#s-qqmusic-10001").await?;
    knows_the_tray(&desktop, 1).await?;
    desktop.screen.activate(TITLE)?;
    until("the window to have the focus", || async {
        ensure!(window.run_script("return document.hasFocus()").await? == true, "it has not");
        Ok(())
    })
    .await?;
    desktop.record_rejection(QQ, "Lin Jian")?;
    window.element("#a-sign").await?;
    // The next one, behind its back, shows that the first would have been told by now.
    desktop.screen.close(TITLE)?;
    desktop.screen.wait_for_window(TITLE, WindowState::Hidden).await?;
    desktop.record_rejection(NETEASE, "Mori")?;
    notifications.wait_for("Mori needs a new sign-in").await?;
    let deaths = sign_in_notifications(&notifications);
    ensure!(deaths.len() == 1, "what was seen was told as well: {deaths:?}");
    window.quit(QUIT_LIMIT).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_knows_no_clicks_is_told_where_else_to_sign_in() -> Result<()> {
    let desktop = Desktop::start().await?;
    desktop.sign_in(NETEASE).await?;
    desktop.record_rejection(NETEASE, "A & B")?;
    let _panel = TrayHost::start(&desktop.bus).await?;
    let notifications = Notifications::start(&desktop.bus, &["body"]).await?;
    // Found by something else before the app was there, and nobody has been told.
    let app = desktop.start_hidden_app()?;
    let said = notifications.wait_for("A & B needs a new sign-in").await?;
    ensure!(said.actions.is_empty(), "nothing would happen: {said:?}");
    ensure!(said.text.contains("NetEase Cloud Music") && said.text.contains("tray menu"), "it says {said:?}");
    drop(app);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_cannot_be_renewed_is_told_of_a_day_before_its_end() -> Result<()> {
    let desktop = Desktop::start().await?;
    desktop.sign_in(QQ).await?;
    desktop.sign_in(NETEASE).await?;
    desktop.record_expiry(QQ, 30)?;
    desktop.record_expiry(NETEASE, 20)?;
    let _panel = TrayHost::start(&desktop.bus).await?;
    let notifications = Notifications::start(&desktop.bus, CAPABILITIES).await?;
    let app = desktop.start_hidden_app()?;
    let said = notifications.wait_for("will need a new sign-in").await?;
    ensure!(
        said.text.contains("NetEase Cloud Music") && said.text.contains("ends in 20 h"),
        "it says {said:?}"
    );
    notifications.click(&said).await?;
    desktop.screen.wait_for_window(TITLE, WindowState::Shown).await?;
    ensure!(notifications.shown().len() == 1, "the other one has time: {:?}", notifications.shown());
    drop(app);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hidden_app_comes_to_where_it_can_be_found_when_there_is_no_tray() -> Result<()> {
    let desktop = Desktop::start().await?;
    let _app = desktop.start_hidden_app()?;
    desktop.screen.wait_for_window(TITLE, WindowState::Minimised).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_page_that_cannot_be_loaded_says_so_and_can_be_tried_again() -> Result<()> {
    let desktop = Desktop::start().await?;
    let window = desktop.window().await?;
    for (account, at) in [(QQ, "qq.page"), (NETEASE, "netease.page")] {
        let service = tunekey_tests::fixtures::service_of(account);
        let name =
            if service == Service::QqMusic { "QQ Music sign-in" } else { "NetEase Cloud Music sign-in" };
        desktop.simulator.arm(Fault::new(at, FaultKind::Reset))?;
        window.click(&format!("#s-add, #c-{}", service.name())).await?;
        window.click(&format!("#c-{0}, #s-m-official-page", service.name())).await?;
        window.click("#s-m-official-page").await?;
        window.wait_for_state("page").await?;
        until("the failure to be noticed", || async {
            let log = desktop.app_log()?;
            let host = if service == Service::QqMusic { "qq.com" } else { "music.163.com" };
            ensure!(
                log.lines().any(|line| line.contains("could not be loaded") && line.contains(host)),
                "it was not"
            );
            Ok(())
        })
        .await?;
        until("the button to be on the screen", || async {
            let screen = desktop.screen.picture()?.into_rgb8();
            ensure!(screen.pixels().any(|pixel| pixel.0 == BUTTON), "it is not");
            Ok(())
        })
        .await?;
        desktop.keep_picture(&format!("page-offline-{}", service.name()))?;
        desktop.simulator.clear_faults();
        // The one thing to do on it has the focus.
        desktop.screen.activate(name)?;
        let before = desktop.simulator.codes().last().map_or(0, |code| code.id);
        desktop.screen.press(ENTER)?;
        let code = until("the page to be loaded", || async {
            let codes = desktop.simulator.codes();
            let code = codes.iter().find(|code| code.id > before && code.method == "official_page");
            code.map(|code| code.id).context("it has not asked for a code")
        })
        .await?;
        desktop.simulator.confirm_as(code, Some(account))?;
        window.wait_for_state("new").await?;
        window.wait_for_text(".info", account.rsplit(':').next().unwrap_or_default()).await?;
        window.click("#q-primary").await?;
        window.wait_for_state("success").await?;
        window.click("#q-open").await?;
    }
    desktop.ensure_no_secret_leaked(&[&window]).await?;
    window.quit(QUIT_LIMIT).await
}

/// The notifications that an account needs a new sign-in.
fn sign_in_notifications(notifications: &Notifications) -> Vec<Notification> {
    notifications.shown().into_iter().filter(|one| one.title.contains("needs a new sign-in")).collect()
}

/// Waits until the app has noticed a tray for that many times in all, restarts included.
async fn knows_the_tray(desktop: &Desktop, times: usize) -> Result<()> {
    until("the app to know the tray", || async {
        let noticed = desktop.app_log()?.matches("a tray host is there").count();
        ensure!(noticed >= times, "it has noticed one {noticed} times");
        Ok(())
    })
    .await
}
