//! A WebSocket through the same client, so that proxy, certificates and limits hold for it, too.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use reqwest_websocket::{Message, Upgrade};
use tokio::time::{Instant, timeout};
use tungstenite::protocol::WebSocketConfig;

use super::{Http, HttpError, Request, classify};

/// The largest message, and the largest piece of one, in bytes.
const LARGEST_MESSAGE: usize = 256 * 1024;

/// An open WebSocket.
pub struct WebSocket {
    socket: reqwest_websocket::WebSocket,
    /// How long sending a message may take.
    limit: Duration,
}

impl Http {
    /// Opens a WebSocket at an `https` address with this subprotocol, which the server has to agree to.
    ///
    /// # Errors
    /// As [`Http::send`]. [`HttpError::Interrupted`] also when the server does not want to talk that way.
    pub async fn web_socket(
        &self,
        request: Request,
        subprotocol: &'static str,
    ) -> Result<WebSocket, HttpError> {
        let what = format!("{request:?}");
        let start = Instant::now();
        let result = timeout(self.limits.handshake, self.upgraded(request, subprotocol)).await;
        let result = result.unwrap_or(Err(HttpError::Timeout));
        let took = start.elapsed();
        match &result {
            Ok(_) => tracing::debug!(what, ?took, "opened"),
            Err(error) => tracing::debug!(what, %error, ?took, "not opened"),
        }
        result
    }

    async fn upgraded(&self, request: Request, subprotocol: &'static str) -> Result<WebSocket, HttpError> {
        let request = request.build(&self.client)?;
        let config = WebSocketConfig::default()
            .max_message_size(Some(LARGEST_MESSAGE))
            .max_frame_size(Some(LARGEST_MESSAGE))
            .max_write_buffer_size(2 * LARGEST_MESSAGE)
            .write_buffer_size(0);
        let upgrade = reqwest::RequestBuilder::from_parts(self.client.clone(), request)
            .upgrade()
            .protocols([subprotocol])
            .web_socket_config(config);
        let response = upgrade.send().await.map_err(|error| failed(&error))?;
        let socket = response.into_websocket().await.map_err(|error| failed(&error))?;
        Ok(WebSocket { socket, limit: self.limits.handshake })
    }
}

impl WebSocket {
    /// Sends a binary message.
    ///
    /// # Errors
    /// [`HttpError::Interrupted`] or [`HttpError::Timeout`].
    pub async fn send(&mut self, message: Vec<u8>) -> Result<(), HttpError> {
        let sent = timeout(self.limit, self.socket.send(Message::Binary(message.into()))).await;
        sent.map_err(|_| HttpError::Timeout)?.map_err(|error| failed(&error))
    }

    /// Waits for a binary message; `None` when the server has closed. Nothing is lost when the wait is
    /// dropped.
    ///
    /// # Errors
    /// [`HttpError::Interrupted`], or [`HttpError::TooLarge`] for a message that no real one is as large as.
    pub async fn receive(&mut self) -> Result<Option<Bytes>, HttpError> {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Binary(message))) => return Ok(Some(message)),
                // Pings are answered by the library.
                Some(Ok(Message::Text(_) | Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close { .. })) | None => return Ok(None),
                Some(Err(error)) => return Err(failed(&error)),
            }
        }
    }
}

/// What a failure of the libraries means.
fn failed(error: &reqwest_websocket::Error) -> HttpError {
    match error {
        reqwest_websocket::Error::Reqwest(error) => classify(error),
        reqwest_websocket::Error::Tungstenite(tungstenite::Error::Capacity(_)) => HttpError::TooLarge,
        _ => HttpError::Interrupted,
    }
}

impl fmt::Debug for WebSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebSocket")
    }
}
