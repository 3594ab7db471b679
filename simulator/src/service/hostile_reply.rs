//! Replies that a service never sends, and an attacker in its place might: larger than they look, or codes that are
//! none of a sign-in. For whoever plays [`FaultKind::HOSTILE`].

use std::io::{Cursor, Write as _};
use std::sync::LazyLock;

use bytes::Bytes;
use image::{DynamicImage, GrayImage, ImageFormat, Luma};
use serde_json::json;

use crate::http::reply::Reply;
use crate::state::fault::{Fault, FaultKind};

/// What the codes say that [`FaultKind::ForeignCode`] gives, by its `code`; the first by default.
pub const FOREIGN_CODES: [&str; 9] = [
    "weixin://wxpay/bizpayurl?pr=AbCdEf",
    "https://qr.alipay.com/fkx01234",
    "WIFI:T:WPA;S=net;P:password;;",
    "https://txz.qq.com.evil.example/p?k=1",
    "https://txz.qq.com@evil.example/p?k=1",
    "https://y.qq.com@evil.example/?qrcodeID=1",
    "http://y.qq.com/?qrcodeID=1",
    "https://i.qianbao.qq.com/wallet/sqrcode.htm?m=tenpay&k=1",
    "https://evil.example/p?k=1",
];

/// The length of bodies that are to be large, in bytes: just below what a client reads.
const LARGE: usize = 500 * 1000;

/// The text of the code that the fault [`FaultKind::ForeignCode`] shows.
pub(crate) fn code_text(fault: &Fault) -> &'static str {
    let at = usize::try_from(fault.code_or(0)).unwrap_or_default();
    FOREIGN_CODES[at % FOREIGN_CODES.len()]
}

/// The reply to any request; `None` for a kind that is not hostile, and for the code that is none of a sign-in.
pub(crate) fn instead(kind: FaultKind) -> Option<Reply> {
    let json = |body: Bytes| Reply::new(200, "application/json; charset=utf-8", body);
    Some(match kind {
        FaultKind::Corners => Reply::new(200, "image/png", CORNERS.clone()).cookie("qrsig=0123456789abcdef"),
        FaultKind::Strip => Reply::new(200, "image/png", STRIP.clone()).cookie("qrsig=0123456789abcdef"),
        FaultKind::JoinedCookies => json(JOINED.clone()),
        FaultKind::DeepJson => json("[".repeat(LARGE).into()),
        FaultKind::WideJson => json(WIDE.clone()),
        FaultKind::BrotliBomb => json(BOMB.clone()).header("content-encoding", "br"),
        FaultKind::ManyCookies => {
            let lines = (0..5000).map(|number| format!("cookie{number}={number}; Path=/"));
            json("{\"code\":200}".into()).cookies(lines)
        }
        FaultKind::HostileName => json(NAMED.clone()),
        _ => return None,
    })
}

fn png(picture: GrayImage) -> Bytes {
    let mut bytes = Cursor::new(Vec::new());
    // Writing to memory does not fail.
    let _ = DynamicImage::ImageLuma8(picture).write_to(&mut bytes, ImageFormat::Png);
    bytes.into_inner().into()
}

/// Corners of a code, as many as fit: readers that look for three of them try every three.
static CORNERS: LazyLock<Bytes> = LazyLock::new(|| {
    png(GrayImage::from_fn(512, 512, |x, y| {
        let distance = (x % 9).abs_diff(3).max((y % 9).abs_diff(3));
        Luma([if matches!(distance, 0 | 1 | 3) { 0 } else { 255 }])
    }))
});

/// A line of pixels: scaled until it fills a square it takes a gigabyte.
static STRIP: LazyLock<Bytes> = LazyLock::new(|| png(GrayImage::new(4096, 1)));

/// Cookies in one text, far too many, and commas that join nothing.
static JOINED: LazyLock<Bytes> = LazyLock::new(|| {
    let many: String = (0..LARGE / 25).map(|number| format!("a{number}=1;")).collect();
    let cookie = format!("MUSIC_U=u; Path{}; {many}", ",".repeat(LARGE / 2));
    json!({"code": 803, "message": "", "cookie": cookie}).to_string().into()
});

/// Values that take many times their length in memory.
static WIDE: LazyLock<Bytes> = LazyLock::new(|| {
    let values = "[],".repeat(LARGE / 3);
    format!("{{\"code\":0,\"req_0\":{{\"code\":0,\"data\":[{values}0]}},\"data\":[]}}").into()
});

/// 256 MiB of blanks.
static BOMB: LazyLock<Bytes> = LazyLock::new(|| {
    let mut encoder = brotli::CompressorWriter::new(Vec::new(), 4096, 1, 24);
    for _ in 0..256 {
        let _ = encoder.write_all(&[b' '; 1 << 20]);
    }
    encoder.into_inner().into()
});

/// A name that writes the clipboard, turns the line round, forges rows and takes long to draw.
static NAMED: LazyLock<Bytes> = LazyLock::new(|| {
    let name =
        format!("\u{1b}]52;c;QUJD\u{7}\u{202e}\r\n<b>{}", "a\u{301}\u{301}\u{301}\u{301}".repeat(100_000));
    let info = json!({"uin": 10001, "nick": name, "logo": "https://q.qlogo.cn/x"});
    json!({
        "code": 0, "req_0": {"code": 0, "data": {"info": info}},
        "account": {"id": 90001}, "profile": {"userId": 90001, "nickname": name},
    })
    .to_string()
    .into()
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hostile_kind_but_the_foreign_code_has_an_answer_to_any_request() {
        for kind in FaultKind::HOSTILE {
            assert_eq!(instead(kind).is_none(), kind == FaultKind::ForeignCode, "{kind:?}");
        }
        for kind in FaultKind::ALL {
            assert!(instead(kind).is_none(), "{kind:?} is not hostile");
        }
    }
}
