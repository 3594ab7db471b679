//! A cookie with a new key: of an account that TuneKey holds, or of the credential that is given.

use axum::Json;
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tunekey_core::{
    AccountId, ApiScope, Clock as _, CookieMap, Membership, Problem, ProblemCode, RenewalTrigger, Secret,
    SystemClock,
};

use super::dialect::{Dialect, Given};
use super::envelope::{problem, success, wrong};
use super::parameters::Parameters;
use super::qrcode::data;
use super::wrong::{NO_FLAG, UNREADABLE, Wrong};
use crate::cache::asked;
use crate::callers::Caller;
use crate::failure::{Failure, Refusal};
use crate::state::Api;

/// For how long a key that TuneKey holds is left alone: clients ask every few minutes, and whoever renews as often is
/// taken for a robot.
const REST: SignedDuration = SignedDuration::from_hours(1);
/// For how long what a service has said of a membership counts.
const MEMBERSHIP: SignedDuration = SignedDuration::from_mins(30);

/// Neither is the account kept here nor is its key given.
const NOT_HELD: Wrong = Wrong::nothing("TuneKey 没有保存该账号，请提供密钥");

/// What is to be renewed.
#[cfg(test)]
#[derive(Debug, serde::Deserialize, utoipa::IntoParams, utoipa::ToSchema)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it is read for the description")]
pub(crate) struct TencentQuery {
    /// The account's number.
    #[param(minimum = 10000)]
    #[schema(minimum = 10000)]
    uin: i64,
    /// The key, beginning with `Q_H_L_` or `W_X_`; `musickey` is taken, too. Not needed for an account that TuneKey
    /// holds.
    #[param(required = false, pattern = "^(Q_H_L_|W_X_)[A-Za-z0-9._~*+/=%@!:-]*$")]
    #[schema(required = false, pattern = "^(Q_H_L_|W_X_)[A-Za-z0-9._~*+/=%@!:-]*$")]
    music_key: String,
    /// What renews a key that has ended.
    #[param(required = false, pattern = "^[A-Za-z0-9._~*+/=%@!:-]*$")]
    #[schema(required = false, pattern = "^[A-Za-z0-9._~*+/=%@!:-]*$")]
    refresh_key: String,
    /// What renews a key that has ended.
    #[param(required = false, pattern = "^[A-Za-z0-9._~*+/=%@!:-]*$")]
    #[schema(required = false, pattern = "^[A-Za-z0-9._~*+/=%@!:-]*$")]
    refresh_token: String,
    /// Whether TuneKey keeps the account from now on; false if left out.
    #[param(required = false)]
    #[schema(required = false)]
    save: bool,
}

/// What is to be renewed.
#[cfg(test)]
#[derive(Debug, serde::Deserialize, utoipa::IntoParams, utoipa::ToSchema)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it is read for the description")]
pub(crate) struct NeteaseQuery {
    /// The account's number: enough for one that TuneKey holds.
    #[param(required = false)]
    #[schema(required = false)]
    uid: u64,
    /// The session; `MUSIC_U` is taken, too.
    #[param(required = false, pattern = "^[A-Za-z0-9._~*+/=%@!:-]*$")]
    #[schema(required = false, pattern = "^[A-Za-z0-9._~*+/=%@!:-]*$")]
    music_u: String,
    /// The token against forged requests; `__csrf` is taken, too.
    #[param(required = false, pattern = "^[A-Za-z0-9._~*+/=%@!:-]*$")]
    #[schema(required = false, pattern = "^[A-Za-z0-9._~*+/=%@!:-]*$")]
    csrf: String,
    /// What renews the session; `MUSIC_R_U` is taken, too.
    #[param(required = false, pattern = "^[A-Za-z0-9._~*+/=%@!:-]*$")]
    #[schema(required = false, pattern = "^[A-Za-z0-9._~*+/=%@!:-]*$")]
    music_r_u: String,
    /// Whether TuneKey keeps the account from now on; false if left out.
    #[param(required = false)]
    #[schema(required = false)]
    save: bool,
}

/// Answers with a new key, or with what was answered within the last minute.
pub(super) async fn answer(
    api: &Api,
    caller: &Caller,
    dialect: &'static Dialect,
    request: Request,
) -> Response {
    let Some(parameters) = Parameters::of(request).await else { return wrong(UNREADABLE) };
    let given = match (dialect.read)(&parameters) {
        Ok(given) => given,
        Err(why) => return wrong(why),
    };
    let Some(save) = parameters.flag("save") else { return wrong(NO_FLAG) };
    let Given { account, fields } = given;
    let answer = match (account.filter(|id| holds(api, id)), fields) {
        (Some(id), _) => {
            // Whoever may not read the cookies that are kept here gets none by way of a renewal.
            if let Some(scope) = caller.lacks(&[ApiScope::Cookie]) {
                return Failure::from(Refusal::Scope(scope)).into_response();
            }
            let question = asked(["held", &id.to_string()]);
            api.cache.answer(question, || held(api, dialect, &id)).await
        }
        (None, Some(fields)) => {
            let question = question_of(dialect, &fields, save);
            api.cache.answer(question, || given_one(api, dialect, fields, save)).await
        }
        (None, None) => return wrong(NOT_HELD),
    };
    match answer {
        Ok(data) => Json(success(opened(&data))).into_response(),
        Err(why) => problem(&why),
    }
}

#[expect(clippy::disallowed_methods, reason = "the credential is what was asked for")]
fn opened(data: &Secret) -> Value {
    serde_json::from_str(data.expose()).unwrap_or_default()
}

#[expect(clippy::disallowed_methods, reason = "only a digest of it is kept")]
fn question_of(dialect: &Dialect, fields: &CookieMap, save: bool) -> [u8; 32] {
    let service = (dialect.service)();
    let parts = fields.iter().flat_map(|(name, value)| [name, value.expose()]);
    asked(["given", service.as_str(), if save { "save" } else { "" }].into_iter().chain(parts))
}

fn holds(api: &Api, id: &AccountId) -> bool {
    api.tunekey.snapshot().accounts.iter().any(|account| account.id == *id)
}

/// The cookie of an account that is kept here. A key is renewed when it has rested; one that works is given even when it
/// cannot be renewed just now.
async fn held(api: &Api, dialect: &Dialect, id: &AccountId) -> Result<Secret, Problem> {
    let now = SystemClock.now();
    let mut kept = api.tunekey.credential(id).await?.credential;
    let has_rested = kept.issued_at.checked_add(REST).is_ok_and(|rested| rested <= now);
    let is_over = kept.expires_at.is_some_and(|end| end <= now);
    if has_rested || is_over {
        let renewed = api.tunekey.renew(id, RenewalTrigger::Manual).await;
        match renewed {
            Ok(_) => kept = api.tunekey.credential(id).await?.credential,
            Err(why) if is_over || needs_sign_in(api, id) => return Err(why),
            Err(why) => tracing::info!(account = %id, code = ?why.code, "an older key is handed out"),
        }
    }
    if needs_sign_in(api, id) {
        return Err(Problem::new(ProblemCode::Rejected).with_service(id.service));
    }
    let membership = held_membership(api, id, now).await;
    Ok(Secret::new(data(dialect, &kept, membership.as_ref()).to_string()))
}

fn needs_sign_in(api: &Api, id: &AccountId) -> bool {
    let accounts = api.tunekey.snapshot().accounts;
    accounts.iter().any(|account| account.id == *id && account.health.needs_sign_in())
}

/// The membership of an account that is kept here, asked for if what is known is older than half an hour.
async fn held_membership(api: &Api, id: &AccountId, now: Timestamp) -> Option<Membership> {
    let known = || {
        let accounts = api.tunekey.snapshot().accounts;
        accounts.into_iter().find(|account| account.id == *id).and_then(|account| account.membership)
    };
    let is_fresh = |known: &Membership| now.duration_since(known.checked_at) < MEMBERSHIP;
    if let Some(fresh) = known().filter(is_fresh) {
        return Some(fresh);
    }
    // It is for show: what cannot be had now is as it was.
    drop(api.tunekey.check(id).await);
    known()
}

/// The credential that is given, with a new key.
async fn given_one(api: &Api, dialect: &Dialect, fields: CookieMap, save: bool) -> Result<Secret, Problem> {
    let renewed = api.tunekey.renew_unkept((dialect.service)(), fields, save).await?;
    let account = renewed.credential.account.to_string();
    let known = renewed.membership.or_else(|| api.cache.membership(&account));
    let membership = match known {
        Some(known) => Some(known),
        None => {
            let asked = api.tunekey.unkept_membership(&renewed.credential).await;
            if let Some(asked) = &asked {
                api.cache.keep_membership(&account, asked.clone());
            }
            asked
        }
    };
    Ok(Secret::new(data(dialect, &renewed.credential, membership.as_ref()).to_string()))
}
