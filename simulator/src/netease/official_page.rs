//! The official page, on which somebody signs in without any program of ours; only its cookies matter (protocol:
//! NetEase §6, §8).
//!
//! The page is the front page, which anybody may visit. Once its script asks, there is a code of the method
//! `official_page`: confirming it is what a person does who signs in there.

use serde_json::json;

use super::{Context, Memory, SITE, cookies, session};
use crate::http::page::{WAYS_OFF, escape_html, html_page};
use crate::http::reply::Reply;
use crate::http::request::{Request, expect_browser};
use crate::service::outcome::Outcome;
use crate::state::account::Service;
use crate::state::code::CodeState;
use crate::state::fault::FaultKind;
use crate::state::ledger::IssuedVia;
use crate::state::shared_state::SharedState;

/// The page. What the client opens has `#/login` behind it, which no server sees.
pub(super) const START_PATH: &str = "/";
/// What the page asks every 200 milliseconds.
pub(super) const STATE_PATH: &str = "/login/state";
/// What the page asks once when somebody has confirmed: the reply sets the cookies.
pub(super) const FINISH_PATH: &str = "/login/finish";

const METHOD: &str = "official_page";
const TITLE: &str = "网易云音乐";

/// Replies to every address of the page.
pub(super) fn respond(context: &Context<'_>) -> Outcome {
    if context.request.method != hyper::Method::GET {
        return Outcome::broken_rule("the method is not GET", Reply::new(405, "text/plain", ""));
    }
    if let Err(rule) = expect_browser(context.request, "") {
        return Outcome::broken_rule(rule.clone(), html_page(TITLE, &escape_html(&rule), ""));
    }
    match context.request.path.as_str() {
        START_PATH => show(context),
        STATE_PATH => code_state(context),
        _ => finish(context),
    }
}

/// Shows the page, or who is signed in: `GET https://music.163.com/`.
fn show(context: &Context<'_>) -> Outcome {
    let kind = context.fault.map(|fault| fault.kind);
    if kind.is_some_and(|kind| !matches!(kind, FaultKind::Expired | FaultKind::WrongUser)) {
        return Outcome::declined(html_page(TITLE, "登录环境异常，请稍后再试", ""));
    }
    context.state.change(|state, memory| {
        // Whoever comes with a session is signed in and not asked again.
        if let Ok(session) = session::living_session(state, context.request) {
            let nickname = state.account(&session.account).map(|account| account.nickname.clone());
            let said = format!("已登录：{}", escape_html(&nickname.unwrap_or_default()));
            return html_page(TITLE, &said, "").into();
        }
        let key = state.tokens.alphanumeric(32);
        memory.opened_pages.push(OpenedPage { key: key.clone(), expired: kind == Some(FaultKind::Expired) });
        let fresh = context.request.cookie("NMTID").is_none();
        let tracking = fresh.then(|| cookies::tracking(&format!("00O{}", state.tokens.alphanumeric(38))));
        let more = format!(
            "{WAYS_OFF}<script>\nvar state = \"{STATE_PATH}?key={key}\";\nvar next = \"{FINISH_PATH}?key={key}\";\n{}</script>",
            include_str!("official_page.js"),
        );
        html_page(TITLE, "请在手机上确认登录网易云音乐", &more).cookies(tracking).into()
    })
}

/// A page that was opened and whose script has not asked yet.
#[derive(Debug)]
pub(super) struct OpenedPage {
    key: String,
    expired: bool,
}

/// Shows the code of a page whose script asks for the first time.
fn show_code_of(state: &mut SharedState, memory: &mut Memory, request: &Request) {
    let key = request.query("key").unwrap_or_default();
    let Some(place) = memory.opened_pages.iter().position(|page| page.key == key) else { return };
    let OpenedPage { key, expired } = memory.opened_pages.swap_remove(place);
    let text = format!("https://{SITE}/#/login?key={key}");
    let id = state.show_code(Service::NetEase, METHOD, &key, &text).id;
    if expired {
        let _ = state.move_code(id, &[CodeState::Shown], CodeState::Expired);
    }
}

/// The code of the page that asks.
fn code_of<'a>(state: &'a mut SharedState, request: &Request) -> Option<&'a mut crate::Code> {
    let key = request.query("key").unwrap_or_default();
    state.expire_old_codes();
    state.code_by_key_mut(Service::NetEase, METHOD, key)
}

fn state_reply(state: impl serde::Serialize) -> Reply {
    Reply::json(&json!({"state": state})).header("cache-control", "no-store")
}

/// Tells the state of the page's code: `GET https://music.163.com/login/state?key=KEY`.
fn code_state(context: &Context<'_>) -> Outcome {
    context.state.change(|state, memory| {
        show_code_of(state, memory, context.request);
        let Some(code) = code_of(state, context.request) else {
            return Outcome::broken_rule("key is unknown", state_reply(CodeState::Expired));
        };
        code.polls += 1;
        match context.fault.map(|fault| fault.kind) {
            None | Some(FaultKind::WrongUser) => {}
            Some(FaultKind::Expired) => code.state = CodeState::Expired,
            Some(_) => return Outcome::declined(state_reply("risk")),
        }
        state_reply(code.state).into()
    })
}

/// Gives the session of a confirmed page: `GET https://music.163.com/login/finish?key=KEY`.
fn finish(context: &Context<'_>) -> Outcome {
    context.state.change(|state, _| {
        let Some(code) = code_of(state, context.request).cloned() else {
            return Outcome::broken_rule("key is unknown", state_reply(CodeState::Expired));
        };
        match context.fault.map(|fault| fault.kind) {
            None | Some(FaultKind::WrongUser) => {}
            Some(FaultKind::Expired) => {
                let _ = state.move_code(code.id, &[CodeState::Confirmed], CodeState::Expired);
                return Outcome::declined(state_reply(CodeState::Expired));
            }
            Some(_) => return Outcome::declined(state_reply("risk")),
        }
        // The session is given once.
        if state.move_code(code.id, &[CodeState::Confirmed], CodeState::Delivered).is_err() {
            return Outcome::declined(state_reply(code.state));
        }
        let Ok(account) = state.account_in_reply(code.account.as_deref().unwrap_or_default(), context.fault)
        else {
            return Outcome::declined(state_reply("risk"));
        };
        let credential = session::issue(state, &account, IssuedVia::OfficialPage);
        let has_tracking = context.request.cookie("NMTID").is_some();
        let lines = cookies::signed_in_on_page(state, &credential, !has_tracking);
        state_reply(CodeState::Delivered).cookies(lines).into()
    })
}
