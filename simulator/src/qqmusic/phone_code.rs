//! Sign-in with a code from a text message (protocol: QQ §4).

use serde_json::{Map, Value, json};

use super::credential::{sign_in, skeleton};
use super::envelope::{Call, CallReply, Envelope, text_of};
use super::{CAPTCHA_PAGE, Context};
use crate::clock::now_ms;
use crate::http::request::Request;
use crate::state::account::Service;
use crate::state::ledger::IssuedVia;

/// Which device asked for a number's newest message.
#[derive(Debug, Clone)]
pub(super) struct MessageRequest {
    phone: String,
    device: String,
}

const SERVICE: Service = Service::QqMusic;
/// What the app names a device by. The session's `uid` and `sid` change by the day and do not count.
const DEVICE_IDS: [&str; 5] = ["OpenUDID", "udid", "OpenUDID2", "QIMEI36", "aid"];

/// Sends a text message with a code: `music.login.LoginServer/SendPhoneAuthCode`.
pub(super) fn send(context: &Context<'_>, envelope: &Envelope, call: &Call) -> CallReply {
    let failed = |rule: String| {
        CallReply::broken_rule(20_261, rule).with(json!({"errMsg": "参数错误", "securityURL": ""}))
    };
    let checked = device(context.request, &envelope.comm).and_then(|device| {
        // The parameter is spelt with a small d, unlike the field of comm.
        if call.param.get("tmeAppid").and_then(Value::as_str) != Some("qqmusic") {
            return Err("tmeAppid is not \"qqmusic\"".to_owned());
        }
        Ok((device, digits(&call.param, "phoneNo")?))
    });
    let (device, phone) = match checked {
        Ok(checked) => checked,
        Err(rule) => return failed(rule),
    };
    // A number is answered like this, and not with the code of the other parameters (protocol: QQ §13.5).
    let area = match digits(&call.param, "areaCode") {
        Ok(area) => area,
        Err(rule) => return CallReply::broken_rule(10_006, rule),
    };
    if area != "86" || phone.len() != 11 {
        // A person may well type this: nothing is wrong with the client.
        return CallReply::declined(104_400).with(json!({"errMsg": "手机号码格式错误", "securityURL": ""}));
    }
    context.state.change(|state, memory| {
        if let Some(captcha) = state.captcha_before_message(SERVICE, &device, CAPTCHA_PAGE) {
            return CallReply::declined(20_276).with(json!({"securityURL": captcha.address, "errMsg": ""}));
        }
        let wait_ms = state.settings.phone_resend_seconds.saturating_mul(1000);
        let newest = state.text_messages.newest(SERVICE, &phone);
        if newest.is_some_and(|message| now_ms() - message.sent_ms < wait_ms) {
            return CallReply::declined(100_001)
                .with(json!({"errMsg": "操作过于频繁，请稍后再试", "securityURL": ""}));
        }
        state.text_messages.send(SERVICE, &phone);
        memory.message_requests.retain(|asked| asked.phone != phone);
        memory.message_requests.push(MessageRequest { phone, device });
        CallReply::ok(json!({"errMsg": "", "securityURL": ""}))
    })
}

/// Signs in with the code from a text message: `music.login.LoginServer/Login`.
pub(super) fn login(context: &Context<'_>, envelope: &Envelope, call: &Call) -> CallReply {
    let said = |reply: CallReply, text: &str| {
        let mut data = skeleton();
        data["errMsg"] = json!(text);
        reply.with(data)
    };
    if text_of(&envelope.comm, "tmeLoginMethod") != "3" {
        return said(CallReply::broken_rule(104_400, "comm.tmeLoginMethod is not 3"), "参数错误");
    }
    let checked = device(context.request, &envelope.comm).and_then(|device| {
        if text_of(&envelope.comm, "tmeLoginType") != "0" {
            return Err("comm.tmeLoginType is not 0".to_owned());
        }
        if call.param.get("loginMode").and_then(Value::as_u64) != Some(1) {
            return Err("loginMode is not 1".to_owned());
        }
        // A person types it: what is not a code is a wrong code.
        let code = call.param.get("code").and_then(Value::as_str).ok_or("code is missing or no text")?;
        Ok((device, digits(&call.param, "phoneNo")?, code.to_owned()))
    });
    let (device, phone, code) = match checked {
        Ok(checked) => checked,
        Err(rule) => return said(CallReply::broken_rule(20_261, rule), "参数错误"),
    };
    context.state.change(|state, memory| {
        match memory.message_requests.iter().find(|asked| asked.phone == phone) {
            None => {
                return said(
                    CallReply::broken_rule(20_271, "no message was sent to this number"),
                    "验证码错误",
                );
            }
            Some(asked) if asked.device != device => {
                return said(
                    CallReply::broken_rule(20_271, "the device is not the one that asked for the message"),
                    "验证码错误",
                );
            }
            Some(_) => {}
        }
        if !state.text_messages.take_code(SERVICE, &phone, &code) {
            return said(CallReply::declined(20_271), "验证码错误或已失效");
        }
        let account = state
            .accounts
            .iter()
            .find(|account| account.service == SERVICE && account.phone == phone && account.phone_bound)
            .map(|account| account.id.clone());
        match account {
            Some(account) => sign_in(state, context.fault, &envelope.comm, &account, IssuedVia::Phone),
            None => {
                let mut reply = said(CallReply::declined(20_274), "该手机号未绑定账号");
                reply.data["token"] = json!(state.tokens.hex(32));
                reply.data["phoneNo"] = json!(format!("{}****{}", &phone[..3], &phone[7..]));
                reply.data["encryptedPhoneNo"] = json!(state.tokens.upper_hex(32));
                reply
            }
        }
    })
}

/// The device that a call comes from, which has to speak as the app on a telephone does.
fn device(request: &Request, comm: &Map<String, Value>) -> Result<String, String> {
    for (name, wanted) in [("ct", "11"), ("tmeLoginMethod", "3"), ("tmeAppID", "qqmusic")] {
        if text_of(comm, name) != wanted {
            return Err(format!("comm.{name} is not {wanted}"));
        }
    }
    if !request.header("user-agent").starts_with("QQMusic ") {
        return Err("User-Agent is not the app's".to_owned());
    }
    for name in ["OpenUDID", "udid"] {
        if text_of(comm, name).is_empty() {
            return Err(format!("comm.{name} is missing"));
        }
    }
    Ok(DEVICE_IDS.map(|name| text_of(comm, name)).join("/"))
}

/// A parameter that is text of digits.
fn digits(param: &Map<String, Value>, name: &str) -> Result<String, String> {
    match param.get(name) {
        Some(Value::String(text)) if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => {
            Ok(text.clone())
        }
        None => Err(format!("{name} is missing")),
        Some(_) => Err(format!("{name} is not text of digits")),
    }
}
