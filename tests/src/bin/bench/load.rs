//! Clients of the local API that ask as fast as they are answered, over connections that stay.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// A connection and what has come of the next answer.
struct Connection {
    stream: TcpStream,
    read: Vec<u8>,
}

/// How long each answer took, shortest first, when this many ask the same for so long.
///
/// # Errors
/// When one is answered with anything but success.
pub(crate) async fn latencies(
    port: u16,
    request: &str,
    clients: usize,
    time: Duration,
) -> Result<Vec<Duration>> {
    let mut asking = JoinSet::new();
    let until = Instant::now() + time;
    for _ in 0..clients {
        let request = request.to_owned();
        asking.spawn(async move {
            let stream = TcpStream::connect(("127.0.0.1", port)).await?;
            stream.set_nodelay(true)?;
            let mut connection = Connection { stream, read: Vec::with_capacity(16 * 1024) };
            let mut took = Vec::new();
            while Instant::now() < until {
                let asked = Instant::now();
                connection.ask(&request).await?;
                took.push(asked.elapsed());
            }
            anyhow::Ok(took)
        });
    }
    let mut all = Vec::new();
    for took in asking.join_all().await {
        all.extend(took?);
    }
    all.sort();
    Ok(all)
}

/// Opens a stream of events, and waits for its first event. It stays open until it is dropped.
///
/// # Errors
/// When it is refused, or ends.
pub(crate) async fn stream(port: u16, request: &str) -> Result<TcpStream> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.write_all(request.as_bytes()).await?;
    let (mut read, mut buffer) = (Vec::new(), [0; 4096]);
    let first = async {
        while !contains(&read, b"\ndata:") {
            let length = stream.read(&mut buffer).await?;
            ensure!(length > 0, "it ended: {}", String::from_utf8_lossy(&read));
            read.extend_from_slice(&buffer[..length]);
        }
        Ok(())
    };
    tokio::time::timeout(Duration::from_secs(60), first).await.context("no event comes")??;
    ensure!(read.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&read));
    Ok(stream)
}

impl Connection {
    async fn ask(&mut self, request: &str) -> Result<()> {
        self.stream.write_all(request.as_bytes()).await?;
        self.read.clear();
        let mut buffer = [0; 8192];
        loop {
            let length = self.stream.read(&mut buffer).await?;
            ensure!(length > 0, "the connection ended");
            self.read.extend_from_slice(&buffer[..length]);
            let Some(head) = self.read.windows(4).position(|end| end == b"\r\n\r\n") else { continue };
            let text = String::from_utf8_lossy(&self.read[..head]).to_ascii_lowercase();
            if !text.starts_with("http/1.1 200") {
                bail!("it answers {text}");
            }
            let body = text.lines().find_map(|line| line.strip_prefix("content-length: "));
            let body: usize = body.context("no length")?.trim().parse()?;
            if self.read.len() >= head + 4 + body {
                return Ok(());
            }
        }
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
