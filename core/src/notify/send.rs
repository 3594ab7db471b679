//! Sends a message: one request in bounded time, whose answer is read as the channel means it.

use std::time::Duration;

use tunekey_services::http::{Request, SendMethod};
use zeroize::Zeroizing;

use super::channel::ChannelKind;
use super::error::ChannelError;
use super::post::Post;
use crate::outbound::{self, Clients};

/// For a request and its answer.
const LIMIT: Duration = Duration::from_secs(10);
/// The largest answer that is read, in bytes: each of them is a line or two.
const MAX_ANSWER: usize = 64 * 1024;

/// Clients that wait no longer, and read no more, than a channel needs.
pub(crate) fn clients(clients: Clients) -> Clients {
    clients.within(LIMIT).with_answers_of(MAX_ANSWER)
}

/// Sends what a channel is to be sent.
///
/// # Errors
/// Why it was not taken.
#[expect(clippy::disallowed_methods, reason = "the headers open the channel that they go to")]
pub(crate) async fn send(
    kind: ChannelKind,
    post: Post,
    clients: &Clients,
    allows_plain: bool,
) -> Result<(), ChannelError> {
    let http = clients.for_address(&post.url, allows_plain).await?;
    let body = Zeroizing::new(post.body.to_string());
    let mut request = Request::send_to(post.url, SendMethod::Post, "application/json", body);
    for (name, value) in post.headers {
        request = request.header(name, value.expose());
    }
    let response = outbound::send(&http, request).await?;
    // A date instead of a number of seconds is as good as nothing.
    let retry_after = response.header("retry-after").and_then(|text| text.trim().parse().ok());
    Ok(kind.reply(response.status(), retry_after, response.body())?)
}

#[cfg(test)]
mod tests;
