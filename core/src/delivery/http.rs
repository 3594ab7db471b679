//! A request to an address of the person's own. The values in its body are escaped as what the body is wants it.

use tunekey_services::http::{Request, SendMethod};
use url::Url;
use zeroize::Zeroizing;

use super::client;
use super::error::DeliveryError;
use super::model::DeliveryOutcome;
use super::payload::{MASK, Payload};
use super::target::{BodyKind, HttpMethod, HttpTarget, SIGNING, Signature, Success};
use super::template::{self, TemplateError};
use crate::outbound::{self, Clients};

mod signature;

pub(crate) use signature::check_secret;

/// Headers whose values open something, so that they may not stand in the ledger as they are.
const SECRET_HEADERS: [&str; 6] = ["auth", "cookie", "token", "key", "secret", "password"];

/// A request that is ready to be sent.
struct Prepared {
    url: Url,
    headers: Vec<(String, Zeroizing<String>)>,
    body: Zeroizing<String>,
}

/// Sends it, and looks at the answer.
///
/// # Errors
/// As [`DeliveryError`] says.
pub(super) async fn send(
    target: &HttpTarget,
    payload: &Payload,
    clients: &Clients,
) -> Result<DeliveryOutcome, DeliveryError> {
    let Prepared { url, headers, body } = prepared(target, payload)?;
    let http = clients.for_address(&url, target.allows_plain_http).await?;
    let signed = match (target.signature, payload.secret(SIGNING)) {
        (Signature::None, _) => Vec::new(),
        (_, None) => return Err(DeliveryError::NoSecret(SIGNING.to_owned())),
        (kind, Some(secret)) => {
            signature::headers(kind, secret, &payload.idempotency_key(), payload.now, &body)?
        }
    };
    let mut request = Request::send_to(url, send_method(target.method), content_type(target.body_kind), body);
    request = request.header("idempotency-key", payload.idempotency_key()).headers(signed);
    for (name, value) in headers {
        request = request.header(name, value.as_str());
    }
    let response = client::send(&http, request).await?;
    client::checked(&response)?;
    match &target.success {
        Success::Status => Ok(DeliveryOutcome::Accepted),
        Success::Unknown => Ok(DeliveryOutcome::Sent),
        Success::Field { pointer, equals } => {
            let answer = client::json(&response)?;
            let is_equal = answer.pointer(pointer) == Some(equals);
            if is_equal {
                Ok(DeliveryOutcome::Accepted)
            } else {
                Err(DeliveryError::SaidNo("the field of the answer"))
            }
        }
    }
}

/// What is sent, for a preview: its first line, its headers and its body.
pub(super) fn preview(target: &HttpTarget, payload: &Payload) -> Result<String, DeliveryError> {
    let Prepared { url, headers, body } = prepared(target, payload)?;
    let method = match target.method {
        HttpMethod::Post => "POST",
        HttpMethod::Put => "PUT",
        HttpMethod::Patch => "PATCH",
    };
    let mut lines =
        vec![format!("{method} {url}"), format!("content-type: {}", content_type(target.body_kind))];
    lines.push(format!("idempotency-key: {}", payload.idempotency_key()));
    lines.extend(headers.iter().map(|(name, value)| format!("{name}: {}", value.as_str())));
    match target.signature {
        Signature::None => {}
        Signature::StandardWebhooks => lines.push(format!("webhook-signature: v1,{MASK}")),
        Signature::GitHub => lines.push(format!("x-hub-signature-256: sha256={MASK}")),
    }
    lines.extend([String::new(), body.to_string()]);
    Ok(lines.join("\n"))
}

/// Whether a target of this kind can be used, as far as that can be seen from it.
///
/// # Errors
/// `Address` or `Template`.
pub(super) fn check(target: &HttpTarget) -> Result<(), DeliveryError> {
    if template::names(&target.url)?.into_iter().any(Payload::is_of_credential) {
        return Err(DeliveryError::CredentialInAddress);
    }
    let url =
        template::fill(&target.url, &|_| Some(Zeroizing::new("x".to_owned())), template::escape_for_address)?;
    outbound::check(&outbound::address(&url)?, target.allows_plain_http)?;
    for header in &target.headers {
        let name = header.name.to_ascii_lowercase();
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        {
            return Err(TemplateError::NotAHeader.into());
        }
        let is_secret = SECRET_HEADERS.iter().any(|word| name.contains(word));
        if is_secret && template::names(&header.value)?.is_empty() {
            return Err(TemplateError::OpenSecret.into());
        }
    }
    // Whatever stands in the place of a placeholder, the body is what it says to be.
    body(target, &|_| Some(Zeroizing::new(MASK.to_owned()))).map(drop)
}

fn prepared(target: &HttpTarget, payload: &Payload) -> Result<Prepared, DeliveryError> {
    let lookup = |name: &str| payload.value(name);
    let url = template::fill(&target.url, &lookup, template::escape_for_address)?;
    let mut headers = Vec::with_capacity(target.headers.len());
    for header in &target.headers {
        let value = template::fill(&header.value, &lookup, str::to_owned)?;
        if !value.chars().all(|character| character == ' ' || character.is_ascii_graphic()) {
            return Err(TemplateError::NotAHeader.into());
        }
        headers.push((header.name.clone(), value));
    }
    Ok(Prepared { url: outbound::address(&url)?, headers, body: body(target, &lookup)? })
}

fn body(target: &HttpTarget, lookup: template::Lookup<'_>) -> Result<Zeroizing<String>, DeliveryError> {
    Ok(match target.body_kind {
        BodyKind::Json => template::fill_json(&target.body, lookup)?,
        BodyKind::Form => template::fill_form(&target.body, lookup)?,
        BodyKind::Text => template::fill(&target.body, lookup, str::to_owned)?,
    })
}

fn content_type(kind: BodyKind) -> &'static str {
    match kind {
        BodyKind::Json => "application/json",
        BodyKind::Form => "application/x-www-form-urlencoded",
        BodyKind::Text => "text/plain; charset=utf-8",
    }
}

fn send_method(method: HttpMethod) -> SendMethod {
    match method {
        HttpMethod::Post => SendMethod::Post,
        HttpMethod::Put => SendMethod::Put,
        HttpMethod::Patch => SendMethod::Patch,
    }
}
