//! Bytes to text: what files and other programs hand over is not always UTF-8.

use encoding_rs::{Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE};
use tunekey_services::Secret;
use zeroize::{Zeroize as _, Zeroizing};

use super::{ImportError, LONGEST};

/// How many of the first bytes tell UTF-16 without a byte order mark.
const PROBED: usize = 512;

/// The text that bytes stand for: UTF-8 or UTF-16, with or without a byte order mark, or GBK. A byte that means
/// nothing becomes a replacement character: it must not hide the rest.
///
/// # Errors
/// [`ImportError::TooLong`] beyond [`LONGEST`].
pub fn decode(bytes: Vec<u8>) -> Result<Secret, ImportError> {
    let bytes = Zeroizing::new(bytes);
    if bytes.len() > LONGEST {
        return Err(ImportError::TooLong);
    }
    let (encoding, mark) = Encoding::for_bom(&bytes).unwrap_or_else(|| (guessed(&bytes), 0));
    let mut text = encoding.decode_without_bom_handling(&bytes[mark..]).0.into_owned();
    let secret = Secret::new(text.as_str());
    text.zeroize();
    Ok(secret)
}

/// The encoding of bytes that do not name it.
fn guessed(bytes: &[u8]) -> &'static Encoding {
    let probed = &bytes[..bytes.len().min(PROBED) & !1];
    let zeros = |odd: usize| probed.iter().skip(odd).step_by(2).filter(|byte| **byte == 0).count();
    // Cookies are ASCII: in UTF-16 nearly every other byte of them is a zero.
    let most = |count: usize| probed.len() >= 4 && count * 10 >= probed.len() / 2 * 7;
    match (zeros(0), zeros(1)) {
        (even, 0) if most(even) => UTF_16BE,
        (0, odd) if most(odd) => UTF_16LE,
        (even, odd) if most(odd) && odd > 8 * even => UTF_16LE,
        (even, odd) if most(even) && even > 8 * odd => UTF_16BE,
        _ if std::str::from_utf8(bytes).is_ok() => UTF_8,
        // UTF-8 that was cut within a character, or has one bad byte, is still UTF-8.
        _ if is_mostly_utf_8(bytes) => UTF_8,
        _ => GB18030,
    }
}

/// Whether there are more whole characters beyond ASCII than bytes that fit nowhere.
fn is_mostly_utf_8(bytes: &[u8]) -> bool {
    let (mut good, mut bad) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    good > bad
}

/// The text without what is invisible in it (zero-width characters, direction marks, soft hyphens), with line
/// feeds for every sort of line end and plain spaces for every sort of space. What turns the order of letters
/// around (U+202E) stays: nothing that holds it is a credential.
pub(super) fn visible(text: &str) -> Zeroizing<String> {
    let mut plain = Zeroizing::new(String::with_capacity(text.len()));
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\r' => {
                characters.next_if_eq(&'\n');
                plain.push('\n');
            }
            '\u{0b}' | '\u{0c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => plain.push('\n'),
            '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => plain.push(' '),
            c if is_invisible(c) => {}
            c => plain.push(c),
        }
    }
    plain
}

/// Whether a character shows nothing and says nothing.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'
            | '\u{1160}'
            | '\u{17b4}'
            | '\u{17b5}'
            | '\u{180b}'..='\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202d}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}
