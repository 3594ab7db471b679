//! The TypeScript declarations of what crosses to the web UI: written, and compared with what is committed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::build::{cargo, workspace};
use crate::steps::{Steps, succeed};

const COMMITTED: &str = "ui/src/host/bindings";
/// Where those are that are compared with them.
const FRESH: &str = "target/bindings";
/// Where the library that writes them looks for the folder.
pub(crate) const FOLDER: &str = "TS_RS_EXPORT_DIR";
/// What the tests that write them are built with.
pub(crate) const FEATURES: &str =
    "tunekey-services/typescript,tunekey-core/typescript,tunekey-desktop/typescript";

/// Writes them where the UI reads them.
///
/// # Errors
/// When they cannot be generated.
pub(crate) fn write(steps: &mut Steps) -> Result<()> {
    steps.step("bindings", || generate(&workspace().join(COMMITTED)))
}

/// An empty folder where tests that are built with [`FEATURES`] write them on their way, when [`FOLDER`] names it, for
/// [`compare`]: compiling everything once more for them alone would take minutes.
///
/// # Errors
/// When there is no place for them.
pub(crate) fn fresh_folder() -> Result<PathBuf> {
    let fresh = workspace().join(FRESH);
    let _ = std::fs::remove_dir_all(&fresh);
    std::fs::create_dir_all(&fresh)?;
    Ok(fresh)
}

/// Compares the committed ones with what tests have written into the [fresh folder](fresh_folder).
///
/// # Errors
/// When they differ, with the names of the files.
pub(crate) fn compare(steps: &mut Steps) -> Result<()> {
    steps.step("bindings are as the types say", || {
        let (fresh, committed) = (contents(&workspace().join(FRESH))?, contents(Path::new(COMMITTED))?);
        let names = fresh.keys().chain(committed.keys()).collect::<std::collections::BTreeSet<_>>();
        let differ: Vec<String> = names
            .into_iter()
            .filter(|name| fresh.get(*name) != committed.get(*name))
            .map(|name| name.display().to_string())
            .collect();
        if !differ.is_empty() {
            bail!("out of date: {}. Run `cargo xtask bindings` and commit.", differ.join(", "));
        }
        Ok(())
    })
}

fn generate(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    for package in ["tunekey-services", "tunekey-core", "tunekey-desktop"] {
        let mut export = cargo(&["test", "--quiet", "--package", package, "--features", "typescript"]);
        // Not `--lib`: the desktop's types may live in its program.
        export.args(["export_bindings"]).env(FOLDER, folder).stdout(std::process::Stdio::null());
        succeed(&mut export)?;
    }
    Ok(())
}

/// Every declaration, by its path in the folder.
fn contents(folder: &Path) -> Result<BTreeMap<PathBuf, String>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(at) = folders.pop() {
        for entry in std::fs::read_dir(&at).with_context(|| format!("cannot read {}", at.display()))? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "ts") {
                let name = path.strip_prefix(folder).unwrap_or(&path).to_owned();
                found.insert(name, std::fs::read_to_string(&path)?.replace("\r\n", "\n"));
            }
        }
    }
    Ok(found)
}
