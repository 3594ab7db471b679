//! Identities of visitors who have not signed in (protocol: NetEase §2).

use serde_json::json;

use super::refusal::code;
use super::transport::{Call, Outcome, Way};
use super::{cookies, crypto};
use crate::clock::now_ms;
use crate::exchange::{Turn, base64_decode};

/// `…/register/anonimous` (so spelt)
pub(super) fn guest(turn: &Turn<'_>, call: &Call) -> Outcome {
    if call.way != Way::Weapi && !is_guest_name(&call.text("username")) {
        return Outcome::rule("username is not made from a device id", code(400));
    }
    turn.world.change(|state| {
        let token = state.mint.hex(400);
        state.netease.guests.push(token.clone());
        Outcome::ok(json!({"code": 200, "userId": 9_000_000_001_u64, "createTime": now_ms()}))
            .cookies([cookies::guest(&token), cookies::tracking(&format!("00O{}", state.mint.word(38)))])
    })
}

fn is_guest_name(name: &str) -> bool {
    let Some(plain) = base64_decode(name).and_then(|bytes| String::from_utf8(bytes).ok()) else {
        return false;
    };
    plain.split_once(' ').is_some_and(|(device, _)| crypto::guest_name(device) == name)
}

/// `…/middle/device-info/web/get`
pub(super) fn web(turn: &Turn<'_>) -> Outcome {
    turn.world.change(|state| {
        let id = format!("YD-{}", state.mint.word(40));
        Outcome::ok(json!({"code": 200, "data": {"sDeviceId": id}})).cookies([cookies::device(&id)])
    })
}
