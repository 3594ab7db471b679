//! Who used the local API when, and for what: names and paths, never a value.

use std::collections::BTreeMap;
use std::io::{self, Read as _};
use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::token::ApiToken;
use super::tokens::{ApiTokens, Stamp, disk_stamp, locked, write};
use crate::disk;
use crate::problem::{Problem, ProblemCode};
use crate::profile::Profile;

/// The version that this code writes.
const VERSION: u32 = 1;
/// How many entries are kept: the newest.
const MOST: usize = 1_000;
/// The largest file that is read, in bytes.
const MAX_BYTES: u64 = 2 * 1024 * 1024;
/// The longest [`ApiUse::what`], in characters.
const LONGEST: usize = 120;
/// How near two of the same are counted as one entry.
const SAME: SignedDuration = SignedDuration::from_mins(1);

/// Something that was asked of the local API, perhaps several times within a minute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiUse {
    /// When it was last asked.
    pub at: Timestamp,
    /// The id of the token.
    pub token: String,
    /// The token's name.
    pub name: String,
    /// What: a method and a path without its query, such as `GET /v1/accounts/qqmusic:10001/cookie`.
    pub what: String,
    /// The HTTP status of the answer.
    pub status: u16,
    /// How often.
    pub times: u32,
}

impl ApiUse {
    /// Something that was asked once.
    pub fn once(at: Timestamp, token: &str, name: &str, what: &str, status: u16) -> Self {
        let what = what.chars().filter(|character| !character.is_control()).take(LONGEST).collect();
        Self { at, token: token.to_owned(), name: name.to_owned(), what, status, times: 1 }
    }

    /// Whether a later one is the same again.
    fn is_again(&self, later: &Self) -> bool {
        (&self.token, &self.what, self.status) == (&later.token, &later.what, later.status)
            && later.at.duration_since(self.at).abs() < SAME
    }

    /// Adds one to a list of them, as one more or as one of the last entries again.
    pub fn add_to(list: &mut Vec<Self>, one: Self) {
        match list.iter_mut().rev().take(RECENT).find(|known| known.is_again(&one)) {
            Some(known) => {
                known.times = known.times.saturating_add(one.times);
                known.at = known.at.max(one.at);
            }
            None => list.push(one),
        }
    }
}

/// How many of the last entries may be the same as a new one.
const RECENT: usize = 16;

/// The file.
#[derive(Debug, Clone)]
pub(crate) struct AccessLog {
    path: PathBuf,
    lock: PathBuf,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Contents {
    version: u32,
    /// When each token was last used, by its id: longer than the entries tell.
    last: BTreeMap<String, Timestamp>,
    /// Oldest first.
    entries: Vec<ApiUse>,
}

/// What waits for the disk: for threads that may.
impl AccessLog {
    /// That of a profile.
    pub(crate) fn of(profile: &Profile) -> Self {
        let dir = profile.dir();
        Self { path: dir.join("api-log.json"), lock: dir.join("api-log.lock") }
    }

    /// Adds what was asked. Tokens that there are no more are forgotten, their entries are not.
    pub(crate) fn add(&self, uses: Vec<ApiUse>, tokens: &ApiTokens) -> Result<(), Problem> {
        let _lock = locked(&self.lock)?;
        disk::remove_leftovers(&self.path);
        let mut contents = self.contents()?;
        for one in uses {
            let last = contents.last.entry(one.token.clone()).or_insert(one.at);
            *last = one.at.max(*last);
            ApiUse::add_to(&mut contents.entries, one);
        }
        contents.last.retain(|id, _| tokens.has(id));
        let surplus = contents.entries.len().saturating_sub(MOST);
        contents.entries.drain(..surplus);
        contents.version = VERSION;
        write(&self.path, &contents)
    }

    /// By which it is seen that the file is another one now.
    pub(crate) fn stamp(&self) -> Stamp {
        disk_stamp(&self.path)
    }

    /// The newest of what was asked. A log that cannot be read tells of nothing.
    pub(crate) fn newest(&self) -> Option<ApiUse> {
        self.contents().unwrap_or_default().entries.into_iter().max_by_key(|one| one.at)
    }

    /// What was asked, oldest first.
    pub(crate) fn entries(&self) -> Result<Vec<ApiUse>, Problem> {
        Ok(self.contents()?.entries)
    }

    /// The tokens as they are shown. Without the log it is only unknown when they were used.
    pub(crate) fn shown(&self, tokens: &ApiTokens) -> Vec<ApiToken> {
        let last = self.contents().unwrap_or_default().last;
        let shown = tokens.records().iter().map(|record| ApiToken {
            name: record.name.clone(),
            scopes: record.scopes.clone(),
            created_at: record.created_at,
            last_used_at: last.get(&record.id).copied(),
        });
        shown.collect()
    }

    /// A damaged log begins anew: it decides nothing.
    fn contents(&self) -> Result<Contents, Problem> {
        let mut text = String::new();
        match disk::open(&self.path).and_then(|file| file.take(MAX_BYTES).read_to_string(&mut text)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Contents::default()),
            Err(error) => {
                Err(disk::problem(ProblemCode::ProfileUnreadable, "reading the access log", &error))
            }
            Ok(_) => Ok(serde_json::from_str(&text).unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::scope::ApiScope;
    use super::super::tokens::TokenFile;
    use super::*;

    fn second(number: i64) -> Timestamp {
        Timestamp::from_second(number).expect("a time")
    }

    #[expect(clippy::disallowed_methods, reason = "a token is used")]
    #[test]
    fn the_log_is_bounded_counts_what_repeats_and_knows_the_last_use_of_each_token() {
        let dir = tempfile::tempdir().expect("a folder");
        let profile = Profile::at(dir.path()).expect("it can be used");
        let (file, log) = (TokenFile::of(&profile), AccessLog::of(&profile));
        let token = file.add("nas", [ApiScope::Status].into(), second(0)).expect("it can be added");
        file.add("idle", [ApiScope::Status].into(), second(0)).expect("it can be added");
        let tokens = file.read().expect("it can be read");
        let id = tokens.caller(token.expose()).expect("it is known").id;
        let one = |at: i64, what: &str| ApiUse::once(second(at), &id, "nas", what, 200);
        log.add(vec![one(10, "GET /a"), one(11, "GET /b"), one(12, "GET /a"), one(100, "GET /a")], &tokens)
            .expect("it can be written");
        let seen: Vec<_> =
            log.entries().expect("it can be read").into_iter().map(|one| (one.what, one.times)).collect();
        assert_eq!(seen, [("GET /a".to_owned(), 2), ("GET /b".to_owned(), 1), ("GET /a".to_owned(), 1)]);
        let many = (0..1_500).map(|number| one(200 + number, &format!("GET /{number}"))).collect();
        log.add(many, &tokens).expect("it can be written");
        assert_eq!(log.entries().expect("it can be read").len(), MOST);
        let last: Vec<_> =
            log.shown(&tokens).into_iter().map(|token| (token.name, token.last_used_at)).collect();
        assert_eq!(last, [("nas".to_owned(), Some(second(1_699))), ("idle".to_owned(), None)]);
    }

    #[test]
    fn a_damaged_log_begins_anew() {
        let dir = tempfile::tempdir().expect("a folder");
        let profile = Profile::at(dir.path()).expect("it can be used");
        let log = AccessLog::of(&profile);
        disk::replace(&log.path, b"{").expect("it can be written");
        let one = ApiUse::once(second(1), "id", "nas", "GET /\u{1b}[2Ja", 200);
        log.add(vec![one], &ApiTokens::default()).expect("it begins anew");
        assert_eq!(log.entries().expect("it can be read")[0].what, "GET /[2Ja");
    }
}
