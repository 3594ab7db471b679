//! The routes of the control API: each one is one operation of the state.

use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Control;
use crate::http::qr_picture;
use crate::state::account::{Account, Service};
use crate::state::captcha::Captcha;
use crate::state::code::{Code, CodeState};
use crate::state::control_error::ControlError;
use crate::state::fault::{ArmedFault, Fault};
use crate::state::journal::JournalEntry;
use crate::state::ledger::Credential;
use crate::state::settings::Settings;
use crate::state::simulator_state::SimulatorState;
use crate::state::text_message::TextMessage;

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

type ApiResult<T> = Result<Json<T>, ControlError>;
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
        .route("/requests", get(request_names))
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
    let matching = |state: &SimulatorState| -> Vec<Code> {
        let asked = |code: &Code| {
            code.id > query.after && query.service.is_none_or(|service| code.service == service)
        };
        state.codes().into_iter().filter(asked).collect()
    };
    if let Some(seconds) = query.wait {
        let shown = control.state.until(|state| {
            let found = matching(state);
            found.iter().any(|code| code.state == CodeState::Shown).then_some(())
        });
        let _ = tokio::time::timeout(Duration::from_secs(seconds), shown).await;
    }
    Json(matching(&control.state))
}

async fn code(State(control): Shared, Path(id): Path<u64>) -> ApiResult<Code> {
    control.state.code(id).map(Json)
}

async fn code_picture(State(control): Shared, Path(id): Path<u64>) -> Result<Response, ControlError> {
    let code = control.state.code(id)?;
    Ok(match qr_picture::png(&code.text) {
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

async fn scan(State(control): Shared, Path(id): Path<u64>, body: String) -> ApiResult<Code> {
    let body: ScanBody = body_or_default(&body)?;
    control.state.scan(id, body.account.as_deref()).map(Json)
}

async fn scan_text(State(control): Shared, body: String) -> ApiResult<Code> {
    let body: ScanBody = body_or_default(&body)?;
    control.state.scan_text(body.text.as_deref().unwrap_or_default(), body.account.as_deref()).map(Json)
}

async fn confirm(State(control): Shared, Path(id): Path<u64>, body: String) -> ApiResult<Code> {
    let body: ScanBody = body_or_default(&body)?;
    control.state.confirm_as(id, body.account.as_deref()).map(Json)
}

async fn refuse(State(control): Shared, Path(id): Path<u64>) -> ApiResult<Code> {
    control.state.refuse(id).map(Json)
}

async fn expire(State(control): Shared, Path(id): Path<u64>) -> ApiResult<Code> {
    control.state.expire(id).map(Json)
}

async fn messages(State(control): Shared, Query(query): Query<CodeQuery>) -> Json<Vec<TextMessage>> {
    let matching = |state: &SimulatorState| -> Vec<TextMessage> {
        let asked = |message: &TextMessage| {
            message.id > query.after && query.service.is_none_or(|service| message.service == service)
        };
        state.text_messages().into_iter().filter(asked).collect()
    };
    if let Some(seconds) = query.wait {
        let sent = control.state.until(|state| (!matching(state).is_empty()).then_some(()));
        let _ = tokio::time::timeout(Duration::from_secs(seconds), sent).await;
    }
    Json(matching(&control.state))
}

async fn captchas(State(control): Shared) -> Json<Vec<Captcha>> {
    Json(control.state.captchas())
}

async fn solve_captcha(State(control): Shared, Path(id): Path<u64>) -> ApiResult<Captcha> {
    control.state.solve_captcha(id).map(Json)
}

async fn accounts(State(control): Shared) -> Json<Vec<Account>> {
    Json(control.state.accounts())
}

async fn revoke(State(control): Shared, Path(id): Path<String>) -> ApiResult<Value> {
    control.state.revoke(&id)?;
    Ok(Json(json!({"revoked": id})))
}

#[derive(Debug, Deserialize)]
struct AgeBody {
    seconds: u64,
}

async fn age(State(control): Shared, Path(id): Path<String>, Json(body): Json<AgeBody>) -> ApiResult<Value> {
    control.state.age(&id, Duration::from_secs(body.seconds))?;
    Ok(Json(json!({"aged": id, "seconds": body.seconds})))
}

async fn drop_connections(State(control): Shared) -> StatusCode {
    control.state.drop_connections();
    StatusCode::NO_CONTENT
}

async fn faults(State(control): Shared) -> Json<Vec<ArmedFault>> {
    Json(control.state.faults())
}

async fn arm(State(control): Shared, Json(fault): Json<Fault>) -> ApiResult<Vec<ArmedFault>> {
    control.state.arm(fault)?;
    Ok(Json(control.state.faults()))
}

async fn clear_faults(State(control): Shared) -> Json<Vec<ArmedFault>> {
    control.state.clear_faults();
    Json(Vec::new())
}

async fn request_names(State(control): Shared) -> Json<Vec<&'static str>> {
    Json(control.state.request_names().to_vec())
}

async fn settings(State(control): Shared) -> Json<Settings> {
    Json(control.state.settings())
}

async fn patch_settings(State(control): Shared, Json(patch): Json<Value>) -> ApiResult<Settings> {
    control.state.patch_settings(&patch).map(Json)
}

#[derive(Debug, Deserialize)]
struct CanaryBody {
    mark: Option<String>,
}

async fn canary(State(control): Shared, Json(body): Json<CanaryBody>) -> Json<Value> {
    control.state.plant_canary(body.mark.as_deref());
    Json(json!({"mark": body.mark}))
}

fn with_validity(credential: &Credential) -> Value {
    let mut value = serde_json::to_value(credential).unwrap_or_default();
    value["valid"] = json!(credential.is_valid());
    value["signed_out"] = json!(credential.is_signed_out());
    value
}

async fn ledger(State(control): Shared) -> Json<Value> {
    let credentials: Vec<Value> = control.state.ledger().iter().map(with_validity).collect();
    Json(json!({"credentials": credentials, "renewals": control.state.renewals()}))
}

#[derive(Debug, Deserialize)]
struct JournalQuery {
    #[serde(default)]
    after: u64,
    /// Only the requests that broke a rule.
    #[serde(default)]
    broken: bool,
}

async fn journal(State(control): Shared, Query(query): Query<JournalQuery>) -> Json<Vec<JournalEntry>> {
    let mut entries = control.state.journal();
    entries.retain(|entry| entry.number > query.after && (!query.broken || entry.rule.is_some()));
    Json(entries)
}

async fn clear_journal(State(control): Shared) -> Json<Value> {
    control.state.clear_journal();
    Json(json!([]))
}

async fn shutdown(State(control): Shared) -> Json<Value> {
    control.stop.notify_one();
    Json(json!({"stopping": true}))
}
