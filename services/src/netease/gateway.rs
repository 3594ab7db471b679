//! One request to NetEase, as the web site or as the desktop client makes it (protocol: NetEase §0, §3).

use jiff::Timestamp;
use rand::Rng;
use serde_json::{Value, json};

use super::client_identity::ClientIdentity;
use super::{cookie, crypto};
use crate::contract::Context;
use crate::credential::Credential;
use crate::error::ServiceError;
use crate::http::{CookieMap, Request, Response, SetCookie};
use crate::response::{ask, integer, not_the_service, unexpected};
use crate::secret::Secret;

const WEB: &str = "https://music.163.com";
const PC: &str = "https://interface.music.163.com";

/// The desktop client, the same in every place where it says what it is: clients that mixed identities were
/// signed out by the service (protocol: NetEase §2).
const PC_VERSION: &str = "3.1.17.204416";
const PC_SYSTEM: &str = "Microsoft-Windows-10-Professional-build-19045-64bit";
const PC_USER_AGENT: &str = "Mozilla/5.0 (Windows NT 10.0; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) \
                             Safari/537.36 Chrome/91.0.4472.164 NeteaseMusicDesktop/3.1.17.204416";

/// The field of a credential that remembers as which client it was made. The name is ours.
const IDENTITY: &str = "profile";

/// As which client a credential goes on.
pub(super) fn identity_of(credential: &Credential, context: &Context) -> ClientIdentity {
    match credential.field(IDENTITY) {
        Some(identity) if *identity == Secret::from("pc") => ClientIdentity::Pc,
        Some(_) => ClientIdentity::Web,
        None => ClientIdentity::chosen(context),
    }
}

/// What to remember in a credential.
pub(super) fn identity_field(identity: ClientIdentity) -> (&'static str, &'static str) {
    match identity {
        ClientIdentity::Web => (IDENTITY, "web"),
        ClientIdentity::Pc => (IDENTITY, "pc"),
    }
}

/// A request.
pub(super) struct Call<'a> {
    /// As which client.
    pub(super) identity: ClientIdentity,
    /// The path without `/api`, `/weapi` or `/eapi`.
    pub(super) path: &'static str,
    /// What is said.
    pub(super) payload: Value,
    /// The cookies of the sign-in or the credential.
    pub(super) cookies: &'a CookieMap,
    /// Headers that this endpoint wants besides.
    pub(super) headers: Vec<(&'static str, String)>,
    /// What this is for, for errors.
    pub(super) doing: &'static str,
}

/// What came back.
#[derive(Debug)]
pub(super) struct GatewayResponse {
    /// The service's own code; the HTTP status is nearly always 200.
    pub(super) code: i64,
    /// The whole answer.
    pub(super) body: Value,
    /// The cookies that it sets.
    pub(super) cookies: Vec<SetCookie>,
    /// The session that some confirmations carry in a header of their own rather than in a cookie
    /// (protocol: NetEase §1.5, §12.3).
    pub(super) session: Option<Secret>,
}

#[cfg(test)]
impl GatewayResponse {
    /// An answer that nobody gave.
    pub(super) fn of(code: i64, body: Value) -> Self {
        Self { code, body, cookies: Vec::new(), session: None }
    }
}

impl Call<'_> {
    /// Sends the request. No code is an error yet: what it means depends on the endpoint.
    pub(super) async fn send(self, context: &Context) -> Result<GatewayResponse, ServiceError> {
        let doing = self.doing;
        let now = context.clock.now();
        let request = match self.identity {
            ClientIdentity::Web => self.web_request(context),
            ClientIdentity::Pc => self.desktop_request(context, now),
        };
        let response = ask(&context.http, request, doing).await?;
        read(&response, now, doing)
    }

    #[expect(clippy::disallowed_methods, reason = "the request repeats the service's own token to it")]
    fn web_request(self, context: &Context) -> Request {
        let mut payload = self.payload;
        payload["csrf_token"] = self.cookies.get(cookie::CSRF).map_or("", |token| token.expose()).into();
        let wrapped = crypto::weapi(&payload.to_string());
        let form = [("params", wrapped.params.as_str()), ("encSecKey", wrapped.enc_sec_key.as_str())];
        web_site(Request::post_form(&format!("{WEB}/weapi{}", self.path), &form))
            .headers(self.headers)
            .cookies(&with(web_identity(context), self.cookies))
    }

    #[expect(clippy::disallowed_methods, reason = "the client repeats its identity in the payload")]
    fn desktop_request(self, context: &Context, now: Timestamp) -> Request {
        let identity = with(pc_identity(context, now), self.cookies);
        let header: serde_json::Map<String, Value> =
            identity.iter().map(|(name, value)| (name.to_owned(), value.expose().into())).collect();
        let mut payload = self.payload;
        payload["e_r"] = false.into();
        payload["header"] = header.into();
        let params = crypto::eapi(&format!("/api{}", self.path), &payload.to_string());
        Request::post_form(&format!("{PC}/eapi{}", self.path), &[("params", &params)])
            .header("user-agent", PC_USER_AGENT)
            .headers(self.headers)
            .cookies(&identity)
    }
}

/// The renewal of a web session, which is not encrypted: the refresh token belongs to `/api` and `/eapi`, and
/// the web site's own `/weapi` would not receive it (protocol: NetEase §5.3).
pub(super) async fn plain_renewal(
    context: &Context,
    cookies: &CookieMap,
    doing: &'static str,
) -> Result<GatewayResponse, ServiceError> {
    let mut identity = web_identity(context);
    // Without it the service answers 400.
    identity.set("os", "pc");
    let request = web_site(Request::post_form(&format!("{WEB}/api/login/token/refresh"), &[]));
    let response = ask(&context.http, request.cookies(&with(identity, cookies)), doing).await?;
    read(&response, context.clock.now(), doing)
}

/// The headers of the web site since 2026 (protocol: NetEase §1.3). The literal `undefined` is the site's own.
fn web_site(request: Request) -> Request {
    request
        .header("referer", "https://music.163.com/")
        .header("origin", "https://music.163.com")
        .header("x-os", "web")
        .header("x-channelsource", "undefined")
        .header("nm-gcore-status", "1")
}

/// What a browser on the web site carries. The device number is this installation's own rather than one that
/// the service issues: that takes one request more and is known from a single client, and a number that stays
/// the same is what keeps a renewal from looking like a new device.
fn web_identity(context: &Context) -> CookieMap {
    [("sDeviceId", context.device.id.clone()), ("__remember_me", "true".into())].into_iter().collect()
}

/// What the desktop client carries, in its cookies and again in its payload.
fn pc_identity(context: &Context, now: Timestamp) -> CookieMap {
    let millisecond = now.as_millisecond();
    let request_id = format!("{millisecond}_{:04}", rand::rng().random_range(0..10_000));
    [
        ("osver", PC_SYSTEM.into()),
        ("deviceId", context.device.id.clone()),
        ("os", "pc".into()),
        ("appver", PC_VERSION.into()),
        ("versioncode", "140".into()),
        ("buildver", millisecond.to_string().chars().take(10).collect::<String>().into()),
        ("resolution", "1920x1080".into()),
        ("channel", "netease".into()),
        ("requestId", request_id.into()),
        ("__remember_me", "true".into()),
    ]
    .into_iter()
    .collect::<CookieMap>()
}

/// One set of cookies followed by another.
fn with(mut first: CookieMap, second: &CookieMap) -> CookieMap {
    for (name, value) in second.iter() {
        first.set(name, value.clone());
    }
    first
}

/// Reads an answer, which `/eapi` may have encrypted although it was asked not to.
pub(super) fn read(
    response: &Response,
    now: Timestamp,
    doing: &'static str,
) -> Result<GatewayResponse, ServiceError> {
    let body = match response.json() {
        Ok(body) => body,
        Err(what) => {
            response.answered().map_err(|what| not_the_service(doing, what))?;
            let opened =
                crypto::open_eapi(response.body()).and_then(|json| serde_json::from_slice(&json).ok());
            opened.ok_or_else(|| not_the_service(doing, what))?
        }
    };
    let Some(code) = body.get("code").and_then(integer) else {
        return Err(unexpected(doing, "an answer without a code"));
    };
    let sendable = |token: &&str| !token.is_empty() && !token.contains([';', ',', ' ']);
    let session = response.header("x-refresh-token").map(str::trim).filter(sendable);
    Ok(GatewayResponse { code, body, cookies: response.set_cookies(now), session: session.map(Secret::new) })
}

/// What identifies the browser in a code (protocol: NetEase §1.2): one for each sign-in.
#[expect(clippy::disallowed_methods, reason = "the code carries the device number to the service")]
pub(super) fn chain_id(context: &Context) -> String {
    format!("v1_{}_web_login_{}", context.device.id.expose(), context.clock.now().as_millisecond())
}

/// An empty payload.
pub(super) fn nothing() -> Value {
    json!({})
}
