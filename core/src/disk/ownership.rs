//! Whose a file is, and who else may change it. Whoever can change the account list decides which accounts there are
//! and through which proxy the services are asked: what somebody else could have written is refused, not read.
//!
//! On Windows only links are looked at: a user's own folder there is closed to others by what it inherits.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use tunekey_services::display_text;

use crate::problem::{Problem, ProblemCode};

/// Something in the profile that somebody else could have changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("somebody else could have changed it")]
pub(crate) struct NotPrivate {
    path: PathBuf,
    why: Why,
    is_dir: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(unix), expect(dead_code, reason = "owners and modes are not looked at"))]
enum Why {
    /// It belongs to another user.
    Owner { owner: u32, user: u32, mode: u32 },
    /// Its mode lets the group, or everybody, write.
    Mode(u32),
    /// It leads somewhere else.
    Link,
}

impl NotPrivate {
    /// The one that an error was made of.
    pub(crate) fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }

    /// In words, with the command that mends it.
    pub(super) fn problem(&self) -> Problem {
        let path = display_text::escaped(&self.path.to_string_lossy()).into_owned();
        let quoted = quoted(&self.path);
        let (english, chinese, detail) = match self.why {
            Why::Owner { owner, user, mode } => {
                let sudo = if user == 0 { "" } else { "sudo " };
                let recursively = if self.is_dir { "-R " } else { "" };
                let mend = format!("{sudo}chown {recursively}{user} {quoted}");
                (
                    format!(
                        "TuneKey doesn’t use {path}: it belongs to user {owner} (mode {mode:03o}) and you are user {user}. \
                         Whoever can change it decides over your accounts. If it is yours, run `{mend}`; in a \
                         container, start it as the user of the volume ({owner}) instead; or choose another folder \
                         with --profile."
                    ),
                    format!(
                        "TuneKey 不使用 {path}：它属于用户 {owner}（权限 {mode:03o}），而你是用户 {user}，能改动它的人就能左右\
                         你的账号。如果它是你的，请运行 `{mend}`；在容器中也可改用卷的所有者（{owner}）启动；\
                         或用 --profile 指定其他目录。"
                    ),
                    format!("owner {owner}, user {user}, mode {mode:03o}"),
                )
            }
            Why::Mode(mode) => {
                let mend = format!("chmod go-w {quoted}");
                (
                    format!(
                        "TuneKey doesn’t use {path}: its mode ({mode:03o}) lets other users change it, and whoever can \
                         change it decides over your accounts. Run `{mend}`, or choose another folder with --profile."
                    ),
                    format!(
                        "TuneKey 不使用 {path}：其权限（{mode:03o}）允许其他用户改动，而能改动它的人就能左右你的账号。\
                         请运行 `{mend}`，或用 --profile 指定其他目录。"
                    ),
                    format!("mode {mode:03o}"),
                )
            }
            Why::Link => {
                let remove = if cfg!(windows) { "Remove-Item" } else { "rm" };
                let mend = format!("{remove} {quoted}");
                (
                    format!(
                        "TuneKey doesn’t use {path}: it is a link to another place. Remove it with `{mend}`, put what it \
                         led to there if you want to keep that, or choose another folder with --profile."
                    ),
                    format!(
                        "TuneKey 不使用 {path}：它是指向别处的链接。请运行 `{mend}` 将其移除（如需保留内容，请把原文件放回原位），\
                         或用 --profile 指定其他目录。"
                    ),
                    "a symbolic link".to_owned(),
                )
            }
        };
        Problem::new(ProblemCode::ProfileNotPrivate)
            .with_detail(format!("{path}: {detail}"))
            .with_words(english, chinese)
    }
}

impl From<NotPrivate> for io::Error {
    fn from(found: NotPrivate) -> Self {
        Self::new(io::ErrorKind::PermissionDenied, found)
    }
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    format!("'{}'", display_text::escaped(&path.to_string_lossy()).replace('\'', r"'\''"))
}

/// Opens a file to read it, and no link to one.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    open_with(&mut options, path)
}

/// Opens a file, and no link to one.
pub(super) fn open_with(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        // Nor does a pipe in its place keep us waiting.
        options.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
    }
    match options.open(path) {
        Ok(file) => {
            check(path, &file.metadata()?)?;
            Ok(file)
        }
        #[cfg(unix)]
        Err(error) if error.raw_os_error() == Some(libc::ELOOP) => {
            Err(NotPrivate { path: path.to_owned(), why: Why::Link, is_dir: false }.into())
        }
        Err(error) => Err(error),
    }
}

/// Whether something is this user's and nobody else may change it. What is not there is nobody else's.
pub(crate) fn check_at(path: &Path) -> io::Result<()> {
    match std::fs::symlink_metadata(path) {
        Ok(metadata) => Ok(check(path, &metadata)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Takes from others what they may do with something of this user's. What is not there needs nothing.
pub(crate) fn make_private(path: &Path) -> io::Result<()> {
    match std::fs::symlink_metadata(path) {
        Ok(metadata) => {
            check_owner(path, &metadata)?;
            close(path, &metadata)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

fn check(path: &Path, metadata: &Metadata) -> Result<(), NotPrivate> {
    check_owner(path, metadata)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = metadata.permissions().mode() & 0o7777;
        if mode & 0o022 != 0 {
            return Err(NotPrivate {
                path: path.to_owned(),
                why: Why::Mode(mode),
                is_dir: metadata.is_dir(),
            });
        }
    }
    Ok(())
}

#[cfg(unix)]
fn check_owner(path: &Path, metadata: &Metadata) -> Result<(), NotPrivate> {
    use std::os::unix::fs::MetadataExt as _;

    let refused = |why| Err(NotPrivate { path: path.to_owned(), why, is_dir: metadata.is_dir() });
    if metadata.is_symlink() {
        return refused(Why::Link);
    }
    let (owner, user) = (metadata.uid(), nix::unistd::geteuid().as_raw());
    if owner != user {
        return refused(Why::Owner { owner, user, mode: metadata.mode() & 0o7777 });
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_owner(path: &Path, metadata: &Metadata) -> Result<(), NotPrivate> {
    if metadata.is_symlink() {
        return Err(NotPrivate { path: path.to_owned(), why: Why::Link, is_dir: false });
    }
    Ok(())
}

#[cfg(unix)]
fn close(path: &Path, metadata: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    let mode = metadata.permissions().mode() & 0o7777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode & 0o700))
}

#[cfg(not(unix))]
fn close(_: &Path, _: &Metadata) -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;
    use crate::problem::Language;

    fn made(dir: &tempfile::TempDir, mode: u32) -> PathBuf {
        let path = dir.path().join("it’s \u{202e} mine");
        super::super::replace(&path, b"x").expect("it can be written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("it is ours");
        path
    }

    fn said(error: &io::Error) -> String {
        NotPrivate::of(error).expect("it is not private").problem().message(Language::English)
    }

    #[test]
    fn what_others_may_read_is_used_and_what_they_may_write_is_not() {
        let dir = tempfile::tempdir().expect("a directory");
        for mode in [0o600, 0o400, 0o644, 0o444] {
            let path = made(&dir, mode);
            check_at(&path).expect("nobody else may write it");
            open(&path).expect("nor is it refused when it is opened");
        }
        for mode in [0o660, 0o602, 0o620, 0o666] {
            let path = made(&dir, mode);
            for error in [check_at(&path).expect_err("refused"), open(&path).expect_err("refused")] {
                let said = said(&error);
                assert!(said.contains(&format!("{mode:03o}")) && said.contains("chmod go-w '"), "{said}");
                assert!(!said.contains('\u{202e}'), "a path turns no line round: {said}");
            }
        }
    }

    #[test]
    fn a_link_is_not_followed_wherever_it_leads() {
        let dir = tempfile::tempdir().expect("a directory");
        let (target, link) = (made(&dir, 0o600), dir.path().join("link"));
        symlink(&target, &link).expect("links can be made");
        for error in [check_at(&link).expect_err("refused"), open(&link).expect_err("refused")] {
            assert!(said(&error).contains("rm '"), "{}", said(&error));
        }
    }

    #[test]
    fn a_pipe_in_the_place_of_a_file_keeps_nobody_waiting() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("pipe");
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).expect("pipes can be made");
        drop(open(&path));
    }

    #[test]
    fn what_is_ours_is_closed_and_what_is_missing_is_no_trouble() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = made(&dir, 0o666);
        make_private(&path).expect("it is ours");
        let mode = std::fs::metadata(&path).expect("it is there").permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
        make_private(&dir.path().join("missing")).expect("there is nothing to do");
        check_at(&dir.path().join("missing")).expect("nobody else’s");
    }
}
