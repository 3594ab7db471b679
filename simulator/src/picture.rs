//! Pictures: codes to scan, and faces.

use std::io::Cursor;

use image::{DynamicImage, GrayImage, ImageFormat, Luma, Rgb, RgbImage};
use qrcode::{Color, EcLevel, QrCode};

use crate::exchange::{Answer, Reply, Turn};

/// Width of a module in pixels (the `s=3` of the request, protocol: QQ §1.1).
const MODULE: u32 = 3;
/// Width of the white border in modules.
const QUIET: u32 = 4;
/// Width and height of a face in pixels.
const FACE: u32 = 140;

/// The PNG of a code that says `text`; `None` when it does not fit into one.
pub(crate) fn code(text: &str) -> Option<Vec<u8>> {
    encode(drawn(text)?, ImageFormat::Png)
}

/// The same as JPEG.
pub(crate) fn code_jpeg(text: &str) -> Option<Vec<u8>> {
    encode(drawn(text)?, ImageFormat::Jpeg)
}

fn drawn(text: &str) -> Option<DynamicImage> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let width = u32::try_from(code.width()).ok()?;
    let side = (width + 2 * QUIET) * MODULE;
    let picture = GrayImage::from_fn(side, side, |x, y| {
        let module = |at: u32| (at / MODULE).checked_sub(QUIET).filter(|at| *at < width);
        let dark = match (module(x), module(y)) {
            (Some(x), Some(y)) => code[(x as usize, y as usize)] == Color::Dark,
            _ => false,
        };
        Luma([if dark { 0 } else { 255 }])
    });
    Some(DynamicImage::ImageLuma8(picture))
}

fn encode(picture: DynamicImage, format: ImageFormat) -> Option<Vec<u8>> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).ok()?;
    Some(bytes.into_inner())
}

/// A face for an account: two tones and a disc, different for every address.
pub(crate) fn serve(turn: &Turn<'_>) -> Answer {
    if turn.request.method != hyper::Method::GET {
        return Answer::refuse("the method is not GET", Reply::new(405, "text/plain", ""));
    }
    if turn.fault.is_some() {
        return Answer::outdated(Reply::new(404, "text/html", "<html><title>404</title></html>"));
    }
    let name = turn.request.query("k").unwrap_or(&turn.request.path);
    let seed = name.bytes().fold(17_u32, |hash, byte| hash.wrapping_mul(31).wrapping_add(u32::from(byte)));
    let [r, g, b, _] = seed.to_le_bytes();
    let (back, front) =
        (Rgb([r / 2 + 64, g / 2 + 64, b / 2 + 64]), Rgb([r / 2 + 127, g / 2 + 127, b / 2 + 127]));
    let picture = RgbImage::from_fn(FACE, FACE, |x, y| {
        let (dx, dy) = (x.abs_diff(FACE / 2), y.abs_diff(FACE / 2));
        if dx * dx + dy * dy < (FACE / 3) * (FACE / 3) { front } else { back }
    });
    // JPEG, as both services give.
    match encode(DynamicImage::ImageRgb8(picture), ImageFormat::Jpeg) {
        Some(jpeg) => Reply::new(200, "image/jpeg", jpeg).header("cache-control", "max-age=2592000").into(),
        None => Reply::new(500, "text/plain", "no picture").into(),
    }
}
