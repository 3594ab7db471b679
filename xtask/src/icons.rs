//! The app and tray icons, drawn from the SVGs in `icons/`: PNG by librsvg, and the two containers that
//! Windows and macOS want around PNGs.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::steps::{Steps, command, succeed};

const FOLDER: &str = "icons";

/// Sides of the app icon's pictures, in pixels, and the names that Tauri's bundler knows them by.
const APP: [(u32, &str); 5] =
    [(32, "32x32.png"), (64, "64x64.png"), (128, "128x128.png"), (256, "128x128@2x.png"), (512, "icon.png")];

/// Side of a tray picture, in pixels: twice the 22 that panels draw, for dense screens.
const TRAY: u32 = 44;

/// Sides in the Windows icon, in pixels.
const ICO: [u32; 6] = [16, 24, 32, 48, 64, 256];

/// Sides in the macOS icon, in pixels, with the type codes that say so.
const ICNS: [(u32, &[u8; 4]); 5] =
    [(32, b"ic11"), (64, b"ic12"), (128, b"ic07"), (256, b"ic08"), (512, b"ic09")];

/// Draws everything.
///
/// # Errors
/// When `rsvg-convert` is missing or a file cannot be read or written.
pub(crate) fn draw(steps: &mut Steps) -> Result<()> {
    steps.step("icons", || {
        let folder = Path::new(FOLDER);
        let app = folder.join("app.svg");
        for (side, name) in APP {
            picture(&app, side, &folder.join(name))?;
        }
        std::fs::copy(folder.join("icon.png"), folder.join("app.png"))?;
        for entry in std::fs::read_dir(folder)? {
            let source = entry?.path();
            let name = source.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name.starts_with("tray") && name.ends_with(".svg") {
                picture(&source, TRAY, &source.with_extension("png"))?;
            }
        }
        store(&folder.join("icon.ico"), &ico(&pictures(&app, ICO)?))?;
        let drawn = pictures(&app, ICNS.map(|(side, _)| side))?;
        let coded: Vec<_> = ICNS.into_iter().zip(drawn).map(|((_, code), (_, png))| (code, png)).collect();
        store(&folder.join("icon.icns"), &icns(&coded))
    })
}

/// Draws an SVG as a square PNG.
fn picture(source: &Path, side: u32, to: &Path) -> Result<()> {
    let side = side.to_string();
    succeed(
        command("rsvg-convert").args(["--width", &side, "--height", &side, "--output"]).args([to, source]),
    )
    .context("rsvg-convert is needed (Debian: librsvg2-bin)")
}

/// The same picture in several sizes.
fn pictures<const N: usize>(source: &Path, sides: [u32; N]) -> Result<Vec<(u32, Vec<u8>)>> {
    let scratch = PathBuf::from("target/icon.png");
    sides
        .into_iter()
        .map(|side| {
            picture(source, side, &scratch)?;
            Ok((side, std::fs::read(&scratch)?))
        })
        .collect()
}

/// A Windows icon: a directory of PNGs, where a side of 256 is written as 0.
fn ico(pictures: &[(u32, Vec<u8>)]) -> Vec<u8> {
    const HEADER: usize = 6;
    const ENTRY: usize = 16;
    let count = u16::try_from(pictures.len()).unwrap_or(u16::MAX);
    let mut file = [[0, 0], 1_u16.to_le_bytes(), count.to_le_bytes()].concat();
    let mut offset = HEADER + ENTRY * pictures.len();
    for (side, png) in pictures {
        let side = u8::try_from(*side).unwrap_or(0);
        file.extend([side, side, 0, 0, 1, 0, 32, 0]);
        file.extend(length(png.len()).to_le_bytes());
        file.extend(length(offset).to_le_bytes());
        offset += png.len();
    }
    pictures.iter().for_each(|(_, png)| file.extend(png));
    file
}

/// A macOS icon: PNGs, each behind its type code and length.
fn icns(pictures: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
    const HEADER: usize = 8;
    let total = HEADER + pictures.iter().map(|(_, png)| HEADER + png.len()).sum::<usize>();
    let mut file = [b"icns".as_slice(), &length(total).to_be_bytes()].concat();
    for (code, png) in pictures {
        file.extend(*code);
        file.extend(length(HEADER + png.len()).to_be_bytes());
        file.extend(png);
    }
    file
}

fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

#[expect(
    clippy::disallowed_methods,
    reason = "a generated file: when writing it is cut short, it is drawn again"
)]
fn store(path: &Path, bytes: &[u8]) -> Result<()> {
    std::fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_windows_icon_points_at_each_picture() {
        let file = ico(&[(16, vec![1, 2, 3]), (256, vec![4, 5])]);
        assert_eq!(&file[..6], &[0, 0, 1, 0, 2, 0], "an icon with two pictures");
        assert_eq!((file[6], file[22]), (16, 0), "256 is written as 0");
        let offset =
            |at: usize| u32::from_le_bytes([file[at], file[at + 1], file[at + 2], file[at + 3]]) as usize;
        assert_eq!(
            &file[offset(18)..offset(18) + 3],
            &[1, 2, 3],
            "the first picture is where the directory says"
        );
        assert_eq!(&file[offset(34)..], &[4, 5], "and so is the second");
    }

    #[test]
    fn a_mac_icon_says_its_own_length() {
        let file = icns(&[(b"ic07", vec![7; 5])]);
        assert_eq!(&file[..4], b"icns");
        assert_eq!(u32::from_be_bytes([file[4], file[5], file[6], file[7]]) as usize, file.len());
        assert_eq!(&file[8..12], b"ic07");
    }
}
