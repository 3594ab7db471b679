//! The accounts' pictures: PNG files beside the ledger. Losing one costs nothing, so a picture that cannot
//! be read is the same as none.

use tunekey_services::AccountId;

use crate::disk;
use crate::problem::{Problem, ProblemCode};
use crate::profile::Profile;

/// Pictures above this are refused, in bytes: ours are a few kilobytes.
const MAX_BYTES: usize = 1024 * 1024;

/// The account's picture as PNG bytes, if there is one.
pub(crate) fn load(profile: &Profile, id: &AccountId) -> Option<Vec<u8>> {
    let path = profile.avatar(id);
    let length = std::fs::metadata(&path).ok()?.len();
    if usize::try_from(length).ok()? > MAX_BYTES {
        return None;
    }
    std::fs::read(path).ok().filter(|bytes| is_png(bytes))
}

/// Keeps the account's picture.
///
/// # Errors
/// `InvalidInput` for what is not a PNG of at most 1 MiB, `ProfileUnreadable` when it cannot be written.
pub(crate) fn save(profile: &Profile, id: &AccountId, png: &[u8]) -> Result<(), Problem> {
    if png.len() > MAX_BYTES || !is_png(png) {
        return Err(Problem::new(ProblemCode::InvalidInput).with_detail("the picture is not a small PNG"));
    }
    disk::replace(&profile.avatar(id), png).map_err(|error| {
        Problem::new(ProblemCode::ProfileUnreadable).with_detail(format!("keeping a picture: {error}"))
    })
}

/// Removes the account's picture, if there is one.
pub(crate) fn remove(profile: &Profile, id: &AccountId) {
    if let Err(error) = std::fs::remove_file(profile.avatar(id))
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::debug!(kind = %error.kind(), "an account's picture could not be removed");
    }
}

fn is_png(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\x89PNG\r\n\x1a\n")
}

#[cfg(test)]
mod tests {
    use tunekey_services::{netease, qqmusic};

    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\nrest";

    #[test]
    fn a_picture_is_kept_until_it_is_removed() {
        let scratch = tempfile::tempdir().expect("a directory");
        let profile = Profile::at(scratch.path()).expect("it can be made");
        let id = AccountId::new(netease::ID, "42");
        assert_eq!(load(&profile, &id), None, "there is none yet");
        save(&profile, &id, PNG).expect("it can be written");
        assert_eq!(load(&profile, &id).as_deref(), Some(PNG));
        assert_eq!(load(&profile, &AccountId::new(qqmusic::ID, "42")), None, "another service's 42");
        remove(&profile, &id);
        remove(&profile, &id);
        assert_eq!(load(&profile, &id), None, "gone, and removing it once more is fine");
    }

    #[test]
    fn what_is_not_a_picture_is_neither_kept_nor_shown() {
        let scratch = tempfile::tempdir().expect("a directory");
        let profile = Profile::at(scratch.path()).expect("it can be made");
        let id = AccountId::new(netease::ID, "42");
        let refused = save(&profile, &id, b"<html>").expect_err("a page is no picture");
        assert_eq!(refused.code, ProblemCode::InvalidInput);
        disk::replace(&profile.avatar(&id), b"<html>").expect("it can be written");
        assert_eq!(load(&profile, &id), None, "whoever put it there");
    }
}
