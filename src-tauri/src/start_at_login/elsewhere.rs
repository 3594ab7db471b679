//! The lists of Windows (the user's `Run` key) and macOS (a launch agent).

use std::io::{Error, Result};

use auto_launch::{AutoLaunch, AutoLaunchBuilder, MacOSLaunchMode, WindowsEnableMode};

use super::Entry;

pub(super) fn is_on(entry: &Entry) -> Result<bool> {
    launch(entry)?.is_enabled().map_err(Error::other)
}

pub(super) fn add(entry: &Entry) -> Result<()> {
    launch(entry)?.enable().map_err(Error::other)
}

pub(super) fn remove(entry: &Entry) -> Result<()> {
    launch(entry)?.disable().map_err(Error::other)
}

fn launch(entry: &Entry) -> Result<AutoLaunch> {
    let arguments: Vec<String> = entry.arguments.iter().map(|argument| as_written(argument)).collect();
    AutoLaunchBuilder::new()
        .set_app_name(&entry.name)
        .set_app_path(&as_written(&entry.program.to_string_lossy()))
        .set_args(&arguments)
        .set_macos_launch_mode(MacOSLaunchMode::LaunchAgent)
        .set_windows_enable_mode(WindowsEnableMode::CurrentUser)
        .build()
        .map_err(Error::other)
}

/// A part of the command line as the list has it: Windows's is one text, in which the library quotes nothing.
fn as_written(part: &str) -> String {
    if cfg!(windows) && part.contains(' ') { format!("\"{part}\"") } else { part.to_owned() }
}
