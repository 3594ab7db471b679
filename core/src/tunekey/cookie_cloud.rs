//! The cookies of a browser that its extension keeps in a CookieCloud, as a way in: what plays of them is read, and the
//! browser goes on renewing them.

use serde_json::Value;
use tunekey_services::{AccountId, Secret, registry};

use super::TuneKey;
use crate::delivery::{DeliveryError, read_cookie_cloud};
use crate::import;
use crate::outbound::{self, BadAddress};
use crate::problem::{Problem, ProblemCode};

/// Where a browser's extension keeps its cookies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CookieCloud {
    /// The address of the server, with its `API_ROOT` if it has one.
    pub url: String,
    /// The name under which they are there.
    pub uuid: String,
    /// The person has agreed to ask without encryption an address of a private network.
    pub allows_plain_http: bool,
}

impl CookieCloud {
    /// The host that would be asked.
    ///
    /// # Errors
    /// `InvalidInput` when it is no address, or none that may be asked.
    pub fn checked_host(&self) -> Result<String, Problem> {
        let host = || {
            let url = outbound::address(&self.url)?;
            outbound::check(&url, self.allows_plain_http)?;
            Ok(url.host_str().unwrap_or_default().to_owned())
        };
        host().map_err(|error: BadAddress| DeliveryError::from(error).problem())
    }
}

impl TuneKey {
    /// The cookies of our services that are in a CookieCloud, only what plays, as a text to
    /// [sign in](tunekey_services::Method::CookieCloud) with.
    ///
    /// # Errors
    /// `InvalidInput` for an address or uuid that cannot be one or a wrong password, `NotFound` when nothing is there or
    /// nothing of ours, or why the server was not reached or is none.
    pub async fn read_cookie_cloud(&self, cloud: &CookieCloud, password: &Secret) -> Result<Secret, Problem> {
        let clients = self.outbound_clients().await?;
        let CookieCloud { url, uuid, allows_plain_http } = cloud;
        let read = read_cookie_cloud(url, uuid, *allows_plain_http, password, &clients).await;
        let blob = read.map_err(problem)?.ok_or_else(nothing_there)?;
        let cookies = Value::Array(playing(&blob["cookie_data"]));
        let text = Secret::new(cookies.to_string());
        let found = import::read_all(&text).map(|all| import::services_of(&all)).unwrap_or_default();
        if found.is_empty() { Err(nothing_of_ours()) } else { Ok(text) }
    }
}

/// What plays of our services' cookies. The browser renews them: with what renews them here, too, the two would end each
/// other's keys.
fn playing(cookies: &Value) -> Vec<Value> {
    let all = cookies.as_object().into_iter().flatten();
    let all = all.flat_map(|(domain, cookies)| {
        cookies.as_array().into_iter().flatten().map(move |cookie| (domain.as_str(), cookie))
    });
    let is_ours = |(domain, cookie): &(&str, &Value)| {
        let domain = cookie["domain"].as_str().unwrap_or(domain).trim_start_matches('.');
        let name = cookie["name"].as_str().unwrap_or_default();
        registry::all().iter().map(|service| service.facts()).any(|facts| {
            facts.cookie.playing.contains(&name)
                && facts.paste.domains.iter().any(|ours| is_below(domain, ours))
        })
    };
    all.filter(is_ours).map(|(_, cookie)| cookie.clone()).collect()
}

/// Whether a host is that domain or below it.
fn is_below(host: &str, domain: &str) -> bool {
    host == domain || host.strip_suffix(domain).is_some_and(|below| below.ends_with('.'))
}

/// That the account is here already, by a sign-in that works.
pub(super) fn is_signed_in(id: &AccountId) -> Problem {
    Problem::new(ProblemCode::InvalidInput).with_service(id.service).with_words(
        "This account is signed in here already, and TuneKey renews it. The browser’s cookies were not put in its place.",
        "该账号已在此登录并由 TuneKey 续期，没有用浏览器的 Cookie 取代它。",
    )
}

fn problem(error: DeliveryError) -> Problem {
    let (code, english, chinese) = match error {
        DeliveryError::Http(error) => {
            return Problem::from(error).with_words(
                "The CookieCloud server can’t be reached. Check its address and your network.",
                "连接不上 CookieCloud 服务器，请检查地址和网络。",
            );
        }
        DeliveryError::Unauthorised => (
            ProblemCode::InvalidInput,
            "The server lets nobody in there. Something in front of CookieCloud asks for a password of its own.",
            "服务器拒绝访问：CookieCloud 前面另有一道密码验证。",
        ),
        DeliveryError::NotUnderstood
        | DeliveryError::Status(_)
        | DeliveryError::Later(_)
        | DeliveryError::Gone => (
            ProblemCode::Unexpected,
            "What answers there is no CookieCloud server. Check the address, with its API root if it has one.",
            "该地址回应的不是 CookieCloud 服务器，请检查地址（如设置了 API_ROOT，也要带上）。",
        ),
        other => return other.problem(),
    };
    Problem::new(code).with_detail(error.to_string()).with_words(english, chinese)
}

fn nothing_there() -> Problem {
    Problem::new(ProblemCode::NotFound).with_detail("nothing is there under that uuid").with_words(
        "There is nothing under that uuid. Check the uuid and the address, and have the browser’s extension upload once.",
        "该 uuid 下没有任何内容。请检查 uuid 和地址，并让浏览器扩展先上传一次。",
    )
}

fn nothing_of_ours() -> Problem {
    let facts = || registry::all().iter().map(|service| service.facts());
    let sites = facts().map(|facts| facts.paste.site).collect::<Vec<_>>();
    let (english, chinese): (Vec<_>, Vec<_>) =
        facts().map(|facts| (facts.name.english, facts.name.chinese)).unzip();
    Problem::new(ProblemCode::NotFound).with_detail("there is no cookie of our services in it").with_words(
        format!(
            "There is no sign-in of {} in it. Sign in on {} in that browser, and have the extension include that site.",
            english.join(" or "),
            sites.join(" or ")
        ),
        format!(
            "其中没有{}的登录。请在该浏览器登录 {}，并让扩展包含该网站。",
            chinese.join("或"),
            sites.join(" 或 ")
        ),
    )
}

#[cfg(test)]
mod tests;
