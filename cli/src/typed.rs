//! What is typed or piped in. Each read has a thread of its own that is left behind when nobody waits for it any
//! more: a terminal on which nobody types must not keep the process.

use std::fs::File;
use std::io::{self, BufRead as _, ErrorKind, IsTerminal as _, Read};
use std::path::{Path, PathBuf};

use tokio::sync::oneshot;
use tunekey_core::import::{self, LONGEST};
use tunekey_core::{ProblemCode, Secret};

use crate::failure::Failure;
use crate::words;

/// The longest line that answers a question, in bytes.
const LONGEST_LINE: u64 = 1024;

/// What Ctrl-D sends when the terminal does not edit lines (ASCII EOT).
#[cfg(unix)]
const END_OF_INPUT: u8 = 0x04;

/// Where a text comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    StandardInput,
    File(PathBuf),
}

/// Whether a person types.
pub(crate) fn at_terminal() -> bool {
    io::stdin().is_terminal()
}

/// The next line of standard input, without its end; `None` when there is no more.
///
/// # Errors
/// `InvalidInput` when it is no text, or far too long.
pub(crate) async fn line() -> Result<Option<Secret>, Failure> {
    on_a_thread(|| {
        let mut line = Vec::new();
        let mut input = io::stdin().lock();
        let read = input.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line);
        read.map_err(|_| unreadable())?;
        match line.last() {
            None => return Ok(None),
            Some(b'\n') => drop(line.pop()),
            Some(_) if line.len() as u64 == LONGEST_LINE => {
                return Err(unusable("That line is too long for an answer.", "输入的这一行太长。"));
            }
            Some(_) => {}
        }
        text(line).map(Some)
    })
    .await
}

/// A whole text, up to one byte more than may be looked at: enough to see that it is too long. What is typed or
/// pasted into a terminal is not shown there.
///
/// # Errors
/// `NotFound` when there is no such file, `InvalidInput` when it cannot be read or is no text.
pub(crate) async fn all(source: Source) -> Result<Secret, Failure> {
    match source {
        Source::File(path) => on_a_thread(move || file(&path)).await,
        Source::StandardInput if at_terminal() => pasted().await,
        Source::StandardInput => {
            on_a_thread(|| beginning(io::stdin().lock()).map_err(|_| unreadable()).and_then(text)).await
        }
    }
}

fn file(path: &Path) -> Result<Secret, Failure> {
    // Not the name: whoever gives a cookie for one must not find it in a log.
    let bytes = File::open(path).and_then(beginning).map_err(|error| match error.kind() {
        ErrorKind::NotFound => Failure::new(
            ProblemCode::NotFound,
            "There is no such file. A cookie itself goes through standard input: `tunekey import -`.",
            "没有这个文件。Cookie 本身请从标准输入传入：`tunekey import -`。",
        ),
        ErrorKind::PermissionDenied => unusable(
            "You may not read that file. Check its permissions.",
            "没有读取该文件的权限，请检查权限设置。",
        ),
        ErrorKind::IsADirectory => {
            unusable("That is a folder. Name the file in it.", "这是一个文件夹，请指定其中的文件。")
        }
        _ => unusable("That file can’t be read.", "无法读取该文件。"),
    })?;
    text(bytes)
}

fn beginning(source: impl Read) -> io::Result<Vec<u8>> {
    let most = LONGEST + 1;
    // All at once: a buffer that grows leaves copies behind.
    let mut bytes = Vec::with_capacity(most + 1);
    source.take(most as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn text(bytes: Vec<u8>) -> Result<Secret, Failure> {
    import::decode(bytes).map_err(|error| words::unusable_text(error.into()))
}

fn unusable(english: &str, chinese: &str) -> Failure {
    Failure::new(ProblemCode::InvalidInput, english, chinese)
}

fn unreadable() -> Failure {
    unusable("Standard input can’t be read.", "无法读取标准输入。")
}

async fn on_a_thread<T: Send + 'static>(
    read: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let (done, waiting) = oneshot::channel();
    std::thread::spawn(move || drop(done.send(read())));
    waiting.await.unwrap_or_else(|_| Err(unreadable()))
}

#[cfg(unix)]
async fn pasted() -> Result<Secret, Failure> {
    let _quiet = unix::Quiet::new().map_err(|_| {
        unusable(
            "This terminal can’t be kept from showing it. Put it into a file, then `tunekey import FILE`.",
            "无法让该终端隐藏输入内容。请存成文件后执行 `tunekey import FILE`。",
        )
    })?;
    on_a_thread(|| {
        let mut bytes = Vec::with_capacity(LONGEST + 2);
        for byte in io::stdin().lock().bytes().take(LONGEST + 1) {
            match byte.map_err(|_| unreadable())? {
                END_OF_INPUT => break,
                byte => bytes.push(byte),
            }
        }
        text(bytes)
    })
    .await
}

/// There is no safe way to keep this terminal from showing what is pasted.
#[cfg(not(unix))]
async fn pasted() -> Result<Secret, Failure> {
    Err(unusable(
        "This terminal would show it. Put it into a file, then `tunekey import FILE`.",
        "该终端会显示粘贴的内容。请存成文件后执行 `tunekey import FILE`。",
    ))
}

#[cfg(unix)]
mod unix {
    use std::io;

    use nix::sys::termios::{LocalFlags, SetArg, SpecialCharacterIndices, Termios, tcgetattr, tcsetattr};

    /// A terminal that shows nothing of what is typed, until dropped. It edits no lines either, because lines
    /// that it edits end at 4095 bytes. Ctrl-C still works.
    pub(super) struct Quiet(Termios);

    impl Quiet {
        pub(super) fn new() -> io::Result<Self> {
            let before = tcgetattr(io::stdin())?;
            let mut quiet = before.clone();
            quiet.local_flags.remove(LocalFlags::ECHO | LocalFlags::ICANON);
            quiet.control_chars[SpecialCharacterIndices::VMIN as usize] = 1;
            quiet.control_chars[SpecialCharacterIndices::VTIME as usize] = 0;
            tcsetattr(io::stdin(), SetArg::TCSANOW, &quiet)?;
            Ok(Self(before))
        }
    }

    impl Drop for Quiet {
        fn drop(&mut self) {
            // A terminal that has gone needs nothing put back.
            let _ = tcsetattr(io::stdin(), SetArg::TCSANOW, &self.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use tunekey_core::Language;

    use super::*;

    #[test]
    fn no_more_is_read_than_it_takes_to_see_that_it_is_too_long() {
        let endless = io::repeat(b'a');
        assert_eq!(beginning(endless).expect("it can be read").len(), LONGEST + 1);
    }

    #[test]
    fn a_text_in_another_encoding_is_decoded_and_one_that_is_too_long_is_refused() {
        let utf_16 = [0xff, 0xfe, b'M', 0, b'U', 0];
        assert_eq!(text(utf_16.to_vec()), Ok("MU".into()));
        assert_eq!(text(vec![0xcd, 0xf8, 0xd2, 0xd7]), Ok("网易".into()), "GBK");
        let failure = text(vec![b'a'; LONGEST + 1]).expect_err("it is too long");
        assert!(failure.message(Language::English).contains("32 MB"), "it says how much may come");
    }

    #[test]
    fn a_file_that_is_not_there_is_not_found() {
        let failure = file(Path::new("no/such/file")).expect_err("there is none");
        assert_eq!(failure.problem.code, ProblemCode::NotFound);
    }
}
