//! What a service's picture of a code says.
//!
//! Such a picture is drawn by a program: the code stands upright and alone, and every module is as large as the
//! next. So nothing is searched for: the outermost dark pixels are its edges, and the library only decodes. Its
//! search is made for photographs: it tries every three of the corners that it believes to see, and what a corner
//! that is none leads it to is not bounded. Pictures of 590 bytes kept it busy for minutes.

use image::{DynamicImage, GrayImage, ImageFormat, Luma};
use rqrr::{Grid, SimpleGrid};
use zeroize::Zeroizing;

use super::QrError;
use crate::picture::{self, Budget};
use crate::secret::Secret;

/// What a code's picture may take: services draw one to three hundred pixels a side (protocol: QQ §1.1), and a
/// kilobyte or two of them.
const BUDGET: Budget = Budget {
    bytes: 256 * 1024,
    side: 512,
    ratio: 1,
    memory: 4 * 1024 * 1024,
    formats: &[ImageFormat::Png, ImageFormat::Jpeg],
};

/// How far the brightest pixel is above the darkest at least.
const LEAST_CONTRAST: u8 = 64;

/// How many of a hundred modules that the standard fixes may look otherwise, as after a lossy compression.
const MOST_WRONG: usize = 5;

/// Reads the code in a picture, on a thread that may block. What it says is still to be checked before anybody is
/// shown it.
///
/// # Errors
/// [`QrError::NotAPicture`] or [`QrError::Unreadable`].
pub(crate) async fn read(picture: Vec<u8>) -> Result<Secret, QrError> {
    picture::aside(move || text(&picture)).await.unwrap_or(Err(QrError::Unreadable))
}

/// The text of the one code in a picture.
pub(super) fn text(picture: &[u8]) -> Result<Secret, QrError> {
    let picture = picture::decode(picture, &BUDGET).map_err(|_| QrError::NotAPicture)?;
    let modules = modules(&on_white(&picture)).ok_or(QrError::Unreadable)?;
    let mut text = Zeroizing::new(Vec::new());
    Grid::new(modules).decode_to(&mut *text).map_err(|_| QrError::Unreadable)?;
    std::str::from_utf8(&text).map(Secret::new).map_err(|_| QrError::Unreadable)
}

/// The picture in shades of grey, on white where one can see through it.
fn on_white(picture: &DynamicImage) -> GrayImage {
    let picture = picture.to_luma_alpha8();
    GrayImage::from_fn(picture.width(), picture.height(), |x, y| {
        let [grey, alpha] = picture.get_pixel(x, y).0.map(u16::from);
        Luma([((grey * alpha + 255 * (255 - alpha)) / 255) as u8])
    })
}

/// The modules of the code that fills the dark part of a picture.
fn modules(picture: &GrayImage) -> Option<SimpleGrid> {
    let darkest = picture.pixels().map(|pixel| pixel.0[0]).min()?;
    let brightest = picture.pixels().map(|pixel| pixel.0[0]).max()?;
    let contrast = brightest - darkest;
    if contrast < LEAST_CONTRAST {
        return None;
    }
    let area = Area::of(picture, darkest + contrast / 2)?;
    // Every size that the standard has: one of them fits.
    let sizes = (21..=177).step_by(4).filter(|size| *size <= area.width && *size <= area.height);
    let (wrong, size) = sizes.map(|size| (area.wrong(size), size)).min()?;
    (wrong <= MOST_WRONG).then(|| SimpleGrid::from_func(size, |x, y| area.is_dark(size, x, y)))
}

/// The part of a picture within its outermost dark pixels.
struct Area<'a> {
    picture: &'a GrayImage,
    /// What is darker than this is dark.
    threshold: u8,
    left: usize,
    top: usize,
    width: usize,
    height: usize,
}

impl<'a> Area<'a> {
    fn of(picture: &'a GrayImage, threshold: u8) -> Option<Self> {
        let dark = || picture.enumerate_pixels().filter(|(_, _, pixel)| pixel.0[0] < threshold);
        let left = dark().map(|(x, _, _)| x).min()?;
        let right = dark().map(|(x, _, _)| x).max()?;
        let top = dark().map(|(_, y, _)| y).min()?;
        let bottom = dark().map(|(_, y, _)| y).max()?;
        let length = |from: u32, to: u32| (to - from) as usize + 1;
        let (width, height) = (length(left, right), length(top, bottom));
        Some(Self { picture, threshold, left: left as usize, top: top as usize, width, height })
    }

    /// Whether a module is dark in its middle, if there are `size` a side.
    fn is_dark(&self, size: usize, x: usize, y: usize) -> bool {
        let middle = |at: usize, length: usize| (2 * at + 1) * length / (2 * size);
        let (x, y) = (self.left + middle(x, self.width), self.top + middle(y, self.height));
        self.picture.get_pixel(x as u32, y as u32).0[0] < self.threshold
    }

    /// How many of a hundred modules that the standard fixes are not as they have to be, if there are `size` a side.
    fn wrong(&self, size: usize) -> usize {
        let corners = (0..8).flat_map(|y| (0..8).map(move |x| (x, y)));
        let corners = corners.flat_map(|(x, y)| [(x, y), (size - 1 - x, y), (x, size - 1 - y)]);
        let between = (8..size - 8).flat_map(|at| [(at, 6), (6, at)]);
        let (mut wrong, mut count) = (0, 0);
        for (x, y) in corners.chain(between) {
            if let Some(dark) = fixed(size, x, y) {
                count += 1;
                wrong += usize::from(dark != self.is_dark(size, x, y));
            }
        }
        wrong * 100 / count
    }
}

/// Whether a module is dark in every code of that size; `None` where that depends on what the code says. Fixed are
/// the three corners, the white around them, and the dashes between them.
fn fixed(size: usize, x: usize, y: usize) -> Option<bool> {
    for (middle_x, middle_y) in [(3, 3), (size - 4, 3), (3, size - 4)] {
        let distance = x.abs_diff(middle_x).max(y.abs_diff(middle_y));
        if distance <= 4 {
            return Some(!matches!(distance, 2 | 4));
        }
    }
    (x == 6 || y == 6).then_some((x + y).is_multiple_of(2))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::time::Duration;

    use image::{GrayAlphaImage, LumaA};

    use super::super::{QUIET_ZONE, QrCode, modules as drawn, smallest};
    use super::*;
    use crate::clock::{Clock as _, SystemClock};

    const TEXT: &str = "https://txz.qq.com/p?k=AbCdEfGhIjKlMnOpQrStUvWxYz012345&f=716027609";

    fn encoded(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        picture.into().write_to(&mut bytes, format).expect("writing to memory does not fail");
        bytes.into_inner()
    }

    #[test]
    fn a_picture_says_its_text_whatever_its_size_and_format() {
        for length in [1, 40, 70, 300, 1000] {
            let words = TEXT.chars().cycle().take(length).collect::<String>();
            let code = QrCode::from_text(&words).expect("it fits");
            for (module, quiet) in [(3, 4), (2, 0), (5, 1)] {
                let png = code.png(module, quiet);
                if image::load_from_memory(&png).expect("a picture").width() > BUDGET.side {
                    continue;
                }
                assert_eq!(
                    text(&png),
                    Ok(words.as_str().into()),
                    "{length} characters, {module} px, {quiet} quiet"
                );
                let picture = image::load_from_memory(&png).expect("a picture");
                let jpeg = encoded(picture, ImageFormat::Jpeg);
                assert_eq!(
                    text(&jpeg),
                    Ok(words.as_str().into()),
                    "{length} characters, {module} px, as JPEG"
                );
            }
        }
    }

    #[test]
    fn modules_need_not_be_a_whole_number_of_pixels() {
        let code = QrCode::from_text(TEXT).expect("it fits");
        let picture = image::load_from_memory(&code.png(4, 2)).expect("a picture").to_luma8();
        for side in [100, 131, 190, 301, 512] {
            for filter in [image::imageops::FilterType::Nearest, image::imageops::FilterType::Triangle] {
                let scaled = image::imageops::resize(&picture, side, side, filter);
                assert_eq!(
                    text(&encoded(scaled, ImageFormat::Png)),
                    Ok(TEXT.into()),
                    "{side} px, {filter:?}"
                );
            }
        }
    }

    #[test]
    fn a_transparent_picture_is_read_as_if_it_lay_on_white() {
        let modules = drawn(&smallest(TEXT.as_bytes()).expect("it fits"));
        let picture = GrayAlphaImage::from_fn(modules.width() * 3, modules.height() * 3, |x, y| {
            LumaA([0, 255 - modules.get_pixel(x / 3, y / 3).0[0]])
        });
        assert_eq!(text(&encoded(picture, ImageFormat::Png)), Ok(TEXT.into()));
    }

    #[test]
    fn what_shows_no_code_is_refused_and_not_shown() {
        let grey = |side: u32, shade: fn(u32, u32) -> u8| {
            encoded(GrayImage::from_fn(side, side, |x, y| Luma([shade(x, y)])), ImageFormat::Png)
        };
        for picture in [
            grey(1, |_, _| 0),
            grey(120, |_, _| 255),
            grey(120, |_, _| 0),
            grey(120, |x, y| (x * y % 251) as u8),
            grey(512, |x, y| if (x ^ y) & 1 == 0 { 0 } else { 255 }),
        ] {
            assert_eq!(text(&picture), Err(QrError::Unreadable));
        }
    }

    #[test]
    fn what_is_no_picture_or_too_large_for_a_code_is_refused() {
        for bytes in [&b""[..], b"<html></html>", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"\xff\xd8\xff"] {
            assert_eq!(text(bytes), Err(QrError::NotAPicture));
        }
        for (width, height) in [(513, 513), (60_000, 60_000), (400, 100)] {
            let png = png_of(width, height, &[0; 64]);
            assert_eq!(text(&png), Err(QrError::NotAPicture), "{width}×{height}");
        }
    }

    /// A PNG of so many pixels, whatever its data are.
    fn png_of(width: u32, height: u32, data: &[u8]) -> Vec<u8> {
        let small = encoded(GrayImage::new(1, 1), ImageFormat::Png);
        let mut png = small[..16].to_vec();
        png.extend([width.to_be_bytes(), height.to_be_bytes()].concat());
        png.extend([8, 0, 0, 0, 0]);
        png.extend(crc(&png[12..]).to_be_bytes());
        png.extend(u32::try_from(data.len()).expect("short").to_be_bytes());
        png.extend(b"IDAT");
        png.extend(data);
        png.extend(crc(&png[png.len() - data.len() - 4..]).to_be_bytes());
        png
    }

    fn crc(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0_u32, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 * (crc & 1)))
        })
    }

    /// Corners of a code next to each other, as many as fit: what made the search of the library cubic.
    fn corners(side: u32) -> GrayImage {
        GrayImage::from_fn(side, side, |x, y| {
            let distance = (x % 9).abs_diff(3).max((y % 9).abs_diff(3));
            Luma([if matches!(distance, 0 | 1 | 3) { 0 } else { 255 }])
        })
    }

    #[test]
    fn no_picture_within_the_budget_takes_long() {
        let all = [
            ("corners", encoded(corners(512), ImageFormat::Png)),
            ("a few corners", encoded(corners(64), ImageFormat::Png)),
            ("corners as JPEG", encoded(corners(512), ImageFormat::Jpeg)),
            ("the largest code", QrCode::from_text(&"x".repeat(2900)).expect("it fits").png(2, QUIET_ZONE)),
        ];
        for (what, picture) in all {
            let began = SystemClock.monotonic();
            let _ = text(&picture);
            assert!(began.elapsed() < Duration::from_secs(2), "{what}: {:?}", began.elapsed());
        }
    }
}

#[cfg(test)]
mod fuzz {
    use std::io::Cursor;

    use tunekey_fuzz::fuzz;

    use super::super::QrCode;
    use super::*;

    const TEXT: &str = "https://txz.qq.com/p?k=AbCdEfGhIjKlMnOpQrStUvWxYz012345&f=716027609";

    /// The pixels of a code's picture, each in one byte, behind its width.
    fn pixels(module: u32) -> Vec<u8> {
        let png = QrCode::from_text(TEXT).expect("it fits").png(module, 1);
        let picture = image::load_from_memory(&png).expect("a picture").to_luma8();
        [&[picture.width() as u8], picture.as_raw().as_slice()].concat()
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the test measures the text")]
    fn a_picture_of_a_code() {
        let png = QrCode::from_text(TEXT).expect("it fits").png(2, 1);
        let mut jpeg = Cursor::new(Vec::new());
        let picture = image::load_from_memory(&png).expect("a picture");
        picture.write_to(&mut jpeg, ImageFormat::Jpeg).expect("writing to memory does not fail");
        fuzz!([png.clone(), jpeg.get_ref().clone()], |input: &[u8]| {
            if let Ok(text) = text(input) {
                assert!(text.expose().len() < 8 * 1024, "no code says so much");
            }
        });
    }

    #[test]
    fn the_pixels_of_a_code() {
        fuzz!([pixels(1), pixels(2), pixels(3)], |input: &[u8]| {
            let Some((width, pixels)) = input.split_first() else { return };
            let width = u32::from(*width).max(1);
            let height = u32::try_from(pixels.len()).unwrap_or_default() / width;
            let Some(picture) =
                GrayImage::from_vec(width, height, pixels[..(width * height) as usize].to_vec())
            else {
                return;
            };
            if let Some(modules) = modules(&picture) {
                let mut text = Vec::new();
                let _ = Grid::new(modules).decode_to(&mut text);
                assert!(text.len() < 8 * 1024, "no code says so much");
            }
        });
    }

    /// The modules of a code with a text of that length.
    fn code(length: usize) -> GrayImage {
        let text = "x".repeat(length);
        super::super::modules(&super::super::smallest(text.as_bytes()).expect("it fits"))
    }

    #[test]
    fn the_modules_of_a_code() {
        // Most codes are small, so that many are read: the library takes twenty milliseconds for the largest.
        let lengths = (0..252).map(|size| size % 40).chain([100, 400, 1200, 2880]);
        let codes: Vec<_> = lengths.map(code).collect();
        // The size, and then which modules to turn over.
        fuzz!([[1_u8, 0, 0, 0], [17, 1, 2, 3], [39, 9, 9, 9], [252, 5, 5, 5]], |input: &[u8]| {
            let Some((size, turned)) = input.split_first() else { return };
            let code = &codes[usize::from(*size)];
            let size = code.width() as usize;
            let turned = turned.chunks_exact(2).map(|at| (at[0] as usize % size, at[1] as usize % size));
            let turned: std::collections::HashSet<_> = turned.collect();
            let grid = SimpleGrid::from_func(size, |x, y| {
                (code.get_pixel(x as u32, y as u32).0[0] == 0) != turned.contains(&(x, y))
            });
            let mut text = Vec::new();
            let _ = Grid::new(grid).decode_to(&mut text);
            assert!(text.len() < 8 * 1024, "no code says so much");
        });
    }
}
