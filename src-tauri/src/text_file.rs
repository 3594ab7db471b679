//! Reads a file whose text is pasted: chosen in the system's dialog or dropped on the window. The page never names one.
//! The commands and `sign_in.rs` use this.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use tunekey_core::import::{self, LONGEST};
use tunekey_core::{Problem, ProblemCode, Secret};

/// The text of a file. At most one byte more than the limit is read, to see that it is too long.
///
/// # Errors
/// `InvalidInput` when it is no file, cannot be read, or is longer than [`LONGEST`].
pub(crate) async fn read(path: PathBuf) -> Result<Secret, Problem> {
    let read = tauri::async_runtime::spawn_blocking(move || text(&path));
    read.await.unwrap_or_else(|_| Err(unusable("the file can’t be read".to_owned())))
}

fn text(path: &Path) -> Result<Secret, Problem> {
    // Not the name: whoever gives a cookie for one must not find it in a log.
    let bytes =
        read_start(path).map_err(|error| unusable(format!("the file can’t be read: {}", error.kind())))?;
    import::decode(bytes).map_err(|error| unusable(error.to_string()))
}

fn read_start(path: &Path) -> io::Result<Vec<u8>> {
    let found = fs::metadata(path)?;
    // What is no file may never end, or wait for somebody.
    if !found.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let limit = LONGEST + 1;
    // All at once: a buffer that grows leaves copies behind.
    let mut bytes = Vec::with_capacity(usize::try_from(found.len()).unwrap_or(limit).min(limit) + 1);
    File::open(path)?.take(limit as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn unusable(detail: String) -> Problem {
    Problem::new(ProblemCode::InvalidInput).with_detail(detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holding(bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("cookies.txt");
        #[expect(clippy::disallowed_methods, reason = "a file of the test's own")]
        fs::write(&path, bytes).expect("a file");
        (folder, path)
    }

    #[test]
    fn a_file_in_any_encoding_is_read_as_text() {
        let (_folder, path) = holding(&[0xff, 0xfe, b'M', 0, b'U', 0]);
        assert_eq!(text(&path), Ok("MU".into()));
    }

    #[test]
    fn no_more_is_read_of_a_long_file_than_it_takes_to_see_that_it_is_too_long() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("cookies.txt");
        File::create(&path).and_then(|file| file.set_len(200 << 20)).expect("a file of 200 MB");
        assert_eq!(read_start(&path).expect("it can be read").len(), LONGEST + 1);
        let problem = text(&path).expect_err("it is too long");
        assert!(problem.detail.is_some_and(|detail| detail.contains("32 MB")), "it says how much may come");
    }

    #[test]
    fn what_is_no_file_is_refused_without_opening_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let problem = text(folder.path()).expect_err("it is a folder");
        assert_eq!(problem.code, ProblemCode::InvalidInput);
        assert!(text(&folder.path().join("missing")).is_err(), "it is not there");
    }
}
