//! The last step of every way in: what the service confirmed is traded for a credential
//! (protocol: QQ §1.6, §2.3, §3.4). It works once.

use serde_json::{Value, json};

use super::credential;
use super::gateway::{Answer, Call, Caller, GATEWAY};
use super::profile;
use super::wechat_scan::WECHAT_APP;
use crate::credential::Credential;
use crate::secret::Secret;
use crate::service::{Context, Grant, Progress, ServiceError};

const DOING: &str = "exchanging the code";

/// What is traded.
pub(super) enum Confirmation {
    /// An authorisation code of QQ.
    Qq {
        /// The code.
        code: Secret,
    },
    /// An authorisation code of WeChat.
    WeChat {
        /// The code.
        code: Secret,
    },
    /// What the app's push brought.
    App {
        /// The account that scanned.
        musicid: u64,
        /// The code that was scanned.
        qrcode_id: Secret,
        /// What proves that it was confirmed.
        token: Secret,
    },
}

/// Trades it.
#[expect(clippy::disallowed_methods, reason = "the request carries the code to the service that issued it")]
pub(super) async fn exchange(
    context: &Context,
    confirmation: &Confirmation,
) -> Result<Credential, ServiceError> {
    let (module, method, tme_login_type, param) = match confirmation {
        Confirmation::Qq { code } => {
            ("QQConnectLogin.LoginServer", "QQLogin", 2, json!({ "code": code.expose() }))
        }
        Confirmation::WeChat { code } => {
            ("music.login.LoginServer", "Login", 1, json!({ "code": code.expose(), "strAppid": WECHAT_APP }))
        }
        Confirmation::App { musicid, qrcode_id, token } => (
            "music.login.LoginServer",
            "Login",
            6,
            json!({ "musicid": musicid, "qrCodeID": qrcode_id.expose(), "token": token.expose() }),
        ),
    };
    let caller = Caller::anonymous(tme_login_type);
    let call = Call { gateway: GATEWAY, caller, module, method, param, doing: DOING };
    let credential = issued(&call.send(context).await?, context)?;
    match confirmation {
        Confirmation::App { musicid, .. } if credential.account.uid != musicid.to_string() => {
            Err(ServiceError::OtherAccount { doing: DOING })
        }
        Confirmation::App { .. } | Confirmation::Qq { .. } | Confirmation::WeChat { .. } => Ok(credential),
    }
}

/// The credential in the answer of a login function.
pub(super) fn issued(answer: &Answer, context: &Context) -> Result<Credential, ServiceError> {
    match answer.code {
        0 => credential::read(answer, context.clock.now()),
        // Elsewhere these say that a credential is dead; here there is none yet.
        1000 | 104_400 | 104_401 => {
            Err(answer.unexpected(&format!("code {}: the code is used up", answer.code)))
        }
        _ => Err(answer.refusal()),
    }
}

/// The credential with who it belongs to. The exchange itself is the confirmation; the rest is for show.
pub(super) async fn granted(context: &Context, credential: Credential, nickname: Option<String>) -> Progress {
    let mut inspection = profile::inspect(context, &credential).await.unwrap_or_default();
    inspection.nickname = inspection.nickname.or(nickname);
    Progress::Granted(Box::new(Grant { credential, inspection }))
}

/// Whether an answer is the empty skeleton that failures come with (protocol: QQ §6).
pub(super) fn is_hollow(data: &Value) -> bool {
    data["musickey"].as_str().is_none_or(|key| key.trim().is_empty())
}
