//! Pictures of people: fetched from known hosts only, and re-encoded, so that no foreign byte reaches the window.

use std::io::Cursor;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::imageops::FilterType;
use image::{DynamicImage, ImageError, ImageFormat, ImageReader, Limits};
use url::Url;

use crate::http::{Http, HttpError, Request};

/// The hosts that the services keep pictures on: these domains and everything below them.
const HOSTS: [&str; 5] = ["qlogo.cn", "gtimg.cn", "qq.com", "music.126.net", "126.net"];

/// The largest picture that is decoded, in pixels a side.
const LARGEST_SIDE: u32 = 4096;

/// Memory that decoding may take: one picture of that size with its alpha channel, and room to work.
const LARGEST_ALLOCATION: u64 = 96 * 1024 * 1024;

/// How large a picture is kept, in pixels a side: twice the largest place it is shown in.
const SIDE: u32 = 112;

/// Why there is no picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// The address is on no host that a service keeps pictures on.
    #[error("the picture is not on a known host")]
    UnknownHost,
    /// It could not be fetched.
    #[error("the picture can’t be fetched: {0}")]
    Http(#[from] HttpError),
    /// What came is no picture, or one that is far too large.
    #[error("this is no picture")]
    NotAPicture,
}

/// Fetches a person's picture: a square PNG of 112 pixels a side.
///
/// # Errors
/// Any [`PictureError`]. None of them matters to a sign-in.
pub async fn fetch(http: &Http, address: &Url) -> Result<Vec<u8>, PictureError> {
    let address = allowed(address).ok_or(PictureError::UnknownHost)?;
    let answer = http.send(Request::get(address).picture()).await?;
    if answer.status() != 200 {
        return Err(PictureError::NotAPicture);
    }
    let bytes = answer.body().to_vec();
    // Decoding a large picture takes long enough to hold up a single-threaded runtime.
    tokio::task::spawn_blocking(move || reencoded(&bytes)).await.map_err(|_| PictureError::NotAPicture)?
}

/// A PNG as a `data:` URL.
pub fn data_url(png: &[u8]) -> String {
    format!("data:image/png;base64,{}", STANDARD.encode(png))
}

/// The address with `https`, if its host is known and nothing in it is unusual.
fn allowed(address: &Url) -> Option<Url> {
    let host = address.host_str()?;
    let known = HOSTS
        .iter()
        .any(|domain| host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')));
    if !known || !matches!(address.scheme(), "http" | "https") {
        return None;
    }
    if address.port().is_some() || !address.username().is_empty() || address.password().is_some() {
        return None;
    }
    let mut address = address.clone();
    address.set_scheme("https").ok()?;
    if host.ends_with("126.net") && address.query().is_none() {
        // NetEase scales on request; originals can be photographs of many megabytes (protocol: NetEase §5.1).
        address.set_query(Some(&format!("param={SIDE}y{SIDE}")));
    }
    Some(address)
}

/// Decodes a picture of at most so many pixels a side.
pub(crate) fn decode(bytes: &[u8], side: u32) -> Result<DynamicImage, ImageError> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format()?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(side);
    limits.max_image_height = Some(side);
    limits.max_alloc = Some(LARGEST_ALLOCATION);
    reader.limits(limits);
    reader.decode()
}

fn reencoded(bytes: &[u8]) -> Result<Vec<u8>, PictureError> {
    let picture = decode(bytes, LARGEST_SIDE).map_err(|_| PictureError::NotAPicture)?;
    let square = picture.resize_to_fill(SIDE, SIDE, FilterType::Triangle).to_rgb8();
    let mut png = Cursor::new(Vec::new());
    square.write_to(&mut png, ImageFormat::Png).map_err(|_| PictureError::NotAPicture)?;
    Ok(png.into_inner())
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage};

    use super::*;

    fn picture(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
        let image = RgbImage::from_fn(width, height, |x, _| {
            if x < width / 4 || x >= width - width / 4 { Rgb([255, 0, 0]) } else { Rgb([0, 0, 255]) }
        });
        let mut bytes = Cursor::new(Vec::new());
        image.write_to(&mut bytes, format).expect("writing to memory does not fail");
        bytes.into_inner()
    }

    #[test]
    fn a_picture_becomes_a_small_square_png_of_its_middle() {
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Gif] {
            let png = reencoded(&picture(200, 100, format)).expect("it is a picture");
            assert_eq!(image::guess_format(&png).expect("a known format"), ImageFormat::Png);
            let small = image::load_from_memory(&png).expect("a picture").to_rgb8();
            assert_eq!(small.dimensions(), (SIDE, SIDE));
            let Rgb([red, _, blue]) = *small.get_pixel(SIDE / 2, SIDE / 2);
            assert!(blue > 200 && red < 50, "{format:?}: the middle is kept, the sides are cut off");
        }
    }

    #[test]
    fn what_is_no_picture_or_far_too_large_is_refused() {
        assert_eq!(reencoded(b"<svg onload=alert(1)>"), Err(PictureError::NotAPicture));
        assert_eq!(
            reencoded(&picture(LARGEST_SIDE + 1, 1, ImageFormat::Png)),
            Err(PictureError::NotAPicture)
        );
    }

    #[test]
    fn only_the_services_picture_hosts_are_asked_and_only_over_tls() {
        for (address, wanted) in [
            ("http://thirdqq.qlogo.cn/g?b=oidb&k=x", Some("https://thirdqq.qlogo.cn/g?b=oidb&k=x")),
            ("https://y.gtimg.cn/a.png", Some("https://y.gtimg.cn/a.png")),
            ("http://p1.music.126.net/x/1.jpg", Some("https://p1.music.126.net/x/1.jpg?param=112y112")),
            ("https://p1.music.126.net/1.jpg?param=9y9", Some("https://p1.music.126.net/1.jpg?param=9y9")),
            ("https://evil.example/qlogo.cn", None),
            ("https://notqlogo.cn/a.png", None),
            ("https://qlogo.cn.evil.example/a.png", None),
            ("https://user:pw@q.qlogo.cn/a.png", None),
            ("https://q.qlogo.cn:8443/a.png", None),
            ("file:///etc/passwd", None),
            ("ftp://q.qlogo.cn/a.png", None),
        ] {
            let got = allowed(&Url::parse(address).expect("a URL"));
            assert_eq!(got.as_ref().map(Url::as_str), wanted, "{address}");
        }
    }
}
