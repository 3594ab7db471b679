//! Guest tokens and device ids, for visitors who have not signed in (protocol: NetEase §2).

use serde_json::json;

use super::api_reply::{ApiReply, code};
use super::transport::{Call, Encryption};
use super::{Context, cookies, crypto};
use crate::clock::now_ms;
use crate::http::encoding::base64_decode;

/// Gives a guest token: `…/register/anonimous` (so spelt).
pub(super) fn guest(context: &Context<'_>, call: &Call) -> ApiReply {
    if call.encryption != Encryption::Weapi && !is_guest_name(&call.text("username")) {
        return ApiReply::broken_rule("username is not made from a device id", code(400));
    }
    context.state.change(|state, memory| {
        let token = state.tokens.hex(400);
        memory.guests.push(token.clone());
        ApiReply::ok(json!({"code": 200, "userId": 9_000_000_001_u64, "createTime": now_ms()})).cookies([
            cookies::guest(&token),
            cookies::tracking(&format!("00O{}", state.tokens.alphanumeric(38))),
        ])
    })
}

fn is_guest_name(name: &str) -> bool {
    let Some(plain) = base64_decode(name).and_then(|bytes| String::from_utf8(bytes).ok()) else {
        return false;
    };
    plain.split_once(' ').is_some_and(|(device, _)| crypto::guest_name(device) == name)
}

/// Gives a device id: `…/middle/device-info/web/get`.
pub(super) fn web(context: &Context<'_>) -> ApiReply {
    context.state.change(|state, _| {
        let id = format!("YD-{}", state.tokens.alphanumeric(40));
        ApiReply::ok(json!({"code": 200, "data": {"sDeviceId": id}})).cookies([cookies::device(&id)])
    })
}
