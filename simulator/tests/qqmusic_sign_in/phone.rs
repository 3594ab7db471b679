//! The text message.

use reqwest::Method;
use serde_json::json;
use tunekey_simulator::{IssuedVia, Service, Settings};

use super::{FIRST, LOGIN, NOBODYS, NOTHING, UNBOUND, other_than, phone_comm, renewal, text};
use crate::harness::Harness;

#[tokio::test]
async fn a_whole_sign_in_by_text_message_with_a_check_breaks_no_rule() {
    let harness = Harness::with(Settings { phone_captcha: true, ..Settings::default() }).await;
    let check = harness.send_to(FIRST, "D1").await;
    let address = harness.simulator.captchas()[0].address.clone();
    assert_eq!((&check["code"], &check["data"]["securityURL"]), (&json!(20_276), &json!(address)));
    assert!(address.starts_with("https://y.qq.com/"), "it is a page of the service: {address}");
    assert_eq!(harness.send_to(FIRST, "D1").await["code"], 20_276, "it is not solved yet");
    assert!(harness.simulator.text_messages().is_empty(), "nothing is sent before the check is passed");
    let page = harness.browse(&address, &Vec::new(), "").await.text().await.expect("it is text");
    assert!(page.contains("id=\"solve\""), "the page has a button: {page}");
    harness.client.request(Method::POST, &address).send().await.expect("it is answered");
    assert!(harness.simulator.captchas()[0].solved, "the button solves it");

    assert_eq!(harness.send_to(FIRST, "D1").await["code"], 0, "the same call again sends it");
    let message = harness.simulator.next_text_message(Service::QqMusic, 0).await;
    assert_eq!((message.phone.as_str(), message.code.len()), (FIRST, 6));
    let credential = harness.login_with(FIRST, &message.code, "D1").await["data"].take();
    assert_eq!((&credential["str_musicid"], &credential["loginType"]), (&json!("10001"), &json!(0)));
    assert_eq!(harness.user_info(&credential).await["code"], 0, "the key is good");
    assert_eq!(harness.renew_a(&credential, &renewal(&credential)).await["code"], 0, "and is renewed");
    assert_eq!(harness.simulator.ledger()[0].via, IssuedVia::Phone);
    assert_eq!(harness.broken(), NOTHING);
}

#[tokio::test]
async fn a_code_from_a_message_is_good_once_for_the_device_that_asked() {
    let harness = Harness::new().await;
    assert_eq!(harness.login_with(FIRST, "123456", "D1").await["code"], 20_271, "nothing was sent");
    assert!(harness.last_rule().is_some(), "a client that does not ask first is wrong");
    assert_eq!(harness.send_to(FIRST, "D1").await["code"], 0);
    let code = harness.newest_text();
    let wrong = harness.login_with(FIRST, other_than(&code), "D1").await;
    assert_eq!((&wrong["code"], &wrong["data"]["musickey"]), (&json!(20_271), &json!("")), "mistyped");
    assert_eq!(harness.last_rule(), None, "people mistype");
    assert_eq!(harness.login_with(FIRST, &code, "D2").await["code"], 20_271, "another device");
    assert!(harness.last_rule().is_some_and(|rule| rule.starts_with("the device")), "the client changed it");
    assert_eq!(harness.login_with(FIRST, &code, "D1").await["code"], 0, "nothing of that used it up");
    assert_eq!(harness.login_with(FIRST, &code, "D1").await["code"], 20_271, "the second time");
    assert_eq!(harness.simulator.ledger().len(), 1, "one sign-in");
}

#[tokio::test]
async fn a_second_message_has_to_wait_and_makes_the_first_worthless() {
    let harness = Harness::new().await;
    assert_eq!(harness.send_to(FIRST, "D1").await["code"], 0);
    assert_eq!(harness.send_to(FIRST, "D1").await["code"], 100_001, "too soon");
    assert_eq!(harness.simulator.text_messages().len(), 1, "nothing was sent");
    harness.simulator.configure(|settings| settings.phone_resend_seconds = 0);
    let first = harness.newest_text();
    assert_eq!(harness.send_to(FIRST, "D1").await["code"], 0);
    assert_eq!(harness.login_with(FIRST, &first, "D1").await["code"], 20_271, "the older one");
    assert_eq!(harness.login_with(FIRST, &harness.newest_text(), "D1").await["code"], 0, "the newest one");
    assert_eq!(harness.broken(), NOTHING);
}

#[tokio::test]
async fn a_number_without_an_account_and_an_account_with_too_many_devices_are_told_apart() {
    let harness = Harness::new().await;
    for phone in [UNBOUND, NOBODYS] {
        assert_eq!(harness.send_to(phone, "D1").await["code"], 0, "{phone} gets a message");
        let answer = harness.login_with(phone, &harness.newest_text(), "D1").await;
        assert_eq!((&answer["code"], &answer["data"]["musickey"]), (&json!(20_274), &json!("")), "{phone}");
        assert!(text(&answer["data"]["phoneNo"]).contains("****"), "the number is masked");
    }
    harness.simulator.configure(|settings| settings.device_limit = true);
    harness.send_to(FIRST, "D1").await;
    let answer = harness.login_with(FIRST, &harness.newest_text(), "D1").await;
    assert_eq!(answer["code"], 20_279, "too many devices");
    assert!(!text(&answer["data"]["errMsg"]).is_empty(), "in words of the service");
    assert!(harness.simulator.ledger().is_empty(), "nobody is signed in");
    assert_eq!(harness.broken(), NOTHING);
}

#[tokio::test]
async fn a_message_is_sent_only_for_complete_parameters() {
    let harness = Harness::new().await;
    let good = json!({"tmeAppid": "qqmusic", "phoneNo": FIRST, "areaCode": "86"});
    for (name, wrong, code) in [
        ("tmeAppid", json!("other"), 20_261),
        ("phoneNo", json!(13_800_010_001_u64), 20_261),
        ("areaCode", json!(86), 10_006),
    ] {
        let mut param = good.clone();
        param[name] = wrong;
        let refused = harness.as_app(&phone_comm("D1"), "SendPhoneAuthCode", &param).await;
        assert_eq!(refused["code"], code, "{name}");
        assert!(harness.last_rule().is_some_and(|rule| rule.starts_with(name)), "{name} is named");
    }
    for name in ["tmeLoginMethod", "OpenUDID"] {
        let mut comm = phone_comm("D1");
        comm[name] = json!("");
        assert_eq!(harness.as_app(&comm, "SendPhoneAuthCode", &good).await["code"], 20_261, "{name}");
        assert!(harness.last_rule().is_some_and(|rule| rule.contains(name)), "{name} is named");
    }
    let refused = harness.send_to("138", "D1").await;
    assert_eq!(refused["code"], 104_400, "no number");
    assert!(!text(&refused["data"]["errMsg"]).is_empty(), "it says why");
    assert_eq!(harness.last_rule(), None, "people mistype");
    let mut comm = phone_comm("D1");
    comm["tmeLoginMethod"] = json!("");
    let param = json!({"code": "123456", "phoneNo": FIRST, "loginMode": 1});
    assert_eq!(harness.as_app(&comm, LOGIN.1, &param).await["code"], 104_400, "a login as no telephone");
    assert!(harness.simulator.text_messages().is_empty(), "nothing was sent");
}
