//! The manual pages and the shells' completions, from the programs' own definitions of their arguments.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::{DESKTOP, PARTS};
use crate::build::{self, Profile, cargo};
use crate::steps::{Steps, command, succeed};

/// The manual of the app, which has three options.
const DESKTOP_PAGE: &str = "packaging/linux/tunekey-desktop.1";

/// Where the pages and completions of the command line are.
pub(super) fn folder() -> PathBuf {
    Path::new(PARTS).join("manual")
}

/// Writes them, the pages also as packages have them: compressed.
///
/// # Errors
/// When they cannot be written.
pub(super) fn write(steps: &mut Steps) -> Result<()> {
    steps.step("manual and completions", || {
        // With the features of the whole workspace, as the tests build it: these crates are then built once for both.
        succeed(&mut cargo(&["build", "--quiet", "--workspace", "--example", "manual"]))?;
        let generator = build::folder(Profile::Debug)?.join("examples/manual");
        succeed(command(generator).arg(folder()))?;
        let page = DESKTOP.parts().join("tunekey-desktop.1");
        std::fs::create_dir_all(DESKTOP.parts())?;
        std::fs::copy(DESKTOP_PAGE, &page)?;
        compress(pages()?.into_iter().chain([page]))
    })
}

/// The pages of the command line.
pub(super) fn pages() -> Result<Vec<PathBuf>> {
    let mut pages = Vec::new();
    for entry in std::fs::read_dir(folder())? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "1") {
            pages.push(path);
        }
    }
    pages.sort();
    Ok(pages)
}

/// Writes a compressed copy of each file beside it, without its name and time.
pub(super) fn compress(files: impl IntoIterator<Item = PathBuf>) -> Result<()> {
    succeed(command("gzip").args(["--best", "--no-name", "--keep", "--force"]).args(files))
}
