//! The bills of materials, in CycloneDX: which crates are in a program, and which npm packages its web UI is made of.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::{DESKTOP, Product, VERSION, manual};
use crate::build::{Tool, workspace};
use crate::packages::CARGO_CYCLONEDX;
use crate::reproducible::{self, WORKSPACE};
use crate::steps::{Steps, command, output, succeed, write as write_file};

/// The bill's name while the tool writes it into the folder of every crate.
const WRITTEN: &str = "tunekey-bill-of-materials";

/// The crates whose folders the tool writes a bill into.
const CRATES: [&str; 10] =
    ["services", "browser", "core", "api", "cli", "src-tauri", "simulator", "tests", "fuzz", "xtask"];

/// Writes those of a program: into the folder of artefacts and, compressed, into what goes into its packages.
///
/// # Errors
/// When they cannot be written.
pub(super) fn write(steps: &mut Steps, product: Product, out: &Path) -> Result<Vec<PathBuf>> {
    let cyclonedx = CARGO_CYCLONEDX.command(steps)?;
    steps.step(&format!("{}: bill of materials", product.name), || {
        let mut bills = vec![(product.name.to_owned(), of_the_crates(cyclonedx, product)?)];
        if product.name == DESKTOP.name {
            bills.push((format!("{}-ui", product.name), of_the_ui()?));
        }
        let mut written = Vec::new();
        for (name, bill) in bills {
            let part = product.parts().join(format!("{name}.cdx.json"));
            write_file(&part, &bill)?;
            manual::compress([part])?;
            let artefact = out.join(format!("{name}-{VERSION}.cdx.json"));
            write_file(&artefact, &bill)?;
            written.push(artefact);
        }
        Ok(written)
    })
}

fn of_the_crates(mut cyclonedx: std::process::Command, product: Product) -> Result<String> {
    cyclonedx.args(["cyclonedx", "--quiet", "--format", "json", "--spec-version", "1.5", "--no-build-deps"]);
    cyclonedx.args(["--target", "x86_64-unknown-linux-gnu", "--override-filename", WRITTEN]);
    cyclonedx.arg("--manifest-path").arg(Path::new(product.folder).join("Cargo.toml"));
    reproducible::at_commit_time(&mut cyclonedx)?;
    succeed(&mut cyclonedx)?;
    let file = |folder: &str| Path::new(folder).join(WRITTEN).with_extension("json");
    let bill = std::fs::read_to_string(file(product.folder)).context("the bill is not where it was expected");
    for folder in CRATES {
        let _ = std::fs::remove_file(file(folder));
    }
    Ok(bill?.replace(&workspace().display().to_string(), WORKSPACE))
}

fn of_the_ui() -> Result<String> {
    let mut sbom = command(Tool::Npm.name());
    sbom.current_dir("ui").args(["sbom", "--sbom-format", "cyclonedx", "--package-lock-only"]);
    let bill = output(&mut sbom).context("npm writes no bill of materials")?;
    Ok(without_the_occasion(&bill))
}

/// The bill without the two lines that are different each time.
fn without_the_occasion(bill: &str) -> String {
    let occasion =
        |line: &&str| ["\"serialNumber\":", "\"timestamp\":"].iter().any(|key| line.trim().starts_with(key));
    bill.lines().filter(|line| !occasion(line)).map(|line| format!("{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::super::COMMAND_LINE;
    use super::*;

    #[test]
    fn a_bill_says_nothing_about_when_it_was_written() {
        let bill =
            "{\n  \"serialNumber\": \"urn:uuid:1\",\n  \"version\": 1,\n    \"timestamp\": \"2026\",\n}\n";
        assert_eq!(without_the_occasion(bill), "{\n  \"version\": 1,\n}\n");
        assert!(CRATES.contains(&COMMAND_LINE.folder) && CRATES.contains(&DESKTOP.folder));
    }
}
