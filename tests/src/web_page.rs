//! A page on an origin of its own, in a browser without a window, and what the page says. For `api_clients.rs`.

use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

use crate::eventually::until;

/// The origin of a page, and what that has said. Dropping it is its end.
#[derive(Debug)]
pub struct WebPage {
    address: SocketAddr,
    html: Arc<Mutex<String>>,
    said: Arc<Mutex<Vec<Value>>>,
    serving: JoinHandle<()>,
}

/// A browser that shows it. Dropping it closes it.
#[derive(Debug)]
pub struct OpenedPage {
    _browser: Child,
    _profile: tempfile::TempDir,
}

impl WebPage {
    /// Serves an empty page.
    ///
    /// # Errors
    /// When there is no port.
    pub async fn serve() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let said = Arc::<Mutex<Vec<Value>>>::default();
        let html = Arc::<Mutex<String>>::default();
        let (heard, shown) = (Arc::clone(&said), Arc::clone(&html));
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // A browser opens connections that it does not use.
                let (shown, heard) = (Arc::clone(&shown), Arc::clone(&heard));
                tokio::spawn(async move { drop(answer(stream, &shown, &heard).await) });
            }
        });
        Ok(Self { address, html, said, serving })
    }

    /// Its origin.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Opens it in Chromium with this in it.
    ///
    /// # Errors
    /// When there is no Chromium (Debian: chromium).
    pub fn open(&self, html: String) -> Result<OpenedPage> {
        *self.html.lock().unwrap_or_else(PoisonError::into_inner) = html;
        let profile = tempfile::tempdir()?;
        let mut command = Command::new("chromium");
        command.args([
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--no-proxy-server",
        ]);
        command.arg(format!("--user-data-dir={}", profile.path().display()));
        command.arg(self.origin());
        command.env("HOME", profile.path()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let browser = command.kill_on_drop(true).spawn().context("chromium is needed (Debian: chromium)")?;
        Ok(OpenedPage { _browser: browser, _profile: profile })
    }

    /// Waits until the page says that it is at a step.
    ///
    /// # Errors
    /// When it says something else for too long.
    pub async fn wait_for(&self, step: &str) -> Result<Value> {
        until(format!("the page to say {step}"), || async {
            let said = self.said();
            let found = said.iter().find(|one| one["step"] == step).cloned();
            found.with_context(|| format!("it says {said:?}"))
        })
        .await
    }

    /// All that it has said.
    pub fn said(&self) -> Vec<Value> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for WebPage {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn answer(stream: TcpStream, html: &Mutex<String>, said: &Mutex<Vec<Value>>) -> Result<()> {
    let mut stream = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        anyhow::ensure!(stream.read_line(&mut head).await? > 0, "it is gone");
    }
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).await?;
    let text = if head.starts_with("POST") {
        said.lock().unwrap_or_else(PoisonError::into_inner).push(serde_json::from_slice(&body)?);
        String::new()
    } else {
        html.lock().unwrap_or_else(PoisonError::into_inner).clone()
    };
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/html; charset=utf-8\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{text}",
        text.len()
    );
    stream.write_all(answer.as_bytes()).await?;
    Ok(stream.flush().await?)
}
