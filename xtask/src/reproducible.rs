//! What makes a release of one commit the same bytes wherever and whenever it is built: no path of this computer in the
//! programs, and the commit's time in place of the clock's.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};

use crate::steps::{command, output};

/// Where the workspace and the crates that it uses seem to have been.
pub(crate) const WORKSPACE: &str = "/tunekey";
const CRATES: &str = "/crates";

/// The variable that every packager takes its times from.
const EPOCH: &str = "SOURCE_DATE_EPOCH";

/// Lets cargo build programs that name no folder of this computer.
pub(crate) fn without_local_paths(cargo: &mut Command, workspace: &Path) {
    let mut prefixes = vec![(workspace.to_owned(), WORKSPACE)];
    prefixes.extend(crate_folders().into_iter().map(|folder| (folder, CRATES)));
    let flags = prefixes.iter().map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display()));
    // Cargo leaves these flags out of the crates' own hashes.
    add_compiler_flags(cargo, flags);
}

/// Lets cargo's compiler be called with these, too.
fn add_compiler_flags(cargo: &mut Command, flags: impl IntoIterator<Item = String>) {
    // Unlike RUSTFLAGS it takes paths with spaces.
    const VARIABLE: &str = "CARGO_ENCODED_RUSTFLAGS";
    let set = cargo.get_envs().find_map(|(name, value)| value.filter(|_| name == VARIABLE));
    let set = set.map(|set| set.to_string_lossy().into_owned());
    let all: Vec<String> = set.into_iter().chain(flags).collect();
    cargo.env(VARIABLE, all.join("\x1f"));
}

/// Lets a packager write the commit's time instead of its own.
///
/// # Errors
/// When git does not say when the commit was made.
pub(crate) fn at_commit_time(packager: &mut Command) -> Result<()> {
    packager.env(EPOCH, commit_time()?.to_string());
    Ok(())
}

/// Gives files of the workspace the commit's time if theirs is earlier: for a packager that lowers later times to it and
/// keeps earlier ones, which a checkout has that was there before the commit. What git does not know stays as it is.
///
/// # Errors
/// When git does not say what there is, or a time cannot be changed.
pub(crate) fn not_before_commit<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Result<()> {
    let time = UNIX_EPOCH + Duration::from_secs(commit_time()?);
    let files = output(command("git").args(["ls-files", "--"]).args(patterns));
    let files = files.context("git does not say which files there are")?;
    files.lines().try_for_each(|file| raise_to(Path::new(file), time))
}

/// Gives a file a time if its own is earlier.
fn raise_to(path: &Path, time: SystemTime) -> Result<()> {
    let raise = || {
        let file = File::open(path)?;
        if file.metadata()?.modified()? < time { file.set_modified(time) } else { Ok(()) }
    };
    raise().with_context(|| format!("the time of {} cannot be changed", path.display()))
}

/// When the commit was made, in seconds since 1970.
///
/// # Errors
/// When git does not say.
pub(crate) fn commit_time() -> Result<u64> {
    let time = output(command("git").args(["log", "-1", "--format=%ct"]));
    time.and_then(|time| time.trim().parse().ok()).context("git does not say when the commit was made")
}

/// Where cargo unpacks crates: a folder for each registry. It is there, because those of this program are unpacked
/// there.
pub(crate) fn crate_folders() -> Vec<PathBuf> {
    let Some(sources) = cargo_home().map(|home| home.join("registry/src")) else { return Vec::new() };
    let Ok(registries) = std::fs::read_dir(sources) else { return Vec::new() };
    let mut folders: Vec<PathBuf> = registries.flatten().map(|registry| registry.path()).collect();
    folders.sort();
    folders
}

fn cargo_home() -> Option<PathBuf> {
    match std::env::var_os("CARGO_HOME") {
        Some(home) if Path::new(&home).is_absolute() => Some(home.into()),
        _ => std::env::home_dir().map(|home| home.join(".cargo")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_names_no_folder_of_this_computer() {
        let mut cargo = command("cargo");
        without_local_paths(&mut cargo, Path::new("/home/me/my checkout"));
        let flags =
            cargo.get_envs().find_map(|(name, value)| value.filter(|_| name == "CARGO_ENCODED_RUSTFLAGS"));
        let flags = flags.expect("flags are set").to_string_lossy().into_owned();
        let flags: Vec<&str> = flags.split('\x1f').collect();
        assert!(flags.contains(&"--remap-path-prefix=/home/me/my checkout=/tunekey"), "{flags:?}");
        // This test's own crates were unpacked somewhere.
        assert!(flags.iter().any(|flag| flag.ends_with("=/crates")), "{flags:?}");
    }

    #[test]
    fn a_file_that_is_older_than_the_commit_gets_its_time_and_a_newer_one_keeps_its_own() {
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        let path = std::env::temp_dir().join(format!("tunekey-{}-time", std::process::id()));
        File::create(&path).expect("a file");
        for (before, after) in [(1_000, 2_000), (3_000, 3_000)] {
            File::open(&path).and_then(|file| file.set_modified(at(before))).expect("a time");
            raise_to(&path, at(2_000)).expect("its time");
            let found = path.metadata().and_then(|metadata| metadata.modified()).expect("its time");
            assert_eq!(found, at(after));
        }
        std::fs::remove_file(&path).expect("it goes");
    }
}
