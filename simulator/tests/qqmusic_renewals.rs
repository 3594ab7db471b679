//! Which renewals QQ Music answers with a new key, and what becomes of the old one (protocol: QQ §7.1, §13).

mod harness;

use harness::{Harness, json_of, path_a};
use serde_json::{Value, json};
use tunekey_simulator::{Rotation, Service, Settings};

const PHONE: &str = "13800010001";

impl Harness {
    async fn as_app(&self, method: &str, param: &Value) -> Value {
        let comm = json!({
            "ct": "11", "cv": "20090008", "v": "20090008", "tmeAppID": "qqmusic", "tmeLoginMethod": "3",
            "tmeLoginType": "0", "OpenUDID": "D1", "udid": "D1",
        });
        let call = json!({"module": "music.login.LoginServer", "method": method, "param": param});
        let request = self.client.post("https://u.y.qq.com/cgi-bin/musicu.fcg");
        let request = request.header("user-agent", "QQMusic 20090008(android 15)");
        let request = request.json(&json!({"comm": comm, "req_0": call}));
        json_of(request.send().await.expect("it is answered")).await["req_0"].take()
    }

    /// Signs the first account in by a text message, which has a `loginType` of its own.
    async fn sign_in_by_phone(&self) -> Value {
        let param = json!({"tmeAppid": "qqmusic", "phoneNo": PHONE, "areaCode": "86"});
        assert_eq!(self.as_app("SendPhoneAuthCode", &param).await["code"], 0);
        let code = self.simulator.next_text_message(Service::QqMusic, 0).await.code;
        let param = json!({"code": code, "phoneNo": PHONE, "loginMode": 1});
        self.as_app("Login", &param).await["data"].take()
    }
}

/// The renewal of a credential in the shape that is named, with `tmeLoginType` as given.
async fn renewed_as(harness: &Harness, credential: &Value, names: &[&str], login_type: i64) -> Value {
    let mut param = json!({ "loginMode": 2, "musickey": credential["musickey"] });
    for name in names {
        param[*name] = credential[*name].clone();
    }
    let mut comm = Harness::signed_comm(credential);
    comm["tmeLoginType"] = json!(login_type);
    harness.musicu(&comm, "music.login.LoginServer", "Login", &param).await
}

const BOTH_NUMBERS: [&str; 3] = ["musicid", "str_musicid", "refresh_key"];

#[tokio::test]
async fn a_renewal_repeats_what_the_last_answer_called_the_sign_in_with_the_numbers_that_go_with_it() {
    for raw_login_type in [true, false] {
        let harness = Harness::with(Settings { raw_login_type, ..Settings::default() }).await;
        let credential = harness.sign_in_by_phone().await;
        let told = if raw_login_type { 0 } else { 2 };
        assert_eq!(credential["loginType"], told);
        let other = if raw_login_type { 2 } else { 0 };
        assert_eq!(renewed_as(&harness, &credential, &BOTH_NUMBERS, other).await["code"], 1000);
        let rule = format!("comm.tmeLoginType is not the {told} of the last answer");
        assert_eq!(harness.last_rule(), Some(rule));
        if raw_login_type {
            let one_number = renewed_as(&harness, &credential, &["musicid", "refresh_key"], told).await;
            assert_eq!(one_number["code"], 1000, "another way of signing in goes by both");
        }
        let renewed = renewed_as(&harness, &credential, &BOTH_NUMBERS, told).await;
        assert_eq!((&renewed["code"], &renewed["data"]["loginType"]), (&json!(0), &json!(2)));
        let again = renewed_as(&harness, &renewed["data"], &BOTH_NUMBERS, 0).await;
        assert_eq!(again["code"], 1000, "the last answer counts, not the first");
    }
}

#[tokio::test]
async fn the_accounts_kind_does_as_well_where_the_service_is_not_strict_about_it() {
    let harness = Harness::with(Settings { repeats_login_type: false, ..Settings::default() }).await;
    let credential = harness.sign_in_by_phone().await;
    assert_eq!(credential["loginType"], 0);
    for login_type in [2, 0] {
        assert_eq!(renewed_as(&harness, &credential, &BOTH_NUMBERS, login_type).await["code"], 0);
    }
}

#[tokio::test]
async fn number_and_key_alone_are_renewed_while_the_key_works_and_never_after() {
    let harness = Harness::new().await;
    let four_days = std::time::Duration::from_secs(4 * 86_400);
    for (account, login_type) in [("qqmusic:10001", 2), ("qqmusic:1152921504606847123", 1)] {
        let credential = harness.sign_in_qq(account).await;
        let bare: &[&str] = &["musicid", "str_musicid"];
        let renewed = renewed_as(&harness, &credential, bare, login_type).await;
        assert_eq!(renewed["code"], 0, "{account}: it works");
        harness.simulator.age(account, four_days).expect("it ages");
        let dead = renewed_as(&harness, &renewed["data"], bare, login_type).await;
        assert_eq!(dead["code"], 1000, "{account}: it has ended");
        let mut data = renewed["data"].clone();
        data["refresh_key"] = credential["refresh_key"].clone();
        let revived = renewed_as(&harness, &data, &BOTH_NUMBERS, login_type).await;
        assert_eq!(revived["code"], 0, "{account}: the refresh key outlives it");
    }
    assert!(harness.simulator.broken_rules().is_empty(), "{:?}", harness.simulator.broken_rules());
}

#[tokio::test]
async fn a_renewal_that_names_the_telephones_method_is_refused() {
    let harness = Harness::new().await;
    let credential = harness.sign_in_qq("qqmusic:10001").await;
    let mut comm = Harness::signed_comm(&credential);
    comm["tmeLoginMethod"] = json!(3);
    let answer = harness.musicu(&comm, "music.login.LoginServer", "Login", &path_a(&credential)).await;
    assert_eq!(answer["code"], 1000);
}

#[tokio::test]
async fn the_old_key_dies_when_the_new_one_is_used_where_the_service_waits_for_that() {
    let rotation = Rotation::DiesOnceTheNewIsUsed;
    let harness = Harness::with(Settings { rotation, ..Settings::default() }).await;
    let credential = harness.sign_in_qq("qqmusic:10001").await;
    let renewed = harness.renew_a(&credential, &path_a(&credential)).await;
    assert_eq!(harness.user_info(&credential).await["code"], 0, "nobody has used the new one");
    assert_eq!(harness.user_info(&renewed["data"]).await["code"], 0);
    assert_eq!(harness.user_info(&credential).await["code"], 1000);
}
