//! The command line of the app. `main.rs`, `app.rs` and `single_instance.rs` read it.

use std::path::PathBuf;

use clap::Parser;
use tracing::level_filters::LevelFilter;

/// The arguments. None of them changes where credentials are sent.
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
    pub(crate) log: Option<LevelFilter>,
}
