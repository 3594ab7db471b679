//! Requests to the targets of deliveries, and what the answers' statuses mean. Nothing of an answer is logged or kept.

use std::time::Duration;

use serde_json::Value;
use tunekey_services::Http;
use tunekey_services::http::{Request, Response, SendMethod};
use url::Url;
use zeroize::Zeroizing;

use super::error::DeliveryError;
use crate::outbound::{self, BadAddress, Clients};

/// The longest wait that a target may ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);

/// The JSON interface of a target.
pub(super) struct Api {
    http: Http,
    base: Url,
    headers: Vec<(&'static str, Zeroizing<String>)>,
}

impl Api {
    /// The interface at an address.
    pub(super) async fn at(clients: &Clients, base: &str, allows_plain: bool) -> Result<Self, DeliveryError> {
        let mut base = outbound::address(base)?;
        let http = clients.for_address(&base, allows_plain).await?;
        let path = format!("{}/", base.path().trim_end_matches('/'));
        base.set_path(&path);
        Ok(Self { http, base, headers: Vec::new() })
    }

    /// The same with a header in each request.
    pub(super) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, Zeroizing::new(value.to_owned())));
        self
    }

    /// Asks for what stands at a path.
    pub(super) async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Value, DeliveryError> {
        let response = self.response(Request::ask(self.url(path, query)?)).await?;
        checked(&response)?;
        json(&response)
    }

    /// Asks for what stands at a path, where nothing may stand.
    pub(super) async fn find(&self, path: &str) -> Result<Option<Value>, DeliveryError> {
        let response = self.response(Request::ask(self.url(path, &[])?)).await?;
        if response.status() == 404 {
            return Ok(None);
        }
        checked(&response)?;
        json(&response).map(Some)
    }

    /// Sends a body to a path.
    pub(super) async fn send(
        &self,
        method: SendMethod,
        path: &str,
        body: &Value,
    ) -> Result<Value, DeliveryError> {
        let body = Zeroizing::new(body.to_string());
        let request = Request::send_to(self.url(path, &[])?, method, "application/json", body);
        let response = self.response(request).await?;
        checked(&response)?;
        json(&response)
    }

    async fn response(&self, request: Request) -> Result<Response, DeliveryError> {
        let headers = self.headers.iter();
        let request = headers.fold(request, |request, (name, value)| request.header(*name, value.as_str()));
        send(&self.http, request).await
    }

    fn url(&self, path: &str, query: &[(&str, &str)]) -> Result<Url, DeliveryError> {
        let joined = self.base.join(path.trim_start_matches('/'));
        let mut url = joined.map_err(|_| BadAddress::None)?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }
}

/// Sends a request under our own name.
pub(super) async fn send(http: &Http, request: Request) -> Result<Response, DeliveryError> {
    Ok(outbound::send(http, request).await?)
}

/// Whether an answer's status says that it has worked.
pub(super) fn checked(response: &Response) -> Result<(), DeliveryError> {
    match response.status() {
        200..=299 => Ok(()),
        401 | 403 => Err(DeliveryError::Unauthorised),
        410 => Err(DeliveryError::Gone),
        429 | 502..=504 => Err(DeliveryError::Later(wait(response))),
        status => Err(DeliveryError::Status(status)),
    }
}

/// For how long a target asks to be left alone. A date instead of a number of seconds is as good as nothing.
fn wait(response: &Response) -> Option<Duration> {
    let seconds = response.header("retry-after")?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_WAIT))
}

/// An answer as JSON.
pub(super) fn json(response: &Response) -> Result<Value, DeliveryError> {
    serde_json::from_slice(response.body()).map_err(|_| DeliveryError::NotUnderstood)
}
