//! Faults do what their names say, at the request they name, as often as they were told.

mod harness;

use std::time::Duration;

use harness::{CHAIN, Harness, json_of, path_a, set, show_query};
use serde_json::json;
use tunekey_simulator::{Fault, FaultKind, Rotation, Settings, Verdict};

const SHOW: &str = "https://ssl.ptlogin2.qq.com/ptqrshow";

/// Asks for a code while one fault is armed.
async fn show_with_fault(kind: FaultKind) -> (Harness, reqwest::Result<reqwest::Response>) {
    let harness = Harness::new().await;
    harness.simulator.arm(Fault::new("qq.ptqrshow", kind).once()).expect("the name is known");
    let response = harness
        .client
        .get(SHOW)
        .query(&show_query())
        .header("user-agent", harness::BROWSER)
        .header("referer", harness::LOGIN_PAGE)
        .timeout(Duration::from_secs(if matches!(kind, FaultKind::Hang | FaultKind::Stall) { 1 } else { 20 }))
        .send()
        .await;
    (harness, response)
}

#[tokio::test]
async fn a_server_error_is_one_and_the_next_request_is_answered() {
    let (harness, response) = show_with_fault(FaultKind::Status500).await;
    assert_eq!(response.expect("it is answered").status(), 500);
    assert!(harness.simulator.codes().is_empty());
    harness.show().await;
    let verdicts: Vec<_> = harness.simulator.journal().iter().map(|entry| entry.verdict).collect();
    assert_eq!(verdicts, [Verdict::Faulted, Verdict::Granted]);
}

#[tokio::test]
async fn a_page_stands_in_for_the_answer() {
    let (_harness, response) = show_with_fault(FaultKind::Html).await;
    assert!(response.expect("it is answered").text().await.expect("it ends").starts_with("<!doctype html>"));
}

#[tokio::test]
async fn a_truncated_body_ends_early_although_the_request_was_processed() {
    let (harness, response) = show_with_fault(FaultKind::Truncated).await;
    assert!(response.expect("the headers come").bytes().await.is_err());
    assert_eq!(harness.simulator.codes().len(), 1);
}

#[tokio::test]
async fn a_reset_reaches_the_client_as_a_reset() {
    let (harness, response) = show_with_fault(FaultKind::Reset).await;
    let error = format!("{:?}", response.expect_err("nothing is answered"));
    assert!(error.contains("ConnectionReset"), "{error}");
    assert!(harness.simulator.codes().is_empty());
}

#[tokio::test]
async fn silence_lasts_until_the_client_gives_up() {
    let (_harness, response) = show_with_fault(FaultKind::Hang).await;
    assert!(response.expect_err("nothing is answered").is_timeout());
    let (_harness, response) = show_with_fault(FaultKind::Stall).await;
    assert!(response.expect("the headers come").bytes().await.expect_err("the rest does not").is_timeout());
}

#[tokio::test]
async fn an_endless_body_does_not_end() {
    let (_harness, response) = show_with_fault(FaultKind::Endless).await;
    let mut response = response.expect("the headers come");
    let mut read = 0;
    while read < 8 * 1024 * 1024 {
        read += response.chunk().await.expect("it goes on").expect("it does not end").len();
    }
}

#[tokio::test]
async fn a_bomb_is_small_outside_and_large_inside() {
    let (_harness, response) = show_with_fault(FaultKind::GzipBomb).await;
    // The client unpacks it by itself; the time limit ends it.
    let mut response = response.expect("the headers come");
    let mut read = 0;
    while let Ok(Some(chunk)) = response.chunk().await {
        read += chunk.len();
        if read > 4 * 1024 * 1024 {
            break;
        }
    }
    assert!(read > 4 * 1024 * 1024, "only {read} bytes");
}

#[tokio::test]
async fn a_lost_renewal_has_happened_all_the_same() {
    let harness = Harness::with(Settings { rotation: Rotation::DiesAtOnce, ..Settings::default() }).await;
    let credential = harness.sign_in_qq("qqmusic:10001").await;
    harness.simulator.arm(Fault::new("qq.renew", FaultKind::RenewalLost).once()).expect("the name is known");
    let body = json!({
        "comm": Harness::signed_comm(&credential),
        "req_0": {"module": "music.login.LoginServer", "method": "Login", "param": path_a(&credential)},
    });
    let lost = harness.client.post("https://u.y.qq.com/cgi-bin/musicu.fcg").json(&body).send().await;
    assert!(lost.is_err());
    assert_eq!(harness.simulator.ledger().len(), 2);
    assert!(!harness.simulator.ledger()[0].is_valid());
}

#[tokio::test]
async fn a_renewal_can_be_refused_or_answered_with_an_empty_skeleton() {
    let harness = Harness::new().await;
    let credential = harness.sign_in_qq("qqmusic:10001").await;
    for (fault, code) in [
        (Fault::new("qq.renew", FaultKind::RenewalSkeleton), 0),
        (Fault::new("qq.renew", FaultKind::RenewalSkeleton).with_code(20_279), 20_279),
        (Fault::new("qq.renew", FaultKind::RenewalRejected), 1000),
        (Fault::new("qq.renew", FaultKind::Risk), 2001),
        (Fault::new("qq.renew", FaultKind::RateLimited), 104_604),
    ] {
        harness.simulator.arm(fault.once()).expect("the name is known");
        let answer = harness.renew_a(&credential, &path_a(&credential)).await;
        assert_eq!((&answer["code"], &answer["data"]["musickey"]), (&json!(code), &json!("")));
    }
    assert!(harness.simulator.renewals().is_empty());
    assert_eq!(harness.renew_a(&credential, &path_a(&credential)).await["code"], 0);
}

#[tokio::test]
async fn an_answer_can_speak_of_somebody_else() {
    let harness = Harness::new().await;
    harness.simulator.arm(Fault::new("qq.userinfo", FaultKind::WrongUser)).expect("the name is known");
    let credential = harness.sign_in_qq("qqmusic:10001").await;
    let other = "<img src=x onerror=alert(1)> & \"小满\"";
    assert_eq!(harness.user_info(&credential).await["data"]["info"]["nick"], other);
}

#[tokio::test]
async fn every_risk_code_of_netease_can_be_had_at_every_request() {
    let harness = Harness::new().await;
    let cookies = harness.sign_in_netease("netease:90001").await;
    for (at, path) in [
        ("netease.unikey", "/login/qrcode/unikey"),
        ("netease.poll", "/login/qrcode/client/login"),
        ("netease.account", "/w/nuser/account/get"),
        ("netease.vip", "/music-vip-membership/front/vip/info"),
        ("netease.refresh", "/login/token/refresh"),
        ("netease.logout", "/logout"),
    ] {
        for code in [8821, 8830, 8810, -462, -460, 10_003, 10_004] {
            harness
                .simulator
                .arm(Fault::new(at, FaultKind::Risk).with_code(code).once())
                .expect("the name is known");
            assert_eq!(json_of(harness.weapi(path, &cookies).await).await["code"], code);
        }
    }
    assert!(harness.simulator.ledger()[0].is_valid());
}

#[tokio::test]
async fn a_netease_refresh_can_give_nothing_new() {
    let harness = Harness::new().await;
    let mut cookies = harness.sign_in_netease("netease:90001").await;
    set(&mut cookies, "os", "pc");
    harness
        .simulator
        .arm(Fault::new("netease.refresh", FaultKind::RenewalSkeleton).once())
        .expect("the name is known");
    let response = harness.plain("/login/token/refresh", &Vec::new(), &cookies).await;
    assert!(harness::cookies_of(&response).is_empty());
    assert_eq!(json_of(response).await, json!({"code": 200}));
}

#[tokio::test]
async fn a_fault_that_expires_a_poll_expires_the_code() {
    let harness = Harness::new().await;
    let (_, visitor) = harness.unikey().await;
    harness.simulator.arm(Fault::new("netease.poll", FaultKind::Expired).once()).expect("the name is known");
    for _ in 0..2 {
        assert_eq!(json_of(harness.poll_web(&visitor, CHAIN).await).await["code"], 800);
    }
}

#[tokio::test]
async fn a_fault_at_a_request_that_does_not_exist_is_not_armed() {
    let harness = Harness::new().await;
    assert!(harness.simulator.arm(Fault::new("qq.nothing", FaultKind::Html)).is_err());
    for at in harness.simulator.request_names() {
        harness.simulator.arm(Fault::new(*at, FaultKind::Html)).expect("the name is known");
    }
    harness.simulator.clear_faults();
    assert!(harness.simulator.faults().is_empty());
}

#[tokio::test]
async fn a_planted_mark_is_in_every_secret() {
    const MARK: &str = "c0ffee123456";
    let harness = Harness::new().await;
    harness.simulator.plant_canary(Some(MARK));
    let credential = harness.sign_in_qq("qqmusic:10001").await;
    for name in ["musickey", "openid", "unionid", "access_token", "refresh_token", "refresh_key"] {
        assert!(credential[name].as_str().is_some_and(|value| value.contains(MARK)), "{name}");
    }
    harness.sign_in_netease("netease:90001").await;
    for issued in harness.simulator.ledger() {
        for (name, value) in &issued.secrets {
            assert!(value.contains(MARK), "{name}");
        }
    }
    for code in harness.simulator.codes() {
        assert!(code.key.contains(MARK) && code.text.contains(MARK), "code {}", code.id);
    }
}

#[tokio::test]
async fn the_control_side_does_over_http_what_the_library_does() {
    let harness = Harness::new().await;
    let control = reqwest::Client::builder().no_proxy().build().expect("the client is made");
    let at = |path: &str| format!("{}{path}", harness.simulator.control_url);
    let qrsig = harness.show().await;
    let codes =
        json_of(control.get(at("/codes?service=qqmusic&wait=5")).send().await.expect("it is answered")).await;
    assert_eq!(codes[0]["state"], "shown");
    let body = json!({"account": "qqmusic:10002"});
    let code =
        json_of(control.post(at("/codes/1/scan")).json(&body).send().await.expect("it is answered")).await;
    assert_eq!((&code["state"], &code["account"]), (&json!("scanned"), &json!("qqmusic:10002")));
    let again = control.post(at("/codes/1/scan")).send().await.expect("it is answered");
    assert_eq!(again.status(), 409);
    control.post(at("/codes/1/confirm")).send().await.expect("it is answered");
    assert!(harness.poll(&qrsig).await.contains("'0','https://ssl.ptlogin2.graph.qq.com/check_sig"));
    let settings = control.patch(at("/settings")).json(&json!({"music_u_length": 700})).send().await;
    assert_eq!(json_of(settings.expect("it is answered")).await["music_u_length"], 700);
    let wrong =
        control.patch(at("/settings")).json(&json!({"colour": 1})).send().await.expect("it is answered");
    assert_eq!(wrong.status(), 422);
    let foreign = control.get(at("/ledger")).header("origin", "https://collector.example").send().await;
    assert_eq!(foreign.expect("it is answered").status(), 403);
    let page = control.get(at("/")).send().await.expect("it is answered").text().await.expect("it is text");
    assert!(page.contains("扫码"));
}

#[tokio::test]
async fn codes_are_confirmed_by_themselves_when_that_is_set() {
    let harness =
        Harness::with(Settings { auto: "scan=0s,confirm=0s".parse().ok(), ..Settings::default() }).await;
    let (_, visitor) = harness.unikey().await;
    harness
        .simulator
        .until(|state| (state.codes()[0].state == tunekey_simulator::CodeState::Confirmed).then_some(()))
        .await;
    assert_eq!(json_of(harness.poll_web(&visitor, CHAIN).await).await["code"], 803);
}
