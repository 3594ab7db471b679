//! The gateway: one JSON body asks for several things (protocol: QQ §5).

use serde_json::{Map, Value, json};

use super::hash::{hash33, zzc_sign};
use super::{app_scan, device, exchange, membership, phone_code, renewal, user_info};
use crate::account::Service;
use crate::clock::now_ms;
use crate::fault::FaultKind;
use crate::ledger::Credential;
use crate::outcome::{Outcome, Refusal};
use crate::reply::Reply;
use crate::request::Request;
use crate::request_context::RequestContext;
use crate::simulator_state::SharedState;

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
pub(super) struct CallReply {
    pub(super) code: i64,
    pub(super) data: Box<Value>,
    pub(super) refusal: Option<Refusal>,
    pub(super) cookies: Vec<String>,
}

impl CallReply {
    pub(super) fn ok(data: Value) -> Self {
        Self { code: 0, data: Box::new(data), refusal: None, cookies: Vec::new() }
    }

    pub(super) fn broken_rule(code: i64, rule: impl Into<String>) -> Self {
        Self {
            code,
            data: Box::new(json!({})),
            refusal: Some(Refusal::BrokenRule(rule.into())),
            cookies: Vec::new(),
        }
    }

    pub(super) fn declined(code: i64) -> Self {
        Self { code, data: Box::new(json!({})), refusal: Some(Refusal::Declined), cookies: Vec::new() }
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
pub(super) fn respond(context: &RequestContext<'_>) -> Outcome {
    let request = context.request;
    let started = now_ms();
    let envelope = check_envelope(request).and_then(|()| read(&request.body)).and_then(|envelope| {
        check_comm(&envelope.comm)?;
        Ok(envelope)
    });
    let envelope = match envelope {
        Ok(envelope) => envelope,
        Err(rule) => {
            return Outcome::broken_rule(rule, Reply::json(&json!({"code": 500_001, "ts": started})));
        }
    };
    let mut body = json!({
        "code": 0,
        "ts": now_ms(),
        "start_ts": started,
        "traceid": format!("{:016x}", rand::random::<u64>()),
    });
    context.state.change(|state| {
        let key = carried(request, &envelope.comm);
        state.ledger.used(Service::QqMusic, "musickey", &key, state.settings.rotation, started);
    });
    let (mut refusal, mut cookies) = (None, Vec::new());
    for (index, call) in envelope.calls.iter().enumerate() {
        let fault = context.fault.filter(|_| context.fault_index == index);
        let part = RequestContext { fault, fault_index: 0, ..*context };
        let reply = one(&part, &envelope, call);
        refusal = refusal.or(reply.refusal);
        cookies.extend(reply.cookies);
        body[call.key.as_str()] = json!({"code": reply.code, "data": reply.data});
    }
    Outcome { reply: Reply::json(&body).cookies(cookies), refusal, upgrade: None }
}

fn one(context: &RequestContext<'_>, envelope: &Envelope, call: &Call) -> CallReply {
    let signs_in = matches!(
        call.name,
        "qq.exchange" | "qq.wx_exchange" | "qq.app_exchange" | "qq.phone_login" | "qq.renew" | "qq.renew_b"
    );
    if let Some(fault) = context.fault {
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
            let mut data = if signs_in { exchange::skeleton() } else { json!({}) };
            if code == 2001 {
                let check = context.state.change(|state| state.risk_check(Service::QqMusic));
                data["feedbackURL"] = json!(check.address);
            }
            return CallReply::declined(code).with(data);
        }
    }
    if matches!(call.name, "qq.exchange" | "qq.wx_exchange" | "qq.app_exchange")
        && context.state.settings().exchange_check
    {
        let check = context.state.change(|state| state.risk_check(Service::QqMusic));
        if !check.solved {
            let mut data = exchange::skeleton();
            data["feedbackURL"] = json!(check.address);
            return CallReply::declined(2001).with(data);
        }
    }
    match call.name {
        "qq.exchange" => exchange::exchange(context, envelope, call),
        "qq.wx_exchange" => exchange::exchange_wechat(context, envelope, call),
        "qq.create_qrcode" => app_scan::create(context, envelope, call),
        "qq.app_exchange" => app_scan::exchange(context, envelope, call),
        "qq.phone_send" => phone_code::send(context, envelope, call),
        "qq.phone_login" => phone_code::login(context, envelope, call),
        "qq.renew" => renewal::path_a(context, envelope, call),
        "qq.renew_b" => renewal::path_b(context, call),
        "qq.logout" => renewal::logout(context, envelope),
        "qq.userinfo" => user_info::login_user_info(context, envelope),
        "qq.profile" => user_info::base_info(context, call),
        "qq.homepage" => user_info::homepage_header(context, call),
        "qq.vip" => membership::query(context, envelope, call),
        "qq.vip_fallback" => membership::login_base(context, envelope),
        "qq.session" => device::session(context),
        _ => CallReply::broken_rule(40_000, "no such module or method"),
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
    state: &SharedState,
    request: &Request,
    comm: &Map<String, Value>,
) -> Result<Credential, CallReply> {
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
            return Err(CallReply::broken_rule(1000, "g_tk does not belong to the key"));
        }
    }
    if key.is_empty() {
        return Err(CallReply::broken_rule(1000, "there is no credential in it"));
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
pub(super) fn by_key(state: &SharedState, key: &str, uin: &str) -> Result<Credential, CallReply> {
    let Some(credential) = state.ledger.find(Service::QqMusic, "musickey", key) else {
        // What is pushed after a scan may be tried as a key (protocol: QQ §13.7).
        if state.qqmusic.app_tokens.iter().any(|token| token.token == key) {
            return Err(CallReply::declined(1000));
        }
        return Err(CallReply::broken_rule(1000, "the key is unknown"));
    };
    if uin.trim_start_matches('o').trim_start_matches('0') != credential.uid {
        return Err(CallReply::broken_rule(1000, "the key belongs to another account"));
    }
    if !credential.is_valid() {
        return Err(CallReply::declined(1000));
    }
    Ok(credential.clone())
}
