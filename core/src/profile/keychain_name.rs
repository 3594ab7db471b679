//! The name under which a profile's items stand in the keychain. It is made once and kept in the profile, so that a
//! profile that is moved or renamed takes its credentials along; a copy gets a name of its own, because two profiles
//! that renew one credential would take each other's keys away.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use rand::Rng as _;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::disk;

/// The file in the profile.
const FILE: &str = "keychain-name.json";
/// How much of a directory's name is kept in the keychain, where people read it.
const LENGTH: usize = 32;

/// What the file says.
#[derive(Debug, Serialize, Deserialize)]
struct StoredName {
    name: String,
    /// The directory that it was made for, as the system spells it.
    dir: String,
}

/// The name for the profile in `dir`. A profile that cannot be written, and has none yet, goes by its path.
pub(super) fn name_of(dir: &Path) -> String {
    match read(dir) {
        Some(kept) if kept.dir == spelt(dir) => kept.name,
        // The same name is still where it was: this is a copy.
        Some(kept) if is_still_there(&kept) => replace(dir, made_anew(dir)),
        Some(kept) => replace(dir, kept.name),
        None => {
            // Before there was a file, the name was made of the path: what is in the keychain goes by that.
            let name = if dir.join("ledger.json").exists() { made_of_path(dir) } else { made_anew(dir) };
            match create(dir, &name) {
                Ok(()) => name,
                // Another process was quicker, or nothing can be written here.
                Err(_) => read(dir).map_or_else(|| made_of_path(dir), |kept| kept.name),
            }
        }
    }
}

fn read(dir: &Path) -> Option<StoredName> {
    let kept: StoredName = serde_json::from_slice(&std::fs::read(dir.join(FILE)).ok()?).ok()?;
    let is_sound = !kept.name.is_empty()
        && kept.name.chars().count() <= LENGTH + 9
        && kept.name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
    is_sound.then_some(kept)
}

fn is_still_there(kept: &StoredName) -> bool {
    read(&PathBuf::from(&kept.dir)).is_some_and(|there| there.name == kept.name)
}

/// Writes the file unless there is one. Whoever comes second reads what the first one wrote, as a whole.
fn create(dir: &Path, name: &str) -> io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(dir)?;
    file.write_all(&bytes(dir, name)?)?;
    file.as_file().sync_all()?;
    file.persist_noclobber(dir.join(FILE)).map(drop).map_err(|error| error.error)
}

/// Writes the name again for this directory. Where that does not work it is found again the next time.
fn replace(dir: &Path, name: String) -> String {
    if let Err(error) = bytes(dir, &name).and_then(|bytes| disk::replace(&dir.join(FILE), &bytes)) {
        tracing::info!(%error, "the profile's name in the keychain could not be written");
    }
    name
}

fn bytes(dir: &Path, name: &str) -> io::Result<Vec<u8>> {
    Ok(serde_json::to_vec_pretty(&StoredName { name: name.to_owned(), dir: spelt(dir) })?)
}

fn spelt(dir: &Path) -> String {
    dir.to_string_lossy().into_owned()
}

fn made_anew(dir: &Path) -> String {
    format!("{}-{:08x}", last_part(dir), rand::rng().random::<u32>())
}

/// The directory's own name, for people, and a digest of its whole path, so that two of the same name differ.
fn made_of_path(dir: &Path) -> String {
    let mut name = last_part(dir);
    name.push('-');
    for byte in &Sha256::digest(dir.as_os_str().as_encoded_bytes())[..4] {
        let _ = write!(name, "{byte:02x}"); // writing to a String cannot fail
    }
    name
}

fn last_part(dir: &Path) -> String {
    let last = dir.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    last.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).take(LENGTH).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(path: &Path) -> PathBuf {
        std::fs::create_dir_all(path).expect("it can be made");
        path.canonicalize().expect("it is there")
    }

    #[test]
    fn a_profile_that_is_moved_keeps_its_name() {
        let scratch = tempfile::tempdir().expect("a directory");
        let before = made(&scratch.path().join("before"));
        let name = name_of(&before);
        assert_eq!(name_of(&before), name, "it is made once");
        let after = scratch.path().join("after");
        std::fs::rename(&before, &after).expect("it can be moved");
        let after = made(&after);
        assert_eq!(name_of(&after), name);
        let anew = made(&scratch.path().join("before"));
        assert_ne!(name_of(&anew), name, "a new profile in the old place is another one");
        assert_eq!(name_of(&after), name, "and the moved one stays what it is");
    }

    #[test]
    fn a_copy_of_a_profile_has_a_name_of_its_own() {
        let scratch = tempfile::tempdir().expect("a directory");
        let (original, copy) = (made(&scratch.path().join("a")), made(&scratch.path().join("b")));
        let name = name_of(&original);
        std::fs::copy(original.join(FILE), copy.join(FILE)).expect("it can be copied");
        let other = name_of(&copy);
        assert_ne!(other, name);
        assert_eq!((name_of(&copy), name_of(&original)), (other, name), "both for good");
    }

    #[test]
    fn a_profile_from_before_keeps_the_name_that_its_items_have() {
        let scratch = tempfile::tempdir().expect("a directory");
        let dir = made(&scratch.path().join("demo"));
        disk::replace(&dir.join("ledger.json"), b"{}").expect("it can be written");
        assert_eq!(name_of(&dir), made_of_path(&dir));
        let moved = scratch.path().join("elsewhere");
        std::fs::rename(&dir, &moved).expect("it can be moved");
        assert_eq!(name_of(&made(&moved)), made_of_path(&dir), "wherever it goes from now on");
    }

    #[test]
    fn a_damaged_file_is_no_name_that_could_be_misused() {
        let scratch = tempfile::tempdir().expect("a directory");
        let dir = made(&scratch.path().join("demo"));
        for bad in ["", "{}", r#"{"name":"","dir":"/"}"#, r#"{"name":"x\u0000)","dir":"/"}"#] {
            disk::replace(&dir.join(FILE), bad.as_bytes()).expect("it can be written");
            assert_eq!(name_of(&dir), made_of_path(&dir), "{bad:?}");
        }
    }
}
