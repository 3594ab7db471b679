//! The accounts: how they are, their cookies, and what can be asked of their services.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use serde::{Deserialize, Serialize};
use tunekey_core::{
    Account, AccountId, Format, Generation, Health, Problem, ProblemCode, RenewalTrigger, Scope, ServiceId,
    SignInReason, TuneKey,
};

use super::shapes::{AccountShape, CookieShape, OutcomeShape};
use crate::failure::{Failure, Refusal};
use crate::state::Api;

/// The accounts, oldest first.
#[cfg_attr(test, utoipa::path(get, path = "/v1/accounts", tag = "accounts",
    responses((status = 200, body = Vec<AccountShape>))))]
pub(crate) async fn list(State(api): State<Api>) -> Json<Vec<AccountShape>> {
    Json(all(&api.tunekey))
}

/// One account: by `service:uid`, a unique beginning of it, or a nickname.
#[cfg_attr(test, utoipa::path(get, path = "/v1/accounts/{account}", tag = "accounts",
    params(("account" = String, Path)),
    responses((status = 200, body = AccountShape))))]
pub(crate) async fn one(
    State(api): State<Api>,
    Path(name): Path<String>,
) -> Result<Json<AccountShape>, Failure> {
    let id = api.tunekey.find(&name)?;
    Ok(Json(shape(&api.tunekey, &id)?))
}

/// What of a cookie is wanted.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(utoipa::IntoParams))]
#[cfg_attr(test, into_params(parameter_in = Query))]
pub(crate) struct CookieQuery {
    /// The format; the account's own if left out.
    format: Option<String>,
    /// Only what plays, without what renews the key.
    #[serde(default)]
    minimal: bool,
    /// Also one that the service has refused.
    #[serde(default)]
    even_if_dead: bool,
}

/// The cookie of an account.
#[cfg_attr(test, utoipa::path(get, path = "/v1/accounts/{account}/cookie", tag = "accounts",
    params(("account" = String, Path), CookieQuery),
    responses((status = 200, body = CookieShape))))]
pub(crate) async fn cookie(
    State(api): State<Api>,
    Path(name): Path<String>,
    Query(query): Query<CookieQuery>,
) -> Result<Json<CookieShape>, Failure> {
    let id = api.tunekey.find(&name)?;
    let format = match &query.format {
        Some(name) => {
            let known = name.parse::<Format>().ok().filter(|format| format.suits(id.service));
            Some(known.ok_or_else(|| no_such_format(id.service))?)
        }
        None => None,
    };
    let scope = if query.minimal { Scope::Minimal } else { Scope::Full };
    let exported = api.tunekey.export(&id, format, scope).await?;
    let account = account(&api.tunekey, &id)?;
    if !query.even_if_dead && is_refused(account.health) {
        let problem = Problem::new(ProblemCode::Rejected).with_service(id.service);
        return Err(problem.with_detail(format!("{id} needs a new sign-in")).into());
    }
    let is_noted = account.copied.is_some_and(|copied| copied.is_current && copied.format == exported.format);
    if !is_noted {
        api.tunekey.note_copied(&id, &exported).await;
    }
    #[expect(clippy::disallowed_methods, reason = "the value is what was asked for")]
    let value = exported.text.expose().to_owned();
    Ok(Json(CookieShape {
        account: id,
        format: exported.format.to_string(),
        scope: if query.minimal { "minimal" } else { "full" },
        value,
        generation: exported.generation.number(),
        expires_at: exported.expires_at,
        renews: exported.renews,
    }))
}

/// Gets a new key.
#[cfg_attr(test, utoipa::path(post, path = "/v1/accounts/{account}/renew", tag = "accounts",
    params(("account" = String, Path)),
    responses((status = 200, body = OutcomeShape))))]
pub(crate) async fn renew(
    State(api): State<Api>,
    Path(name): Path<String>,
) -> Result<Json<OutcomeShape>, Failure> {
    let id = api.tunekey.find(&name)?;
    let record = api.tunekey.renew(&id, RenewalTrigger::Manual).await?;
    outcome(&api.tunekey, &id, &record.outcome)
}

/// Asks the service whether the key works. One that has run out is renewed if it can be.
#[cfg_attr(test, utoipa::path(post, path = "/v1/accounts/{account}/check", tag = "accounts",
    params(("account" = String, Path)),
    responses((status = 200, body = OutcomeShape))))]
pub(crate) async fn check(
    State(api): State<Api>,
    Path(name): Path<String>,
) -> Result<Json<OutcomeShape>, Failure> {
    let id = api.tunekey.find(&name)?;
    let checked = api.tunekey.check(&id).await?;
    outcome(&api.tunekey, &id, &checked)
}

/// What is reported.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(crate) struct RejectedReport {
    /// The generation that was refused, if that is known: an older one than the current one is not asked about.
    generation: Option<u64>,
}

/// Takes the report that the service has refused a key: asks once, and renews once at most.
#[cfg_attr(test, utoipa::path(post, path = "/v1/accounts/{account}/rejected", tag = "accounts",
    params(("account" = String, Path)),
    request_body(content = Option<RejectedReport>, description = "May be left out."),
    responses((status = 200, body = OutcomeShape))))]
pub(crate) async fn rejected(
    State(api): State<Api>,
    Path(name): Path<String>,
    body: Bytes,
) -> Result<Json<OutcomeShape>, Failure> {
    let report =
        if body.is_empty() { Ok(None) } else { serde_json::from_slice::<Option<RejectedReport>>(&body) };
    let report = report.map_err(|_| Refusal::Malformed)?.unwrap_or_default();
    let id = api.tunekey.find(&name)?;
    let reported = api.tunekey.report_rejected(&id, report.generation.map(Generation::new)).await?;
    outcome(&api.tunekey, &id, &reported)
}

/// Every account, with the state of its key.
pub(super) fn all(tunekey: &TuneKey) -> Vec<AccountShape> {
    let accounts = tunekey.snapshot().accounts.into_iter();
    let shapes = accounts.filter_map(|account| {
        // One that has just gone is none.
        let status = tunekey.key_status(&account.id).ok()?;
        Some(AccountShape::new(account, &status))
    });
    shapes.collect()
}

/// One account, with the state of its key.
pub(super) fn shape(tunekey: &TuneKey, id: &AccountId) -> Result<AccountShape, Problem> {
    Ok(AccountShape::new(account(tunekey, id)?, &tunekey.key_status(id)?))
}

fn account(tunekey: &TuneKey, id: &AccountId) -> Result<Account, Problem> {
    let accounts = tunekey.snapshot().accounts;
    let found = accounts.into_iter().find(|account| account.id == *id);
    found.ok_or_else(|| Problem::new(ProblemCode::NotFound).with_detail(format!("there is no account {id}")))
}

fn outcome(
    tunekey: &TuneKey,
    id: &AccountId,
    outcome: &impl Serialize,
) -> Result<Json<OutcomeShape>, Failure> {
    let outcome = serde_json::to_value(outcome).ok().and_then(|value| value.as_str().map(str::to_owned));
    Ok(Json(OutcomeShape { outcome: outcome.unwrap_or_default(), account: shape(tunekey, id)? }))
}

fn is_refused(health: Health) -> bool {
    matches!(health, Health::NeedsSignIn { reason: SignInReason::Rejected, .. })
}

/// The formats differ by service, so that the description cannot say which are there: one that is not is looked for in
/// vain.
fn no_such_format(service: ServiceId) -> Problem {
    let formats = Format::all().filter(|format| format.suits(service));
    let formats = formats.map(|format| format.to_string()).collect::<Vec<_>>().join(", ");
    let english = format!("There is no such format. Use one of: {formats}.");
    Problem::new(ProblemCode::NotFound)
        .with_detail(english.clone())
        .with_words(english, format!("没有这种格式，可用的有：{formats}。"))
}
