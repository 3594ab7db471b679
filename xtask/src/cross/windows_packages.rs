//! The packages for Windows: what is in them, gathered in a folder, and makensis and zip, which pack it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result};

use crate::build::workspace;
use crate::licences;
use crate::product::{HOMEPAGE, PUBLISHER};
use crate::steps::{command, succeed};

/// The programs.
pub(crate) const PROGRAMS: [&str; 2] = ["tunekey-desktop.exe", "tunekey.exe"];

/// The library by which the app finds its web view.
pub(super) const LOADER: &str = "WebView2Loader.dll";

/// The texts, and what they are called where a double click opens them.
const TEXTS: [(&str, &str); 3] = [
    ("LICENSE-MIT", "LICENSE-MIT.txt"),
    ("LICENSE-APACHE", "LICENSE-APACHE.txt"),
    ("packaging/windows/LICENSE-WebView2Loader", "LICENSE-WebView2Loader.txt"),
];

/// The programs' crates.
const CRATES: [&str; 2] = ["tunekey-desktop", "tunekey"];

/// What notifications show.
const ICON: (&str, &str) = ("icons/128x128.png", "icon.png");

/// What is only in the zip.
const README: (&str, &str) = ("packaging/windows/README.txt", "README.txt");

/// The folder of the installer's script.
const SCRIPTS: &str = "packaging/windows";

/// How hard makensis packs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    /// As small as it gets.
    Release,
    /// Fast, for the tests.
    Test,
}

/// What is in the packages, in one folder. Every file is of the same time, so that the same programs make the same
/// packages.
#[derive(Debug)]
pub(crate) struct Contents {
    folder: PathBuf,
    /// In seconds since 1970.
    time: u64,
}

impl Contents {
    /// Gathers the programs from where cargo has put them, and what goes with them, in a folder that is made anew.
    /// `licences` are those of all that is in the programs.
    ///
    /// # Errors
    /// When one is missing, or the folder cannot be written.
    pub(crate) fn gather(programs: &Path, licences: &str, folder: &Path, time: u64) -> Result<Self> {
        if folder.exists() {
            std::fs::remove_dir_all(folder)?;
        }
        std::fs::create_dir_all(folder)?;
        let contents = Self { folder: folder.to_owned(), time };
        for name in PROGRAMS.into_iter().chain([LOADER]) {
            contents.copy(&programs.join(name), name)?;
        }
        contents.copy(&workspace().join(ICON.0), ICON.1)?;
        for (from, name) in TEXTS {
            contents.add_text_from(from, name)?;
        }
        contents.add_text(licences::FILE, licences)?;
        Ok(contents)
    }

    /// Adds one of the workspace's texts.
    fn add_text_from(&self, from: &str, name: &str) -> Result<()> {
        let text = std::fs::read_to_string(workspace().join(from)).with_context(|| from.to_owned())?;
        self.add_text(name, &text)
    }

    /// Adds a text, with the line ends that Windows's own programs expect, and the mark by which they know its encoding.
    #[expect(clippy::disallowed_methods, reason = "nothing reads it before it is whole")]
    fn add_text(&self, name: &str, text: &str) -> Result<()> {
        std::fs::write(self.folder.join(name), as_windows_reads(text))?;
        self.settle(name)
    }

    /// Packs an installer of this version.
    ///
    /// # Errors
    /// When makensis fails, or warns.
    pub(crate) fn pack_installer(
        &self,
        version: &str,
        compression: Compression,
        installer: &Path,
    ) -> Result<()> {
        let mut makensis = command("makensis");
        makensis.current_dir(workspace().join(SCRIPTS)).env("SOURCE_DATE_EPOCH", self.time.to_string());
        makensis.args(["-V2", "-WX", "-INPUTCHARSET", "UTF8"]);
        if compression == Compression::Test {
            makensis.arg("-DFAST");
        }
        for (name, text) in [
            ("VERSION", version),
            ("FILE_VERSION", &file_version(version)),
            ("PUBLISHER", PUBLISHER),
            ("HOMEPAGE", HOMEPAGE),
        ] {
            makensis.arg(format!("-D{name}={text}"));
        }
        for (name, path) in [("FILES", self.folder.as_path()), ("OUTPUT", installer)] {
            let mut definition = OsString::from(format!("-D{name}="));
            definition.push(path);
            makensis.arg(definition);
        }
        succeed(makensis.arg("installer.nsi"))
    }

    /// Packs a zip, in which the folder's name is the first part of every path, with a text that says what is what.
    ///
    /// # Errors
    /// When that text cannot be added, or zip fails.
    pub(crate) fn pack_zip(&self, zip: &Path) -> Result<()> {
        self.add_text_from(README.0, README.1)?;
        if zip.exists() {
            std::fs::remove_file(zip)?;
        }
        let (parent, name) =
            self.folder.parent().zip(self.folder.file_name()).context("the folder has a name")?;
        let mut files = Vec::new();
        for entry in std::fs::read_dir(&self.folder)? {
            files.push(Path::new(name).join(entry?.file_name()));
        }
        files.sort();
        let mut pack = command("zip");
        // Its times are those of a clock on the wall.
        pack.current_dir(parent).env("TZ", "UTC").args(["-X", "-9", "-q"]);
        succeed(pack.arg(zip).args(files))
    }

    fn copy(&self, from: &Path, name: &str) -> Result<()> {
        std::fs::copy(from, self.folder.join(name)).with_context(|| from.display().to_string())?;
        self.settle(name)
    }

    /// Gives a file the time and the rights that all of them have.
    fn settle(&self, name: &str) -> Result<()> {
        let path = self.folder.join(name);
        succeed(command("chmod").arg("644").arg(&path))?;
        let file = std::fs::File::options().append(true).open(&path)?;
        Ok(file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(self.time))?)
    }
}

/// The licences of all that is in the programs, once they are built.
///
/// # Errors
/// When something in them comes without its licence.
pub(crate) fn licences_inside() -> Result<String> {
    licences::list(&CRATES, licences::WINDOWS)
}

/// The four numbers that Windows wants of a version: what comes behind a hyphen is left out.
fn file_version(version: &str) -> String {
    format!("{}.0", version.split('-').next().unwrap_or(version))
}

fn as_windows_reads(text: &str) -> String {
    format!("\u{feff}{}", text.replace("\r\n", "\n").replace('\n', "\r\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = include_str!("../../../packaging/windows/installer.nsi");

    #[test]
    fn a_version_has_four_numbers_for_windows() {
        assert_eq!(file_version("0.1.0"), "0.1.0.0");
        assert_eq!(file_version("1.2.3-rc.4"), "1.2.3.0");
    }

    #[test]
    fn texts_end_their_lines_as_windows_does_whatever_they_had() {
        assert_eq!(as_windows_reads("a\nb\r\n"), "\u{feff}a\r\nb\r\n");
    }

    #[test]
    fn all_that_is_gathered_is_installed_and_all_that_is_installed_is_removed() {
        let texts = TEXTS.iter().map(|(_, name)| *name).chain([licences::FILE]);
        for name in PROGRAMS.into_iter().chain([LOADER, ICON.1]).chain(texts) {
            assert!(SCRIPT.contains(&format!("  File \"${{FILES}}\\{name}\"\n")), "{name} is not installed");
            assert!(SCRIPT.contains(&format!("  Delete \"$INSTDIR\\{name}\"\n")), "{name} is left behind");
        }
        let count = |command| SCRIPT.matches(command).count();
        assert_eq!(count("  File "), PROGRAMS.len() + 3 + TEXTS.len(), "something else is installed");
        // The uninstaller itself is removed, too.
        assert_eq!(count("  Delete \"$INSTDIR"), count("  File ") + 1, "something else is removed");
    }

    #[test]
    fn the_installer_and_the_app_know_the_same_names_and_pages() {
        let page = SCRIPT.split("WEB_VIEW_PAGE \"").nth(1).and_then(|rest| rest.split('"').next());
        let page = page.expect("it leads to a page");
        assert!(include_str!("../../../src-tauri/src/text.rs").contains(page), "the app leads elsewhere");
        let identifier = SCRIPT.split("AppUserModelId\\").nth(1).and_then(|rest| rest.split('"').next());
        let app = include_str!("../../../src-tauri/tauri.conf.json");
        let identifier = identifier.expect("notifications have a name");
        assert!(app.contains(&format!("\"identifier\": \"{identifier}\"")), "the app is called otherwise");
    }
}
