//! From the signature to cookies: `check_sig` (protocol: QQ §1.4).

use super::{APP_ID, CLIENT_ID, Context, DAID, LOGIN_JUMP, LOGIN_PAGE, Memory};
use crate::http::reply::Reply;
use crate::http::request::expect_values;
use crate::service::outcome::Outcome;
use crate::state::shared_state::SharedState;

/// What `check_sig` gave: cookies that `authorize` wants back, all of them.
#[derive(Debug, Clone)]
pub(super) struct Login {
    pub(super) account: String,
    pub(super) p_skey: String,
    /// Name and value of every cookie that was not deleted in the same reply.
    pub(super) cookies: Vec<(String, String)>,
    pub(super) used: bool,
}

/// Takes the signature of a confirmed code, and sets the cookies: `GET https://ssl.ptlogin2.graph.qq.com/check_sig`.
pub(super) fn check(context: &Context<'_>) -> Outcome {
    let request = context.request;
    let fixed = [
        ("pttype", "1"),
        ("service", "ptqrlogin"),
        ("nodirect", "0"),
        ("s_url", LOGIN_JUMP),
        ("ptlang", "2052"),
        ("ptredirect", "100"),
        ("aid", APP_ID),
        ("daid", DAID),
        ("j_later", "0"),
        ("low_login_hour", "0"),
        ("regmaster", "0"),
        ("pt_login_type", "3"),
        ("pt_aid", "0"),
        ("pt_aaid", "16"),
        ("pt_light", "0"),
        ("pt_3rd_aid", CLIENT_ID),
    ];
    let checked = expect_values(&request.query, &fixed).and_then(|()| {
        let referer = request.header("referer");
        if referer.starts_with(LOGIN_PAGE) { Ok(()) } else { Err(format!("Referer is not {LOGIN_PAGE}")) }
    });
    context.state.change(|state, memory| {
        let ticket = checked.and_then(|()| {
            let ptsigx = request.query("ptsigx").unwrap_or_default();
            let ticket = memory.tickets.iter_mut().find(|ticket| ticket.ptsigx == ptsigx);
            let ticket = ticket.ok_or_else(|| "ptsigx is unknown".to_owned())?;
            if ticket.used {
                return Err("ptsigx was used before".to_owned());
            }
            if request.query("uin") != ticket.account.rsplit(':').next() {
                return Err("uin and ptsigx do not belong together".to_owned());
            }
            ticket.used = true;
            Ok(ticket.account.clone())
        });
        match ticket {
            Err(rule) => Outcome::broken_rule(rule, rejected()),
            Ok(_) if context.fault.is_some() => Outcome::declined(rejected()),
            Ok(account) => granted(state, memory, account).into(),
        }
    })
}

/// The same redirect, with nothing in it: the ticket was rejected.
fn rejected() -> Reply {
    Reply::redirect(LOGIN_JUMP).cookie(deleted("p_skey")).cookie(deleted("supertoken"))
}

fn deleted(name: &str) -> String {
    format!("{name}=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/; Domain=ptlogin2.graph.qq.com")
}

fn granted(state: &SharedState, memory: &mut Memory, account: String) -> Reply {
    let uin = format!("o{}", account.rsplit(':').next().unwrap_or_default());
    let tokens = &state.tokens;
    let p_skey = tokens.alphanumeric(44);
    let cookie = |domain: &'static str, name: &str, value: String| (domain, name.to_owned(), value);
    let cookies = [
        cookie("qq.com", "pt2gguin", uin.clone()),
        cookie("qq.com", "uin", uin.clone()),
        cookie("qq.com", "skey", format!("@{}", tokens.alphanumeric(9))),
        cookie("qq.com", "RK", tokens.alphanumeric(10)),
        cookie("qq.com", "ptcz", tokens.hex(64)),
        cookie("graph.qq.com", "p_uin", uin),
        cookie("graph.qq.com", "pt4_token", tokens.alphanumeric(44)),
        cookie("graph.qq.com", "p_skey", p_skey.clone()),
        cookie("graph.qq.com", "pt_oauth_token", tokens.alphanumeric(64)),
        cookie("graph.qq.com", "pt_login_type", "3".to_owned()),
    ];
    let before = state.settings.deleted_p_skey.comes_before(memory.logins.len());
    let mut reply = Reply::redirect(LOGIN_JUMP);
    if before == Some(true) {
        reply = reply.cookie(deleted("p_skey"));
    }
    for (domain, name, value) in &cookies {
        reply = reply.cookie(format!("{name}={value}; Path=/; Domain={domain}; SameSite=None; Secure"));
    }
    if before == Some(false) {
        reply = reply.cookie(deleted("p_skey"));
    }
    let cookies = cookies.into_iter().map(|(_, name, value)| (name, value)).collect();
    memory.logins.push(Login { account, p_skey, cookies, used: false });
    reply.cookie(deleted("supertoken"))
}
