//! `cargo xtask dist`: what a release offers, in `target/dist`.

mod windows;

use std::path::Path;

use anyhow::Result;

use crate::steps::{Steps, say};

/// Where everything is put.
const FOLDER: &str = "target/dist";

/// Builds the packages for Windows.
///
/// # Errors
/// When a step fails.
pub(crate) fn windows(steps: &mut Steps) -> Result<()> {
    for package in windows::build(steps, Path::new(FOLDER))? {
        say(&format!("    {}", package.display()));
    }
    Ok(())
}
