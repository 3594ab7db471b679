//! Streams of server-sent events: how many there are, how they are kept alive, and how they end.

use std::convert::Infallible;
use std::time::Duration;

use axum::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream::{Stream, StreamExt as _};
use serde::Serialize;

use crate::callers::Caller;
use crate::failure::{Failure, Refusal};
use crate::state::Api;

/// How often something is written: a connection that is gone is noticed by that.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// An event, as the description shows it.
#[cfg(test)]
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct EventSchema {
    /// What it says: JSON, but for the texts of vkeys.
    data: String,
    /// What it is about; `message` when there is none.
    event: Option<String>,
    /// Its id, for `Last-Event-ID`.
    id: Option<String>,
}

/// An event whose data is JSON.
pub(crate) fn json_event(name: &str, id: &str, data: &impl Serialize) -> Event {
    let data = serde_json::to_string(data).unwrap_or_else(|_| "null".to_owned());
    Event::default().event(name).id(id).data(data)
}

/// A stream as an answer. It ends when the caller's token is revoked, and with the server.
///
/// # Errors
/// [`Refusal::Busy`] when there are too many.
pub(crate) fn respond(
    api: &Api,
    caller: Caller,
    events: impl Stream<Item = Event> + Send + 'static,
) -> Result<Response, Failure> {
    let place = api.streams.clone().try_acquire_owned().map_err(|_| Refusal::Busy)?;
    let ending = api.ending.clone();
    let revoked = revoked(api.clone(), caller);
    let events = events
        .map(move |event| {
            let _held = &place;
            Ok::<_, Infallible>(event)
        })
        .take_until(async move {
            tokio::select! {
                () = ending.cancelled_owned() => {}
                () = revoked => {}
            }
        });
    let mut response = Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT)).into_response();
    let headers = response.headers_mut();
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    Ok(response)
}

/// When the token of somebody who was let in is no more.
async fn revoked(api: Api, caller: Caller) {
    let mut ticks = tokio::time::interval(HEARTBEAT);
    loop {
        ticks.tick().await;
        if !api.callers.is_still(&caller).await {
            return;
        }
    }
}
