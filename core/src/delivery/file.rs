//! Writes a file of the person's choosing, as a whole or some values in it, and reads it back. Waits for the disk.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::Path;

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::edit::{self, Place};
use super::error::{DeliveryError, NotAFile};
use super::model::DeliveryNotice;
use super::payload::{Payload, exposed};
use super::target::{FileContent, FileTarget, PlacedValue, Replace};
use super::template;
use crate::disk;

/// The largest file in which values are changed, in bytes: configuration files have kilobytes.
const MAX_BYTES: u64 = 4 * 1024 * 1024;
/// Who may read a file that is new: its owner.
const NEW_MODE: u32 = 0o600;
/// How many hexadecimal digits of a checksum are kept.
const SUM_LENGTH: usize = 16;

/// What was written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Written {
    /// The checksum of the whole file.
    pub(super) sum: String,
    /// What the person should know of the file.
    pub(super) notice: Option<DeliveryNotice>,
}

/// Writes the file and reads it back. `last` is the checksum of what was written last.
///
/// # Errors
/// As [`DeliveryError`] says; but for [`Replace::InPlace`] the file is as it was then.
pub(super) fn write(
    target: &FileTarget,
    payload: &Payload,
    last: Option<&str>,
) -> Result<Written, DeliveryError> {
    let path = target.path.as_path();
    if !path.is_absolute() {
        return Err(DeliveryError::NotAFile(NotAFile::Relative));
    }
    let there = metadata(path)?;
    let before = there.as_ref().map(|_| read(path)).transpose()?;
    let after = content(target, payload, before.as_deref())?;
    let wanted = Wanted::of(target, there.as_ref())?;
    if before.as_deref() != Some(after.as_bytes()) || wanted.differs(there.as_ref()) {
        make_folder(path, wanted.mode)?;
        match target.replace {
            Replace::Atomic => replace(path, after.as_bytes(), &wanted)?,
            Replace::InPlace => overwrite(path, after.as_bytes(), &wanted)?,
        }
        if read(path)?.as_slice() != after.as_bytes() {
            return Err(DeliveryError::NotAFile(NotAFile::Changed));
        }
    }
    // What changes some values leaves the rest to others: only a file that is ours as a whole can be rewritten.
    let is_whole = target.content == FileContent::Whole;
    let (was, sum) = (before.as_deref().map(sum), sum(after.as_bytes()));
    // What a delivery wrote that was cut off before it was noted is ours, too.
    let is_ours = was.as_deref() == last || was.as_ref() == Some(&sum);
    let was_rewritten = is_whole && last.is_some() && was.is_some() && !is_ours;
    let stops_its_reader = matches!(target.content, FileContent::RawVariables { .. })
        && after.lines().any(|line| line.trim().is_empty());
    let notice = if was_rewritten {
        Some(DeliveryNotice::Rewritten)
    } else {
        stops_its_reader.then_some(DeliveryNotice::EmptyLine)
    };
    Ok(Written { sum, notice })
}

/// What is written, for a preview: the whole file, or the values in it.
pub(super) fn preview(target: &FileTarget, payload: &Payload) -> Result<String, DeliveryError> {
    let values = target.content.values();
    if values.is_empty() {
        return Ok(payload.shown());
    }
    let line = |one: &PlacedValue| {
        let value = template::fill(&one.value, &|name| payload.value(name), str::to_owned)?;
        Ok(format!("{} = {}", one.at, *value))
    };
    Ok(values.iter().map(line).collect::<Result<Vec<_>, DeliveryError>>()?.join("\n"))
}

/// What the file is to hold.
fn content(
    target: &FileTarget,
    payload: &Payload,
    before: Option<&[u8]>,
) -> Result<Zeroizing<String>, DeliveryError> {
    let (values, place): (_, fn(&PlacedValue) -> Place<'_>) = match &target.content {
        FileContent::Whole => return Ok(Zeroizing::new(exposed(&payload.text).to_owned())),
        FileContent::Variables { values } => (values, |one| Place::Variable(&one.at)),
        FileContent::RawVariables { values } => (values, |one| Place::RawVariable(&one.at)),
        FileContent::Toml { values } => (values, |one| Place::Toml(&one.at)),
        FileContent::Json { values } => (values, |one| Place::Json(&one.at)),
    };
    let is_dotenv =
        matches!(target.content, FileContent::Variables { .. } | FileContent::RawVariables { .. });
    let text = match before {
        Some(before) => std::str::from_utf8(before).map_err(|_| DeliveryError::NotAFile(NotAFile::NoText))?,
        None if is_dotenv => "",
        None => return Err(DeliveryError::File("reading the file", io::ErrorKind::NotFound)),
    };
    let mut text = Zeroizing::new(text.to_owned());
    for one in values {
        let value = template::fill(&one.value, &|name| payload.value(name), str::to_owned)?;
        text = edit::edited(place(one), &text, &value)?;
    }
    Ok(text)
}

/// Whose a file is to be and who may read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Wanted {
    mode: u32,
    /// `None` leaves it as the system makes it.
    owner: Option<u32>,
    group: Option<u32>,
    /// Whether owner and group were asked for by name: then nothing else will do.
    is_asked_for: bool,
}

#[cfg(unix)]
impl Wanted {
    fn of(target: &FileTarget, there: Option<&Metadata>) -> Result<Self, DeliveryError> {
        use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

        let owner = target.owner.as_deref().map(user).transpose()?;
        let group = target.group.as_deref().map(self::group).transpose()?;
        let was = there.map(|there| there.permissions().mode() & 0o777);
        Ok(Self {
            mode: target.mode.or(was).unwrap_or(NEW_MODE) & 0o777,
            owner: owner.or_else(|| there.map(Metadata::uid)),
            group: group.or_else(|| there.map(Metadata::gid)),
            is_asked_for: owner.is_some() || group.is_some(),
        })
    }

    fn differs(&self, there: Option<&Metadata>) -> bool {
        use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

        there.is_none_or(|there| {
            there.permissions().mode() & 0o777 != self.mode
                || self.owner.is_some_and(|owner| owner != there.uid())
                || self.group.is_some_and(|group| group != there.gid())
        })
    }

    /// Makes an open file so.
    fn apply(&self, file: &File) -> Result<(), DeliveryError> {
        use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

        let giving = failed("giving the file its owner");
        let now = file.metadata().map_err(&giving)?;
        let owner = self.owner.filter(|owner| *owner != now.uid());
        let group = self.group.filter(|group| *group != now.gid());
        if owner.is_some() || group.is_some() {
            match std::os::unix::fs::fchown(file, owner, group) {
                Err(_) if !self.is_asked_for => return Err(DeliveryError::NotAFile(NotAFile::Foreign)),
                done => done.map_err(&giving)?,
            }
        }
        // After the owner: changing that may take rights away.
        let mode = std::fs::Permissions::from_mode(self.mode);
        file.set_permissions(mode).map_err(failed("giving the file its mode"))
    }
}

#[cfg(not(unix))]
impl Wanted {
    fn of(_: &FileTarget, _: Option<&Metadata>) -> Result<Self, DeliveryError> {
        Ok(Self { mode: NEW_MODE, owner: None, group: None, is_asked_for: false })
    }

    fn differs(&self, _: Option<&Metadata>) -> bool {
        false
    }

    fn apply(&self, _: &File) -> Result<(), DeliveryError> {
        Ok(())
    }
}

#[cfg(unix)]
fn user(name: &str) -> Result<u32, DeliveryError> {
    if let Ok(number) = name.parse() {
        return Ok(number);
    }
    let found = nix::unistd::User::from_name(name).ok().flatten();
    found.map(|user| user.uid.as_raw()).ok_or_else(|| DeliveryError::NoOwner(name.to_owned()))
}

#[cfg(unix)]
fn group(name: &str) -> Result<u32, DeliveryError> {
    if let Ok(number) = name.parse() {
        return Ok(number);
    }
    let found = nix::unistd::Group::from_name(name).ok().flatten();
    found.map(|group| group.gid.as_raw()).ok_or_else(|| DeliveryError::NoOwner(name.to_owned()))
}

/// What stands at the path; `None` when nothing does.
fn metadata(path: &Path) -> Result<Option<Metadata>, DeliveryError> {
    match std::fs::symlink_metadata(path) {
        Ok(there) if there.is_symlink() => Err(DeliveryError::NotAFile(NotAFile::Link)),
        Ok(there) if !there.is_file() => Err(DeliveryError::NotAFile(NotAFile::Other)),
        Ok(there) if there.len() > MAX_BYTES => Err(DeliveryError::NotAFile(NotAFile::NoText)),
        Ok(there) => Ok(Some(there)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("looking at the file")(error)),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, DeliveryError> {
    let reading = failed("reading the file");
    let mut options = OpenOptions::new();
    let file = no_links(options.read(true)).open(path).map_err(&reading)?;
    let mut bytes = Vec::new();
    file.take(MAX_BYTES).read_to_end(&mut bytes).map_err(&reading)?;
    Ok(bytes)
}

/// Makes the folder of a new file, which whoever may read the file may enter.
fn make_folder(path: &Path, mode: u32) -> Result<(), DeliveryError> {
    let Some(folder) = path.parent().filter(|folder| !folder.exists()) else { return Ok(()) };
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700 | (mode & 0o055) | ((mode & 0o044) >> 2));
    }
    #[cfg(not(unix))]
    let _ = mode;
    builder.create(folder).map_err(failed("making the folder"))
}

fn replace(path: &Path, bytes: &[u8], wanted: &Wanted) -> Result<(), DeliveryError> {
    let mut refused = None;
    let prepare = |file: &File| {
        wanted.apply(file).map_err(|error| {
            refused = Some(error);
            io::ErrorKind::Other.into()
        })
    };
    let replaced = disk::replace_with(path, bytes, prepare);
    match refused {
        Some(error) => Err(error),
        None => replaced.map_err(failed("writing the file")),
    }
}

fn overwrite(path: &Path, bytes: &[u8], wanted: &Wanted) -> Result<(), DeliveryError> {
    let writing = failed("writing the file");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, NEW_MODE);
    let mut file = no_links(&mut options).open(path).map_err(&writing)?;
    wanted.apply(&file)?;
    file.rewind().and_then(|()| file.write_all(bytes)).map_err(&writing)?;
    // A shorter value leaves no end of the longer one behind it.
    file.set_len(bytes.len() as u64).and_then(|()| file.sync_all()).map_err(&writing)
}

/// A link that has just been put there leads nowhere.
fn no_links(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(options, libc::O_NOFOLLOW | libc::O_NONBLOCK);
    options
}

fn failed(doing: &'static str) -> impl Fn(io::Error) -> DeliveryError {
    move |error| DeliveryError::File(doing, error.kind())
}

fn sum(bytes: &[u8]) -> String {
    let mut sum = format!("{:x}", Sha256::digest(bytes));
    sum.truncate(SUM_LENGTH);
    sum
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
    use std::path::PathBuf;

    use super::*;
    use crate::delivery::fixtures::payload;

    fn target(path: PathBuf, content: FileContent) -> FileTarget {
        FileTarget {
            path,
            content,
            replace: Replace::Atomic,
            mode: None,
            owner: None,
            group: None,
            then: None,
        }
    }

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777
    }

    #[test]
    fn a_new_file_is_private_and_one_that_is_there_keeps_its_mode_and_its_folder() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("cookie").join("music");
        let file = target(path.clone(), FileContent::Whole);
        let written = write(&file, &payload("first"), None).expect("it is written");
        assert_eq!(std::fs::read_to_string(&path).expect("it is there"), "MUSIC_U=first; __csrf=c");
        assert_eq!((mode(&path), mode(path.parent().expect("a folder"))), (0o600, 0o700));
        assert_eq!(written.notice, None, "nothing was there before");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).expect("it is ours");
        write(&file, &payload("second"), Some(&written.sum)).expect("it is written");
        assert_eq!(mode(&path), 0o640, "whoever could read it still can");
        let left = std::fs::read_dir(path.parent().expect("a folder")).expect("it is there").count();
        assert_eq!(left, 1, "nothing is left beside it");
    }

    #[test]
    fn a_mode_that_is_asked_for_is_given_to_the_file_and_its_new_folder() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("new").join("cookie");
        let file = FileTarget { mode: Some(0o644), ..target(path.clone(), FileContent::Whole) };
        write(&file, &payload("first"), None).expect("it is written");
        assert_eq!((mode(&path), mode(path.parent().expect("a folder"))), (0o644, 0o755));
    }

    #[test]
    fn a_file_that_another_program_has_rewritten_is_noticed_and_said() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("cookies.txt");
        let file = target(path.clone(), FileContent::Whole);
        let first = write(&file, &payload("first"), None).expect("it is written");
        let again = write(&file, &payload("first"), Some(&first.sum)).expect("it is written");
        assert_eq!(again.notice, None, "it is as it was left");
        std::fs::OpenOptions::new()
            .append(true)
            .open(&path)
            .and_then(|mut file| file.write_all(b"more"))
            .expect("it is ours");
        let second = write(&file, &payload("second"), Some(&first.sum)).expect("it is written");
        assert_eq!(second.notice, Some(DeliveryNotice::Rewritten));
        assert_eq!(std::fs::read_to_string(&path).expect("it is there"), "MUSIC_U=second; __csrf=c");
    }

    #[test]
    fn a_file_that_is_written_in_place_stays_the_same_file() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("cookie");
        let file = FileTarget { replace: Replace::InPlace, ..target(path.clone(), FileContent::Whole) };
        write(&file, &payload("a-long-first-value"), None).expect("it is written");
        let node = std::fs::metadata(&path).expect("it is there").ino();
        write(&file, &payload("second"), None).expect("it is written");
        assert_eq!(std::fs::metadata(&path).expect("it is there").ino(), node);
        assert_eq!(std::fs::read_to_string(&path).expect("it is there"), "MUSIC_U=second; __csrf=c");
    }

    #[test]
    fn no_link_leads_a_credential_elsewhere() {
        let dir = tempfile::tempdir().expect("a folder");
        let (elsewhere, link) = (dir.path().join("elsewhere"), dir.path().join("link"));
        std::fs::File::create(&elsewhere).expect("a file");
        symlink(&elsewhere, &link).expect("a link");
        for replace in [Replace::Atomic, Replace::InPlace] {
            let file = FileTarget { replace, ..target(link.clone(), FileContent::Whole) };
            let error = write(&file, &payload("first"), None).expect_err("it is a link");
            assert!(matches!(error, DeliveryError::NotAFile(NotAFile::Link)), "{error}");
        }
        assert_eq!(std::fs::metadata(&elsewhere).expect("it is there").len(), 0);
        let relative = target("cookie".into(), FileContent::Whole);
        write(&relative, &payload("first"), None).expect_err("it is nowhere in particular");
    }

    #[test]
    fn some_values_of_a_file_change_and_the_rest_stays() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join(".env");
        std::fs::File::create(&path)
            .and_then(|mut file| file.write_all(b"A=1\nTOKEN='old' # ours\n"))
            .expect("a file");
        let value = |at: &str, value: &str| PlacedValue { at: at.to_owned(), value: value.to_owned() };
        let values = vec![value("TOKEN", "{{field.MUSIC_U}}"), value("COOKIE", "{{cookie}}")];
        let file = target(path.clone(), FileContent::Variables { values });
        write(&file, &payload("first"), None).expect("it is written");
        let text = std::fs::read_to_string(&path).expect("it is there");
        assert_eq!(text, "A=1\nTOKEN='first' # ours\nCOOKIE=\"MUSIC_U=first; __csrf=c\"\n");
        let missing = FileContent::Toml { values: vec![value("/a", "{{cookie}}")] };
        write(&target(dir.path().join("none.toml"), missing), &payload("x"), None)
            .expect_err("nothing to change");
    }
    #[test]
    fn an_empty_line_is_told_of_where_it_stops_the_tools_own_reader() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join(".env");
        let values = vec![PlacedValue { at: "COOKIE".to_owned(), value: "{{cookie}}".to_owned() }];
        let raw = target(path.clone(), FileContent::RawVariables { values: values.clone() });
        let read_by_all = target(path.clone(), FileContent::Variables { values });
        for (text, told) in [("A=1\n", None), ("A=1\n\nB=2\n", Some(DeliveryNotice::EmptyLine))] {
            File::create(&path).and_then(|mut file| file.write_all(text.as_bytes())).expect("a file");
            assert_eq!(write(&raw, &payload("first"), None).expect("it is written").notice, told, "{text:?}");
            assert_eq!(write(&read_by_all, &payload("second"), None).expect("it is written").notice, None);
        }
    }
}
