//! A wire between a program and a server that can be cut, or hold back what is sent. For `shared_store.rs`.

use std::net::Ipv4Addr;

use anyhow::Result;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

/// How the wire is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// Whole.
    Whole,
    /// Cut: every connection is closed, and new ones are closed at once.
    Cut,
    /// Silent: what is sent arrives nowhere until it is whole again, and nobody is told.
    Silent,
}

/// A wire.
#[derive(Debug)]
pub struct TcpProxy {
    port: u16,
    state: watch::Sender<Wire>,
    _accepts: AbortOnDropHandle<()>,
}

impl TcpProxy {
    /// A wire to a port of this computer.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn start(to: u16) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let (state, seen) = watch::channel(Wire::Whole);
        let accepts = AbortOnDropHandle::new(tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let seen = seen.clone();
                tokio::spawn(async move { serve(client, to, seen).await });
            }
        }));
        Ok(Self { port, state, _accepts: accepts })
    }

    /// Where it begins.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Makes it whole, cut or silent.
    pub fn set(&self, wire: Wire) {
        self.state.send_replace(wire);
    }
}

/// Carries one connection until either end, or the wire, closes it.
async fn serve(client: TcpStream, to: u16, mut wire: watch::Receiver<Wire>) {
    if *wire.borrow() == Wire::Cut {
        return;
    }
    let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, to)).await else { return };
    let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
    tokio::select! {
        () = carry(from_client, to_server, wire.clone()) => {}
        () = carry(from_server, to_client, wire.clone()) => {}
        _ = wire.wait_for(|wire| *wire == Wire::Cut) => {}
    }
}

/// Carries what comes from one end to the other, as long as the wire is not silent.
async fn carry(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut wire: watch::Receiver<Wire>,
) {
    let mut bytes = vec![0; 16 * 1024];
    loop {
        let Ok(length @ 1..) = from.read(&mut bytes).await else { return };
        if wire.wait_for(|wire| *wire != Wire::Silent).await.is_err() {
            return;
        }
        if to.write_all(&bytes[..length]).await.is_err() {
            return;
        }
    }
}
