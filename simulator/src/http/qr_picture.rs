//! Pictures of QR codes. For every handler that shows a code, and the phone page.

use std::io::Cursor;

use image::{DynamicImage, GrayImage, ImageFormat, Luma};
use qrcode::{Color, EcLevel, QrCode};

/// Width of a module in pixels (the `s=3` of the request, protocol: QQ §1.1).
const MODULE: u32 = 3;
/// Width of the quiet zone around the code, in modules (ISO/IEC 18004).
const QUIET_ZONE: u32 = 4;

/// The PNG of a code that says `text`; `None` when the text is too long for a code.
pub(crate) fn png(text: &str) -> Option<Vec<u8>> {
    encode(&draw(text)?, ImageFormat::Png)
}

/// The same as JPEG.
pub(crate) fn jpeg(text: &str) -> Option<Vec<u8>> {
    encode(&draw(text)?, ImageFormat::Jpeg)
}

fn draw(text: &str) -> Option<DynamicImage> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let width = u32::try_from(code.width()).ok()?;
    let side = (width + 2 * QUIET_ZONE) * MODULE;
    let picture = GrayImage::from_fn(side, side, |x, y| {
        let module = |at: u32| (at / MODULE).checked_sub(QUIET_ZONE).filter(|at| *at < width);
        let dark = match (module(x), module(y)) {
            (Some(x), Some(y)) => code[(x as usize, y as usize)] == Color::Dark,
            _ => false,
        };
        Luma([if dark { 0 } else { 255 }])
    });
    Some(DynamicImage::ImageLuma8(picture))
}

fn encode(picture: &DynamicImage, format: ImageFormat) -> Option<Vec<u8>> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).ok()?;
    Some(bytes.into_inner())
}
