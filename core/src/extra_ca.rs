//! The extra certificate authorities: whom to trust besides the system.
//!
//! The person names a file once. What is in it then is copied into the profile, and only the copy is loaded from then
//! on: whoever changes that file later, or puts another in its place, changes nothing of whom TuneKey trusts. The
//! settings go on naming the file that the person chose.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use tunekey_services::{HttpError, http};

use crate::disk;
use crate::problem::{Problem, ProblemCode};
use crate::profile::Profile;

/// The longest file that is read, in bytes: five times what a system trusts in all.
const LONGEST: u64 = 1 << 20;

/// Copies the authorities of a file into the profile.
///
/// # Errors
/// `ExtraCaUnusable` when the file may not be used, cannot be read, is too long or holds no authority that can be
/// used; what the profile's folder says when the copy cannot be written. Then the copy is as it was.
pub(crate) fn install(profile: &Profile, chosen: &Path) -> Result<(), Problem> {
    let pem = read_chosen(profile, chosen)?;
    disk::replace(&profile.extra_ca(), &pem).map_err(|error| {
        Problem::new(disk::cause_of_no_write(&error))
            .with_detail(format!("copying the certificate authority: {error}"))
    })
}

/// The authorities in force, as PEM, where the settings name that file.
///
/// # Errors
/// `ExtraCaUnusable` when there is no copy, and none can be made.
pub(crate) fn load(profile: &Profile, chosen: &Path) -> Result<Vec<u8>, Problem> {
    match read(&profile.extra_ca()) {
        Ok(pem) => Ok(pem),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // Set by a version that copied nothing. A profile that cannot be written goes on without a copy.
            let pem = read_chosen(profile, chosen)?;
            if let Err(error) = disk::replace(&profile.extra_ca(), &pem) {
                tracing::info!(%error, "the certificate authority could not be copied");
            }
            Ok(pem)
        }
        Err(_) => Err(Problem::new(ProblemCode::ExtraCaUnusable)),
    }
}

/// The file that [`load`] reads: the copy, or where none can be kept the file itself.
///
/// # Errors
/// As [`load`].
pub(crate) fn file(profile: &Profile, chosen: &Path) -> Result<PathBuf, Problem> {
    load(profile, chosen)?;
    let copy = profile.extra_ca();
    Ok(if copy.is_file() { copy } else { chosen.to_owned() })
}

/// Removes the copy. One that stays is loaded by nobody, and is replaced by the next.
pub(crate) fn forget(profile: &Profile) {
    if let Err(error) = fs::remove_file(profile.extra_ca())
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::info!(%error, "the copy of the certificate authority stays");
    }
}

/// What a file holds that somebody has named, if it may be used.
fn read_chosen(profile: &Profile, chosen: &Path) -> Result<Vec<u8>, Problem> {
    if is_on_another_computer(chosen) {
        return Err(refused(
            "A certificate authority is not taken from another computer. Copy the file to this one, then choose it there.",
            "不能使用其他电脑上的证书文件。请先复制到本机再选择。",
        ));
    }
    let path = chosen.canonicalize().map_err(|error| unreadable(&error))?;
    // A page of ours could have written it there.
    if path.starts_with(profile.dir()) {
        return Err(refused(
            "A certificate authority is not taken from TuneKey’s own folder. Choose the file where it came from.",
            "不能使用 TuneKey 自己文件夹里的证书文件，请从原来的位置选择。",
        ));
    }
    let pem = read(&path).map_err(|error| unreadable(&error))?;
    if !http::holds_authority(&pem) {
        return Err(HttpError::BadCertificateFile.into());
    }
    Ok(pem)
}

/// Reads a file once, and no more of it than can be used.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    // What is no file may never end, or wait for somebody.
    if !fs::metadata(path)?.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(LONGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(bytes)
}

/// Whether a path names a share, as `\\host\share`: asking for it would tell that computer who asks. `\\?\C:` is a disk.
fn is_on_another_computer(path: &Path) -> bool {
    match path.as_os_str().as_encoded_bytes() {
        [b'\\', b'\\', b'?', b'\\', disk, b':', ..] if disk.is_ascii_alphabetic() => false,
        [b'/' | b'\\', b'/' | b'\\', ..] => true,
        _ => false,
    }
}

fn unreadable(error: &io::Error) -> Problem {
    Problem::new(ProblemCode::ExtraCaUnusable).with_detail(format!("reading the file: {}", error.kind()))
}

fn refused(english: &str, chinese: &str) -> Problem {
    Problem::new(ProblemCode::ExtraCaUnusable).with_detail(english).with_words(english, chinese)
}

impl Profile {
    /// The copy of the extra certificate authorities.
    fn extra_ca(&self) -> PathBuf {
        self.dir().join("extra-ca.pem")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Language;

    struct Folder {
        outside: tempfile::TempDir,
        profile: Profile,
    }

    impl Folder {
        fn new() -> Self {
            let outside = tempfile::tempdir().expect("a folder");
            let profile = Profile::at(outside.path().join("profile")).expect("it can be made");
            Self { outside, profile }
        }

        fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
            let path = self.outside.path().join(name);
            disk::replace(&path, bytes).expect("it can be written");
            path
        }
    }

    fn authority() -> Vec<u8> {
        let key = rcgen::KeyPair::generate().expect("a key");
        let params = rcgen::CertificateParams::default();
        params.self_signed(&key).expect("a certificate").pem().into_bytes()
    }

    #[test]
    fn what_was_chosen_is_copied_and_what_becomes_of_the_file_later_changes_nothing() {
        let (folder, pem) = (Folder::new(), authority());
        let chosen = folder.file("ca.pem", &pem);
        install(&folder.profile, &chosen).expect("it can be used");
        disk::replace(&chosen, &authority()).expect("it is put in its place");
        assert_eq!(load(&folder.profile, &chosen).as_deref(), Ok(pem.as_slice()), "the other is not trusted");
        fs::remove_file(&chosen).expect("it is there");
        assert_eq!(load(&folder.profile, &chosen).as_deref(), Ok(pem.as_slice()), "nor is it missed");
        forget(&folder.profile);
        assert!(load(&folder.profile, &chosen).is_err(), "nothing of it is left");
    }

    #[cfg(unix)]
    #[test]
    fn the_copy_is_for_this_user_only() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = Folder::new();
        install(&folder.profile, &folder.file("ca.pem", &authority())).expect("it can be used");
        let mode = fs::metadata(folder.profile.extra_ca()).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_file_that_an_earlier_version_only_named_is_copied_when_it_is_first_loaded() {
        let (folder, pem) = (Folder::new(), authority());
        let named = folder.file("ca.pem", &pem);
        assert_eq!(load(&folder.profile, &named).as_deref(), Ok(pem.as_slice()));
        disk::replace(&named, &authority()).expect("it is put in its place");
        assert_eq!(
            load(&folder.profile, &named).as_deref(),
            Ok(pem.as_slice()),
            "from then on it is the copy"
        );
    }

    #[test]
    fn a_file_in_the_profiles_own_folder_is_refused_in_words_however_it_is_spelt() {
        let folder = Folder::new();
        let inside = folder.profile.dir().join("webview").join("page.pem");
        disk::make_private_dir(inside.parent().expect("a folder")).expect("it can be made");
        disk::replace(&inside, &authority()).expect("it can be written");
        let winding = folder.outside.path().join("profile/../profile/webview/page.pem");
        let link = folder.outside.path().join("link.pem");
        #[cfg(unix)]
        std::os::unix::fs::symlink(&inside, &link).expect("links can be made");
        // Windows lets only some users make links.
        let links = link.exists().then_some(link);
        for way in [inside.clone(), winding].into_iter().chain(links) {
            for refused in [install(&folder.profile, &way), load(&folder.profile, &way).map(drop)] {
                let problem = refused.expect_err("a page could have written it");
                assert_eq!(problem.code, ProblemCode::ExtraCaUnusable, "{}", way.display());
                assert!(problem.message(Language::English).contains("own folder"), "{problem}");
                assert!(problem.message(Language::Chinese).contains("自己文件夹"), "{problem}");
            }
        }
        assert!(!folder.profile.extra_ca().exists(), "nothing was copied");
    }

    #[test]
    fn a_file_on_another_computer_is_refused_before_that_computer_is_asked() {
        let folder = Folder::new();
        for share in
            [r"\\host\share\ca.pem", "//host/share/ca.pem", r"\/host\share\ca.pem", r"\\?\UNC\host\ca.pem"]
        {
            let problem = install(&folder.profile, Path::new(share)).expect_err("it is not looked for");
            assert!(problem.message(Language::English).contains("another computer"), "{share}: {problem}");
        }
    }

    #[test]
    fn a_disk_of_this_computer_is_known_however_it_is_spelt() {
        for disk in [r"C:\ca.pem", r"\\?\C:\ca.pem", "/etc/ca.pem", "ca.pem"] {
            assert!(!is_on_another_computer(Path::new(disk)), "{disk}");
        }
    }

    #[test]
    fn what_holds_no_authority_that_can_be_used_is_refused_and_the_copy_stays() {
        let (folder, pem) = (Folder::new(), authority());
        let good = folder.file("ca.pem", &pem);
        install(&folder.profile, &good).expect("it can be used");
        let long = folder.outside.path().join("long.pem");
        File::create(&long).and_then(|file| file.set_len(LONGEST + 1)).expect("a long file");
        for bad in [
            folder.file("empty.pem", b""),
            folder.file("page.pem", b"<!doctype html>"),
            folder.file("broken.pem", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
            folder.outside.path().join("missing.pem"),
            folder.outside.path().to_owned(),
            long,
        ] {
            let problem = install(&folder.profile, &bad).expect_err("there is nothing to trust in it");
            assert_eq!(problem.code, ProblemCode::ExtraCaUnusable, "{}", bad.display());
        }
        assert_eq!(load(&folder.profile, &good).as_deref(), Ok(pem.as_slice()));
    }
}
