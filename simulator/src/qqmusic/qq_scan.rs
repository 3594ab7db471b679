//! Sign-in with QQ: the code and its poll, `ptqrshow` and `ptqrlogin` (protocol: QQ §1.1, §1.2).

use url::form_urlencoded::byte_serialize;

use super::hash::hash33;
use super::{APP_ID, CLIENT_ID, Context, DAID, LOGIN_JUMP, LOGIN_PAGE};
use crate::http::qr_picture;
use crate::http::reply::Reply;
use crate::http::request::{expect_browser, expect_values};
use crate::service::hostile_reply;
use crate::service::outcome::Outcome;
use crate::state::account::{Account, Service};
use crate::state::code::CodeState;
use crate::state::fault::{Fault, FaultKind};

const METHOD: &str = "qq_scan";

/// What a confirmed code gives: a signature that `check_sig` takes once.
#[derive(Debug, Clone)]
pub(super) struct Ticket {
    pub(super) ptsigx: String,
    pub(super) account: String,
    pub(super) used: bool,
}

/// Shows a new code: `GET https://ssl.ptlogin2.qq.com/ptqrshow`.
pub(super) fn show(context: &Context<'_>) -> Outcome {
    let request = context.request;
    let fixed = [("appid", APP_ID), ("e", "2"), ("l", "M"), ("s", "3"), ("d", "72"), ("v", "4")];
    let checked = expect_browser(request, LOGIN_PAGE)
        .and_then(|()| expect_values(&request.query, &fixed))
        .and_then(|()| expect_values(&request.query, &[("daid", DAID), ("pt_3rd_aid", CLIENT_ID)]))
        .and_then(|()| match request.query("t").map(str::parse::<f64>) {
            Some(Ok(t)) if (0.0..1.0).contains(&t) => Ok(()),
            _ => Err("t is not a number from 0 to 1".to_owned()),
        });
    if let Err(rule) = checked {
        return Outcome::broken_rule(rule, Reply::forbidden());
    }
    let foreign =
        context.fault.filter(|fault| fault.kind == FaultKind::ForeignCode).map(hostile_reply::code_text);
    if context.fault.is_some() && foreign.is_none() {
        // No signature and no picture: what the service gives when it does not want to give a code.
        return Outcome::declined(Reply::new(200, "text/html", "<html></html>"));
    }
    context.state.change(|state, _| {
        let qrsig = state.tokens.hex(128);
        let own = format!("https://txz.qq.com/p?k={}&f={APP_ID}", state.tokens.alphanumeric(32));
        let text = foreign.map_or(own, str::to_owned);
        state.show_code(Service::QqMusic, METHOD, &qrsig, &text);
        match qr_picture::png(&text) {
            Some(png) => Reply::new(200, "image/png", png)
                .header("cache-control", "no-cache, no-store")
                .cookie(format!("qrsig={qrsig}; Path=/; Domain=ptlogin2.qq.com; SameSite=None; Secure"))
                .into(),
            None => Reply::new(500, "text/plain", "no picture").into(),
        }
    })
}

/// Tells the state of a code, and where a confirmed one leads: `GET https://ssl.ptlogin2.qq.com/ptqrlogin`.
pub(super) fn poll(context: &Context<'_>) -> Outcome {
    let request = context.request;
    let qrsig = request.cookie("qrsig").unwrap_or_default();
    let token = hash33(&qrsig, 0).to_string();
    let fixed = [
        ("u1", LOGIN_JUMP),
        ("ptqrtoken", token.as_str()),
        ("h", "1"),
        ("t", "1"),
        ("g", "1"),
        ("from_ui", "1"),
        ("ptlang", "2052"),
        ("js_type", "1"),
        ("pt_uistyle", "40"),
        ("aid", APP_ID),
        ("daid", DAID),
        ("pt_3rd_aid", CLIENT_ID),
        ("has_onekey", "1"),
    ];
    let checked = expect_browser(request, LOGIN_PAGE)
        .and_then(|()| if qrsig.is_empty() { Err("the cookie qrsig is missing".to_owned()) } else { Ok(()) })
        .and_then(|()| expect_values(&request.query, &fixed))
        .and_then(|()| match request.query("action").and_then(|action| action.strip_prefix("0-0-")) {
            Some(ms) if ms.parse::<f64>().is_ok_and(|ms| ms > 1e12) => Ok(()),
            _ => Err("action is not 0-0-MILLISECONDS".to_owned()),
        })
        .and_then(|()| match request.query("ptredirect") {
            Some("0" | "100") => Ok(()),
            _ => Err("ptredirect is neither 0 nor 100".to_owned()),
        })
        .and_then(|()| match request.query("js_ver") {
            Some(version) if version.len() == 8 && version.bytes().all(|b| b.is_ascii_digit()) => Ok(()),
            _ => Err("js_ver is not 8 digits".to_owned()),
        });
    if let Err(rule) = checked {
        return Outcome::broken_rule(rule, Reply::forbidden());
    }
    context.state.change(|state, memory| {
        state.expire_old_codes();
        let Some(code) = state.code_by_key_mut(Service::QqMusic, METHOD, &qrsig) else {
            return Outcome::broken_rule("qrsig is unknown", Reply::forbidden());
        };
        code.polls += 1;
        if let Some(answer) = context.fault.and_then(|fault| faulted(fault, &mut code.state)) {
            return answer;
        }
        let id = code.id;
        match code.state {
            CodeState::Shown => poll_reply(66, "", "二维码未失效。", "").into(),
            CodeState::Scanned => poll_reply(67, "", "二维码认证中。", "").into(),
            CodeState::Refused => {
                Outcome::declined(poll_reply(state.settings.refusal_code, "", "本次登录已被拒绝 ", ""))
            }
            CodeState::Expired | CodeState::Delivered => {
                Outcome::declined(poll_reply(65, "", "二维码已失效。", ""))
            }
            CodeState::Confirmed => {
                let account = code.account.clone().unwrap_or_default();
                let Ok(account) = state.account(&account).cloned() else {
                    return poll_reply(65, "", "二维码已失效。", "").into();
                };
                let ptsigx = state.tokens.hex(160);
                let url = jump_url(&account, &ptsigx);
                memory.tickets.push(Ticket { ptsigx, account: account.id.clone(), used: false });
                let _ = state.move_code(id, &[CodeState::Confirmed], CodeState::Delivered);
                poll_reply(0, &url, "登录成功！", &account.nickname).into()
            }
        }
    })
}

fn faulted(fault: &Fault, state: &mut CodeState) -> Option<Outcome> {
    match fault.kind {
        FaultKind::Expired => {
            *state = CodeState::Expired;
            None
        }
        FaultKind::Risk => Some(Outcome::declined(poll_reply(86, "", "登录存在风险，本次操作已被拦截", ""))),
        FaultKind::UnknownCode | FaultKind::RateLimited => {
            Some(Outcome::declined(poll_reply(fault.code_or(23), "", "系统繁忙，请稍后再试", "")))
        }
        _ => None,
    }
}

/// The JavaScript call that tells the page the state of the code. Messages carry a number in brackets, as the real ones
/// do.
fn poll_reply(code: i64, url: &str, message: &str, nickname: &str) -> Reply {
    let nickname = nickname.replace('\\', "\\\\").replace('\'', "\\'");
    let message = if code == 0 { message.to_owned() } else { format!("{message}(1234567890)") };
    Reply::script(format!("ptuiCB('{code}','0','{url}','0','{message}', '{nickname}')"))
}

fn jump_url(account: &Account, ptsigx: &str) -> String {
    let target: String = byte_serialize(LOGIN_JUMP.as_bytes()).collect();
    format!(
        "https://ssl.ptlogin2.graph.qq.com/check_sig?pttype=1&uin={}&service=ptqrlogin&nodirect=0&ptsigx={ptsigx}\
         &s_url={target}&f_url=&ptlang=2052&ptredirect=100&aid={APP_ID}&daid={DAID}&j_later=0&low_login_hour=0\
         &regmaster=0&pt_login_type=3&pt_aid=0&pt_aaid=16&pt_light=0&pt_3rd_aid={CLIENT_ID}",
        account.uid
    )
}
