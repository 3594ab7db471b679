//! What clients that imitate the Android app ask for before anything else (protocol: QQ §5.2).

use serde_json::json;

use super::gateway::Inner;
use crate::exchange::{Answer, Reply, Turn};

/// `music.getSession.session/GetSession`.
pub(super) fn session(turn: &Turn<'_>) -> Inner {
    let state = turn.world.lock();
    let uid = state.mint.digits(10);
    let sid = format!("20{}", state.mint.digits(20));
    Inner::ok(json!({"session": {"uid": uid, "sid": sid, "vkey": 0, "userip": "192.0.2.7"}}))
}

/// `POST https://api.tencentmusic.com/tme/trpc/proxy`: ids for a device. Not needed by clients that speak as a web page.
pub(super) fn qimei(turn: &Turn<'_>) -> Answer {
    let request = turn.request;
    if request.header("method") != "GetQimei" || request.header("appid") != "qimei_qq_android" {
        return Answer::refuse("the headers do not ask for a device id", Reply::json(&json!({"code": -1})));
    }
    let asked: serde_json::Value = serde_json::from_slice(&request.body).unwrap_or_default();
    for name in ["key", "params", "time", "nonce", "sign", "extra"] {
        if !asked["qimeiParams"][name].is_string() {
            return Answer::refuse(
                format!("qimeiParams.{name} is missing"),
                Reply::json(&json!({"code": -1})),
            );
        }
    }
    let state = turn.world.lock();
    let inner = json!({"code": 0, "data": {"q16": state.mint.hex(16), "q36": state.mint.hex(36)}});
    Reply::json(&json!({"code": 0, "data": inner.to_string()})).into()
}
