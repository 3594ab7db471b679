//! Attackers on the same computer: a page in our own window that lies, a frame on a service's page, and a program on the
//! session bus. The window goes on, and nothing is lost, redirected or leaked.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpListener;
use tunekey_core::Profile;
use tunekey_tests::desktop::Desktop;
use tunekey_tests::eventually::{TIMEOUT, until};
use tunekey_tests::fixtures::{NETEASE, QQ};
use tunekey_tests::screen::WindowState;
use tunekey_tests::window::{QUIT_LIMIT, RESPONSE_LIMIT, Window};

/// The app grows by less than this, in KiB.
const GROWS_BY: u64 = 64 * 1024;
/// How often each command is called: more than ten thousand times in all.
const CALLS: u32 = 500;

/// The one page that the app opens in the browser without being asked to by a service.
const RELEASES: &str = "https://github.com/tunekey/tunekey/releases";

const ATTACKER: &str = "qqmusic:10002";

/// Writes a text into the page's own database, which lies in the profile.
const KEEP: &str = r"
    const [text, done] = arguments;
    const opened = indexedDB.open('hostile', 1);
    opened.onupgradeneeded = () => opened.result.createObjectStore('files');
    opened.onerror = () => done('no database');
    opened.onsuccess = () => {
        const change = opened.result.transaction('files', 'readwrite');
        change.objectStore('files').put(text, 'ca.pem');
        change.oncomplete = () => done('kept');
        change.onerror = () => done('not kept');
    };";

/// Calls one command very often at once, with many arguments in turn, and says how many times it was answered.
const FLOOD: &str = r"
    const [command, payloads, count, done] = arguments;
    const calls = [];
    for (let i = 0; i < count; i++) {
        calls.push(window.__TAURI_INTERNALS__.invoke(command, payloads[i % payloads.length]).catch(() => {}));
    }
    Promise.all(calls).then(() => done(calls.length));";

/// Every way in which a page can have something loaded from elsewhere.
const LOADS: &str = r"
    const [address, done] = arguments;
    const quietly = (act) => { try { const what = act(); if (what?.catch) what.catch(() => {}); } catch {} };
    const put = (name, attributes) => quietly(() => {
        const element = document.createElement(name);
        Object.assign(element, attributes);
        document.body.append(element);
        element.click?.();
    });
    quietly(() => fetch(address + 'fetch', { mode: 'no-cors' }));
    quietly(() => navigator.sendBeacon(address + 'beacon', 'x'));
    quietly(() => new WebSocket(address.replace('http', 'ws') + 'socket'));
    quietly(() => new EventSource(address + 'events'));
    quietly(() => new Worker(address + 'worker'));
    quietly(() => import(address + 'module'));
    quietly(() => window.open(address + 'open'));
    put('img', { src: address + 'image' });
    put('script', { src: address + 'script' });
    put('iframe', { src: address + 'frame' });
    put('link', { rel: 'stylesheet', href: address + 'style' });
    put('link', { rel: 'prefetch', href: address + 'prefetch' });
    put('object', { data: address + 'object' });
    put('a', { href: address + 'link', target: '_blank' });
    put('a', { href: address + 'download', download: 'x' });
    quietly(() => { const form = document.createElement('form'); form.action = address + 'form'; document.body.append(form); form.submit(); });
    for (const where of [address + 'self', 'file:///etc/passwd', 'data:text/html,x', 'javascript:document.title=1', 'about:blank']) {
        quietly(() => { location.href = where; });
    }
    setTimeout(() => done(location.href), 500);";

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_lies_leads_nothing_elsewhere_loses_nothing_and_stops_nothing() -> Result<()> {
    let mut desktop = Desktop::start().await?;
    let opened = desktop.sandbox.record_opened_addresses()?;
    desktop.sign_in(QQ).await?;
    desktop.sign_in(NETEASE).await?;
    let window = desktop.window().await?;
    window.element("#s-qqmusic-10001").await?;
    let (before, size) = (routes(&desktop)?, resident(window.app())?);

    // Whom to trust: a certificate that the page has brought along, wherever it lies.
    let pem = std::fs::read_to_string(desktop.sandbox.root().join("ca.pem"))?;
    let evil = desktop.sandbox.root().join("evil.pem");
    std::fs::write(&evil, &pem)?;
    let kept = window.run_async_script(KEEP, vec![json!(pem)]).await?;
    ensure!(kept == "kept", "the page keeps nothing: {kept}");
    let mut files = files_with(&desktop.sandbox.profile(), pem.as_bytes())?;
    files.push(evil);
    for file in files {
        let refused = window.invoke("set_setting", json!({ "key": "extra-ca", "value": file })).await;
        ensure!(refused.is_err(), "the page has chosen {} itself", file.display());
    }
    ensure!(routes(&desktop)? == before, "trust was changed");

    // How to reach the services: the person is asked, and says no.
    for proxy in ["http://127.0.0.1:1", "none", "system"] {
        let (refused, asked) = tokio::join!(
            window.invoke("set_setting", json!({ "key": "proxy", "value": proxy })),
            desktop.answer_dialog("Change the proxy?", false),
        );
        asked.with_context(|| format!("{proxy}: nobody was asked"))?;
        ensure!(refused.is_err(), "{proxy}: it was changed all the same");
        ensure!(routes(&desktop)? == before, "{proxy}: the route was changed");
    }

    // Where a cookie goes, and what is run: the same.
    let stolen = desktop.sandbox.home().join("stolen");
    for (preset, answers) in [
        ("webhook", json!({ "url": "https://127.0.0.1:9/x", "signature": "none" })),
        ("file", json!({ "path": stolen })),
        (
            "command",
            json!({ "command": json!(["/bin/sh", "-c", format!("cat > {}", stolen.display())]).to_string() }),
        ),
    ] {
        for (scope, question) in
            [("playing_only", "Deliver"), ("renewable", "Hand over"), ("own_sign_in", "Give a tool")]
        {
            let delivery = json!({ "preset": preset, "answers": answers, "label": null, "scope": scope });
            let (refused, asked) = tokio::join!(
                window.invoke("add_delivery", json!({ "account": QQ, "delivery": delivery })),
                desktop.answer_dialog(question, false),
            );
            asked.with_context(|| format!("{preset}: nobody was asked"))?;
            ensure!(refused.is_err(), "{preset}: it was added all the same");
        }
    }
    ensure!(ledger(&desktop)?["deliveries"] == json!([]) && !stolen.exists(), "a cookie went elsewhere");

    // What was agreed to goes there and nowhere else.
    let webhook = desktop.sandbox.home().join("webhook");
    std::fs::write(&webhook, "id")?;
    let secret = format!("webhook={}", webhook.display());
    let added = desktop
        .cli(&[
            "--json",
            "delivery",
            "add",
            QQ,
            "home-assistant",
            "url=https://127.0.0.1:9",
            "--secret",
            &secret,
        ])
        .await?;
    let id = added.succeeded()?.json()?[0]["id"].clone();
    until("the window to hear of it", || async {
        let snapshot = window.invoke("snapshot", json!({ "listens": false })).await?;
        ensure!(snapshot["deliveries"][0]["id"] == id, "it has not");
        Ok(())
    })
    .await?;
    for (command, question, arguments) in [
        (
            "change_delivery",
            "Deliver",
            json!({ "delivery": id, "answers": { "url": "https://127.0.0.1:10" } }),
        ),
        ("remove_delivery", "Remove", json!({ "delivery": id })),
    ] {
        let (refused, asked) =
            tokio::join!(window.invoke(command, arguments), desktop.answer_dialog(question, false));
        asked.with_context(|| format!("{command}: nobody was asked"))?;
        ensure!(refused.is_err(), "{command}: it was done all the same");
    }
    ensure!(
        ledger(&desktop)?["deliveries"][0]["answers"]["url"] == "https://127.0.0.1:9",
        "it goes elsewhere"
    );

    // What would be lost: the same.
    for (command, question) in [("forget", "Remove"), ("sign_out", "Sign out")] {
        for account in [QQ, NETEASE] {
            let (refused, asked) = tokio::join!(
                window.invoke(command, json!({ "account": account })),
                desktop.answer_dialog(question, false),
            );
            asked.with_context(|| format!("{command}: nobody was asked"))?;
            ensure!(refused.is_err(), "{command}: {account} was taken away all the same");
        }
    }

    // Everything else, with what no window of ours says, and more often than anybody could.
    for (command, payloads) in lies() {
        let answered =
            window.run_async_script(FLOOD, vec![json!(command), json!(payloads), json!(CALLS)]).await;
        answered.with_context(|| format!("{command} is not answered"))?;
        // A question that was not meant for the page is put away, as often as one comes.
        for question in ["Change the proxy?", "Remove", "Sign out", "Deliver", "Hand over"] {
            while desktop.screen.window(question)? != WindowState::Hidden {
                desktop.answer_dialog(question, false).await?;
            }
        }
    }
    let answers = until("the window to answer as ever", || async {
        let took = window.response_time().await?;
        ensure!(took < RESPONSE_LIMIT, "it takes {took:?}");
        Ok(took)
    });
    answers.await?;
    let addresses = opened.next().await?;
    ensure!(addresses.lines().all(|address| address == RELEASES), "the page has opened {addresses}");

    // What lies elsewhere is not loaded, and the window stays where it is.
    let elsewhere = Elsewhere::start().await?;
    let place = window.run_async_script(LOADS, vec![json!(format!("http://{}/", elsewhere.address))]).await?;
    let place =
        place.as_str().and_then(|place| place.strip_prefix("tauri://localhost")).context("it has left")?;
    ensure!(place.is_empty() || place.starts_with('/'), "it is at {place}");
    ensure!(elsewhere.asked().is_empty(), "it was asked {:?}", elsewhere.asked());

    ensure!(routes(&desktop)? == before, "trust or route was changed: {:?}", routes(&desktop)?);
    for account in [QQ, NETEASE] {
        ensure!(desktop.stores_newest_credential(account).await?, "{account}: its credential is gone");
        ensure!(!desktop.newest_credential(account)?.is_signed_out(), "{account}: its session was ended");
    }
    desktop.ensure_no_secret_leaked(&[&window]).await?;
    let grown = resident(window.app())?.saturating_sub(size);
    ensure!(grown < GROWS_BY, "the app has grown by {grown} KiB");
    window.quit(QUIT_LIMIT).await
}

/// Every command but those that end the app or open a dialog, and what a page that lies may say to it.
fn lies() -> Vec<(&'static str, Vec<Value>)> {
    let long = "x".repeat(1 << 16);
    let nobody = "qqmusic:0";
    let accounts = |more: Value| -> Vec<Value> {
        let mut all = Vec::new();
        for account in [json!(QQ), json!(nobody), json!(long), json!("../../x"), json!(null), json!(7)] {
            let mut one = more.clone();
            one["account"] = account;
            all.push(one);
        }
        all
    };
    let deliveries = |more: Value| -> Vec<Value> {
        let named = |delivery: Value| {
            let mut one = more.clone();
            one["delivery"] = delivery;
            one
        };
        [json!("abcdefghij"), json!(long), json!("../../x"), json!(null)].into_iter().map(named).collect()
    };
    let ids = vec![
        json!({ "id": 0 }),
        json!({ "id": 1 }),
        json!({ "id": u32::MAX }),
        json!({ "id": -1 }),
        json!({ "id": long }),
    ];
    let channels = |more: Value| -> Vec<Value> {
        let with = |channel: &str| {
            let mut one = more.clone();
            one["channel"] = channel.into();
            one
        };
        vec![with("0123456789"), with("../../x"), with(&long)]
    };
    let answers = [
        json!({ "kind": "phone_number", "country": long, "number": long }),
        json!({ "kind": "text_code", "code": long }),
        json!({ "kind": "resend" }),
        json!({ "kind": "keep" }),
        json!({ "kind": "go" }),
        json!({ "kind": "account", "place": u32::MAX }),
        json!({ "kind": "page_address", "address": "https://y.qq.com/portal/wx_redirect.html?code=A" }),
        json!({ "kind": long }),
    ];
    let answers = answers.map(|answer| json!({ "id": 1, "answer": answer })).to_vec();
    vec![
        // First: what leaves the window has a budget that the others share.
        ("open_releases", vec![json!({}), json!({ "address": "https://example.org/" })]),
        ("snapshot", vec![json!({}), json!({ "listens": true }), json!({ "listens": long })]),
        ("picture", accounts(json!({}))),
        ("services", vec![json!({})]),
        ("about", vec![json!({})]),
        ("preferences", vec![json!({})]),
        (
            "start_sign_in",
            vec![
                json!({ "service": "qqmusic", "method": "phone", "wanted": nobody }),
                json!({ "service": "netease", "method": "paste", "wanted": null }),
                json!({ "service": long, "method": long, "wanted": long }),
            ],
        ),
        ("answer_sign_in", answers),
        ("new_code", ids.clone()),
        ("open_captcha", ids.clone()),
        ("show_page", ids.clone()),
        ("paste_from_clipboard", ids.clone()),
        ("paste_elsewhere", ids.clone()),
        ("cancel_sign_in", ids),
        (
            "copy_cookie",
            accounts(json!({ "choice": { "format": "header", "scope": "full", "once": false } })),
        ),
        (
            "copy_cookie",
            accounts(json!({ "choice": { "format": "json", "scope": "minimal", "once": true } })),
        ),
        ("copy_cookie", accounts(json!({ "choice": { "format": "header", "scope": long, "once": false } }))),
        ("copy_cookie", accounts(json!({ "choice": { "format": long, "scope": "full", "once": false } }))),
        ("clear_clipboard", vec![json!({})]),
        ("renew", accounts(json!({}))),
        ("check", accounts(json!({}))),
        ("renew_all", vec![json!({})]),
        ("test_connection", vec![json!({})]),
        ("keychain_retry", vec![json!({})]),
        ("set_label", accounts(json!({ "label": long }))),
        ("set_note", accounts(json!({ "note": "a note" }))),
        (
            "set_setting",
            vec![
                json!({ "key": "extra-ca", "value": "/etc/ssl/certs/ca-certificates.crt" }),
                json!({ "key": "extra-ca", "value": long }),
                json!({ "key": "proxy", "value": long }),
                json!({ "key": "proxy", "value": "http://me:secret@127.0.0.1:1" }),
                json!({ "key": long, "value": long }),
                json!({ "key": "clipboard-seconds", "value": "999999999" }),
                json!({ "key": "format", "value": "../../x" }),
            ],
        ),
        ("delivery_facts", vec![json!({})]),
        ("paste_delivery_secret", vec![json!({ "name": "token" }), json!({ "name": long })]),
        ("drop_delivery_secrets", vec![json!({})]),
        (
            "add_delivery",
            accounts(
                json!({ "delivery": { "preset": "file", "answers": { "path": long }, "label": null, "scope": "renewable" } }),
            ),
        ),
        (
            "add_delivery",
            accounts(
                json!({ "delivery": { "preset": long, "answers": {}, "label": long, "scope": "playing_only" } }),
            ),
        ),
        ("change_delivery", deliveries(json!({ "answers": { "path": "/etc/passwd" } }))),
        ("set_delivery_label", deliveries(json!({ "label": long }))),
        ("switch_delivery", deliveries(json!({ "enabled": true }))),
        ("test_delivery", deliveries(json!({}))),
        ("send_delivery", deliveries(json!({}))),
        ("preview_delivery", deliveries(json!({}))),
        ("remove_delivery", deliveries(json!({}))),
        ("start_own_sign_in", deliveries(json!({ "method": "qq-scan" }))),
        (
            "read_cookie_cloud",
            vec![
                json!({ "id": 7, "url": "https://127.0.0.1:9/", "uuid": "u", "plain": false }),
                json!({ "id": 7, "url": "file:///etc/passwd", "uuid": "../x", "plain": true }),
                json!({ "id": 7, "url": long, "uuid": long, "plain": true }),
            ],
        ),
        (
            "set_preferences",
            vec![
                json!({ "change": { "theme": "dark", "lastView": long } }),
                json!({ "change": { "theme": "light" } }),
                json!({ "change": { long.clone(): true } }),
                json!({ "change": null }),
            ],
        ),
        ("channel_kinds", vec![json!({})]),
        (
            "add_channel",
            vec![
                json!({ "kind": "ntfy", "label": long, "values": { "topic": "t" }, "plain": false }),
                json!({ "kind": "ntfy", "label": null, "values": { "topic": long }, "plain": false }),
                json!({ "kind": "ntfy", "label": null, "values": { long.clone(): "t" }, "plain": false }),
                json!({ "kind": "webhook", "label": null, "values": { "url": "http://127.0.0.1:9/" }, "plain": false }),
                json!({ "kind": "webhook", "label": null, "values": { "url": "file:///etc/passwd" }, "plain": true }),
                json!({ "kind": long, "label": null, "values": null, "plain": 7 }),
            ],
        ),
        ("change_channel", channels(json!({ "label": long, "values": { "topic": "t" }, "plain": true }))),
        (
            "change_channel",
            channels(json!({ "label": null, "values": { long.clone(): long }, "plain": false })),
        ),
        ("switch_channel", channels(json!({ "enabled": true }))),
        ("test_channel", channels(json!({}))),
        ("remove_channel", channels(json!({}))),
        (
            "set_quiet_hours",
            vec![json!({ "hours": long }), json!({ "hours": "22:00-22:00" }), json!({ "hours": 7 })],
        ),
        (
            "set_alert_hours",
            vec![json!({ "renewal": 0, "keychain": null }), json!({ "renewal": null, "keychain": u32::MAX })],
        ),
        (
            "set_ping",
            vec![
                json!({ "address": long, "minutes": 60, "plain": true }),
                json!({ "address": "http://127.0.0.1:9/", "minutes": 60, "plain": false }),
                json!({ "address": "https://127.0.0.1:9/", "minutes": 0, "plain": false }),
            ],
        ),
        ("set_ping_minutes", vec![json!({ "minutes": 0 }), json!({ "minutes": 60 })]),
        ("remove_ping", vec![json!({})]),
        ("test_ping", vec![json!({})]),
        ("plugin:shell|execute", vec![json!({ "program": "sh" })]),
        ("plugin:store|load", vec![json!({ "path": "/etc/passwd" })]),
    ]
}

/// What the ledger says.
fn ledger(desktop: &Desktop) -> Result<Value> {
    Ok(serde_json::from_slice(&std::fs::read(desktop.sandbox.profile().join("ledger.json"))?)?)
}

/// Where credentials go and whom is trusted: the settings, and the certificates in force.
fn routes(desktop: &Desktop) -> Result<BTreeMap<&'static str, Value>> {
    let ledger = ledger(desktop)?;
    let settings = &ledger["settings"];
    let copy = std::fs::read_to_string(desktop.sandbox.profile().join("extra-ca.pem")).unwrap_or_default();
    Ok(BTreeMap::from([
        ("proxy", settings["proxy"].clone()),
        ("extra_ca", settings["extra_ca"].clone()),
        ("certificates", copy.into()),
    ]))
}

/// The files below a folder that hold a text, as it is or as a database writes letters.
fn files_with(folder: &Path, text: &[u8]) -> Result<Vec<PathBuf>> {
    let wide: Vec<u8> = text.iter().take(64).flat_map(|byte| [*byte, 0]).collect();
    let narrow = &text[..text.len().min(64)];
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(bytes) = std::fs::read(&path)
                && (bytes.windows(narrow.len()).any(|part| part == narrow)
                    || bytes.windows(wide.len()).any(|part| part == wide))
            {
                found.push(path);
            }
        }
    }
    Ok(found)
}

/// What a process holds in memory, in KiB.
fn resident(process: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no size")?;
    Ok(line.trim().trim_end_matches(" kB").trim().parse()?)
}

/// Somebody else's server, which remembers what it is asked for.
struct Elsewhere {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Elsewhere {
    async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let (address, asked) = (listener.local_addr()?, Arc::<Mutex<Vec<String>>>::default());
        let heard = asked.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let heard = heard.clone();
                tokio::spawn(async move {
                    let mut line = String::new();
                    // A connection that nothing is sent on asks for nothing.
                    if BufReader::new(stream).read_line(&mut line).await.is_ok_and(|read| read > 0) {
                        heard.lock().unwrap_or_else(PoisonError::into_inner).push(line);
                    }
                });
            }
        });
        Ok(Self { address, asked })
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_route_that_the_person_wants_is_made() -> Result<()> {
    let desktop = Desktop::start().await?;
    let window = desktop.window().await?;
    let (changed, asked) = tokio::join!(
        window.invoke("set_setting", json!({ "key": "proxy", "value": "none" })),
        desktop.answer_dialog("Change the proxy?", true),
    );
    asked?;
    changed?;
    ensure!(routes(&desktop)?["proxy"] == "none", "it is {}", routes(&desktop)?["proxy"]);
    window.quit(QUIT_LIMIT).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hidden_frame_on_the_sign_in_page_signs_nobody_in_and_ends_nothing() -> Result<()> {
    let desktop = Desktop::start().await?;
    desktop.simulator.configure(|settings| settings.hidden_frame = Some(ATTACKER.to_owned()));
    let window = desktop.window().await?;
    window.click("#c-qqmusic").await?;
    window.click("#s-m-official-page").await?;
    window.wait_for_state("page").await?;
    // The frame has got to where the page ends, and the page goes on asking.
    until("the page to go on", || async {
        let codes = desktop.simulator.codes();
        // The view loads the page again once it trusts the host of the frame, too.
        let polls = codes.iter().rfind(|code| code.method == "official_page").map_or(0, |code| code.polls);
        ensure!(polls > 10, "it has asked {polls} times");
        Ok(())
    })
    .await?;
    window.wait_for_state("page").await?;
    ensure!(desktop.simulator.ledger().is_empty(), "the attacker’s code was taken");
    ensure!(desktop.keyring().items().await?.is_empty(), "something was saved");

    // The page itself still leads in: to the question whose account it is.
    let codes = desktop.simulator.codes();
    let code = codes.iter().rfind(|code| code.method == "official_page").context("the page shows no code")?;
    desktop.simulator.confirm_as(code.id, Some(QQ))?;
    window.wait_for_state("new").await?;
    window.wait_for_text(".info", "ID 10001").await?;
    ensure!(desktop.keyring().items().await?.is_empty(), "something was saved before the answer");
    window.click("#q-retry").await?;
    window.wait_for_state("page").await?;
    until("the session to be ended", || async {
        ensure!(desktop.newest_credential(QQ)?.is_signed_out(), "it is alive");
        Ok(())
    })
    .await?;
    ensure!(desktop.keyring().items().await?.is_empty(), "what is not theirs was saved");
    desktop.ensure_no_secret_leaked(&[&window]).await?;
    window.quit(QUIT_LIMIT).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clipboard_without_end_is_read_no_further_than_it_takes_to_see_that() -> Result<()> {
    let desktop = Desktop::start().await?;
    let window = desktop.window().await?;
    window.click("#c-netease").await?;
    window.click("#s-m-paste").await?;
    window.element("#pa-clip").await?;
    let size = resident(window.app())?;
    desktop.clipboard().put_large(200 << 20).await?;
    window.click("#pa-clip").await?;
    window.wait_for_text(".banner", "It is too long").await?;
    let grown = resident(window.app())?.saturating_sub(size);
    ensure!(grown < GROWS_BY, "the app has grown by {grown} KiB");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_holds_the_apps_name_and_stays_silent_does_not_keep_it_from_starting() -> Result<()> {
    let desktop = Desktop::start().await?;
    let profile = Profile::at(desktop.sandbox.profile()).map_err(|problem| anyhow::anyhow!("{problem}"))?;
    let digest = profile.name().and_then(|name| name.rsplit('-').next()).context("a profile of its own")?;
    let name = format!("dev.tunekey.desktop.profile-{digest}.SingleInstance");
    let squatter = Squatter::start(&desktop, &[&name]).await?;
    let window = desktop.window().await?;
    window.wait_for_text(".notice", "holds TuneKey’s name").await?;
    ensure!(desktop.app_log()?.contains("holds TuneKey’s name"), "the log does not say so");
    window.quit(QUIT_LIMIT).await?;

    // Once it lets go, the name is the app's own, and a second start shows the first one's window and ends.
    drop(squatter);
    let window = desktop.window().await?;
    let mut second = desktop.start_second_app()?;
    let status = second.wait_for_exit(TIMEOUT).await?;
    ensure!(status.success(), "the second start ended as {status}");
    ensure!(!window.shows(".notice").await?, "there is nothing to say");
    window.quit(QUIT_LIMIT).await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_holds_the_desktops_own_names_and_stays_silent_holds_up_no_window() -> Result<()> {
    let desktop = Desktop::start().await?;
    desktop.sign_in(QQ).await?;
    let names = [
        "org.kde.StatusNotifierWatcher",
        "org.freedesktop.Notifications",
        "org.freedesktop.portal.Desktop",
        "org.a11y.Bus",
        "org.gtk.vfs.Daemon",
        "ca.desrt.dconf",
    ];
    let _squatter = Squatter::start(&desktop, &names).await?;
    let window = desktop.window().await?;
    window.element("#a-copy").await?;
    ensure!(window.response_time().await? < TIMEOUT, "the window hangs");
    window.quit(QUIT_LIMIT).await
}

/// A program that owns names on the session bus and answers nobody.
struct Squatter {
    _connection: zbus::Connection,
}

impl Squatter {
    async fn start(desktop: &Desktop, names: &[&str]) -> Result<Self> {
        let connection = desktop.bus.connect().await?;
        for name in names {
            connection.request_name(*name).await.with_context(|| format!("{name} is taken"))?;
        }
        Ok(Self { _connection: connection })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tray_offers_to_copy_only_as_long_as_it_may() -> Result<()> {
    let desktop = Desktop::start().await?;
    desktop.sign_in(QQ).await?;
    let _panel = tunekey_tests::tray_host::TrayHost::start(&desktop.bus).await?;
    let window = desktop.window().await?;
    window.element("#a-copy").await?;
    let offers = async |window: &Window, wanted: bool| {
        until(format!("the tray to offer copying: {wanted}"), || async {
            let labels = desktop.tray(window).await?.labels().await?;
            ensure!(labels.iter().any(|label| label == "Copy cookie") == wanted, "it offers {labels:?}");
            Ok(())
        })
        .await
    };
    offers(&window, true).await?;
    window.click("#s-set").await?;
    window.click("#s-st-security").await?;
    window.click("#s2").await?;
    offers(&window, false).await?;
    window.click("#s2").await?;
    offers(&window, true).await?;
    window.quit(QUIT_LIMIT).await
}
