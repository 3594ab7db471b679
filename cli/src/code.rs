//! A code in a terminal, and what to say where it does not fit.

use std::io::Write as _;
use std::path::Path;

use atomic_write_file::AtomicWriteFile;
use tunekey_core::{Language, Method, ProblemCode, QUIET_ZONE, QrCode, ServiceId};

use crate::failure::Failure;
use crate::output::Canvas;

/// The modules of a code in a PNG: big enough for a phone held over a small picture.
const PNG_MODULE_PIXELS: u32 = 8;
/// White borders around a code in a terminal, best first: scanners manage with less than the standard asks for.
const BORDERS: [u32; 3] = [QUIET_ZONE, 2, 1];
/// The rows below a code: how to scan it, and where the cursor stands.
const ROWS_BELOW: u32 = 2;

/// A code for a terminal.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Drawn {
    /// The lines; `None` where they would be broken into pieces.
    pub(crate) lines: Option<String>,
    /// How many columns and rows it takes, and how many there are, where it does not fit.
    pub(crate) misfit: Option<((u32, u32), (u32, u32))>,
}

/// Draws a code with as much border as there is room for.
pub(crate) fn draw(code: &QrCode, canvas: Canvas) -> Drawn {
    let Some((columns, rows)) = canvas.size else {
        return Drawn { lines: Some(code.terminal(canvas.ink, QUIET_ZONE)), misfit: None };
    };
    let fits = |border: &u32| {
        let (wide, high) = code.terminal_size(*border);
        wide <= columns && high + ROWS_BELOW <= rows
    };
    if let Some(border) = BORDERS.into_iter().find(fits) {
        return Drawn { lines: Some(code.terminal(canvas.ink, border)), misfit: None };
    }
    let least = BORDERS[BORDERS.len() - 1];
    let (wide, high) = code.terminal_size(least);
    // What is only too high is whole again when the letters get smaller.
    let lines = (wide <= columns).then(|| code.terminal(canvas.ink, least));
    Drawn { lines, misfit: Some(((wide, high + ROWS_BELOW), (columns, rows))) }
}

/// What to do about a code that does not fit.
pub(crate) fn misfit(
    (needed, there): ((u32, u32), (u32, u32)),
    service: ServiceId,
    method: Method,
    language: Language,
) -> String {
    let command = format!("  tunekey sign-in {service} --method {method} --qr png=code.png");
    let ((wide, high), (columns, rows)) = (needed, there);
    match language {
        Language::English => format!(
            "This code takes {wide} columns and {high} rows; the terminal has {columns} and {rows}.\n\
             Make the window larger, or its letters smaller: the code is drawn again.\n\
             Or press Ctrl-C and have it as a picture:\n{command}"
        ),
        Language::Chinese => format!(
            "二维码需要 {wide} 列 {high} 行，当前终端只有 {columns} 列 {rows} 行。\n\
             请放大窗口或缩小字号，二维码会重新显示。\n\
             也可以按 Ctrl-C，改为存成图片：\n{command}"
        ),
    }
}

/// Writes the picture in one go, so that whoever watches the file never sees half a code. Whoever scans it signs
/// in: only its owner may read it.
pub(crate) fn write_png(code: &QrCode, file: &Path) -> Result<(), Failure> {
    let cannot = |_| {
        let file = file.display();
        Failure::new(
            ProblemCode::InvalidInput,
            format!("{file} can’t be written. Choose another file for the code."),
            format!("无法写入 {file}，请为二维码换一个文件。"),
        )
    };
    let mut target = private().open(file).map_err(cannot)?;
    target.write_all(&code.png(PNG_MODULE_PIXELS, QUIET_ZONE)).map_err(cannot)?;
    target.commit().map_err(cannot)
}

#[cfg(unix)]
fn private() -> atomic_write_file::OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;

    use atomic_write_file::unix::OpenOptionsExt as _;
    let mut options = AtomicWriteFile::options();
    options.mode(0o600).preserve_mode(false);
    options
}

#[cfg(not(unix))]
fn private() -> atomic_write_file::OpenOptions {
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
            let drawn = draw(&code, on(80, rows));
            let lines = drawn.lines.expect("it fits");
            assert_eq!((lines.lines().count(), drawn.misfit), (high, None), "on {rows} rows");
        }
    }

    #[test]
    fn a_code_that_does_not_fit_says_what_it_takes_and_how_to_have_it_as_a_picture() {
        let (wide, high) = long().terminal_size(1);
        assert!(high > 24, "it is the one that does not fit");
        let drawn = draw(&long(), on(80, 24));
        assert!(drawn.lines.is_some(), "smaller letters show the whole of it");
        let misfit = drawn.misfit.expect("24 rows are too few");
        assert_eq!(misfit, ((wide, high + ROWS_BELOW), (80, 24)));
        for language in [Language::English, Language::Chinese] {
            let said = super::misfit(misfit, ServiceId::Netease, Method::AppScan, language);
            assert!(said.contains("tunekey sign-in netease --method app-scan --qr png=code.png"), "{said}");
            assert!(said.contains(&wide.to_string()) && said.contains("24"), "{said}");
        }
        assert_eq!(draw(&long(), on(40, 60)).lines, None, "broken lines are no code");
        assert_eq!(draw(&long(), on(80, 40)).misfit, None);
    }

    #[test]
    fn where_nobody_looks_a_code_has_its_whole_border() {
        let canvas = Canvas { ink: Ink::Letters, size: None };
        let lines = draw(&long(), canvas).lines.expect("a file has room");
        assert_eq!(lines.lines().count() as u32, long().terminal_size(QUIET_ZONE).1);
    }
}
