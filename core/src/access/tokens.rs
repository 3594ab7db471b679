//! The tokens of a profile, as they stand in its file.

use std::collections::BTreeSet;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use subtle::{Choice, ConditionallySelectable as _};
use tunekey_services::{Secret, display_text};

use super::scope::ApiScope;
use super::token::{ApiCaller, TokenRecord, digest};
use crate::disk::{self, FileLock};
use crate::problem::{Problem, ProblemCode};
use crate::profile::Profile;
use crate::short_id;

/// The version that this code writes.
const VERSION: u32 = 1;
/// The most tokens that there may be: each is looked at for every request.
const MOST: usize = 100;
/// The largest file that is read, in bytes.
const MAX_BYTES: u64 = 256 * 1024;
/// For how long a change waits for another process, and how often it looks.
const LOCK_BUDGET: Duration = Duration::from_secs(5);
const LOCK_PACE: Duration = Duration::from_millis(5);

/// The tokens at one moment: who may use the local API.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApiTokens(Vec<TokenRecord>);

impl ApiTokens {
    /// Who bears a token. Every known token is compared, each in constant time.
    pub fn caller(&self, presented: &str) -> Option<ApiCaller> {
        let digest = digest(presented);
        let (mut found, mut place) = (Choice::from(0), 0_u64);
        for (number, record) in (0..).zip(&self.0) {
            let is_this = record.is(&digest);
            place.conditional_assign(&number, is_this);
            found |= is_this;
        }
        if bool::from(found) {
            usize::try_from(place).ok().and_then(|place| self.0.get(place)).map(TokenRecord::caller)
        } else {
            None
        }
    }

    /// Whether a token that somebody bore is still one, by its id.
    pub fn has(&self, id: &str) -> bool {
        self.0.iter().any(|record| record.id == id)
    }

    /// Every record, oldest first.
    pub(super) fn records(&self) -> &[TokenRecord] {
        &self.0
    }
}

/// The file.
#[derive(Debug, Clone)]
pub(crate) struct TokenFile {
    path: PathBuf,
    lock: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Contents {
    version: u32,
    tokens: Vec<TokenRecord>,
}

/// What changes with the file: when it was written, and how long it is.
pub(crate) type Stamp = Option<(SystemTime, u64)>;

/// The stamp of a file; `None` when there is none.
pub(super) fn disk_stamp(path: &Path) -> Stamp {
    let facts = std::fs::metadata(path).ok()?;
    Some((facts.modified().ok()?, facts.len()))
}

/// What waits for the disk: for threads that may.
impl TokenFile {
    /// That of a profile.
    pub(crate) fn of(profile: &Profile) -> Self {
        Self { path: profile.api_tokens(), lock: profile.dir().join("api-tokens.lock") }
    }

    /// By which it is seen that the file is another one now.
    pub(crate) fn stamp(&self) -> Stamp {
        disk_stamp(&self.path)
    }

    /// The tokens; none when there is no file.
    ///
    /// # Errors
    /// `ProfileUnreadable` or `ProfileNotPrivate`: then nobody may do anything.
    pub(crate) fn read(&self) -> Result<ApiTokens, Problem> {
        let mut text = String::new();
        let read = disk::open(&self.path).and_then(|file| file.take(MAX_BYTES).read_to_string(&mut text));
        match read {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(ApiTokens::default()),
            Err(error) => return Err(disk::problem(ProblemCode::ProfileUnreadable, DOING, &error)),
            Ok(_) => {}
        }
        match serde_json::from_str::<Contents>(&text) {
            Ok(contents) if contents.version <= VERSION => Ok(ApiTokens(contents.tokens)),
            Ok(_) => Err(unusable("a newer version has written it")),
            Err(error) => Err(unusable(&error.to_string())),
        }
    }

    /// What a token would be called, if it can be added.
    ///
    /// # Errors
    /// As [`TokenFile::add`].
    pub(crate) fn check(&self, name: &str, scopes: &BTreeSet<ApiScope>) -> Result<String, Problem> {
        new_name(&self.read()?.0, name, scopes)
    }

    /// Adds a token, and gives it: it cannot be had again.
    ///
    /// # Errors
    /// `InvalidInput` for a name that cannot be shown or that another one has, for no scope, or for one token too many.
    pub(crate) fn add(
        &self,
        name: &str,
        scopes: BTreeSet<ApiScope>,
        now: Timestamp,
    ) -> Result<Secret, Problem> {
        self.change(|tokens| {
            let name = new_name(tokens, name, &scopes)?;
            let (record, token) = TokenRecord::new(short_id::random(), name, scopes, now);
            tokens.push(record);
            Ok(token)
        })
    }

    /// Revokes the token of that name.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub(crate) fn revoke(&self, name: &str) -> Result<(), Problem> {
        self.change(|tokens| {
            let before = tokens.len();
            tokens.retain(|record| record.name != name);
            if tokens.len() < before { Ok(()) } else { Err(unknown(name)) }
        })
    }

    fn change<T>(
        &self,
        change: impl FnOnce(&mut Vec<TokenRecord>) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let _lock = locked(&self.lock)?;
        disk::remove_leftovers(&self.path);
        let mut tokens = self.read()?.0;
        let result = change(&mut tokens)?;
        write(&self.path, &Contents { version: VERSION, tokens })?;
        Ok(result)
    }
}

/// What a token would be called, if it can be added to these.
fn new_name(tokens: &[TokenRecord], name: &str, scopes: &BTreeSet<ApiScope>) -> Result<String, Problem> {
    let Some(name) = display_text::name(name) else {
        return Err(Problem::invalid(
            "A token needs a name, such as that of the program that uses it.",
            "令牌需要名称，例如使用它的程序的名字。",
        ));
    };
    if scopes.is_empty() {
        return Err(Problem::invalid("Say what the token allows.", "请写明令牌允许做什么。"));
    }
    if tokens.iter().any(|record| record.name == name) {
        return Err(Problem::invalid(
            format!("There is a token called {name} already. Revoke it first, or choose another name."),
            format!("已有名为 {name} 的令牌。请先撤销它，或换一个名称。"),
        ));
    }
    if tokens.len() >= MOST {
        return Err(Problem::invalid(
            format!("There are {MOST} tokens already. Revoke one that nobody uses."),
            format!("已有 {MOST} 个令牌。请先撤销不再使用的令牌。"),
        ));
    }
    Ok(name)
}

const DOING: &str = "reading the tokens of the local API";

/// The lock of a file, waited for as long as a change of another process takes.
pub(super) fn locked(path: &Path) -> Result<FileLock, Problem> {
    let mut waited = Duration::ZERO;
    loop {
        match FileLock::try_acquire(path) {
            Ok(Some(lock)) => return Ok(lock),
            Ok(None) if waited < LOCK_BUDGET => {
                std::thread::sleep(LOCK_PACE);
                waited += LOCK_PACE;
            }
            Ok(None) => return Err(Problem::new(ProblemCode::ProfileBusy)),
            Err(error) => {
                return Err(disk::problem(disk::cause_of_no_lock(&error), "locking the local API", &error));
            }
        }
    }
}

/// Replaces a file with what stands in JSON for `contents`.
pub(super) fn write(path: &Path, contents: &impl Serialize) -> Result<(), Problem> {
    let unwritten = |error: io::Error| {
        disk::problem(disk::cause_of_no_write(&error), "writing the local API’s files", &error)
    };
    let text = serde_json::to_vec_pretty(contents).map_err(|error| unwritten(error.into()))?;
    disk::replace(path, &text).map_err(unwritten)
}

fn unusable(detail: &str) -> Problem {
    Problem::new(ProblemCode::ProfileUnreadable).with_detail(format!("{DOING}: {detail}")).with_words(
        "The file with the tokens of the local API (api-tokens.json) can’t be read, so nobody may use it. Remove that file \
         and make new tokens, or update TuneKey.",
        "本地接口的令牌文件（api-tokens.json）无法读取，因此拒绝所有访问。请移除该文件并新建令牌，或更新 TuneKey。",
    )
}

fn unknown(name: &str) -> Problem {
    Problem::new(ProblemCode::NotFound).with_detail(format!("there is no token {name}")).with_words(
        "There is no token of that name. `tunekey token list` shows them.",
        "没有该名称的令牌。用 `tunekey token list` 查看。",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> (tempfile::TempDir, TokenFile) {
        let dir = tempfile::tempdir().expect("a folder");
        let profile = Profile::at(dir.path()).expect("it can be used");
        (dir, TokenFile::of(&profile))
    }

    fn add(file: &TokenFile, name: &str) -> Secret {
        file.add(name, [ApiScope::Cookie].into(), Timestamp::UNIX_EPOCH).expect("it can be added")
    }

    #[expect(clippy::disallowed_methods, reason = "a token is looked at")]
    #[test]
    fn a_token_is_known_until_it_is_revoked_and_stands_nowhere() {
        let (_dir, file) = file();
        let (first, second) = (add(&file, "nas"), add(&file, "phone"));
        assert!(first.expose().starts_with(PREFIX) && first.expose().len() == PREFIX.len() + 43);
        let text = std::fs::read_to_string(&file.path).expect("it is there");
        assert!(!text.contains(first.expose()) && !text.contains(&first.expose()[PREFIX.len()..]), "{text}");
        let tokens = file.read().expect("it can be read");
        for (token, name) in [(&first, "nas"), (&second, "phone")] {
            let caller = tokens.caller(token.expose()).expect("it is known");
            assert_eq!((caller.name.as_str(), caller.scopes), (name, [ApiScope::Cookie].into()));
            assert!(tokens.has(&caller.id));
        }
        for wrong in ["", PREFIX, &first.expose()[1..], &format!("{}A", first.expose())] {
            assert_eq!(tokens.caller(wrong), None, "{wrong:?} is no token");
        }
        file.revoke("nas").expect("it is there");
        let tokens = file.read().expect("it can be read");
        assert_eq!(tokens.caller(first.expose()), None);
        assert!(tokens.caller(second.expose()).is_some(), "the other stays");
    }

    const PREFIX: &str = "tunekey_";

    #[cfg(unix)]
    #[test]
    fn the_file_is_for_this_user_alone() {
        use std::os::unix::fs::PermissionsExt as _;

        let (_dir, file) = file();
        add(&file, "nas");
        let mode = std::fs::metadata(&file.path).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        std::fs::set_permissions(&file.path, std::fs::Permissions::from_mode(0o666)).expect("it is ours");
        let problem = file.read().expect_err("others could have added theirs");
        assert_eq!(problem.code, ProblemCode::ProfileNotPrivate);
    }

    #[test]
    fn a_name_is_that_of_one_token() {
        let (_dir, file) = file();
        add(&file, "nas");
        let again = |name: &str, scopes: &[ApiScope]| {
            let added = file.add(name, scopes.iter().copied().collect(), Timestamp::UNIX_EPOCH);
            added.err().map(|problem| problem.code)
        };
        assert_eq!(again("nas", &[ApiScope::Status]), Some(ProblemCode::InvalidInput));
        assert_eq!(again(" ", &[ApiScope::Status]), Some(ProblemCode::InvalidInput));
        assert_eq!(again("nobody", &[]), Some(ProblemCode::InvalidInput), "what allows nothing is a mistake");
        assert_eq!(file.revoke("other").err().map(|problem| problem.code), Some(ProblemCode::NotFound));
    }

    #[test]
    fn a_file_that_cannot_be_read_lets_nobody_in_and_is_left_as_it_is() {
        let (_dir, file) = file();
        for text in ["{", r#"{"version":2,"tokens":[]}"#] {
            disk::replace(&file.path, text.as_bytes()).expect("it can be written");
            assert_eq!(file.read().expect_err("it is unusable").code, ProblemCode::ProfileUnreadable);
            file.add("nas", [ApiScope::Status].into(), Timestamp::UNIX_EPOCH).expect_err("nor changed");
            assert_eq!(std::fs::read_to_string(&file.path).expect("it is there"), text);
        }
    }

    #[test]
    fn the_stamp_tells_one_file_from_another() {
        let (_dir, file) = file();
        assert_eq!(file.stamp(), None);
        add(&file, "nas");
        let first = file.stamp();
        add(&file, "phone");
        assert_ne!(file.stamp(), first);
    }
}
