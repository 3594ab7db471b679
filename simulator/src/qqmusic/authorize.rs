//! From the cookies to a code for the exchange: `authorize` (protocol: QQ §1.5).

use super::hash::hash33;
use super::{CLIENT_ID, Context, Memory};
use crate::http::reply::Reply;
use crate::http::request::{Request, expect_values, value};
use crate::service::outcome::Outcome;
use crate::state::ledger::IssuedVia;

/// A code that the exchange takes once.
#[derive(Debug, Clone)]
pub(super) struct OauthCode {
    pub(super) code: String,
    pub(super) account: String,
    /// How the credential is said to be issued.
    pub(super) via: IssuedVia,
    pub(super) used: bool,
}

pub(super) const REDIRECT: &str =
    "https://y.qq.com/portal/wx_redirect.html?login_type=1&surl=https://y.qq.com/";
/// The same with its inner address encoded once more, as older clients send it.
pub(super) const REDIRECT_ENCODED: &str =
    "https://y.qq.com/portal/wx_redirect.html?login_type=1&surl=https%3A%2F%2Fy.qq.com%2F";
const REFUSED: &str = "https://graph.qq.com/oauth2.0/show?which=error&display=pc&error=100010";

/// Redirects to QQ Music with a code: `POST https://graph.qq.com/oauth2.0/authorize`.
pub(super) fn authorize(context: &Context<'_>) -> Outcome {
    context.state.change(|state, memory| match check(memory, context.request) {
        Err(rule) => Outcome::broken_rule(rule, Reply::redirect(REFUSED)),
        Ok(_) if context.fault.is_some() => Outcome::declined(Reply::redirect(REFUSED)),
        Ok((account, oauth_state)) => {
            let code = state.tokens.upper_hex(32);
            let oauth_state: String = url::form_urlencoded::byte_serialize(oauth_state.as_bytes()).collect();
            let location = format!("{REDIRECT_ENCODED}&code={code}&state={oauth_state}");
            memory.oauth_codes.push(OauthCode { code, account, via: IssuedVia::QqScan, used: false });
            Reply::redirect(location).into()
        }
    })
}

/// The account that the cookies stand for, and the `state` to send back.
fn check(memory: &mut Memory, request: &Request) -> Result<(String, String), String> {
    if request.method != hyper::Method::POST {
        return Err("the method is not POST".to_owned());
    }
    let form = request.form().ok_or_else(|| "the body is not a urlencoded form".to_owned())?;
    let cookies = request.cookies();
    let p_skey = value(&cookies, "p_skey").ok_or_else(|| "the cookie p_skey is missing".to_owned())?;
    let login = memory
        .logins
        .iter_mut()
        .find(|login| login.p_skey == p_skey)
        .ok_or_else(|| "p_skey is unknown".to_owned())?;
    if login.used {
        return Err("these cookies were used before".to_owned());
    }
    for (name, wanted) in &login.cookies {
        if value(&cookies, name) != Some(wanted) {
            return Err(format!("the cookie {name} of check_sig is missing or changed"));
        }
    }
    let g_tk = hash33(p_skey, 5381).to_string();
    expect_values(
        &form,
        &[
            ("response_type", "code"),
            ("client_id", CLIENT_ID),
            ("scope", "get_user_info,get_app_friends"),
            ("switch", ""),
            ("from_ptlogin", "1"),
            ("src", "1"),
            ("update_auth", "1"),
            ("openapi", "1010_1030"),
            ("g_tk", &g_tk),
        ],
    )?;
    if !matches!(value(&form, "redirect_uri"), Some(REDIRECT | REDIRECT_ENCODED)) {
        return Err("redirect_uri is not QQ Music's".to_owned());
    }
    if value(&form, "auth_time").is_none_or(str::is_empty) {
        return Err("auth_time is missing".to_owned());
    }
    if value(&form, "ui").is_none_or(|ui| uuid::Uuid::parse_str(ui).is_err()) {
        return Err("ui is not a UUID".to_owned());
    }
    let oauth_state = value(&form, "state")
        .filter(|oauth_state| !oauth_state.is_empty())
        .ok_or_else(|| "state is missing".to_owned())?;
    login.used = true;
    Ok((login.account.clone(), oauth_state.to_owned()))
}
