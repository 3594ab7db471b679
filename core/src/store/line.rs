//! How something is written in one line of printable ASCII, with a checksum: a line break in one item has made a whole
//! gnome-keyring unreadable, and KWallet takes text only.

use std::fmt::Write as _;
use std::io;

use serde::{Deserialize, Serialize};
use serde_json::ser::{CompactFormatter, Formatter};
use sha2::{Digest, Sha256};
use tunekey_services::Secret;
use zeroize::Zeroizing;

/// A line that is damaged: cut short, altered, or not ours at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Damaged;

/// What follows the rest of a line: its checksum.
const SEAL: &str = ",\"sum\":\"";

/// How many hexadecimal digits of the checksum are kept.
pub(crate) const SUM_LENGTH: usize = 16;

/// The JSON of a struct, in ASCII, with a checksum as its last member. The line should fit into `capacity`
/// bytes: growing leaves copies behind.
pub(crate) fn sealed(value: &impl Serialize, capacity: usize) -> Zeroizing<Vec<u8>> {
    let mut line = Zeroizing::new(Vec::with_capacity(capacity));
    let mut serializer = serde_json::Serializer::with_formatter(&mut *line, AsciiFormatter);
    if value.serialize(&mut serializer).is_err() {
        unreachable!("a struct of numbers and strings always has a JSON form, and memory takes every byte");
    }
    line.pop(); // the closing brace
    let sum = sum(&line);
    line.extend_from_slice(SEAL.as_bytes());
    line.extend_from_slice(sum.as_bytes());
    line.extend_from_slice(b"\"}");
    line
}

/// Checks the checksum of a line.
pub(crate) fn unseal(line: &str) -> Result<(), Damaged> {
    let (body, seal) = line.rsplit_once(SEAL).ok_or(Damaged)?;
    if seal.strip_suffix("\"}") == Some(sum(body.as_bytes()).as_str()) { Ok(()) } else { Err(Damaged) }
}

/// Reads some members of a line. The error is dropped: it may quote what it did not understand.
pub(crate) fn members<'a, T: Deserialize<'a>>(line: &'a str) -> Result<T, Damaged> {
    serde_json::from_str(line).map_err(|_| Damaged)
}

/// The generation of the credential in a line; 0 for a line that has none.
pub(crate) fn generation(line: &Secret) -> u64 {
    #[derive(Deserialize)]
    struct Numbered {
        r#gen: u64,
    }

    members(exposed(line)).map_or(0, |Numbered { r#gen }| r#gen)
}

/// A line as it is handed on.
pub(crate) fn secret(line: &[u8]) -> Secret {
    Secret::new(line.iter().map(|byte| char::from(*byte)).collect::<String>())
}

/// The digest of some bytes, in hexadecimal digits.
pub(crate) fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}"); // writing to a String cannot fail
        text
    })
}

/// The checksum of a line.
pub(crate) fn sum(body: &[u8]) -> String {
    let mut sum = digest(body);
    sum.truncate(SUM_LENGTH);
    sum
}

#[expect(clippy::disallowed_methods, reason = "a store is where secrets are kept")]
pub(crate) fn exposed(secret: &Secret) -> &str {
    secret.expose()
}

/// Compact JSON with everything but printable ASCII written as `\u` escapes.
#[derive(Debug)]
struct AsciiFormatter;

impl Formatter for AsciiFormatter {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, text: &str) -> io::Result<()> {
        let mut plain_from = 0;
        for (at, character) in text.char_indices() {
            if matches!(character, ' '..='~') {
                continue;
            }
            CompactFormatter.write_string_fragment(writer, &text[plain_from..at])?;
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            plain_from = at + character.len_utf8();
        }
        CompactFormatter.write_string_fragment(writer, &text[plain_from..])
    }
}
