//! The control side: JSON over HTTP for tests, a phone page for people. It sees the simulator's state and no service.

mod api;

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::Notify;

use crate::state::simulator_state::SimulatorState;

/// What the routes share.
#[derive(Debug, Clone)]
struct Control {
    state: Arc<SimulatorState>,
    stop: Arc<Notify>,
}

/// Serves until `POST /shutdown`.
pub(crate) async fn serve(listener: TcpListener, state: Arc<SimulatorState>) {
    let control = Control { state, stop: Arc::new(Notify::new()) };
    let stopping = Arc::clone(&control.stop);
    let router = Router::new()
        .route("/", get(|| async { Html(include_str!("phone.html")) }))
        .merge(api::routes())
        .layer(middleware::from_fn(only_this_machine))
        .with_state(control);
    // The request to stop is still answered. Connections that are merely open do not delay the end.
    let serving =
        axum::serve(listener, router).with_graceful_shutdown(async move { stopping.notified().await });
    let _ = serving.await;
}

/// Refuses requests across origins, and those whose `Host` is not this machine's (DNS rebinding).
async fn only_this_machine(headers: HeaderMap, request: axum::extract::Request, next: Next) -> Response {
    let named = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let host = named(header::HOST).unwrap_or_default().to_owned();
    let name = host.rsplit_once(':').map_or(host.as_str(), |(name, _)| name);
    let foreign = named(header::ORIGIN).is_some_and(|origin| origin != format!("http://{host}"));
    if !matches!(name, "127.0.0.1" | "localhost" | "[::1]") || foreign {
        return StatusCode::FORBIDDEN.into_response();
    }
    next.run(request).await
}
