//! What the endpoints reply, and the bodies with which they say no (protocol: NetEase §1.4). For all handlers here.

use serde_json::{Value, json};

use crate::service::outcome::Refusal;

/// What an endpoint replies, before it is encrypted and compressed.
#[derive(Debug)]
pub(super) struct ApiReply {
    pub(super) body: Value,
    /// The `Set-Cookie` lines.
    pub(super) cookies: Vec<String>,
    /// The session, where a header says it instead of a cookie.
    pub(super) session: Option<String>,
    /// Why the request was refused; `None` when it was granted.
    pub(super) refusal: Option<Refusal>,
}

impl ApiReply {
    /// The request was granted.
    pub(super) fn ok(body: Value) -> Self {
        Self { body, cookies: Vec::new(), session: None, refusal: None }
    }

    /// The request was correct, and the body says no.
    pub(super) fn declined(body: Value) -> Self {
        Self { body, cookies: Vec::new(), session: None, refusal: Some(Refusal::Declined) }
    }

    /// The request broke `rule` of the protocol, and the body says no.
    pub(super) fn broken_rule(rule: impl Into<String>, body: Value) -> Self {
        Self { body, cookies: Vec::new(), session: None, refusal: Some(Refusal::BrokenRule(rule.into())) }
    }

    /// The same, with more `Set-Cookie` lines.
    pub(super) fn cookies(mut self, cookies: impl IntoIterator<Item = String>) -> Self {
        self.cookies.extend(cookies);
        self
    }
}

/// A body that is only a code.
pub(super) fn code(code: i64) -> Value {
    json!({"code": code, "message": null})
}

/// A body with a code and a message for people.
pub(super) fn message(code: i64, message: &str) -> Value {
    json!({"code": code, "msg": message, "message": message})
}

/// The body for a code from a text message that is wrong, too old or used.
pub(super) fn wrong_text_code() -> Value {
    message(503, "验证码错误")
}

/// The body for somebody who has to solve a captcha first, with the address of its page.
pub(super) fn captcha(address: &str) -> Value {
    let mut body = risk(-462);
    body["data"]["url"] = json!(address);
    body
}

/// The body of risk control, by its code.
pub(super) fn risk(number: i64) -> Value {
    match number {
        8821 => json!({
            "code": 8821, "message": "需要行为验证码验证", "hitType": 60001,
            "redirectUrl": "https://qa-yyy.igame.163.com/anquanhuanjingfengxian",
        }),
        8830 => json!({"code": 8830, "message": "需要二次验证"}),
        8810 => json!({
            "code": 8810, "message": "您当前的网络环境存在安全风险",
            "redirectUrl": "https://y.music.163.com/g/yida/simulated",
        }),
        -462 => json!({
            "code": -462, "message": "请完成验证操作",
            "data": {
                "verifyType": 40, "verifyId": 1_007_602, "verifyToken": "simulated",
                "verifyUrl": "https://st.music.163.com/encrypt-pages",
                "params": {"event_id": "simulated", "sign": "simulated"},
                "url": "https://st.music.163.com/encrypt-pages?verifyId=1007602&verifyType=40",
                "blockText": "请完成验证操作", "actionCode": 1, "frontRuleIds": [1],
            },
        }),
        -460 | 460 => json!({"code": number, "message": "检测到您的网络环境存在风险，请稍后再试"}),
        10_003 | 10_004 => json!({
            "code": number, "message": "当前登录存在安全风险，请稍后再试",
            "redirectUrl": "https://y.music.163.com/g/yida/simulated",
        }),
        other => code(other),
    }
}

/// The body for somebody who has to be signed in and is not.
pub(super) fn sign_in_first() -> Value {
    json!({"code": 301, "msg": "需要登录", "message": null})
}
