//! Which browsers there are. For whoever offers the page.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// What they are called where programs are looked for, the most likely one first.
const NAMES: [&str; 8] = [
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
    "microsoft-edge-stable",
    "microsoft-edge",
    "brave-browser",
    "brave",
];

/// Where they are on macOS, in any of the folders for applications.
const APPLICATIONS: [&str; 4] = [
    "Google Chrome.app/Contents/MacOS/Google Chrome",
    "Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    "Chromium.app/Contents/MacOS/Chromium",
    "Brave Browser.app/Contents/MacOS/Brave Browser",
];

/// A browser that is installed here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstalledBrowser {
    program: PathBuf,
}

impl InstalledBrowser {
    /// Whether a browser can be led on this system. Where not, none is found, and one that is named shows nothing.
    pub const CAN_BE_LED: bool = cfg!(unix);

    /// The first one that there is and that can be shown; `None` on a computer without a screen, too.
    pub fn find() -> Option<Self> {
        if !has_screen(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty())) {
            return None;
        }
        let path = std::env::var_os("PATH").unwrap_or_default();
        let applications = [
            Some(PathBuf::from("/Applications")),
            std::env::home_dir().map(|home| home.join("Applications")),
        ];
        let programs = if cfg!(target_os = "macos") {
            in_folders(applications.into_iter().flatten(), &APPLICATIONS)
        } else {
            None
        };
        programs.or_else(|| in_path(&path)).map(|program| Self { program })
    }

    /// The one whose program is here.
    pub fn at(program: PathBuf) -> Self {
        Self { program }
    }

    /// Its program.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// What its program is called.
    pub fn name(&self) -> String {
        self.program.file_name().unwrap_or(self.program.as_os_str()).to_string_lossy().into_owned()
    }
}

/// Whether a window can be seen. On Linux the session says so in its environment.
fn has_screen(is_set: impl Fn(&str) -> bool) -> bool {
    if cfg!(target_os = "linux") { is_set("WAYLAND_DISPLAY") || is_set("DISPLAY") } else { cfg!(unix) }
}

fn in_path(path: &OsStr) -> Option<PathBuf> {
    let folders: Vec<PathBuf> = std::env::split_paths(path).filter(|folder| folder.is_absolute()).collect();
    NAMES.iter().find_map(|name| in_folders(folders.iter().cloned(), &[name]))
}

fn in_folders(folders: impl Iterator<Item = PathBuf>, names: &[&str]) -> Option<PathBuf> {
    let mut programs =
        folders.flat_map(|folder| names.iter().map(move |name| folder.join(name)).collect::<Vec<_>>());
    programs.find(|program| is_program(program))
}

#[cfg(unix)]
fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(file).is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(_: &Path) -> bool {
    false
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_first_program_of_a_known_name_is_taken_and_nothing_that_is_none() {
        let (first, second) =
            (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        let path = std::env::join_paths([first.path(), second.path()]).expect("a path");
        let make = |folder: &Path, name: &str, program: &str| {
            std::os::unix::fs::symlink(program, folder.join(name)).expect("a link");
        };
        make(first.path(), "chromium", "/etc/passwd");
        make(first.path(), "microsoft-edge", "/bin/sh");
        assert_eq!(
            in_path(&path),
            Some(first.path().join("microsoft-edge")),
            "what cannot be run is no browser"
        );
        make(second.path(), "chromium", "/bin/sh");
        assert_eq!(
            in_path(&path),
            Some(second.path().join("chromium")),
            "the more likely name, wherever it is"
        );
        assert_eq!(in_path(OsStr::new("bin:.:")), None, "nothing of the folder that one happens to be in");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_session_without_a_screen_shows_no_browser() {
        assert!(!has_screen(|_| false));
        assert!(has_screen(|name| name == "DISPLAY") && has_screen(|name| name == "WAYLAND_DISPLAY"));
    }
}
