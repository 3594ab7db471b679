//! The last step of every way in: what the service confirmed is traded for a credential
//! (protocol: QQ §1.6, §2.3, §3.4, §13.7, §13.8). It works once.

use serde_json::{Value, json};
use url::Url;

use super::application::WECHAT_APP;
use super::gateway::{Call, Caller, GATEWAY, GatewayResponse};
use super::{credential, user_info};
use crate::contract::{Context, Grant, Inspection, Progress};
use crate::credential::Credential;
use crate::error::ServiceError;
use crate::question::{Input, Question};
use crate::response::unexpected;
use crate::secret::Secret;

const DOING: &str = "exchanging the code";

/// How often a check may be wanted for one and the same: whoever says too early that it is done is asked again, but a
/// check that never helps is risk control.
pub(super) const MOST_CHECKS: u8 = 3;

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

/// The trade, which may take several requests: after a failure of the network it goes on where it stopped.
pub(super) struct Exchange {
    confirmation: Confirmation,
    /// The name that came with the confirmation.
    nickname: Option<String>,
    asks_as: AsksAs,
    /// Whether an answer was lost that may have used the confirmation up.
    lost: bool,
    /// The service's own check, which a person does in a browser, while it is wanted.
    check: Option<Url>,
    /// How many checks were wanted so far.
    checks: u8,
    /// What the service has said when it did not take the confirmation.
    refused: Option<ServiceError>,
}

/// As whom the next request asks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum AsksAs {
    /// For a scan with the app: the page that issued the code.
    CodePage,
    /// The web site.
    WebSite,
    /// For a scan with the app: the account itself, with what came by push as its key.
    Owner,
}

/// What a request came to, besides an error that ends the trade or may pass.
enum Traded {
    For(Credential),
    /// A check is wanted first; the confirmation is still good.
    Held(Url),
    /// An answer that proves nothing.
    Unclear(ServiceError),
    /// Success with nothing in it: it may have used the confirmation up.
    MissingToken(ServiceError),
    /// The service says that the confirmation has been used or is unknown.
    UsedUp(ServiceError),
}

impl Exchange {
    pub(super) fn new(confirmation: Confirmation, nickname: Option<String>) -> Box<Self> {
        let asks_as = match &confirmation {
            Confirmation::App { .. } => AsksAs::CodePage,
            Confirmation::Qq { .. } | Confirmation::WeChat { .. } => AsksAs::WebSite,
        };
        Box::new(Self { confirmation, nickname, asks_as, lost: false, check: None, checks: 0, refused: None })
    }

    /// Trades, unless the person has a check to do first.
    pub(super) async fn next(&mut self, context: &Context) -> Result<Progress, ServiceError> {
        if let Some(address) = &self.check {
            return Ok(asked(address.clone()));
        }
        loop {
            if self.asks_as == AsksAs::Owner {
                let credential = self.own_key(context).await?;
                return Ok(granted(credential, self.nickname.take()));
            }
            let traded = self.trade(context).await;
            if let Err(error) = &traded {
                self.lost |= may_have_arrived(error);
            }
            match traded? {
                Traded::For(credential) => return Ok(granted(credential, self.nickname.take())),
                Traded::Held(address) => {
                    self.check = Some(address.clone());
                    self.checks += 1;
                    return Ok(asked(address));
                }
                // An answer was lost before, and it may have been the one with the credential.
                Traded::Unclear(_) | Traded::MissingToken(_) | Traded::UsedUp(_) if self.lost => {
                    return Err(ServiceError::ExchangeLost { doing: DOING });
                }
                traded => self.asks_as = self.goes_on_as(traded)?,
            }
        }
    }

    /// Takes the person's word that the check is done.
    pub(super) fn give(&mut self, input: &Input) {
        if matches!(input, Input::CaptchaDone) {
            self.check = None;
        }
    }

    /// As whom to ask after an answer without a credential. The second way is only for an answer that proves nothing:
    /// one that may have used the token up is not followed by another exchange (protocol: QQ §13.8).
    fn goes_on_as(&mut self, traded: Traded) -> Result<AsksAs, ServiceError> {
        let is_app = matches!(self.confirmation, Confirmation::App { .. });
        let (next, error) = match traded {
            Traded::Unclear(error) if is_app && self.asks_as == AsksAs::CodePage => (AsksAs::WebSite, error),
            Traded::Unclear(error) | Traded::MissingToken(error) if is_app => (AsksAs::Owner, error),
            Traded::Unclear(error) | Traded::MissingToken(error) | Traded::UsedUp(error) => {
                return Err(error);
            }
            Traded::For(_) | Traded::Held(_) => return Ok(self.asks_as),
        };
        self.refused = Some(error);
        Ok(next)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the request carries the code to the service that issued it"
    )]
    async fn trade(&self, context: &Context) -> Result<Traded, ServiceError> {
        let (module, method, tme_login_type, param) = match &self.confirmation {
            Confirmation::Qq { code } => {
                ("QQConnectLogin.LoginServer", "QQLogin", 2, json!({ "code": code.expose() }))
            }
            Confirmation::WeChat { code } => (
                "music.login.LoginServer",
                "Login",
                1,
                json!({ "code": code.expose(), "strAppid": WECHAT_APP }),
            ),
            Confirmation::App { musicid, qrcode_id, token } => (
                "music.login.LoginServer",
                "Login",
                6,
                json!({ "musicid": musicid, "qrCodeID": qrcode_id.expose(), "token": token.expose() }),
            ),
        };
        let caller = match self.asks_as {
            AsksAs::CodePage => Caller::code_page_signing_in(tme_login_type),
            AsksAs::WebSite | AsksAs::Owner => Caller::anonymous(tme_login_type),
        };
        let call = Call { gateway: GATEWAY, caller, module, method, param, doing: DOING };
        let response = match call.send(context).await {
            Err(error @ ServiceError::Unexpected { .. }) => return Ok(Traded::Unclear(error)),
            response => response?,
        };
        match traded(&response, context, self.checks < MOST_CHECKS)? {
            Traded::For(credential) if !self.fits(&credential) => {
                Err(ServiceError::OtherAccount { doing: DOING })
            }
            traded => Ok(traded),
        }
    }

    /// Whether the credential is the account's that scanned, as far as that was said.
    fn fits(&self, credential: &Credential) -> bool {
        match &self.confirmation {
            Confirmation::App { musicid, .. } => credential::is_called(credential, *musicid),
            Confirmation::Qq { .. } | Confirmation::WeChat { .. } => true,
        }
    }

    /// What came by push may itself be the key (protocol: QQ §13.7). It is believed only when the service then takes
    /// it as one; otherwise what it said of the exchange stands.
    #[expect(clippy::disallowed_methods, reason = "the token is tried as the key that it may be")]
    async fn own_key(&mut self, context: &Context) -> Result<Credential, ServiceError> {
        let Confirmation::App { musicid, token, .. } = &self.confirmation else {
            return Err(unexpected(DOING, "no token to try"));
        };
        let fields = [("musicid", Value::from(*musicid)), ("musickey", Value::from(token.expose()))];
        let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let credential =
            credential::of(&fields, context.clock.now()).map_err(|missing| unexpected(DOING, missing))?;
        match user_info::validate(context, &credential).await {
            Ok(_) => Ok(credential),
            Err(error) if error.may_pass() => Err(error),
            Err(error) => Err(self.refused.take().unwrap_or(error)),
        }
    }
}

fn traded(response: &GatewayResponse, context: &Context, may_be_held: bool) -> Result<Traded, ServiceError> {
    if may_be_held && let Some(address) = response.check_page() {
        return Ok(Traded::Held(address));
    }
    match (response.code, issued(response, context)) {
        (_, Ok(credential)) => Ok(Traded::For(credential)),
        (0, Err(error)) => Ok(Traded::MissingToken(error)),
        (1000 | 104_400 | 104_401, Err(error)) => Ok(Traded::UsedUp(error)),
        (_, Err(error @ ServiceError::Unexpected { .. })) => Ok(Traded::Unclear(error)),
        (_, Err(error)) => Err(error),
    }
}

/// Whether the request may have reached the service although no answer came.
fn may_have_arrived(error: &ServiceError) -> bool {
    match error {
        ServiceError::Http { source, .. } => source.may_follow_a_request(),
        error => error.may_pass(),
    }
}

fn asked(address: Url) -> Progress {
    Progress::Ask(Question::Captcha { address: address.into() })
}

/// The credential in the answer of a login function.
pub(super) fn issued(response: &GatewayResponse, context: &Context) -> Result<Credential, ServiceError> {
    match response.code {
        0 => credential::read(response, context.clock.now()),
        // Elsewhere these say that a credential is dead; here there is none yet.
        1000 | 104_400 | 104_401 => {
            Err(response.unexpected(&format!("code {}: the code is used up", response.code)))
        }
        _ => Err(response.refusal()),
    }
}

/// The credential, with the name that came along. The exchange itself is the confirmation; whatever is for show is
/// asked for once it is saved.
pub(super) fn granted(credential: Credential, nickname: Option<String>) -> Progress {
    let inspection = Inspection { nickname, ..Inspection::default() };
    Progress::Granted(Box::new(Grant { credential, inspection }))
}

/// Whether an answer is the empty skeleton that failures come with (protocol: QQ §6).
pub(super) fn is_hollow(data: &Value) -> bool {
    data["musickey"].as_str().is_none_or(|key| key.trim().is_empty())
}
