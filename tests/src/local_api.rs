//! `tunekey serve` on a server's profile, and the clients of its API: over HTTP, and over bare sockets for what no
//! client sends. For `local_api.rs`, `local_api_attacks.rs` and `api_clients.rs`.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use nix::sys::signal::Signal;
use reqwest::{Method, Response};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::cli::Cli;
use crate::server::Server;

/// How long an answer, or the next event, may take.
const LIMIT: Duration = Duration::from_secs(60);

/// What starts it on a port that is free.
pub const SERVE: [&str; 4] = ["--json", "serve", "--listen", "127.0.0.1:0"];

/// The API while it runs.
#[derive(Debug)]
pub struct LocalApi {
    /// Where it is, as `http://127.0.0.1:PORT`.
    pub address: String,
    cli: Cli,
    client: reqwest::Client,
}

impl LocalApi {
    /// Starts it on a port that is free.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn start(server: &Server, options: &[&str]) -> Result<Self> {
        Self::started(server.start_cli(&[&SERVE, options].concat())?).await
    }

    /// The API of a command that was started with [`SERVE`].
    ///
    /// # Errors
    /// When it does not start.
    pub async fn started(mut cli: Cli) -> Result<Self> {
        let first = cli.next_line().await?;
        ensure!(first["event"] == "serving", "it begins with {first}");
        let address = first["address"].as_str().context("no address")?.to_owned();
        // Something else of the test may have chosen one already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().build()?;
        Ok(Self { address, cli, client })
    }

    /// Its port.
    ///
    /// # Errors
    /// When its address has none.
    pub fn port(&self) -> Result<u16> {
        let port = self.address.rsplit(':').next().context("no port")?;
        Ok(port.parse()?)
    }

    /// Asks something as the bearer of a token, with a body in JSON if there is one.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        token: &str,
        body: Option<Value>,
    ) -> Result<Response> {
        let mut request = self.client.request(method, format!("{}{path}", self.address)).bearer_auth(token);
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        Ok(tokio::time::timeout(LIMIT, request.send()).await.context("no answer")??)
    }

    /// What a path answers to the bearer of a token: its status, and its body in JSON.
    ///
    /// # Errors
    /// When it is no JSON.
    pub async fn get(&self, path: &str, token: &str) -> Result<(u16, Value)> {
        answered(self.send(Method::GET, path, token, None).await?).await
    }

    /// The same for what changes something.
    ///
    /// # Errors
    /// When it is no JSON.
    pub async fn post(&self, path: &str, token: &str, body: Value) -> Result<(u16, Value)> {
        answered(self.send(Method::POST, path, token, Some(body)).await?).await
    }

    /// The stream at an address, as an `EventSource` opens it: without a token in a header.
    ///
    /// # Errors
    /// When it is no stream.
    pub async fn events(&self, path: &str, last: Option<&str>) -> Result<Events> {
        let mut request = self.client.get(format!("{}{path}", self.address));
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        Events::of(request).await
    }

    /// The stream of a path for the bearer of a token.
    ///
    /// # Errors
    /// When it is no stream.
    pub async fn follow(&self, path: &str, token: &str) -> Result<Events> {
        Events::of(self.client.get(format!("{}{path}", self.address)).bearer_auth(token)).await
    }

    /// The status that a path answers with to whoever has lost a stream after that event.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn reconnect(&self, path: &str, last: &str) -> Result<u16> {
        let request = self.client.get(format!("{}{path}", self.address)).header("last-event-id", last);
        Ok(request.send().await?.status().as_u16())
    }

    /// The id of its process.
    ///
    /// # Errors
    /// When it has ended.
    pub fn process(&self) -> Result<u32> {
        self.cli.id().context("it has ended")
    }

    /// How much memory it uses now, in bytes.
    ///
    /// # Errors
    /// When it has ended.
    pub fn memory(&self) -> Result<u64> {
        self.cli.memory().context("it has ended")
    }

    /// What a path answers to whoever bears no token.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn get_without_token(&self, path: &str) -> Result<u16> {
        let request = self.client.get(format!("{}{path}", self.address));
        Ok(tokio::time::timeout(LIMIT, request.send()).await.context("no answer")??.status().as_u16())
    }

    /// The command that serves it.
    pub fn into_cli(self) -> Cli {
        self.cli
    }

    /// Asks it to end, and waits until it has.
    ///
    /// # Errors
    /// When it does not.
    pub async fn stop(self, server: &Server) -> Result<()> {
        self.cli.signal(Signal::SIGTERM)?;
        server.finish(self.cli).await?.succeeded().map(drop)
    }
}

async fn answered(response: Response) -> Result<(u16, Value)> {
    let status = response.status().as_u16();
    let text = tokio::time::timeout(LIMIT, response.text()).await.context("the answer does not end")??;
    if text.is_empty() {
        return Ok((status, Value::Null));
    }
    Ok((status, serde_json::from_str(&text).with_context(|| format!("{status} is no JSON: {text}"))?))
}

/// Makes a token.
///
/// # Errors
/// When the command line makes none.
pub async fn token(server: &Server, name: &str, scopes: &str) -> Result<String> {
    let made = server.object(&["--json", "token", "add", name, "--scope", scopes]).await?;
    Ok(made["token"].as_str().context("no token")?.to_owned())
}

/// An event of a stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerEvent {
    /// Its id.
    pub id: String,
    /// Its name.
    pub event: String,
    /// Its data.
    pub data: String,
}

impl ServerEvent {
    /// Its data as JSON.
    ///
    /// # Errors
    /// When it is none.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_str(&self.data).context("it is no JSON")
    }
}

/// A stream of events while it is open.
#[derive(Debug)]
pub struct Events {
    response: Response,
    /// What has come of the next events: a piece may end within a character.
    read: Vec<u8>,
}

impl Events {
    async fn of(request: reqwest::RequestBuilder) -> Result<Self> {
        let response = tokio::time::timeout(LIMIT, request.send()).await.context("no answer")??;
        let status = response.status();
        let kind =
            response.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        ensure!(status == 200 && kind.starts_with("text/event-stream"), "it answers {status} with {kind}");
        Ok(Self { response, read: Vec::new() })
    }

    /// The next event; `None` when the stream has ended.
    ///
    /// # Errors
    /// When none comes.
    pub async fn next(&mut self) -> Result<Option<ServerEvent>> {
        loop {
            if let Some(end) = self.read.windows(2).position(|two| two == b"\n\n") {
                let block: Vec<u8> = self.read.drain(..end + 2).collect();
                match parsed(std::str::from_utf8(&block)?) {
                    Some(event) => return Ok(Some(event)),
                    // A comment that keeps it alive.
                    None => continue,
                }
            }
            let chunk =
                tokio::time::timeout(LIMIT, self.response.chunk()).await.context("no event comes")??;
            let Some(chunk) = chunk else { return Ok(None) };
            self.read.extend_from_slice(&chunk);
        }
    }

    /// The next event, which there must be.
    ///
    /// # Errors
    /// When the stream has ended.
    pub async fn expect(&mut self) -> Result<ServerEvent> {
        self.next().await?.context("the stream has ended")
    }
}

/// An event as the HTML standard has it parsed.
fn parsed(block: &str) -> Option<ServerEvent> {
    let mut event = ServerEvent { event: "message".to_owned(), ..ServerEvent::default() };
    let mut data = Vec::new();
    for line in block.lines() {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "data" => data.push(value),
            "id" => value.clone_into(&mut event.id),
            "event" => value.clone_into(&mut event.event),
            _ => {}
        }
    }
    event.data = data.join("\n");
    (!data.is_empty()).then_some(event)
}

/// What comes back for bytes that are sent as they are: its head, in small letters.
///
/// # Errors
/// When nothing can be sent.
pub async fn raw(port: u16, bytes: &[u8]) -> Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    // Whoever is refused early may find the other end closed.
    drop(stream.write_all(bytes).await);
    let mut answer = Vec::new();
    let mut buffer = [0; 2048];
    let read = async {
        while !answer.windows(4).any(|end| end == b"\r\n\r\n") {
            match stream.read(&mut buffer).await {
                Ok(0) | Err(_) => break,
                Ok(length) => answer.extend_from_slice(&buffer[..length]),
            }
        }
    };
    tokio::time::timeout(LIMIT, read).await.context("no answer comes")?;
    let text = String::from_utf8_lossy(&answer).into_owned();
    Ok(text.split("\r\n\r\n").next().unwrap_or_default().to_ascii_lowercase())
}
