//! Each control of the window is clicked again and again, against services that respond at once, soon and late. However
//! responses and events overtake each other, each control ends in the true state.
//!
//! The page's own tests cannot show this: in their mock of the program, responses and events come in one order.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use tunekey_core::Method;
use tunekey_simulator::{Code, CodeState};
use tunekey_tests::desktop::{CLEARED_AFTER, Desktop};
use tunekey_tests::eventually::{TIMEOUT, until, within};
use tunekey_tests::fixtures::{NETEASE, QQ};
use tunekey_tests::window::{QUIT_LIMIT, Window};

/// How often each control is clicked.
const CLICKS: usize = 10;

/// How long the services take for each response, in milliseconds.
const DELAYS: [u64; 3] = [0, 300, 3000];

/// The pause between two clicks of an impatient user.
const CLICK_PAUSE: Duration = Duration::from_millis(350);

#[tokio::test(flavor = "multi_thread")]
async fn checking_a_qq_music_account_ends_each_time() -> Result<()> {
    request_ends(QQ, "#a-check").await
}

#[tokio::test(flavor = "multi_thread")]
async fn checking_a_netease_account_ends_each_time() -> Result<()> {
    request_ends(NETEASE, "#a-check").await
}

#[tokio::test(flavor = "multi_thread")]
async fn renewing_a_qq_music_account_ends_each_time() -> Result<()> {
    request_ends(QQ, "#a-ref").await
}

#[tokio::test(flavor = "multi_thread")]
async fn renewing_a_netease_account_ends_each_time() -> Result<()> {
    request_ends(NETEASE, "#a-ref").await
}

/// Clicks a control that makes a request to the service, and checks each time how it ends.
async fn request_ends(account: &str, control: &str) -> Result<()> {
    let desktop = Desktop::start().await?;
    desktop.sign_in(account).await?;
    let window = desktop.window().await?;
    window.element("#a-copy").await?;
    for delay in DELAYS {
        desktop.simulator.configure(|settings| settings.answer_delay_ms = delay);
        for time in 1..=CLICKS {
            let asked = desktop.simulator.journal().len();
            window.click(control).await?;
            if delay >= 3000 {
                // Nobody waits that long in silence: the clicks go on while the first is being answered.
                pause().await;
                if time < CLICKS {
                    continue;
                }
            } else {
                within(TIMEOUT, "the service to be asked", || async {
                    ensure!(desktop.simulator.journal().len() > asked, "it was not");
                    Ok(())
                })
                .await
                .with_context(|| format!("{control} after {delay} ms, for the {time}th time"))?;
            }
            wait_until_idle(&window, account)
                .await
                .with_context(|| format!("{control} after {delay} ms, for the {time}th time"))?;
        }
    }
    desktop.simulator.configure(|settings| settings.answer_delay_ms = 0);
    ensure!(desktop.stores_newest_credential(account).await?, "the keychain does not hold the newest key");
    ensure!(desktop.simulator.broken_rules().is_empty(), "{:?}", desktop.simulator.broken_rules());
    window.quit(QUIT_LIMIT).await
}

/// Waits until the window shows that the account is no longer busy, and no problem.
async fn wait_until_idle(window: &Window, account: &str) -> Result<()> {
    within(TIMEOUT * 2, "what was asked to end", || async {
        let known = account_snapshot(window, account).await?;
        ensure!(known["busy"].is_null(), "the program says that it is {}", known["busy"]);
        for control in ["#a-check", "#a-ref"] {
            let disabled = window.attribute(control, "aria-disabled").await?;
            ensure!(disabled.as_deref() != Some("true"), "{control} is still dead");
            let words = window.text(control).await?;
            ensure!(!words.contains('…'), "{control} still says “{words}”");
        }
        ensure!(known["last_error"].is_null(), "it went wrong: {}", known["last_error"]);
        let toast = window.text(".toast-t").await.unwrap_or_default();
        ensure!(!window.shows(".toast.wrap").await?, "the toast says “{toast}”, though nothing went wrong");
        Ok(())
    })
    .await
}

/// More accounts than single renewals are allowed for within ten rounds.
const MANY: [&str; 7] =
    [QQ, "qqmusic:10002", "qqmusic:10003", "qqmusic:10004", NETEASE, "netease:90002", "netease:90003"];

#[tokio::test(flavor = "multi_thread")]
async fn renewing_all_ends_each_time_however_many_accounts_there_are() -> Result<()> {
    let desktop = Desktop::start().await?;
    for account in MANY {
        desktop.sign_in(account).await?;
    }
    let window = desktop.window().await?;
    window.click("#s-all").await?;
    window.element("#o-all").await?;
    for time in 1..=CLICKS {
        window.click("#o-all").await?;
        within(TIMEOUT, "every account to be renewed", || async {
            let renewals = desktop.simulator.renewals();
            let so_often = u32::try_from(time)?;
            ensure!(MANY.iter().all(|id| renewals.get(*id) == Some(&so_often)), "{renewals:?}");
            ensure!(
                window.attribute("#o-all", "aria-disabled").await?.as_deref() != Some("true"),
                "it goes on"
            );
            Ok(())
        })
        .await
        .with_context(|| format!("for the {time}th time"))?;
    }
    window.quit(QUIT_LIMIT).await
}

#[tokio::test(flavor = "multi_thread")]
async fn copying_ends_with_the_cookie_that_was_asked_for_last() -> Result<()> {
    let desktop = Desktop::start().await?;
    desktop.sign_in(QQ).await?;
    let window = desktop.window().await?;
    window.element("#a-copy").await?;
    let cookie = async |format: &str| -> Result<String> {
        let output = desktop.cli(&["--json", "cookie", QQ, "--format", format]).await?.succeeded()?;
        Ok(output.json()?[0]["cookie"].as_str().context("no cookie")?.to_owned())
    };
    let (header, json) = (cookie("header").await?, cookie("json").await?);
    let mut copied = None;
    for time in 1..=CLICKS {
        let (format, wanted) = if time % 2 == 0 { ("header", &header) } else { ("json", &json) };
        window.click("#a-fmt").await?;
        window.click(&format!("#f-{format}")).await?;
        window.click("#a-copy").await?;
        desktop
            .clipboard()
            .wait_for_content(wanted)
            .await
            .with_context(|| format!("the {time}th time, {format}"))?;
        window.element("#t-clear").await?;
        copied = Some(std::time::Instant::now());
        // Remembered after it is on the clipboard.
        until("the format to be remembered", || async {
            let remembered = account_snapshot(&window, QQ).await?["format"].clone();
            ensure!(remembered == format, "it is {remembered}");
            Ok(())
        })
        .await?;
    }
    // Its toast is there for as long as the cookie is, and no longer.
    desktop.clipboard().wait_until_empty(Duration::from_secs(u64::from(CLEARED_AFTER) + 2)).await?;
    within(Duration::from_secs(2), "the toast of the copy to go", || async {
        ensure!(!window.shows("#t-clear").await?, "it says that there is something to clear");
        Ok(())
    })
    .await?;
    ensure!(copied.is_some(), "nothing was copied");
    for _ in 0..CLICKS {
        window.click("#a-copy").await?;
        window.click("#t-clear").await?;
        desktop.clipboard().wait_until_empty(Duration::from_secs(2)).await?;
        until("the toast of the copy to go", || async {
            ensure!(!window.shows("#t-clear").await?, "it says that there is something to clear");
            Ok(())
        })
        .await?;
    }
    desktop.ensure_no_secret_leaked(&[&window]).await?;
    window.quit(QUIT_LIMIT).await
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_end_as_they_were_chosen_last() -> Result<()> {
    let desktop = Desktop::start().await?;
    let window = desktop.window().await?;
    window.click("#s-set, #e-set, [data-settings]").await.ok();
    if !window.shows("#g5").await? {
        window.type_with_control(',').await?;
    }
    window.element("#g5").await?;
    // As quick as the page can be clicked at all: each of these is a request of its own.
    let script = "for (let time = 1; time <= arguments[0]; time++) { \
            document.querySelector(time % 2 ? '#g2-dark' : '#g2-light').click(); \
            document.querySelector('#g4').click(); \
            for (const [list, value] of [['#g1', time % 2 ? 'en' : 'system'], ['#g5', time % 2 ? 'json' : 'env']]) { \
                const one = document.querySelector(list); one.value = value; \
                one.dispatchEvent(new Event('change', { bubbles: true })); \
            } \
        } return true";
    let script = script.replace("arguments[0]", &CLICKS.to_string());
    ensure!(window.run_script(&script).await? == true, "the page was not clicked");
    until("the settings to be as they were chosen", || async {
        let preferences = window.invoke("preferences", json!({})).await?;
        ensure!(
            preferences["theme"] == "light"
                && preferences["language"] == "system"
                && preferences["closeToTray"] == true,
            "the program keeps {preferences}"
        );
        let settings = window.invoke("snapshot", json!({ "listens": false })).await?["settings"].clone();
        ensure!(settings["format"] == "env", "the program keeps {settings}");
        let page = "return [document.querySelector('#g2-light').getAttribute('aria-pressed'), \
                    document.querySelector('#g1').value, document.querySelector('#g4').checked, \
                    document.querySelector('#g5').value, document.documentElement.hasAttribute('data-dark')]";
        let shown = window.run_script(page).await?;
        ensure!(shown == json!(["true", "system", true, "env", false]), "the page shows {shown}");
        Ok(())
    })
    .await?;
    window.quit(QUIT_LIMIT).await
}

/// The ways in that show a code, between which an undecided user goes to and fro. The last is the one that is taken.
const CODES: [Method; 3] = [Method::QqScan, Method::WechatScan, Method::AppScan];

#[tokio::test(flavor = "multi_thread")]
async fn going_to_and_fro_between_ways_in_ends_with_the_code_of_the_last() -> Result<()> {
    let desktop = Desktop::start().await?;
    let window = desktop.window().await?;
    window.click("#c-qqmusic").await?;
    for delay in DELAYS {
        desktop.simulator.configure(|settings| settings.answer_delay_ms = delay);
        for method in CODES.iter().cycle().take(CLICKS) {
            window.click(&format!("#s-m-{method}")).await?;
            pause().await;
        }
        complete_sign_in(&desktop, &window).await.with_context(|| format!("after {delay} ms"))?;
        window.click("#s-add").await?;
        window.click("#c-qqmusic").await?;
    }
    window.quit(QUIT_LIMIT).await
}

/// How often somebody signs in again at each delay: a day has thirty sign-ins with a service.
const AGAIN: [(u64, usize); 3] = [(0, CLICKS), (300, CLICKS), (3000, 3)];

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_again_ends_each_time_with_an_account_that_works() -> Result<()> {
    let desktop = Desktop::start().await?;
    desktop.sign_in(QQ).await?;
    let window = desktop.window().await?;
    window.element("#a-copy").await?;
    for (delay, times) in AGAIN {
        desktop.simulator.configure(|settings| settings.answer_delay_ms = delay);
        for time in 1..=times {
            let before = account_snapshot(&window, QQ).await?;
            desktop.simulator.revoke(QQ)?;
            // The check that proves a new key may still be under way, and say that it works.
            until("the window to offer a new sign-in", || async {
                if window.shows("#a-sign").await? {
                    return Ok(());
                }
                desktop.record_rejection(QQ, "Lin Jian")?;
                anyhow::bail!("it does not")
            })
            .await?;
            window.click("#a-sign").await?;
            complete_sign_in(&desktop, &window).await?;
            until("the account to be verified", || async {
                let account = account_snapshot(&window, QQ).await?;
                ensure!(account["busy"].is_null(), "it is {}", account["busy"]);
                ensure!(account["health"]["state"] == "healthy", "it is {}", account["health"]);
                ensure!(account["checked_at"] != before["checked_at"], "nobody has asked since");
                ensure!(!window.shows("#a-sign").await?, "the window still offers to sign in again");
                Ok(())
            })
            .await
            .with_context(|| format!("after {delay} ms, for the {time}th time"))?;
        }
    }
    ensure!(desktop.stores_newest_credential(QQ).await?, "the keychain does not hold the newest key");
    window.quit(QUIT_LIMIT).await
}

/// Scans the code that the window shows, confirms, and goes on to the account.
async fn complete_sign_in(desktop: &Desktop, window: &Window) -> Result<()> {
    window.wait_for_state("waiting").await?;
    // Codes of ways that were left before stay as they were.
    let code = until("the code of the last way to be asked for", || async {
        let codes = desktop.simulator.codes();
        let shown = |code: &&Code| code.method == "qq_scan" && code.state == CodeState::Shown;
        codes.iter().rfind(shown).map(|code| code.id).context("there is none")
    })
    .await?;
    desktop.simulator.scan(code, Some(QQ))?;
    window.wait_for_state("scanned").await?;
    desktop.simulator.confirm(code)?;
    window.wait_for_state("success").await?;
    window.click("#q-open").await?;
    window.element("#a-copy").await?;
    Ok(())
}

/// An account of the program's snapshot.
async fn account_snapshot(window: &Window, account: &str) -> Result<Value> {
    let snapshot = window.invoke("snapshot", json!({ "listens": false })).await?;
    let accounts = snapshot["accounts"].as_array().context("there is no list of accounts")?;
    accounts.iter().find(|known| known["id"] == account).cloned().context("the account is gone")
}

/// Waits between two clicks. The pause is part of what is tested: it waits for no condition.
async fn pause() {
    tokio::time::sleep(CLICK_PAUSE).await;
}
