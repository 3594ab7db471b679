//! TuneKey's window, tray and clipboard: an adapter over the core, and the only crate that knows the UI toolkit.
//!
//! Each part keeps its own state, which Tauri manages by its type; a part asks the app for the states that it needs. A
//! file uses only files below it, from the top down:
//!
//! 1. `app` puts the parts together and passes on what happens to the window.
//! 2. `commands`, called by the page; then `tray`.
//! 3. `copying`, `close_to_tray` and `alerts`; then `shutdown`; then `sign_in`.
//! 4. `notification`, `official_page`, `dialog`, `local_api` and `single_instance`; then `window`; then `events`.
//! 5. `preferences`, `clipboard`, `browser` and `text`; then `api_status`, and what only one or two files use.
#![cfg_attr(all(windows, not(debug_assertions)), windows_subsystem = "windows")]

mod alerts;
mod api_status;
mod app;
mod args;
mod browser;
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
mod local_api;
mod notification;
mod official_page;
mod preferences;
mod rate_limit;
mod renewal;
#[cfg(target_os = "linux")]
mod response_policy;
mod shutdown;
mod sign_in;
mod single_instance;
mod start_at_login;
mod system_events;
mod target_secrets;
mod text;
mod text_file;
mod tray;
mod tray_host;
#[cfg(target_os = "linux")]
mod webkit_env;
mod window;

use std::alloc::System;
use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tunekey_core::{LOG_TARGETS, Language, hardening};
use zeroizing_alloc::ZeroAlloc;

use crate::app::StartError;
use crate::args::Args;

/// Memory is wiped when it is freed or moved: a credential passes through buffers of HTTP, TLS, D-Bus and JSON that are
/// not ours to wipe one by one.
#[global_allocator]
static WIPING: ZeroAlloc<System> = ZeroAlloc(System);

fn main() -> ExitCode {
    let hardened = hardening::harden();
    let args = Args::parse();
    if let Some(level) = args.log {
        log_to_stderr(level);
    }
    hardening::log_failure(hardened);
    #[cfg(target_os = "linux")]
    webkit_env::paint_on_cpu();
    match app::run(args) {
        Ok(code) => code,
        Err(error) => {
            report(&error, Language::from_locale(&text::system_locale()));
            ExitCode::FAILURE
        }
    }
}

/// Says why the app did not start: on standard error, and because nobody reads that when it was started from a menu, in
/// a dialog.
fn report(error: &StartError, language: Language) {
    match error {
        StartError::Profile(problem) => {
            print_error(&problem.to_string());
            show_error(&problem.message(language));
        }
        StartError::NoWebView => {
            print_error(text::no_web_view(Language::English));
            show_error(text::no_web_view(language));
            if let Err(problem) = browser::open(text::WEB_VIEW_PAGE) {
                tracing::warn!(%problem, "the page was not opened");
            }
        }
        StartError::System(error) => {
            print_error(error);
            // On Linux what is missing is the display that a dialog would be on.
            if cfg!(not(target_os = "linux")) {
                show_error(&text::not_started(error, language));
            }
        }
    }
}

fn show_error(text: &str) {
    rfd::MessageDialog::new()
        .set_level(rfd::MessageLevel::Error)
        .set_title("TuneKey")
        .set_description(text)
        .show();
}

fn print_error(error: &str) {
    // Standard error may be closed: that is no reason to fail differently.
    let _ = writeln!(std::io::stderr(), "tunekey-desktop: {error}");
}

/// Logs our own crates only: an HTTP or D-Bus library at `trace` would write headers and message bodies,
/// and with them the secrets.
fn log_to_stderr(level: LevelFilter) {
    let ours = LOG_TARGETS
        .into_iter()
        .chain([tunekey_api::LOG_TARGET, "tunekey_desktop"])
        .map(|target| (target, level));
    let ours = Targets::new().with_targets(ours);
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    tracing_subscriber::registry().with(layer).with(ours).init();
}
