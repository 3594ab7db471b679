//! Deliveries in the real window: made, looked at, tested, failing, mended, handed over and taken back, by clicks; and
//! what a renewal behind the window changes in it.

use std::path::Path;

use anyhow::{Result, ensure};
use serde_json::json;
use tunekey_simulator::Service;
use tunekey_tests::canary::CANARY;
use tunekey_tests::desktop::{Desktop, key_of};
use tunekey_tests::eventually::until;
use tunekey_tests::fixtures::QQ;
use tunekey_tests::window::{QUIT_LIMIT, Window};

/// What the account's row in the list is called.
const ROW: &str = "#s-qqmusic-10001";

/// Picks a preset for the account that is shown.
async fn pick(window: &Window, preset: &str) -> Result<()> {
    window.click("#d-add").await?;
    window.click(&format!("#dl-{preset}")).await
}

/// Presses the button that asks for the delivery, and agrees in the system's dialog.
async fn agree(desktop: &Desktop, window: &Window, question: &str) -> Result<()> {
    window.click("#dl-save").await?;
    desktop.answer_dialog(question, true).await?;
    window.element("#dv-send").await.map(drop)
}

/// Waits until a file holds the newest key of the account.
async fn holds_newest_key(desktop: &Desktop, file: &Path) -> Result<()> {
    let newest = desktop.newest_credential(QQ)?;
    until("the newest key in the file", || async {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        ensure!(text.contains(key_of(&newest)), "it holds {} bytes of something else", text.len());
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_is_made_looked_at_tested_mended_and_removed_by_clicks() -> Result<()> {
    let desktop = Desktop::start().await?;
    desktop.sign_in(QQ).await?;
    // Outside of what is searched for secrets: these files are for them.
    let out = tempfile::tempdir()?;
    let file = out.path().join("tencent");
    let window = desktop.window().await?;
    window.click(ROW).await?;

    // Made: nothing is written before the person has agreed outside of the page.
    pick(&window, "meting").await?;
    window.fill("#dq-path", &file.display().to_string()).await?;
    window.click("#dl-save").await?;
    desktop.answer_dialog("Deliver", false).await?;
    ensure!(!file.exists(), "it was written although the person said no");
    agree(&desktop, &window, "Deliver").await?;
    window.wait_for_text("#dv-status", "Delivered and confirmed").await?;
    holds_newest_key(&desktop, &file).await?;
    ensure!(!std::fs::read_to_string(&file)?.contains("refresh"), "what renews the key was sent");

    // Looked at and tested.
    let preview = window.wait_for_text("#dv-preview", "***").await?;
    ensure!(preview.contains("qm_keyst"), "it shows {preview}");
    std::fs::remove_file(&file)?;
    window.click("#dv-test").await?;
    window.wait_for_text(".toast", "delivered").await?;
    holds_newest_key(&desktop, &file).await?;

    // Failing, with what to do; and mended.
    std::fs::remove_file(&file)?;
    std::fs::create_dir(&file)?;
    window.click("#dv-send").await?;
    window.wait_for_text("#dv-status", "Not delivered").await?;
    window.wait_for_text("#dv-why", "Name a file").await?;
    window.click("#dv-back").await?;
    window.wait_for_text("#a-status", "Not delivered to Meting-API").await?;
    std::fs::remove_dir(&file)?;
    window.click("[id^=d-]:not(#d-add):not(.sw)").await?;
    window.click("#dv-send").await?;
    window.wait_for_text("#dv-status", "Delivered and confirmed").await?;
    holds_newest_key(&desktop, &file).await?;

    // Renewed behind the window: the life line moves, and the new key is delivered.
    window.click("#dv-back").await?;
    window.wait_for_text("#a-status", "Delivered to Meting-API").await?;
    let hours = |hours| (jiff::Timestamp::now() + jiff::SignedDuration::from_hours(hours)).to_string();
    let life = json!({ "issued_at": hours(-20), "renew_at": hours(10), "expires_at": hours(28) });
    desktop.record_state(QQ, json!({ "life": life }))?;
    window.wait_for_text(".life dl", "20\u{a0}h ago").await?;
    let key = key_of(&desktop.newest_credential(QQ)?).to_owned();
    desktop.cli(&["renew", QQ]).await?.succeeded()?;
    ensure!(key_of(&desktop.newest_credential(QQ)?) != key, "there is no new key");
    window.wait_for_text(".life dl", "just now").await?;
    holds_newest_key(&desktop, &file).await?;
    window.wait_for_text(".dlv", "Delivered and confirmed").await?;

    // Off, named and removed.
    window.click("[id^=d-sw-]").await?;
    window.wait_for_text(".dlv", "Switched off").await?;
    window.click("[id^=d-]:not(#d-add):not(.sw)").await?;
    window.click("#dv-rename").await?;
    window.fill("#dv-label", "Attic\u{e007}").await?;
    window.wait_for_text("h1", "Attic").await?;
    let listed = desktop.cli(&["--json", "delivery", "list"]).await?.succeeded()?.json()?;
    ensure!(listed[0]["label"] == "Attic" && listed[0]["enabled"] == false, "it is {listed:?}");
    window.click("#dv-rm").await?;
    desktop.answer_dialog("Remove this delivery?", true).await?;
    window.wait_for_text(".where", "Where will you use it?").await?;
    ensure!(file.exists(), "what was delivered stays");
    desktop.ensure_no_secret_leaked(&[&window]).await?;
    window.quit(QUIT_LIMIT).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_secret_of_a_target_goes_from_the_clipboard_to_the_keychain_and_not_through_the_page()
-> Result<()> {
    let desktop = Desktop::start().await?;
    desktop.sign_in(QQ).await?;
    let window = desktop.window().await?;
    window.click(ROW).await?;
    pick(&window, "meting-admin").await?;
    window.fill("#dq-url", "https://127.0.0.1:9").await?;
    window.click("#dl-save").await?;
    window.wait_for_text("#dq-token-e", "paste it here").await?;
    let before = desktop.keyring().items().await?.len();
    desktop.clipboard().put(&format!("{CANARY}-token\n")).await?;
    window.click("#dq-token-b").await?;
    window.wait_for_text("#dq-token-d", "Pasted").await?;
    desktop.clipboard().put("something else").await?;
    agree(&desktop, &window, "Deliver").await?;
    window.wait_for_text("#dv-status", "Not delivered").await?;
    window.wait_for_text("#dv-why", "can’t be reached").await?;
    ensure!(desktop.keyring().items().await?.len() == before + 1, "it is not in the keychain");
    desktop.ensure_no_secret_leaked(&[&window]).await?;
    window.click("#dv-rm").await?;
    desktop.answer_dialog("Remove this delivery?", true).await?;
    window.element("#d-add").await?;
    ensure!(desktop.keyring().items().await?.len() == before, "it is left behind");
    window.quit(QUIT_LIMIT).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_that_is_handed_over_is_renewed_there_until_it_is_taken_back() -> Result<()> {
    let desktop = Desktop::start().await?;
    desktop.sign_in(QQ).await?;
    let out = tempfile::tempdir()?;
    let file = out.path().join("credential");
    let window = desktop.window().await?;
    window.click(ROW).await?;
    pick(&window, "file").await?;
    window.fill("#dq-path", &file.display().to_string()).await?;
    window.click("#dl-scope-all").await?;
    agree(&desktop, &window, "Hand over").await?;
    window.wait_for_text("#dv-status", "Handed over").await?;
    ensure!(std::fs::read_to_string(&file)?.contains("refresh"), "nothing that renews it was sent");
    window.click("#dv-back").await?;
    window.wait_for_text("#a-handed", "has renewed this credential").await?;
    let refused = desktop.cli(&["--json", "renew", QQ]).await?;
    ensure!(refused.code != 0, "two programs would renew it");
    window.click("#s-set").await?;
    window.click("#s-st-renewal").await?;
    window.wait_for_text(".acc .ctl", "A file").await?;

    // Taken back.
    desktop.sign_in(QQ).await?;
    window.wait_for_text(".acc .ctl", "TuneKey").await?;
    window.click("#r-qqmusic-10001").await?;
    window.element("#a-ref").await?;
    ensure!(!window.shows("#a-handed").await?, "it is still handed over");
    desktop.ensure_no_secret_leaked(&[&window]).await?;
    window.quit(QUIT_LIMIT).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_gets_a_sign_in_of_its_own_by_clicks_and_the_account_stays_tunekeys() -> Result<()> {
    let desktop = Desktop::start().await?;
    desktop.sign_in(QQ).await?;
    let main = key_of(&desktop.newest_credential(QQ)?).to_owned();
    let out = tempfile::tempdir()?;
    let file = out.path().join("credential");
    let window = desktop.window().await?;
    window.click(ROW).await?;
    pick(&window, "file").await?;
    window.fill("#dq-path", &file.display().to_string()).await?;
    window.click("#dl-scope-own").await?;
    window.click("#dl-save").await?;
    desktop.answer_dialog("Give a tool", true).await?;
    window.wait_for_text("#dv-status", "Sign in once more").await?;
    let after = desktop.simulator.codes().last().map_or(0, |code| code.id);
    window.click("#dv-own").await?;
    let code = desktop.next_code(Service::QqMusic, after).await?;
    desktop.simulator.scan(code.id, Some(QQ))?;
    desktop.simulator.confirm(code.id)?;
    window.wait_for_state("success").await?;
    window.click("#q-open").await?;
    window.wait_for_text("#dv-status", "Has its own sign-in").await?;
    holds_newest_key(&desktop, &file).await?;
    let text = std::fs::read_to_string(&file)?;
    ensure!(text.contains("refresh") && !text.contains(&main), "it is the account's own");
    window.click("#dv-back").await?;
    desktop.cli(&["renew", QQ]).await?.succeeded()?;
    ensure!(std::fs::read_to_string(&file)? == text, "the account's new key was sent");
    ensure!(!window.shows("#a-handed").await?, "TuneKey renews its own");

    // Somebody else's sign-in is refused, and nothing of it is kept.
    window.click("[id^=d-]:not(#d-add):not(.sw)").await?;
    let after = desktop.simulator.codes().last().map_or(0, |code| code.id);
    window.click("#dv-own").await?;
    let code = desktop.next_code(Service::QqMusic, after).await?;
    desktop.simulator.scan(code.id, Some("qqmusic:10002"))?;
    desktop.simulator.confirm(code.id)?;
    window.wait_for_state("failed").await?;
    ensure!(std::fs::read_to_string(&file)? == text, "it was delivered");
    desktop.ensure_no_secret_leaked(&[&window]).await?;
    window.quit(QUIT_LIMIT).await
}
