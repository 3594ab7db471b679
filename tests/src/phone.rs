//! Reads QR codes from pictures of the window or a terminal, as a phone's camera does. For the suites that show codes.

use anyhow::{Context, Result, ensure};
use image::DynamicImage;
use image::imageops::FilterType;

/// The factor by which a picture is enlarged before it is read: its modules are only a few pixels wide.
const SCALE: u32 = 2;

/// Reads the code in a picture.
///
/// # Errors
/// When there is none, or it cannot be read.
pub fn read(picture: &DynamicImage) -> Result<String> {
    let (width, height) = (picture.width() * SCALE, picture.height() * SCALE);
    let picture = picture.resize_exact(width, height, FilterType::Nearest).to_luma8();
    let mut prepared = rqrr::PreparedImage::prepare(picture);
    let grids = prepared.detect_grids();
    ensure!(grids.len() == 1, "{} codes in the picture", grids.len());
    let (_, text) = grids.first().context("no code in the picture")?.decode()?;
    Ok(text)
}
