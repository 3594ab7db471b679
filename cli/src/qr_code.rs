//! A QR code in a terminal or a PNG file. For `steps.rs`.

use std::io::Write as _;
use std::path::Path;

use atomic_write_file::AtomicWriteFile;
use tunekey_core::{Language, Method, ProblemCode, QUIET_ZONE, QrCode, ServiceId};

use crate::failure::Failure;
use crate::output::Canvas;

/// The width of a module in a PNG, in pixels: large enough for a phone held over a small picture.
const PNG_MODULE_PIXELS: u32 = 8;
/// Quiet zones around a code in a terminal, in modules, best first: scanners manage with less than the standard asks
/// for.
const BORDERS: [u32; 3] = [QUIET_ZONE, 2, 1];
/// The rows below a code: the instruction and the cursor.
const ROWS_BELOW: u32 = 2;

/// A size in columns and rows.
pub(crate) type Size = (u32, u32);

/// A code as lines for a terminal.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RenderedCode {
    /// The lines; `None` where the terminal would break them.
    pub(crate) lines: Option<String>,
    /// The size that it needs and the size that there is; `None` when it fits.
    pub(crate) overflow: Option<(Size, Size)>,
}

/// Renders a code with as much quiet zone as there is room for.
pub(crate) fn render(code: &QrCode, canvas: Canvas) -> RenderedCode {
    let Some((columns, rows)) = canvas.size else {
        return RenderedCode { lines: Some(code.terminal(canvas.ink, QUIET_ZONE)), overflow: None };
    };
    let fits = |border: &u32| {
        let (wide, high) = code.terminal_size(canvas.ink, *border);
        wide <= columns && high + ROWS_BELOW <= rows
    };
    if let Some(border) = BORDERS.into_iter().find(fits) {
        return RenderedCode { lines: Some(code.terminal(canvas.ink, border)), overflow: None };
    }
    let least = BORDERS[BORDERS.len() - 1];
    let (wide, high) = code.terminal_size(canvas.ink, least);
    // A code that is only too high is whole again when the font gets smaller.
    let lines = (wide <= columns).then(|| code.terminal(canvas.ink, least));
    RenderedCode { lines, overflow: Some(((wide, high + ROWS_BELOW), (columns, rows))) }
}

/// The message about a code that does not fit: how to make room, or how to have it as a picture.
pub(crate) fn overflow_message(
    (needed, available): (Size, Size),
    service: ServiceId,
    method: Method,
    language: Language,
) -> String {
    let command = format!("  tunekey sign-in {service} --method {method} --qr png=code.png");
    let (text, text_in_chinese) =
        ("For a program of yours that draws codes: --qr text", "供你自己的二维码程序使用：--qr text");
    let ((wide, high), (columns, rows)) = (needed, available);
    match language {
        Language::English => format!(
            "This code takes {wide} columns and {high} rows; the terminal has {columns} and {rows}.\n\
             Make the window larger, or its letters smaller: the code is drawn again.\n\
             Or press Ctrl-C and have it as a picture:\n{command}\n{text}"
        ),
        Language::Chinese => format!(
            "二维码需要 {wide} 列 {high} 行，当前终端只有 {columns} 列 {rows} 行。\n\
             请放大窗口或缩小字号，二维码会重新显示。\n\
             也可以按 Ctrl-C，改为存成图片：\n{command}\n{text_in_chinese}"
        ),
    }
}

/// Writes a PNG atomically, so that nobody reads half a code. Whoever scans it signs in, so that only its owner may read
/// it.
///
/// # Errors
/// `InvalidInput` when the file cannot be written.
pub(crate) fn write_png(code: &QrCode, file: &Path) -> Result<(), Failure> {
    let cannot = |_| {
        let file = file.display();
        Failure::new(
            ProblemCode::InvalidInput,
            format!("{file} can’t be written. Choose another file for the code."),
            format!("无法写入 {file}，请为二维码换一个文件。"),
        )
    };
    let mut target = private_file().open(file).map_err(cannot)?;
    target.write_all(&code.png(PNG_MODULE_PIXELS, QUIET_ZONE)).map_err(cannot)?;
    target.commit().map_err(cannot)
}

#[cfg(unix)]
fn private_file() -> atomic_write_file::OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;

    use atomic_write_file::unix::OpenOptionsExt as _;
    let mut options = AtomicWriteFile::options();
    options.mode(0o600).preserve_mode(false);
    options
}

#[cfg(not(unix))]
fn private_file() -> atomic_write_file::OpenOptions {
    AtomicWriteFile::options()
}

#[cfg(test)]
mod tests {
    use tunekey_core::Ink;

    use super::*;

    /// As long as the address of NetEase's web page.
    fn long() -> QrCode {
        let text = format!(
            "https://music.163.com/st/platform/scanlogin?codekey=b5880215-7578-4a91-b369-000000000000&chainId=v1_{}\
             _web_login_1790000000000&hdw_device=web&hdw_appid=web&hitExp=1",
            "A0".repeat(26)
        );
        QrCode::from_text(&text).expect("it fits")
    }

    fn on(columns: u32, rows: u32) -> Canvas {
        Canvas { ink: Ink::Letters, size: Some((columns, rows)) }
    }

    #[test]
    fn a_code_that_fits_is_drawn_with_as_much_border_as_there_is_room_for() {
        let code =
            QrCode::from_text("https://music.163.com/login?codekey=b5880215-7578-4a91-b369-000000000000")
                .expect("it fits");
        for (rows, high) in [(24, 21), (22, 19), (20, 18)] {
            let rendered = render(&code, on(80, rows));
            let lines = rendered.lines.expect("it fits");
            assert_eq!((lines.lines().count(), rendered.overflow), (high, None), "on {rows} rows");
        }
    }

    #[test]
    fn a_code_that_does_not_fit_says_what_it_takes_and_how_to_have_it_as_a_picture() {
        let (wide, high) = long().terminal_size(Ink::Letters, 1);
        assert!(high > 24, "it is the one that does not fit");
        let rendered = render(&long(), on(80, 24));
        assert!(rendered.lines.is_some(), "smaller letters show the whole of it");
        let overflow = rendered.overflow.expect("24 rows are too few");
        assert_eq!(overflow, ((wide, high + ROWS_BELOW), (80, 24)));
        for language in [Language::English, Language::Chinese] {
            let message = overflow_message(overflow, ServiceId::new("netease"), Method::AppScan, language);
            assert!(
                message.contains("tunekey sign-in netease --method app-scan --qr png=code.png"),
                "{message}"
            );
            assert!(message.contains(&wide.to_string()) && message.contains("24"), "{message}");
        }
        assert_eq!(render(&long(), on(40, 60)).lines, None, "broken lines are no code");
        assert_eq!(render(&long(), on(80, 40)).overflow, None);
    }

    #[test]
    fn where_nobody_looks_a_code_has_its_whole_border() {
        let canvas = Canvas { ink: Ink::Letters, size: None };
        let lines = render(&long(), canvas).lines.expect("a file has room");
        assert_eq!(lines.lines().count() as u32, long().terminal_size(Ink::Letters, QUIET_ZONE).1);
    }
}
