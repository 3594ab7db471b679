//! The scan with WeChat.

use serde_json::json;
use tunekey_simulator::{ControlError, Fault, FaultKind, IssuedVia, Service, Settings, Verdict};

use super::{
    NOTHING, WECHAT, WECHAT_ACCOUNT, WECHAT_PAGE, WECHAT_POLL, renewal, text, wechat_comm, wechat_query,
};
use crate::harness::{Harness, pairs, set, web_comm};

#[tokio::test]
async fn a_whole_sign_in_with_wechat_breaks_no_rule() {
    let harness = Harness::new().await;
    let uuid = harness.wechat_uuid().await;
    let code = harness.simulator.next_code(Service::QqMusic, 0).await;
    assert_eq!((code.method.as_str(), &code.key), ("wechat_scan", &uuid));

    let picture = format!("{WECHAT}connect/qrcode/{uuid}");
    let picture = harness.browse(&picture, &Vec::new(), WECHAT_PAGE).await.bytes().await.expect("a picture");
    assert!(picture.starts_with(&[0xff, 0xd8]), "it is a JPEG");
    let picture = image::load_from_memory(&picture).expect("it is whole").to_luma8();
    let (_, says) = rqrr::PreparedImage::prepare(picture).detect_grids()[0].decode().expect("it is a code");
    assert_eq!(says, format!("{WECHAT}connect/confirm?uuid={uuid}"), "what the phone reads");

    harness.simulator.scan_text(&says, None).expect("the first WeChat account scans it");
    assert_eq!(harness.wechat_poll(&uuid, None).await, ("404".to_owned(), String::new()), "scanned");
    // Asked again, it is held until the person decides.
    let (decided, confirmed) = tokio::join!(harness.wechat_poll(&uuid, Some("404")), async {
        harness.simulator.until(|state| (state.codes()[0].polls == 2).then_some(())).await;
        harness.simulator.confirm(code.id)
    });
    confirmed.expect("it is confirmed");
    assert_eq!(decided.0, "405", "confirmed");

    let mut credential = harness.exchange_wechat(&decided.1).await["data"].take();
    assert_eq!(credential["str_musicid"], "1152921504606847123", "all 19 digits");
    assert_eq!(credential["loginType"], 1, "a WeChat account");
    assert!(text(&credential["musickey"]).starts_with("W_X_"), "with a key of its kind");
    for empty in ["refresh_key", "refresh_token", "access_token"] {
        assert_eq!(credential[empty], "", "{empty} is there and empty");
    }
    assert_eq!(harness.user_info(&credential).await["code"], 0, "the key is good");
    let renewed = harness.renew_a(&credential, &renewal(&credential)).await;
    assert_eq!(renewed["code"], 0, "it is renewed with the openid alone");
    credential["musickey"] = renewed["data"]["musickey"].clone();
    assert_eq!(harness.user_info(&credential).await["code"], 0, "the new key is good");
    let issued = harness.simulator.ledger();
    assert_eq!(
        issued.iter().map(|issued| issued.via).collect::<Vec<_>>(),
        [IssuedVia::WechatScan, IssuedVia::Renewal]
    );
    assert_eq!(harness.broken(), NOTHING);
}

#[tokio::test]
async fn a_wechat_poll_tells_how_a_code_ends() {
    let harness = Harness::with(Settings { long_poll_seconds: 0, ..Settings::default() }).await;
    let uuid = harness.wechat_uuid().await;
    assert_eq!(harness.wechat_poll(&uuid, None).await.0, "408", "nothing happened while it was held");
    harness.simulator.refuse(1).expect("it is refused");
    assert_eq!(harness.wechat_poll(&uuid, None).await.0, "403", "declined");

    let uuid = harness.wechat_uuid().await;
    harness.simulator.expire(2).expect("it ends");
    assert_eq!(harness.wechat_poll(&uuid, None).await.0, "402", "its time is up");

    let uuid = harness.wechat_uuid().await;
    harness.simulator.confirm(3).expect("it is confirmed");
    assert_eq!(harness.wechat_poll(&uuid, None).await.0, "405", "confirmed");
    assert_eq!(harness.wechat_poll(&uuid, None).await.0, "402", "the result is given once");
    assert_eq!(harness.broken(), NOTHING);
}

#[tokio::test]
async fn a_code_from_wechat_is_good_once_and_only_complete() {
    let harness = Harness::new().await;
    let code = harness.wechat_code(WECHAT_ACCOUNT).await;
    let param = json!({"code": code, "strAppid": "wx48db31d50e334801"});
    let refused = harness.login(&web_comm(), &param).await;
    assert_eq!((&refused["code"], &refused["data"]["musickey"]), (&json!(1000), &json!("")));
    assert_eq!(harness.last_rule().as_deref(), Some("comm.tmeLoginType is not 1"));
    let refused = harness.login(&wechat_comm(), &json!({"code": code})).await;
    assert_eq!(refused["code"], 1000, "the name of the app is missing");
    assert_eq!(harness.last_rule().as_deref(), Some("strAppid is not QQ Music's"));
    assert_eq!(harness.exchange(&code).await["code"], 1000, "it is no code of QQ's");
    assert_eq!(harness.exchange_wechat(&code).await["code"], 0, "nothing of that used it up");
    assert_eq!(harness.exchange_wechat(&code).await["code"], 1000, "the second time");
    assert_eq!(harness.last_rule().as_deref(), Some("the code was used before"));
    assert_eq!(harness.simulator.ledger().len(), 1, "one sign-in");
}

#[tokio::test]
async fn wechat_has_no_code_for_another_app_and_no_answer_for_another_page() {
    let harness = Harness::new().await;
    for (name, wrong) in [("appid", "wx0"), ("redirect_uri", "https://y.qq.com/"), ("scope", "snsapi_base")] {
        let mut query = wechat_query();
        set(&mut query, name, wrong);
        let page = harness.browse(WECHAT_PAGE, &query, "").await.text().await.expect("it is text");
        assert!(!page.contains("uuid="), "{name}: the page has no code");
        assert!(harness.last_rule().is_some_and(|rule| rule.starts_with(name)), "{name} is named");
    }
    assert!(harness.simulator.codes().is_empty(), "no code was made");

    let uuid = harness.wechat_uuid().await;
    let query = pairs(&[("uuid", &uuid), ("_", "1790000000000")]);
    let answer = harness.browse(WECHAT_POLL, &query, "https://y.qq.com/").await.text().await;
    assert!(answer.expect("it is text").contains("wx_errcode=500"), "another page's poll");
    assert_eq!(harness.wechat_poll("unknown", None).await.0, "402", "a code that was never shown");
    assert_eq!(harness.last_rule().as_deref(), Some("uuid is unknown"));
    let scanned = harness.simulator.scan(1, Some("qqmusic:10001"));
    assert!(matches!(scanned, Err(ControlError::WrongService(_))), "QQ accounts are not in WeChat");
}

#[tokio::test]
async fn faults_of_a_wechat_poll_have_a_form_that_wechat_has() {
    for (kind, errcode) in [
        (FaultKind::UnknownCode, "777"),
        (FaultKind::Risk, "500"),
        (FaultKind::RateLimited, "500"),
        (FaultKind::Expired, "402"),
        (FaultKind::RenewalSkeleton, "405"),
    ] {
        let harness = Harness::new().await;
        let uuid = harness.wechat_uuid().await;
        harness.simulator.arm(Fault::new("qq.wx_poll", kind).once()).expect("the name is known");
        assert_eq!(harness.wechat_poll(&uuid, None).await, (errcode.to_owned(), String::new()), "{kind:?}");
        assert_eq!(harness.simulator.journal().last().map(|entry| entry.verdict), Some(Verdict::Faulted));
    }
}
