//! The ping: who is told at intervals that all is well, so that silence is noticed. As healthchecks.io and what is like
//! it have it (<https://healthchecks.io/docs/http_api/>): a request to the address, or below it to `fail`. Nothing else
//! is sent.

use jiff::SignedDuration;
use tunekey_services::http::Request;
use url::Url;
use uuid::Uuid;

use super::draft::host_of;
use super::error::ChannelError;
use super::model::Ping;
use super::reply::Refusal;
use crate::outbound::{self, Clients};

/// The host of healthchecks.io that takes pings. Its addresses may also be a key and a name instead of a UUID.
const HEALTHCHECKS: &str = "hc-ping.com";

impl Ping {
    /// A ping to an address, at once.
    ///
    /// # Errors
    /// `Address` when that may not be used.
    pub(crate) fn to(url: &Url, minutes: u32, allows_plain_http: bool) -> Result<Self, ChannelError> {
        outbound::check(url, allows_plain_http)?;
        Ok(Self {
            host: host_of(url).unwrap_or_default(),
            minutes,
            reports_failures: reports_failures(url),
            allows_plain_http,
            last: None,
        })
    }

    /// The time between two pings.
    pub(crate) fn interval(&self) -> SignedDuration {
        SignedDuration::from_mins(self.minutes.into())
    }
}

/// Whether there is an address below this one that takes failures: it ends in the UUID of a check.
fn reports_failures(url: &Url) -> bool {
    let last = url.path_segments().and_then(|mut segments| segments.rfind(|segment| !segment.is_empty()));
    url.host_str() == Some(HEALTHCHECKS) || last.is_some_and(|last| Uuid::try_parse(last).is_ok())
}

/// Sends a ping.
///
/// # Errors
/// Why it did not arrive.
pub(crate) async fn send(
    ping: &Ping,
    mut url: Url,
    is_failing: bool,
    clients: &Clients,
) -> Result<(), ChannelError> {
    if is_failing && let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().push("fail");
    }
    let http = clients.for_address(&url, ping.allows_plain_http).await?;
    let response = outbound::send(&http, Request::ask(url)).await?;
    match response.status() {
        // healthchecks.io answers 200 for a check that there is not, too, and for one too many.
        200..=299 if ping.reports_failures && contains(response.body(), b"not found") => {
            Err(Refusal::Key.into())
        }
        200..=299 => Ok(()),
        401 | 403 | 404 | 409 => Err(Refusal::Key.into()),
        status => Err(Refusal::Other(status.into()).into()),
    }
}

fn contains(body: &[u8], words: &[u8]) -> bool {
    body.windows(words.len()).any(|part| part == words)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHECK: &str = "https://hc-ping.com/d1665499-e827-441f-bf13-8f15e8f4c0b9";

    fn ping(address: &str) -> Ping {
        Ping::to(&address.parse().expect("an address"), 60, false).expect("it may be used")
    }

    #[test]
    fn an_address_that_ends_in_a_check_hears_of_failures_and_another_does_not() {
        for (address, reports) in [
            (CHECK, true),
            ("https://hc.example/ping/d1665499-e827-441f-bf13-8f15e8f4c0b9/", true),
            ("https://hc-ping.com/key/tunekey", true),
            ("https://kuma.example/api/push/abc?status=up", false),
        ] {
            assert_eq!(ping(address).reports_failures, reports, "{address}");
        }
        let plain = "http://192.168.1.2/ping".parse().expect("an address");
        assert!(Ping::to(&plain, 60, false).is_err() && Ping::to(&plain, 60, true).is_ok());
    }
}
