//! The ledger: what is not secret. Which accounts there are, how they are doing, the settings of all fronts.
//!
//! One file for all processes. It is replaced as a whole and changed only with its lock held, so that neither
//! a crash nor another process can lose a change. A damaged one is set aside and said, never overwritten.
//!
//! Everything here is small and quick but does touch the disk: the calls block for as long as the disk takes,
//! and a change for at most ten seconds when another process holds the lock. On a runtime they belong into
//! [`disk::blocking`].

use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::fs::Metadata;
use std::io::{self, Read as _};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tunekey_services::{
    AccountId, Clock as _, Device, Membership, Method, Renewability, SystemClock, display_text,
};

use crate::account::{Health, KeyLifetime, RenewalRecord, SignInReason};
use crate::attempts::Attempts;
use crate::delivery::Delivery;
use crate::disk::{self, FileLock};
use crate::export::Format;
use crate::notify::Notifications;
use crate::problem::{Problem, ProblemCode};
use crate::profile::Profile;
use crate::proof::Proofs;
use crate::quota::DailyQuota;
use crate::settings::Settings;
use crate::vault::Generation;

mod account_lock;
mod document;
mod sections;

pub use account_lock::AccountLock;
use document::Document;
pub use sections::Section;

/// The version that this code writes.
const VERSION: u32 = 1;

/// How much of an account's renewal history is kept.
const HISTORY: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The most renewals kept for an account, whatever their age.
const HISTORY_LENGTH: usize = 500;

/// The largest ledger that is read, in bytes: a hundred accounts with full histories have a tenth of it.
const MAX_BYTES: u64 = 32 * 1024 * 1024;

/// For how long a change waits for another process: a change takes milliseconds.
const LOCK_BUDGET: Duration = Duration::from_secs(10);

/// How often it looks.
const LOCK_PACE: Duration = Duration::from_millis(5);

/// What the file says.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Ledger {
    /// The version of the shape.
    pub version: u32,
    /// The identity that this installation shows to the services: 52 upper-case hexadecimal digits.
    pub device_id: String,
    /// The accounts, oldest first. Whoever has read the ledger shares those that have not changed since: with hundreds
    /// of them a change costs what the one that it is about does.
    #[serde(default)]
    pub accounts: Vec<Arc<AccountRecord>>,
    /// The shared settings.
    #[serde(default)]
    pub settings: Settings,
    /// The sign-ins that were started within the last day, so that a restart does not forget them.
    #[serde(default)]
    pub started: DailyQuota,
    /// Where the accounts' credentials go by themselves, oldest first.
    #[serde(default)]
    pub deliveries: Vec<Delivery>,
    /// How the person is told of what is wrong, and what they have been told of.
    #[serde(default)]
    pub notifications: Notifications,
    /// The sections that only a newer version understands: here they are as in a new ledger, and cannot be changed.
    #[serde(skip)]
    pub newer: BTreeSet<Section>,
}

impl Default for Ledger {
    fn default() -> Self {
        Self {
            version: VERSION,
            device_id: String::new(),
            accounts: Vec::new(),
            settings: Settings::default(),
            started: DailyQuota::default(),
            deliveries: Vec::new(),
            notifications: Notifications::default(),
            newer: BTreeSet::new(),
        }
    }
}

/// The device identity opens nothing, but it tells installations apart: it does not belong into logs.
impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger")
            .field("version", &self.version)
            .field("accounts", &self.accounts)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// What is known of an account and is not secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountRecord {
    /// Which account.
    pub id: AccountId,
    /// The name that the service shows.
    #[serde(default, deserialize_with = "display_text::deserialize_name")]
    pub nickname: String,
    /// How it was signed in.
    pub method: Method,
    /// When it was first signed in.
    pub added_at: Timestamp,
    /// How it is doing.
    pub health: Health,
    /// The life of its key.
    pub life: KeyLifetime,
    /// What the service said of its membership.
    #[serde(default)]
    pub membership: Option<Membership>,
    /// When the service last confirmed that the credential works.
    #[serde(default)]
    pub checked_at: Option<Timestamp>,
    /// The renewals of the last 30 days, newest first, 500 at most.
    #[serde(default)]
    pub renewals: Vec<RenewalRecord>,
    /// The format that this account is copied in; `None` for the shared one.
    #[serde(default)]
    pub format: Option<Format>,
    /// The newest generation of its credential that was seen.
    #[serde(default)]
    pub generation: Generation,
    /// Before when not to try a renewal again: here, so that a restart does not forget it.
    #[serde(default)]
    pub next_attempt_at: Option<Timestamp>,
    /// How many renewals have failed in a row.
    #[serde(default)]
    pub failures: u32,
    /// What the service has shown to be true of it.
    #[serde(default)]
    pub proofs: Proofs,
    /// The attempts at renewals of the last hour that count.
    #[serde(default)]
    pub attempts: Attempts,
    /// The person's own name for it.
    #[serde(default)]
    pub label: Option<String>,
    /// The person's own note on it.
    #[serde(default)]
    pub note: Option<String>,
    /// Whether its key can be renewed; `None` where an older version wrote the record.
    #[serde(default)]
    pub renewability: Option<Renewability>,
    /// The refusal that waits for a second one before it is believed.
    #[serde(default)]
    pub evidence: Option<Evidence>,
    /// The last time that its cookie was handed out.
    #[serde(default)]
    pub copied: Option<HandedOut>,
    /// When its credential was handed over to another program, which renews it since; `None` when TuneKey does.
    #[serde(default)]
    pub handed_over_at: Option<Timestamp>,
    /// The person has signed out, and what is left of the account still has to be removed.
    #[serde(default)]
    pub signing_out: bool,
}

/// A cookie that was handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandedOut {
    /// When.
    pub at: Timestamp,
    /// In which format.
    pub format: Format,
    /// Which generation of the credential it was made of.
    pub generation: Generation,
}

/// The two answers that it takes to believe that a credential is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// When the first one came.
    pub at: Timestamp,
    /// The same in milliseconds of the boot clock, which nobody sets; `None` where an older version wrote it.
    #[serde(default)]
    pub boot_ms: Option<u64>,
    /// When the second one came, if it has.
    #[serde(default)]
    pub again_at: Option<Timestamp>,
    /// Of which generation it was said.
    pub generation: Generation,
    /// Who said what.
    pub reason: SignInReason,
}

impl AccountRecord {
    /// A record with nothing known beyond how and when the account was signed in.
    pub fn new(id: AccountId, method: Method, added_at: Timestamp) -> Self {
        Self {
            id,
            nickname: String::new(),
            method,
            added_at,
            health: Health::Healthy,
            life: KeyLifetime { issued_at: added_at, renew_at: None, expires_at: None },
            membership: None,
            checked_at: None,
            renewals: Vec::new(),
            format: None,
            generation: Generation::default(),
            next_attempt_at: None,
            failures: 0,
            proofs: Proofs::default(),
            attempts: Attempts::default(),
            label: None,
            note: None,
            renewability: None,
            evidence: None,
            copied: None,
            handed_over_at: None,
            signing_out: false,
        }
    }

    /// Drops the renewals that are too old or too many. Their own times count, so that a clock that jumps
    /// does not wipe the history.
    fn prune(&mut self) {
        self.renewals.sort_by_key(|renewal| std::cmp::Reverse(renewal.at));
        if let Some(newest) = self.renewals.first().map(|renewal| renewal.at) {
            self.renewals.retain(|renewal| newest.duration_since(renewal.at) <= HISTORY);
        }
        self.renewals.truncate(HISTORY_LENGTH);
    }
}

/// The ledger's file.
#[derive(Debug)]
pub struct LedgerFile {
    path: PathBuf,
    lock: PathBuf,
    /// The file that was read or written last.
    last_seen: Mutex<Option<Fingerprint>>,
    /// What it says, so that the same bytes are not understood twice.
    understood: Mutex<Option<Arc<Document>>>,
    /// Queues this process's own changes, so that only one of them waits for other processes.
    turn: Mutex<()>,
}

impl LedgerFile {
    /// Opens a profile's ledger, or starts one. The second value tells the person that a damaged one was set
    /// aside, or why nothing can be changed: a ledger that can only be read is good enough for reading.
    ///
    /// # Errors
    /// `LedgerNewer` when a newer version of TuneKey has written it; then it is left as it is. `LedgerDamaged`
    /// when it is damaged and cannot be set aside. `ProfileNotPrivate` when somebody else could have changed it or
    /// its lock. Otherwise as [`update`](Self::update).
    pub fn open(profile: &Profile) -> Result<(Self, Option<Problem>), Problem> {
        let file = Self {
            path: profile.ledger(),
            lock: profile.ledger_lock(),
            last_seen: Mutex::default(),
            understood: Mutex::default(),
            turn: Mutex::default(),
        };
        let notice = match file.prepare() {
            Ok(notice) => notice,
            Err(problem) if problem.code == ProblemCode::ProfileNotPrivate => return Err(problem),
            Err(problem) => match file.contents()? {
                Contents::Good(_) => Some(problem),
                Contents::Damaged => return Err(damaged()),
                Contents::Missing => return Err(problem),
            },
        };
        Ok((file, notice))
    }

    /// Reads the file. Needs no lock: it is only ever replaced as a whole.
    ///
    /// # Errors
    /// `ProfileUnreadable` when it cannot be read, `LedgerNewer` and `ProfileNotPrivate` as with
    /// [`open`](Self::open), `LedgerDamaged` when it has been damaged since.
    pub fn read(&self) -> Result<Arc<Ledger>, Problem> {
        match self.contents()? {
            Contents::Good(document) => Ok(Arc::clone(document.ledger())),
            Contents::Missing => Err(unreadable("the ledger is gone")),
            Contents::Damaged => Err(damaged()),
        }
    }

    /// Changes the ledger: reads it again with the lock held, lets `change` have it, and writes it if anything
    /// is different. What `change` returns is passed on; to refuse a change, leave the ledger as it is. What a newer
    /// version has written besides stays in the file.
    ///
    /// # Errors
    /// As [`read`](Self::read); `LedgerNewer` when a [newer section](Ledger::newer) would change; `ProfileReadOnly`,
    /// `DiskFull`, `LocksUnusable`, `ProfileBusy` or `ProfileUnreadable` when it cannot be locked or written. With any
    /// of them nothing has changed.
    pub fn update<R>(&self, change: impl FnOnce(&mut Ledger) -> R) -> Result<R, Problem> {
        Ok(self.update_and_read(change)?.0)
    }

    /// As [`update`](Self::update), with what the file says then.
    pub(crate) fn update_and_read<R>(
        &self,
        change: impl FnOnce(&mut Ledger) -> R,
    ) -> Result<(R, Arc<Ledger>), Problem> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let _lock = self.lock()?;
        let document = match self.contents()? {
            Contents::Good(document) => document,
            Contents::Missing => return Err(unreadable("the ledger is gone")),
            Contents::Damaged => return Err(damaged()),
        };
        let before = document.ledger();
        let mut after = Ledger::clone(before);
        let result = change(&mut after);
        after.prune(before);
        if let Some(section) = before.newer.iter().find(|section| after.differs(before, **section)) {
            return Err(section.is_newer());
        }
        if after == **before {
            return Ok((result, Arc::clone(before)));
        }
        let written = document.changed_to(after).map_err(no_json)?;
        let after = Arc::clone(written.ledger());
        self.write(written)?;
        Ok((result, after))
    }

    /// Whether the file is another one than when it was last read or written here. Cheap enough to be asked
    /// every second.
    pub fn changed_since_last_read(&self) -> bool {
        let now = std::fs::metadata(&self.path).ok().map(|metadata| Fingerprint::of(&metadata));
        now != *self.last_seen()
    }

    /// Makes sure that there is a ledger that can be read.
    fn prepare(&self) -> Result<Option<Problem>, Problem> {
        let _lock = self.lock()?;
        disk::remove_leftovers(&self.path);
        match self.contents()? {
            Contents::Good(document) => Ok(document.ledger().newer.first().map(|section| section.is_newer())),
            Contents::Missing => {
                self.start_anew()?;
                Ok(None)
            }
            Contents::Damaged => {
                let aside = self.set_aside()?;
                self.start_anew()?;
                let name = aside.file_name().unwrap_or_default().to_string_lossy().into_owned();
                tracing::warn!(aside = %name, "the ledger was damaged and has been set aside");
                let detail = format!(
                    "the account list was damaged; it was set aside as {name} and a new one was started"
                );
                Ok(Some(Problem::new(ProblemCode::LedgerSetAside).with_detail(detail).with_words(
                    format!(
                        "TuneKey’s account list was damaged. It is kept as {name} beside a new, empty one; your \
                         credentials are still where they were. Put a backup in the place of ledger.json, or sign in again."
                    ),
                    format!(
                        "TuneKey 的账号列表已损坏，已另存为 {name} 并新建空列表；凭据仍在原处。\
                         请用备份替换 ledger.json，或重新登录。"
                    ),
                )))
            }
        }
    }

    fn fresh() -> Ledger {
        Ledger { device_id: Device::random_id(), ..Ledger::default() }
    }

    /// Only with the lock held.
    fn start_anew(&self) -> Result<(), Problem> {
        self.write(Document::new(Self::fresh()).map_err(no_json)?)
    }

    /// Renames a damaged ledger, so that whoever can read it still may.
    fn set_aside(&self) -> Result<PathBuf, Problem> {
        let stamp = SystemClock.now().strftime("%Y%m%dT%H%M%SZ").to_string();
        let candidates = (0..100).map(|number| match number {
            0 => self.path.with_extension(format!("json.corrupt-{stamp}")),
            _ => self.path.with_extension(format!("json.corrupt-{stamp}-{number}")),
        });
        for aside in candidates {
            if !aside.exists() {
                std::fs::rename(&self.path, &aside).map_err(no_write("setting a damaged ledger aside"))?;
                return Ok(aside);
            }
        }
        Err(unreadable("too many damaged ledgers have been set aside"))
    }

    fn contents(&self) -> Result<Contents, Problem> {
        let mut file = match disk::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Contents::Missing),
            Err(error) => return Err(io_problem("opening the ledger")(error)),
        };
        let reading = io_problem("reading the ledger");
        let metadata = file.metadata().map_err(reading)?;
        if metadata.len() > MAX_BYTES {
            return Ok(Contents::Damaged);
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(io_problem("reading the ledger"))?;
        let contents = match self.understood().as_ref().filter(|document| document.bytes() == bytes) {
            Some(document) => Contents::Good(Arc::clone(document)),
            None => understand(bytes)?,
        };
        if let Contents::Good(document) = &contents {
            *self.understood() = Some(Arc::clone(document));
        }
        *self.last_seen() = Some(Fingerprint::of(&metadata));
        Ok(contents)
    }

    /// Only with the lock held.
    fn write(&self, document: Document) -> Result<(), Problem> {
        disk::replace(&self.path, document.bytes()).map_err(no_write("writing the ledger"))?;
        let metadata = std::fs::metadata(&self.path).map_err(io_problem("writing the ledger"))?;
        *self.understood() = Some(Arc::new(document));
        *self.last_seen() = Some(Fingerprint::of(&metadata));
        Ok(())
    }

    fn lock(&self) -> Result<FileLock, Problem> {
        let tries = LOCK_BUDGET.as_millis() / LOCK_PACE.as_millis();
        for _ in 0..tries {
            match FileLock::try_acquire(&self.lock).map_err(no_lock)? {
                Some(lock) => return Ok(lock),
                None => std::thread::sleep(LOCK_PACE),
            }
        }
        let detail = "another TuneKey holds the ledger and does not let go";
        Err(Problem::new(ProblemCode::ProfileBusy).with_detail(detail))
    }

    fn last_seen(&self) -> MutexGuard<'_, Option<Fingerprint>> {
        self.last_seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn understood(&self) -> MutexGuard<'_, Option<Arc<Document>>> {
        self.understood.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What was found in the file.
enum Contents {
    Good(Arc<Document>),
    Missing,
    Damaged,
}

/// What a file's bytes say. An error means a newer version, which must be left alone.
fn understand(bytes: Vec<u8>) -> Result<Contents, Problem> {
    #[derive(Deserialize)]
    struct AnyVersion {
        version: u64,
    }

    if let Ok(AnyVersion { version }) = serde_json::from_slice(document::without_mark(&bytes))
        && version > u64::from(VERSION)
    {
        return Err(Problem::new(ProblemCode::LedgerNewer).with_detail(format!(
            "the ledger was written by a newer version of TuneKey (shape {version}, this one knows {VERSION})"
        )));
    }
    Ok(match Document::read(bytes) {
        Ok(document) if document.ledger().is_sound() => Contents::Good(Arc::new(document)),
        Ok(_) | Err(_) => Contents::Damaged,
    })
}

fn no_json(error: serde_json::Error) -> Problem {
    unreadable(format!("the ledger has no JSON form: {error}"))
}

impl Ledger {
    /// An account's record, to be changed.
    pub fn record_mut(&mut self, id: &AccountId) -> Option<&mut AccountRecord> {
        self.accounts.iter_mut().find(|record| record.id == *id).map(Arc::make_mut)
    }

    /// Whether a section says something else than in another ledger.
    fn differs(&self, other: &Self, section: Section) -> bool {
        match section {
            Section::Accounts => self.accounts != other.accounts,
            Section::Settings => self.settings != other.settings,
            Section::Quota => self.started != other.started,
            Section::Deliveries => self.deliveries != other.deliveries,
            Section::Notifications => self.notifications != other.notifications,
        }
    }

    /// Drops what is too old or too much of the accounts that are not as they were `before`.
    fn prune(&mut self, before: &Self) {
        for (place, record) in self.accounts.iter_mut().enumerate() {
            if before.accounts.get(place) != Some(record) {
                Arc::make_mut(record).prune();
            }
        }
    }

    /// Whether it says what a ledger can say. One account twice would make every change ambiguous.
    fn is_sound(&self) -> bool {
        let mut seen = HashSet::new();
        let mut deliveries = HashSet::new();
        let mut channels = HashSet::new();
        self.version == VERSION
            && self.device_id.len() == 52
            && self.device_id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F'))
            && self.accounts.iter().all(|record| seen.insert(&record.id))
            && self.deliveries.iter().all(|delivery| deliveries.insert(&delivery.id))
            && self.notifications.settings.channels.iter().all(|channel| channels.insert(&channel.id))
    }
}

/// Enough of a file to notice that it has been replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Fingerprint {
    length: u64,
    modified: Option<SystemTime>,
    inode: u64,
}

impl Fingerprint {
    fn of(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        let inode = std::os::unix::fs::MetadataExt::ino(metadata);
        #[cfg(not(unix))]
        let inode = 0;
        Self { length: metadata.len(), modified: metadata.modified().ok(), inode }
    }
}

fn io_problem(doing: &'static str) -> impl Fn(io::Error) -> Problem {
    move |error| disk::problem(ProblemCode::ProfileUnreadable, doing, &error)
}

fn no_write(doing: &'static str) -> impl Fn(io::Error) -> Problem {
    move |error| disk::problem(disk::cause_of_no_write(&error), doing, &error)
}

fn no_lock(error: io::Error) -> Problem {
    disk::problem(disk::cause_of_no_lock(&error), "locking the ledger", &error)
}

fn damaged() -> Problem {
    Problem::new(ProblemCode::LedgerDamaged).with_detail("the ledger is damaged; it is left as it is")
}

fn unreadable(detail: impl Into<String>) -> Problem {
    Problem::new(ProblemCode::ProfileUnreadable).with_detail(detail)
}

#[cfg(test)]
mod tests;
