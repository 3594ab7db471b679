//! What changes: a stream that begins with the whole state, so that nothing is missed between two connections.

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use axum::response::sse::Event as ServerEvent;
use futures_util::stream;
use serde_json::json;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tunekey_core::{Event, TuneKey};

use super::accounts;
use super::shapes::{DeliveryShape, SnapshotShape};
use crate::callers::Caller;
use crate::failure::Failure;
use crate::state::Api;
use crate::streams::{json_event, respond};

/// Everything that changes. The first event is `snapshot`; then come `account`, `account_gone`, `deliveries` and
/// `store`, each with the whole new state of one thing, and another `snapshot` for whoever is too slow.
#[cfg_attr(test, utoipa::path(get, path = "/v1/events", tag = "events",
    responses((status = 200, content_type = "text/event-stream",
        item_schema = crate::streams::EventSchema))))]
pub(crate) async fn follow(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
) -> Result<Response, Failure> {
    let changes = Changes { events: api.tunekey.events(), tunekey: api.tunekey.clone(), number: 0 };
    let events = stream::unfold(changes, |mut changes| async move {
        let event = changes.next().await?;
        Some((event, changes))
    });
    respond(&api, caller, events)
}

/// Where one who follows stands.
struct Changes {
    tunekey: TuneKey,
    events: Receiver<Event>,
    number: u64,
}

impl Changes {
    async fn next(&mut self) -> Option<ServerEvent> {
        let first = self.number == 0;
        self.number += 1;
        let id = self.number.to_string();
        if first {
            return Some(self.snapshot(&id));
        }
        loop {
            let event = match self.events.recv().await {
                Ok(event) => self.event(&id, event),
                Err(RecvError::Lagged(_)) => Some(self.snapshot(&id)),
                Err(RecvError::Closed) => return None,
            };
            if event.is_some() {
                return event;
            }
        }
    }

    fn event(&self, id: &str, event: Event) -> Option<ServerEvent> {
        match event {
            Event::Account { account } => {
                // One that has gone meanwhile is said to have gone next.
                let shape = accounts::shape(&self.tunekey, &account.id).ok()?;
                Some(json_event("account", id, &shape))
            }
            Event::AccountGone { id: account, .. } => {
                Some(json_event("account_gone", id, &json!({ "account": account })))
            }
            Event::Store { state } => Some(json_event("store", id, &json!({ "store": state }))),
            Event::Deliveries { deliveries, .. } => {
                let shapes: Vec<_> = deliveries.into_iter().map(DeliveryShape::from).collect();
                Some(json_event("deliveries", id, &json!({ "deliveries": shapes })))
            }
            // Settings and channels are for the person's own fronts; sign-ins have streams of their own.
            Event::Settings { .. } | Event::Notifications { .. } | Event::SignIns { .. } => None,
        }
    }

    fn snapshot(&self, id: &str) -> ServerEvent {
        let snapshot = self.tunekey.snapshot();
        let shape = SnapshotShape {
            accounts: accounts::all(&self.tunekey),
            deliveries: snapshot.deliveries.into_iter().map(DeliveryShape::from).collect(),
            store: snapshot.store,
        };
        json_event("snapshot", id, &shape)
    }
}
