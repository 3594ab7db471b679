//! A storage of OpenList or AList that holds a cookie. Every answer is HTTP 200; what counts is `code` in its body. An
//! update zeroes what is left out, so that the whole object goes back with one value changed.

use serde_json::{Value, json};
use tunekey_services::http::SendMethod;

use super::client::Api;
use super::edit::{self, Place};
use super::error::DeliveryError;
use super::model::{DeliveryNotice, DeliveryOutcome};
use super::payload::{Payload, exposed};
use super::target::{OpenListTarget, TOKEN};
use crate::outbound::Clients;

/// Where the cookie stands in what a driver adds to a storage.
const COOKIE: Place<'static> = Place::Json("/cookie");

/// Puts the cookie into the storage, and has its folder listed anew with it.
///
/// # Errors
/// As [`DeliveryError`] says; `Nowhere` when no storage with a cookie is mounted there.
pub(super) async fn send(
    target: &OpenListTarget,
    payload: &Payload,
    clients: &Clients,
) -> Result<(DeliveryOutcome, Option<DeliveryNotice>), DeliveryError> {
    let token = payload.secret(TOKEN).ok_or_else(|| DeliveryError::NoSecret(TOKEN.to_owned()))?;
    let api = Api::at(clients, &target.url, target.allows_plain_http).await?;
    // The token as it is, without `Bearer`.
    let api = api.with("authorization", exposed(token));
    let query = [("page", "1"), ("per_page", "200")];
    let list = successful(api.get("api/admin/storage/list", &query).await?)?;
    let id = mounted(&list, &target.mount).ok_or(DeliveryError::Nowhere("storage"))?;
    let mut storage = successful(api.get("api/admin/storage/get", &[("id", &id)]).await?)?;
    let addition = storage["addition"].as_str().ok_or(DeliveryError::NotUnderstood)?;
    let edited = edit::edited(COOKIE, addition, exposed(&payload.text));
    let edited = edited.map_err(|_| DeliveryError::Nowhere("storage with a cookie"))?;
    storage["addition"] = edited.as_str().into();
    successful(api.send(SendMethod::Post, "api/admin/storage/update", &storage).await?)?;
    let folder = json!({ "path": target.mount, "refresh": true, "page": 1, "per_page": 1 });
    successful(api.send(SendMethod::Post, "api/fs/list", &folder).await?)?;
    let notice = (storage["disabled"] == true).then_some(DeliveryNotice::SwitchedOff);
    Ok((DeliveryOutcome::Confirmed, notice))
}

fn successful(mut answer: Value) -> Result<Value, DeliveryError> {
    match answer["code"].as_i64() {
        Some(200) => Ok(answer["data"].take()),
        Some(401 | 403) => Err(DeliveryError::Unauthorised),
        Some(_) => Err(DeliveryError::SaidNo("code")),
        None => Err(DeliveryError::NotUnderstood),
    }
}

/// The id of the storage that is mounted there.
fn mounted(list: &Value, mount: &str) -> Option<String> {
    let same = |storage: &&Value| {
        let path = storage["mount_path"].as_str().unwrap_or_default();
        path.trim_end_matches('/') == mount.trim_end_matches('/')
    };
    let storage = list["content"].as_array()?.iter().find(same)?;
    storage["id"].as_u64().map(|id| id.to_string())
}
