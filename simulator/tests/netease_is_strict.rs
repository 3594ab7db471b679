//! NetEase refuses what the real one would refuse.

mod harness;

use harness::{CHAIN, Harness, Pairs, WEAPI_KEY, WEAPI_PARAMS, cookies_of, json_of, pairs, set};
use serde_json::Value;
use tunekey_simulator::{GuestFlag, Rotation, Service, Settings};

async fn code_of(response: reqwest::Response) -> Value {
    json_of(response).await["code"].take()
}

fn with_pc(cookies: &Pairs) -> Pairs {
    let mut cookies = cookies.clone();
    set(&mut cookies, "os", "pc");
    cookies
}

#[tokio::test]
async fn a_whole_sign_in_breaks_no_rule() {
    let harness = Harness::new().await;
    let cookies = harness.sign_in_netease("netease:90001").await;
    let account = json_of(harness.weapi("/w/nuser/account/get", &cookies).await).await;
    assert_eq!(account["profile"]["nickname"], "云村小满");
    let vip = json_of(harness.weapi("/music-vip-membership/client/vip/info", &cookies).await).await;
    assert_eq!(vip["data"]["associator"]["vipCode"], 100);
    assert_eq!(harness.simulator.broken_rules().len(), 0);
}

#[tokio::test]
async fn a_sign_in_sets_about_thirty_cookies_and_tells_nothing_in_the_body() {
    let harness = Harness::new().await;
    let (_, visitor) = harness.unikey().await;
    harness.simulator.confirm(1).expect("it is confirmed");
    let response = harness.poll_web(&visitor, CHAIN).await;
    let cookies = cookies_of(&response);
    assert!((28..=32).contains(&cookies.len()), "{} cookies", cookies.len());
    assert!(cookies.iter().any(|(name, value)| name == "MUSIC_U" && value.len() == 1500));
    assert!(cookies.iter().any(|(name, value)| name == "MUSIC_SNS" && value.is_empty()));
    assert_eq!(cookies.iter().filter(|(name, _)| name == "MUSIC_R_U").count(), 2);
    let body = json_of(response).await;
    assert_eq!(body["code"], 803);
    assert!(body.get("cookie").is_none() && body.get("profile").is_none());
    assert_eq!(code_of(harness.poll_web(&visitor, CHAIN).await).await, 800, "the session is given once");
}

#[tokio::test]
async fn a_poll_tells_every_state_of_the_code() {
    let harness = Harness::new().await;
    let (_, visitor) = harness.unikey().await;
    assert_eq!(code_of(harness.poll_web(&visitor, CHAIN).await).await, 801);
    harness.simulator.scan(1, Some("netease:90002")).expect("it is scanned");
    let scanned = json_of(harness.poll_web(&visitor, CHAIN).await).await;
    assert_eq!(
        (&scanned["code"], scanned["nickname"].as_str()),
        (&802.into(), Some("<img src=x onerror=alert(1)> & \"小满\""))
    );
    harness.simulator.refuse(1).expect("it is refused");
    assert_eq!(code_of(harness.poll_web(&visitor, CHAIN).await).await, 800);
}

#[tokio::test]
async fn a_chain_that_changes_while_polling_is_a_risk() {
    let harness = Harness::new().await;
    let (_, visitor) = harness.unikey().await;
    assert_eq!(code_of(harness.poll_web(&visitor, CHAIN).await).await, 801);
    let other = CHAIN.replace("1790000000000", "1790000009999");
    assert_eq!(code_of(harness.poll_web(&visitor, &other).await).await, 8821);
    assert_eq!(harness.last_rule().as_deref(), Some("chainId changed while polling"));
}

#[tokio::test]
async fn a_text_with_another_chain_than_the_polls_is_a_risk() {
    let harness = Harness::new().await;
    let (key, visitor) = harness.unikey().await;
    let text =
        format!("https://music.163.com/st/platform/scanlogin?codekey={key}&chainId={CHAIN}9&hdw_device=web");
    harness.simulator.scan_text(&text, None).expect("a phone reads it");
    assert_eq!(code_of(harness.poll_web(&visitor, CHAIN).await).await, 802);
    harness.simulator.confirm(1).expect("it is confirmed");
    assert_eq!(code_of(harness.poll_web(&visitor, CHAIN).await).await, 8821);
    assert!(harness.simulator.ledger().is_empty());
}

#[tokio::test]
async fn two_codes_on_two_screens_are_told_apart() {
    let harness = Harness::new().await;
    let (_, first) = harness.unikey().await;
    let (_, second) = harness.unikey().await;
    harness.simulator.scan(1, None).expect("it is scanned");
    let other = CHAIN.replace("1790000000000", "1790000009999");
    assert_eq!(code_of(harness.poll_web(&second, &other).await).await, 801);
    assert_eq!(code_of(harness.poll_web(&first, CHAIN).await).await, 802);
}

#[tokio::test]
async fn a_body_that_is_not_weapi_is_refused() {
    let harness = Harness::new().await;
    let wrong = [
        pairs(&[("params", "not base64!"), ("encSecKey", WEAPI_KEY)]),
        pairs(&[("params", "c2hvcnQ="), ("encSecKey", WEAPI_KEY)]),
        pairs(&[("params", WEAPI_PARAMS), ("encSecKey", &WEAPI_KEY[2..])]),
        pairs(&[("params", WEAPI_PARAMS), ("encSecKey", &WEAPI_KEY.to_uppercase())]),
        pairs(&[("type", "1")]),
    ];
    for form in wrong {
        let response = harness.weapi_with("/login/qrcode/unikey", &form, &Vec::new(), &[]).await;
        assert_eq!(code_of(response).await, 400, "{form:?}");
    }
    assert!(harness.simulator.codes().is_empty());
}

#[tokio::test]
async fn a_desktop_request_with_a_wrong_digest_gets_nothing() {
    let harness = Harness::new().await;
    // Documented for another path: it opens, but is not signed for this one.
    let params = "1CA81A97B7BAEB099F29A9B99A25CD6E58E7BA5B35F25231033065C776830C0A38A128CF8B3EAF44635E50E0B9800A4A037CBDA1E04BD460C02768E3ECD5E66E905A5BCAE52009FB0933EFB373A62E834048DEBDABCCC627F25820A8D94E0A8C";
    let response = harness
        .client
        .post("https://interface.music.163.com/eapi/logout")
        .header("user-agent", harness::BROWSER)
        .form(&pairs(&[("params", params)]))
        .send()
        .await
        .expect("it is answered");
    assert_eq!(response.status(), 200);
    assert!(response.bytes().await.expect("it ends").is_empty());
    assert!(harness.last_rule().expect("a rule was broken").contains("signed path"));
}

#[tokio::test]
async fn a_desktop_request_without_a_header_object_is_refused() {
    let harness = Harness::new().await;
    let params = "1CA81A97B7BAEB099F29A9B99A25CD6E58E7BA5B35F25231033065C776830C0A38A128CF8B3EAF44635E50E0B9800A4A037CBDA1E04BD460C02768E3ECD5E66E905A5BCAE52009FB0933EFB373A62E834048DEBDABCCC627F25820A8D94E0A8C";
    let response = harness
        .client
        .post("https://interface.music.163.com/eapi/login/qrcode/unikey")
        .header("user-agent", harness::BROWSER)
        .form(&pairs(&[("params", params)]))
        .send()
        .await
        .expect("it is answered");
    assert_eq!(code_of(response).await, 400);
    assert_eq!(harness.last_rule().as_deref(), Some("header is missing from the payload"));
}

#[tokio::test]
async fn a_refresh_without_its_token_is_not_done() {
    let harness = Harness::new().await;
    let mut cookies = with_pc(&harness.sign_in_netease("netease:90001").await);
    cookies.retain(|(name, _)| name != "MUSIC_R_U");
    let answer = json_of(harness.plain("/login/token/refresh", &Vec::new(), &cookies).await).await;
    assert_eq!((&answer["code"], &answer["bizCode"]), (&200.into(), &"400".into()));
    assert!(harness.simulator.renewals().is_empty());
}

#[tokio::test]
async fn a_refresh_without_the_desktop_cookies_is_not_done() {
    let harness = Harness::new().await;
    let signed_in = harness.sign_in_netease("netease:90001").await;
    let answer = json_of(harness.plain("/login/token/refresh", &Vec::new(), &signed_in).await).await;
    assert_eq!(answer["bizCode"], "400");
    let mut forgetful = with_pc(&signed_in);
    forgetful.retain(|(name, _)| name != "__remember_me");
    let answer = json_of(harness.plain("/login/token/refresh", &Vec::new(), &forgetful).await).await;
    assert_eq!(answer["bizCode"], "400");
}

#[tokio::test]
async fn a_refresh_gives_a_new_session_and_the_old_one_stays_good() {
    let harness = Harness::new().await;
    let old = harness.sign_in_netease("netease:90001").await;
    let response = harness.plain("/login/token/refresh", &Vec::new(), &with_pc(&old)).await;
    let mut new = cookies_of(&response);
    new.retain(|(_, value)| !value.is_empty());
    assert_eq!(json_of(response).await["bizCode"], "201");
    for cookies in [&old, &new] {
        let account = json_of(harness.plain("/nuser/account/get", &Vec::new(), cookies).await).await;
        assert_eq!(account["account"]["id"], 90001);
    }
    assert_eq!(harness.simulator.renewals().get("netease:90001"), Some(&1));
}

#[tokio::test]
async fn a_dead_session_is_nobody_and_not_an_error() {
    let harness = Harness::new().await;
    let cookies = harness.sign_in_netease("netease:90001").await;
    harness.simulator.revoke("netease:90001").expect("the account is known");
    let account = json_of(harness.weapi("/w/nuser/account/get", &cookies).await).await;
    assert_eq!(
        (&account["code"], &account["account"], &account["profile"]),
        (&200.into(), &Value::Null, &Value::Null)
    );
    assert_eq!(code_of(harness.weapi("/login/token/refresh", &cookies).await).await, 301);
}

#[tokio::test]
async fn a_guest_is_not_signed_in() {
    let harness = Harness::new().await;
    let guest = cookies_of(&harness.weapi("/register/anonimous", &Vec::new()).await);
    let account = json_of(harness.weapi("/w/nuser/account/get", &guest).await).await;
    assert_eq!((&account["account"]["anonimousUser"], &account["profile"]), (&true.into(), &Value::Null));
}

#[tokio::test]
async fn a_sign_out_ends_the_session_and_deletes_its_cookies() {
    let harness = Harness::new().await;
    let cookies = harness.sign_in_netease("netease:90001").await;
    let response = harness.weapi("/logout", &cookies).await;
    assert!(cookies_of(&response).iter().any(|(name, value)| name == "MUSIC_U" && value.is_empty()));
    assert!(harness.simulator.ledger()[0].is_signed_out());
}

#[tokio::test]
async fn endpoints_that_only_wrappers_know_do_not_exist() {
    let harness = Harness::new().await;
    for path in ["/login/qrcode/create", "/login/qrcode/client/check"] {
        assert_eq!(code_of(harness.weapi(path, &Vec::new()).await).await, 404);
    }
}

#[tokio::test]
async fn a_request_in_clear_and_a_host_that_is_not_simulated_are_refused() {
    let harness = Harness::new().await;
    let clear = harness.client.get("http://p1.music.126.net/x.jpg").send().await.expect("the proxy answers");
    assert_eq!(clear.status(), 403);
    assert!(harness.client.get("https://example.com/").send().await.is_err());
    let rules: Vec<_> = harness.simulator.broken_rules().into_iter().filter_map(|entry| entry.rule).collect();
    assert!(rules[0].contains("readable for everybody"), "{rules:?}");
    assert_eq!(rules[1], "the host is not simulated");
}

#[tokio::test]
async fn a_code_is_polled_in_the_way_in_which_it_was_made() {
    let harness = Harness::with(Settings { require_chain_id: true, ..Settings::default() }).await;
    let plain =
        json_of(harness.plain("/login/qrcode/unikey", &pairs(&[("type", "1")]), &Vec::new()).await).await;
    let key = plain["unikey"].as_str().expect("a unikey");
    assert_eq!(harness.simulator.next_code(Service::NetEase, 0).await.method, "app_scan_plain");
    for (kind, wanted) in [("1", 801), ("2", 400)] {
        let form = pairs(&[("type", kind), ("key", key)]);
        assert_eq!(
            code_of(harness.plain("/login/qrcode/client/login", &form, &Vec::new()).await).await,
            wanted
        );
    }
    assert_eq!(code_of(harness.weapi("/login/qrcode/client/login", &Vec::new()).await).await, 8821);
}

#[tokio::test]
async fn a_guest_says_so_as_the_service_spells_it_or_otherwise() {
    for (guests, flag, other) in [
        (GuestFlag::Anonimous, "anonimousUser", "anonymousUser"),
        (GuestFlag::Anonymous, "anonymousUser", "anonimousUser"),
    ] {
        let harness = Harness::with(Settings { guests, ..Settings::default() }).await;
        let cookies = harness.sign_in_netease("netease:90001").await;
        let answer = json_of(harness.weapi("/w/nuser/account/get", &cookies).await).await;
        assert_eq!((&answer["code"], &answer["account"][flag]), (&200.into(), &true.into()));
        assert!(answer["account"].get(other).is_none(), "in one spelling at a time");
    }
}

#[tokio::test]
async fn a_confirmation_may_carry_the_session_in_a_header_alone() {
    let harness = Harness::with(Settings { session_in_header: true, ..Settings::default() }).await;
    let (_, visitor) = harness.unikey().await;
    harness.simulator.confirm(1).expect("it is confirmed");
    let response = harness.poll_web(&visitor, CHAIN).await;
    let session = response.headers()["x-refresh-token"].to_str().expect("it is text").to_owned();
    let mut cookies = cookies_of(&response);
    assert!(cookies.iter().all(|(name, _)| name != "MUSIC_U"), "not even a deletion");
    assert_eq!(code_of(response).await, 803);
    set(&mut cookies, "MUSIC_U", &session);
    let account = json_of(harness.weapi("/w/nuser/account/get", &cookies).await).await;
    assert_eq!(account["profile"]["nickname"], "云村小满");
}

#[tokio::test]
async fn a_renewal_says_why_there_is_no_new_session_and_the_old_one_goes_on() {
    let harness = Harness::new().await;
    let cookies = with_pc(&harness.sign_in_netease("netease:90001").await);
    let renew = async |cookies: &Pairs| {
        json_of(harness.plain("/login/token/refresh", &Vec::new(), cookies).await).await["bizCode"].take()
    };
    let mut without = cookies.clone();
    without.retain(|(name, _)| name != "MUSIC_R_U");
    assert_eq!(renew(&without).await, "400", "nothing to renew it with");
    harness.simulator.configure(|settings| settings.dead_refresh_tokens = true);
    assert_eq!(renew(&cookies).await, "504", "what renews it has ended");
    assert_eq!(harness.simulator.broken_rules().len(), 0);
    let account = json_of(harness.weapi("/w/nuser/account/get", &cookies).await).await;
    assert_eq!(account["profile"]["nickname"], "云村小满", "the session works");
    harness.simulator.configure(|settings| settings.dead_refresh_tokens = false);
    assert_eq!(renew(&cookies).await, "201");
}

#[tokio::test]
async fn the_old_session_dies_when_the_new_one_is_used_where_the_service_waits_for_that() {
    let rotation = Rotation::DiesOnceTheNewIsUsed;
    let harness = Harness::with(Settings { rotation, ..Settings::default() }).await;
    let old = with_pc(&harness.sign_in_netease("netease:90001").await);
    let renewed = harness.plain("/login/token/refresh", &Vec::new(), &old).await;
    let mut new = cookies_of(&renewed);
    new.retain(|(_, value)| !value.is_empty());
    let name = async |cookies: &Pairs| {
        json_of(harness.weapi("/w/nuser/account/get", cookies).await).await["profile"]["nickname"].take()
    };
    assert_eq!(name(&old).await, "云村小满", "nobody has used the new one");
    assert_eq!(name(&new).await, "云村小满");
    assert_eq!(name(&old).await, Value::Null);
}
