//! Sign-in with the QQ Music app: the code, and the token for a credential (protocol: QQ §3.1, §3.4). What happens in
//! between is pushed: see [`super::push`].

use serde_json::{Value, json};

use super::Context;
use super::credential::{sign_in, skeleton};
use super::envelope::{Call, CallReply, Envelope, text_of};
use crate::http::encoding::base64_encode;
use crate::http::qr_picture;
use crate::service::hostile_reply;
use crate::state::account::Service;
use crate::state::fault::FaultKind;
use crate::state::ledger::IssuedVia;

/// What a confirmed code gives, in the pushed event `cookies`; the exchange takes it once.
#[derive(Debug, Clone)]
pub(super) struct AppToken {
    pub(super) token: String,
    pub(super) qrcode_id: String,
    /// The number that the event named.
    pub(super) uin: String,
    pub(super) account: String,
    pub(super) used: bool,
}

pub(super) const METHOD: &str = "app_scan";
/// A business code that nobody documents.
const UNKNOWN: i64 = 77_778;
/// Length of a `qrcodeID`.
const ID_LENGTH: usize = 91;
/// The versions of the app that clients name (protocol: QQ §3.1).
const VERSIONS: [&str; 3] = ["20090008", "14090008", "13020508"];

/// Shows a new code: `music.login.LoginServer/CreateQRCode`.
pub(super) fn create(context: &Context<'_>, envelope: &Envelope, call: &Call) -> CallReply {
    let empty = || json!({"qrcode": "", "qrcodeID": ""});
    let expected = [
        (&envelope.comm, "ct", "comm.ct", "23"),
        (&envelope.comm, "cv", "comm.cv", "0"),
        (&envelope.comm, "tmeAppID", "comm.tmeAppID", "qqmusic"),
        (&call.param, "tmeAppID", "param.tmeAppID", "qqmusic"),
        (&call.param, "ct", "param.ct", "11"),
    ];
    for (map, key, name, wanted) in expected {
        let got = text_of(map, key);
        if got != wanted {
            return CallReply::broken_rule(20_261, format!("{name} is {got:?}, not {wanted:?}"))
                .with(empty());
        }
    }
    for name in ["ct", "cv"] {
        if !call.param.get(name).is_some_and(Value::is_number) {
            return CallReply::broken_rule(20_261, format!("param.{name} is not a number")).with(empty());
        }
    }
    if !VERSIONS.contains(&text_of(&call.param, "cv").as_str()) {
        return CallReply::broken_rule(20_261, "param.cv is no version of the app").with(empty());
    }
    context.state.change(|state, _| {
        let id = state.tokens.alphanumeric(ID_LENGTH);
        let foreign =
            context.fault.filter(|fault| fault.kind == FaultKind::ForeignCode).map(hostile_reply::code_text);
        let own = format!("https://y.qq.com/m/login/index.html?qrcodeID={id}");
        let text = foreign.map_or(own, str::to_owned);
        let Some(png) = qr_picture::png(&text) else { return CallReply::declined(20_261).with(empty()) };
        state.show_code(Service::QqMusic, METHOD, &id, &text);
        CallReply::ok(json!({
            "qrcode": format!("data:image/png;base64,{}", base64_encode(&png)),
            "qrcodeID": id,
            "expiresIn": state.settings.code_life_seconds,
        }))
    })
}

/// Exchanges a pushed token for a credential: `music.login.LoginServer/Login`.
pub(super) fn exchange(context: &Context<'_>, envelope: &Envelope, call: &Call) -> CallReply {
    let rule = |rule: &str| CallReply::broken_rule(1000, rule).with(skeleton());
    if text_of(&envelope.comm, "tmeLoginType") != "6" {
        return rule("comm.tmeLoginType is not 6");
    }
    if !call.param.get("musicid").is_some_and(Value::is_u64) {
        return rule("musicid is not a number");
    }
    let settings = context.state.settings();
    let as_web_site = text_of(&envelope.comm, "ct") == "24";
    if settings.pushed_key || as_web_site != settings.app_exchange_as_web_site {
        // It says nothing of use, and leaves the token as it was (protocol: QQ §13.8).
        let unknown = if as_web_site && !settings.pushed_key && !settings.app_exchange_as_web_site {
            CallReply::broken_rule(UNKNOWN, "no client exchanges a code of the app as the web site")
        } else {
            CallReply::declined(UNKNOWN)
        };
        return unknown.with(skeleton());
    }
    context.state.change(|state, memory| {
        let wanted = text_of(&call.param, "token");
        let account = match memory.app_tokens.iter_mut().find(|token| token.token == wanted) {
            None => return rule("the token is unknown"),
            Some(token) if token.used => return rule("the token was used before"),
            Some(token) if token.qrcode_id != text_of(&call.param, "qrCodeID") => {
                return rule("qrCodeID and token do not belong together");
            }
            Some(token) if token.uin != text_of(&call.param, "musicid") => {
                return rule("musicid and token do not belong together");
            }
            Some(token) => {
                token.used = true;
                token.account.clone()
            }
        };
        sign_in(state, context.fault, &envelope.comm, &account, IssuedVia::AppScan)
    })
}
