//! The one address behind which all of QQ Music's functions lie: `musicu.fcg` (protocol: QQ §5).

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::Url;

use super::hash33::{G_TK, hash33};
use super::{cookie, kind};
use crate::contract::{Context, Device};
use crate::credential::Credential;
use crate::error::ServiceError;
use crate::http::{CookieMap, Request};
use crate::response::{self, ask, integer, text, unexpected, words};

/// The gateway that the current clients use.
pub(super) const GATEWAY: &str = "https://u.y.qq.com/cgi-bin/musicu.fcg";

/// The app version that the app's functions are called as (protocol: QQ §5.2).
pub(super) const APP_VERSION: &str = "20090008";

/// What the app of that version calls itself.
const APP_AGENT: &str = "QQMusic 20090008(android 15)";

/// A call of a function.
pub(super) struct Call {
    /// Which gateway.
    pub(super) gateway: &'static str,
    /// Who calls.
    pub(super) caller: Caller,
    /// The function's module.
    pub(super) module: &'static str,
    /// The function.
    pub(super) method: &'static str,
    /// What it is given.
    pub(super) param: Value,
    /// What this is for, for errors.
    pub(super) doing: &'static str,
}

/// Who calls: the identity in the envelope, with what goes along with it.
pub(super) struct Caller {
    comm: Value,
    cookies: CookieMap,
    user_agent: Option<&'static str>,
}

impl Caller {
    /// The web site, nobody signed in, about to sign in this way (`tmeLoginType`). It needs no device
    /// fingerprint (protocol: QQ §1.6, §5.2).
    pub(super) fn anonymous(tme_login_type: u8) -> Self {
        let comm = json!({
            "g_tk": G_TK, "platform": "yqq", "ct": 24, "cv": 0, "tmeAppID": "qqmusic",
            "tmeLoginType": tme_login_type,
        });
        Self { comm, cookies: CookieMap::default(), user_agent: None }
    }

    /// The page that shows codes for the app (protocol: QQ §3.1).
    pub(super) fn code_page() -> Self {
        let comm = json!({ "ct": "23", "cv": "0", "tmeAppID": "qqmusic" });
        Self { comm, cookies: CookieMap::default(), user_agent: None }
    }

    /// The same page, once the code that it has shown was confirmed. No public client trades a code of the app as the
    /// web site does; the page that issued it is the likeliest to be known for it (protocol: QQ §13.8).
    pub(super) fn code_page_signing_in(tme_login_type: u8) -> Self {
        let mut page = Self::code_page();
        page.comm["tmeLoginType"] = tme_login_type.to_string().into();
        page
    }

    /// The app, nobody signed in, about to sign in with a phone number. Its numbers are made of this
    /// installation's one identity, so that every call comes from the same device (protocol: QQ §4, §5.2).
    /// A device fingerprint (QIMEI) is neither needed nor sent.
    pub(super) fn phone(device: &Device) -> Self {
        let udid = device_number(device, "OpenUDID");
        let comm = json!({
            "ct": "11", "cv": APP_VERSION, "v": APP_VERSION, "chid": "10003505", "tmeAppID": "qqmusic",
            "tmeLoginType": "0", "tmeLoginMethod": "3", "os_ver": "15",
            "OpenUDID": udid, "udid": udid, "OpenUDID2": device_number(device, "OpenUDID2"),
            "aid": device_number(device, "aid")[..16],
        });
        Self { comm, cookies: CookieMap::default(), user_agent: Some(APP_AGENT) }
    }

    /// The web site, signed in: in the envelope for the login functions, in the cookies for the others.
    #[expect(
        clippy::disallowed_methods,
        reason = "the envelope carries the key to the service that issued it"
    )]
    pub(super) fn web(credential: &Credential) -> Self {
        let key = credential.field("musickey").map_or("", |key| key.expose());
        let comm = json!({
            "g_tk": hash33(key, G_TK), "platform": "yqq", "ct": 24, "cv": 0, "format": "json",
            "tmeAppID": "qqmusic", "tmeLoginType": kind::login_type(credential), "uin": credential.account.uid, "authst": key,
        });
        Self { comm, cookies: cookie::authorising(credential), user_agent: None }
    }

    /// The app, signed in. The web site is told "signed out" by functions that are the app's
    /// (protocol: QQ §8.1), so these are called the way every client calls them.
    #[expect(
        clippy::disallowed_methods,
        reason = "the envelope carries the key to the service that issued it"
    )]
    pub(super) fn app(credential: &Credential) -> Self {
        let key = credential.field("musickey").map_or("", |key| key.expose());
        let comm = json!({
            "ct": "11", "cv": APP_VERSION, "v": APP_VERSION, "tmeAppID": "qqmusic",
            "tmeLoginType": kind::login_type(credential).to_string(), "qq": credential.account.uid, "authst": key,
        });
        Self { comm, cookies: CookieMap::default(), user_agent: Some(APP_AGENT) }
    }
}

/// A number of the device, 32 hexadecimal digits: always the same for one installation and one purpose. The
/// identity itself is not told, because it serves other services as well.
#[expect(
    clippy::disallowed_methods,
    reason = "only a digest of the identity leaves, to the service that wants one"
)]
fn device_number(device: &Device, purpose: &str) -> String {
    let digest =
        Sha256::new().chain_update("qqmusic ").chain_update(purpose).chain_update(device.id.expose());
    digest.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// What a function answered.
#[derive(Debug)]
pub(super) struct GatewayResponse {
    /// Its code; 0 is well.
    pub(super) code: i64,
    /// Its data, `Null` when there is none.
    pub(super) data: Value,
    doing: &'static str,
}

impl Call {
    /// Calls the function. A code other than 0 is no error yet: what it means depends on the function.
    pub(super) async fn send(self, context: &Context) -> Result<GatewayResponse, ServiceError> {
        let doing = self.doing;
        let body = json!({
            "comm": self.caller.comm,
            "req_0": { "module": self.module, "method": self.method, "param": self.param },
        });
        let mut request = Request::post_json(self.gateway, &body)
            .header("referer", "https://y.qq.com/")
            .header("origin", "https://y.qq.com")
            .cookies(&self.caller.cookies);
        if let Some(user_agent) = self.caller.user_agent {
            request = request.header("user-agent", user_agent);
        }
        let response = ask(&context.http, request, doing).await?;
        read(response::json(&response, doing)?, doing)
    }
}

/// Opens the envelope.
pub(super) fn read(mut envelope: Value, doing: &'static str) -> Result<GatewayResponse, ServiceError> {
    // A code of the envelope is the gateway's own. It never got to the function, so that it proves nothing
    // about the credential, whatever the number is.
    match envelope.get("code").map(integer) {
        Some(Some(0)) | None => {}
        Some(code) => return Err(unexpected(doing, format!("the gateway’s code {}", code.unwrap_or(-1)))),
    }
    let Some(inner) = envelope.get_mut("req_0").map(Value::take) else {
        return Err(unexpected(doing, "an answer without its part"));
    };
    let Some(code) = inner.get("code").and_then(integer) else {
        return Err(unexpected(doing, "an answer without a code"));
    };
    Ok(GatewayResponse { code, data: inner.get("data").cloned().unwrap_or_default(), doing })
}

impl GatewayResponse {
    /// An answer that nobody gave.
    #[cfg(test)]
    pub(super) fn of(code: i64, data: Value) -> Self {
        Self { code, data, doing: "testing" }
    }

    /// The data when the function is well.
    pub(super) fn ok(self) -> Result<Value, ServiceError> {
        if self.code == 0 { Ok(self.data) } else { Err(self.refusal()) }
    }

    /// What a code other than 0 means (protocol: QQ §4.2, §5.4, §7.4).
    pub(super) fn refusal(&self) -> ServiceError {
        let (doing, code) = (self.doing, self.code);
        let service_message = words(&self.data, &["errMsg", "errtip", "errTip2", "tip3"]);
        match code {
            1000 | 104_400 | 104_401 => ServiceError::Rejected { doing, code },
            2001 | 20_254 | 20_276 => ServiceError::RiskControl { doing, code, service_message },
            100_001 | 104_604 => {
                ServiceError::RateLimited { doing, code, service_message, retry_after: None }
            }
            // Older clients read 20274 as "too many devices"; since 20279 says that, it is a binding that is
            // missing (protocol: QQ §11). The service's own words go along.
            20_272 | 20_274 => ServiceError::WrongMethod { doing, code, service_message },
            20_271 => ServiceError::WrongCode { doing, code, service_message },
            20_279 => ServiceError::DeviceLimit { doing, code, service_message },
            20_277 | 20_278 | 20_450 => ServiceError::Restricted { doing, code, service_message },
            _ => ServiceError::Unexpected { doing, got: format!("code {code}"), service_message },
        }
    }

    /// Where the service wants its own check done before it goes on, if that is a page of its own: it opens in the
    /// system's browser (protocol: QQ §4.1, §13.6).
    pub(super) fn check_page(&self) -> Option<Url> {
        let name = match self.code {
            2001 => "feedbackURL",
            20_276 => "securityURL",
            _ => return None,
        };
        let address = Url::parse(text(&self.data, name)?).ok()?;
        let ours = address.scheme() == "https"
            && address.port().is_none()
            && address.username().is_empty()
            && address.password().is_none()
            && address.host_str().is_some_and(|host| host.ends_with(".qq.com"));
        ours.then_some(address)
    }

    /// Something that the function should not have answered.
    pub(super) fn unexpected(&self, got: &str) -> ServiceError {
        unexpected(self.doing, got)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ServiceErrorKind;

    fn problem(envelope: Value) -> (ServiceErrorKind, Option<String>) {
        let error = match read(envelope, "testing") {
            Ok(response) => response.ok().expect_err("the answer is no success"),
            Err(error) => error,
        };
        (error.kind(), error.service_message().map(str::to_owned))
    }

    #[test]
    fn every_listed_code_means_what_the_list_says_and_no_other_means_anything() {
        for (code, wanted) in [
            (1000, ServiceErrorKind::Rejected),
            (104_400, ServiceErrorKind::Rejected),
            (104_401, ServiceErrorKind::Rejected),
            (2001, ServiceErrorKind::RiskControl),
            (20_276, ServiceErrorKind::RiskControl),
            (100_001, ServiceErrorKind::RateLimited),
            (104_604, ServiceErrorKind::RateLimited),
            (20_279, ServiceErrorKind::DeviceLimit),
            (20_277, ServiceErrorKind::Restricted),
            (20_278, ServiceErrorKind::Restricted),
            (20_450, ServiceErrorKind::Restricted),
            (20_274, ServiceErrorKind::WrongMethod),
            (20_272, ServiceErrorKind::WrongMethod),
            (20_271, ServiceErrorKind::WrongCode),
            (20_254, ServiceErrorKind::RiskControl),
            (104_003, ServiceErrorKind::Unexpected),
            (2000, ServiceErrorKind::Unexpected),
            (-1, ServiceErrorKind::Unexpected),
            (500_001, ServiceErrorKind::Unexpected),
        ] {
            assert_eq!(problem(json!({ "code": 0, "req_0": { "code": code } })).0, wanted, "code {code}");
            assert_eq!(
                problem(json!({ "code": "0", "req_0": { "code": code.to_string() } })).0,
                wanted,
                "\"{code}\""
            );
        }
    }

    #[test]
    fn a_check_is_opened_only_on_a_page_of_the_service_itself() {
        let page = |code, data| GatewayResponse::of(code, data).check_page().map(String::from);
        let ours = "https://y.qq.com/wk_v17/common_login.html?a=b";
        assert_eq!(page(2001, json!({ "feedbackURL": ours })).as_deref(), Some(ours));
        assert_eq!(page(20_276, json!({ "securityURL": ours })).as_deref(), Some(ours));
        assert_eq!(page(20_277, json!({ "feedbackURL": ours })), None, "another code wants no check");
        for elsewhere in [
            "http://y.qq.com/x",
            "https://y.qq.com.evil.example/",
            "https://evilqq.com/",
            "https://qq.com.evil.example/",
            "https://y.qq.com:8443/",
            "https://me@y.qq.com/",
            "javascript:alert(1)",
            "",
        ] {
            assert_eq!(page(2001, json!({ "feedbackURL": elsewhere })), None, "{elsewhere:?}");
            assert_eq!(page(20_276, json!({ "securityURL": elsewhere })), None, "{elsewhere:?}");
        }
    }

    #[test]
    fn a_code_of_the_envelope_proves_nothing_about_the_credential() {
        for code in [1000, 104_401, 500_001, 2000] {
            assert_eq!(
                problem(json!({ "code": code, "req_0": { "code": 1000 } })).0,
                ServiceErrorKind::Unexpected,
                "{code}"
            );
        }
    }

    #[test]
    fn the_services_words_are_kept() {
        let response =
            json!({ "code": 0, "req_0": { "code": 20_274, "data": { "errMsg": "", "errtip": "绑定异常" } } });
        assert_eq!(problem(response), (ServiceErrorKind::WrongMethod, Some("绑定异常".to_owned())));
    }

    #[test]
    fn answers_without_the_expected_parts_prove_nothing() {
        for response in
            [json!([]), json!(null), json!({}), json!({ "req_0": {} }), json!({ "req_0": { "code": null } })]
        {
            assert_eq!(problem(response.clone()).0, ServiceErrorKind::Unexpected, "{response}");
        }
    }

    #[test]
    fn the_phone_calls_come_from_one_device_that_does_not_tell_the_identity() {
        let device = |id: &str| Device { id: id.repeat(52).into() };
        let comm = Caller::phone(&device("A")).comm;
        assert_eq!(comm, Caller::phone(&device("A")).comm, "every call shows the same numbers");
        assert_ne!(
            comm["OpenUDID"],
            Caller::phone(&device("B")).comm["OpenUDID"],
            "another installation, another device"
        );
        assert_ne!(comm["OpenUDID"], comm["OpenUDID2"], "the numbers are independent");
        let (udid, aid) = (comm["OpenUDID"].as_str().expect("text"), comm["aid"].as_str().expect("text"));
        assert_eq!((udid.len(), aid.len()), (32, 16));
        assert!(!comm.to_string().contains("AAAA"), "the identity itself stays here");
        assert_eq!((&comm["tmeLoginMethod"], &comm["tmeLoginType"]), (&json!("3"), &json!("0")));
    }
}
