//! How a secret is written into a store: as one line with a version, what it belongs to, and a checksum.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tunekey_services::{AccountId, Credential, Fields, Secret};

use super::{Generation, StoredCredential};
use crate::store::NamedSlot;
use crate::store::line::{self, Damaged, exposed};

/// The longest record, in bytes: as much as sixteen items of a Windows keychain hold. Credentials have one or two
/// kilobytes: more than this is a mistake.
pub(super) const LONGEST: usize = 31_616;

/// The longest record of a secret that stands in one slot only, in bytes: it fits into one item of every keychain, so
/// that one write replaces it as a whole.
const LONGEST_NAMED: usize = 2_400;

/// The version that this code writes, and the only one that it reads.
const VERSION: u64 = 1;

/// A secret that is longer than any can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooLarge;

/// Why a record could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// Cut short, altered, somebody else's, or not ours at all.
    Damaged,
    /// Written by a version of TuneKey that knows more than we do.
    Newer,
}

impl From<Damaged> for Unreadable {
    fn from(Damaged: Damaged) -> Self {
        Self::Damaged
    }
}

/// Writes a credential.
pub(super) fn encode(credential: &Credential, generation: Generation) -> Result<Secret, TooLarge> {
    let account = credential.account.to_string();
    let record = CredentialOut {
        v: VERSION,
        r#gen: generation.0,
        acct: &account,
        iat: credential.issued_at,
        exp: credential.expires_at,
        cred: FieldsOut(&credential.fields),
    };
    // No byte becomes more than six; names, numbers and punctuation are the rest.
    let texts = credential.fields.iter().map(|(name, value)| 6 * (name.len() + exposed(value).len() + 1));
    within(LONGEST, &line::sealed(&record, 256 + account.len() + texts.sum::<usize>()))
}

/// Reads a credential. It must be this account's.
pub(super) fn decode(id: &AccountId, record: &Secret) -> Result<StoredCredential, Unreadable> {
    let record = checked(record)?;
    let CredentialIn { r#gen, acct, iat, exp, cred } = line::members(record)?;
    if acct != id.to_string() {
        return Err(Unreadable::Damaged);
    }
    let fields = cred.into_iter().collect();
    let credential = Credential { account: id.clone(), issued_at: iat, expires_at: exp, fields };
    Ok(StoredCredential { credential, generation: Generation(r#gen) })
}

/// Writes a secret that belongs to no account.
pub(super) fn encode_named(slot: &NamedSlot, secret: &Secret) -> Result<Secret, TooLarge> {
    let (slot, secret) = (slot.slot(), exposed(secret));
    let record = NamedOut { v: VERSION, slot: slot.as_str(), secret };
    within(LONGEST_NAMED, &line::sealed(&record, 256 + slot.as_str().len() + 6 * secret.len()))
}

/// Reads a secret that belongs to no account. It must be of this slot.
pub(super) fn decode_named(slot: &NamedSlot, record: &Secret) -> Result<Secret, Unreadable> {
    let record = checked(record)?;
    let NamedIn { slot: written, secret } = line::members(record)?;
    if written == slot.slot().as_str() { Ok(secret.into()) } else { Err(Unreadable::Damaged) }
}

/// What is tried out for an account that has nothing in the store yet.
pub(super) fn proof() -> Secret {
    Secret::new(r#"{"v":1,"probe":true}"#)
}

fn within(longest: usize, record: &[u8]) -> Result<Secret, TooLarge> {
    if record.len() > longest { Err(TooLarge) } else { Ok(line::secret(record)) }
}

/// The record as text, if this version reads it and its checksum is right.
fn checked(record: &Secret) -> Result<&str, Unreadable> {
    let record = exposed(record);
    if record.len() > LONGEST {
        return Err(Unreadable::Damaged);
    }
    let Version { v } = line::members(record)?;
    if v > VERSION {
        return Err(Unreadable::Newer);
    }
    line::unseal(record)?;
    if v == VERSION { Ok(record) } else { Err(Unreadable::Damaged) }
}

#[derive(Deserialize)]
struct Version {
    v: u64,
}

#[derive(Serialize)]
struct CredentialOut<'a> {
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

#[derive(Deserialize)]
struct CredentialIn {
    r#gen: u64,
    acct: String,
    iat: Timestamp,
    exp: Option<Timestamp>,
    cred: BTreeMap<String, String>,
}

#[derive(Serialize)]
struct NamedOut<'a> {
    v: u64,
    slot: &'a str,
    secret: &'a str,
}

#[derive(Deserialize)]
struct NamedIn {
    slot: String,
    secret: String,
}

#[cfg(test)]
mod tests;
