//! The local API: `tunekey serve`, asked by programs that bear tokens and by clients of the public vkeys API.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use reqwest::Method;
use serde_json::{Value, json};
use tunekey_core::SignInOption;
use tunekey_services::{netease, qqmusic};
use tunekey_simulator::{CodeState, Credential};
use tunekey_tests::desktop::key_of;
use tunekey_tests::eventually::until;
use tunekey_tests::fixtures::{NETEASE, QQ, simulator_service};
use tunekey_tests::local_api::{Events, LocalApi, token};
use tunekey_tests::server::{Server, mode_of};

/// The text that a client of vkeys knows as the end of a code.
const EXPIRED: &str = "二维码已失效";

/// Within which `serve` that is asked to stop is gone.
const STOP_LIMIT: Duration = Duration::from_secs(5);

const ALL: &str = "status,cookie,renew,sign-in";

/// The routes of both services, and what they call the account and its key.
const CLIENTS: [(&str, &str, &str, &str, &str); 2] =
    [(QQ, "tencent", "uin", "musickey", "musickey"), (NETEASE, "netease", "uid", "MUSIC_U", "music_u")];

/// Waits for the code that a service shows now, and scans and confirms it.
async fn scan(server: &Server, account: &str) -> Result<()> {
    let service = simulator_service(option_of(account).service);
    let code = until("a code", || async {
        let codes = server.simulator.codes();
        let shown = codes.iter().rfind(|code| code.service == service && code.state == CodeState::Shown);
        shown.map(|code| code.id).context("none is shown")
    })
    .await?;
    server.simulator.scan(code, Some(account))?;
    server.simulator.confirm(code)?;
    Ok(())
}

fn option_of(account: &str) -> SignInOption {
    let (service, method) = match account.starts_with("qqmusic") {
        true => (qqmusic::ID, tunekey_core::Method::QqScan),
        false => (netease::ID, tunekey_core::Method::AppScan),
    };
    SignInOption { service, method }
}

/// Reads a stream to its end: the data of its last event.
async fn last_of(events: &mut Events) -> Result<String> {
    let mut last = None;
    while let Some(event) = events.next().await? {
        last = Some(event);
    }
    let last = last.context("there was no event")?;
    ensure!(last.id == "end", "the last event is {}", last.id);
    Ok(last.data)
}

fn number_of(account: &str) -> Result<u64> {
    Ok(account.split(':').nth(1).context("a number")?.parse()?)
}

fn is_key_of(value: &Value, credential: &Credential) -> bool {
    value.as_str() == Some(key_of(credential))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_gets_what_its_token_allows_and_no_more() -> Result<()> {
    let server = Server::start().await?;
    server.sign_in(QQ).await?;
    let api = LocalApi::start(&server, &[]).await?;
    let (status, cookie, all) = (
        token(&server, "status", "status").await?,
        token(&server, "cookie", "cookie").await?,
        token(&server, "all", ALL).await?,
    );
    let mode = mode_of(&server.sandbox.profile().join("api-tokens.json"))?;
    ensure!(mode == 0o600, "others can read who may ask: {mode:o}");

    let (code, accounts) = api.get("/v1/accounts", &status).await?;
    ensure!(code == 200, "a new token does not count at once");
    ensure!(accounts[0]["id"] == QQ && accounts[0]["health"]["state"] == "healthy", "it says {accounts}");
    let cookie_path = format!("/v1/accounts/{QQ}/cookie");
    for (path, token, wanted) in [
        ("/v1/accounts", &cookie, 403),
        (cookie_path.as_str(), &status, 403),
        (cookie_path.as_str(), &cookie, 200),
        ("/v1/accounts/nobody", &status, 404),
        ("/v1/nothing", &status, 404),
        ("/v1/services", &cookie, 200),
        ("/v1/accounts", &"tunekey_wrong".to_owned(), 401),
    ] {
        let (code, body) = api.get(path, token).await?;
        ensure!(code == wanted, "{path} answers {code}");
        ensure!(
            code == 200 || body["message"].as_str().is_some_and(|words| !words.is_empty()),
            "{path}: no words"
        );
    }
    let (_, got) = api.get(&format!("{cookie_path}?format=header"), &cookie).await?;
    let newest = server.newest_credential(QQ)?;
    ensure!(got["value"].as_str().is_some_and(|value| value.contains(key_of(&newest))), "it is another key");
    ensure!(got["generation"] == 1 && got["scope"] == "full", "it is another one");

    let (code, refused) = api.get(&format!("{cookie_path}?format=no-such"), &cookie).await?;
    ensure!(code == 404 && refused["code"] == "not_found", "an unknown format answers {code}: {refused}");
    ensure!(refused["message"].as_str().is_some_and(|words| words.contains("header, ")), "{refused}");

    let (code, renewed) = api.post(&format!("/v1/accounts/{QQ}/renew"), &all, Value::Null).await?;
    ensure!(code == 200 && renewed["outcome"] == "renewed", "it says {renewed}");
    ensure!(renewed["account"]["generation"] == 2, "it says {renewed}");
    let report = json!({ "generation": 1 });
    let (code, reported) = api.post(&format!("/v1/accounts/{QQ}/rejected"), &all, report).await?;
    ensure!(code == 200 && reported["outcome"] == "newer", "it says {reported}");

    // Whoever may have keys renewed reads no cookie by that.
    let renewer = token(&server, "renewer", "renew").await?;
    for path in ["/music/tencent/cookie/refresh?uin=10001", "/v2/music/tencent/cookie?uin=10001"] {
        let (code, said) = api.get(path, &renewer).await?;
        ensure!(code == 403 && said["code"] == "scope_missing", "{path} answers {code}");
        let (code, said) = api.get(path, &all).await?;
        ensure!(code == 200 && said["data"]["cookie"]["uin"] == 10001, "{path} answers {code}");
    }

    // In the caller's language.
    let chinese = reqwest::Client::builder().no_proxy().build()?.get(format!("{}/v1/accounts", api.address));
    let chinese = chinese.header("accept-language", "zh-CN,zh;q=0.9").send().await?;
    let headers = chinese.headers().clone();
    for (name, value) in [
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("www-authenticate", "Bearer realm=\"TuneKey\""),
    ] {
        ensure!(headers.get(name).is_some_and(|found| found == value), "{name} is {:?}", headers.get(name));
    }
    ensure!(chinese.text().await?.contains("需要令牌"), "it speaks another language");

    server.cli(&["token", "revoke", "all"]).await?.succeeded()?;
    until("the token to be refused", || async {
        let (code, _) = api.get("/v1/services", &all).await?;
        ensure!(code == 401, "it answers {code}");
        Ok(())
    })
    .await?;
    api.stop(&server).await?;

    let log = server.object(&["--json", "token", "log"]).await?;
    let seen = |name: &str, what: &str, status: u16| {
        let uses = log["uses"].as_array().into_iter().flatten();
        uses.into_iter().any(|one| one["name"] == name && one["what"] == what && one["status"] == status)
    };
    ensure!(seen("cookie", &format!("GET {cookie_path}"), 200), "who read the cookie is not known: {log}");
    ensure!(seen("status", &format!("GET {cookie_path}"), 403), "who tried to is not known: {log}");
    let listed = server.object(&["--json", "token", "list"]).await?;
    let tokens = listed["tokens"].as_array().context("a list")?;
    ensure!(
        tokens.len() == 3 && tokens.iter().all(|one| one["last_used_at"].is_string()),
        "it lists {listed}"
    );
    server.ensure_no_secret_leaked()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_vkeys_signs_in_by_scan_and_renews_given_only_an_address() -> Result<()> {
    let server = Server::start().await?;
    let api = LocalApi::start(&server, &[]).await?;
    let token = token(&server, "vkeys", ALL).await?;
    for (account, service, number, key, given) in CLIENTS {
        let base = format!("/k/{token}/music/{service}/cookie");
        let mut events = api.events(&format!("{base}/qrcode?save=false"), None).await?;
        let picture = events.expect().await?;
        ensure!(picture.id == "1" && picture.event == "message", "it begins with {}", picture.id);
        ensure!(picture.data.starts_with("data:image/png;base64,"), "it is no picture");
        scan(&server, account).await?;
        let answer: Value = serde_json::from_str(&last_of(&mut events).await?)?;
        ensure!(
            answer["code"] == 200 && answer["cookie"] == answer["data"]["cookie"],
            "one of them is missing"
        );
        ensure!(
            answer["info"] == answer["data"]["info"] && answer["info"]["vip"].is_boolean(),
            "no membership"
        );
        let cookie = &answer["cookie"];
        ensure!(cookie[number] == number_of(account)?, "it is somebody else");
        ensure!(is_key_of(&cookie[key], &server.newest_credential(account)?), "it is another key");
        ensure!(server.cli(&["--json", "accounts"]).await?.succeeded()?.stdout.is_empty(), "it was kept");

        // What is given is renewed, and once a minute at most.
        let old = server.newest_credential(account)?;
        let query = format!("{number}={}&{given}={}", number_of(account)?, percent_encoded(key_of(&old)));
        let (code, renewed) = api.get(&format!("{base}/refresh?{query}"), "").await?;
        ensure!(code == 200 && renewed["code"] == 200, "it answers {code}: {}", renewed["message"]);
        let newest = server.newest_credential(account)?;
        ensure!(is_key_of(&renewed["data"]["cookie"][key], &newest), "it is not the newest key");
        server.simulator.clear_journal();
        let (_, again) = api.get(&format!("{base}/refresh?{query}"), "").await?;
        ensure!(again["data"] == renewed["data"] && server.simulator.journal().is_empty(), "it asked again");

        // A form is taken as well, and what is to be kept is.
        let form = format!("{query}&save=true");
        let saved = form_post(&api, &format!("{base}/refresh"), &form).await?;
        ensure!(saved["code"] == 200, "it says {}", saved["message"]);
        ensure!(server.object(&["--json", "show", account]).await?["id"] == account, "it was not kept");
        // From now on it is the account that is asked for: a number is enough.
        let (code, held) = api.get(&format!("{base}/refresh?{number}={}", number_of(account)?), "").await?;
        ensure!(code == 200 && held["data"]["cookie"][number] == number_of(account)?, "it answers {code}");
        server.cli(&["forget", account]).await?.succeeded()?;

        // One that is dead is said to be, and the service is not asked about it again and again.
        until("the account to be gone", || async {
            let (_, accounts) = api.get("/v1/accounts", &token).await?;
            ensure!(accounts.as_array().is_some_and(Vec::is_empty), "it is there");
            Ok(())
        })
        .await?;
        server.simulator.revoke(account)?;
        let dead = percent_encoded(key_of(&server.newest_credential(account)?));
        // Another question than the one that was answered within the minute.
        let dead = format!("{base}/refresh?{number}={}&{given}={dead}&csrf=1", number_of(account)?);
        let (code, refused) = api.get(&dead, "").await?;
        ensure!(code == 409 && refused["code"] == 303, "{account}: it answers {code}: {}", refused["code"]);
        server.simulator.clear_journal();
        let (again, _) = api.get(&dead, "").await?;
        ensure!(again == 409 && server.simulator.journal().is_empty(), "it asked again");
    }
    api.stop(&server).await?;
    server.ensure_no_secret_leaked()
}

async fn form_post(api: &LocalApi, path: &str, form: &str) -> Result<Value> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    let request = client.post(format!("{}{path}", api.address));
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(form.to_owned());
    Ok(serde_json::from_str(&request.send().await?.text().await?)?)
}

fn percent_encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_is_kept_expires_is_declined_or_is_found_again_by_whoever_lost_it() -> Result<()> {
    let server = Server::start().await?;
    let token = token(&server, "vkeys", ALL).await?;
    let api = LocalApi::start(&server, &[]).await?;
    let base = format!("/k/{token}/music/tencent/cookie");
    let shown = async || {
        until("a code", || async {
            let codes = server.simulator.codes();
            let shown = codes.iter().rfind(|code| code.state == CodeState::Shown);
            shown.map(|code| code.id).context("none is shown")
        })
        .await
    };

    let mut events = api.events(&format!("{base}/qrcode"), None).await?;
    events.expect().await?;
    server.simulator.expire(shown().await?)?;
    ensure!(last_of(&mut events).await? == EXPIRED, "it says something else");
    ensure!(
        api.reconnect(&format!("{base}/qrcode"), "end").await? == 204,
        "a browser would connect for ever"
    );

    // The early address is its twin, but for a key that opens more than music.
    let mut events = api.events(&format!("{base}/fastlogin"), None).await?;
    ensure!(events.expect().await?.id == "1", "it is another stream");
    drop(events);
    let (code, refused) = api.get(&format!("{base}/fastlogin?client_uin=1&client_key=AA"), "").await?;
    ensure!(code == 400 && refused["code"] == 302, "it answers {code}");
    ensure!(
        refused["message"].as_str().is_some_and(|words| words.contains("client_key")),
        "it does not say why"
    );

    // Kept, over two connections.
    let mut events = api.events(&format!("{base}/qrcode?save=true"), None).await?;
    let picture = events.expect().await?;
    drop(events);
    let mut again = api.events(&format!("{base}/qrcode?save=true"), Some("0")).await?;
    ensure!(again.expect().await?.data == picture.data, "it is another code");
    drop(again);
    let code = shown().await?;
    let mut events = api.events(&format!("{base}/qrcode?save=true"), Some("1")).await?;
    server.simulator.scan(code, Some(QQ))?;
    let scanned = events.expect().await?;
    ensure!(scanned.id == "2" && !scanned.data.starts_with('{'), "it goes on with {}", scanned.id);
    server.simulator.confirm(code)?;
    let answer: Value = serde_json::from_str(&last_of(&mut events).await?)?;
    ensure!(is_key_of(&answer["cookie"]["musickey"], &server.newest_credential(QQ)?), "it is another key");
    ensure!(server.object(&["--json", "show", QQ]).await?["id"] == QQ, "it was not kept");
    api.stop(&server).await?;
    server.ensure_no_secret_leaked()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_is_started_watched_by_ticket_answered_and_cancelled() -> Result<()> {
    let server = Server::start().await?;
    let token = token(&server, "app", "sign-in,status").await?;
    let api = LocalApi::start(&server, &[]).await?;
    let start = async |method: &str| {
        let (code, started) =
            api.post("/v1/sign-ins", &token, json!({ "service": "qqmusic", "method": method })).await?;
        ensure!(code == 201 && started["step"]["step"] == "preparing", "it answers {code}: {started}");
        started["id"].as_u64().context("no id")
    };

    let id = start("qq-scan").await?;
    let (code, made) = api.post(&format!("/v1/sign-ins/{id}/ticket"), &token, Value::Null).await?;
    let address = made["events"].as_str().context("no address")?.to_owned();
    ensure!(code == 201, "it answers {code}");
    let mut everything = api.send(Method::GET, "/v1/events", &token, None).await?;
    let first = everything.chunk().await?.context("no event")?;
    ensure!(String::from_utf8_lossy(&first).contains("event: snapshot"), "it does not begin with the state");
    // Good for a second connection, too, and for nothing else.
    for _ in 0..2 {
        let mut events = api.events(&address, None).await?;
        let step = events.expect().await?;
        ensure!(step.event == "step" && step.json()?["step"].is_string(), "it is {}", step.event);
    }
    let ticket = address.split('=').nth(1).context("a ticket")?;
    for other in [format!("/v1/sign-ins/{id}?ticket={ticket}"), format!("/v1/accounts?ticket={ticket}")] {
        ensure!(api.reconnect(&other, "0").await? == 401, "the ticket opens {other}");
    }
    let mut events = api.events(&address, None).await?;
    while events.expect().await?.json()?["step"] != "show_code" {}
    scan(&server, QQ).await?;
    while let Some(event) = events.next().await? {
        let step = event.json()?;
        ensure!(step["step"] != "failed", "it says {step}");
        if step["step"] == "done" {
            ensure!(step["account"]["id"] == QQ, "it is somebody else");
        }
    }
    // Whoever comes only now is told how it ended; whoever has read that is to come no more.
    let last = api.events(&address, Some("2")).await?.expect().await?;
    ensure!(last.id == "end" && last.json()?["step"] == "done", "it ends with {}", last.data);
    ensure!(api.reconnect(&address, "end").await? == 204, "it would be read for ever");
    let (code, found) = api.get(&format!("/v1/sign-ins/{id}"), &token).await?;
    ensure!(code == 200 && found["step"]["account"]["id"] == QQ, "it answers {code}: {found}");
    let (code, _) = api.post(&format!("/v1/sign-ins/{id}/answer"), &token, json!({ "answer": "go" })).await?;
    ensure!(code == 204, "what comes too late is refused with {code}");
    let (_, left) = api.get("/v1/sign-ins", &token).await?;
    ensure!(left.as_array().is_some_and(Vec::is_empty), "under way is still {left}");
    is_gone_once_it_is_deleted(&api, &token, id).await?;
    ensure!(api.reconnect(&address, "2").await? == 401, "a ticket is good for longer than its sign-in");

    // By a telephone.
    let phone = start("phone").await?;
    let step = async |wanted: &str| {
        until(format!("the step {wanted}"), || async {
            let (code, found) = api.get(&format!("/v1/sign-ins/{phone}"), &token).await?;
            ensure!(code == 200 && found["step"]["step"] == wanted, "it is at {found}");
            Ok(found["step"].clone())
        })
        .await
    };
    let answer =
        async |answer: Value| api.post(&format!("/v1/sign-ins/{phone}/answer"), &token, answer).await;
    step("ask_phone_number").await?;
    let accounts = server.simulator.accounts();
    let owner = accounts.iter().find(|account| account.id == QQ).context("no such account")?;
    let (code, _) = answer(json!({ "answer": "phone_number", "number": owner.phone })).await?;
    ensure!(code == 204, "it answers {code}");
    step("ask_text_code").await?;
    let (code, _) = answer(json!({ "answer": "nonsense" })).await?;
    ensure!((400..500).contains(&code), "it answers {code}");
    is_gone_once_it_is_deleted(&api, &token, phone).await?;
    let asked = Instant::now();
    api.stop(&server).await?;
    ensure!(asked.elapsed() < STOP_LIMIT, "an open stream has kept it for {:?}", asked.elapsed());
    ensure!(
        everything.chunk().await.ok().flatten().is_none_or(|chunk| !chunk.is_empty()),
        "the stream goes on"
    );
    server.ensure_no_secret_leaked()
}

/// Deletes a sign-in, and looks for it at once.
async fn is_gone_once_it_is_deleted(api: &LocalApi, token: &str, id: u64) -> Result<()> {
    let path = format!("/v1/sign-ins/{id}");
    let response = api.send(Method::DELETE, &path, token, None).await?;
    ensure!(response.status() == 204, "deleting answers {}", response.status());
    for (method, path) in [
        (Method::GET, path.clone()),
        (Method::DELETE, path.clone()),
        (Method::POST, format!("{path}/ticket")),
    ] {
        let response = api.send(method.clone(), &path, token, None).await?;
        ensure!(response.status() == 404, "{method} {path} answers {}", response.status());
    }
    let response = api.send(Method::GET, &format!("{path}/events"), token, None).await?;
    ensure!(response.status() == 204, "its steps answer {}", response.status());
    let (_, left) = api.get("/v1/sign-ins", token).await?;
    ensure!(left.as_array().is_some_and(Vec::is_empty), "there is {left}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_only_looks_starts_nothing() -> Result<()> {
    let server = Server::start().await?;
    server.sign_in(QQ).await?;
    let api = LocalApi::start(&server, &[]).await?;
    let all = token(&server, "all", ALL).await?;
    let before = (server.simulator.codes().len(), server.newest_credential(QQ)?);
    for (path, allowed) in [
        ("/music/tencent/cookie/qrcode", "GET"),
        ("/music/tencent/cookie/fastlogin?save=true", "GET"),
        ("/music/netease/cookie/qrcode", "GET"),
        ("/music/tencent/cookie/refresh?uin=10001", "GET, POST"),
        ("/v2/music/tencent/cookie?uin=10001", "GET, POST"),
        ("/music/netease/cookie/refresh?uid=90001", "GET, POST"),
    ] {
        let answer = api.send(Method::HEAD, path, &all, None).await?;
        ensure!(answer.status() == 405, "{path} answers {}", answer.status());
        let allows = answer.headers().get("allow").context("it does not say what it allows")?;
        ensure!(allows == allowed, "{path} allows {allows:?}");
    }
    // What changes nothing may be looked at.
    let answer = api.send(Method::HEAD, "/v1/accounts", &all, None).await?;
    ensure!(answer.status() == 200, "it answers {}", answer.status());
    let (_, sign_ins) = api.get("/v1/sign-ins", &all).await?;
    ensure!(sign_ins == json!([]), "there is {sign_ins}");
    let after = (server.simulator.codes().len(), server.newest_credential(QQ)?);
    ensure!(before.0 == after.0, "a code was asked for");
    ensure!(key_of(&before.1) == key_of(&after.1), "the key was renewed");
    api.stop(&server).await
}
