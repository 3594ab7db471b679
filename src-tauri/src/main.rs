//! TuneKey's window, tray and clipboard: an adapter over the core, and the only crate that knows the UI toolkit.
#![cfg_attr(all(windows, not(debug_assertions)), windows_subsystem = "windows")]

mod alerts;
mod app;
mod clipboard;
mod close_to_tray;
#[cfg(target_os = "linux")]
mod color_scheme;
mod commands;
mod copying;
mod core_events;
mod dialog;
mod events;
#[cfg(test)]
mod fixtures;
mod notification;
mod official_page;
mod pace;
#[cfg(target_os = "linux")]
mod painting;
mod preferences;
mod renewal;
#[cfg(target_os = "linux")]
mod response_policy;
mod shutdown;
mod sign_in;
mod single_instance;
mod text_file;
mod tray;
mod tray_host;
mod window;
mod words;

use std::alloc::System;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tunekey_core::{Language, hardening};
use zeroizing_alloc::ZeroAlloc;

use crate::app::Refusal;

/// Memory is wiped when it is freed or moved: a credential passes through buffers of HTTP, TLS, D-Bus and JSON that are
/// not ours to wipe one by one.
#[global_allocator]
static WIPING: ZeroAlloc<System> = ZeroAlloc(System);

/// What can be said when the app is started. Nothing here changes where credentials are sent.
#[derive(Debug, Parser)]
#[command(name = "tunekey-desktop", version, about = "TuneKey's window and tray")]
pub(crate) struct Args {
    /// Keep the accounts, the settings and the window's own files in this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) profile: Option<PathBuf>,
    /// Start in the tray, without a window
    #[arg(long)]
    pub(crate) hidden: bool,
    /// Log to standard error: error, warn, info, debug or trace
    #[arg(long, value_name = "LEVEL")]
    log: Option<LevelFilter>,
}

fn main() -> ExitCode {
    let hardened = hardening::harden();
    let args = Args::parse();
    if let Some(level) = args.log {
        log_to_stderr(level);
    }
    hardening::log_failure(hardened);
    #[cfg(target_os = "linux")]
    painting::on_the_cpu();
    match app::run(args) {
        Ok(code) => code,
        Err(Refusal::Profile(problem)) => {
            say(&problem.to_string());
            // Started from a menu, nobody reads standard error.
            let language = Language::from_locale(&words::system_locale());
            rfd::MessageDialog::new()
                .set_level(rfd::MessageLevel::Error)
                .set_title("TuneKey")
                .set_description(problem.message(language))
                .show();
            ExitCode::FAILURE
        }
        Err(Refusal::System(error)) => {
            say(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

fn say(why: &str) {
    // Nobody may be reading: that is no reason to fail differently.
    let _ = writeln!(std::io::stderr(), "tunekey-desktop: {why}");
}

/// Only our own crates are heard: an HTTP or D-Bus library at `trace` would write headers and message bodies,
/// and with them the secrets.
fn log_to_stderr(level: LevelFilter) {
    let ours = Targets::new().with_target("tunekey_core", level).with_target("tunekey_desktop", level);
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    tracing_subscriber::registry().with(layer).with(ours).init();
}
