//! Sign-in with WeChat: the page with the code, its picture, and the poll (protocol: QQ §2).

use std::time::Duration;

use super::{Context, Memory};
use crate::http::page::{escape_html, html_page};
use crate::http::qr_picture;
use crate::http::reply::Reply;
use crate::http::request::{Request, expect_browser, expect_values};
use crate::service::outcome::Outcome;
use crate::state::account::Service;
use crate::state::code::CodeState;
use crate::state::fault::{Fault, FaultKind};
use crate::state::shared_state::SharedState;

/// A code that the exchange takes once.
#[derive(Debug, Clone)]
pub(super) struct WechatCode {
    pub(super) code: String,
    pub(super) account: String,
    pub(super) used: bool,
}

/// QQ Music's id at WeChat.
pub(super) const APP_ID: &str = "wx48db31d50e334801";
pub(super) const PAGE_PATH: &str = "/connect/qrconnect";
pub(super) const PICTURE_PATH: &str = "/connect/qrcode/";
pub(super) const POLL_PATH: &str = "/connect/l/qrconnect";

const ORIGIN: &str = "https://open.weixin.qq.com/";
const REDIRECT: &str = "https://y.qq.com/portal/wx_redirect.html?login_type=2&surl=https://y.qq.com/";
const STYLE: &str = "https://y.qq.com/mediastyle/music_v17/src/css/popup_wechat.css#wechat_redirect";
const METHOD: &str = "wechat_scan";

fn expect_get(request: &Request) -> Result<(), String> {
    if request.method == hyper::Method::GET { Ok(()) } else { Err("the method is not GET".to_owned()) }
}

/// Shows the page with a new code: `GET https://open.weixin.qq.com/connect/qrconnect`.
pub(super) fn show(context: &Context<'_>) -> Outcome {
    let request = context.request;
    let fixed =
        [("appid", APP_ID), ("redirect_uri", REDIRECT), ("response_type", "code"), ("scope", "snsapi_login")];
    let checked = expect_get(request)
        .and_then(|()| expect_browser(request, ""))
        .and_then(|()| expect_values(&request.query, &fixed))
        .and_then(|()| match request.query("href") {
            None | Some(STYLE) => Ok(()),
            Some(_) => Err("href is not QQ Music's style sheet".to_owned()),
        })
        .and_then(|()| {
            let oauth_state = request.query("state").filter(|oauth_state| !oauth_state.is_empty());
            oauth_state.ok_or_else(|| "state is missing".to_owned())
        });
    match checked {
        // A page all the same, as WeChat gives: it says what is wrong and has no code.
        Err(rule) => Outcome::broken_rule(
            rule.clone(),
            html_page("微信登录", &format!("参数错误：{}", escape_html(&rule)), ""),
        ),
        Ok(_) if context.fault.is_some() => {
            Outcome::declined(html_page("微信登录", "系统繁忙，请稍后再试", ""))
        }
        Ok(oauth_state) => context.state.change(|state, _| with_code(state, oauth_state).into()),
    }
}

/// The page with a new code. It works in a browser, too: its script asks and goes on.
fn with_code(state: &mut SharedState, oauth_state: &str) -> Reply {
    let uuid = state.tokens.alphanumeric(16);
    let text = format!("https://open.weixin.qq.com/connect/confirm?uuid={uuid}");
    state.show_code(Service::QqMusic, METHOD, &uuid, &text);
    let oauth_state: String = url::form_urlencoded::byte_serialize(oauth_state.as_bytes()).collect();
    let target = format!("{REDIRECT}&state={oauth_state}");
    // The address in the first line of the script is where most clients find the uuid.
    let more = format!(
        "<img id=\"picture\" src=\"{PICTURE_PATH}{uuid}\" alt=\"微信二维码\">\n<script>\n\
         var fordevtool = \"https://lp.open.weixin.qq.com{POLL_PATH}?uuid={uuid}\";\n\
         var target = \"{target}\";\n{}</script>",
        include_str!("wechat_scan.js"),
    );
    html_page("微信登录", "请使用微信扫描二维码登录", &more)
}

/// Gives the picture of a code: `GET https://open.weixin.qq.com/connect/qrcode/UUID`.
pub(super) fn picture(context: &Context<'_>) -> Outcome {
    let request = context.request;
    let gone = || Reply::new(404, "text/plain", "");
    let checked =
        expect_get(request).and_then(|()| expect_browser(request, &format!("{ORIGIN}connect/qrconnect")));
    if let Err(rule) = checked {
        return Outcome::broken_rule(rule, Reply::forbidden());
    }
    if context.fault.is_some() {
        return Outcome::declined(gone());
    }
    let uuid = request.path.strip_prefix(PICTURE_PATH).unwrap_or_default();
    let state = context.state.lock_shared();
    match state.code_by_key(Service::QqMusic, METHOD, uuid) {
        None => Outcome::broken_rule("uuid is unknown", gone()),
        Some(code) => match qr_picture::jpeg(&code.text) {
            Some(jpeg) => Reply::new(200, "image/jpeg", jpeg).into(),
            None => Reply::new(500, "text/plain", "no picture").into(),
        },
    }
}

/// Tells the state of a code once it has changed: `GET https://lp.open.weixin.qq.com/connect/l/qrconnect`.
pub(super) async fn poll(context: &Context<'_>) -> Outcome {
    let request = context.request;
    let uuid = request.query("uuid").unwrap_or_default().to_owned();
    let checked = expect_get(request)
        .and_then(|()| expect_browser(request, ORIGIN))
        .and_then(|()| match request.query("_").map(str::parse::<u64>) {
            Some(Ok(ms)) if ms > 1_000_000_000_000 => Ok(()),
            _ => Err("_ is not the time in milliseconds".to_owned()),
        })
        .and_then(|()| match request.query("last") {
            None | Some("404") => Ok(()),
            Some(last) => Err(format!("last is {last:?}, not \"404\"")),
        });
    if let Err(rule) = checked {
        return Outcome::broken_rule(rule, poll_reply(500, ""));
    }
    let counted = context.state.change(|state, memory| count_poll(state, memory, context.fault, &uuid));
    let knows_scanned = match counted {
        Ok(known) => known || request.query("last") == Some("404"),
        Err(answer) => return *answer,
    };
    let seconds = context.state.settings().long_poll_seconds;
    // The code may end by its age while nothing else happens, so somebody has to look at the clock.
    let watching = async {
        loop {
            let found = context.state.simulator.until(|state| {
                let code =
                    state.codes().into_iter().find(|code| code.method == METHOD && code.key == uuid)?;
                let waits =
                    code.state == CodeState::Shown || (code.state == CodeState::Scanned && knows_scanned);
                (!waits).then_some(())
            });
            if tokio::time::timeout(Duration::from_secs(1), found).await.is_ok() {
                break;
            }
        }
    };
    let happened = tokio::time::timeout(Duration::from_secs(seconds), watching).await.is_ok();
    if !happened {
        return poll_reply(408, "").into();
    }
    context.state.change(|state, memory| outcome_of_poll(state, memory, &uuid))
}

/// Counts the poll. Returns whether the client knows that the code was scanned.
///
/// # Errors
/// The outcome of a poll that is answered at once.
fn count_poll(
    state: &mut SharedState,
    memory: &Memory,
    fault: Option<&Fault>,
    uuid: &str,
) -> Result<bool, Box<Outcome>> {
    state.expire_old_codes();
    let Some(code) = state.code_by_key_mut(Service::QqMusic, METHOD, uuid) else {
        return Err(Box::new(Outcome::broken_rule("uuid is unknown", poll_reply(402, ""))));
    };
    code.polls += 1;
    match fault.map(|fault| (fault.kind, fault)) {
        Some((FaultKind::Expired, _)) => code.state = CodeState::Expired,
        Some((FaultKind::UnknownCode, fault)) => {
            return Err(Box::new(Outcome::declined(poll_reply(fault.code_or(777), ""))));
        }
        Some((FaultKind::Risk | FaultKind::RateLimited | FaultKind::RenewalRejected, _)) => {
            return Err(Box::new(Outcome::declined(poll_reply(500, ""))));
        }
        // Confirmed, but without the code that would be needed.
        Some((FaultKind::RenewalSkeleton, _)) => {
            return Err(Box::new(Outcome::declined(poll_reply(405, ""))));
        }
        _ => {}
    }
    let id = code.id;
    Ok(memory.known_scanned.contains(&id))
}

/// The outcome of a poll when something has happened.
fn outcome_of_poll(state: &mut SharedState, memory: &mut Memory, uuid: &str) -> Outcome {
    let Some(code) = state.code_by_key(Service::QqMusic, METHOD, uuid).cloned() else {
        return Outcome::declined(poll_reply(402, ""));
    };
    match code.state {
        CodeState::Shown => poll_reply(408, "").into(),
        CodeState::Scanned => {
            memory.known_scanned.push(code.id);
            poll_reply(404, "").into()
        }
        CodeState::Refused => Outcome::declined(poll_reply(403, "")),
        CodeState::Expired | CodeState::Delivered => Outcome::declined(poll_reply(402, "")),
        CodeState::Confirmed => {
            let wechat_code = state.tokens.alphanumeric(32);
            let account = code.account.unwrap_or_default();
            memory.wechat_codes.push(WechatCode { code: wechat_code.clone(), account, used: false });
            let _ = state.move_code(code.id, &[CodeState::Confirmed], CodeState::Delivered);
            poll_reply(405, &wechat_code).into()
        }
    }
}

/// The script that a poll is answered with.
fn poll_reply(errcode: i64, code: &str) -> Reply {
    Reply::script(format!("window.wx_errcode={errcode};window.wx_code='{code}';"))
}
