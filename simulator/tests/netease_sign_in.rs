//! NetEase's sign-in methods besides the app's scan: the text message, the official page, and a pasted session.

mod harness;

use harness::{BROWSER, Harness, Pairs, cookies_of, header_of, json_of, pairs, set};
use reqwest::header::{COOKIE, SET_COOKIE, USER_AGENT};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tunekey_simulator::{CodeState, DeletedCookie, Fault, FaultKind, IssuedVia, Service, Settings, Verdict};

const SEND: &str = "/sms/captcha/sent";
const LOGIN: &str = "/w/login/cellphone";
const PAGE: &str = "https://music.163.com/";
/// The numbers of the first and the second account, and of nobody.
const FIRST: &str = "13800090001";
const SECOND: &str = "13800090002";
const NOBODYS: &str = "13900000000";

fn send_form(phone: &str) -> Pairs {
    pairs(&[("ctcode", "86"), ("secrete", "music_middleuser_pclogin"), ("cellphone", phone)])
}

fn login_form(phone: &str, code: &str) -> Pairs {
    let mut form = pairs(&[("type", "1"), ("https", "true"), ("countrycode", "86"), ("remember", "true")]);
    set(&mut form, "phone", phone);
    set(&mut form, "captcha", code);
    form
}

fn object(form: &Pairs) -> Value {
    form.iter().map(|(name, value)| (name.clone(), json!(value))).collect::<serde_json::Map<_, _>>().into()
}

/// A code that is not `code`.
fn other_than(code: &str) -> &'static str {
    if code == "000000" { "111111" } else { "000000" }
}

/// A computer as the site knows it.
fn device(id: &str) -> Pairs {
    pairs(&[("sDeviceId", id)])
}

/// The rules that a correct client breaks.
const NOTHING: [String; 0] = [];

impl Harness {
    fn broken(&self) -> Vec<String> {
        self.simulator.broken_rules().into_iter().filter_map(|entry| entry.rule).collect()
    }

    /// The code of `POST /api…`.
    async fn plainly(&self, path: &str, form: &Pairs) -> Value {
        json_of(self.plain(path, form, &device("D")).await).await["code"].take()
    }

    fn newest_text(&self) -> String {
        self.simulator.text_messages().last().expect("a message was sent").code.clone()
    }

    /// What a browser does.
    async fn browse(&self, method: Method, url: &str, cookies: &Pairs) -> Response {
        let mut request = self.client.request(method, url).header(USER_AGENT, BROWSER);
        if !cookies.is_empty() {
            request = request.header(COOKIE, header_of(cookies));
        }
        request.send().await.expect("it is answered")
    }

    /// Opens the page; returns where its script asks and where it goes on.
    async fn open_page(&self) -> (String, String) {
        let html = self.browse(Method::GET, PAGE, &Vec::new()).await.text().await.expect("it is text");
        let address = |name: &str| {
            let found =
                html.split(&format!("var {name} = \"/")).nth(1).and_then(|rest| rest.split('"').next());
            format!("{PAGE}{}", found.expect("the script says where"))
        };
        let (state, next) = (address("state"), address("next"));
        // The script asks as soon as it runs.
        self.browse(Method::GET, &state, &Vec::new()).await;
        (state, next)
    }

    async fn page_state(&self, address: &str) -> Value {
        json_of(self.browse(Method::GET, address, &Vec::new()).await).await["state"].take()
    }
}

// ---- text messages -----------------------------------------------------------------------------------------------

#[tokio::test]
async fn a_whole_sign_in_by_text_message_with_a_check_breaks_no_rule() {
    let harness = Harness::with(Settings { phone_captcha: true, ..Settings::default() }).await;
    let computer = device("YD-1");
    for attempt in 1..=2 {
        let check = json_of(harness.weapi(SEND, &computer).await).await;
        let address = harness.simulator.captchas()[0].address.clone();
        assert_eq!((&check["code"], &check["data"]["url"]), (&json!(-462), &json!(address)), "{attempt}");
        assert!(address.starts_with("https://st.music.163.com/"), "it is a page of the service: {address}");
    }
    assert!(harness.simulator.text_messages().is_empty(), "nothing is sent before the check is passed");
    assert_eq!(harness.simulator.captchas().len(), 1, "the same device has the same check");

    let address = harness.simulator.captchas()[0].address.clone();
    let page = harness.browse(Method::GET, &address, &Vec::new()).await.text().await.expect("it is text");
    assert!(page.contains("id=\"solve\""), "the page has a button: {page}");
    harness.browse(Method::POST, &address, &Vec::new()).await;
    assert!(harness.simulator.captchas()[0].solved, "the button solves it");

    let sent = json_of(harness.weapi(SEND, &computer).await).await;
    assert_eq!((&sent["code"], &sent["data"]), (&json!(200), &json!(true)));
    let message = harness.simulator.next_text_message(Service::NetEase, 0).await;
    assert_eq!((message.phone.as_str(), message.code.len()), (FIRST, 6));

    let response = harness.weapi(LOGIN, &computer).await;
    let mut cookies = cookies_of(&response);
    assert!((28..=32).contains(&cookies.len()), "as many as a scan sets, not {}", cookies.len());
    cookies.retain(|(_, value)| !value.is_empty());
    let body = json_of(response).await;
    assert_eq!((&body["code"], &body["account"]["id"]), (&json!(200), &json!(90001)));
    let issued = &harness.simulator.ledger()[0];
    assert_eq!((issued.via, issued.account.as_str()), (IssuedVia::Phone, "netease:90001"));
    for name in ["MUSIC_U", "MUSIC_R_U", "__csrf"] {
        assert!(cookies.contains(&(name.to_owned(), issued.secrets[name].clone())), "{name} is set");
    }
    assert_eq!(body["token"], issued.secrets["MUSIC_U"].as_str(), "the session is in the body, too");
    let account = json_of(harness.weapi("/w/nuser/account/get", &cookies).await).await;
    assert_eq!(account["profile"]["nickname"], "云村小满", "the session is good");

    let names: Vec<_> = harness.simulator.journal().into_iter().map(|entry| entry.name).collect();
    let (send, page) = ("netease.phone_send", "netease.page");
    assert_eq!(names, [send, send, page, page, send, "netease.phone_login", "netease.account"]);
    assert_eq!(harness.broken(), NOTHING, "nobody did anything wrong");
}

#[tokio::test]
async fn the_desktop_client_signs_in_with_the_newest_code_once() {
    let harness = Harness::with(Settings { phone_resend_seconds: 0, ..Settings::default() }).await;
    for _ in 0..2 {
        let sent = json_of(harness.eapi(SEND, &object(&send_form(SECOND)), &Vec::new()).await).await;
        assert_eq!(sent["code"], 200);
    }
    let messages = harness.simulator.text_messages();
    assert_eq!((messages[0].phone.as_str(), messages[1].phone.as_str()), (SECOND, SECOND));
    let login = async |code: &str| {
        let form = object(&login_form(SECOND, code));
        json_of(harness.eapi(LOGIN, &form, &Vec::new()).await).await
    };
    for wrong in [other_than(&messages[1].code), &messages[0].code] {
        let refused = login(wrong).await;
        assert_eq!((&refused["code"], &refused["message"]), (&json!(503), &json!("验证码错误")));
    }
    let body = login(&messages[1].code).await;
    assert_eq!((&body["code"], &body["profile"]["userId"]), (&json!(200), &json!(90002)));
    assert_eq!(login(&messages[1].code).await["code"], 503, "a code is good once");
    assert_eq!(harness.simulator.ledger().len(), 1);
    assert_eq!(harness.broken(), NOTHING, "a wrong code is a person's slip");
}

#[tokio::test]
async fn a_number_without_an_account_gets_a_message_and_no_session() {
    let harness = Harness::new().await;
    assert_eq!(harness.plainly(SEND, &send_form(NOBODYS)).await, 200);
    assert_eq!(harness.simulator.text_messages()[0].phone, NOBODYS);
    let code = harness.newest_text();
    assert_eq!(harness.plainly(LOGIN, &login_form(NOBODYS, &code)).await, 501);
    assert_eq!(harness.simulator.ledger().len(), 0);
}

#[tokio::test]
async fn a_number_of_another_country_is_another_number() {
    let harness = Harness::new().await;
    let mut send = send_form(FIRST);
    set(&mut send, "ctcode", "852");
    assert_eq!(harness.plainly(SEND, &send).await, 200);
    let code = harness.newest_text();
    assert_eq!(harness.plainly(LOGIN, &login_form(FIRST, &code)).await, 503, "nothing was sent to +86");
    let mut login = login_form(FIRST, &code);
    set(&mut login, "countrycode", "852");
    assert_eq!(harness.plainly(LOGIN, &login).await, 501, "the account is in another country");
}

#[tokio::test]
async fn messages_to_one_number_come_one_by_one_and_not_too_many_a_day() {
    let harness = Harness::new().await;
    assert_eq!(harness.plainly(SEND, &send_form(FIRST)).await, 200);
    let refused = json_of(harness.plain(SEND, &send_form(FIRST), &device("another")).await).await;
    assert_eq!((&refused["code"], &refused["message"]), (&json!(405), &json!("发送验证码间隔过短")));
    assert_eq!(harness.plainly(SEND, &send_form(SECOND)).await, 200, "another number does not wait");

    harness.simulator.configure(|settings| settings.phone_resend_seconds = 0);
    for _ in 2..=5 {
        assert_eq!(harness.plainly(SEND, &send_form(FIRST)).await, 200);
    }
    let refused = json_of(harness.plain(SEND, &send_form(FIRST), &device("D")).await).await;
    assert_eq!(
        (&refused["code"], &refused["message"]),
        (&json!(400), &json!("当天发送验证码的条数超过限制"))
    );
    assert_eq!(harness.simulator.text_messages().len(), 6, "five and the one to the other number");
    assert_eq!(harness.broken(), NOTHING);
}

#[tokio::test]
async fn a_request_for_a_message_has_to_be_complete() {
    let harness = Harness::new().await;
    for (name, wrong) in [
        ("ctcode", None),
        ("ctcode", Some("+86")),
        ("cellphone", None),
        ("cellphone", Some("138-0009-0001")),
        ("secrete", None),
        ("secrete", Some("music")),
    ] {
        let mut form = send_form(FIRST);
        form.retain(|(key, _)| key != name);
        if let Some(wrong) = wrong {
            set(&mut form, name, wrong);
        }
        assert_eq!(harness.plainly(SEND, &form).await, 400, "{name} {wrong:?}");
        let rule = harness.last_rule().expect("the client is at fault");
        assert!(rule.starts_with(name), "{rule}");
    }
    assert_eq!(harness.plainly(SEND, &send_form("1380009000")).await, 400);
    assert_eq!(harness.last_rule(), None, "a number that is too short is a person's slip");
    assert_eq!(harness.simulator.text_messages(), []);
}

#[tokio::test]
async fn a_sign_in_with_a_code_has_to_be_complete() {
    let harness = Harness::new().await;
    assert_eq!(harness.plainly(SEND, &send_form(FIRST)).await, 200);
    let form = login_form(FIRST, &harness.newest_text());
    for name in ["type", "https", "remember", "countrycode", "phone", "captcha"] {
        let mut form = form.clone();
        form.retain(|(key, _)| key != name);
        assert_eq!(harness.plainly(LOGIN, &form).await, 400, "{name}");
        assert!(harness.last_rule().is_some_and(|rule| rule.starts_with(name)), "{name}");
    }
    let mut by_password = form.clone();
    by_password.retain(|(key, _)| key != "captcha");
    set(&mut by_password, "password", "5f4dcc3b5aa765d61d8327deb882cf99");
    assert_eq!(harness.plainly(LOGIN, &by_password).await, 8821, "passwords are not taken any more");
    assert_eq!(harness.plainly(LOGIN, &form).await, 200, "the code was not used up by all this");
}

#[tokio::test]
async fn a_web_request_that_cannot_be_read_goes_with_the_number_of_the_settings_and_its_device() {
    let harness =
        Harness::with(Settings { weapi_phone: Some(SECOND.to_owned()), ..Settings::default() }).await;
    let code = async |path: &str, computer: &str| {
        json_of(harness.weapi(path, &device(computer)).await).await["code"].take()
    };
    assert_eq!(code(SEND, "one").await, 200);
    assert_eq!(harness.simulator.text_messages()[0].phone, SECOND);
    assert_eq!(code(LOGIN, "two").await, 503, "another computer asked for nothing");
    assert_eq!(harness.last_rule().as_deref(), Some("no message was asked for before"));
    assert_eq!(code(LOGIN, "one").await, 200);
    assert_eq!(harness.simulator.ledger()[0].account, "netease:90002");
    assert_eq!(code(LOGIN, "one").await, 503, "a code is good once, whatever it is");
    harness.simulator.configure(|settings| settings.weapi_phone = Some(NOBODYS.to_owned()));
    assert_eq!(code(SEND, "one").await, 200);
    assert_eq!(code(LOGIN, "one").await, 501);
}

#[tokio::test]
async fn a_visitor_without_a_device_is_known_by_the_tracking_id_that_it_gets() {
    let harness = Harness::with(Settings { phone_captcha: true, ..Settings::default() }).await;
    let response = harness.weapi(SEND, &Vec::new()).await;
    let visitor = cookies_of(&response);
    assert_eq!(visitor[0].0, "NMTID");
    assert_eq!(json_of(response).await["code"], -462);
    harness.simulator.solve_captcha(1).expect("there is a check");
    assert_eq!(json_of(harness.weapi(SEND, &visitor).await).await["code"], 200);
}

// ---- the official page -------------------------------------------------------------------------------------------

#[tokio::test]
async fn a_sign_in_on_the_page_sets_the_cookies_of_a_session_once() {
    let harness =
        Harness::with(Settings { deleted_music_u: DeletedCookie::After, ..Settings::default() }).await;
    let (state, next) = harness.open_page().await;
    let code = harness.simulator.next_code(Service::NetEase, 0).await;
    assert_eq!((code.method.as_str(), harness.page_state(&state).await), ("official_page", json!("shown")));
    let early = harness.browse(Method::GET, &next, &Vec::new()).await;
    assert_eq!(cookies_of(&early), [], "nobody has confirmed");

    harness.simulator.confirm_as(code.id, Some("netease:90002")).expect("it is confirmed");
    assert_eq!(harness.page_state(&state).await, "confirmed");
    let response = harness.browse(Method::GET, &next, &Vec::new()).await;
    let lines: Vec<String> = response
        .headers()
        .get_all(SET_COOKIE)
        .iter()
        .map(|line| line.to_str().expect("it is text").to_owned())
        .collect();
    let cookies = cookies_of(&response);
    assert_eq!(json_of(response).await["state"], "delivered");
    let issued = &harness.simulator.ledger()[0];
    assert_eq!((issued.via, issued.account.as_str()), (IssuedVia::OfficialPage, "netease:90002"));
    let last =
        |name: &str| lines.iter().rfind(|line| line.starts_with(&format!("{name}="))).expect("it is set");
    for (name, path) in [("MUSIC_U", "/"), ("MUSIC_R_U", "/eapi/login/token/refresh"), ("__csrf", "/")] {
        let line = last(name);
        assert!(
            line.starts_with(&format!("{name}={};", issued.secrets[name])),
            "it is the session's: {line}"
        );
        assert!(line.contains(&format!("; Path={path}; Domain=.music.163.com")), "{line}");
        let hidden = line.ends_with("; HTTPOnly; Secure");
        assert_eq!(hidden, name != "__csrf", "scripts may read the token only: {line}");
    }
    assert_eq!(harness.page_state(&state).await, "delivered");
    assert_eq!(cookies_of(&harness.browse(Method::GET, &next, &Vec::new()).await), [], "they are given once");

    let mut session = cookies;
    session.retain(|(_, value)| !value.is_empty());
    let html = harness.browse(Method::GET, PAGE, &session).await.text().await.expect("it is text");
    assert!(html.contains("已登录：&lt;img src=x onerror=alert(1)>"), "it says who is signed in: {html}");
    assert_eq!(harness.simulator.codes().len(), 1, "somebody who is signed in is not asked again");
    let account = json_of(harness.weapi("/w/nuser/account/get", &session).await).await;
    assert_eq!(account["account"]["id"], 90002);
    assert_eq!(harness.broken(), NOTHING);
}

#[tokio::test]
async fn the_page_says_that_somebody_refused_or_that_its_time_is_up() {
    let harness = Harness::new().await;
    let html = harness.browse(Method::GET, PAGE, &Vec::new()).await.text().await.expect("it is text");
    for part in ["id=\"said\"", "go-elsewhere", "pop-up", "download", "你已拒绝登录", "登录已超时"]
    {
        assert!(html.contains(part), "{part}");
    }
    let (refused, _) = harness.open_page().await;
    harness.simulator.refuse(1).expect("it is refused");
    assert_eq!(harness.page_state(&refused).await, "refused");
    let (expired, next) = harness.open_page().await;
    harness.simulator.expire(2).expect("it is expired");
    assert_eq!(harness.page_state(&expired).await, "expired");
    let response = harness.browse(Method::GET, &next, &Vec::new()).await;
    assert_eq!(cookies_of(&response), []);
    assert_eq!(json_of(response).await["state"], "expired");
}

#[tokio::test]
async fn only_a_browser_is_shown_the_page() {
    let harness = Harness::new().await;
    harness.client.get(PAGE).header(USER_AGENT, "curl/8").send().await.expect("it is answered");
    assert_eq!(harness.last_rule().as_deref(), Some("User-Agent is not a browser's"));
    harness.browse(Method::POST, PAGE, &Vec::new()).await;
    assert_eq!(harness.last_rule().as_deref(), Some("the method is not GET"));
    assert_eq!(harness.simulator.codes().len(), 0);
    harness.browse(Method::GET, "https://music.163.com/login/finish?key=unknown", &Vec::new()).await;
    assert_eq!(harness.last_rule().as_deref(), Some("key is unknown"));
}

#[tokio::test]
async fn a_page_is_confirmed_by_itself_when_that_is_set() {
    let auto = "scan=0s,confirm=0s".parse().ok();
    let harness = Harness::with(Settings { auto, ..Settings::default() }).await;
    let (_, next) = harness.open_page().await;
    let confirmed = |state: &tunekey_simulator::SimulatorState| {
        (state.codes()[0].state == CodeState::Confirmed).then_some(())
    };
    harness.simulator.until(confirmed).await;
    harness.browse(Method::GET, &next, &Vec::new()).await;
    assert_eq!(harness.simulator.ledger()[0].via, IssuedVia::OfficialPage);
}

// ---- a pasted session --------------------------------------------------------------------------------------------

#[tokio::test]
async fn a_session_alone_is_enough_to_ask_and_to_sign_out_but_not_to_renew() {
    let harness = Harness::new().await;
    let mut alone = harness.sign_in_netease("netease:90001").await;
    alone.retain(|(name, _)| name == "MUSIC_U");
    let account = json_of(harness.weapi("/w/nuser/account/get", &alone).await).await;
    assert_eq!(account["account"]["id"], 90001);
    let vip = json_of(harness.weapi("/music-vip-membership/client/vip/info", &alone).await).await;
    assert_eq!(vip["data"]["userId"], 90001);
    let renewed = json_of(harness.plain("/login/token/refresh", &Vec::new(), &alone).await).await;
    assert_eq!((&renewed["code"], &renewed["bizCode"]), (&json!(200), &json!("400")));
    assert_eq!(json_of(harness.eapi("/logout", &json!({}), &alone).await).await["code"], 200);
    assert!(harness.simulator.ledger()[0].is_signed_out());
    assert_eq!(harness.broken(), NOTHING, "whoever was given no more did nothing wrong");
}

// ---- faults ------------------------------------------------------------------------------------------------------

impl Harness {
    /// What the answer to a request with a fault says: the HTTP status, and the service's code or the page's state.
    async fn said(&self, kind: FaultKind, request: reqwest::RequestBuilder) -> (u16, Value) {
        if kind == FaultKind::Hang {
            let before = self.simulator.journal().len();
            let came = self.simulator.until(|state| (state.journal().len() > before).then_some(()));
            tokio::select! {
                answer = request.send() => panic!("it is answered: {answer:?}"),
                () = came => return (0, Value::Null),
            }
        }
        let Ok(response) = request.send().await else { return (0, Value::Null) };
        let status = response.status().as_u16();
        // Nobody waits for the end of these.
        if matches!(kind, FaultKind::Stall | FaultKind::Endless) {
            return (status, Value::Null);
        }
        let body: Value = response.json().await.unwrap_or_default();
        let state = body["state"].clone();
        (status, if state.is_null() { body["code"].clone() } else { state })
    }
}

/// Every kind of fault at one request: whether it happened all the same, and what the answer says.
fn forms(kind: FaultKind, expired: Value, refused: Value, skeleton: Value) -> (bool, u16, Value) {
    let meaning = |code: i64| if refused.is_null() { json!(code) } else { refused.clone() };
    match kind {
        FaultKind::Status500 => (false, 500, Value::Null),
        FaultKind::Html | FaultKind::Empty | FaultKind::Endless | FaultKind::GzipBomb => {
            (false, 200, Value::Null)
        }
        FaultKind::Redirect => (false, 302, Value::Null),
        FaultKind::Reset | FaultKind::Hang => (false, 0, Value::Null),
        FaultKind::Lost | FaultKind::RenewalLost => (true, 0, Value::Null),
        FaultKind::Truncated | FaultKind::Stall => (true, 200, Value::Null),
        FaultKind::WrongUser => (true, 200, if refused.is_null() { json!(200) } else { json!("delivered") }),
        FaultKind::UnknownCode => (false, 200, meaning(77_777)),
        FaultKind::Risk => (false, 200, meaning(8821)),
        FaultKind::RateLimited => (false, 200, meaning(406)),
        FaultKind::Expired => (false, 200, expired),
        FaultKind::RenewalRejected => (false, 200, meaning(301)),
        FaultKind::RenewalSkeleton => (false, 200, skeleton),
        other => panic!("{other:?} has no form yet"),
    }
}

#[tokio::test]
async fn every_fault_has_a_form_when_a_message_is_asked_for() {
    for kind in FaultKind::ALL {
        let harness = Harness::new().await;
        harness.simulator.arm(Fault::new("netease.phone_send", kind).once()).expect("the name is known");
        let request = harness.client.post(format!("https://music.163.com/api{SEND}")).form(&send_form(FIRST));
        let (status, code) = harness.said(kind, request).await;
        let sent = !harness.simulator.text_messages().is_empty();
        // Nobody is named in the answer, so that it cannot speak of somebody else.
        assert_eq!((sent, status, code), forms(kind, json!(301), Value::Null, json!(200)), "{kind:?}");
        assert_eq!(harness.simulator.journal()[0].verdict, Verdict::Faulted, "{kind:?}");
    }
}

#[tokio::test]
async fn every_fault_has_a_form_when_somebody_signs_in_by_text_message() {
    for kind in FaultKind::ALL {
        let harness = Harness::new().await;
        assert_eq!(harness.plainly(SEND, &send_form(FIRST)).await, 200);
        harness.simulator.arm(Fault::new("netease.phone_login", kind).once()).expect("the name is known");
        let form = login_form(FIRST, &harness.newest_text());
        let url = format!("https://music.163.com/api{LOGIN}");
        let (status, code) = harness.said(kind, harness.client.post(url).form(&form)).await;
        let ledger = harness.simulator.ledger();
        let outcome = (!ledger.is_empty(), status, code);
        assert_eq!(outcome, forms(kind, json!(503), Value::Null, json!(200)), "{kind:?}");
        if kind == FaultKind::WrongUser {
            assert_eq!(ledger[0].account, "netease:90002", "the session is somebody else's");
        }
        let again = harness.plainly(LOGIN, &form).await;
        assert_eq!(
            again,
            if ledger.is_empty() { 200 } else { 503 },
            "{kind:?}: used up only when it happened"
        );
    }
}

#[tokio::test]
async fn every_fault_has_a_form_on_the_page() {
    let risk = json!("risk");
    for kind in FaultKind::ALL {
        let harness = Harness::new().await;
        let (state, next) = harness.open_page().await;
        harness.simulator.confirm(1).expect("it is confirmed");
        harness.simulator.arm(Fault::new("netease.page", kind).once()).expect("the name is known");
        let (status, told) = harness.said(kind, harness.client.get(&next).header(USER_AGENT, BROWSER)).await;
        let ledger = harness.simulator.ledger();
        let outcome = (!ledger.is_empty(), status, told);
        assert_eq!(outcome, forms(kind, json!("expired"), risk.clone(), risk.clone()), "{kind:?}");
        if kind == FaultKind::WrongUser {
            assert_eq!(ledger[0].account, "netease:90002", "the session is somebody else's");
        }

        if !matches!(kind, FaultKind::WrongUser) && kind.is_application_level() {
            harness.simulator.arm(Fault::new("netease.page", kind).once()).expect("the name is known");
            let wanted = if kind == FaultKind::Expired { json!("expired") } else { risk.clone() };
            assert_eq!(harness.page_state(&state).await, wanted, "{kind:?}");
            harness.simulator.arm(Fault::new("netease.page", kind).once()).expect("the name is known");
            harness.browse(Method::GET, PAGE, &Vec::new()).await;
            let waiting = harness.simulator.codes().iter().any(|code| code.state == CodeState::Shown);
            assert!(!waiting, "{kind:?}: nobody can sign in on a page that failed");
        }
    }
}

#[tokio::test]
async fn whoever_only_visits_the_front_page_is_shown_no_code_and_given_a_tracking_id() {
    let harness = Harness::new().await;
    let response = harness.browse(Method::GET, PAGE, &Vec::new()).await;
    let cookies = cookies_of(&response);
    assert!(
        matches!(&cookies[..], [(name, value)] if name == "NMTID" && value.starts_with("00O")),
        "{cookies:?}"
    );
    assert!(harness.simulator.codes().is_empty(), "no script has asked for one");
    let again = harness.browse(Method::GET, PAGE, &cookies).await;
    assert_eq!(cookies_of(&again), [], "it is known already");
}
