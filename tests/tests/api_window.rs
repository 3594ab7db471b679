//! The local API in the real window: switched, asked by a real client with a token that was made there, told of in the
//! window and in the tray, and switched off again.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use nix::sys::signal::Signal;
use serde_json::Value;
use tokio::net::TcpStream;
use tunekey_tests::canary::Canaries;
use tunekey_tests::desktop::{Desktop, key_of};
use tunekey_tests::eventually::{until, within};
use tunekey_tests::fixtures::QQ;
use tunekey_tests::tray::Tray;
use tunekey_tests::window::{QUIT_LIMIT, Window};

/// Within which what was switched off is refused.
const OFF_LIMIT: Duration = Duration::from_secs(1);

/// A port that nobody has.
fn free_port() -> Result<u16> {
    Ok(taken_port()?.local_addr()?.port())
}

/// A port that is taken for as long as this lives.
fn taken_port() -> Result<TcpListener> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?)
}

/// Shows the page with the switch.
async fn open_page(window: &Window) -> Result<()> {
    window.click("#s-set").await?;
    window.click("#s-st-security").await?;
    window.element("#api").await.map(drop)
}

/// Chooses a port, as by typing it and pressing Enter.
async fn choose_port(window: &Window, port: u16) -> Result<()> {
    window.fill("#api-port", &format!("{port}\u{e007}")).await?;
    let script = "return document.querySelector('#api-port').value";
    until("the port to be taken", || async {
        let now = window.run_script(script).await?;
        ensure!(now.as_str().and_then(|now| now.parse().ok()) == Some(port), "it is {now}");
        Ok(())
    })
    .await
}

/// Switches it on and waits until it answers.
async fn switch_on(window: &Window, port: u16) -> Result<()> {
    window.click("#api").await?;
    window.wait_for_text("#api-a", &format!("http://127.0.0.1:{port}")).await.map(drop)
}

/// Whether somebody listens at a port of this computer.
async fn is_listening(port: u16) -> bool {
    TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await.is_ok()
}

/// What a path answers to the bearer of a token: its status, and its body.
async fn get(port: u16, path: &str, token: &str) -> Result<(u16, Value)> {
    // Something else of the test may have chosen one already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().build()?;
    let response = client.get(format!("http://127.0.0.1:{port}{path}")).bearer_auth(token).send().await?;
    let status = response.status().as_u16();
    Ok((status, serde_json::from_str(&response.text().await?)?))
}

/// Waits until the tray has a line, or none, about the API.
async fn wait_for_line(tray: &Tray, line: Option<&str>) -> Result<()> {
    until(format!("{line:?} in the tray"), || async {
        let labels = tray.labels().await?;
        let about = labels.iter().find(|label| label.contains("Local API"));
        ensure!(about.map(String::as_str) == line, "there are {labels:?}");
        Ok(())
    })
    .await
}

/// Makes a token in the window that allows status and cookies, and takes it from the clipboard.
async fn make_token(desktop: &Desktop, window: &Window) -> Result<String> {
    window.click("#api-add").await?;
    window.fill("#api-f-name", "nas").await?;
    window.click("#api-f-cookie").await?;
    window.click("#api-f-make").await?;
    desktop.answer_dialog("Make a token for nas?", false).await?;
    let made = desktop.cli(&["--json", "token", "list"]).await?.succeeded()?.json()?;
    ensure!(
        made[0]["tokens"] == Value::Array(Vec::new()),
        "it was made although the person said no: {made:?}"
    );
    window.click("#api-f-make").await?;
    desktop.answer_dialog("Make a token for nas?", true).await?;
    window.wait_for_text("#api-new", "Token for nas").await?;
    let token = desktop.clipboard().wait_for_any_text().await?;
    ensure!(token.starts_with("tunekey_"), "something else was copied");
    ensure!(desktop.clipboard().is_marked_secret().await?, "histories would keep it");
    window.wait_for_text(".toast", "nas: token copied").await?;
    Ok(token)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_made_in_the_window_gets_status_and_a_cookie_and_the_window_and_the_tray_say_who_asked()
-> Result<()> {
    let desktop = Desktop::start().await?;
    desktop.sign_in(QQ).await?;
    let window = desktop.window().await?;
    let tray = desktop.tray(&window).await?;
    open_page(&window).await?;
    let port = free_port()?;
    choose_port(&window, port).await?;
    ensure!(!is_listening(port).await, "it is on before anybody has switched it");
    wait_for_line(&tray, None).await?;

    switch_on(&window, port).await?;
    wait_for_line(&tray, Some("Local API on · not used yet")).await?;
    let (code, said) = get(port, "/v1/accounts", "tunekey_wrong").await?;
    ensure!(code == 401, "it answers {code} without a token: {said}");
    let token = make_token(&desktop, &window).await?;

    // A real client, with what the token allows and what it does not.
    let (code, accounts) = get(port, "/v1/accounts", &token).await?;
    ensure!(code == 200 && accounts[0]["id"] == QQ, "it answers {code}: {accounts}");
    let (code, said) = get(port, "/v1/sign-ins", &token).await?;
    let message = said["message"].as_str().unwrap_or_default();
    ensure!(code == 403 && message.contains("--scope sign-in"), "it answers {code}: {said}");
    let (code, cookie) = get(port, &format!("/v1/accounts/{QQ}/cookie?format=header"), &token).await?;
    let newest = desktop.newest_credential(QQ)?;
    ensure!(code == 200, "it answers {code}");
    ensure!(
        cookie["value"].as_str().is_some_and(|value| value.contains(key_of(&newest))),
        "it is another key"
    );

    // The page, the list of accounts and the tray say who it was, and what it asked.
    window.wait_for_text("#api-u-0", "read the cookie of").await?;
    window.wait_for_text("#api-log", "asked for a sign-in; refused").await?;
    wait_for_line(&tray, Some("Local API on · nas, just now")).await?;
    window.click("#api-new-done").await?;
    window.click("#s-back").await?;
    window.wait_for_text("#s-api", "nas, ").await?;
    window.wait_for_text("#s-api", &format!("Local API on, {port}")).await?;

    // The token was in no page, file, argument or log.
    let canaries = Canaries::new([token.clone()])?;
    canaries.check("the page", window.page().await?)?;
    canaries.check_files(desktop.sandbox.root(), &desktop.sandbox.keyrings())?;
    desktop.clipboard().wait_until_empty(Duration::from_secs(60)).await?;

    // Off at once.
    window.click("#s-api").await?;
    window.click("#api").await?;
    within(OFF_LIMIT, "the connection to be refused", || async {
        ensure!(!is_listening(port).await, "somebody listens");
        Ok(())
    })
    .await?;
    wait_for_line(&tray, None).await?;
    window.click("#s-back").await?;
    ensure!(!window.shows("#s-api").await?, "the window says that it is on");

    // Revoked: the person is asked.
    open_page(&window).await?;
    window.click("#api-x-0").await?;
    desktop.answer_dialog("Revoke the token of nas?", false).await?;
    window.element("#api-t-0").await?;
    window.click("#api-x-0").await?;
    desktop.answer_dialog("Revoke the token of nas?", true).await?;
    until("the token to be gone", || async {
        ensure!(!window.shows("#api-t-0").await?, "it is there");
        Ok(())
    })
    .await?;
    switch_on(&window, port).await?;
    let (code, _) = get(port, "/v1/accounts", &token).await?;
    ensure!(code == 401, "a revoked token gets {code}");
    desktop.ensure_no_secret_leaked(&[&window]).await?;
    window.quit(QUIT_LIMIT).await?;
    ensure!(!is_listening(port).await, "it answers without the app");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_something_else_has_is_said_and_the_switch_stays_off() -> Result<()> {
    let desktop = Desktop::start().await?;
    desktop.sign_in(QQ).await?;
    let window = desktop.window().await?;
    open_page(&window).await?;
    let taken = taken_port()?;
    let port = taken.local_addr()?.port();
    choose_port(&window, port).await?;
    let is_on = || async {
        let script = "return document.querySelector('#api').checked";
        window.run_script(script).await?.as_bool().context("it is no switch")
    };
    window.click("#api").await?;
    window.wait_for_text("#api-e", &format!("something else has port {port}")).await?;
    window.wait_for_text("#api-e", "choose another port").await?;
    ensure!(!is_on().await?, "the switch says that it is on");
    ensure!(!window.shows("#api-a").await?, "there is an address where nobody is");
    // What the person has heard of is not tried again at the next start.
    let kept: Value = serde_json::from_slice(&std::fs::read(desktop.sandbox.profile().join("window.json"))?)?;
    ensure!(kept["localApi"] == false, "it is remembered as {kept}");

    drop(taken);
    switch_on(&window, port).await?;
    ensure!(is_on().await? && !window.shows("#api-e").await?, "the trouble is over");

    // A port of the system's own is none that can be chosen.
    window.fill("#api-port", "80\u{e007}").await?;
    window.wait_for_text("#api-port-e", "from 1024 to 65535").await?;
    ensure!(is_listening(port).await, "it went off");

    // Another port while it is on: it goes there, and leaves the one before.
    let other = free_port()?;
    choose_port(&window, other).await?;
    window.wait_for_text("#api-a", &format!(":{other}")).await?;
    ensure!(is_listening(other).await && !is_listening(port).await, "it is at both, or at neither");
    window.click("#api-copy").await?;
    desktop.clipboard().wait_for_content(&format!("http://127.0.0.1:{other}")).await?;
    ensure!(!desktop.clipboard().is_marked_secret().await?, "an address is no secret");
    window.quit(QUIT_LIMIT).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_left_on_is_on_again_after_a_restart_in_the_tray_alone_too() -> Result<()> {
    let desktop = Desktop::start().await?;
    desktop.sign_in(QQ).await?;
    let window = desktop.window().await?;
    open_page(&window).await?;
    let port = free_port()?;
    choose_port(&window, port).await?;
    switch_on(&window, port).await?;
    window.quit(QUIT_LIMIT).await?;
    ensure!(!is_listening(port).await, "it answers without the app");

    let mut app = desktop.start_hidden_app()?;
    until("it to answer without a window", || async {
        ensure!(is_listening(port).await, "nobody listens");
        Ok(())
    })
    .await?;
    let tray = Tray::of(&desktop.bus, app.id()).await?;
    wait_for_line(&tray, Some("Local API on · not used yet")).await?;
    app.signal(Signal::SIGTERM)?;
    app.wait_for_exit(QUIT_LIMIT).await?;
    ensure!(!is_listening(port).await, "it answers without the app");

    // At a start a port may be taken; it is said, and tried again until it is free.
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    // The window opens where it was left.
    let window = desktop.window().await?;
    window.wait_for_text("#api-e", &format!("something else has port {port}")).await?;
    let tray = desktop.tray(&window).await?;
    wait_for_line(&tray, Some("▲ Local API isn’t on")).await?;
    window.click("#s-back").await?;
    window.wait_for_text("#s-api", "Local API isn’t on").await?;
    drop(taken);
    window.wait_for_text("#s-api", &format!("Local API on, {port}")).await?;
    ensure!(is_listening(port).await, "it says so and is not");
    window.quit(QUIT_LIMIT).await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_answered_by_another_process_is_told_without_saying_that_it_is_on() -> Result<()> {
    let desktop = Desktop::start().await?;
    desktop.sign_in(QQ).await?;
    let window = desktop.window().await?;
    let tray = desktop.tray(&window).await?;
    let made =
        desktop.cli(&["--json", "token", "add", "bot", "--scope", "status"]).await?.succeeded()?.json()?;
    let token = made[0]["token"].as_str().context("no token")?.to_owned();
    let mut serve = desktop.start_cli(&["--json", "serve", "--listen", "127.0.0.1:0"])?;
    let address = serve.next_line().await?["address"].as_str().context("no address")?.to_owned();
    let port = address.rsplit(':').next().context("no port")?.parse()?;
    wait_for_line(&tray, None).await?;
    let (code, _) = get(port, "/v1/accounts", &token).await?;
    ensure!(code == 200, "it answers {code}");

    window.wait_for_text("#s-api", "Local API elsewhere").await?;
    window.wait_for_text("#s-api", "bot, ").await?;
    wait_for_line(&tray, Some("Local API elsewhere · bot, just now")).await?;
    window.click("#s-api").await?;
    window.wait_for_text("#api-else", "answered bot at").await?;
    ensure!(!window.shows("#api-a").await?, "it is not on here");
    window.wait_for_text("#api-log", "asked for status").await?;
    window.wait_for_text("#api-t-0", "bot").await?;
    serve.signal(Signal::SIGTERM)?;
    desktop.finish(serve).await?.succeeded()?;
    desktop.ensure_no_secret_leaked(&[&window]).await?;
    window.quit(QUIT_LIMIT).await
}
