//! Starting with the computer, hidden in the tray: whether the system does so, and telling it to. Only the commands use
//! this.
//!
//! The system's own list is the truth: the person may take the entry out there, so that nothing here remembers it.

#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(target_os = "linux")]
mod xdg;

use std::path::PathBuf;

#[cfg(not(target_os = "linux"))]
use elsewhere as system;
use tunekey_core::{Problem, ProblemCode, Profile};
#[cfg(target_os = "linux")]
use xdg as system;

/// What the system is told to start.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    /// What the system lists it as. A profile of its own has an entry of its own.
    name: String,
    program: PathBuf,
    arguments: Vec<String>,
}

impl Entry {
    /// The entry of a profile.
    ///
    /// # Errors
    /// When the system does not say where this program is.
    fn of(profile: &Profile) -> std::io::Result<Self> {
        let mut entry = Self {
            name: "TuneKey".to_owned(),
            program: std::env::current_exe()?,
            arguments: vec!["--hidden".to_owned()],
        };
        if let Some(name) = profile.name() {
            entry.name = format!("TuneKey-{name}");
            entry.arguments.extend(["--profile".to_owned(), profile.dir().to_string_lossy().into_owned()]);
        }
        Ok(entry)
    }
}

/// Whether the system starts TuneKey with this profile. Waits for the disk.
///
/// # Errors
/// `Unexpected` when the system does not say.
pub(crate) fn is_on(profile: &Profile) -> Result<bool, Problem> {
    Entry::of(profile).and_then(|entry| system::is_on(&entry)).map_err(problem)
}

/// Has the system start TuneKey with this profile, or not any more. Waits for the disk.
///
/// # Errors
/// `Unexpected` when the system's list cannot be written.
pub(crate) fn set(profile: &Profile, on: bool) -> Result<(), Problem> {
    let entry = Entry::of(profile).map_err(problem)?;
    if on { system::add(&entry) } else { system::remove(&entry) }.map_err(problem)
}

fn problem(error: std::io::Error) -> Problem {
    Problem::new(ProblemCode::Unexpected).with_detail(error.to_string()).with_words(
        "The list of what starts with the computer can’t be changed. Add TuneKey in your system’s own settings.",
        "无法更改开机启动列表。请在系统设置中自行添加 TuneKey。",
    )
}
