//! How NetEase says no (protocol: NetEase §1.4).

use serde_json::{Value, json};

use super::transport::{ApiReply, sign_in_first};
use crate::fault::{Fault, FaultKind};

/// A body that is only a code.
pub(super) fn code(code: i64) -> Value {
    json!({"code": code, "message": null})
}

/// The answer that a fault asks for; `None` when the endpoint plays it itself.
pub(super) fn faulted(name: &str, fault: &Fault) -> Option<ApiReply> {
    let renewal = name == "netease.refresh";
    let body = match fault.kind {
        FaultKind::UnknownCode => code(fault.code_or(77_777)),
        FaultKind::Risk => risk(fault.code_or(8821)),
        FaultKind::RateLimited => json!({"code": fault.code_or(406), "message": "操作频繁，请稍候再试"}),
        FaultKind::RenewalRejected if renewal => json!({"code": 301, "msg": null, "message": null}),
        FaultKind::RenewalSkeleton if renewal => json!({"code": 200}),
        FaultKind::RenewalRejected => sign_in_first(),
        // Nothing was sent, in the form of an answer that says otherwise.
        FaultKind::RenewalSkeleton if name == "netease.phone_send" => json!({"code": 200, "data": false}),
        FaultKind::RenewalSkeleton => json!({"code": 200}),
        FaultKind::Expired if name == "netease.account" => {
            json!({"code": 200, "account": null, "profile": null})
        }
        // The code in the message has expired.
        FaultKind::Expired if name == "netease.phone_login" => wrong_text_code(),
        // The code itself has to expire: see the poll.
        FaultKind::Expired if name == "netease.poll" => return None,
        FaultKind::Expired => sign_in_first(),
        _ => return None,
    };
    Some(ApiReply::declined(body))
}

/// A body with a code and what people are told.
pub(super) fn said(code: i64, message: &str) -> Value {
    json!({"code": code, "msg": message, "message": message})
}

/// The code from the text message is wrong, too old or used.
pub(super) fn wrong_text_code() -> Value {
    said(503, "验证码错误")
}

/// The check that has to be passed before anything else, with its page.
pub(super) fn check(address: &str) -> Value {
    let mut body = risk(-462);
    body["data"]["url"] = json!(address);
    body
}

/// The body of a risk-control answer.
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
