//! Lines that are longer than an item of a keychain may be: in pieces, each an item of its own. Only Windows sets such a
//! limit, but versions that split everywhere have left pieces in every keychain, so they are read everywhere.
//!
//! The pieces are written first and the head, which makes them count, last. It takes the place of the line and says how
//! many there are and what they are together.

use async_trait::async_trait;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use tunekey_services::Secret;
use zeroize::Zeroizing;

use super::items::Items;
use crate::store::line::{self, Damaged, exposed};
use crate::store::{Interaction, SecretStore, SlotName, StoreError, StoreKind};

/// The largest piece, in bytes. Windows refuses items of more than 2,560.
const LARGEST_PIECE: usize = 2_000;

/// The most pieces: more than this is a mistake.
const MOST_PIECES: usize = 16;

/// The longest beginning of a piece: 20 digits, a dot, two digits and a dot.
const LONGEST_TAG: usize = 24;

/// The version of the head's shape.
const VERSION: u64 = 1;

/// Items of which none is larger than the keychain takes.
#[derive(Debug)]
pub(super) struct InPieces<I> {
    items: I,
    /// The largest item, in bytes; `None` where any length will do.
    largest: Option<usize>,
}

impl<I: Items> InPieces<I> {
    /// On top of a keychain's items.
    pub(super) fn new(items: I, largest: Option<usize>) -> Self {
        Self { items, largest }
    }

    /// Deletes the pieces from `first` on. From the last one down: where one is missing, none follows.
    async fn sweep(&self, name: &str, first: usize, interaction: Interaction<'_>) -> Result<(), StoreError> {
        let mut end = first;
        while end < MOST_PIECES && self.items.get(&piece_name(name, end), interaction).await?.is_some() {
            end += 1;
        }
        for index in (first..end).rev() {
            self.items.delete(&piece_name(name, index), interaction).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl<I: Items> SecretStore for InPieces<I> {
    fn kind(&self) -> StoreKind {
        StoreKind::Keychain
    }

    /// A line whose pieces are missing, or are not of one save, is `Unreadable`.
    async fn get(&self, slot: &SlotName, interaction: Interaction<'_>) -> Result<Option<Secret>, StoreError> {
        const DAMAGED: StoreError = StoreError::Unreadable("it is damaged");
        let name = slot.as_str();
        let Some(line) = self.items.get(name, interaction).await? else {
            return Ok(None);
        };
        let Some(head) = Head::read(&line) else {
            return Ok(Some(line));
        };
        let head = head.map_err(|Damaged| DAMAGED)?;
        let mut pieces = Vec::with_capacity(head.pieces);
        for index in 0..head.pieces {
            match self.items.get(&piece_name(name, index), interaction).await? {
                Some(piece) => pieces.push(piece),
                None => break,
            }
        }
        head.join(&pieces).map(Some).map_err(|Damaged| DAMAGED)
    }

    /// The head is written last. A line that takes more than [`MOST_PIECES`] is refused.
    async fn set(
        &self,
        slot: &SlotName,
        line: &Secret,
        interaction: Interaction<'_>,
    ) -> Result<(), StoreError> {
        let name = slot.as_str();
        let split = match self.largest {
            Some(largest) if exposed(line).len() > largest => Some(split(line)?),
            Some(_) | None => None,
        };
        let (head, pieces) = match &split {
            Some((head, pieces)) => (head, pieces.as_slice()),
            None => (line, &[][..]),
        };
        for (index, piece) in pieces.iter().enumerate() {
            self.items.set(&piece_name(name, index), piece, interaction).await?;
        }
        self.items.set(name, head, interaction).await?;
        // The line is written; pieces of an older one are litter, and the next save sweeps, too.
        if let Err(error) = self.sweep(name, pieces.len(), interaction).await {
            tracing::debug!(name, ?error, "old keychain pieces could not be removed");
        }
        Ok(())
    }

    /// The pieces of a head that is still there are left: then nothing was deleted.
    async fn delete(&self, slot: &SlotName, interaction: Interaction<'_>) -> Result<(), StoreError> {
        let name = slot.as_str();
        self.items.delete(name, interaction).await?;
        // On macOS the library drops what the keychain says to a deletion.
        match self.items.get(name, interaction).await? {
            Some(_) => Ok(()),
            None => self.sweep(name, 0, interaction).await,
        }
    }

    async fn probe(&self, interaction: Interaction<'_>) -> Result<(), StoreError> {
        self.items.probe(interaction).await
    }
}

/// A line that was split: the item that is written last, and the pieces.
type Split = (Secret, Vec<Secret>);

fn split(whole: &Secret) -> Result<Split, StoreError> {
    let line = exposed(whole).as_bytes();
    let chunks: Vec<_> = line.chunks(LARGEST_PIECE - LONGEST_TAG).collect();
    if chunks.len() > MOST_PIECES {
        return Err(StoreError::Failed("it refuses an item of this length"));
    }
    let Mark { r#gen, acct } = Mark::of(exposed(whole));
    let head = Head { v: VERSION, r#gen, acct, pieces: chunks.len(), digest: line::digest(line) };
    let pieces = chunks.iter().enumerate().map(|(index, chunk)| {
        let mut piece = Zeroizing::new(Vec::with_capacity(LARGEST_PIECE));
        piece.extend_from_slice(head.tag(index).as_bytes());
        piece.extend_from_slice(chunk);
        line::secret(&piece)
    });
    let pieces = pieces.collect();
    Ok((line::secret(&line::sealed(&head, LARGEST_PIECE)), pieces))
}

/// What a head repeats of a line that is a record of the vault: older versions compare both.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
struct Mark {
    #[serde(default)]
    r#gen: u64,
    #[serde(default)]
    acct: String,
}

impl Mark {
    fn of(line: &str) -> Self {
        line::members(line).unwrap_or_default()
    }
}

/// Which pieces belong together.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    v: u64,
    r#gen: u64,
    acct: String,
    pieces: usize,
    digest: String,
}

impl Head {
    /// Reads an item; `None` when it is no head but a line of its own.
    fn read(item: &Secret) -> Option<Result<Self, Damaged>> {
        #[derive(Deserialize)]
        struct Known {
            v: u64,
            #[serde(rename = "pieces")]
            _pieces: IgnoredAny,
        }

        let item = exposed(item);
        let is_head = item.len() <= LARGEST_PIECE
            && line::members::<Known>(item).is_ok_and(|Known { v, .. }| v == VERSION);
        is_head.then(|| {
            line::unseal(item)?;
            let head: Self = line::members(item)?;
            if (1..=MOST_PIECES).contains(&head.pieces) { Ok(head) } else { Err(Damaged) }
        })
    }

    /// What every piece begins with, so that one of another save is recognised.
    fn tag(&self, index: usize) -> String {
        format!("{}.{index}.", self.r#gen)
    }

    /// Puts the pieces together. Pieces of another save, or in another order, are not accepted.
    fn join(&self, pieces: &[Secret]) -> Result<Secret, Damaged> {
        if pieces.len() != self.pieces {
            return Err(Damaged);
        }
        let mut whole = Zeroizing::new(String::with_capacity(self.pieces * LARGEST_PIECE));
        for (index, piece) in pieces.iter().enumerate() {
            whole.push_str(exposed(piece).strip_prefix(&self.tag(index)).ok_or(Damaged)?);
        }
        let mark = Mark::of(&whole);
        let is_of_this_save = line::digest(whole.as_bytes()) == self.digest
            && (mark.r#gen, mark.acct.as_str()) == (self.r#gen, self.acct.as_str());
        if is_of_this_save { Ok(Secret::new(whole.as_str())) } else { Err(Damaged) }
    }
}

fn piece_name(name: &str, index: usize) -> String {
    format!("{name}:c{index}")
}

#[cfg(test)]
mod tests;
