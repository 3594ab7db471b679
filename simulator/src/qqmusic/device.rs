//! Session and device ids, which clients that imitate the Android app ask for first (protocol: QQ §5.2).

use serde_json::json;

use super::Context;
use super::envelope::CallReply;
use crate::http::reply::Reply;
use crate::service::outcome::Outcome;

/// Gives a session id: `music.getSession.session/GetSession`.
pub(super) fn session(context: &Context<'_>) -> CallReply {
    let state = context.state.lock_shared();
    let uid = state.tokens.digits(10);
    let sid = format!("20{}", state.tokens.digits(20));
    CallReply::ok(json!({"session": {"uid": uid, "sid": sid, "vkey": 0, "userip": "192.0.2.7"}}))
}

/// Gives ids for a device: `POST https://api.tencentmusic.com/tme/trpc/proxy`. Web clients do not need them.
pub(super) fn qimei(context: &Context<'_>) -> Outcome {
    let request = context.request;
    if request.header("method") != "GetQimei" || request.header("appid") != "qimei_qq_android" {
        return Outcome::broken_rule(
            "the headers do not ask for a device id",
            Reply::json(&json!({"code": -1})),
        );
    }
    let asked: serde_json::Value = serde_json::from_slice(&request.body).unwrap_or_default();
    for name in ["key", "params", "time", "nonce", "sign", "extra"] {
        if !asked["qimeiParams"][name].is_string() {
            return Outcome::broken_rule(
                format!("qimeiParams.{name} is missing"),
                Reply::json(&json!({"code": -1})),
            );
        }
    }
    let state = context.state.lock_shared();
    let reply = json!({"code": 0, "data": {"q16": state.tokens.hex(16), "q36": state.tokens.hex(36)}});
    Reply::json(&json!({"code": 0, "data": reply.to_string()})).into()
}
