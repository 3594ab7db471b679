//! `cargo xtask dist`: what people install, made from this commit on Debian 12, the oldest system that the packages are
//! for.
//!
//! It leaves in `target/dist` the packages and archives for Linux, a bill of materials for each program, and the sums of
//! all of them. What goes into the packages besides the programs is written to `target/dist-parts` first, where the
//! crates' `Cargo.toml` names it. The same commit gives the same bytes (see `reproducible.rs`).

mod bill_of_materials;
mod deb;
mod inspection;
mod manual;
mod rpm;
mod tarball;
mod trial;
mod windows;

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};

use crate::packages::{self, Purpose};
use crate::product::{HOMEPAGE, VERSION};
use crate::steps::{Steps, command, output, say, write};
use crate::{build, cross, licences, reproducible};

/// Where the artefacts are.
const FOLDER: &str = "target/dist";
/// Where that is which goes into them besides the programs.
const PARTS: &str = "target/dist-parts";

/// What is done with the artefacts that are there, instead of making them.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Checks {
    /// Look through what was made with Debian's, RPM's and the desktop's own tools.
    #[arg(long)]
    check: bool,
    /// Install what was made on bare systems, sign in there against played services, and remove it.
    #[arg(long = "try")]
    try_out: bool,
}

/// A program that is installed.
#[derive(Debug, Clone, Copy)]
struct Product {
    /// The name of the program, of its crate and of its packages.
    name: &'static str,
    /// The crate's folder.
    folder: &'static str,
}

const COMMAND_LINE: Product = Product { name: "tunekey", folder: "cli" };
const DESKTOP: Product = Product { name: "tunekey-desktop", folder: "src-tauri" };

impl Product {
    /// The program as it is released.
    fn program(self) -> Result<PathBuf> {
        Ok(build::folder(build::Profile::Release)?.join(self.name))
    }

    /// What goes into its packages.
    fn parts(self) -> PathBuf {
        Path::new(PARTS).join(self.name)
    }
}

/// Makes everything, or checks what was made.
///
/// # Errors
/// When something does not build, or a check fails.
pub(crate) fn run(steps: &mut Steps, checks: Checks) -> Result<()> {
    ensure!(
        packages::has_apt(),
        "the packages for Linux and the installer for Windows are made on Debian 12; the release workflow makes the .dmg"
    );
    packages::install(steps, Purpose::Dist)?;
    let out = Path::new(FOLDER);
    if checks.check {
        inspection::run(steps, out)?;
    }
    if checks.try_out {
        trial::run(steps, out)?;
    }
    if checks.check || checks.try_out { Ok(()) } else { make(steps, out) }
}

fn make(steps: &mut Steps, out: &Path) -> Result<()> {
    steps.step("empty folders", || {
        say_when_changed();
        [FOLDER, PARTS].into_iter().try_for_each(empty)
    })?;
    build::ui(steps)?;
    build::released(steps)?;
    let static_programs = cross::static_linux(steps)?;

    manual::write(steps)?;
    let mut artefacts = Vec::new();
    for product in [COMMAND_LINE, DESKTOP] {
        write_licences(steps, product)?;
        artefacts.extend(bill_of_materials::write(steps, product, out)?);
        write_changelog(product)?;
        artefacts.push(deb::build(steps, product, out)?);
        artefacts.push(rpm::build(steps, product, out)?);
    }
    for program in &static_programs {
        artefacts.push(tarball::build(steps, program, out)?);
    }
    artefacts.extend(windows::build(steps, out)?);
    say("    macOS: the release workflow makes the .dmg, which takes a Mac");

    let programs = static_programs.iter().map(|program| program.path.clone());
    inspection::ensure_no_local_path(steps, programs.chain([COMMAND_LINE.program()?, DESKTOP.program()?]))?;
    sums(steps, out, artefacts)
}

/// What is made of a changed checkout is not what the commit says.
fn say_when_changed() {
    let changes = output(command("git").args(["status", "--porcelain"])).unwrap_or_default();
    if !changes.is_empty() {
        say("    there are changes that are not committed: nobody else can make the same artefacts");
    }
}

fn empty(folder: &str) -> Result<()> {
    if Path::new(folder).exists() {
        std::fs::remove_dir_all(folder)?;
    }
    Ok(std::fs::create_dir_all(folder)?)
}

/// Writes the licences of everything that is in a program, also compressed.
///
/// # Errors
/// When something comes without its licence.
fn write_licences(steps: &mut Steps, product: Product) -> Result<()> {
    steps.step(&format!("{}: licences", product.name), || {
        let path = product.parts().join(licences::FILE);
        write(&path, licences::list(&[product.name], licences::LINUX)?)?;
        manual::compress([path])
    })
}

/// The changelog that Debian's rules ask for. What is new is told where the versions are offered.
fn write_changelog(product: Product) -> Result<()> {
    let time = format!("@{}", reproducible::commit_time()?);
    let date = output(command("date").args(["--utc", "--rfc-email", "--date", &time])).unwrap_or_default();
    let (name, date) = (product.name, date.trim());
    let text = format!(
        "{name} ({VERSION}-1) stable; urgency=medium\n\n  \
         * What is new: {}/releases/tag/v{VERSION}\n\n \
         -- The TuneKey contributors <tunekey@users.noreply.github.com>  {date}\n",
        HOMEPAGE
    );
    write(&product.parts().join("changelog"), text)
}

/// Writes the sums by which people check what they have fetched.
fn sums(steps: &mut Steps, out: &Path, mut artefacts: Vec<PathBuf>) -> Result<()> {
    steps.step("sums", || {
        artefacts.sort();
        let names = artefacts.iter().filter_map(|path| path.file_name());
        let sums = output(command("sha256sum").current_dir(out).args(names)).unwrap_or_default();
        ensure!(sums.lines().count() == artefacts.len(), "not every artefact could be read");
        write(&out.join("SHA256SUMS"), &sums)?;
        say(&format!("    {}", sums.trim_end().replace('\n', "\n    ")));
        Ok(())
    })
}
