//! A new key for an old one, and the end of a key (protocol: QQ §7).

use serde_json::{Value, json};

use super::gateway::{Answer, Call, Caller, GATEWAY};
use super::{credential, profile};
use crate::credential::Credential;
use crate::service::answer::integer;
use crate::service::{Context, Renewal, ServiceError};

const DOING: &str = "renewing the key";

/// The gateway that the older way of renewing is known from.
const OLD_GATEWAY: &str = "https://u6.y.qq.com/cgi-bin/musicu.fcg?format=json&inCharset=utf8&outCharset=utf8";

/// Renews the current way and, where that way said nothing, the older way.
///
/// The older way is tried only after an answer that proves nothing: an unknown code, or success without a
/// key. It is not tried after a failure of the network (the first way may have worked, and a second key would
/// replace it), nor when the service said what is the matter: then asking again only asks for trouble.
/// Whatever the older way says against the credential is not believed, because no list says what its codes
/// mean; the error of the current way stands.
pub(super) async fn renew(context: &Context, old: &Credential) -> Result<Renewal, ServiceError> {
    let answer = current_way(old).send(context).await?;
    match outcome(&answer, context, old) {
        // Some clients report this for "not yet" as well as for too many devices: ask about the key first.
        Err(error @ ServiceError::DeviceLimit { .. }) => match profile::validate(context, old).await {
            Ok(_) => Ok(Renewal::Unchanged),
            Err(rejected @ ServiceError::Rejected { .. }) => Err(rejected),
            Err(_) => Err(error),
        },
        Err(error @ ServiceError::Unexpected { .. }) => {
            let second = older_way(old).send(context).await;
            second.and_then(|answer| outcome(&answer, context, old)).map_err(|_| error)
        }
        outcome => outcome,
    }
}

/// Ends the key, which also frees the device's place.
pub(super) async fn sign_out(context: &Context, credential: &Credential) -> Result<(), ServiceError> {
    let call = Call {
        gateway: GATEWAY,
        caller: Caller::app(credential),
        module: "music.login.LoginServer",
        method: "Logout",
        param: json!({}),
        doing: "signing out",
    };
    match call.send(context).await?.ok() {
        // A key that is refused has ended already.
        Ok(_) | Err(ServiceError::Rejected { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

/// What an answer to either way comes to.
fn outcome(answer: &Answer, context: &Context, old: &Credential) -> Result<Renewal, ServiceError> {
    if answer.code != 0 {
        return Err(answer.refusal());
    }
    let new = credential::read(answer, context.clock.now())?;
    let same_key = new.field("musickey") == old.field("musickey");
    let merged = old.merged(new).map_err(|_| ServiceError::OtherAccount { doing: DOING })?;
    if same_key && merged.expires_at <= old.expires_at {
        return Ok(Renewal::Unchanged);
    }
    Ok(Renewal::Renewed(merged))
}

/// `loginMode` 2, for an account of QQ (protocol: QQ §7.1).
fn current_way(old: &Credential) -> Call {
    let param = json!({
        "openid": text(old, "openid"),
        "access_token": text(old, "access_token"),
        "refresh_token": text(old, "refresh_token"),
        "expired_in": number(old, "expired_at"),
        "musicid": number(old, "musicid"),
        "musickey": text(old, "musickey"),
        "refresh_key": text(old, "refresh_key"),
        "loginMode": 2,
    });
    call(GATEWAY, old, "music.login.LoginServer", "Login", param)
}

/// With the old key for a code (protocol: QQ §7.2).
fn older_way(old: &Credential) -> Call {
    let param = json!({
        "onlyNeedAccessToken": 0,
        "forceRefreshToken": 0,
        "psrf_qqopenid": text(old, "openid"),
        "refresh_token": text(old, "refresh_token"),
        "access_token": text(old, "access_token"),
        "expired_at": number(old, "expired_at"),
        "musicid": number(old, "musicid"),
        "musickey": text(old, "musickey"),
        "musickeyCreateTime": number(old, "musickeyCreateTime"),
        "unionid": text(old, "unionid"),
        "str_musicid": text(old, "musicid"),
        "encryptUin": text(old, "encryptUin"),
    });
    call(OLD_GATEWAY, old, "QQConnectLogin.LoginServer", "QQLogin", param)
}

fn call(
    gateway: &'static str,
    old: &Credential,
    module: &'static str,
    method: &'static str,
    param: Value,
) -> Call {
    Call { gateway, caller: Caller::web(old), module, method, param, doing: DOING }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the request carries the credential to the service that issued it"
)]
fn text<'a>(credential: &'a Credential, field: &str) -> &'a str {
    credential.field(field).map_or("", |value| value.expose())
}

/// A field that the service wants as a number; 0 when there is none.
fn number(credential: &Credential, field: &str) -> i64 {
    integer(&Value::from(text(credential, field))).unwrap_or(0)
}
