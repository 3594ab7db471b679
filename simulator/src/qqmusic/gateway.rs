//! The gateway: checks a body, and has its calls handled one after the other (protocol: QQ §5).

use serde_json::{Map, Value, json};

use super::envelope::{Call, CallReply, Envelope, parse, text_of};
use super::hash::zzc_sign;
use super::session::key_of;
use super::{
    Context, RISK_CAPTCHA_PAGE, app_scan, credential, device, exchange, membership, phone_code, renewal,
    user_info,
};
use crate::clock::now_ms;
use crate::http::reply::Reply;
use crate::http::request::Request;
use crate::service::outcome::Outcome;
use crate::state::account::Service;
use crate::state::fault::FaultKind;

/// The calls in the body, in the names that faults use.
pub(super) fn request_names(request: &Request) -> Vec<&'static str> {
    match parse(&request.body) {
        Ok(envelope) => envelope.calls.iter().map(|call| call.name).collect(),
        Err(_) => vec!["qq.unknown"],
    }
}

/// Replies to a body: `POST https://u.y.qq.com/cgi-bin/musicu.fcg`, or its signed twin `musics.fcg`, or both on `u6`.
pub(super) fn respond(context: &Context<'_>) -> Outcome {
    let request = context.request;
    let started = now_ms();
    let envelope = check_envelope(request).and_then(|()| parse(&request.body)).and_then(|envelope| {
        check_comm(&envelope.comm)?;
        Ok(envelope)
    });
    let envelope = match envelope {
        Ok(envelope) => envelope,
        Err(rule) => {
            return Outcome::broken_rule(rule, Reply::json(&json!({"code": 500_001, "ts": started})));
        }
    };
    let mut body = json!({
        "code": 0,
        "ts": now_ms(),
        "start_ts": started,
        "traceid": format!("{:016x}", rand::random::<u64>()),
    });
    context.state.change(|state, _| {
        let key = key_of(request, &envelope.comm);
        state.ledger.record_use(Service::QqMusic, "musickey", &key, state.settings.rotation, started);
    });
    let (mut refusal, mut cookies) = (None, Vec::new());
    for (index, call) in envelope.calls.iter().enumerate() {
        let reply = handle_call(&context.part(index), &envelope, call);
        refusal = refusal.or(reply.refusal);
        cookies.extend(reply.cookies);
        body[call.key.as_str()] = json!({"code": reply.code, "data": reply.data});
    }
    Outcome { reply: Reply::json(&body).cookies(cookies), refusal, upgrade: None }
}

/// Handles one call.
fn handle_call(context: &Context<'_>, envelope: &Envelope, call: &Call) -> CallReply {
    let signs_in = matches!(
        call.name,
        "qq.exchange" | "qq.wx_exchange" | "qq.app_exchange" | "qq.phone_login" | "qq.renew" | "qq.renew_b"
    );
    if let Some(fault) = context.fault {
        let code = match fault.kind {
            FaultKind::UnknownCode => Some(fault.code_or(77_777)),
            FaultKind::Risk => Some(fault.code_or(2001)),
            FaultKind::RateLimited => Some(104_604),
            FaultKind::Expired | FaultKind::RenewalRejected => Some(fault.code_or(1000)),
            FaultKind::RenewalSkeleton => Some(fault.code_or(0)),
            _ => None,
        };
        if let Some(code) = code {
            // Failures of the sign-in calls give the whole skeleton, empty (protocol: QQ §6).
            let mut data = if signs_in { credential::skeleton() } else { json!({}) };
            if code == 2001 {
                let captcha =
                    context.state.change(|state, _| state.risk_captcha(Service::QqMusic, RISK_CAPTCHA_PAGE));
                data["feedbackURL"] = json!(captcha.address);
            }
            return CallReply::declined(code).with(data);
        }
    }
    if matches!(call.name, "qq.exchange" | "qq.wx_exchange" | "qq.app_exchange")
        && context.state.settings().exchange_check
    {
        let captcha =
            context.state.change(|state, _| state.risk_captcha(Service::QqMusic, RISK_CAPTCHA_PAGE));
        if !captcha.solved {
            let mut data = credential::skeleton();
            data["feedbackURL"] = json!(captcha.address);
            return CallReply::declined(2001).with(data);
        }
    }
    match call.name {
        "qq.exchange" => exchange::exchange(context, envelope, call),
        "qq.wx_exchange" => exchange::exchange_wechat(context, envelope, call),
        "qq.create_qrcode" => app_scan::create(context, envelope, call),
        "qq.app_exchange" => app_scan::exchange(context, envelope, call),
        "qq.phone_send" => phone_code::send(context, envelope, call),
        "qq.phone_login" => phone_code::login(context, envelope, call),
        "qq.renew" => renewal::path_a(context, envelope, call),
        "qq.renew_b" => renewal::path_b(context, call),
        "qq.logout" => renewal::logout(context, envelope),
        "qq.userinfo" => user_info::login_user_info(context, envelope),
        "qq.profile" => user_info::base_info(context, call),
        "qq.homepage" => user_info::homepage_header(context, call),
        "qq.vip" => membership::query(context, envelope, call),
        "qq.vip_fallback" => membership::login_base(context, envelope),
        "qq.session" => device::session(context),
        _ => CallReply::broken_rule(40_000, "no such module or method"),
    }
}

fn check_envelope(request: &Request) -> Result<(), String> {
    if request.method != hyper::Method::POST {
        return Err("the method is not POST".to_owned());
    }
    let kind = request.header("content-type");
    if !kind.starts_with("application/json") && !kind.starts_with("application/x-www-form-urlencoded") {
        return Err("Content-Type is neither JSON nor a form".to_owned());
    }
    if request.path.ends_with("musics.fcg") && request.query("sign") != Some(&zzc_sign(&request.body)) {
        return Err("sign does not match the body".to_owned());
    }
    Ok(())
}

/// Each kind of client names itself completely (protocol: QQ §5.2).
fn check_comm(comm: &Map<String, Value>) -> Result<(), String> {
    let needs: &[&str] = match text_of(comm, "ct").as_str() {
        "11" => &["cv", "v", "tmeAppID"],
        "19" | "24" | "23" | "29" => &["cv"],
        other => return Err(format!("comm.ct {other:?} is no kind of client")),
    };
    match needs.iter().find(|name| text_of(comm, name).is_empty()) {
        Some(name) => Err(format!("comm.{name} is missing")),
        None => Ok(()),
    }
}
