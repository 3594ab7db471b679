//! How a credential is written into keychain items: one line of printable ASCII each, because a line break
//! in one item has made a whole gnome-keyring unreadable, KWallet takes text only, and Windows refuses items
//! of more than 2,560 bytes.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::ser::{CompactFormatter, Formatter};
use sha2::{Digest, Sha256};
use tunekey_services::{AccountId, Credential, Fields, Secret};
use zeroize::Zeroizing;

use super::{Generation, StoredCredential};

/// The largest item, in bytes.
pub(super) const MAX_ITEM: usize = 2_400;

/// The largest piece of what does not fit into one item, in bytes.
pub(super) const MAX_PIECE: usize = 2_000;

/// The most pieces. Credentials have one or two kilobytes: more than this is a mistake.
pub(super) const MAX_PIECES: usize = 16;

/// The version that this code writes, and the only one that it reads.
const VERSION: u64 = 1;

/// A credential as keychain items.
#[derive(Debug)]
pub(super) struct Encoded {
    /// The item that is written last and makes the others count.
    pub(super) head: Secret,
    /// The rest, when it does not fit into the head.
    pub(super) pieces: Vec<Secret>,
}

/// A credential that does not fit into [`MAX_PIECES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooLarge;

/// Why an item could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// Cut short, altered, mixed from two saves, somebody else's, or not ours at all.
    Damaged,
    /// Written by a version of TuneKey that knows more than we do.
    Newer,
}

/// What a slot's head holds.
#[derive(Debug)]
pub(super) enum Head {
    /// Everything.
    Whole(StoredCredential),
    /// The description of the pieces.
    Pieces(Pieces),
}

/// Which pieces belong together.
#[derive(Debug)]
pub(super) struct Pieces {
    generation: Generation,
    count: usize,
    digest: String,
}

/// Writes a credential.
pub(super) fn encode(credential: &Credential, generation: Generation) -> Result<Encoded, TooLarge> {
    let account = credential.account.to_string();
    let whole = WholeOut {
        v: VERSION,
        r#gen: generation.0,
        acct: &account,
        iat: credential.issued_at,
        exp: credential.expires_at,
        cred: FieldsOut(&credential.fields),
    };
    // No byte becomes more than six; names, numbers and punctuation are the rest.
    let texts = credential.fields.iter().map(|(name, value)| 6 * (name.len() + exposed(value).len() + 1));
    let whole = sealed(&whole, 256 + account.len() + texts.sum::<usize>());
    if whole.len() <= MAX_ITEM {
        return Ok(Encoded { head: secret(whole), pieces: Vec::new() });
    }
    // The tag takes at most 20 digits, a dot, two digits and a dot.
    let chunks: Vec<_> = whole.chunks(MAX_PIECE - 24).collect();
    if chunks.len() > MAX_PIECES {
        return Err(TooLarge);
    }
    let head = PiecesOut {
        v: VERSION,
        r#gen: generation.0,
        acct: &account,
        pieces: chunks.len(),
        digest: &hex(&Sha256::digest(&*whole)),
    };
    let head = sealed(&head, MAX_ITEM);
    let pieces = chunks.iter().enumerate().map(|(index, chunk)| {
        let mut piece = Zeroizing::new(Vec::with_capacity(MAX_PIECE));
        piece.extend_from_slice(tag(generation, index).as_bytes());
        piece.extend_from_slice(chunk);
        secret(piece)
    });
    Ok(Encoded { head: secret(head), pieces: pieces.collect() })
}

/// Reads a slot's head. It must be this account's.
pub(super) fn decode_head(id: &AccountId, line: &Secret) -> Result<Head, Unreadable> {
    let line = exposed(line);
    if line.len() > MAX_PIECES * MAX_PIECE {
        return Err(Unreadable::Damaged);
    }
    let Version { v } = read(line)?;
    if v > VERSION {
        return Err(Unreadable::Newer);
    }
    unseal(line)?;
    let Common { r#gen, acct, pieces } = read(line)?;
    if v != VERSION || acct != id.to_string() {
        return Err(Unreadable::Damaged);
    }
    let generation = Generation(r#gen);
    match pieces {
        Some(count) if (1..=MAX_PIECES).contains(&count) => {
            let Digested { digest } = read(line)?;
            Ok(Head::Pieces(Pieces { generation, count, digest }))
        }
        Some(_) => Err(Unreadable::Damaged),
        None => {
            let WholeIn { iat, exp, cred } = read(line)?;
            let credential = Credential {
                account: id.clone(),
                issued_at: iat,
                expires_at: exp,
                fields: cred.into_iter().collect(),
            };
            Ok(Head::Whole(StoredCredential { credential, generation }))
        }
    }
}

/// Reads some members of an item. The error is dropped: it may quote what it did not understand.
fn read<'a, T: Deserialize<'a>>(line: &'a str) -> Result<T, Unreadable> {
    serde_json::from_str(line).map_err(|_| Unreadable::Damaged)
}

impl Pieces {
    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Puts the pieces together. Pieces of another save, or in another order, are not accepted.
    pub(super) fn join(&self, id: &AccountId, lines: &[Secret]) -> Result<StoredCredential, Unreadable> {
        if lines.len() != self.count {
            return Err(Unreadable::Damaged);
        }
        let mut whole = Zeroizing::new(String::with_capacity(self.count * MAX_PIECE));
        for (index, line) in lines.iter().enumerate() {
            let chunk = exposed(line).strip_prefix(&tag(self.generation, index));
            whole.push_str(chunk.ok_or(Unreadable::Damaged)?);
        }
        if hex(&Sha256::digest(whole.as_bytes())) != self.digest {
            return Err(Unreadable::Damaged);
        }
        match decode_head(id, &Secret::new(whole.as_str()))? {
            Head::Whole(kept) if kept.generation == self.generation => Ok(kept),
            Head::Whole(_) | Head::Pieces(_) => Err(Unreadable::Damaged),
        }
    }
}

/// What every piece begins with, so that one of another save is recognised.
fn tag(generation: Generation, index: usize) -> String {
    format!("{}.{index}.", generation.0)
}

#[derive(Serialize)]
struct WholeOut<'a> {
    v: u64,
    r#gen: u64,
    acct: &'a str,
    iat: Timestamp,
    exp: Option<Timestamp>,
    cred: FieldsOut<'a>,
}

/// The fields as a JSON object. The type has no `Serialize` of its own, on purpose.
struct FieldsOut<'a>(&'a Fields);

impl Serialize for FieldsOut<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, exposed(value))))
    }
}

#[derive(Serialize)]
struct PiecesOut<'a> {
    v: u64,
    r#gen: u64,
    acct: &'a str,
    pieces: usize,
    digest: &'a str,
}

#[derive(Deserialize)]
struct Version {
    v: u64,
}

#[derive(Deserialize)]
struct Common {
    r#gen: u64,
    acct: String,
    pieces: Option<usize>,
}

#[derive(Deserialize)]
struct Digested {
    digest: String,
}

#[derive(Deserialize)]
struct WholeIn {
    iat: Timestamp,
    exp: Option<Timestamp>,
    cred: BTreeMap<String, String>,
}

/// What follows the rest of an item: its checksum.
const SEAL: &str = ",\"sum\":\"";

/// How many hexadecimal digits of the checksum are kept.
const SUM_LENGTH: usize = 16;

/// The JSON of a struct, in ASCII, with a checksum as its last member. The line should fit into `capacity`
/// bytes: growing leaves copies behind.
fn sealed(value: &impl Serialize, capacity: usize) -> Zeroizing<Vec<u8>> {
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

fn unseal(line: &str) -> Result<(), Unreadable> {
    let (body, seal) = line.rsplit_once(SEAL).ok_or(Unreadable::Damaged)?;
    if seal.strip_suffix("\"}") == Some(sum(body.as_bytes()).as_str()) {
        Ok(())
    } else {
        Err(Unreadable::Damaged)
    }
}

fn sum(body: &[u8]) -> String {
    let mut sum = hex(&Sha256::digest(body));
    sum.truncate(SUM_LENGTH);
    sum
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}"); // writing to a String cannot fail
        text
    })
}

fn secret(line: Zeroizing<Vec<u8>>) -> Secret {
    Secret::new(line.iter().map(|byte| char::from(*byte)).collect::<String>())
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

#[expect(clippy::disallowed_methods, reason = "the keychain is where secrets are kept")]
fn exposed(secret: &Secret) -> &str {
    secret.expose()
}

#[cfg(test)]
mod tests;
