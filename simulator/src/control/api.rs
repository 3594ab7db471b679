//! The routes of the control API.

use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Control;
use crate::account::{Account, Service};
use crate::captcha::Captcha;
use crate::code::{Code, CodeState};
use crate::fault::{ArmedFault, Fault};
use crate::journal::Entry;
use crate::ledger::Credential;
use crate::picture;
use crate::settings::Settings;
use crate::text_message::TextMessage;
use crate::world::ControlError;

impl IntoResponse for ControlError {
    fn into_response(self) -> Response {
        let status = match self {
            Self::NoSuchCode(_) | Self::NoSuchAccount(_) | Self::NoSuchCaptcha(_) | Self::UnknownText => {
                StatusCode::NOT_FOUND
            }
            Self::WrongState(_) | Self::WrongService(_) => StatusCode::CONFLICT,
            Self::Settings(_) | Self::UnknownRequest(_) => StatusCode::UNPROCESSABLE_ENTITY,
        };
        (status, Json(json!({"error": self.to_string()}))).into_response()
    }
}

type Answer<T> = Result<Json<T>, ControlError>;
type Shared = State<Control>;

pub(super) fn routes() -> Router<Control> {
    Router::new()
        .route("/codes", get(codes))
        .route("/codes/{id}", get(code))
        .route("/codes/{id}/picture", get(code_picture))
        .route("/codes/{id}/scan", post(scan))
        .route("/codes/{id}/confirm", post(confirm))
        .route("/codes/{id}/refuse", post(refuse))
        .route("/codes/{id}/expire", post(expire))
        .route("/scan", post(scan_text))
        .route("/messages", get(messages))
        .route("/captchas", get(captchas))
        .route("/captchas/{id}/solve", post(solve_captcha))
        .route("/accounts", get(accounts))
        .route("/accounts/{id}/revoke", post(revoke))
        .route("/accounts/{id}/age", post(age))
        .route("/connections", delete(drop_connections))
        .route("/faults", get(faults).post(arm).delete(clear_faults))
        .route("/requests", get(|| async { Json(crate::REQUESTS.as_slice()) }))
        .route("/settings", get(settings).patch(patch_settings))
        .route("/canary", post(canary))
        .route("/ledger", get(ledger))
        .route("/journal", get(journal).delete(clear_journal))
        .route("/shutdown", post(shutdown))
}

#[derive(Debug, Default, Deserialize)]
struct CodeQuery {
    service: Option<Service>,
    #[serde(default)]
    after: u64,
    /// How long to wait for a code that nobody has scanned, in seconds.
    wait: Option<u64>,
}

async fn codes(State(control): Shared, Query(query): Query<CodeQuery>) -> Json<Vec<Code>> {
    let matching = |world: &crate::World| -> Vec<Code> {
        let asked = |code: &Code| {
            code.id > query.after && query.service.is_none_or(|service| code.service == service)
        };
        world.codes().into_iter().filter(asked).collect()
    };
    if let Some(seconds) = query.wait {
        let shown = control.world.until(|world| {
            let found = matching(world);
            found.iter().any(|code| code.state == CodeState::Shown).then_some(())
        });
        let _ = tokio::time::timeout(Duration::from_secs(seconds), shown).await;
    }
    Json(matching(&control.world))
}

async fn code(State(control): Shared, Path(id): Path<u64>) -> Answer<Code> {
    control.world.code(id).map(Json)
}

async fn code_picture(State(control): Shared, Path(id): Path<u64>) -> Result<Response, ControlError> {
    let code = control.world.code(id)?;
    Ok(match picture::code(&code.text) {
        Some(png) => ([("content-type", "image/png")], png).into_response(),
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    })
}

/// The body is optional everywhere: an empty one means the defaults.
#[derive(Debug, Default, Deserialize)]
struct ScanBody {
    account: Option<String>,
    text: Option<String>,
}

fn body_or_default<T: Default + serde::de::DeserializeOwned>(body: &str) -> Result<T, ControlError> {
    if body.trim().is_empty() {
        return Ok(T::default());
    }
    serde_json::from_str(body).map_err(|error| ControlError::Settings(error.to_string()))
}

async fn scan(State(control): Shared, Path(id): Path<u64>, body: String) -> Answer<Code> {
    let body: ScanBody = body_or_default(&body)?;
    control.world.scan(id, body.account.as_deref()).map(Json)
}

async fn scan_text(State(control): Shared, body: String) -> Answer<Code> {
    let body: ScanBody = body_or_default(&body)?;
    control.world.scan_text(body.text.as_deref().unwrap_or_default(), body.account.as_deref()).map(Json)
}

async fn confirm(State(control): Shared, Path(id): Path<u64>, body: String) -> Answer<Code> {
    let body: ScanBody = body_or_default(&body)?;
    control.world.confirm_as(id, body.account.as_deref()).map(Json)
}

async fn refuse(State(control): Shared, Path(id): Path<u64>) -> Answer<Code> {
    control.world.refuse(id).map(Json)
}

async fn expire(State(control): Shared, Path(id): Path<u64>) -> Answer<Code> {
    control.world.expire(id).map(Json)
}

async fn messages(State(control): Shared, Query(query): Query<CodeQuery>) -> Json<Vec<TextMessage>> {
    let matching = |world: &crate::World| -> Vec<TextMessage> {
        let asked = |message: &TextMessage| {
            message.id > query.after && query.service.is_none_or(|service| message.service == service)
        };
        world.text_messages().into_iter().filter(asked).collect()
    };
    if let Some(seconds) = query.wait {
        let sent = control.world.until(|world| (!matching(world).is_empty()).then_some(()));
        let _ = tokio::time::timeout(Duration::from_secs(seconds), sent).await;
    }
    Json(matching(&control.world))
}

async fn captchas(State(control): Shared) -> Json<Vec<Captcha>> {
    Json(control.world.captchas())
}

async fn solve_captcha(State(control): Shared, Path(id): Path<u64>) -> Answer<Captcha> {
    control.world.solve_captcha(id).map(Json)
}

async fn accounts(State(control): Shared) -> Json<Vec<Account>> {
    Json(control.world.accounts())
}

async fn revoke(State(control): Shared, Path(id): Path<String>) -> Answer<Value> {
    control.world.revoke(&id)?;
    Ok(Json(json!({"revoked": id})))
}

#[derive(Debug, Deserialize)]
struct AgeBody {
    seconds: u64,
}

async fn age(State(control): Shared, Path(id): Path<String>, Json(body): Json<AgeBody>) -> Answer<Value> {
    control.world.age(&id, Duration::from_secs(body.seconds))?;
    Ok(Json(json!({"aged": id, "seconds": body.seconds})))
}

async fn drop_connections(State(control): Shared) -> StatusCode {
    control.world.drop_connections();
    StatusCode::NO_CONTENT
}

async fn faults(State(control): Shared) -> Json<Vec<ArmedFault>> {
    Json(control.world.faults())
}

async fn arm(State(control): Shared, Json(fault): Json<Fault>) -> Answer<Vec<ArmedFault>> {
    control.world.arm(fault)?;
    Ok(Json(control.world.faults()))
}

async fn clear_faults(State(control): Shared) -> Json<Vec<ArmedFault>> {
    control.world.clear_faults();
    Json(Vec::new())
}

async fn settings(State(control): Shared) -> Json<Settings> {
    Json(control.world.settings())
}

async fn patch_settings(State(control): Shared, Json(patch): Json<Value>) -> Answer<Settings> {
    control.world.patch_settings(&patch).map(Json)
}

#[derive(Debug, Deserialize)]
struct CanaryBody {
    mark: Option<String>,
}

async fn canary(State(control): Shared, Json(body): Json<CanaryBody>) -> Json<Value> {
    control.world.plant_canary(body.mark.as_deref());
    Json(json!({"mark": body.mark}))
}

fn with_validity(credential: &Credential) -> Value {
    let mut value = serde_json::to_value(credential).unwrap_or_default();
    value["valid"] = json!(credential.is_valid());
    value["signed_out"] = json!(credential.is_signed_out());
    value
}

async fn ledger(State(control): Shared) -> Json<Value> {
    let credentials: Vec<Value> = control.world.ledger().iter().map(with_validity).collect();
    Json(json!({"credentials": credentials, "renewals": control.world.renewals()}))
}

#[derive(Debug, Deserialize)]
struct JournalQuery {
    #[serde(default)]
    after: u64,
    /// Only the requests that broke a rule.
    #[serde(default)]
    broken: bool,
}

async fn journal(State(control): Shared, Query(query): Query<JournalQuery>) -> Json<Vec<Entry>> {
    let mut entries = control.world.journal();
    entries.retain(|entry| entry.number > query.after && (!query.broken || entry.rule.is_some()));
    Json(entries)
}

async fn clear_journal(State(control): Shared) -> Json<Value> {
    control.world.clear_journal();
    Json(json!([]))
}

async fn shutdown(State(control): Shared) -> Json<Value> {
    control.stop.notify_one();
    Json(json!({"stopping": true}))
}
