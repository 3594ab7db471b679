//! The gateway's bodies: one JSON object makes several calls, and one replies to all of them (protocol: QQ §5.1). For
//! the gateway and the handlers behind it.

use serde_json::{Map, Value, json};

use crate::service::outcome::Refusal;

/// One of the calls in a body.
#[derive(Debug)]
pub(super) struct Call {
    /// The name of its part of the body, and of the reply's.
    pub(super) key: String,
    /// The name that faults use.
    pub(super) name: &'static str,
    pub(super) param: Map<String, Value>,
}

/// A body: what the client says of itself, and its calls.
#[derive(Debug)]
pub(super) struct Envelope {
    pub(super) comm: Map<String, Value>,
    /// In the order of the body's names.
    pub(super) calls: Vec<Call>,
}

/// The reply to one call: its own code, its data, and why it was refused.
#[derive(Debug)]
pub(super) struct CallReply {
    pub(super) code: i64,
    pub(super) data: Box<Value>,
    pub(super) refusal: Option<Refusal>,
    pub(super) cookies: Vec<String>,
}

impl CallReply {
    /// The call was granted.
    pub(super) fn ok(data: Value) -> Self {
        Self { code: 0, data: Box::new(data), refusal: None, cookies: Vec::new() }
    }

    /// The call broke `rule` of the protocol, and is answered with `code` and no data.
    pub(super) fn broken_rule(code: i64, rule: impl Into<String>) -> Self {
        Self {
            code,
            data: Box::new(json!({})),
            refusal: Some(Refusal::BrokenRule(rule.into())),
            cookies: Vec::new(),
        }
    }

    /// The call was correct, and is answered with `code` and no data.
    pub(super) fn declined(code: i64) -> Self {
        Self { code, data: Box::new(json!({})), refusal: Some(Refusal::Declined), cookies: Vec::new() }
    }

    /// The same, with data.
    pub(super) fn with(mut self, data: Value) -> Self {
        self.data = Box::new(data);
        self
    }
}

/// A value that clients write as a number or as text; empty when it is missing.
pub(super) fn text_of(map: &Map<String, Value>, key: &str) -> String {
    match map.get(key) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

/// Parses a body.
///
/// # Errors
/// The rule that it breaks.
pub(super) fn parse(body: &[u8]) -> Result<Envelope, String> {
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

/// The name that faults use for a call.
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

/// Whether the client is one that runs in a browser and gets cookies.
pub(super) fn is_web(comm: &Map<String, Value>) -> bool {
    matches!(text_of(comm, "ct").as_str(), "24" | "23")
}
