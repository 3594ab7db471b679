//! Looking through the artefacts: nothing of this computer in the programs; the tools by which Debian, RPM and the
//! desktop check what is given to them; and that the packages fit the oldest system that they are for.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};

use crate::build::workspace;
use crate::reproducible;
use crate::steps::{Steps, command, output, say};

/// The C library of Debian 12: major and minor version.
const OLDEST_C_LIBRARY: (u32, u32) = (2, 36);

const DESKTOP_ENTRY: &str = "packaging/linux/tunekey-desktop.desktop";
const METAINFO: &str = "packaging/linux/dev.tunekey.desktop.metainfo.xml";

/// Sees to it that no program names a folder of this computer.
///
/// # Errors
/// When one does.
pub(super) fn ensure_no_local_path(
    steps: &mut Steps,
    programs: impl IntoIterator<Item = PathBuf>,
) -> Result<()> {
    steps.step("no path of this computer in the programs", || {
        let mut folders = reproducible::crate_folders();
        folders.push(workspace());
        for program in programs {
            let content = std::fs::read(&program)?;
            for folder in &folders {
                let name = folder.as_os_str().as_encoded_bytes();
                let found = content.windows(name.len()).any(|bytes| bytes == name);
                ensure!(!found, "{} names {}", program.display(), folder.display());
            }
        }
        Ok(())
    })
}

/// Checks the sums, and everything with the tools that know it.
///
/// # Errors
/// When one of them has a remark that is not answered.
pub(super) fn run(steps: &mut Steps, out: &Path) -> Result<()> {
    let mut sums = command("sha256sum");
    steps.run("the sums", sums.current_dir(out).args(["--check", "--strict", "--quiet", "SHA256SUMS"]))?;
    steps.run("desktop entry", command("desktop-file-validate").arg(DESKTOP_ENTRY))?;
    let mut metainfo = command("appstreamcli");
    steps.run("AppStream metainfo", metainfo.args(["validate", "--no-net", METAINFO]))?;
    let packages = with_extension(out, "deb")?;
    steps
        .step("the oldest system", || packages.iter().try_for_each(|package| fits_oldest_system(package)))?;
    let mut lintian = command("lintian");
    lintian.args(["--no-cfg", "--allow-root", "--tag-display-limit", "0", "--fail-on", "error,warning,info"]);
    steps.run("lintian", lintian.args(["--profile", "debian", "--display-info"]).args(&packages))?;
    let mut rpmlint = command("rpmlint");
    rpmlint.args(["--strict", "--config", "packaging/linux/rpmlint.toml"]);
    steps.run("rpmlint", rpmlint.args(with_extension(out, "rpm")?))
}

/// The artefacts of a kind.
///
/// # Errors
/// When there are none.
pub(super) fn with_extension(out: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(out)?.flatten().map(|entry| entry.path()).collect();
    found.retain(|path| path.extension().is_some_and(|it| it == extension));
    found.sort();
    ensure!(!found.is_empty(), "{} has no .{extension}", out.display());
    Ok(found)
}

/// Sees to it that a package asks for nothing that Debian 12 does not have: one that was made on a newer system does.
fn fits_oldest_system(package: &Path) -> Result<()> {
    let depends = output(command("dpkg-deb").arg("--field").arg(package).arg("Depends"));
    let depends = depends.context("the package says nothing of its dependencies")?;
    let name = package.file_name().unwrap_or_default().display();
    say(&format!("    {name}: {}", depends.trim()));
    let Some(version) = c_library(&depends) else { bail!("{name} does not ask for the C library") };
    ensure!(version <= OLDEST_C_LIBRARY, "{name} asks for a C library that is newer than Debian 12’s");
    ensure!(!depends.contains("t64"), "{name} asks for a library by the name that it has from Debian 13 on");
    Ok(())
}

/// The version in `libc6 (>= 2.34)`.
fn c_library(depends: &str) -> Option<(u32, u32)> {
    let (_, version) = depends.split_once("libc6 (>= ")?;
    let mut numbers = version.split([')', '.', ',']).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_the_c_library_is_read() {
        assert_eq!(c_library("libc6 (>= 2.34), libgcc-s1 (>= 4.2)"), Some((2, 34)));
        assert_eq!(c_library("libgcc-s1 (>= 4.2), libc6 (>= 2.4)"), Some((2, 4)));
        assert_eq!(c_library("libgcc-s1 (>= 4.2)"), None);
        assert!((2, 4) < OLDEST_C_LIBRARY && (2, 38) > OLDEST_C_LIBRARY, "2.4 is older than 2.36");
    }

    #[test]
    fn the_metainfo_tells_of_this_version() {
        let metainfo = include_str!("../../../packaging/linux/dev.tunekey.desktop.metainfo.xml");
        let (_, releases) = metainfo.split_once("<releases>").expect("it tells of releases");
        let newest = format!("<release version=\"{}\" ", env!("CARGO_PKG_VERSION"));
        assert!(releases.trim_start().starts_with(&newest), "{releases}");
    }
}
