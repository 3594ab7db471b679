//! The simulator as a program: prints where it is as one line of JSON, and runs until it is stopped.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;
use tunekey_simulator::{AutoConfirm, Options, Settings, Simulator};

/// Simulates QQ Music and NetEase Cloud Music on loopback, behind an HTTP proxy.
#[derive(Debug, Parser)]
#[command(name = "tunekey-simulator", version)]
struct Arguments {
    /// Where the proxy listens; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Where the phone page and the control API listen; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:0")]
    control: SocketAddr,
    /// Where to write the certificate that clients have to trust (PEM)
    #[arg(long, value_name = "FILE")]
    ca_out: PathBuf,
    /// Scan and confirm every code after these delays, such as scan=1s,confirm=1s
    #[arg(long, value_name = "DELAYS")]
    auto: Option<AutoConfirm>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let mut options =
        Options::default().with_settings(Settings { auto: arguments.auto, ..Settings::default() });
    options.listen = arguments.listen;
    options.control = arguments.control;
    options.ca_out = Some(arguments.ca_out.clone());
    let mut running = Simulator::start(options).await?;
    let ready = serde_json::json!({
        "proxy": running.proxy_url, "control": running.control_url, "ca": arguments.ca_out,
    });
    let mut out = std::io::stdout();
    writeln!(out, "{ready}")?;
    out.flush()?;
    tokio::select! {
        () = running.asked_to_stop() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    Ok(())
}
