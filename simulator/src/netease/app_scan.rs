//! Sign-in with NetEase's app: the code and its poll, `unikey` and `client/login` (protocol: NetEase §1).

use serde_json::json;

use super::api_reply::{ApiReply, code, risk};
use super::transport::{Call, Encryption};
use super::{Context, Memory, cookies, session};
use crate::http::request::Request;
use crate::state::account::Service;
use crate::state::code::CodeState;
use crate::state::fault::FaultKind;
use crate::state::ledger::IssuedVia;
use crate::state::shared_state::SharedState;

/// The sign-in method of a code, by how it was asked for.
fn method(encryption: Encryption) -> &'static str {
    match encryption {
        Encryption::Weapi => "app_scan_web",
        Encryption::Eapi => "app_scan_pc",
        Encryption::Plain => "app_scan_plain",
    }
}

/// Checks that `type` fits the encryption (protocol: NetEase §1.1). What cannot be read cannot be wrong.
fn check_type(call: &Call) -> Result<(), String> {
    match (call.encryption, call.text("type").as_str()) {
        (Encryption::Weapi, _) | (Encryption::Eapi, "3") | (Encryption::Plain, "1" | "3") => Ok(()),
        (_, other) => Err(format!("type {other:?} does not fit")),
    }
}

/// Shows a new code and gives its key: `…/login/qrcode/unikey`.
pub(super) fn unikey(context: &Context<'_>, call: &Call) -> ApiReply {
    if let Err(rule) = check_type(call) {
        return ApiReply::broken_rule(rule, code(400));
    }
    context.state.change(|state, memory| {
        let unikey = state.tokens.uuid();
        let text = format!("https://music.163.com/login?codekey={unikey}");
        let id = state.show_code(Service::NetEase, method(call.encryption), &unikey, &text).id;
        let visitor = context.request.cookie("NMTID");
        let fresh = visitor.is_none().then(|| state.tokens.alphanumeric(38)).map(|word| format!("00O{word}"));
        memory.code_requests.push((visitor.or_else(|| fresh.clone()).unwrap_or_default(), id));
        ApiReply::ok(json!({"code": 200, "unikey": unikey})).cookies(fresh.map(|id| cookies::tracking(&id)))
    })
}

/// Tells the state of a code, and gives the session of a confirmed one: `…/login/qrcode/client/login`.
pub(super) fn poll(context: &Context<'_>, call: &Call) -> ApiReply {
    if let Err(rule) = check_type(call) {
        return ApiReply::broken_rule(rule, code(400));
    }
    context.state.change(|state, memory| {
        state.expire_old_codes();
        let id = match find_code(state, memory, context.request, call) {
            Ok(id) => id,
            Err(reply) => return *reply,
        };
        let Ok(code) = state.code_mut(id) else { return ApiReply::declined(gone()) };
        code.polls += 1;
        if context.fault.is_some_and(|fault| fault.kind == FaultKind::Expired) {
            code.state = CodeState::Expired;
        }
        let code = code.clone();
        match code.state {
            CodeState::Shown => ApiReply::ok(json!({"code": 801, "message": "等待扫码"})),
            CodeState::Scanned => {
                let account = code.account.as_deref().and_then(|id| state.account(id).ok());
                ApiReply::ok(json!({
                    "code": 802, "message": "授权中",
                    "nickname": account.map_or("", |account| &account.nickname),
                    "avatarUrl": account.map_or("", |account| &account.avatar_url),
                }))
            }
            CodeState::Confirmed => confirmed(state, context, &code),
            // Cancelled on the phone, too old, or already given: one code for all.
            CodeState::Delivered | CodeState::Refused | CodeState::Expired => ApiReply::declined(gone()),
        }
    })
}

/// The body of a poll for a code that cannot be used any more.
fn gone() -> serde_json::Value {
    json!({"code": 800, "message": "二维码不存在或已过期"})
}

/// Gives the session, once.
fn confirmed(state: &mut SharedState, context: &Context<'_>, code: &crate::Code) -> ApiReply {
    let _ = state.move_code(code.id, &[CodeState::Confirmed], CodeState::Delivered);
    if let (Some(scanned), Some(polled)) = (&code.scanned_chain, &code.polled_chain)
        && scanned != polled
    {
        return ApiReply::broken_rule("the poll's chainId is not the one in the code's text", risk(8821));
    }
    let Ok(account) = state.account_in_reply(code.account.as_deref().unwrap_or_default(), context.fault)
    else {
        return ApiReply::declined(gone());
    };
    let credential = session::issue(state, &account, IssuedVia::AppScan);
    let has_tracking = context.request.cookie("NMTID").is_some();
    // The body carries neither cookie nor profile (protocol: NetEase §9).
    let mut lines = cookies::signed_in(state, &credential, !has_tracking);
    let mut reply = ApiReply::ok(json!({"code": 803, "message": "授权登陆成功"}));
    if state.settings.session_in_header {
        lines.retain(|line| !line.starts_with("MUSIC_U="));
        reply.session = Some(credential.secret("MUSIC_U").to_owned());
    }
    reply.cookies(lines)
}

/// The code that a poll asks about.
fn find_code(
    state: &mut SharedState,
    memory: &Memory,
    request: &Request,
    call: &Call,
) -> Result<u64, Box<ApiReply>> {
    let gone = || Box::new(ApiReply::declined(gone()));
    if call.encryption == Encryption::Weapi {
        return find_web_code(state, memory, request);
    }
    let key = call.text("key");
    if key.is_empty() {
        return Err(Box::new(ApiReply::broken_rule("key is missing", code(400))));
    }
    let found = state.codes.iter().find(|shown| shown.service == Service::NetEase && shown.key == key);
    let found = found.ok_or_else(gone)?;
    if found.method != method(call.encryption) {
        return Err(Box::new(ApiReply::broken_rule(
            "the code was made in another way than it is polled",
            code(400),
        )));
    }
    Ok(found.id)
}

/// The code that a web poll asks about, which cannot be read: by its `chainId`, or else by the visitor's tracking id, or
/// else the newest.
fn find_web_code(state: &mut SharedState, memory: &Memory, request: &Request) -> Result<u64, Box<ApiReply>> {
    let broken = |rule: &str, number| Err(Box::new(ApiReply::broken_rule(rule, risk(number))));
    let chain = request.header("x-login-chain-id").to_owned();
    if chain.is_empty() {
        if state.settings.require_chain_id {
            return broken("x-login-chain-id is missing", 8821);
        }
    } else {
        if !is_chain_id(&chain) {
            return broken("x-login-chain-id is not v1_DEVICE_web_login_MILLISECONDS", 8821);
        }
        if request.header("x-loginmethod") != "QrCode" {
            return broken("X-loginMethod is not QrCode", 8821);
        }
    }
    let web =
        |shown: &&crate::Code| shown.service == Service::NetEase && shown.method == method(Encryption::Weapi);
    let known =
        state.codes.iter().filter(web).find(|shown| shown.polled_chain.as_deref() == Some(chain.as_str()));
    if let Some(known) = known {
        return Ok(known.id);
    }
    let visitor = request.cookie("NMTID").unwrap_or_default();
    let by_visitor = memory.code_requests.iter().rev().find(|(id, _)| *id == visitor).map(|(_, code)| *code);
    let by_visitor = by_visitor.filter(|id| state.codes.iter().filter(web).any(|shown| shown.id == *id));
    let newest = || {
        let free = |shown: &&crate::Code| chain.is_empty() || shown.polled_chain.is_none();
        state.codes.iter().rev().filter(web).find(free).map(|shown| shown.id)
    };
    let Some(id) = by_visitor.or_else(newest) else {
        return Err(Box::new(ApiReply::declined(gone())));
    };
    if let Ok(shown) = state.code_mut(id)
        && !chain.is_empty()
        && shown.polled_chain.replace(chain).is_some()
    {
        return broken("chainId changed while polling", 8821);
    }
    Ok(id)
}

/// Whether it has the form `v1_DEVICE_web_login_MILLISECONDS`.
fn is_chain_id(chain: &str) -> bool {
    let parts = chain.strip_prefix("v1_").and_then(|rest| rest.rsplit_once("_web_login_"));
    parts.is_some_and(|(device, ms)| {
        !device.is_empty() && ms.len() == 13 && ms.bytes().all(|byte| byte.is_ascii_digit())
    })
}
