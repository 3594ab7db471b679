//! QQ Music's sign-in methods besides the scan with QQ: WeChat, the app, the text message, and the official page.

mod harness;
mod push_client;

use harness::{BROWSER, Harness, Pairs, json_of, pairs, set, web_comm};
use push_client::{Connect, PATH, Packet, PushClient, handshake, puback, subscribe};
use reqwest::header::{LOCATION, REFERER, USER_AGENT};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{Error, Message};
use tunekey_simulator::{
    CodeState, ControlError, Fault, FaultKind, IssuedVia, PushSplit, Service, Settings, Verdict,
};

const WECHAT: &str = "https://open.weixin.qq.com/";
const WECHAT_PAGE: &str = "https://open.weixin.qq.com/connect/qrconnect";
const WECHAT_POLL: &str = "https://lp.open.weixin.qq.com/connect/l/qrconnect";
const WECHAT_ACCOUNT: &str = "qqmusic:1152921504606847123";
const SHOW: &str = "https://graph.qq.com/oauth2.0/show";
const LOGIN: (&str, &str) = ("music.login.LoginServer", "Login");
/// The number of the first account, one that is bound to nothing, and one that nobody has.
const FIRST: &str = "13800010001";
const UNBOUND: &str = "13800010005";
const NOBODYS: &str = "13900000000";

/// Makes a correct CONNECT incorrect in one way.
type Change = fn(&mut Connect);

/// The rules that a correct client breaks.
const NOTHING: [String; 0] = [];

fn wechat_query() -> Pairs {
    pairs(&[
        ("appid", "wx48db31d50e334801"),
        ("redirect_uri", "https://y.qq.com/portal/wx_redirect.html?login_type=2&surl=https://y.qq.com/"),
        ("response_type", "code"),
        ("scope", "snsapi_login"),
        ("state", "STATE"),
        ("href", "https://y.qq.com/mediastyle/music_v17/src/css/popup_wechat.css#wechat_redirect"),
    ])
}

fn show_query() -> Pairs {
    pairs(&[
        ("which", "Login"),
        ("display", "pc"),
        ("response_type", "code"),
        ("client_id", "100497308"),
        (
            "redirect_uri",
            "https://y.qq.com/portal/wx_redirect.html?login_type=1&surl=https%3A%2F%2Fy.qq.com%2F",
        ),
        ("state", "state of mine"),
        ("scope", "get_user_info,get_app_friends"),
    ])
}

fn wechat_comm() -> Value {
    json!({"tmeAppID": "qqmusic", "tmeLoginType": 1, "g_tk": 5381, "platform": "yqq", "ct": 24, "cv": 0})
}

fn create_param() -> Value {
    json!({"tmeAppID": "qqmusic", "ct": 11, "cv": 20_090_008})
}

/// The app on a telephone of its own.
fn phone_comm(device: &str) -> Value {
    json!({
        "ct": "11", "cv": "20090008", "v": "20090008", "tmeAppID": "qqmusic", "tmeLoginMethod": "3", "tmeLoginType": "0",
        "OpenUDID": device, "udid": device, "OpenUDID2": device, "QIMEI36": "q", "aid": "a",
    })
}

/// A code that is not `code`.
fn other_than(code: &str) -> &'static str {
    if code == "000000" { "111111" } else { "000000" }
}

fn text(value: &Value) -> &str {
    value.as_str().expect("it is text")
}

/// Everything that a renewal may name (protocol: QQ §7.1, "other").
fn renewal(credential: &Value) -> Value {
    let mut param = harness::path_a(credential);
    param["str_musicid"] = credential["str_musicid"].clone();
    param["unionid"] = credential["unionid"].clone();
    param
}

impl Harness {
    fn broken(&self) -> Vec<String> {
        self.simulator.broken_rules().into_iter().filter_map(|entry| entry.rule).collect()
    }

    async fn browse(&self, url: &str, query: &Pairs, referer: &str) -> Response {
        let request = self.client.get(url).query(query).header(USER_AGENT, BROWSER);
        request.header(REFERER, referer).send().await.expect("it is answered")
    }

    // ---- WeChat

    /// Opens the page and returns the uuid of its code.
    async fn wechat_uuid(&self) -> String {
        let page = self.browse(WECHAT_PAGE, &wechat_query(), "").await.text().await.expect("it is text");
        let uuid = page.split("uuid=").nth(1).and_then(|rest| rest.split('"').next());
        uuid.expect("the script names the uuid").to_owned()
    }

    /// Asks once; `last` is what the page adds when it knows that the code was scanned.
    async fn wechat_poll(&self, uuid: &str, last: Option<&str>) -> (String, String) {
        let mut query = pairs(&[("uuid", uuid), ("_", "1790000000000")]);
        last.into_iter().for_each(|last| set(&mut query, "last", last));
        let said = self.browse(WECHAT_POLL, &query, WECHAT).await.text().await.expect("it is text");
        let rest = said.strip_prefix("window.wx_errcode=").expect("it begins with the state");
        let (errcode, rest) = rest.split_once(";window.wx_code='").expect("the code follows");
        (errcode.to_owned(), rest.strip_suffix("';").expect("it ends there").to_owned())
    }

    /// A code for the exchange.
    async fn wechat_code(&self, account: &str) -> String {
        let uuid = self.wechat_uuid().await;
        let code = self.simulator.next_code(Service::QqMusic, 0).await;
        self.simulator.confirm_as(code.id, Some(account)).expect("it is confirmed");
        self.wechat_poll(&uuid, None).await.1
    }

    async fn login(&self, comm: &Value, param: &Value) -> Value {
        self.musicu(comm, LOGIN.0, LOGIN.1, param).await
    }

    async fn exchange_wechat(&self, code: &str) -> Value {
        self.login(&wechat_comm(), &json!({"code": code, "strAppid": "wx48db31d50e334801"})).await
    }

    // ---- the app

    /// Asks for a code and returns its id.
    async fn create(&self) -> String {
        let comm = json!({"ct": "23", "cv": "0", "tmeAppID": "qqmusic"});
        let created = self.musicu(&comm, LOGIN.0, "CreateQRCode", &create_param()).await;
        assert_eq!(created["code"], 0, "a code is made: {created}");
        assert!(
            text(&created["data"]["qrcode"]).starts_with("data:image/png;base64,iVBOR"),
            "with a picture"
        );
        text(&created["data"]["qrcodeID"]).to_owned()
    }

    async fn exchange_app(&self, param: &Value) -> Value {
        self.exchange_app_as("23", param).await
    }

    async fn exchange_app_as(&self, ct: &str, param: &Value) -> Value {
        self.login(&json!({"ct": ct, "cv": "0", "tmeAppID": "qqmusic", "tmeLoginType": 6}), param).await
    }

    /// A subscription to a new code, and the number of the code.
    async fn waiting(&self) -> (PushClient, u64) {
        let id = self.create().await;
        let code = self.simulator.codes().last().expect("there is a code").id;
        (PushClient::subscribed(&self.simulator, &id).await, code)
    }

    // ---- the text message

    async fn as_app(&self, comm: &Value, method: &str, param: &Value) -> Value {
        let call = json!({"module": LOGIN.0, "method": method, "param": param});
        let response = self
            .client
            .post("https://u.y.qq.com/cgi-bin/musicu.fcg")
            .header(USER_AGENT, "QQMusic 20090008(android 15)")
            .json(&json!({"comm": comm, "req_0": call}))
            .send()
            .await
            .expect("it is answered");
        json_of(response).await["req_0"].take()
    }

    async fn send_to(&self, phone: &str, device: &str) -> Value {
        let param = json!({"tmeAppid": "qqmusic", "phoneNo": phone, "areaCode": "86"});
        self.as_app(&phone_comm(device), "SendPhoneAuthCode", &param).await
    }

    async fn login_with(&self, phone: &str, code: &str, device: &str) -> Value {
        let param = json!({"code": code, "phoneNo": phone, "loginMode": 1});
        self.as_app(&phone_comm(device), LOGIN.1, &param).await
    }

    fn newest_text(&self) -> String {
        self.simulator.text_messages().last().expect("a message was sent").code.clone()
    }

    // ---- the official page

    /// Opens the page; returns where its script asks and where it goes on.
    async fn open_page(&self) -> (String, String) {
        let page = self.browse(SHOW, &show_query(), "").await.text().await.expect("it is text");
        let address = |name: &str| {
            let found =
                page.split(&format!("var {name} = \"/")).nth(1).and_then(|rest| rest.split('"').next());
            format!("https://graph.qq.com/{}", found.expect("the script says where"))
        };
        (address("state"), address("next"))
    }

    async fn page_state(&self, address: &str) -> Value {
        json_of(self.browse(address, &Vec::new(), SHOW).await).await["state"].take()
    }

    /// The parameters of the address that the page goes on to.
    async fn go_on(&self, address: &str) -> Pairs {
        let response = self.browse(address, &Vec::new(), SHOW).await;
        let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
        let location = reqwest::Url::parse(location.expect("it leads on")).expect("it is an address");
        assert_eq!((location.scheme(), location.host_str()), ("https", Some("y.qq.com")), "to QQ Music");
        assert_eq!(location.path(), "/portal/wx_redirect.html", "to the blank page");
        location.query_pairs().into_owned().collect()
    }
}

fn value<'a>(pairs: &'a Pairs, name: &str) -> Option<&'a str> {
    pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

// ---- WeChat ------------------------------------------------------------------------------------------------------

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

// ---- the app -----------------------------------------------------------------------------------------------------

#[tokio::test]
async fn a_whole_sign_in_with_the_app_over_a_redirect_breaks_no_rule() {
    let harness = Harness::new().await;
    let id = harness.create().await;
    assert_eq!(id.len(), 91, "as long as the real ones");
    let (mut push_client, redirects) =
        PushClient::connected(&harness.simulator, &Connect::correct(&id)).await;
    assert_eq!(redirects, 1, "the first server sends it on");
    assert_eq!(push_client.subscribe(&id).await, Packet::SubAck(1, 0));
    push_client.send(vec![0xc0, 0]).await;
    assert_eq!(push_client.next().await, Some(Packet::PingResp));

    harness.simulator.scan(1, Some("qqmusic:10004")).expect("it is scanned");
    assert_eq!(push_client.event().await.0, "scanned");
    harness.simulator.confirm(1).expect("it is confirmed");
    let (kind, payload) = push_client.event().await;
    assert_eq!(kind, "cookies");
    push_client.send(vec![0xe0, 0]).await;
    assert_eq!(push_client.next().await, None, "it is closed");

    let payload: Value = serde_json::from_str(&payload).expect("it is JSON");
    let cookie = |name: &str| text(&payload["cookies"][name]["value"]).to_owned();
    assert_eq!((cookie("qqmusic_uin").as_str(), cookie("qrcode_id")), ("10004", id.clone()));
    let token = cookie("qqmusic_key");
    let param = json!({"musicid": 10004, "qrCodeID": id, "token": token});
    let credential = harness.exchange_app(&param).await["data"].take();
    assert_eq!((&credential["str_musicid"], &credential["loginType"]), (&json!("10004"), &json!(6)));
    assert!(text(&credential["musickey"]).starts_with("Q_H_L_"), "a QQ account, whatever loginType says");
    assert_eq!(harness.user_info(&credential).await["code"], 0, "the key is good");
    // With the loginType of the answer, and where the service does not mind with that of the account.
    let renewed = harness.renew_a(&credential, &renewal(&credential)).await;
    assert_eq!(renewed["code"], 0, "renewed as the app: {renewed}");
    let mut as_qq = credential.clone();
    as_qq["loginType"] = json!(2);
    harness.simulator.configure(|settings| settings.repeats_login_type = false);
    assert_eq!(harness.renew_a(&as_qq, &harness::path_a(&as_qq)).await["code"], 0, "renewed as a QQ account");
    assert_eq!(harness.simulator.ledger()[0].via, IssuedVia::AppScan);
    assert_eq!(harness.broken(), NOTHING);
}

#[tokio::test]
async fn a_code_for_the_app_is_made_only_for_a_client_that_names_itself_correctly() {
    let harness = Harness::new().await;
    let comm = json!({"ct": "23", "cv": "0", "tmeAppID": "qqmusic"});
    for (name, wrong) in [("tmeAppID", json!("other")), ("ct", json!("11")), ("cv", json!(1))] {
        let mut param = create_param();
        param[name] = wrong;
        let refused = harness.musicu(&comm, LOGIN.0, "CreateQRCode", &param).await;
        assert_eq!((&refused["code"], &refused["data"]["qrcodeID"]), (&json!(20_261), &json!("")), "{name}");
        assert!(harness.last_rule().is_some_and(|rule| rule.starts_with(&format!("param.{name}"))), "{name}");
    }
    let refused = harness.musicu(&web_comm(), LOGIN.0, "CreateQRCode", &create_param()).await;
    assert_eq!(refused["code"], 20_261, "comm is the web page's");
    assert!(harness.simulator.codes().is_empty(), "no code was made");
}

#[tokio::test]
async fn a_handshake_that_no_client_makes_is_refused() {
    let harness = Harness::new().await;
    for (name, wrong) in
        [("sec-websocket-protocol", "mqttv3.1"), ("origin", "https://evil.example"), ("user-agent", "curl/8")]
    {
        let mut request = handshake(PATH);
        request.headers_mut().insert(name, wrong.parse().expect("it is a value"));
        match PushClient::open(&harness.simulator, request).await.map(|_| ()).map_err(|error| *error) {
            Err(Error::Http(response)) => assert_eq!(response.status(), 400, "{name}"),
            other => panic!("{name}: {other:?}"),
        }
        let rule = harness.last_rule().expect("a rule was broken");
        assert!(rule.to_lowercase().starts_with(name), "{name} is named: {rule}");
    }
    match PushClient::open(&harness.simulator, handshake("/ws/handshake/192.0.2.1:1"))
        .await
        .map_err(|error| *error)
    {
        Err(Error::Http(response)) => assert_eq!(response.status(), 404, "nobody was sent to that server"),
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("a server that does not exist shakes hands"),
    }
}

#[tokio::test]
async fn a_connect_that_no_client_sends_is_refused() {
    let harness = Harness::new().await;
    let id = harness.create().await;
    let wrong: [(&str, Change); 6] = [
        ("the flags", |connect| connect.flags = 0),
        ("the keep alive", |connect| connect.keep_alive = 60),
        ("the authentication method", |connect| connect.method = "password"),
        ("the client id", |connect| connect.client_id = "tunekey".to_owned()),
        ("the user properties", |connect| connect.user.swap(0, 1)),
        ("hashTag is no code", |connect| {
            connect.user[2].1 = "unknown".to_owned();
            connect.user[4].1 = "unknown".to_owned();
        }),
    ];
    for (what, change) in wrong {
        let mut connect = Connect::correct(&id);
        change(&mut connect);
        let mut push_client =
            PushClient::open(&harness.simulator, handshake(PATH)).await.expect("it shakes hands");
        assert_eq!(push_client.connect(&connect).await, Packet::ConnAck(0x87, None), "{what}");
        assert_eq!(push_client.next().await, None, "{what}: it is closed");
        assert!(harness.last_rule().is_some_and(|rule| rule.starts_with(what)), "{what} is named");
    }
}

#[tokio::test]
async fn packets_in_the_wrong_order_or_for_another_topic_are_refused() {
    let harness = Harness::new().await;
    let id = harness.create().await;
    let topic = format!("management.qrcode_login/{id}");
    let user = [("authorization", "tmelogin"), ("pubsub", "unicast")];

    let mut push_client =
        PushClient::open(&harness.simulator, handshake(PATH)).await.expect("it shakes hands");
    push_client.send(subscribe(&topic, 0, &user)).await;
    assert_eq!(push_client.next().await, Some(Packet::Disconnect(0x82)), "CONNECT comes first");
    assert_eq!(harness.last_rule().as_deref(), Some("the first packet is no CONNECT"));

    for (packet, what) in [
        (subscribe("management.qrcode_login/other", 0, &user), "the topic"),
        (subscribe(&topic, 1, &user), "the subscription options"),
        (subscribe(&topic, 0, &user[..1]), "the user properties"),
    ] {
        let (mut push_client, _) = PushClient::connected(&harness.simulator, &Connect::correct(&id)).await;
        push_client.send(packet).await;
        assert_eq!(push_client.next().await, Some(Packet::SubAck(1, 0x87)), "{what}");
        assert!(harness.last_rule().is_some_and(|rule| rule.starts_with(what)), "{what} is named");
    }

    let (mut push_client, _) = PushClient::connected(&harness.simulator, &Connect::correct(&id)).await;
    assert_eq!(
        push_client.connect(&Connect::correct(&id)).await,
        Packet::Disconnect(0x82),
        "connected already"
    );
    let (mut push_client, _) = PushClient::connected(&harness.simulator, &Connect::correct(&id)).await;
    push_client.say(Message::text("ping")).await;
    assert_eq!(push_client.next().await, Some(Packet::Disconnect(0x82)), "packets are in binary frames");
}

#[tokio::test]
async fn a_token_from_the_app_is_good_once_and_only_with_its_code() {
    let harness = Harness::new().await;
    let (mut push_client, code) = harness.waiting().await;
    harness.simulator.confirm_as(code, Some("qqmusic:10001")).expect("it is confirmed");
    let mut payload = String::new();
    while payload.len() < 3 {
        payload = push_client.event().await.1;
    }
    let payload: Value = serde_json::from_str(&payload).expect("it is JSON");
    let id = harness.simulator.code(code).expect("it is known").key;
    let good = json!({"musicid": 10001, "qrCodeID": id, "token": payload["cookies"]["qqmusic_key"]["value"]});
    for (name, wrong) in [("musicid", json!(10002)), ("qrCodeID", json!("x")), ("token", json!("x"))] {
        let mut param = good.clone();
        param[name] = wrong;
        assert_eq!(harness.exchange_app(&param).await["code"], 1000, "{name}");
        assert!(harness.last_rule().is_some(), "{name}: a rule was broken");
    }
    assert_eq!(harness.login(&wechat_comm(), &good).await["code"], 1000, "as a WeChat account");
    assert_eq!(harness.exchange_app(&good).await["code"], 0, "nothing of that used it up");
    assert_eq!(harness.exchange_app(&good).await["code"], 1000, "the second time");
    assert_eq!(harness.last_rule().as_deref(), Some("the token was used before"));
}

/// Has a code of the app confirmed; returns what the exchange takes.
async fn confirmed_with_the_app(harness: &Harness, account: &str) -> Value {
    let (mut push_client, code) = harness.waiting().await;
    harness.simulator.confirm_as(code, Some(account)).expect("it is confirmed");
    let payload = loop {
        let (kind, payload) = push_client.event().await;
        if kind == "cookies" {
            break payload;
        }
    };
    let payload: Value = serde_json::from_str(&payload).expect("it is JSON");
    let cookie = |name: &str| text(&payload["cookies"][name]["value"]).to_owned();
    let number: u64 = cookie("qqmusic_uin").parse().expect("a number");
    json!({"musicid": number, "qrCodeID": cookie("qrcode_id"), "token": cookie("qqmusic_key")})
}

#[tokio::test]
async fn a_token_from_the_app_is_exchanged_by_the_clients_that_were_seen_to_and_kept_for_them() {
    let harness = Harness::new().await;
    let param = confirmed_with_the_app(&harness, "qqmusic:10001").await;
    let unheard = harness.exchange_app_as("24", &param).await;
    assert_eq!((&unheard["code"], &unheard["data"]["musickey"]), (&json!(77_778), &json!("")));
    assert!(harness.last_rule().is_some_and(|rule| rule.contains("web site")), "no client does that");
    assert_eq!(harness.exchange_app_as("23", &param).await["code"], 0, "the token is still good");

    harness.simulator.configure(|settings| settings.app_exchange_as_web_site = true);
    let param = confirmed_with_the_app(&harness, "qqmusic:10001").await;
    assert_eq!(harness.exchange_app_as("23", &param).await["code"], 77_778, "it says nothing of use");
    assert_eq!(harness.last_rule(), None, "and means nothing by it");
    assert_eq!(harness.exchange_app_as("24", &param).await["code"], 0);
}

#[tokio::test]
async fn what_is_pushed_may_be_the_key_itself_and_otherwise_is_none() {
    for pushed_key in [true, false] {
        let harness = Harness::with(Settings { pushed_key, ..Settings::default() }).await;
        let param = confirmed_with_the_app(&harness, WECHAT_ACCOUNT).await;
        let as_key = json!({
            "str_musicid": param["musicid"].to_string(), "musickey": param["token"], "loginType": 1,
        });
        let wanted = if pushed_key { 0 } else { 1000 };
        assert_eq!(harness.user_info(&as_key).await["code"], wanted);
        let exchanged = harness.exchange_app(&param).await;
        assert_eq!(exchanged["code"], if pushed_key { 77_778 } else { 0 });
        assert_eq!(harness.broken(), NOTHING);
    }
}

#[tokio::test]
async fn the_push_tells_how_a_code_ends_and_never_twice() {
    let harness = Harness::new().await;
    let (mut push_client, code) = harness.waiting().await;
    harness.simulator.refuse(code).expect("it is refused");
    assert_eq!(push_client.event().await, ("canceled".to_owned(), String::new()));

    let (mut push_client, code) = harness.waiting().await;
    harness.simulator.expire(code).expect("it ends");
    assert_eq!(push_client.event().await.0, "timeout");

    // Who subscribes after the scan hears of the confirmation alone.
    let id = harness.create().await;
    let code = harness.simulator.codes().last().expect("there is a code").id;
    harness.simulator.scan(code, None).expect("it is scanned");
    let mut late = PushClient::subscribed(&harness.simulator, &id).await;
    harness.simulator.confirm(code).expect("it is confirmed");
    assert_eq!(late.event().await.0, "cookies", "the scan is not told again");
    assert_eq!(harness.broken(), NOTHING);
}

#[tokio::test]
async fn the_push_can_be_cut_into_bytes_or_wait_for_acknowledgements() {
    for (split, qos, before) in
        [(PushSplit::Bytes, 0, false), (PushSplit::Joined, 0, true), (PushSplit::Whole, 1, false)]
    {
        let settings = Settings {
            push_split: split,
            push_qos: qos,
            push_before_suback: before,
            push_redirects: 3,
            ..Settings::default()
        };
        let harness = Harness::with(settings).await;
        let id = harness.create().await;
        let (mut push_client, redirects) =
            PushClient::connected(&harness.simulator, &Connect::correct(&id)).await;
        assert_eq!(redirects, 3, "as often as it was set");
        let user = [("authorization", "tmelogin"), ("pubsub", "unicast")];
        push_client.send(subscribe(&format!("management.qrcode_login/{id}"), 0, &user)).await;
        if !before {
            assert_eq!(push_client.next().await, Some(Packet::SubAck(1, 0)), "{split:?}");
        }
        harness.simulator.until(|state| (state.codes()[0].polls > 0).then_some(())).await;
        harness.simulator.scan(1, None).expect("it is scanned");
        let Some(Packet::Publish(kind, _, packet_id)) = push_client.next().await else {
            panic!("it is no event")
        };
        assert_eq!((kind.as_str(), packet_id.is_some()), ("scanned", qos == 1), "{split:?}");
        if let Some(packet_id) = packet_id {
            push_client.send(puback(packet_id)).await;
        }
        if before {
            assert_eq!(push_client.next().await, Some(Packet::SubAck(1, 0)), "only after the event");
        }
        push_client.send(vec![0xe0, 0]).await;
        assert_eq!(push_client.next().await, None, "{split:?}: it is closed");
        assert_eq!(harness.broken(), NOTHING, "{split:?}");
    }
}

#[tokio::test]
async fn an_event_that_is_not_acknowledged_is_held_against_the_client() {
    let harness = Harness::with(Settings { push_qos: 1, ..Settings::default() }).await;
    let (mut push_client, code) = harness.waiting().await;
    harness.simulator.scan(code, None).expect("it is scanned");
    assert_eq!(push_client.event().await.0, "scanned");
    push_client.send(vec![0xe0, 0]).await;
    assert_eq!(push_client.next().await, None, "it is closed");
    harness.simulator.until(|state| (!state.broken_rules().is_empty()).then_some(())).await;
    assert_eq!(harness.broken(), ["a message of QoS 1 was not acknowledged"]);
}

#[tokio::test]
async fn faults_of_the_push_refuse_the_connection_or_spoil_an_event() {
    for (kind, reason) in
        [(FaultKind::Risk, 0x87), (FaultKind::RateLimited, 0x9f), (FaultKind::UnknownCode, 0x80)]
    {
        let harness = Harness::new().await;
        let id = harness.create().await;
        harness.simulator.arm(Fault::new("qq.push", kind).once()).expect("the name is known");
        let mut push_client =
            PushClient::open(&harness.simulator, handshake(PATH)).await.expect("it shakes hands");
        assert_eq!(
            push_client.connect(&Connect::correct(&id)).await,
            Packet::ConnAck(reason, None),
            "{kind:?}"
        );
    }
    for (kind, event, says) in [
        (FaultKind::WrongUser, "cookies", "10002"),
        (FaultKind::RenewalSkeleton, "cookies", "{\"cookies\":{}}"),
        (FaultKind::RenewalRejected, "loginFailed", "errMsg"),
    ] {
        let harness = Harness::new().await;
        harness.simulator.arm(Fault::new("qq.push", kind).once()).expect("the name is known");
        let (mut push_client, code) = harness.waiting().await;
        harness.simulator.scan(code, Some("qqmusic:10001")).expect("it is scanned");
        assert_eq!(push_client.event().await.0, "scanned", "{kind:?}");
        harness.simulator.confirm(code).expect("it is confirmed");
        let (named, payload) = push_client.event().await;
        assert!(named == event && payload.contains(says), "{kind:?}: {named} {payload}");
    }
    let harness = Harness::new().await;
    harness.simulator.arm(Fault::new("qq.push", FaultKind::Expired).once()).expect("the name is known");
    let (mut push_client, _) = harness.waiting().await;
    assert_eq!(push_client.event().await.0, "timeout", "the code ends");

    let harness = Harness::new().await;
    harness.simulator.arm(Fault::new("qq.push", FaultKind::Lost).once()).expect("the name is known");
    let (mut push_client, code) = harness.waiting().await;
    harness.simulator.scan(code, None).expect("it is scanned");
    assert_eq!(push_client.event().await.0, "scanned");
    harness.simulator.confirm(code).expect("it is confirmed");
    assert_eq!(push_client.next().await, None, "the event is lost");
    let state = harness.simulator.code(code).expect("it is known").state;
    assert_eq!(state, CodeState::Delivered, "and never told again");
}

// ---- the text message --------------------------------------------------------------------------------------------

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

// ---- the official page -------------------------------------------------------------------------------------------

#[tokio::test]
async fn a_whole_sign_in_at_the_official_page_breaks_no_rule() {
    let harness = Harness::new().await;
    let (state, next) = harness.open_page().await;
    let code = harness.simulator.next_code(Service::QqMusic, 0).await;
    assert_eq!(code.method, "official_page");
    assert_eq!(harness.page_state(&state).await, "shown");
    harness.simulator.confirm_as(code.id, Some("qqmusic:10002")).expect("a person signs in");
    assert_eq!(harness.page_state(&state).await, "confirmed");
    let reached = harness.go_on(&next).await;
    assert_eq!(value(&reached, "login_type"), Some("1"));
    assert_eq!(value(&reached, "state"), Some("state of mine"), "what was given comes back");
    let code = value(&reached, "code").expect("there is a code").to_owned();
    assert_eq!(harness.page_state(&state).await, "delivered");

    let credential = harness.exchange(&code).await["data"].take();
    assert_eq!(credential["str_musicid"], "10002");
    assert!(!text(&credential["refresh_key"]).is_empty(), "the whole credential");
    assert_eq!(harness.simulator.ledger()[0].via, IssuedVia::OfficialPage);
    assert_eq!(harness.broken(), NOTHING);
    assert_eq!(harness.exchange(&code).await["code"], 1000, "the code is good once");
    assert_eq!(harness.last_rule().as_deref(), Some("the code was used before"));
}

#[tokio::test]
async fn the_official_page_goes_on_only_once_and_only_when_confirmed() {
    let harness = Harness::new().await;
    let failed =
        |reached: &Pairs| value(reached, "error") == Some("100010") && value(reached, "code").is_none();
    let (state, next) = harness.open_page().await;
    assert!(failed(&harness.go_on(&next).await), "nobody has confirmed");
    harness.simulator.confirm(1).expect("it is confirmed");
    assert!(!failed(&harness.go_on(&next).await), "confirmed");
    assert!(failed(&harness.go_on(&next).await), "the second time");
    assert_eq!(harness.page_state(&state).await, "delivered");

    let (state, next) = harness.open_page().await;
    harness.simulator.refuse(2).expect("it is refused");
    assert_eq!(harness.page_state(&state).await, "refused");
    assert!(failed(&harness.go_on(&next).await), "refused");
    let (state, _) = harness.open_page().await;
    harness.simulator.expire(3).expect("it ends");
    assert_eq!(harness.page_state(&state).await, "expired");
}

#[tokio::test]
async fn the_official_page_has_no_code_for_another_app() {
    let harness = Harness::new().await;
    for (name, wrong) in [("client_id", "1"), ("redirect_uri", "https://evil.example/"), ("state", "")] {
        let mut query = show_query();
        set(&mut query, name, wrong);
        let page = harness.browse(SHOW, &query, "").await.text().await.expect("it is text");
        assert!(!page.contains("key="), "{name}: the page has no code");
        assert!(harness.last_rule().is_some_and(|rule| rule.starts_with(name)), "{name} is named");
    }
    assert!(harness.simulator.codes().is_empty(), "no code was made");
}

// ---- all of them -------------------------------------------------------------------------------------------------

#[tokio::test]
async fn every_kind_of_code_is_confirmed_by_itself_when_that_is_set() {
    let auto = "scan=0s,confirm=0s".parse().ok();
    let harness = Harness::with(Settings { auto, ..Settings::default() }).await;
    harness.wechat_uuid().await;
    harness.open_page().await;
    // The app's is scanned once somebody listens.
    let id = harness.create().await;
    let confirmed = |id: u64| {
        harness
            .simulator
            .until(move |state| (state.code(id).ok()?.state == CodeState::Confirmed).then_some(()))
    };
    confirmed(1).await;
    confirmed(2).await;
    assert_eq!(harness.simulator.code(3).expect("it is known").state, CodeState::Shown, "nobody listens");
    let mut push_client = PushClient::subscribed(&harness.simulator, &id).await;
    assert_eq!(push_client.event().await.0, "scanned");
    assert_eq!(push_client.event().await.0, "cookies");
    let codes = harness.simulator.codes();
    assert_eq!(codes[0].account.as_deref(), Some(WECHAT_ACCOUNT), "the first that is in WeChat");
}

#[tokio::test]
async fn faults_of_the_new_calls_are_refusals_in_the_words_of_the_gateway() {
    let harness = Harness::new().await;
    for (kind, code) in [
        (FaultKind::UnknownCode, 77_777),
        (FaultKind::Risk, 2001),
        (FaultKind::RateLimited, 104_604),
        (FaultKind::Expired, 1000),
        (FaultKind::RenewalRejected, 1000),
    ] {
        for at in ["qq.create_qrcode", "qq.app_exchange", "qq.wx_exchange", "qq.phone_send", "qq.phone_login"]
        {
            harness.simulator.arm(Fault::new(at, kind).once()).expect("the name is known");
            let answer = match at {
                "qq.create_qrcode" => {
                    harness.musicu(&web_comm(), LOGIN.0, "CreateQRCode", &create_param()).await
                }
                "qq.app_exchange" => harness.exchange_app(&json!({"qrCodeID": "x"})).await,
                "qq.wx_exchange" => harness.exchange_wechat("x").await,
                "qq.phone_send" => harness.send_to(FIRST, "D1").await,
                _ => harness.login_with(FIRST, "123456", "D1").await,
            };
            assert_eq!(answer["code"], code, "{at} {kind:?}");
            assert_eq!(
                answer["data"]["feedbackURL"].as_str().is_some_and(|url| !url.is_empty()),
                code == 2001
            );
        }
    }
    assert!(harness.simulator.journal().iter().all(|entry| entry.verdict == Verdict::Faulted), "each struck");
    assert!(harness.simulator.text_messages().is_empty(), "nothing was sent");
}

#[tokio::test]
async fn connections_that_wait_are_cut_and_new_ones_are_served() {
    let harness = Harness::new().await;
    let (mut push_client, code) = harness.waiting().await;
    let uuid = harness.wechat_uuid().await;
    let query = pairs(&[("uuid", &uuid), ("_", "1790000000000")]);
    let request = harness.client.get(WECHAT_POLL).query(&query).header(USER_AGENT, BROWSER);
    let control = reqwest::Client::builder().no_proxy().build().expect("the client is made");
    let (polled, dropped) = tokio::join!(request.header(REFERER, WECHAT).send(), async {
        harness.simulator.until(|state| (state.codes()[1].polls == 1).then_some(())).await;
        control.delete(format!("{}/connections", harness.simulator.control_url)).send().await
    });
    assert_eq!(dropped.expect("it is answered").status(), 204);
    assert!(polled.is_err_and(|error| !error.is_timeout()), "the poll is cut");
    assert_eq!(push_client.next().await, None, "the push is cut");

    let id = harness.simulator.code(code).expect("it is known").key;
    let mut again = PushClient::subscribed(&harness.simulator, &id).await;
    harness.simulator.scan(code, None).expect("it is scanned");
    assert_eq!(again.event().await.0, "scanned", "a new connection is told");
    harness.simulator.drop_connections();
    assert_eq!(again.next().await, None, "and is cut as well");
}
