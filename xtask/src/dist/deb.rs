//! A package for Debian and Ubuntu, as the crate's `Cargo.toml` describes it.
//!
//! By cargo-deb and not by Tauri's bundler, which knows nothing of manual pages, completions, changelog and copyright,
//! and takes no library's version from what the program links: `dpkg-shlibdeps` does.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::{Product, VERSION};
use crate::packages::CARGO_DEB;
use crate::reproducible;
use crate::steps::{Steps, succeed};

/// Debian's own version of the package, counted up when only the package changes.
const REVISION: &str = "1";

/// Makes it.
///
/// # Errors
/// When something that goes into it is missing.
pub(super) fn build(steps: &mut Steps, product: Product, out: &Path) -> Result<PathBuf> {
    let mut cargo_deb = CARGO_DEB.command(steps)?;
    steps.step(&format!("{}: Debian package", product.name), || {
        let path = out.join(format!("{}_{VERSION}-{REVISION}_amd64.deb", product.name));
        cargo_deb.args(["--locked", "--no-build", "--no-strip", "--quiet", "--package", product.name]);
        cargo_deb.args(["--deb-revision", REVISION]).arg("--output").arg(&path);
        reproducible::at_commit_time(&mut cargo_deb)?;
        succeed(&mut cargo_deb)?;
        Ok(path)
    })
}
