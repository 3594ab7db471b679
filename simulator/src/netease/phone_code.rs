//! Sign-in with a code from a text message (protocol: NetEase §5.5).
//!
//! What a `weapi` request says cannot be read, so nothing in it can be wrong: the number is the one that the settings
//! name, and the code is the one that was sent for the device last.

use serde_json::json;

use super::api_reply::{ApiReply, captcha, code, message, risk, wrong_text_code};
use super::transport::Call;
use super::{CAPTCHA_PAGE, Context, Memory, cookies, session, user_info};
use crate::clock::now_ms;
use crate::http::request::Request;
use crate::state::account::{Account, Service};
use crate::state::ledger::IssuedVia;
use crate::state::shared_state::SharedState;

const SERVICE: Service = Service::NetEase;
/// How the desktop client and the web site name what the code is for; one of them is needed since 2025-09.
const SECRETES: [&str; 2] = ["music_middleuser_pclogin", "music_user_login"];
/// What a device is known by: the desktop client, the site's own device, any visitor.
const DEVICE_COOKIES: [&str; 3] = ["deviceId", "sDeviceId", "NMTID"];
const HOME: &str = "86";
const DAY_MS: i64 = 86_400_000;

/// A number, with its country.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Number {
    country: String,
    digits: String,
}

/// That a device asked for a message to a number.
#[derive(Debug, Clone)]
pub(super) struct MessageRequest {
    number: Number,
    device: String,
}

/// Sends a text message with a code: `…/sms/captcha/sent`.
pub(super) fn send(context: &Context<'_>, call: &Call) -> ApiReply {
    let typed = match number(call, "ctcode", "cellphone").and_then(|typed| checked_secrete(call, typed)) {
        Ok(typed) => typed,
        Err(rule) => return ApiReply::broken_rule(rule, code(400)),
    };
    context.state.change(|state, memory| {
        let visitor = Visitor::new(state, context.request);
        let number = typed.unwrap_or_else(|| unread_number(state));
        visitor.with_tracking_id(send_to(state, memory, number, visitor.device.clone()))
    })
}

/// Checks `secrete`, where it can be read.
fn checked_secrete(call: &Call, typed: Option<Number>) -> Result<Option<Number>, String> {
    if typed.is_some() && !SECRETES.contains(&call.text("secrete").as_str()) {
        return Err("secrete is missing or unknown".to_owned());
    }
    Ok(typed)
}

fn send_to(state: &mut SharedState, memory: &mut Memory, number: Number, device: String) -> ApiReply {
    let length = number.digits.len();
    if !(5..=15).contains(&length) || (number.country == HOME && length != 11) {
        // A person may well type this: nothing is wrong with the client.
        return ApiReply::declined(message(400, "手机号格式错误"));
    }
    if let Some(needed) = state.captcha_before_message(SERVICE, &device, CAPTCHA_PAGE) {
        return ApiReply::declined(captcha(&needed.address));
    }
    let now = now_ms();
    let sent = |within_ms: i64| {
        let to_it = state.text_messages.all().iter().filter(|message| message.service == SERVICE);
        to_it.filter(|message| message.phone == number.digits && now - message.sent_ms < within_ms).count()
    };
    // Both numbers and their words as public clients tell them to their users.
    if sent(state.settings.phone_resend_seconds.saturating_mul(1000)) > 0 {
        return ApiReply::declined(message(405, "发送验证码间隔过短"));
    }
    if sent(DAY_MS) >= state.settings.phone_daily_limit {
        return ApiReply::declined(message(400, "当天发送验证码的条数超过限制"));
    }
    state.text_messages.send(SERVICE, &number.digits);
    memory.message_requests.push(MessageRequest { number, device });
    ApiReply::ok(json!({"code": 200, "message": null, "data": true}))
}

/// Signs in with the code from a text message: `…/w/login/cellphone`.
pub(super) fn login(context: &Context<'_>, call: &Call) -> ApiReply {
    let typed = match number(call, "countrycode", "phone") {
        Ok(typed) => typed,
        Err(rule) => return ApiReply::broken_rule(rule, code(400)),
    };
    if typed.is_some()
        && let Err(refused) = check_login(call)
    {
        return *refused;
    }
    context.state.change(|state, memory| {
        let visitor = Visitor::new(state, context.request);
        let asked = |asked: &&MessageRequest| match &typed {
            Some(number) => asked.number == *number,
            // A visitor who keeps no cookies cannot be told from others.
            None => visitor.is_unknown() || asked.device == visitor.device,
        };
        let Some(MessageRequest { number, .. }) = memory.message_requests.iter().rfind(asked).cloned() else {
            return ApiReply::broken_rule("no message was asked for before", wrong_text_code());
        };
        let newest = || state.text_messages.newest(SERVICE, &number.digits).map(|sent| sent.code.clone());
        // A person types it: what is not a code is a wrong code.
        let given = if typed.is_some() { call.text("captcha") } else { newest().unwrap_or_default() };
        if !state.text_messages.take_code(SERVICE, &number.digits, &given) {
            return ApiReply::declined(wrong_text_code());
        }
        let account =
            owner(state, &number).and_then(|own| state.account_in_reply(&own.id, context.fault).ok());
        match account {
            Some(account) => grant(state, &account, visitor.new_tracking_id.is_none()),
            None => ApiReply::declined(message(501, "帐号不存在")),
        }
    })
}

fn check_login(call: &Call) -> Result<(), Box<ApiReply>> {
    for (name, wanted) in [("type", "1"), ("https", "true"), ("remember", "true")] {
        if call.text(name) != wanted {
            return Err(Box::new(ApiReply::broken_rule(format!("{name} is not {wanted:?}"), code(400))));
        }
    }
    match (call.text("captcha").is_empty(), call.text("password").is_empty()) {
        (false, _) => Ok(()),
        // Blocked since 2023.
        (true, false) => Err(Box::new(ApiReply::broken_rule("a password is not taken", risk(8821)))),
        (true, true) => Err(Box::new(ApiReply::broken_rule("captcha is missing", code(400)))),
    }
}

fn grant(state: &mut SharedState, account: &Account, has_tracking: bool) -> ApiReply {
    let credential = session::issue(state, account, IssuedVia::Phone);
    let mut body = user_info::signed_in(account);
    body["loginType"] = json!(1);
    body["token"] = json!(credential.secret("MUSIC_U"));
    // A telephone number and another token, which no client may show or log.
    let bound = json!({"countrycode": "", "cellphone": account.phone, "access_token": state.tokens.hex(32)});
    body["bindings"] = json!([{
        "id": account.number(), "userId": account.number(), "type": 1, "expired": false, "url": "",
        "tokenJsonStr": bound.to_string(),
    }]);
    ApiReply::ok(body).cookies(cookies::signed_in(state, &credential, !has_tracking))
}

/// The number in a request; `None` where it cannot be read.
fn number(call: &Call, country: &str, phone: &str) -> Result<Option<Number>, String> {
    if call.payload.is_none() {
        return Ok(None);
    }
    Ok(Some(Number { country: digits(call, country)?, digits: digits(call, phone)? }))
}

fn digits(call: &Call, name: &str) -> Result<String, String> {
    let text = call.text(name);
    match text.bytes().all(|byte| byte.is_ascii_digit()) {
        _ if text.is_empty() => Err(format!("{name} is missing")),
        true => Ok(text),
        false => Err(format!("{name} is not digits only")),
    }
}

/// The number that a number that cannot be read is taken for.
fn unread_number(state: &SharedState) -> Number {
    let first = || first_account(state).map(|account| account.phone.clone());
    let digits = state.settings.weapi_phone.clone().or_else(first).unwrap_or_default();
    Number { country: HOME.to_owned(), digits }
}

fn first_account(state: &SharedState) -> Option<&Account> {
    state.accounts.iter().find(|account| account.service == SERVICE)
}

/// The account that a text message to this number leads to.
fn owner<'a>(state: &'a SharedState, number: &Number) -> Option<&'a Account> {
    let is_at_home = number.country == HOME;
    let bound = |account: &&Account| account.phone_bound && account.phone == number.digits;
    state.accounts.iter().filter(|account| account.service == SERVICE && is_at_home).find(bound)
}

/// Who asks for a message or signs in.
struct Visitor {
    device: String,
    /// The tracking id that a visitor without one is given.
    new_tracking_id: Option<String>,
}

impl Visitor {
    fn new(state: &SharedState, request: &Request) -> Self {
        let new_tracking_id =
            request.cookie("NMTID").is_none().then(|| format!("00O{}", state.tokens.alphanumeric(38)));
        let device = DEVICE_COOKIES.iter().find_map(|name| request.cookie(name));
        Self { device: device.or_else(|| new_tracking_id.clone()).unwrap_or_default(), new_tracking_id }
    }

    fn is_unknown(&self) -> bool {
        self.new_tracking_id.as_ref() == Some(&self.device)
    }

    fn with_tracking_id(&self, reply: ApiReply) -> ApiReply {
        reply.cookies(self.new_tracking_id.as_deref().map(cookies::tracking))
    }
}
