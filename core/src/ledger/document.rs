//! The text of the ledger's file: what it says, and how it is written anew. What has not changed keeps the text that it
//! has, so that a change costs the same however many accounts there are.

use std::sync::Arc;

use serde::{Deserialize as _, Serialize};
use serde_json::value::RawValue;
use serde_json::{Error, Value};

use super::{Ledger, sections};
use crate::notify::Notifications;
use crate::quota::DailyQuota;
use crate::settings::Settings;

/// A text and what it says.
pub(super) struct Document {
    bytes: Vec<u8>,
    ledger: Arc<Ledger>,
    /// The texts of the accounts and the deliveries, one for each; none of one that was not written here.
    accounts: Vec<Arc<RawValue>>,
    deliveries: Vec<Arc<RawValue>>,
    /// All that stands in it, where this code does not understand all of it.
    beyond: Option<Value>,
}

impl std::fmt::Debug for Document {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Document").field("ledger", &self.ledger).finish_non_exhaustive()
    }
}

/// The text without the mark that some editors on Windows put in front: the rest is as good as ever.
pub(super) fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

impl Document {
    /// What a text says.
    ///
    /// # Errors
    /// When it is no ledger.
    pub(super) fn read(bytes: Vec<u8>) -> Result<Self, Error> {
        let whole: Value = serde_json::from_slice(without_mark(&bytes))?;
        let newer = sections::newer(&whole);
        let mut ledger = if newer.is_empty() {
            Ledger::deserialize(&whole)?
        } else {
            serde_json::from_value(sections::without(whole.clone(), &newer))?
        };
        ledger.newer = newer;
        let is_all =
            ledger.newer.is_empty() && sections::says_no_more(&whole, &serde_json::to_value(&ledger)?);
        Ok(Self {
            bytes,
            ledger: Arc::new(ledger),
            accounts: Vec::new(),
            deliveries: Vec::new(),
            beyond: (!is_all).then_some(whole),
        })
    }

    /// The text of a ledger that is in no file yet.
    ///
    /// # Errors
    /// When it has no JSON form.
    pub(super) fn new(ledger: Ledger) -> Result<Self, Error> {
        let accounts = texts(&[], &[], &ledger.accounts)?;
        let deliveries = texts(&[], &[], &ledger.deliveries)?;
        Self::written(ledger, accounts, deliveries, 0)
    }

    /// The text that says something else, and all that stands in this one besides.
    ///
    /// # Errors
    /// When it has no JSON form.
    pub(super) fn changed_to(&self, ledger: Ledger) -> Result<Self, Error> {
        if let Some(whole) = &self.beyond {
            let (before, after) = (serde_json::to_value(&*self.ledger)?, serde_json::to_value(&ledger)?);
            let whole = sections::rewritten(whole, &before, after, &ledger.newer);
            return Ok(Self {
                bytes: text(&whole, self.bytes.len())?,
                ledger: Arc::new(ledger),
                accounts: Vec::new(),
                deliveries: Vec::new(),
                beyond: Some(whole),
            });
        }
        let accounts = texts(&self.ledger.accounts, &self.accounts, &ledger.accounts)?;
        let deliveries = texts(&self.ledger.deliveries, &self.deliveries, &ledger.deliveries)?;
        Self::written(ledger, accounts, deliveries, self.bytes.len())
    }

    /// What it says.
    pub(super) fn ledger(&self) -> &Arc<Ledger> {
        &self.ledger
    }

    /// What stands in the file.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn written(
        ledger: Ledger,
        accounts: Vec<Arc<RawValue>>,
        deliveries: Vec<Arc<RawValue>>,
        length: usize,
    ) -> Result<Self, Error> {
        #[derive(Serialize)]
        struct Text<'a> {
            version: u32,
            sections: Value,
            device_id: &'a str,
            accounts: &'a [Arc<RawValue>],
            deliveries: &'a [Arc<RawValue>],
            settings: &'a Settings,
            started: &'a DailyQuota,
            notifications: &'a Notifications,
        }

        let bytes = {
            // Whatever is added to it has to be written, too.
            let Ledger {
                version,
                device_id,
                accounts: _,
                settings,
                started,
                deliveries: _,
                notifications,
                newer: _,
            } = &ledger;
            let text_of_all = Text {
                version: *version,
                sections: sections::versions(&Value::Null),
                device_id,
                accounts: &accounts,
                deliveries: &deliveries,
                settings,
                started,
                notifications,
            };
            text(&text_of_all, length)?
        };
        Ok(Self { bytes, ledger: Arc::new(ledger), accounts, deliveries, beyond: None })
    }
}

/// A text that people can read, too, and that ends as a line. It is about as long as that.
fn text(document: &impl Serialize, length: usize) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::with_capacity(length + length / 16);
    serde_json::to_writer_pretty(&mut bytes, document)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// A text for each of a list, which was another one `before`, with those texts.
fn texts<T: PartialEq + Serialize>(
    before: &[T],
    written: &[Arc<RawValue>],
    after: &[T],
) -> Result<Vec<Arc<RawValue>>, Error> {
    let text = |(place, value): (usize, &T)| match (before.get(place), written.get(place)) {
        (Some(before), Some(written)) if before == value => Ok(Arc::clone(written)),
        _ => serde_json::value::to_raw_value(value).map(Arc::from),
    };
    after.iter().enumerate().map(text).collect()
}
