//! A variable of qinglong. Every answer is HTTP 200; what counts is `code` in its body. Its client secret stands in an
//! address, because that is how its interface takes it.

use serde_json::{Value, json};
use tunekey_services::http::SendMethod;

use super::client::Api;
use super::error::DeliveryError;
use super::model::{DeliveryNotice, DeliveryOutcome};
use super::payload::{Payload, exposed};
use super::target::{CLIENT_SECRET, QinglongTarget};
use crate::outbound::Clients;

/// How our variable is told from others of its name.
const REMARKS: &str = "tunekey";

/// Sets the variable, and reads it again.
///
/// # Errors
/// As [`DeliveryError`] says.
pub(super) async fn send(
    target: &QinglongTarget,
    payload: &Payload,
    clients: &Clients,
) -> Result<(DeliveryOutcome, Option<DeliveryNotice>), DeliveryError> {
    let secret = payload.secret(CLIENT_SECRET);
    let secret = exposed(secret.ok_or_else(|| DeliveryError::NoSecret(CLIENT_SECRET.to_owned()))?);
    let api = Api::at(clients, &target.url, target.allows_plain_http).await?;
    let query = [("client_id", target.client_id.as_str()), ("client_secret", secret)];
    let token = match successful(api.get("open/auth/token", &query).await?) {
        // A wrong pair is code 400.
        Err(DeliveryError::SaidNo(_)) => return Err(DeliveryError::Unauthorised),
        token => token?,
    };
    let token = token["token"].as_str().ok_or(DeliveryError::NotUnderstood)?;
    let api = api.with("authorization", &format!("Bearer {token}"));
    let value = exposed(&payload.text);
    // The same name and value once more is an error there.
    if find(&api, &target.variable).await?.is_none_or(|variable| variable["value"] != value) {
        set(&api, &target.variable, value).await?;
    }
    let variable = find(&api, &target.variable).await?.ok_or(DeliveryError::SaidNo("list"))?;
    if variable["value"] != value {
        return Err(DeliveryError::SaidNo("value"));
    }
    let notice = (variable["status"] == 1).then_some(DeliveryNotice::SwitchedOff);
    Ok((DeliveryOutcome::Confirmed, notice))
}

async fn set(api: &Api, name: &str, value: &str) -> Result<(), DeliveryError> {
    let mut variable = json!({ "name": name, "value": value, "remarks": REMARKS });
    let set = match find(api, name).await? {
        Some(there) => {
            // Older versions call it `_id`. Anything else that is known of it is refused.
            let id = if there["id"].is_null() { "_id" } else { "id" };
            variable[id] = there[id].clone();
            variable["remarks"] = there["remarks"].clone();
            api.send(SendMethod::Put, "open/envs", &variable).await?
        }
        None => api.send(SendMethod::Post, "open/envs", &json!([variable])).await?,
    };
    successful(set).map(drop)
}

/// Our variable of that name, or the only one. The search finds parts of names, too.
async fn find(api: &Api, name: &str) -> Result<Option<Value>, DeliveryError> {
    let list = successful(api.get("open/envs", &[("searchValue", name)]).await?)?;
    let all = list.as_array().ok_or(DeliveryError::NotUnderstood)?;
    let named: Vec<_> = all.iter().filter(|variable| variable["name"] == name).collect();
    let ours = named.iter().find(|variable| variable["remarks"] == REMARKS);
    Ok(ours.or(if named.len() == 1 { named.first() } else { None }).map(|variable| (*variable).clone()))
}

fn successful(mut answer: Value) -> Result<Value, DeliveryError> {
    match answer["code"].as_i64() {
        Some(200) => Ok(answer["data"].take()),
        Some(401 | 403) => Err(DeliveryError::Unauthorised),
        Some(_) => Err(DeliveryError::SaidNo("code")),
        None => Err(DeliveryError::NotUnderstood),
    }
}
