//! A package for Fedora, openSUSE and their like, as the crate's `Cargo.toml` describes it.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use cargo_metadata::MetadataCommand;

use super::{Product, VERSION};
use crate::packages::CARGO_GENERATE_RPM;
use crate::reproducible;
use crate::steps::{Steps, succeed};

/// Makes it.
///
/// # Errors
/// When something that goes into it is missing.
pub(super) fn build(steps: &mut Steps, product: Product, out: &Path) -> Result<PathBuf> {
    let mut generate = CARGO_GENERATE_RPM.command(steps)?;
    steps.step(&format!("{}: RPM package", product.name), || {
        let path = out.join(format!("{}-{VERSION}-1.x86_64.rpm", product.name));
        generate.args(["--package", product.folder]);
        // What the program itself links, by the libraries' names, which every distribution has. The tool's own way would
        // name the libraries of libraries, too, as they are here.
        generate.args(["--auto-req", "find-requires"]);
        generate.arg("--output").arg(&path);
        reproducible::at_commit_time(&mut generate)?;
        // Of the files' own times it lowers those after the commit's, and keeps those before.
        let crates = MetadataCommand::new().no_deps().other_options(["--locked".to_owned()]).exec()?;
        let package = crates.packages.iter().find(|package| package.name.as_str() == product.name);
        let metadata = &package.context("there is no such crate")?.metadata;
        let assets =
            metadata["generate-rpm"]["assets"].as_array().context("the package has nothing in it")?;
        reproducible::not_before_commit(assets.iter().filter_map(|asset| asset["source"].as_str()))?;
        succeed(&mut generate)?;
        Ok(path)
    })
}
