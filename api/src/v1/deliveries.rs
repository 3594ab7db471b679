//! The deliveries: how they stand, and one more at once.

use axum::Json;
use axum::extract::{Path, State};

use super::shapes::{DeliveryRecordShape, DeliveryShape};
use crate::failure::Failure;
use crate::state::Api;

/// The deliveries, oldest first.
#[cfg_attr(test, utoipa::path(get, path = "/v1/deliveries", tag = "deliveries",
    responses((status = 200, body = Vec<DeliveryShape>))))]
pub(crate) async fn list(State(api): State<Api>) -> Json<Vec<DeliveryShape>> {
    Json(api.tunekey.snapshot().deliveries.into_iter().map(DeliveryShape::from).collect())
}

/// Delivers the current value now.
#[cfg_attr(test, utoipa::path(post, path = "/v1/deliveries/{delivery}/send", tag = "deliveries",
    params(("delivery" = String, Path)),
    responses((status = 200, body = DeliveryRecordShape))))]
pub(crate) async fn send(
    State(api): State<Api>,
    Path(name): Path<String>,
) -> Result<Json<DeliveryRecordShape>, Failure> {
    let delivery = api.tunekey.find_delivery(&name)?;
    Ok(Json(api.tunekey.send_delivery(&delivery.id).await?.into()))
}
