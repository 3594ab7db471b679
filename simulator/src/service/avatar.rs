//! The pictures that accounts show. For the services whose hosts give them.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

use crate::http::reply::Reply;
use crate::http::request::Request;
use crate::service::outcome::Outcome;
use crate::state::fault::Fault;

/// The name that faults use for a request for an avatar, whichever service gives it.
pub(crate) const REQUEST: &str = "avatar";

/// Width and height in pixels.
const SIDE: u32 = 140;

/// An avatar: two tones and a disc, different for every address. Any fault that is left to the service is a 404.
pub(crate) fn respond(request: &Request, fault: Option<&Fault>) -> Outcome {
    if request.method != hyper::Method::GET {
        return Outcome::broken_rule("the method is not GET", Reply::new(405, "text/plain", ""));
    }
    if fault.is_some() {
        return Outcome::declined(Reply::new(404, "text/html", "<html><title>404</title></html>"));
    }
    let name = request.query("k").unwrap_or(&request.path);
    let seed = name.bytes().fold(17_u32, |hash, byte| hash.wrapping_mul(31).wrapping_add(u32::from(byte)));
    let [r, g, b, _] = seed.to_le_bytes();
    let (back, front) =
        (Rgb([r / 2 + 64, g / 2 + 64, b / 2 + 64]), Rgb([r / 2 + 127, g / 2 + 127, b / 2 + 127]));
    let picture = RgbImage::from_fn(SIDE, SIDE, |x, y| {
        let (dx, dy) = (x.abs_diff(SIDE / 2), y.abs_diff(SIDE / 2));
        if dx * dx + dy * dy < (SIDE / 3) * (SIDE / 3) { front } else { back }
    });
    let mut bytes = Cursor::new(Vec::new());
    // JPEG, as both services give.
    match DynamicImage::ImageRgb8(picture).write_to(&mut bytes, ImageFormat::Jpeg) {
        Ok(()) => Reply::new(200, "image/jpeg", bytes.into_inner())
            .header("cache-control", "max-age=2592000")
            .into(),
        Err(_) => Reply::new(500, "text/plain", "no picture").into(),
    }
}
