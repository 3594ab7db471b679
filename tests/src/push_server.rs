//! A server of the person's own that takes messages and cookies on loopback, and remembers them. For `notify.rs` and
//! `cookie_cloud.rs`.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::eventually::until;

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Received {
    /// Such as `POST`.
    pub method: String,
    /// With the query.
    pub path: String,
    /// Everything of it, as text.
    pub text: String,
    /// Its body; null when that is no JSON.
    pub json: Value,
}

/// The server. Dropping it is its end.
#[derive(Debug)]
pub struct PushServer {
    address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
    serving: JoinHandle<()>,
}

impl Drop for PushServer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl PushServer {
    /// Starts one that answers every request with success and an empty JSON object.
    ///
    /// # Errors
    /// When there is no port.
    pub async fn start() -> Result<Self> {
        Self::start_with(|_| (200, "{}".to_owned())).await
    }

    /// Starts one that answers each request with a status and a body; with the status 0 it ends the connection instead.
    ///
    /// # Errors
    /// When there is no port.
    pub async fn start_with(
        answer: impl Fn(&Received) -> (u16, String) + Send + Sync + 'static,
    ) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let received = Arc::<Mutex<Vec<Received>>>::default();
        let remembered = Arc::clone(&received);
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                if let Ok(request) = serve(stream, &answer).await {
                    remembered.lock().unwrap_or_else(PoisonError::into_inner).push(request);
                }
            }
        });
        Ok(Self { address, received, serving })
    }

    /// Its address, without encryption.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its host and port.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// All that came so far.
    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The titles of the messages that came so far.
    pub fn titles(&self) -> Vec<String> {
        self.received().iter().filter_map(|one| one.json["title"].as_str().map(str::to_owned)).collect()
    }

    /// Waits for a message whose title contains this text.
    ///
    /// # Errors
    /// When none comes. The error lists those that did.
    pub async fn wait_for(&self, title: &str) -> Result<()> {
        until(format!("a message “{title}”"), || async {
            let titles = self.titles();
            ensure!(titles.iter().any(|one| one.contains(title)), "there are {titles:?}");
            Ok(())
        })
        .await
    }
}

/// Answers the one request of a connection.
async fn serve(stream: TcpStream, answer: impl Fn(&Received) -> (u16, String)) -> Result<Received> {
    let mut stream = BufReader::new(stream);
    let mut text = String::new();
    stream.read_line(&mut text).await?;
    let mut words = text.split(' ').map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().context("no path")?);
    let mut length = 0;
    loop {
        let mut line = String::new();
        ensure!(stream.read_line(&mut line).await? > 0, "it ends in its head");
        text.push_str(&line);
        match line.to_ascii_lowercase().trim_end().split_once(": ") {
            Some(("content-length", value)) => length = value.parse()?,
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    text.push_str(&String::from_utf8_lossy(&body));
    let received = Received { method, path, text, json: serde_json::from_slice(&body).unwrap_or_default() };
    let (status, body) = answer(&received);
    if status == 0 {
        return Ok(received);
    }
    let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    stream.write_all(format!("{head}{body}").as_bytes()).await?;
    stream.shutdown().await?;
    Ok(received)
}
