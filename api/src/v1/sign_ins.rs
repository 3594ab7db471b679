//! The sign-ins under way: started, watched, answered, cancelled. Every front sees them. What was started here is there
//! for a minute after its end, and no longer once it is cancelled.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use futures_util::stream;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tunekey_core::{
    AccountId, Input, Method, Problem, ProblemCode, ProgramStep, Secret, ServiceId, SignInId, SignInStatus,
    StepKind, UserInput,
};

use crate::callers::Caller;
use crate::failure::{Failure, Refusal};
use crate::state::Api;
use crate::streams::{json_event, respond};

/// A sign-in under way.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(crate) struct SignInShape {
    /// Which.
    #[cfg_attr(test, schema(value_type = u32))]
    id: SignInId,
    /// The service.
    #[cfg_attr(test, schema(value_type = String))]
    service: ServiceId,
    /// The way in.
    #[cfg_attr(test, schema(value_type = String))]
    method: Method,
    /// The account that is to be signed in again.
    #[cfg_attr(test, schema(value_type = Option<String>))]
    wanted: Option<AccountId>,
    /// Its latest step: an object whose member `step` names it, as `tunekey --json sign-in` prints it.
    #[cfg_attr(test, schema(value_type = StepShape))]
    step: Value,
}

/// A step of a sign-in, with more members by its kind.
#[cfg(test)]
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct StepShape {
    /// Its name, such as `show_code`, `scanned`, `ask_text_code` or `done`.
    step: String,
}

impl From<SignInStatus> for SignInShape {
    fn from(status: SignInStatus) -> Self {
        let step = serde_json::to_value(ProgramStep::from(&status.step)).unwrap_or_default();
        Self { id: status.id, service: status.service, method: status.method, wanted: status.wanted, step }
    }
}

/// The id of the last event of a sign-in.
const END: &str = "end";

/// What is to be started.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(crate) struct SignInRequest {
    /// The service, such as `qqmusic`.
    service: String,
    /// The way in, such as `qq-scan`; the service's best one if left out.
    method: Option<String>,
    /// The account that is to be signed in again; when another one comes, it is asked about.
    account: Option<String>,
}

/// Starts a sign-in. It ends when nobody has looked at it for a minute.
#[cfg_attr(test, utoipa::path(post, path = "/v1/sign-ins", tag = "sign-ins",
    request_body = SignInRequest,
    responses((status = 201, body = SignInShape))))]
pub(crate) async fn start(
    State(api): State<Api>,
    Json(request): Json<SignInRequest>,
) -> Result<(StatusCode, Json<SignInShape>), Failure> {
    let (service, method) = option(&api, &request)?;
    let wanted = request.account.as_deref().map(|name| api.tunekey.find(name)).transpose()?;
    if !api.held.has_room() {
        return Err(Refusal::Busy.into());
    }
    let sign_in = api.tunekey.start_sign_in(service, method, wanted)?;
    let status = sign_in.status();
    api.held.hold(sign_in);
    Ok((StatusCode::CREATED, Json(status.into())))
}

fn option(api: &Api, request: &SignInRequest) -> Result<(ServiceId, Method), Problem> {
    let services = api.tunekey.services();
    let named = services.iter().find(|service| service.id.as_str() == request.service);
    let service = named.ok_or_else(|| {
        Problem::new(ProblemCode::NotFound).with_detail(format!("there is no service {}", request.service))
    })?;
    let mut methods = service.methods.iter().copied().filter(|method| !method.shows_page());
    let method = match &request.method {
        Some(name) => methods.find(|method| method.as_str() == name),
        None => methods.next(),
    };
    let no_way = || Problem::new(ProblemCode::NotFound).with_detail("there is no such way in");
    Ok((service.id, method.ok_or_else(no_way)?))
}

/// The sign-ins under way, whoever has started them.
#[cfg_attr(test, utoipa::path(get, path = "/v1/sign-ins", tag = "sign-ins",
    responses((status = 200, body = Vec<SignInShape>))))]
pub(crate) async fn list(State(api): State<Api>) -> Json<Vec<SignInShape>> {
    let seen = api.tunekey.sign_ins().into_iter().filter(|status| !api.held.is_cancelled(status.id));
    Json(seen.map(SignInShape::from).collect())
}

/// How one stands, or how one that was started here ended within the last minute.
#[cfg_attr(test, utoipa::path(get, path = "/v1/sign-ins/{id}", tag = "sign-ins",
    params(("id" = u32, Path)),
    responses((status = 200, body = SignInShape))))]
pub(crate) async fn one(
    State(api): State<Api>,
    Path(id): Path<SignInId>,
) -> Result<Json<SignInShape>, Failure> {
    let elsewhere = || {
        let mut under_way = api.tunekey.sign_ins().into_iter();
        under_way.find(|status| status.id == id && !api.held.is_cancelled(id))
    };
    let status = api.held.look(id).map(|(status, _watching)| status).or_else(elsewhere);
    status.map(|status| Json(status.into())).ok_or_else(|| over(id).into())
}

/// Cancels one that was started here. What was confirmed already is saved all the same.
#[cfg_attr(test, utoipa::path(delete, path = "/v1/sign-ins/{id}", tag = "sign-ins",
    params(("id" = u32, Path)),
    responses((status = 204, description = "It is no longer here."))))]
pub(crate) async fn cancel(State(api): State<Api>, Path(id): Path<SignInId>) -> Result<StatusCode, Failure> {
    if api.held.cancel(id) { Ok(StatusCode::NO_CONTENT) } else { Err(over(id).into()) }
}

/// Its steps: `step` events, from the latest on. 204 when it is over and its end was read, so that browsers connect no
/// more.
#[cfg_attr(test, utoipa::path(get, path = "/v1/sign-ins/{id}/events", tag = "sign-ins",
    params(("id" = u32, Path), ("ticket" = Option<String>, Query, description = "In place of the token.")),
    responses(
        (status = 200, content_type = "text/event-stream", item_schema = crate::streams::EventSchema),
        (status = 204, description = "It is over."))))]
pub(crate) async fn events(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<SignInId>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let elsewhere = || api.tunekey.watch_sign_in(id).filter(|_| !api.held.is_cancelled(id));
    let here = api.held.steps(id).map(|(steps, watching)| (steps, Some(watching)));
    let has_read_the_end = headers.get("last-event-id").is_some_and(|last| last == END);
    let Some((steps, watching)) = here.or_else(|| elsewhere().map(|steps| (steps, None))) else {
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    if has_read_the_end {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let events = stream::unfold((steps, watching, 1_u64), |(mut steps, watching, number)| async move {
        let step = steps.next().await?;
        let id = if step.kind() == StepKind::Done { END.to_owned() } else { number.to_string() };
        let event = json_event("step", &id, &ProgramStep::from(&step));
        Some((event, (steps, watching, number + 1)))
    });
    respond(&api, caller, events)
}

/// A ticket.
#[derive(Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(crate) struct TicketShape {
    /// The ticket: good for the steps of this sign-in, and for nothing else.
    ticket: String,
    /// The path of the steps with it, for `EventSource`.
    events: String,
}

/// Makes a ticket for the steps of a sign-in: a browser's `EventSource` sends no header.
#[cfg_attr(test, utoipa::path(post, path = "/v1/sign-ins/{id}/ticket", tag = "sign-ins",
    params(("id" = u32, Path)),
    responses((status = 201, body = TicketShape))))]
pub(crate) async fn ticket(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<SignInId>,
) -> Result<(StatusCode, Json<TicketShape>), Failure> {
    // Only what was started here ends its tickets.
    let _watching = api.held.look(id).ok_or_else(|| over(id))?;
    let ticket = api.tickets.make(&id.to_string(), caller).ok_or(Refusal::Busy)?;
    let events = format!("/v1/sign-ins/{id}/events?ticket={ticket}");
    Ok((StatusCode::CREATED, Json(TicketShape { ticket, events })))
}

/// What the person says.
#[derive(Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(tag = "answer", rename_all = "snake_case")]
pub(crate) enum AnswerRequest {
    /// Another code; try again.
    Again,
    /// Keep the account that was asked about.
    Keep,
    /// Send a code to this number.
    PhoneNumber {
        /// The country's code without plus or zeros.
        #[serde(default = "mainland_china")]
        country: String,
        /// The number within the country.
        number: String,
    },
    /// The check in the browser is done.
    CaptchaDone,
    /// The code that came.
    TextCode {
        /// The code.
        code: String,
    },
    /// No code came: send another.
    Resend,
    /// It was the wrong number.
    ChangeNumber,
    /// What is pasted.
    Text {
        /// The text.
        text: String,
    },
    /// One of the accounts that were asked about.
    Account {
        /// Its place among them, counted from 0.
        index: usize,
    },
    /// Go on with what was recognised.
    Go,
}

fn mainland_china() -> String {
    "86".to_owned()
}

impl From<AnswerRequest> for UserInput {
    fn from(answer: AnswerRequest) -> Self {
        let input = match answer {
            AnswerRequest::Again => return Self::Again,
            AnswerRequest::Keep => return Self::Keep,
            AnswerRequest::PhoneNumber { country, number } => {
                Input::PhoneNumber { country, number: Secret::new(number) }
            }
            AnswerRequest::CaptchaDone => Input::CaptchaDone,
            AnswerRequest::TextCode { code } => Input::TextCode(Secret::new(code)),
            AnswerRequest::Resend => Input::Resend,
            AnswerRequest::ChangeNumber => Input::ChangeNumber,
            AnswerRequest::Text { text } => Input::Text(Secret::new(text)),
            AnswerRequest::Account { index } => Input::Account(index),
            AnswerRequest::Go => Input::Go,
        };
        Self::Answer(input)
    }
}

/// Answers the question that it asks. What nothing asked for is dropped, so is what comes after its end.
#[cfg_attr(test, utoipa::path(post, path = "/v1/sign-ins/{id}/answer", tag = "sign-ins",
    params(("id" = u32, Path)),
    request_body = AnswerRequest,
    responses((status = 204, description = "It was handed on: the next step says what came of it."))))]
pub(crate) async fn answer(
    State(api): State<Api>,
    Path(id): Path<SignInId>,
    Json(answer): Json<AnswerRequest>,
) -> Result<StatusCode, Failure> {
    let is_here = api.held.look(id).is_some();
    let is_given = !api.held.is_cancelled(id) && api.tunekey.answer_sign_in(id, answer.into());
    if is_here || is_given { Ok(StatusCode::NO_CONTENT) } else { Err(over(id).into()) }
}

fn over(id: SignInId) -> Problem {
    Problem::new(ProblemCode::NotFound).with_detail(format!("there is no sign-in {id} under way"))
}
