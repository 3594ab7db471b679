//! The admin interface of two forks of Meting-API (mikus-loli, qq01-hub). An entry of the same platform and note is
//! overwritten. The outer `success` is true for a bad cookie, too: what counts is the verification's own answer.

use serde_json::{Value, json};
use tunekey_services::http::SendMethod;

use super::client::Api;
use super::error::DeliveryError;
use super::model::{DeliveryNotice, DeliveryOutcome};
use super::payload::{Payload, exposed};
use super::target::{MetingTarget, TOKEN};
use crate::outbound::Clients;

/// Puts the cookie there, has it verified, and looks which entry is used.
///
/// # Errors
/// As [`DeliveryError`] says; `NotValid` when Meting says that the cookie does not play.
pub(super) async fn send(
    target: &MetingTarget,
    payload: &Payload,
    clients: &Clients,
) -> Result<(DeliveryOutcome, Option<DeliveryNotice>), DeliveryError> {
    let token = payload.secret(TOKEN).ok_or_else(|| DeliveryError::NoSecret(TOKEN.to_owned()))?;
    let api = Api::at(clients, &target.url, target.allows_plain_http).await?;
    let api = api.with("authorization", &format!("Bearer {}", exposed(token)));
    let data = successful(api.send(SendMethod::Post, "admin/cookies", &body(target, payload)).await?)?;
    let id = id(&data).ok_or(DeliveryError::NotUnderstood)?;
    let verified = api.send(SendMethod::Post, &format!("admin/cookies/{id}/verify"), &json!({})).await?;
    if successful(verified)?["isValid"] != true {
        return Err(DeliveryError::NotValid);
    }
    let list = successful(api.get("admin/cookies", &[("platform", payload.platform)]).await?)?;
    Ok((DeliveryOutcome::Confirmed, notice(&list, &id)))
}

/// What is sent first.
pub(super) fn body(target: &MetingTarget, payload: &Payload) -> Value {
    // Whether it is valid is asked for afterwards: what is refused would not even be stored.
    json!({ "platform": payload.platform, "cookie": exposed(&payload.text), "note": target.note, "skipValidation": true })
}

fn successful(mut answer: Value) -> Result<Value, DeliveryError> {
    if answer["success"] == true { Ok(answer["data"].take()) } else { Err(DeliveryError::SaidNo("success")) }
}

/// An entry's id, as it stands in a path.
fn id(entry: &Value) -> Option<String> {
    let id =
        entry["id"].as_str().map(str::to_owned).or_else(|| entry["id"].as_u64().map(|id| id.to_string()))?;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    id.bytes().all(fits).then_some(id)
}

/// An overwritten entry keeps its date and its switch, and the newest one that is on is used.
fn notice(list: &Value, ours: &str) -> Option<DeliveryNotice> {
    let entries = list.as_array().or_else(|| list["items"].as_array())?;
    let is_ours = |entry: &&Value| id(entry).as_deref() == Some(ours);
    if entries.iter().find(is_ours).is_some_and(|entry| entry["isActive"] == false) {
        return Some(DeliveryNotice::SwitchedOff);
    }
    let goes_before = |entry: &&Value| entry["isActive"] != false && entry["isValid"] != false;
    let others = entries.iter().filter(|entry| !is_ours(entry));
    others.into_iter().any(|entry| goes_before(&entry)).then_some(DeliveryNotice::OtherEntry)
}
