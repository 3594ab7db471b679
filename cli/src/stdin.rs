//! Reads standard input, and the file that may stand in its place. Each read has a thread of its own that is left
//! behind when nobody waits for it any more, so that a terminal on which nobody types does not keep the process from
//! ending. For `sign_in.rs`, `retry.rs`, `import.rs`, `delivery.rs`, `notify.rs` and `identity_prompt.rs`.

use std::fs::File;
use std::io::{self, BufRead as _, ErrorKind, IsTerminal as _, Read};
use std::path::{Path, PathBuf};

use tokio::sync::oneshot;
use tunekey_core::import::{self, LONGEST};
use tunekey_core::{ProblemCode, Secret};

use crate::failure::Failure;
use crate::text;

/// The longest line that answers a question, in bytes.
const MAX_LINE: u64 = 1024;

/// What Ctrl-D sends when the terminal does not edit lines (ASCII EOT).
#[cfg(unix)]
const END_OF_INPUT: u8 = 0x04;

/// Where a text is read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    StandardInput,
    File(PathBuf),
}

/// Whether standard input is a terminal.
pub(crate) fn is_terminal() -> bool {
    io::stdin().is_terminal()
}

/// Reads the next line of standard input, without its line break; `None` at its end.
///
/// # Errors
/// `InvalidInput` when it is no text, or longer than [`MAX_LINE`].
pub(crate) async fn read_line() -> Result<Option<Secret>, Failure> {
    on_thread(|| {
        let mut line = Vec::new();
        let mut input = io::stdin().lock();
        let read = input.by_ref().take(MAX_LINE).read_until(b'\n', &mut line);
        read.map_err(|_| unreadable_stdin())?;
        match line.last() {
            None => return Ok(None),
            Some(b'\n') => drop(line.pop()),
            Some(_) if line.len() as u64 == MAX_LINE => {
                return Err(invalid_input("That line is too long for an answer.", "输入的这一行太长。"));
            }
            Some(_) => {}
        }
        decode(line).map(Some)
    })
    .await
}

/// Asks with `prompt` and reads the next line of a terminal, which does not echo it. For a secret that is typed or
/// pasted.
///
/// # Errors
/// `InvalidInput` when there is no terminal that can keep from showing it, or it is no text or too long.
pub(crate) async fn read_hidden_line(prompt: impl FnOnce()) -> Result<Option<Secret>, Failure> {
    #[cfg(unix)]
    if is_terminal() {
        // Before it is asked for: whoever answers at once is not shown either.
        let _hidden = unix::HiddenInput::lines().map_err(|_| no_hidden_terminal())?;
        prompt();
        return read_line().await;
    }
    drop(prompt);
    // Where there is nothing to wait for, too: everywhere it is asked alike.
    std::future::ready(Err(no_hidden_terminal())).await
}

fn no_hidden_terminal() -> Failure {
    invalid_input(
        "There is no terminal here that keeps a secret hidden. Give a file, or - for standard input.",
        "这里没有能隐藏机密的终端，请指定文件，或用 - 表示标准输入。",
    )
}

/// Reads a whole text, up to one byte more than an import may have: enough to see that it is too long. A terminal does
/// not echo it.
///
/// # Errors
/// `NotFound` when there is no such file, `InvalidInput` when it cannot be read or is no text.
pub(crate) async fn read_all(source: Source) -> Result<Secret, Failure> {
    match source {
        Source::File(path) => on_thread(move || read_file(&path)).await,
        #[cfg(unix)]
        Source::StandardInput if is_terminal() => read_hidden().await,
        // There is no safe way to turn off this terminal's echo.
        #[cfg(not(unix))]
        Source::StandardInput if is_terminal() => Err(invalid_input(
            "This terminal would show it. Put it into a file, then `tunekey import FILE`.",
            "该终端会显示粘贴的内容。请存成文件后执行 `tunekey import FILE`。",
        )),
        Source::StandardInput => {
            on_thread(|| read_limited(io::stdin().lock()).map_err(|_| unreadable_stdin()).and_then(decode))
                .await
        }
    }
}

fn read_file(path: &Path) -> Result<Secret, Failure> {
    // Without the name: it may be a cookie that was given for one, and must not be printed.
    let kind = |error: io::Error| match error.kind() {
        // So says Windows of a folder.
        ErrorKind::PermissionDenied if path.is_dir() => ErrorKind::IsADirectory,
        kind => kind,
    };
    let bytes = File::open(path).and_then(read_limited).map_err(|error| match kind(error) {
        ErrorKind::NotFound => Failure::new(
            ProblemCode::NotFound,
            "There is no such file. A cookie itself goes through standard input: `tunekey import -`.",
            "没有这个文件。Cookie 本身请从标准输入传入：`tunekey import -`。",
        ),
        ErrorKind::PermissionDenied => invalid_input(
            "You may not read that file. Check its permissions.",
            "没有读取该文件的权限，请检查权限设置。",
        ),
        ErrorKind::IsADirectory => {
            invalid_input("That is a folder. Name the file in it.", "这是一个文件夹，请指定其中的文件。")
        }
        _ => invalid_input("That file can’t be read.", "无法读取该文件。"),
    })?;
    decode(bytes)
}

fn read_limited(source: impl Read) -> io::Result<Vec<u8>> {
    let limit = LONGEST + 1;
    // Allocated at once: a buffer that grows leaves copies behind.
    let mut bytes = Vec::with_capacity(limit + 1);
    source.take(limit as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn decode(bytes: Vec<u8>) -> Result<Secret, Failure> {
    import::decode(bytes).map_err(|error| text::unusable_failure(error.into()))
}

fn invalid_input(english: &str, chinese: &str) -> Failure {
    Failure::new(ProblemCode::InvalidInput, english, chinese)
}

fn unreadable_stdin() -> Failure {
    invalid_input("Standard input can’t be read.", "无法读取标准输入。")
}

async fn on_thread<T: Send + 'static>(
    read: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let (sender, receiver) = oneshot::channel();
    std::thread::spawn(move || drop(sender.send(read())));
    receiver.await.unwrap_or_else(|_| Err(unreadable_stdin()))
}

#[cfg(unix)]
async fn read_hidden() -> Result<Secret, Failure> {
    let _hidden = unix::HiddenInput::new().map_err(|_| {
        invalid_input(
            "This terminal can’t be kept from showing it. Put it into a file, then `tunekey import FILE`.",
            "无法让该终端隐藏输入内容。请存成文件后执行 `tunekey import FILE`。",
        )
    })?;
    on_thread(|| {
        let mut bytes = Vec::with_capacity(LONGEST + 2);
        for byte in io::stdin().lock().bytes().take(LONGEST + 1) {
            match byte.map_err(|_| unreadable_stdin())? {
                END_OF_INPUT => break,
                byte => bytes.push(byte),
            }
        }
        decode(bytes)
    })
    .await
}

#[cfg(unix)]
mod unix {
    use std::io;

    use nix::sys::termios::{LocalFlags, SetArg, SpecialCharacterIndices, Termios, tcgetattr, tcsetattr};

    /// Turns off the echo of the terminal until it is dropped, and for a long text line editing, because an edited line
    /// ends at 4095 bytes. Ctrl-C still works.
    pub(super) struct HiddenInput(Termios);

    impl HiddenInput {
        pub(super) fn new() -> io::Result<Self> {
            Self::changing(|hidden| {
                hidden.local_flags.remove(LocalFlags::ECHO | LocalFlags::ICANON);
                hidden.control_chars[SpecialCharacterIndices::VMIN as usize] = 1;
                hidden.control_chars[SpecialCharacterIndices::VTIME as usize] = 0;
            })
        }

        /// Leaves line editing on: a short line needs no more than it allows.
        pub(super) fn lines() -> io::Result<Self> {
            Self::changing(|hidden| hidden.local_flags.remove(LocalFlags::ECHO))
        }

        fn changing(change: impl FnOnce(&mut Termios)) -> io::Result<Self> {
            let before = tcgetattr(io::stdin())?;
            let mut hidden = before.clone();
            change(&mut hidden);
            tcsetattr(io::stdin(), SetArg::TCSANOW, &hidden)?;
            Ok(Self(before))
        }
    }

    impl Drop for HiddenInput {
        fn drop(&mut self) {
            // A terminal that has gone needs no reset.
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
        assert_eq!(read_limited(endless).expect("it can be read").len(), LONGEST + 1);
    }

    #[test]
    fn a_text_in_another_encoding_is_decoded_and_one_that_is_too_long_is_refused() {
        let utf_16 = [0xff, 0xfe, b'M', 0, b'U', 0];
        assert_eq!(decode(utf_16.to_vec()), Ok("MU".into()));
        assert_eq!(decode(vec![0xcd, 0xf8, 0xd2, 0xd7]), Ok("网易".into()), "GBK");
        let failure = decode(vec![b'a'; LONGEST + 1]).expect_err("it is too long");
        assert!(failure.message(Language::English).contains("32 MB"), "it says how much may come");
    }

    #[test]
    fn a_file_that_is_not_there_is_not_found() {
        let failure = read_file(Path::new("no/such/file")).expect_err("there is none");
        assert_eq!(failure.problem.code, ProblemCode::NotFound);
    }
}
