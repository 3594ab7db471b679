//! QQ Music refuses what the real one would refuse.

mod harness;

use harness::{Harness, authorize_form, cookies_of, path_a, poll_query, set, show_query};
use serde_json::json;
use tunekey_simulator::{CodeState, DeletedCookie, Rotation, Service, Settings};

const SHOW: &str = "https://ssl.ptlogin2.qq.com/ptqrshow";
const POLL: &str = "https://ssl.ptlogin2.qq.com/ptqrlogin";

#[tokio::test]
async fn a_whole_sign_in_breaks_no_rule() {
    let harness = Harness::new().await;
    let credential = harness.sign_in_qq("qqmusic:10001").await;
    assert_eq!(credential["str_musicid"], "10001");
    assert!(credential["musickey"].as_str().is_some_and(|key| key.starts_with("Q_H_L_")));
    assert_eq!(harness.user_info(&credential).await["data"]["info"]["nick"], "小满");
    assert_eq!(harness.simulator.broken_rules().len(), 0);
    assert_eq!(harness.simulator.ledger().len(), 1);
}

#[tokio::test]
async fn the_picture_says_the_text_that_was_issued() {
    let harness = Harness::new().await;
    let png = harness.get(SHOW, &show_query(), "").await.bytes().await.expect("there is a picture");
    let picture = image::load_from_memory(&png).expect("it is a picture").to_luma8();
    let mut prepared = rqrr::PreparedImage::prepare(picture);
    let grids = prepared.detect_grids();
    let (_, text) = grids[0].decode().expect("it is a code");
    assert_eq!(text, harness.simulator.codes()[0].text);
    assert_eq!(harness.simulator.scan_text(&text, None).expect("a phone reads it").state, CodeState::Scanned);
}

#[tokio::test]
async fn a_code_is_not_shown_to_a_client_that_names_another_app() {
    let harness = Harness::new().await;
    let mut query = show_query();
    set(&mut query, "appid", "1");
    assert_eq!(harness.get(SHOW, &query, "").await.status(), 403);
    assert!(harness.simulator.codes().is_empty());
}

#[tokio::test]
async fn a_poll_with_a_wrong_token_is_refused() {
    let harness = Harness::new().await;
    let qrsig = harness.show().await;
    let mut query = poll_query(&qrsig);
    set(&mut query, "ptqrtoken", "12345");
    assert_eq!(harness.get(POLL, &query, &format!("qrsig={qrsig}")).await.status(), 403);
    assert!(harness.last_rule().expect("a rule was broken").starts_with("ptqrtoken"));
}

#[tokio::test]
async fn a_poll_without_the_cookie_is_refused() {
    let harness = Harness::new().await;
    let qrsig = harness.show().await;
    assert_eq!(harness.get(POLL, &poll_query(&qrsig), "").await.status(), 403);
}

#[tokio::test]
async fn a_poll_tells_every_state_of_the_code() {
    let harness = Harness::new().await;
    let state = |said: String| said.split('\'').nth(1).map(str::to_owned);
    let qrsig = harness.show().await;
    let code = harness.simulator.next_code(Service::QqMusic, 0).await;
    assert_eq!(state(harness.poll(&qrsig).await).as_deref(), Some("66"));
    harness.simulator.scan(code.id, None).expect("it is scanned");
    assert_eq!(state(harness.poll(&qrsig).await).as_deref(), Some("67"));
    harness.simulator.confirm(code.id).expect("it is confirmed");
    assert_eq!(state(harness.poll(&qrsig).await).as_deref(), Some("0"));
    assert_eq!(state(harness.poll(&qrsig).await).as_deref(), Some("65"), "the result is given once");

    for (end, wanted) in [(true, "68"), (false, "65")] {
        let qrsig = harness.show().await;
        let code = harness.simulator.codes().last().expect("there is a code").id;
        if end { harness.simulator.refuse(code) } else { harness.simulator.expire(code) }.expect("it ends");
        assert_eq!(state(harness.poll(&qrsig).await).as_deref(), Some(wanted));
    }
    assert!(harness.simulator.broken_rules().is_empty());
}

#[tokio::test]
async fn a_code_ends_by_itself() {
    let harness = Harness::with(Settings { code_life_seconds: 0, ..Settings::default() }).await;
    let qrsig = harness.show().await;
    assert!(harness.poll(&qrsig).await.starts_with("ptuiCB('65'"));
}

#[tokio::test]
async fn a_ticket_is_good_for_one_visit() {
    let harness = Harness::new().await;
    let url = harness.confirmed("qqmusic:10001").await;
    assert!(!harness.check_sig(&url).await.is_empty());
    assert!(harness.check_sig(&url).await.is_empty());
    assert_eq!(harness.last_rule().as_deref(), Some("ptsigx was used before"));
}

#[tokio::test]
async fn a_ticket_of_somebody_else_is_rejected() {
    let harness = Harness::new().await;
    let url = harness.confirmed("qqmusic:10001").await.replace("uin=10001", "uin=10002");
    assert!(harness.check_sig(&url).await.is_empty());
}

#[tokio::test]
async fn an_empty_p_skey_stands_on_either_side_of_the_real_one() {
    for (place, deleted_first) in [(DeletedCookie::Before, true), (DeletedCookie::After, false)] {
        let harness = Harness::with(Settings { deleted_p_skey: place, ..Settings::default() }).await;
        let url = harness.confirmed("qqmusic:10001").await;
        let cookies = cookies_of(&harness.get(&url, &Vec::new(), "").await);
        let keys: Vec<bool> =
            cookies.iter().filter(|(name, _)| name == "p_skey").map(|(_, value)| value.is_empty()).collect();
        assert_eq!(keys, [deleted_first, !deleted_first]);
    }
}

#[tokio::test]
async fn authorize_refuses_when_any_cookie_is_left_out() {
    let harness = Harness::new().await;
    let cookies = harness.check_sig(&harness.confirmed("qqmusic:10001").await).await;
    let p_skey = cookies.iter().find(|(name, _)| name == "p_skey").expect("it is set").1.clone();
    for left_out in &cookies {
        let rest: Vec<_> = cookies.iter().filter(|cookie| *cookie != left_out).cloned().collect();
        let location = harness.authorize(&authorize_form(&p_skey), &rest).await;
        assert!(!location.contains("code="), "{} was not missed", left_out.0);
    }
    let location = harness.authorize(&authorize_form(&p_skey), &cookies).await;
    assert!(location.contains("code=") && location.ends_with("&state=abc"), "{location}");
    assert!(!harness.authorize(&authorize_form(&p_skey), &cookies).await.contains("code="), "once is enough");
}

#[tokio::test]
async fn authorize_refuses_a_wrong_g_tk_or_redirect() {
    let harness = Harness::new().await;
    let cookies = harness.check_sig(&harness.confirmed("qqmusic:10001").await).await;
    let p_skey = cookies.iter().find(|(name, _)| name == "p_skey").expect("it is set").1.clone();
    for (name, value) in
        [("g_tk", "5381"), ("redirect_uri", "https://collector.example/"), ("ui", "1"), ("state", "")]
    {
        let mut form = authorize_form(&p_skey);
        set(&mut form, name, value);
        assert!(!harness.authorize(&form, &cookies).await.contains("code="), "{name}={value} was taken");
    }
}

#[tokio::test]
async fn a_code_is_exchanged_once_and_failures_give_the_empty_skeleton() {
    let harness = Harness::new().await;
    let code = harness.oauth_code("qqmusic:10001").await;
    assert_eq!(harness.exchange(&code).await["code"], 0);
    let again = harness.exchange(&code).await;
    assert_eq!((&again["code"], &again["data"]["musickey"]), (&json!(1000), &json!("")));
    assert_eq!(again["data"]["musicid"], 0);
    assert_eq!(harness.last_rule().as_deref(), Some("the code was used before"));
}

#[tokio::test]
async fn a_renewal_rotates_the_key_and_leaves_what_it_does_not_say_empty() {
    let harness = Harness::new().await;
    let credential = harness.sign_in_qq("qqmusic:10001").await;
    let renewed = harness.renew_a(&credential, &path_a(&credential)).await;
    assert_eq!(renewed["code"], 0);
    assert_ne!(renewed["data"]["musickey"], credential["musickey"]);
    assert_eq!(renewed["data"]["refresh_token"], "");
    assert_eq!(renewed["data"]["refresh_key"], credential["refresh_key"]);
    assert_eq!(harness.simulator.renewals().get("qqmusic:10001"), Some(&1));
    assert_eq!(harness.user_info(&credential).await["code"], 0, "the old key stays good for a while");
    assert_eq!(harness.user_info(&renewed["data"]).await["code"], 0);
}

#[tokio::test]
async fn the_old_key_dies_at_once_when_the_service_says_so() {
    let harness = Harness::with(Settings { rotation: Rotation::DiesAtOnce, ..Settings::default() }).await;
    let credential = harness.sign_in_qq("qqmusic:10001").await;
    let renewed = harness.renew_a(&credential, &path_a(&credential)).await;
    assert_eq!(harness.user_info(&credential).await["code"], 1000);
    assert_eq!(harness.user_info(&renewed["data"]).await["code"], 0);
}

#[tokio::test]
async fn a_renewal_with_a_wrong_part_is_refused() {
    let harness = Harness::new().await;
    let credential = harness.sign_in_qq("qqmusic:10001").await;
    for (name, value) in [
        ("refresh_key", json!("rk_wrong")),
        ("musicid", json!("10001")),
        ("musicid", json!(10002)),
        ("musickey", json!("Q_H_L_wrong")),
        ("openid", json!("wrong")),
    ] {
        let mut param = path_a(&credential);
        param[name] = value.clone();
        let answer = harness.renew_a(&credential, &param).await;
        assert_eq!(
            (&answer["code"], &answer["data"]["musickey"]),
            (&json!(1000), &json!("")),
            "{name}={value}"
        );
    }
    assert!(harness.simulator.renewals().is_empty());
}

#[tokio::test]
async fn a_wechat_account_of_19_digits_renews_with_its_own_parameters() {
    let harness = Harness::new().await;
    let credential = harness.sign_in_qq("qqmusic:1152921504606847123").await;
    assert_eq!(credential["musicid"], 1_152_921_504_606_847_123_u64);
    assert_eq!(
        (&credential["loginType"], credential["musickey"].as_str().map(|key| &key[..4])),
        (&json!(1), Some("W_X_"))
    );
    let param = json!({
        "openid": credential["openid"], "refresh_token": credential["refresh_token"],
        "str_musicid": credential["str_musicid"], "musickey": credential["musickey"],
        "unionid": credential["unionid"], "refresh_key": credential["refresh_key"], "loginMode": 2,
    });
    assert_eq!(harness.renew_a(&credential, &param).await["code"], 0);
}

#[tokio::test]
async fn path_b_needs_the_old_cookie_and_gives_no_refresh_key() {
    let harness = Harness::new().await;
    let credential = harness.sign_in_qq("qqmusic:10001").await;
    let param = json!({
        "onlyNeedAccessToken": 0, "forceRefreshToken": 0, "psrf_qqopenid": credential["openid"],
        "refresh_token": credential["refresh_token"], "access_token": credential["access_token"],
        "expired_at": credential["expired_at"], "musicid": credential["musicid"], "musickey": credential["musickey"],
        "musickeyCreateTime": credential["musickeyCreateTime"], "unionid": credential["unionid"],
        "str_musicid": credential["str_musicid"], "encryptUin": credential["encryptUin"],
    });
    let body = json!({
        "comm": harness::web_comm(),
        "req_0": {"module": "QQConnectLogin.LoginServer", "method": "QQLogin", "param": param},
    });
    let key = credential["musickey"].as_str().expect("it is text");
    let mut codes = Vec::new();
    for cookie in [String::new(), format!("uin=10001; qqmusic_key={key}")] {
        let request = harness
            .client
            .post("https://u6.y.qq.com/cgi-bin/musicu.fcg?format=json&inCharset=utf8&outCharset=utf8")
            .header("cookie", cookie)
            .json(&body);
        let answer = harness::json_of(request.send().await.expect("it is answered")).await;
        codes.push((answer["req_0"]["code"].clone(), answer["req_0"]["data"]["refresh_key"].clone()));
    }
    assert_eq!(codes, [(json!(1000), json!("")), (json!(0), json!(""))]);
    assert_eq!(harness.simulator.renewals().get("qqmusic:10001"), Some(&1));
}

#[tokio::test]
async fn a_sign_out_ends_the_session() {
    let harness = Harness::new().await;
    let credential = harness.sign_in_qq("qqmusic:10001").await;
    let comm = Harness::signed_comm(&credential);
    assert_eq!(harness.musicu(&comm, "music.login.LoginServer", "Logout", &json!({})).await["code"], 0);
    assert_eq!(harness.user_info(&credential).await["code"], 1000);
    assert!(harness.simulator.ledger()[0].is_signed_out());
}

#[tokio::test]
async fn a_membership_question_with_numbers_is_refused() {
    let harness = Harness::new().await;
    let credential = harness.sign_in_qq("qqmusic:10004").await;
    let comm = Harness::signed_comm(&credential);
    let module = ("userInfo.VipQueryServer", "SRFVipQuery_V2");
    let wrong = harness.musicu(&comm, module.0, module.1, &json!({"uin_list": [10004]})).await;
    assert_eq!(wrong["code"], 10_006);
    let right = harness.musicu(&comm, module.0, module.1, &json!({"uin_list": ["10004"]})).await;
    assert_eq!(right["data"]["infoMap"]["10004"]["HugeVip"], 1);
}

#[tokio::test]
async fn a_credential_that_has_aged_is_refused() {
    let harness = Harness::new().await;
    let credential = harness.sign_in_qq("qqmusic:10001").await;
    harness.simulator.age("qqmusic:10001", std::time::Duration::from_secs(4 * 86_400)).expect("it ages");
    assert_eq!(harness.user_info(&credential).await["code"], 1000);
}

#[tokio::test]
async fn an_account_of_wechat_may_have_a_placeholder_beside_its_number() {
    let harness = Harness::with(Settings { placeholder_musicid: true, ..Settings::default() }).await;
    let credential = harness.sign_in_qq("qqmusic:1152921504606847123").await;
    assert_eq!(
        (&credential["musicid"], &credential["str_musicid"]),
        (&json!(1), &json!("1152921504606847123"))
    );
    assert_eq!(harness.user_info(&credential).await["code"], 0);
    let mut placeholder = Harness::signed_comm(&credential);
    placeholder["uin"] = json!("1");
    let module = ("music.UserInfo.userInfoServer", "GetLoginUserInfo");
    let refused = harness.musicu(&placeholder, module.0, module.1, &json!({})).await;
    assert_eq!(refused["code"], 1000, "whoever takes it for the account is nobody");
    let qq = harness.sign_in_qq("qqmusic:10001").await;
    assert_eq!(qq["musicid"], 10001, "accounts of QQ have their number");
}

#[tokio::test]
async fn the_question_whether_a_key_works_names_no_account_and_the_one_for_memberships_answers_nobody() {
    let harness = Harness::new().await;
    let credential = harness.sign_in_qq("qqmusic:10001").await;
    let info = harness.user_info(&credential).await["data"]["info"].take();
    assert_eq!(info["nick"], "小满");
    for name in ["uin", "musicid", "encrypt_uin"] {
        assert!(info.get(name).is_none(), "{name} names the account");
    }
    let module = ("VipLogin.VipLoginInter", "vip_login_base");
    let member = harness.musicu(&Harness::signed_comm(&credential), module.0, module.1, &json!({})).await;
    assert_eq!(member["data"]["identity"]["vip"], 1);
    let nobody = harness.musicu(&harness::web_comm(), module.0, module.1, &json!({})).await;
    assert_eq!((&nobody["code"], &nobody["data"]["identity"]["vip"]), (&json!(0), &json!(0)));
}

#[tokio::test]
async fn a_refusal_may_have_the_newer_code() {
    let harness = Harness::with(Settings { refusal_code: 22_005, ..Settings::default() }).await;
    let qrsig = harness.show().await;
    let code = harness.simulator.next_code(Service::QqMusic, 0).await;
    harness.simulator.refuse(code.id).expect("it is refused");
    assert!(harness.poll(&qrsig).await.starts_with("ptuiCB('22005'"));
}

#[tokio::test]
async fn nothing_is_exchanged_before_the_check_that_risk_control_wants() {
    let harness = Harness::with(Settings { exchange_check: true, ..Settings::default() }).await;
    let code = harness.oauth_code("qqmusic:10001").await;
    let held = harness.exchange(&code).await;
    assert_eq!((&held["code"], &held["data"]["musickey"]), (&json!(2001), &json!("")));
    let page = held["data"]["feedbackURL"].as_str().expect("there is an address").to_owned();
    assert!(page.starts_with("https://y.qq.com/wk_v17/common_login.html?"), "{page}");
    let opened = harness.client.get(&page).header("user-agent", harness::BROWSER).send().await;
    assert_eq!(opened.expect("it opens").status(), 200);
    assert_eq!(harness.exchange(&code).await["code"], 2001, "to look at it is not to do it");
    let done = harness.client.post(&page).header("user-agent", harness::BROWSER).send().await;
    assert_eq!(done.expect("it is sent").status(), 200);
    assert_eq!(harness.exchange(&code).await["code"], 0, "the code is still good");
    assert!(harness.simulator.broken_rules().is_empty(), "{:?}", harness.simulator.broken_rules());
}
