//! QQ Music's sign-in methods besides the scan with QQ: WeChat, the app, the text message, and the official page.

#[path = "../harness/mod.rs"]
mod harness;
#[path = "../push_client/mod.rs"]
mod push_client;

mod app;
mod page;
mod phone;
mod wechat;

use harness::{BROWSER, Harness, Pairs, json_of, pairs, set, web_comm};
use push_client::{Connect, PushClient};
use reqwest::Response;
use reqwest::header::{LOCATION, REFERER, USER_AGENT};
use serde_json::{Value, json};
use tunekey_simulator::{CodeState, Fault, FaultKind, Service, Settings, Verdict};

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
