//! From the ticket of a confirmed code to an authorisation code (protocol: QQ §1.4, §1.5). Every step works
//! once.

use url::Url;

use super::application::{APP, CLIENT, DOMAIN, LOGIN_JUMP, REFERER};
use super::hash33::{G_TK, hash33};
use crate::contract::Context;
use crate::error::ServiceError;
use crate::http::{CookieMap, NotTheAnswer, Request};
use crate::response::{ask, not_the_service, unexpected};
use crate::secret::Secret;

/// Where QQ Music receives authorisations.
pub(super) const RECEIVER_HOST: &str = "y.qq.com";
pub(super) const RECEIVER_PATH: &str = "/portal/wx_redirect.html";

/// The same as an address, for an authorisation of QQ.
pub(super) const REDIRECT: &str =
    "https://y.qq.com/portal/wx_redirect.html?login_type=1&surl=https://y.qq.com/";

/// Trades the ticket for the cookies of a signed-in browser (protocol: QQ §1.4).
#[expect(clippy::disallowed_methods, reason = "the request carries the ticket to the service that issued it")]
pub(super) async fn redeem(context: &Context, uin: &str, sigx: &Secret) -> Result<CookieMap, ServiceError> {
    let doing = "redeeming the ticket";
    let request = Request::get_with(
        "https://ssl.ptlogin2.graph.qq.com/check_sig",
        &[
            ("uin", uin),
            ("ptsigx", sigx.expose()),
            ("pttype", "1"),
            ("service", "ptqrlogin"),
            ("nodirect", "0"),
            ("s_url", LOGIN_JUMP),
            ("ptlang", "2052"),
            ("ptredirect", "100"),
            ("aid", APP),
            ("daid", DOMAIN),
            ("pt_3rd_aid", CLIENT),
            ("j_later", "0"),
            ("low_login_hour", "0"),
            ("regmaster", "0"),
            ("pt_login_type", "3"),
            ("pt_aid", "0"),
            ("pt_aaid", "16"),
            ("pt_light", "0"),
        ],
    );
    let response = ask(&context.http, request.header("referer", REFERER), doing).await?;
    if response.status() >= 500 {
        return Err(not_the_service(doing, NotTheAnswer::ServerError));
    }
    let mut cookies = CookieMap::default();
    cookies.absorb(&response.set_cookies(context.clock.now()));
    match cookies.get("p_skey") {
        Some(_) => Ok(cookies),
        None => Err(unexpected(doing, "the ticket is not accepted: no p_skey")),
    }
}

/// Authorises QQ Music for the account (protocol: QQ §1.5).
pub(super) async fn authorise(context: &Context, cookies: &CookieMap) -> Result<Secret, ServiceError> {
    let doing = "authorising QQ Music";
    let state = uuid::Uuid::new_v4().simple().to_string();
    let g_tk = cookies.get("p_skey").map_or(G_TK, |p_skey| hashed(p_skey, G_TK)).to_string();
    let request = Request::post_form(
        "https://graph.qq.com/oauth2.0/authorize",
        &[
            ("response_type", "code"),
            ("client_id", CLIENT),
            ("redirect_uri", REDIRECT),
            ("scope", "get_user_info,get_app_friends"),
            ("state", &state),
            ("switch", ""),
            ("from_ptlogin", "1"),
            ("src", "1"),
            ("update_auth", "1"),
            ("openapi", "1010_1030"),
            ("g_tk", &g_tk),
            ("auth_time", &context.clock.now().as_millisecond().to_string()),
            ("ui", &uuid::Uuid::new_v4().to_string()),
        ],
    );
    let request = request.header("origin", "https://graph.qq.com").cookies(cookies);
    let response = ask(&context.http, request, doing).await?;
    if response.status() >= 500 {
        return Err(not_the_service(doing, NotTheAnswer::ServerError));
    }
    match response.header("location").and_then(|location| authorised(location, &state)) {
        Some(code) => Ok(code),
        None => Err(unexpected(doing, "no authorisation code")),
    }
}

/// The code in the address that a browser would be sent to, if it is QQ Music's and answers our request.
fn authorised(location: &str, state: &str) -> Option<Secret> {
    let arrival = Arrival::read(location)?;
    if arrival.state == state { Some(arrival.code) } else { None }
}

/// What comes with a browser that arrives where QQ Music receives authorisations.
pub(super) struct Arrival {
    /// Whose code it is, as `login_type`: 1 for QQ, 2 for WeChat.
    pub(super) login_type: Option<String>,
    /// What the one who asked had said, to tell its answer from others.
    pub(super) state: String,
    /// The authorisation code.
    pub(super) code: Secret,
}

impl Arrival {
    /// Reads the address, if it is the one and carries a code.
    pub(super) fn read(address: &str) -> Option<Self> {
        let address = Url::parse(address).ok()?;
        let value = |name| {
            let found = address.query_pairs().find(|(key, _)| key == name);
            found.map(|(_, value)| value.into_owned()).filter(|value| !value.is_empty())
        };
        let right = address.scheme() == "https"
            && address.host_str() == Some(RECEIVER_HOST)
            && address.port().is_none()
            && address.path() == RECEIVER_PATH;
        if !right {
            return None;
        }
        let code = Secret::new(value("code")?);
        Some(Self { login_type: value("login_type"), state: value("state").unwrap_or_default(), code })
    }
}

#[expect(clippy::disallowed_methods, reason = "the hash of a cookie goes to the service that set it")]
pub(super) fn hashed(cookie: &Secret, seed: u32) -> u32 {
    hash33(cookie.expose(), seed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the test compares the secret")]
    fn the_code_is_taken_only_from_qq_musics_own_address_and_only_for_our_request() {
        let good = "https://y.qq.com/portal/wx_redirect.html?login_type=1&surl=https%3A%2F%2Fy.qq.com%2F&code=0A1B&state=s1";
        assert_eq!(authorised(good, "s1").map(|code| code.expose().to_owned()).as_deref(), Some("0A1B"));
        let last = "https://y.qq.com/portal/wx_redirect.html?state=s1&code=0A1B";
        assert!(authorised(last, "s1").is_some(), "the order does not matter");
        for bad in [
            good.replace("https://y", "http://y"),
            good.replace("y.qq.com/portal", "y.qq.com.evil.example/portal"),
            good.replace("y.qq.com/portal", "y.qq.com:444/portal"),
            good.replace("state=s1", "state=s2"),
            good.replace("&state=s1", ""),
            good.replace("code=", "kode="),
            good.replace("code=0A1B", "code="),
            good.replace("wx_redirect.html", "other.html"),
            "/portal/wx_redirect.html?code=0A1B&state=s1".to_owned(),
        ] {
            assert_eq!(authorised(&bad, "s1"), None, "{bad}");
        }
    }
}
