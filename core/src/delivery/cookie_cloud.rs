//! CookieCloud: what is there is pulled, our cookies are put into it, and all of it is pushed again, because a push
//! replaces everything. It knows no versions: another program that pushes between the two loses to us, or we to it.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tunekey_services::Secret;
use tunekey_services::http::SendMethod;
use zeroize::Zeroizing;

use super::client::Api;
use super::error::DeliveryError;
use super::model::DeliveryOutcome;
use super::payload::{Payload, exposed};
use super::target::{CloudCipher, CookieCloudTarget, PASSWORD};
use crate::outbound::{BadAddress, Clients};

mod cipher;

/// Merges our cookies into what is there, and looks whether they have come to stay.
///
/// # Errors
/// As [`DeliveryError`] says; `WrongPassword` when what is there has another password.
pub(super) async fn send(
    target: &CookieCloudTarget,
    payload: &Payload,
    clients: &Clients,
) -> Result<DeliveryOutcome, DeliveryError> {
    let password = payload.secret(PASSWORD).ok_or_else(|| DeliveryError::NoSecret(PASSWORD.to_owned()))?;
    let api = Api::at(clients, &target.url, target.allows_plain_http).await?;
    let cloud = Cloud { api, uuid: &target.uuid, password: exposed(password) };
    let merged = merged(cloud.pull().await?, payload);
    cloud.push(&merged, target.cipher).await?;
    let there = cloud.pull().await?;
    let ours = |blob: &Value| blob["cookie_data"][payload.domain].clone();
    if there.as_ref().map(ours) == Some(ours(&merged)) {
        Ok(DeliveryOutcome::Confirmed)
    } else {
        // Somebody else has pushed in between.
        Err(DeliveryError::Later(None))
    }
}

/// What a server has under a uuid; `None` when nothing is there. In either cipher.
///
/// # Errors
/// As [`DeliveryError`] says; `WrongPassword` when what is there has another one.
pub(crate) async fn read(
    url: &str,
    uuid: &str,
    allows_plain_http: bool,
    password: &Secret,
    clients: &Clients,
) -> Result<Option<Value>, DeliveryError> {
    check_uuid(uuid)?;
    let api = Api::at(clients, url, allows_plain_http).await?;
    Cloud { api, uuid, password: exposed(password) }.pull().await
}

/// Whether a uuid can stand in an address.
pub(super) fn check_uuid(uuid: &str) -> Result<(), BadAddress> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if !uuid.is_empty() && uuid.bytes().all(fits) { Ok(()) } else { Err(BadAddress::None) }
}

/// What is put into the server, without what is there already.
pub(super) fn preview(payload: &Payload) -> String {
    let mut blob = merged(None, payload);
    blob["update_time"] = "…".into();
    blob.to_string()
}

struct Cloud<'a> {
    api: Api,
    uuid: &'a str,
    password: &'a str,
}

impl Cloud<'_> {
    /// What is there; `None` when nothing is.
    async fn pull(&self) -> Result<Option<Value>, DeliveryError> {
        let uuid = self.uuid;
        let Some(answer) = self.api.find(&format!("get/{uuid}")).await? else { return Ok(None) };
        let data = answer["encrypted"].as_str().ok_or(DeliveryError::NotUnderstood)?;
        let cipher = match answer["crypto_type"].as_str() {
            Some("aes-128-cbc-fixed") => CloudCipher::Fixed,
            _ => CloudCipher::Legacy,
        };
        let text = cipher::decrypt(cipher, uuid, self.password, data).ok_or(DeliveryError::WrongPassword)?;
        let blob: Value = serde_json::from_str(&text).map_err(|_| DeliveryError::WrongPassword)?;
        if blob.is_object() { Ok(Some(blob)) } else { Err(DeliveryError::NotUnderstood) }
    }

    async fn push(&self, blob: &Value, cipher: CloudCipher) -> Result<(), DeliveryError> {
        let text = Zeroizing::new(blob.to_string());
        let encrypted = cipher::encrypt(cipher, self.uuid, self.password, &text);
        let kind = match cipher {
            CloudCipher::Legacy => "legacy",
            CloudCipher::Fixed => "aes-128-cbc-fixed",
        };
        let body = json!({ "uuid": self.uuid, "encrypted": encrypted, "crypto_type": kind });
        let answer = self.api.send(SendMethod::Post, "update", &body).await?;
        if answer["action"] == "done" { Ok(()) } else { Err(DeliveryError::SaidNo("action")) }
    }
}

/// What is there with our cookies in the place of those of the same names. All else stays.
fn merged(there: Option<Value>, payload: &Payload) -> Value {
    let mut blob = there.unwrap_or_else(|| json!({ "cookie_data": {}, "local_storage_data": {} }));
    for part in ["cookie_data", "local_storage_data"] {
        if !blob[part].is_object() {
            blob[part] = Value::Object(Map::new());
        }
    }
    let is_ours = |cookie: &Value| {
        let name = cookie["name"].as_str().unwrap_or_default();
        payload.cookies.iter().any(|(ours, _)| ours == name)
    };
    let mut cookies = match &blob["cookie_data"][payload.domain] {
        Value::Array(cookies) => cookies.clone(),
        _ => Vec::new(),
    };
    cookies.retain(|cookie| !is_ours(cookie));
    cookies.extend(payload.cookies.iter().map(|(name, value)| cookie(payload, name, exposed(value))));
    blob["cookie_data"][payload.domain] = cookies.into();
    blob["update_time"] = time(payload.now).into();
    blob
}

/// A cookie as a browser's extension lists it. A `sameSite` that is missing breaks the extension's whole import.
fn cookie(payload: &Payload, name: &str, value: &str) -> Value {
    let mut cookie = json!({
        "domain": payload.domain, "name": name, "value": value, "path": "/", "secure": false, "httpOnly": false,
        "sameSite": "unspecified", "hostOnly": false, "session": payload.expires_at.is_none(), "storeId": "0",
    });
    if let Some(end) = payload.expires_at {
        cookie["expirationDate"] = end.as_second().into();
    }
    cookie
}

/// RFC 3339 in milliseconds, as JavaScript writes it.
fn time(now: Timestamp) -> String {
    now.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::fixtures::payload;

    #[test]
    fn our_cookies_take_the_place_of_their_like_and_all_else_stays() {
        let payload = payload("new");
        let there = json!({
            "cookie_data": {
                ".example.org": [{ "name": "MUSIC_U", "value": "theirs" }],
                payload.domain: [{ "name": "MUSIC_U", "value": "old" }, { "name": "other", "value": "kept" }],
            },
            "local_storage_data": { "example.org": { "a": "b" } },
            "extra": 1,
        });
        let merged = merged(Some(there), &payload);
        let ours = merged["cookie_data"][payload.domain].as_array().expect("a list");
        let values: Vec<_> = ours.iter().map(|cookie| &cookie["value"]).collect();
        assert_eq!(values, ["kept", "new", "c"]);
        assert!(ours[1]["sameSite"] == "unspecified" && ours[1]["domain"] == payload.domain);
        assert_eq!(merged["cookie_data"][".example.org"][0]["value"], "theirs");
        assert_eq!(
            (&merged["local_storage_data"]["example.org"]["a"], &merged["extra"]),
            (&json!("b"), &json!(1))
        );
        assert_eq!(time(Timestamp::UNIX_EPOCH), "1970-01-01T00:00:00.000Z");
    }
}
