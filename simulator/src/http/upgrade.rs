//! What a connection is used for once it speaks HTTP no more (RFC 9110 §7.8). A service implements it, the proxy runs
//! it.

use std::fmt::Debug;
use std::pin::Pin;
use std::sync::atomic::AtomicBool;

use hyper::upgrade::Upgraded;

/// A session on an upgraded connection, such as a WebSocket.
pub(crate) trait Upgrade: Debug + Send {
    /// Runs the session until one of both sides ends it. To end the connection with a reset it sets `reset`.
    fn run<'a>(
        self: Box<Self>,
        connection: Upgraded,
        reset: &'a AtomicBool,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>>;
}
