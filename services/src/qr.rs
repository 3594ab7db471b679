//! A QR code: text in, crisp pictures out; and the text that a service's own picture of a code says.
//!
//! The text opens an account to whoever answers for it, so it is not kept: only the drawing is.

use std::fmt;
use std::io::Cursor;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::{GrayImage, ImageFormat, Luma};
use qrcode::types::Color;
use qrcode::{EcLevel, QrCode as Encoder};
use serde::{Serialize, Serializer};

use crate::picture;
use crate::secret::Secret;

mod reader;

pub(crate) use reader::read;

/// The quiet zone that the QR standard asks for, in modules.
pub const QUIET_ZONE: u32 = 4;

/// The pixels of a module in a `data:` URL: enough for a phone, and short.
const URL_MODULE_PIXELS: u32 = 4;

/// Colours 16 and 231 of the 256-colour palette are black and white in every theme.
const BLACK: u8 = 16;
const WHITE: u8 = 231;

/// A QR code: one pixel a module, black or white, without a quiet zone.
#[derive(Clone, PartialEq, Eq)]
pub struct QrCode(GrayImage);

/// What a code is drawn with in a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    /// Black and white, set explicitly, so that it scans from light and dark terminals alike.
    Colours,
    /// Letters alone, in the terminal's own colours: without escape sequences.
    Letters,
    /// ASCII alone: two signs a module, for a terminal that knows no others.
    Plain,
}

/// Why there is no code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum QrError {
    /// The text is too long for a code.
    #[error("the text does not fit into a code")]
    TooLong,
    /// The bytes are no picture, or one that is far too large.
    #[error("the code is no picture")]
    NotAPicture,
    /// The picture shows no code that could be read.
    #[error("the picture shows no code that can be read")]
    Unreadable,
}

impl QrCode {
    /// Draws a text.
    ///
    /// # Errors
    /// [`QrError::TooLong`].
    pub fn from_text(text: &str) -> Result<Self, QrError> {
        smallest(text.as_bytes()).map(|code| Self(modules(&code)))
    }

    /// As an SVG, one unit a module, black on white, with a quiet zone of so many modules.
    pub fn svg(&self, quiet: u32) -> String {
        let bits = &self.0;
        let (width, height) = (bits.width() + 2 * quiet, bits.height() + 2 * quiet);
        let mut path = String::new();
        for (y, row) in bits.rows().enumerate() {
            let dark: Vec<bool> = row.map(is_dark).collect();
            let mut x = 0;
            for run in dark.chunk_by(|a, b| a == b) {
                if run[0] {
                    path += &format!("M{} {}h{}v1h-{2}z", x + quiet as usize, y + quiet as usize, run.len());
                }
                x += run.len();
            }
        }
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
             shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h{width}v{height}H0z\"/>\
             <path d=\"{path}\"/></svg>"
        )
    }

    /// As a `data:` URL of an SVG for the window, without a quiet zone: the window has its own.
    pub fn data_url(&self) -> String {
        format!("data:image/svg+xml;base64,{}", STANDARD.encode(self.svg(0)))
    }

    /// As a PNG with so many pixels a module and a quiet zone of so many modules.
    pub fn png(&self, module: u32, quiet: u32) -> Vec<u8> {
        let bits = &self.0;
        let module = module.max(1);
        let (width, height) = (bits.width() + 2 * quiet, bits.height() + 2 * quiet);
        png(&GrayImage::from_fn(width * module, height * module, |x, y| {
            at(bits, x / module, y / module, quiet)
        }))
    }

    /// As a `data:` URL of a PNG that can be scanned as it is, with its quiet zone.
    pub fn png_url(&self) -> String {
        picture::data_url(&self.png(URL_MODULE_PIXELS, QUIET_ZONE))
    }

    /// What it says. Whoever has that can sign somebody in, as whoever sees the code can.
    ///
    /// # Errors
    /// [`QrError::Unreadable`] when it is only drawn like a code.
    pub fn text(&self) -> Result<Secret, QrError> {
        reader::text(&self.png(URL_MODULE_PIXELS, QUIET_ZONE))
    }

    /// As lines for a terminal, two modules a character, or in [`Ink::Plain`] two characters a module.
    pub fn terminal(&self, ink: Ink, quiet: u32) -> String {
        let bits = &self.0;
        if ink == Ink::Plain {
            return self.plain(quiet);
        }
        let (columns, rows) = self.terminal_size(ink, quiet);
        // The row below the last one is white, too.
        let dark = |x, y| is_dark(&at(bits, x, y, quiet));
        let mut text = String::new();
        for y in (0..rows * 2).step_by(2) {
            let mut colours = None;
            for x in 0..columns {
                let (upper, lower) = (dark(x, y), dark(x, y + 1));
                match ink {
                    Ink::Colours => {
                        // Said again only where they change: a third of the bytes.
                        if colours.replace((upper, lower)) != Some((upper, lower)) {
                            let number = |dark| if dark { BLACK } else { WHITE };
                            text += &format!("\x1b[38;5;{};48;5;{}m", number(upper), number(lower));
                        }
                        text.push('▀');
                    }
                    // Letters are light on most terminals: they draw what is white.
                    Ink::Letters => text.push(match (upper, lower) {
                        (false, false) => '█',
                        (false, true) => '▀',
                        (true, false) => '▄',
                        (true, true) => ' ',
                    }),
                    Ink::Plain => {}
                }
            }
            text += if ink == Ink::Colours { "\x1b[0m\n" } else { "\n" };
        }
        text
    }

    fn plain(&self, quiet: u32) -> String {
        let bits = &self.0;
        let (columns, rows) = (bits.width() + 2 * quiet, bits.height() + 2 * quiet);
        // Letters are light on most terminals: they draw what is white.
        let module = |x, y| if is_dark(&at(bits, x, y, quiet)) { "  " } else { "##" };
        (0..rows).map(|y| (0..columns).map(|x| module(x, y)).collect::<String>() + "\n").collect()
    }

    /// How many columns and rows of a terminal it takes, drawn with that and a quiet zone of so many modules.
    pub fn terminal_size(&self, ink: Ink, quiet: u32) -> (u32, u32) {
        let bits = &self.0;
        let (width, height) = (bits.width() + 2 * quiet, bits.height() + 2 * quiet);
        match ink {
            Ink::Colours | Ink::Letters => (width, height.div_ceil(2)),
            Ink::Plain => (2 * width, height),
        }
    }
}

impl Serialize for QrCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.data_url())
    }
}

impl fmt::Debug for QrCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("QrCode(…)")
    }
}

/// The pixel at a place of the drawing with its quiet zone; white outside.
fn at(bits: &GrayImage, x: u32, y: u32, quiet: u32) -> Luma<u8> {
    match (x.checked_sub(quiet), y.checked_sub(quiet)) {
        (Some(x), Some(y)) => bits.get_pixel_checked(x, y).copied().unwrap_or(Luma([255])),
        _ => Luma([255]),
    }
}

fn is_dark(pixel: &Luma<u8>) -> bool {
    pixel.0[0] < 128
}

/// The smallest code that holds a text, with as much error correction as it has room for: a terminal has few rows,
/// and a screen has no scratches.
fn smallest(text: &[u8]) -> Result<Encoder, QrError> {
    let code = Encoder::with_error_correction_level(text, EcLevel::L).map_err(|_| QrError::TooLong)?;
    let better = [EcLevel::H, EcLevel::Q, EcLevel::M].into_iter();
    Ok(better.flat_map(|level| Encoder::with_version(text, code.version(), level)).next().unwrap_or(code))
}

fn modules(code: &Encoder) -> GrayImage {
    let side = code.width();
    GrayImage::from_fn(side as u32, side as u32, |x, y| match code[(x as usize, y as usize)] {
        Color::Dark => Luma([0]),
        Color::Light => Luma([255]),
    })
}

fn png(picture: &GrayImage) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png).expect("writing to memory does not fail");
    bytes.into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "https://music.163.com/st/platform/scanlogin?codekey=b5880215-7578-4a91-b369-000000000000";

    fn read(png: &[u8]) -> Option<String> {
        let picture = image::load_from_memory(png).expect("it is a picture").to_luma8();
        let mut prepared = rqrr::PreparedImage::prepare_from_greyscale(
            picture.width() as usize,
            picture.height() as usize,
            |x, y| picture.get_pixel(x as u32, y as u32).0[0],
        );
        prepared.detect_grids().first().and_then(|grid| grid.decode().ok()).map(|(_, text)| text)
    }

    #[test]
    fn a_text_comes_back_out_of_its_picture() {
        let code = QrCode::from_text(TEXT).expect("the text fits");
        assert_eq!(read(&code.png(4, QUIET_ZONE)).as_deref(), Some(TEXT), "the PNG says the text");
    }

    #[test]
    fn a_text_that_no_code_can_hold_is_refused() {
        assert_eq!(QrCode::from_text(&"x".repeat(4000)), Err(QrError::TooLong));
    }

    #[test]
    fn the_window_gets_the_modules_without_a_margin() {
        let code = QrCode::from_text("1").expect("the text fits");
        let svg = code.svg(0);
        assert!(svg.contains("viewBox=\"0 0 21 21\""), "a code of one digit has 21 modules a side: {svg}");
        assert!(svg.contains("d=\"M0 0h7v1h-7z"), "and begins with the edge of its finder");
        assert!(code.svg(4).contains("viewBox=\"0 0 29 29\""), "a quiet zone is added on both sides");
        assert!(code.data_url().starts_with("data:image/svg+xml;base64,"));
    }

    #[test]
    fn a_terminal_shows_exactly_the_modules_in_fixed_colours_or_in_letters_alone() {
        let code = QrCode::from_text(TEXT).expect("the text fits");
        for quiet in [1, 2, QUIET_ZONE] {
            let coloured = code.terminal(Ink::Colours, quiet);
            assert_eq!(
                read(&photographed(&coloured)).as_deref(),
                Some(TEXT),
                "what is printed can be scanned"
            );
            let letters = code.terminal(Ink::Letters, quiet);
            assert!(!letters.contains('\x1b'), "no escape sequence");
            assert_eq!(photographed(&letters), photographed(&coloured), "the same modules");
            let (columns, rows) = code.terminal_size(Ink::Letters, quiet);
            let lines: Vec<_> = letters.lines().map(|line| line.chars().count() as u32).collect();
            assert_eq!(lines, vec![columns; rows as usize], "as large as it says");
        }
    }

    #[test]
    fn a_terminal_that_knows_only_ascii_shows_exactly_the_modules_too() {
        let code = QrCode::from_text(TEXT).expect("the text fits");
        let plain = code.terminal(Ink::Plain, 2);
        assert!(plain.chars().all(|sign| matches!(sign, '#' | ' ' | '\n')), "{plain}");
        let (columns, rows) = code.terminal_size(Ink::Plain, 2);
        let lines: Vec<_> = plain.lines().map(|line| line.len() as u32).collect();
        assert_eq!(lines, vec![columns; rows as usize], "as large as it says");
        let bits = GrayImage::from_fn(columns / 2, rows, |x, y| {
            let line = plain.lines().nth(y as usize).expect("it has that many");
            Luma([if line.as_bytes()[2 * x as usize] == b'#' { 255 } else { 0 }])
        });
        assert_eq!(read(&QrCode(bits).png(4, 2)).as_deref(), Some(TEXT), "what is printed can be scanned");
    }

    #[test]
    fn a_code_says_its_text_to_whoever_asks_for_it() {
        let code = QrCode::from_text(TEXT).expect("the text fits");
        assert_eq!(code.text(), Ok(TEXT.into()));
    }

    #[test]
    fn a_code_is_as_small_as_its_text_allows_and_corrects_what_it_has_room_for() {
        for text in [TEXT, "1", &"https://music.163.com/x?".repeat(8), &"A1".repeat(60)] {
            let chosen = smallest(text.as_bytes()).expect("it fits");
            let least = Encoder::with_error_correction_level(text, EcLevel::L).expect("it fits");
            assert_eq!(chosen.version(), least.version(), "{text}: no smaller one holds it");
            for level in [EcLevel::M, EcLevel::Q, EcLevel::H] {
                let fits = Encoder::with_version(text, least.version(), level).is_ok();
                let is_used = chosen.error_correction_level() >= level;
                assert_eq!(fits, is_used, "{text}: {level:?}");
            }
        }
    }

    #[test]
    fn the_codes_that_are_short_enough_fit_a_terminal_of_80_by_24_with_words_below() {
        for text in [
            "https://music.163.com/login?codekey=b5880215-7578-4a91-b369-000000000000",
            "https://open.weixin.qq.com/connect/confirm?uuid=041Ab2Cd3Ef4Gh5I",
            "https://txz.qq.com/p?k=AbCdEfGhIjKlMnOpQrStUvWxYz012345&f=716027609",
        ] {
            let (columns, rows) =
                QrCode::from_text(text).expect("it fits").terminal_size(Ink::Letters, QUIET_ZONE);
            assert!(columns <= 80 && rows <= 22, "{text}: {columns}×{rows}");
        }
    }

    #[test]
    fn neither_debug_nor_the_picture_url_says_the_text() {
        let code = QrCode::from_text(TEXT).expect("the text fits");
        assert_eq!(format!("{code:?}"), "QrCode(…)");
        assert!(!code.svg(0).contains("codekey"), "the SVG has no title or comment");
    }

    /// What a camera sees of the lines on a dark terminal.
    fn photographed(text: &str) -> Vec<u8> {
        let mut rows: Vec<Vec<bool>> = Vec::new();
        for line in text.lines() {
            let (mut top, mut bottom) = (Vec::new(), Vec::new());
            let mut colours = (false, true);
            for part in line.split_inclusive(['m', '▀', '▄', '█', ' ']) {
                if let Some(numbers) = part.strip_prefix("\x1b[38;5;") {
                    let numbers: Vec<&str> = numbers.trim_end_matches('m').split(';').collect();
                    colours = (numbers[0] == "16", numbers[3] == "16");
                    continue;
                }
                let (upper, lower) = match part {
                    "▀" => colours,
                    "▄" => (true, false),
                    "█" => (false, false),
                    " " => (true, true),
                    _ => continue,
                };
                top.push(upper);
                bottom.push(lower);
            }
            rows.extend([top, bottom]);
        }
        let (width, height) = (rows[0].len() as u32, rows.len() as u32);
        png(&GrayImage::from_fn(width * 4, height * 4, |x, y| {
            Luma([if rows[(y / 4) as usize][(x / 4) as usize] { 0 } else { 255 }])
        }))
    }
}
