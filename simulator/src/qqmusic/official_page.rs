//! The official sign-in page, and the blank page that it ends at (protocol: QQ §9).
//!
//! Opening the page shows a code of the method `official_page`: confirming it is what a person does who signs in there.

use serde_json::json;
use url::form_urlencoded::byte_serialize;

use super::authorize::{OauthCode, REDIRECT as TARGET, REDIRECT_ENCODED as TARGET_ENCODED};
use super::{CLIENT_ID, Context};
use crate::http::page::{WAYS_OFF, escape_html, html_page};
use crate::http::reply::Reply;
use crate::http::request::{expect_browser, expect_values};
use crate::service::outcome::Outcome;
use crate::state::account::Service;
use crate::state::code::CodeState;
use crate::state::fault::FaultKind;
use crate::state::ledger::IssuedVia;

pub(super) const SHOW_PATH: &str = "/oauth2.0/show";
pub(super) const STATE_PATH: &str = "/oauth2.0/show_state";
pub(super) const FINISH_PATH: &str = "/oauth2.0/login_jump";
/// Where the page ends, on `y.qq.com`.
pub(super) const TARGET_PATH: &str = "/portal/wx_redirect.html";

const METHOD: &str = "official_page";
const SCOPE: &str = "get_user_info,get_app_friends";

/// Replies to every address of the page.
pub(super) fn respond(context: &Context<'_>) -> Outcome {
    if context.request.method != hyper::Method::GET {
        return Outcome::broken_rule("the method is not GET", Reply::new(405, "text/plain", ""));
    }
    match context.request.path.as_str() {
        SHOW_PATH => show(context),
        STATE_PATH => code_state(context),
        FINISH_PATH => finish(context),
        // What it says is in its address.
        _ => Reply::new(200, "text/html; charset=utf-8", "<!doctype html><title></title>").into(),
    }
}

/// Shows the page with a new code: `GET https://graph.qq.com/oauth2.0/show`.
fn show(context: &Context<'_>) -> Outcome {
    let request = context.request;
    let fixed = [("which", "Login"), ("display", "pc"), ("response_type", "code"), ("client_id", CLIENT_ID)];
    let checked = expect_browser(request, "")
        .and_then(|()| expect_values(&request.query, &fixed))
        .and_then(|()| match request.query("redirect_uri") {
            Some(TARGET | TARGET_ENCODED) => Ok(()),
            _ => Err("redirect_uri is not QQ Music's".to_owned()),
        })
        .and_then(|()| match request.query("scope") {
            None | Some(SCOPE) => Ok(()),
            Some(_) => Err("scope is not QQ Music's".to_owned()),
        })
        .and_then(|()| {
            let oauth_state = request.query("state").filter(|oauth_state| !oauth_state.is_empty());
            oauth_state.ok_or_else(|| "state is missing".to_owned())
        });
    let oauth_state = match checked {
        Err(rule) => {
            return Outcome::broken_rule(
                rule.clone(),
                html_page("QQ 登录", &format!("参数错误：{}", escape_html(&rule)), ""),
            );
        }
        Ok(oauth_state) => oauth_state,
    };
    let kind = context.fault.map(|fault| fault.kind);
    if kind.is_some_and(|kind| !matches!(kind, FaultKind::Expired | FaultKind::WrongUser)) {
        return Outcome::declined(html_page("QQ 登录", "登录环境异常，请稍后再试", ""));
    }
    context.state.change(|state, memory| {
        let key = state.tokens.alphanumeric(32);
        let text = format!("https://graph.qq.com{SHOW_PATH}?key={key}");
        let id = state.show_code(Service::QqMusic, METHOD, &key, &text).id;
        if kind == Some(FaultKind::Expired) {
            let _ = state.move_code(id, &[CodeState::Shown], CodeState::Expired);
        }
        let oauth_state: String = byte_serialize(oauth_state.as_bytes()).collect();
        let frame = state.settings.hidden_frame.clone().map_or_else(String::new, |account| {
            let code = state.tokens.upper_hex(32);
            let address = format!("{TARGET_ENCODED}&code={code}&state={oauth_state}");
            memory.oauth_codes.push(OauthCode { code, account, via: IssuedVia::OfficialPage, used: false });
            format!("<iframe hidden src=\"{}\"></iframe>", escape_html(&address))
        });
        let more = format!(
            "{WAYS_OFF}{frame}<script>\nvar state = \"{STATE_PATH}?key={key}\";\nvar next = \"{FINISH_PATH}?key={key}&state={oauth_state}\";\n\
             {}</script>",
            include_str!("official_page.js"),
        );
        html_page("QQ 登录", "请在手机上确认登录 QQ 音乐", &more).into()
    })
}

/// The state of the page's code, which the page asks for every 200 milliseconds.
fn code_state(context: &Context<'_>) -> Outcome {
    let key = context.request.query("key").unwrap_or_default();
    context.state.change(|state, _| {
        state.expire_old_codes();
        let Some(code) = state.code_by_key_mut(Service::QqMusic, METHOD, key) else {
            return Outcome::broken_rule("key is unknown", Reply::json(&json!({"state": "expired"})));
        };
        code.polls += 1;
        match context.fault.map(|fault| fault.kind) {
            None | Some(FaultKind::WrongUser) => {}
            Some(FaultKind::Expired) => code.state = CodeState::Expired,
            Some(_) => return Outcome::declined(Reply::json(&json!({"state": "risk"}))),
        }
        Reply::json(&json!({"state": code.state})).header("cache-control", "no-store").into()
    })
}

/// Redirects from the confirmed page to QQ Music's, with a code for the exchange.
fn finish(context: &Context<'_>) -> Outcome {
    let key = context.request.query("key").unwrap_or_default();
    let oauth_state = context.request.query("state").unwrap_or_default();
    let failed = || Reply::redirect(format!("{TARGET_ENCODED}&error=100010"));
    context.state.change(|state, memory| {
        let found = state.code_by_key(Service::QqMusic, METHOD, key).cloned();
        let Some(code) = found else { return Outcome::broken_rule("key is unknown", failed()) };
        if state.move_code(code.id, &[CodeState::Confirmed], CodeState::Delivered).is_err() {
            return Outcome::declined(failed());
        }
        if context.fault.is_some_and(|fault| fault.kind != FaultKind::WrongUser) {
            return Outcome::declined(failed());
        }
        let Ok(account) = state.account_in_reply(code.account.as_deref().unwrap_or_default(), context.fault)
        else {
            return Outcome::declined(failed());
        };
        let code = state.tokens.upper_hex(32);
        let oauth_state: String = byte_serialize(oauth_state.as_bytes()).collect();
        let location = format!("{TARGET_ENCODED}&code={code}&state={oauth_state}");
        memory.oauth_codes.push(OauthCode {
            code,
            account: account.id,
            via: IssuedVia::OfficialPage,
            used: false,
        });
        Reply::redirect(location).into()
    })
}
