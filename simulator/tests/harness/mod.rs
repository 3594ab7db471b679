//! A simulator and a correct client, which the tests then make incorrect in one way each.
#![allow(dead_code, unreachable_pub, reason = "every test file uses a part")]

use std::time::Duration;

use reqwest::header::{COOKIE, LOCATION, REFERER, SET_COOKIE, USER_AGENT};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};
use tunekey_simulator::{Options, Running, Service, Settings, Simulator};

pub const BROWSER: &str =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36";
pub const LOGIN_PAGE: &str = "https://xui.ptlogin2.qq.com/";

pub type Pairs = Vec<(String, String)>;

pub fn pairs(given: &[(&str, &str)]) -> Pairs {
    given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Replaces the value of `name`, or adds it.
pub fn set(pairs: &mut Pairs, name: &str, value: &str) {
    pairs.retain(|(key, _)| key != name);
    pairs.push((name.to_owned(), value.to_owned()));
}

pub fn hash33(text: &str, seed: u32) -> String {
    let hash = text.bytes().fold(seed, |hash, byte| hash.wrapping_mul(33).wrapping_add(u32::from(byte)));
    (hash & 0x7fff_ffff).to_string()
}

/// A simulator and a client that goes through it.
pub struct Harness {
    pub simulator: Running,
    pub client: Client,
}

impl Harness {
    pub async fn new() -> Self {
        Self::with(Settings::default()).await
    }

    pub async fn with(settings: Settings) -> Self {
        // Whichever test comes first installs it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let simulator =
            Simulator::start(Options::default().with_settings(settings)).await.expect("the simulator starts");
        let client = client(&simulator);
        Self { simulator, client }
    }

    /// The rule that the last request broke.
    pub fn last_rule(&self) -> Option<String> {
        self.simulator.journal().last().and_then(|entry| entry.rule.clone())
    }
}

pub fn client(simulator: &Running) -> Client {
    Client::builder()
        .proxy(reqwest::Proxy::all(&simulator.proxy_url).expect("the address is one"))
        .tls_certs_only([reqwest::Certificate::from_pem(simulator.ca_pem.as_bytes()).expect("it is PEM")])
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(20))
        .build()
        .expect("the client is made")
}

/// `Set-Cookie` lines as names and values; deletions have empty values.
pub fn cookies_of(response: &Response) -> Pairs {
    response
        .headers()
        .get_all(SET_COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok()?.split(';').next()?.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

pub fn header_of(cookies: &Pairs) -> String {
    cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
}

pub async fn json_of(response: Response) -> Value {
    response.json().await.expect("the answer is JSON")
}

// ---- QQ Music ----------------------------------------------------------------------------------------------------

pub fn show_query() -> Pairs {
    pairs(&[
        ("appid", "716027609"),
        ("e", "2"),
        ("l", "M"),
        ("s", "3"),
        ("d", "72"),
        ("v", "4"),
        ("t", "0.25"),
        ("daid", "383"),
        ("pt_3rd_aid", "100497308"),
    ])
}

pub fn poll_query(qrsig: &str) -> Pairs {
    let mut query = pairs(&[
        ("u1", "https://graph.qq.com/oauth2.0/login_jump"),
        ("ptredirect", "0"),
        ("h", "1"),
        ("t", "1"),
        ("g", "1"),
        ("from_ui", "1"),
        ("ptlang", "2052"),
        ("action", "0-0-1790000000000"),
        ("js_ver", "20102616"),
        ("js_type", "1"),
        ("pt_uistyle", "40"),
        ("aid", "716027609"),
        ("daid", "383"),
        ("pt_3rd_aid", "100497308"),
        ("has_onekey", "1"),
    ]);
    set(&mut query, "ptqrtoken", &hash33(qrsig, 0));
    query
}

pub fn authorize_form(p_skey: &str) -> Pairs {
    let mut form = pairs(&[
        ("response_type", "code"),
        ("client_id", "100497308"),
        ("redirect_uri", "https://y.qq.com/portal/wx_redirect.html?login_type=1&surl=https://y.qq.com/"),
        ("scope", "get_user_info,get_app_friends"),
        ("state", "abc"),
        ("switch", ""),
        ("from_ptlogin", "1"),
        ("src", "1"),
        ("update_auth", "1"),
        ("openapi", "1010_1030"),
        ("auth_time", "1790000000000"),
        ("ui", "0B9C5B9F-0B8A-4B6E-9B59-0F2B3F0D9C11"),
    ]);
    set(&mut form, "g_tk", &hash33(p_skey, 5381));
    form
}

pub fn web_comm() -> Value {
    json!({"g_tk": 5381, "platform": "yqq", "ct": 24, "cv": 0, "tmeLoginType": 2})
}

impl Harness {
    pub async fn get(&self, url: &str, query: &Pairs, cookie: &str) -> Response {
        self.client
            .request(Method::GET, url)
            .query(query)
            .header(USER_AGENT, BROWSER)
            .header(REFERER, LOGIN_PAGE)
            .header(COOKIE, cookie)
            .send()
            .await
            .expect("it is answered")
    }

    pub async fn show(&self) -> String {
        let response = self.get("https://ssl.ptlogin2.qq.com/ptqrshow", &show_query(), "").await;
        cookies_of(&response).into_iter().find(|(name, _)| name == "qrsig").expect("qrsig is set").1
    }

    pub async fn poll(&self, qrsig: &str) -> String {
        let url = "https://ssl.ptlogin2.qq.com/ptqrlogin";
        let response = self.get(url, &poll_query(qrsig), &format!("qrsig={qrsig}")).await;
        response.text().await.expect("it is text")
    }

    /// Shows a code, has it confirmed by `account`, and returns the address that the poll gives.
    pub async fn confirmed(&self, account: &str) -> String {
        let qrsig = self.show().await;
        let code = self.simulator.next_code(Service::QqMusic, 0).await;
        self.simulator.scan(code.id, Some(account)).expect("it is scanned");
        self.simulator.confirm(code.id).expect("it is confirmed");
        let said = self.poll(&qrsig).await;
        said.split('\'').nth(5).expect("there is an address").to_owned()
    }

    /// Goes to the address and returns the cookies that are to be sent on.
    pub async fn check_sig(&self, url: &str) -> Pairs {
        let mut cookies = cookies_of(&self.get(url, &Vec::new(), "").await);
        cookies.retain(|(_, value)| !value.is_empty());
        cookies
    }

    pub async fn authorize(&self, form: &Pairs, cookies: &Pairs) -> String {
        let response = self
            .client
            .post("https://graph.qq.com/oauth2.0/authorize")
            .form(form)
            .header(COOKIE, header_of(cookies))
            .send()
            .await
            .expect("it is answered");
        response.headers().get(LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    }

    /// A code for the exchange, for `account`.
    pub async fn oauth_code(&self, account: &str) -> String {
        let cookies = self.check_sig(&self.confirmed(account).await).await;
        let p_skey = cookies.iter().find(|(name, _)| name == "p_skey").expect("p_skey is set").1.clone();
        let location = self.authorize(&authorize_form(&p_skey), &cookies).await;
        location
            .split("code=")
            .nth(1)
            .and_then(|rest| rest.split('&').next())
            .expect("there is a code")
            .to_owned()
    }

    pub async fn musicu(&self, comm: &Value, module: &str, method: &str, param: &Value) -> Value {
        let body = json!({"comm": comm, "req_0": {"module": module, "method": method, "param": param}});
        let response = self
            .client
            .post("https://u.y.qq.com/cgi-bin/musicu.fcg")
            .json(&body)
            .send()
            .await
            .expect("it is answered");
        json_of(response).await["req_0"].take()
    }

    pub async fn exchange(&self, code: &str) -> Value {
        self.musicu(&web_comm(), "QQConnectLogin.LoginServer", "QQLogin", &json!({"code": code})).await
    }

    /// Signs `account` in and returns the credential.
    pub async fn sign_in_qq(&self, account: &str) -> Value {
        let code = self.oauth_code(account).await;
        self.exchange(&code).await["data"].take()
    }

    /// The `comm` of a signed-in client without cookies.
    pub fn signed_comm(credential: &Value) -> Value {
        json!({
            "ct": 24, "cv": 0, "tmeAppID": "qqmusic", "format": "json", "tmeLoginType": credential["loginType"],
            "uin": credential["str_musicid"], "authst": credential["musickey"],
        })
    }

    pub async fn user_info(&self, credential: &Value) -> Value {
        let comm = Self::signed_comm(credential);
        self.musicu(&comm, "music.UserInfo.userInfoServer", "GetLoginUserInfo", &json!({})).await
    }

    pub async fn renew_a(&self, credential: &Value, param: &Value) -> Value {
        self.musicu(&Self::signed_comm(credential), "music.login.LoginServer", "Login", param).await
    }
}

/// The parameters of path A.
pub fn path_a(credential: &Value) -> Value {
    json!({
        "openid": credential["openid"], "access_token": credential["access_token"],
        "refresh_token": credential["refresh_token"], "expired_in": credential["expired_at"],
        "musicid": credential["musicid"], "musickey": credential["musickey"],
        "refresh_key": credential["refresh_key"], "loginMode": 2,
    })
}

// ---- NetEase -----------------------------------------------------------------------------------------------------

/// `{}` as documented for the secret `aaaaaaaaaaaaaaaa`.
pub const WEAPI_PARAMS: &str = "sGCkmUa5lOsHiqWbTXKNlOGYClauWnpcIUumYFBghKE=";
pub const WEAPI_KEY: &str = "d473b9eca232f1b4090dd606b0df86de318748dd2eec307e4ed4345030fc4ee30331e598f41d5a6f5befaab94630ea1a1eda7cfade84fbec1a907913d2e4d2c8744bc572b99a050075e075b4537f645ecfa994f95906c32818e076aeda6bdb906bfa0bb96c4cf4bc3ed6d9ab76cf08441153d9d85e1ea3d78fa8d9210d581cee";
pub const CHAIN: &str = "v1_YD-simulated_web_login_1790000000000";

impl Harness {
    pub async fn weapi_with(
        &self,
        path: &str,
        form: &Pairs,
        cookies: &Pairs,
        headers: &[(&str, &str)],
    ) -> Response {
        let mut request = self
            .client
            .post(format!("https://music.163.com/weapi{path}"))
            .form(form)
            .header(USER_AGENT, BROWSER)
            .header(REFERER, "https://music.163.com/")
            .header(COOKIE, header_of(cookies));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.expect("it is answered")
    }

    pub async fn weapi(&self, path: &str, cookies: &Pairs) -> Response {
        self.weapi_with(path, &pairs(&[("params", WEAPI_PARAMS), ("encSecKey", WEAPI_KEY)]), cookies, &[])
            .await
    }

    /// Shows a web code and returns its key and the visitor's cookies.
    pub async fn unikey(&self) -> (String, Pairs) {
        let response = self.weapi("/login/qrcode/unikey", &Vec::new()).await;
        let cookies = cookies_of(&response);
        (json_of(response).await["unikey"].as_str().expect("a unikey").to_owned(), cookies)
    }

    pub async fn poll_web(&self, cookies: &Pairs, chain: &str) -> Response {
        let form = pairs(&[("params", WEAPI_PARAMS), ("encSecKey", WEAPI_KEY)]);
        let headers = [("x-login-chain-id", chain), ("X-loginMethod", "QrCode")];
        self.weapi_with("/login/qrcode/client/login", &form, cookies, &headers).await
    }

    /// Signs `account` in and returns the session's cookies, those with a value.
    pub async fn sign_in_netease(&self, account: &str) -> Pairs {
        let (key, visitor) = self.unikey().await;
        let code =
            self.simulator.codes().into_iter().find(|code| code.key == key).expect("the code is known");
        self.simulator.scan(code.id, Some(account)).expect("it is scanned");
        self.simulator.confirm(code.id).expect("it is confirmed");
        let mut cookies = cookies_of(&self.poll_web(&visitor, CHAIN).await);
        cookies.retain(|(_, value)| !value.is_empty());
        cookies
    }

    /// As the desktop client: `json` without the client's description, which is added.
    pub async fn eapi(&self, path: &str, payload: &Value, cookies: &Pairs) -> Response {
        let mut described = pairs(&[("os", "pc"), ("appver", "3.1.17.204416"), ("osver", "10")]);
        set(&mut described, "deviceId", "A1B2C3D4E5F6A1B2C3D4E5F6A1B2C3D4E5F6A1B2C3D4E5F6A1B2");
        set(&mut described, "requestId", "1790000000000_0001");
        let header: serde_json::Map<String, Value> =
            described.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        let mut payload = payload.clone();
        payload["header"] = header.into();
        described.extend(cookies.iter().cloned());
        self.client
            .post(format!("https://interface.music.163.com/eapi{path}"))
            .form(&pairs(&[("params", &eapi_params(&format!("/api{path}"), &payload.to_string()))]))
            .header(USER_AGENT, BROWSER)
            .header(COOKIE, header_of(&described))
            .send()
            .await
            .expect("it is answered")
    }

    pub async fn plain(&self, path: &str, form: &Pairs, cookies: &Pairs) -> Response {
        self.client
            .post(format!("https://music.163.com/api{path}"))
            .form(form)
            .header(USER_AGENT, BROWSER)
            .header(COOKIE, header_of(cookies))
            .send()
            .await
            .expect("it is answered")
    }
}

/// AES-128-ECB of path, JSON and digest, in upper-case hexadecimal.
fn eapi_params(path: &str, json: &str) -> String {
    use aes::cipher::{BlockEncrypt as _, KeyInit as _};
    use md5::Digest as _;

    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let digest = hex(&md5::Md5::digest(format!("nobody{path}use{json}md5forencrypt")));
    let mut text = format!("{path}-36cd479b6b5-{json}-36cd479b6b5-{digest}").into_bytes();
    let padding = 16 - text.len() % 16;
    text.resize(text.len() + padding, u8::try_from(padding).expect("it is at most 16"));
    let aes = aes::Aes128::new(b"e82ckenh8dichen8".into());
    text.chunks_exact_mut(16).for_each(|block| aes.encrypt_block(block.into()));
    hex(&text).to_uppercase()
}
