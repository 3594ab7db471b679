//! The phone: it reads codes from pictures of the window, as a camera does.

use anyhow::{Context, Result, ensure};
use image::DynamicImage;
use image::imageops::FilterType;

/// How much larger a picture is made before it is read: its modules are only a few pixels wide.
const LARGER: u32 = 2;

/// Reads the code in a picture.
///
/// # Errors
/// When there is none, or it cannot be read.
pub fn read(picture: &DynamicImage) -> Result<String> {
    let (width, height) = (picture.width() * LARGER, picture.height() * LARGER);
    let picture = picture.resize_exact(width, height, FilterType::Nearest).to_luma8();
    let mut prepared = rqrr::PreparedImage::prepare(picture);
    let grids = prepared.detect_grids();
    ensure!(grids.len() == 1, "{} codes in the picture", grids.len());
    let (_, text) = grids.first().context("no code in the picture")?.decode()?;
    Ok(text)
}
