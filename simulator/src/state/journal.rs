//! The journal: every request answered, and how it ended. The router and sessions write it, tests read it.

use serde::Serialize;

use crate::clock::now_ms;

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Answered as the service answers a correct request.
    Granted,
    /// Answered as the service answers an incorrect or outdated one.
    Refused,
    /// Spoiled by a fault.
    Faulted,
}

/// One request and what became of it.
#[derive(Debug, Clone, Serialize)]
pub struct JournalEntry {
    /// Counts up from 1.
    pub number: u64,
    /// When it was answered, in milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// The name of the request, as faults use it; several, joined by `+`, when one body asked for several things.
    pub name: String,
    /// The method and address, without the query.
    pub request: String,
    /// How it ended.
    pub verdict: Verdict,
    /// The rule of the protocol that the request broke.
    pub rule: Option<String>,
    /// The kind of the fault that struck.
    pub fault: Option<String>,
    /// The HTTP status; 0 when none was sent.
    pub status: u16,
}

/// The requests answered so far.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    entries: Vec<JournalEntry>,
}

impl Journal {
    /// All entries, oldest first.
    pub(crate) fn entries(&self) -> &[JournalEntry] {
        &self.entries
    }

    /// Records a request that is being answered now.
    pub(crate) fn record(
        &mut self,
        name: String,
        request: String,
        verdict: Verdict,
        rule: Option<String>,
        fault: Option<String>,
        status: u16,
    ) {
        let number = self.entries.last().map_or(1, |entry| entry.number + 1);
        let at_ms = now_ms();
        self.entries.push(JournalEntry { number, at_ms, name, request, verdict, rule, fault, status });
    }

    /// Forgets all entries; numbers start from 1 again.
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }
}
