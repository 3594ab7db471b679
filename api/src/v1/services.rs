//! The services that there are.

use axum::Json;
use axum::extract::State;

use super::shapes::ServiceShape;
use crate::state::Api;

/// The services, and the ways to sign in to each.
#[cfg_attr(test, utoipa::path(get, path = "/v1/services", tag = "services",
    responses((status = 200, body = Vec<ServiceShape>))))]
pub(crate) async fn list(State(api): State<Api>) -> Json<Vec<ServiceShape>> {
    Json(api.tunekey.services().into_iter().map(ServiceShape::from).collect())
}
