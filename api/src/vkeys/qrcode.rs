//! A sign-in by a code that is scanned, as a stream of messages.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::sse::Event;
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;
use tunekey_core::{
    AccountId, Clock as _, Credential, Language, Membership, Method, Problem, Secret, SignIn, SignInStep,
    SystemClock, UnkeptSignIn,
};

use super::dialect::Dialect;
use super::envelope::{last_event, problem, wrong};
use super::info::info;
use super::parameters::Parameters;
use super::wrong::{NO_FLAG, UNREADABLE, Wrong};
use crate::callers::Caller;
use crate::codes::{Code, Follower, LAST, Message, Owner};
use crate::state::Api;
use crate::streams::respond;

/// The one text that the public page knows: the code has expired.
const EXPIRED: &str = "二维码已失效";
/// The texts of our own: the public API has some, and says nowhere which.
const SCANNED: &str = "已扫码，请在手机上确认";
const CONFIRMED: &str = "已确认，正在登录";
const DECLINED: &str = "已取消登录";
const CHECK_WANTED: &str = "需要安全验证，请在 TuneKey 中登录";
const BROKEN_OFF: &str = "登录未完成";

/// There is no such way in by a code.
const NO_METHOD: Wrong = Wrong::nothing("没有该登录方式");

/// How long the membership of a new account may take to come; without that it is left out.
const MEMBERSHIP_LIMIT: Duration = Duration::from_secs(8);

/// How to sign in.
#[cfg(test)]
#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it is read for the description")]
pub(crate) struct QrcodeQuery {
    /// Whether TuneKey keeps the account, too; false if left out.
    #[param(required = false)]
    save: bool,
    /// The way in, for QQ Music `qq-scan`, `wechat-scan` or `app-scan`. No part of the public API.
    #[param(required = false)]
    method: String,
}

/// Starts a sign-in, or goes on with the one that the client has lost the connection to.
pub(super) async fn answer(
    api: &Api,
    caller: Caller,
    dialect: &'static Dialect,
    request: Request,
) -> Response {
    let seen = request.headers().get("last-event-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
    if seen.as_deref() == Some(LAST) {
        return StatusCode::NO_CONTENT.into_response();
    }
    let Some(parameters) = Parameters::of(request).await else { return wrong(UNREADABLE) };
    if let Some((_, why)) = dialect.refused.iter().find(|(name, _)| parameters.get(&[name]).is_some()) {
        return wrong(*why);
    }
    let Some(save) = parameters.flag("save") else { return wrong(NO_FLAG) };
    let method = match parameters.get(&["method"]) {
        None => dialect.methods.first(),
        Some(name) => dialect.methods.iter().find(|method| method.as_str() == name),
    };
    let Some(method) = method.copied() else { return wrong(NO_METHOD) };
    let service = (dialect.service)();
    let owner = Owner { token: caller.0.id.clone(), service, save };
    let lost = seen.as_ref().and_then(|_| api.codes.lost(&owner));
    let code = match lost {
        Some(code) => code,
        None => match SignInUnderWay::start(api, dialect, method, save) {
            Ok(sign_in) => {
                let api = api.clone();
                api.clone().codes.start(owner, |code| fill(api, dialect, sign_in, code))
            }
            Err(why) => return problem(&why),
        },
    };
    let events = stream::unfold(code.follow(seen.as_deref()), |mut follower: Follower| async move {
        let message = follower.next().await?;
        Some((event(&message), follower))
    });
    respond(api, caller, events).unwrap_or_else(|failure| failure.into_response())
}

#[expect(clippy::disallowed_methods, reason = "the credential is for whoever has signed in")]
fn event(message: &Message) -> Event {
    Event::default().id(&message.id).data(message.data.expose())
}

/// A sign-in whose account is kept here, or not.
enum SignInUnderWay {
    Kept(SignIn),
    Unkept(UnkeptSignIn),
}

impl SignInUnderWay {
    fn start(api: &Api, dialect: &Dialect, method: Method, save: bool) -> Result<Self, Problem> {
        let service = (dialect.service)();
        Ok(match save {
            true => Self::Kept(api.tunekey.start_sign_in(service, method, None)?),
            false => Self::Unkept(api.tunekey.start_unkept_sign_in(service, method)?),
        })
    }

    async fn next(&mut self) -> Option<SignInStep> {
        match self {
            Self::Kept(sign_in) => sign_in.next().await,
            Self::Unkept(sign_in) => sign_in.next().await,
        }
    }

    /// The credential that has come, and the membership of its account.
    async fn credential(
        self,
        api: &Api,
        id: &AccountId,
    ) -> Result<(Credential, Option<Membership>), Problem> {
        match self {
            Self::Kept(_) => {
                let kept = api.tunekey.credential(id).await?;
                Ok((kept.credential, membership(api, id).await))
            }
            Self::Unkept(sign_in) => {
                let taken =
                    sign_in.take().ok_or_else(|| Problem::new(tunekey_core::ProblemCode::Unexpected))?;
                Ok((taken.credential, taken.membership))
            }
        }
    }
}

/// The membership of an account that has just been saved, which is asked for beside.
async fn membership(api: &Api, id: &AccountId) -> Option<Membership> {
    let mut events = api.tunekey.events();
    let come = async {
        loop {
            let accounts = api.tunekey.snapshot().accounts;
            let account = accounts.into_iter().find(|account| account.id == *id)?;
            if account.membership.is_some() {
                return account.membership;
            }
            if let Err(RecvError::Closed) = events.recv().await {
                return None;
            }
        }
    };
    tokio::time::timeout(MEMBERSHIP_LIMIT, come).await.ok().flatten()
}

/// Fills a code with the messages of a sign-in, to its end.
async fn fill(api: Api, dialect: &'static Dialect, mut sign_in: SignInUnderWay, code: Arc<Code>) {
    let last = match messages(&mut sign_in, &code).await {
        Ok(id) => match sign_in.credential(&api, &id).await {
            Ok((credential, membership)) => {
                Secret::new(last_event(data(dialect, &credential, membership.as_ref())).to_string())
            }
            Err(problem) => Secret::new(problem.message(Language::Chinese)),
        },
        Err(text) => text.into(),
    };
    code.last(last);
}

/// `cookie` and `info` of a credential.
pub(super) fn data(dialect: &Dialect, credential: &Credential, membership: Option<&Membership>) -> Value {
    let info = info(credential.account.service, membership, SystemClock.now());
    json!({ "cookie": (dialect.cookie)(credential), "info": info })
}

/// Says how a sign-in goes on. Gives the account, or what the last message says without one.
async fn messages(sign_in: &mut SignInUnderWay, code: &Code) -> Result<AccountId, String> {
    let (mut is_shown, mut said) = (false, "");
    let mut say = |text: &'static str| {
        // A step comes again with a new picture, or with trouble of the network.
        if std::mem::replace(&mut said, text) != text {
            code.text(text);
        }
    };
    loop {
        let Some(step) = sign_in.next().await else { return Err(BROKEN_OFF.to_owned()) };
        match step {
            SignInStep::ShowCode { code: picture, .. } => {
                if !std::mem::replace(&mut is_shown, true) {
                    code.picture(picture.png_url());
                }
            }
            // The next code would come by itself; the public page waits for this and no other.
            SignInStep::Preparing if is_shown => return Err(EXPIRED.to_owned()),
            SignInStep::Preparing | SignInStep::Saving | SignInStep::Sending => {}
            SignInStep::Scanned { .. } => say(SCANNED),
            SignInStep::Exchanging => say(CONFIRMED),
            SignInStep::Done { account, .. } => return Ok(account.id),
            SignInStep::Expired { .. } => return Err(EXPIRED.to_owned()),
            SignInStep::Refused => return Err(DECLINED.to_owned()),
            SignInStep::RiskControl { problem, .. } | SignInStep::Failed { problem, .. } => {
                return Err(problem.message(Language::Chinese));
            }
            // What a scan can ask for, nobody can answer here.
            SignInStep::AskCaptcha { .. }
            | SignInStep::AskPhoneNumber { .. }
            | SignInStep::AskTextCode { .. }
            | SignInStep::AskPage { .. }
            | SignInStep::PageClosed
            | SignInStep::AskPaste { .. }
            | SignInStep::AskWhichAccount { .. }
            | SignInStep::AskToGoOn { .. }
            | SignInStep::AskOtherAccount { .. }
            | SignInStep::AskNewAccount { .. } => return Err(CHECK_WANTED.to_owned()),
        }
    }
}
