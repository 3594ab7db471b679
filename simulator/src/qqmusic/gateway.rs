//! The gateway: one JSON body asks for several things (protocol: QQ §5).

use serde_json::{Map, Value, json};

use super::hash::{hash33, zzc_sign};
use super::{app_scan, device, membership, phone, profile, renewal, sign_in};
use crate::account::Service;
use crate::clock::now_ms;
use crate::exchange::{Answer, Refusal, Reply, Request, Turn};
use crate::fault::FaultKind;
use crate::ledger::Credential;
use crate::world::State;

/// One of the things that a body asks for.
#[derive(Debug)]
pub(super) struct Call {
    key: String,
    name: &'static str,
    pub(super) param: Map<String, Value>,
}

/// A body, read.
#[derive(Debug)]
pub(super) struct Envelope {
    pub(super) comm: Map<String, Value>,
    calls: Vec<Call>,
}

/// What one thing is answered with: the inner code, the data, and why it was refused.
#[derive(Debug)]
pub(super) struct Inner {
    pub(super) code: i64,
    pub(super) data: Box<Value>,
    pub(super) refused: Option<Refusal>,
    pub(super) cookies: Vec<String>,
}

impl Inner {
    pub(super) fn ok(data: Value) -> Self {
        Self { code: 0, data: Box::new(data), refused: None, cookies: Vec::new() }
    }

    pub(super) fn rule(code: i64, rule: impl Into<String>) -> Self {
        Self {
            code,
            data: Box::new(json!({})),
            refused: Some(Refusal::Rule(rule.into())),
            cookies: Vec::new(),
        }
    }

    pub(super) fn outdated(code: i64) -> Self {
        Self { code, data: Box::new(json!({})), refused: Some(Refusal::State), cookies: Vec::new() }
    }

    pub(super) fn with(mut self, data: Value) -> Self {
        self.data = Box::new(data);
        self
    }
}

/// A value that clients write as a number or as text.
pub(super) fn text_of(map: &Map<String, Value>, key: &str) -> String {
    match map.get(key) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

fn read(body: &[u8]) -> Result<Envelope, String> {
    let body: Value =
        serde_json::from_slice(body).map_err(|error| format!("the body is not JSON: {error}"))?;
    let body = body.as_object().ok_or("the body is not an object")?;
    let comm = body.get("comm").and_then(Value::as_object).ok_or("comm is missing")?.clone();
    let mut calls = Vec::new();
    for (key, call) in body.iter().filter(|(key, _)| *key != "comm") {
        let text = |name: &str| call.get(name).and_then(Value::as_str).ok_or(format!("{key} has no {name}"));
        let param = match call.get("param") {
            None => Map::new(),
            Some(param) => param.as_object().ok_or(format!("{key}: param is not an object"))?.clone(),
        };
        let name = name_of(text("module")?, text("method")?, &param);
        calls.push(Call { key: key.clone(), name, param });
    }
    if calls.is_empty() {
        return Err("the body asks for nothing".to_owned());
    }
    Ok(Envelope { comm, calls })
}

fn name_of(module: &str, method: &str, param: &Map<String, Value>) -> &'static str {
    let has = |name: &str| param.contains_key(name);
    match (module, method) {
        ("QQConnectLogin.LoginServer", "QQLogin") if has("code") => "qq.exchange",
        ("QQConnectLogin.LoginServer", "QQLogin") => "qq.renew_b",
        ("music.login.LoginServer", "Login") if text_of(param, "loginMode") == "2" => "qq.renew",
        ("music.login.LoginServer", "Login") if has("qrCodeID") || has("token") => "qq.app_exchange",
        ("music.login.LoginServer", "Login") if has("phoneNo") || has("loginMode") => "qq.phone_login",
        ("music.login.LoginServer", "Login") => "qq.wx_exchange",
        ("music.login.LoginServer", "CreateQRCode") => "qq.create_qrcode",
        ("music.login.LoginServer", "SendPhoneAuthCode") => "qq.phone_send",
        ("music.login.LoginServer", "Logout") => "qq.logout",
        ("music.UserInfo.userInfoServer", "GetLoginUserInfo") => "qq.userinfo",
        ("userInfo.BaseUserInfoServer", "get_user_baseinfo_v2") => "qq.profile",
        ("music.UnifiedHomepage.UnifiedHomepageSrv", "GetHomepageHeader") => "qq.homepage",
        ("userInfo.VipQueryServer", "SRFVipQuery_V2") => "qq.vip",
        ("VipLogin.VipLoginInter", "vip_login_base") => "qq.vip_fallback",
        ("music.getSession.session", "GetSession") => "qq.session",
        _ => "qq.unknown",
    }
}

/// The names of what the body asks for.
pub(super) fn names(request: &Request) -> Vec<&'static str> {
    match read(&request.body) {
        Ok(envelope) => envelope.calls.iter().map(|call| call.name).collect(),
        Err(_) => vec!["qq.unknown"],
    }
}

/// `POST https://u.y.qq.com/cgi-bin/musicu.fcg`, or its signed twin `musics.fcg`, or both on `u6`.
pub(super) fn answer(turn: &Turn<'_>) -> Answer {
    let request = turn.request;
    let started = now_ms();
    let envelope = check_envelope(request).and_then(|()| read(&request.body)).and_then(|envelope| {
        check_comm(&envelope.comm)?;
        Ok(envelope)
    });
    let envelope = match envelope {
        Ok(envelope) => envelope,
        Err(rule) => return Answer::refuse(rule, Reply::json(&json!({"code": 500_001, "ts": started}))),
    };
    let mut body = json!({
        "code": 0,
        "ts": now_ms(),
        "start_ts": started,
        "traceid": format!("{:016x}", rand::random::<u64>()),
    });
    turn.world.change(|state| {
        let key = carried(request, &envelope.comm);
        state.ledger.used(Service::QqMusic, "musickey", &key, state.settings.rotation, started);
    });
    let (mut refused, mut cookies) = (None, Vec::new());
    for (index, call) in envelope.calls.iter().enumerate() {
        let fault = turn.fault.filter(|_| turn.struck == index);
        let part = Turn { world: turn.world, request, fault, struck: 0 };
        let inner = one(&part, &envelope, call);
        refused = refused.or(inner.refused);
        cookies.extend(inner.cookies);
        body[call.key.as_str()] = json!({"code": inner.code, "data": inner.data});
    }
    Answer { reply: Reply::json(&body).cookies(cookies), refused }
}

fn one(turn: &Turn<'_>, envelope: &Envelope, call: &Call) -> Inner {
    let signs_in = matches!(
        call.name,
        "qq.exchange" | "qq.wx_exchange" | "qq.app_exchange" | "qq.phone_login" | "qq.renew" | "qq.renew_b"
    );
    if let Some(fault) = turn.fault {
        let code = match fault.kind {
            FaultKind::UnknownCode => Some(fault.code_or(77_777)),
            FaultKind::Risk => Some(fault.code_or(2001)),
            FaultKind::RateLimited => Some(104_604),
            FaultKind::Expired | FaultKind::RenewalRejected => Some(fault.code_or(1000)),
            FaultKind::RenewalSkeleton => Some(fault.code_or(0)),
            _ => None,
        };
        if let Some(code) = code {
            // Failures of the sign-in calls give the whole skeleton, empty (protocol: QQ §6).
            let mut data = if signs_in { sign_in::skeleton() } else { json!({}) };
            if code == 2001 {
                let check = turn.world.change(|state| state.risk_check(Service::QqMusic));
                data["feedbackURL"] = json!(check.address);
            }
            return Inner::outdated(code).with(data);
        }
    }
    if matches!(call.name, "qq.exchange" | "qq.wx_exchange" | "qq.app_exchange")
        && turn.world.settings().exchange_check
    {
        let check = turn.world.change(|state| state.risk_check(Service::QqMusic));
        if !check.solved {
            let mut data = sign_in::skeleton();
            data["feedbackURL"] = json!(check.address);
            return Inner::outdated(2001).with(data);
        }
    }
    match call.name {
        "qq.exchange" => sign_in::exchange(turn, envelope, call),
        "qq.wx_exchange" => sign_in::exchange_wechat(turn, envelope, call),
        "qq.create_qrcode" => app_scan::create(turn, envelope, call),
        "qq.app_exchange" => app_scan::exchange(turn, envelope, call),
        "qq.phone_send" => phone::send(turn, envelope, call),
        "qq.phone_login" => phone::login(turn, envelope, call),
        "qq.renew" => renewal::path_a(turn, envelope, call),
        "qq.renew_b" => renewal::path_b(turn, call),
        "qq.logout" => renewal::logout(turn, envelope),
        "qq.userinfo" => profile::login_user_info(turn, envelope),
        "qq.profile" => profile::base_info(turn, call),
        "qq.homepage" => profile::homepage_header(turn, call),
        "qq.vip" => membership::query(turn, envelope, call),
        "qq.vip_fallback" => membership::login_base(turn, envelope),
        "qq.session" => device::session(turn),
        _ => Inner::rule(40_000, "no such module or method"),
    }
}

fn check_envelope(request: &Request) -> Result<(), String> {
    if request.method != hyper::Method::POST {
        return Err("the method is not POST".to_owned());
    }
    let kind = request.header("content-type");
    if !kind.starts_with("application/json") && !kind.starts_with("application/x-www-form-urlencoded") {
        return Err("Content-Type is neither JSON nor a form".to_owned());
    }
    if request.path.ends_with("musics.fcg") && request.query("sign") != Some(&zzc_sign(&request.body)) {
        return Err("sign does not match the body".to_owned());
    }
    Ok(())
}

/// Each kind of client names itself completely (protocol: QQ §5.2).
fn check_comm(comm: &Map<String, Value>) -> Result<(), String> {
    let needs: &[&str] = match text_of(comm, "ct").as_str() {
        "11" => &["cv", "v", "tmeAppID"],
        "19" | "24" | "23" | "29" => &["cv"],
        other => return Err(format!("comm.ct {other:?} is no kind of client")),
    };
    match needs.iter().find(|name| text_of(comm, name).is_empty()) {
        Some(name) => Err(format!("comm.{name} is missing")),
        None => Ok(()),
    }
}

/// Whether the kind of client is one that lives in a browser and gets cookies.
pub(super) fn is_web(comm: &Map<String, Value>) -> bool {
    matches!(text_of(comm, "ct").as_str(), "24" | "23")
}

/// The credential that a request carries, in `comm` or in the cookies (protocol: QQ §5.2).
///
/// # Errors
/// The refusal: 1000 when there is none, it is unknown, or it has ended.
pub(super) fn signed_in(
    state: &State,
    request: &Request,
    comm: &Map<String, Value>,
) -> Result<Credential, Inner> {
    let cookie = |name: &str| request.cookie(name).unwrap_or_default();
    let mut key = text_of(comm, "authst");
    let mut uin = text_of(comm, "qq");
    if uin.is_empty() {
        uin = text_of(comm, "uin");
    }
    if key.is_empty() {
        key = [cookie("qm_keyst"), cookie("qqmusic_key")]
            .into_iter()
            .find(|key| !key.is_empty())
            .unwrap_or_default();
        let uins = [cookie("uin"), cookie("qqmusic_uin"), cookie("wxuin")];
        uin = uins.into_iter().find(|uin| !uin.is_empty()).unwrap_or_default();
        let g_tk = text_of(comm, "g_tk");
        if !key.is_empty() && !g_tk.is_empty() && g_tk != hash33(&key, 5381).to_string() && g_tk != "5381" {
            return Err(Inner::rule(1000, "g_tk does not belong to the key"));
        }
    }
    if key.is_empty() {
        return Err(Inner::rule(1000, "there is no credential in it"));
    }
    by_key(state, &key, &uin)
}

/// The key that a request carries, in `comm` or in the cookies.
fn carried(request: &Request, comm: &Map<String, Value>) -> String {
    let cookie = |name: &str| request.cookie(name).unwrap_or_default();
    let keys = [text_of(comm, "authst"), cookie("qm_keyst"), cookie("qqmusic_key")];
    keys.into_iter().find(|key| !key.is_empty()).unwrap_or_default()
}

/// The living credential with this key and number.
pub(super) fn by_key(state: &State, key: &str, uin: &str) -> Result<Credential, Inner> {
    let Some(credential) = state.ledger.find(Service::QqMusic, "musickey", key) else {
        // What is pushed after a scan may be tried as a key (protocol: QQ §13.7).
        if state.qqmusic.app_tokens.iter().any(|token| token.token == key) {
            return Err(Inner::outdated(1000));
        }
        return Err(Inner::rule(1000, "the key is unknown"));
    };
    if uin.trim_start_matches('o').trim_start_matches('0') != credential.uid {
        return Err(Inner::rule(1000, "the key belongs to another account"));
    }
    if !credential.is_valid() {
        return Err(Inner::outdated(1000));
    }
    Ok(credential.clone())
}
