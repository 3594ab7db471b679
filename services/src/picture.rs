//! Pictures of people: fetched from known hosts only, and re-encoded, so that no foreign byte reaches the window.
//! And what decoding any foreign picture may take.

use std::io::Cursor;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::error::{LimitError, LimitErrorKind};
use image::imageops::{self, FilterType};
use image::{DynamicImage, ImageDecoder as _, ImageError, ImageFormat, ImageReader, Limits};
use tokio::sync::Semaphore;
use url::Url;

use crate::facts::PictureHost;
use crate::http::{Http, HttpError, Request};

/// What a person's picture may take. It is asked for as small as it is kept, where the service scales; QQ's are up to
/// 640 pixels a side, and none is a strip.
const BUDGET: Budget = Budget {
    bytes: 2 * 1024 * 1024,
    side: 1024,
    ratio: 4,
    memory: 16 * 1024 * 1024,
    formats: &[ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Gif],
};

/// How many pictures are decoded at once. The next ones wait, so that those that nobody waits for any more cannot
/// pile up.
static DECODERS: Semaphore = Semaphore::const_new(2);

/// How long a picture is waited for, its turn included. Within their budgets all take milliseconds.
const LONGEST_WAIT: Duration = Duration::from_secs(15);

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

/// Fetches a person's picture from the hosts of their service: a square PNG of 112 pixels a side.
///
/// # Errors
/// Any [`PictureError`]. None of them matters to a sign-in.
pub async fn fetch(http: &Http, hosts: &[PictureHost], address: &Url) -> Result<Vec<u8>, PictureError> {
    let address = allowed(hosts, address).ok_or(PictureError::UnknownHost)?;
    let response = http.send(Request::get(address).picture()).await?;
    if response.status() != 200 {
        return Err(PictureError::NotAPicture);
    }
    let bytes = response.body().to_vec();
    aside(move || reencoded(&bytes)).await.unwrap_or(Err(PictureError::NotAPicture))
}

/// Decodes on a thread that may block, when it is its turn; `None` when that takes too long. What is not waited for
/// any more keeps its turn until it is done.
pub(crate) async fn aside<T: Send + 'static>(decode: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let decoded = async {
        let turn = DECODERS.acquire().await.ok()?;
        let decoding = move || {
            let _turn = turn;
            decode()
        };
        tokio::task::spawn_blocking(decoding).await.ok()
    };
    tokio::time::timeout(LONGEST_WAIT, decoded).await.ok().flatten()
}

/// A PNG as a `data:` URL.
pub fn data_url(png: &[u8]) -> String {
    format!("data:image/png;base64,{}", STANDARD.encode(png))
}

/// The address with `https`, if its host is known and nothing in it is unusual.
fn allowed(hosts: &[PictureHost], address: &Url) -> Option<Url> {
    let host = address.host_str()?;
    let is_below =
        |domain| host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    let known = hosts.iter().find(|known| is_below(known.domain))?;
    if !matches!(address.scheme(), "http" | "https") {
        return None;
    }
    if address.port().is_some() || !address.username().is_empty() || address.password().is_some() {
        return None;
    }
    let mut address = address.clone();
    address.set_scheme("https").ok()?;
    if let Some(scaled) = known.scaled.filter(|_| address.query().is_none()) {
        address.set_query(Some(&scaled.replace("{side}", &SIDE.to_string())));
    }
    Some(address)
}

/// What a foreign picture may take. Whatever wants more is refused before a pixel is decoded.
#[derive(Debug)]
pub(crate) struct Budget {
    /// Its own length.
    pub(crate) bytes: usize,
    /// Pixels a side.
    pub(crate) side: u32,
    /// How many times as long as its shorter side the longer one may be.
    pub(crate) ratio: u32,
    /// Bytes of memory while it is decoded, and for the pixels.
    pub(crate) memory: u64,
    /// The formats that services send: each one more is a parser more.
    pub(crate) formats: &'static [ImageFormat],
}

/// Decodes a picture within its budget.
pub(crate) fn decode(bytes: &[u8], budget: &Budget) -> Result<DynamicImage, ImageError> {
    let refused = |kind| Err(ImageError::Limits(LimitError::from_kind(kind)));
    if bytes.len() > budget.bytes {
        return refused(LimitErrorKind::InsufficientMemory);
    }
    let format = image::guess_format(bytes)?;
    if !budget.formats.contains(&format) {
        return refused(LimitErrorKind::InsufficientMemory);
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(budget.side);
    limits.max_image_height = Some(budget.side);
    limits.max_alloc = Some(budget.memory);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    let decoder = reader.into_decoder()?;
    let (width, height) = decoder.dimensions();
    if width.max(height) > budget.ratio * width.min(height) {
        return refused(LimitErrorKind::DimensionError);
    }
    // The pixels themselves; what the decoder works with besides is counted by its own limits.
    if decoder.total_bytes() > budget.memory {
        return refused(LimitErrorKind::InsufficientMemory);
    }
    DynamicImage::from_decoder(decoder)
}

fn reencoded(bytes: &[u8]) -> Result<Vec<u8>, PictureError> {
    let picture = decode(bytes, &BUDGET).map_err(|_| PictureError::NotAPicture)?.into_rgb8();
    // Cut first: a strip that is scaled until it fills the square would be enormous.
    let (width, height) = picture.dimensions();
    let side = width.min(height);
    let middle = imageops::crop_imm(&picture, (width - side) / 2, (height - side) / 2, side, side);
    let square = imageops::resize(&*middle, SIDE, SIDE, FilterType::Triangle);
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
            reencoded(&picture(BUDGET.side + 1, BUDGET.side, ImageFormat::Png)),
            Err(PictureError::NotAPicture)
        );
    }

    #[test]
    fn a_strip_is_refused_before_it_can_be_scaled_to_a_square() {
        for (width, height) in [(1024, 1), (1, 1024), (512, 64)] {
            for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Gif] {
                let came = reencoded(&picture(width, height, format));
                assert_eq!(came, Err(PictureError::NotAPicture), "{width}×{height}, {format:?}");
            }
        }
        reencoded(&picture(400, 100, ImageFormat::Png)).expect("such pictures are only wide");
    }

    #[tokio::test]
    async fn what_is_not_waited_for_any_more_keeps_its_turn_until_it_is_done() {
        let (release, held) = std::sync::mpsc::channel::<()>();
        let held = std::sync::Arc::new(std::sync::Mutex::new(held));
        let blocked: Vec<_> = (0..2)
            .map(|_| {
                let held = held.clone();
                tokio::spawn(aside(move || held.lock().expect("nobody panics").recv().is_ok()))
            })
            .collect();
        while DECODERS.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        blocked.iter().for_each(tokio::task::JoinHandle::abort);
        let third = tokio::spawn(aside(|| "decoded"));
        tokio::task::yield_now().await;
        assert_eq!(DECODERS.available_permits(), 0, "both threads are still busy");
        drop(release);
        assert_eq!(third.await.expect("it was not aborted"), Some("decoded"), "then it is its turn");
    }

    #[test]
    fn only_the_services_picture_hosts_are_asked_and_only_over_tls() {
        let hosts = [
            PictureHost::unscaled("qlogo.cn"),
            PictureHost::unscaled("gtimg.cn"),
            PictureHost { domain: "126.net", scaled: Some("param={side}y{side}") },
        ];
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
            let got = allowed(&hosts, &Url::parse(address).expect("a URL"));
            assert_eq!(got.as_ref().map(Url::as_str), wanted, "{address}");
        }
    }
}

#[cfg(test)]
mod fuzz {
    use image::RgbImage;
    use tunekey_fuzz::fuzz;

    use super::*;

    #[test]
    fn a_persons_picture() {
        let formats = [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Gif];
        let seeds = formats.map(|format| {
            let mut bytes = Cursor::new(Vec::new());
            let picture = RgbImage::from_fn(20, 16, |x, y| image::Rgb([x as u8 * 9, y as u8 * 9, 7]));
            picture.write_to(&mut bytes, format).expect("writing to memory does not fail");
            bytes.into_inner()
        });
        fuzz!(seeds.clone(), |input: &[u8]| {
            if let Ok(png) = reencoded(input) {
                assert!(png.len() < 64 * 1024, "a small square takes no {} bytes", png.len());
            }
        });
    }

    #[test]
    fn the_address_of_a_picture() {
        let hosts = [
            PictureHost::unscaled("qlogo.cn"),
            PictureHost { domain: "126.net", scaled: Some("param={side}y{side}") },
        ];
        fuzz!(
            ["https://q.qlogo.cn/g?b=1", "http://p1.music.126.net/1.jpg", "https://a@qq.com:1/"],
            |input: &[u8]| {
                let Ok(address) = Url::parse(&tunekey_fuzz::text(input)) else { return };
                if let Some(address) = allowed(&hosts, &address) {
                    assert!(address.scheme() == "https" && address.port().is_none(), "{address}");
                }
            }
        );
    }
}
