//! A thousand processes are killed while they renew: what they have committed to is kept.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Stdio};
use std::thread::ScopedJoinHandle;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use tunekey_core::{LedgerFile, Profile};
use tunekey_tests::keyring::{Bus, Keyring};
use tunekey_tests::postgres::{PASSWORD, Postgres, write_password};
use tunekey_tests::sandbox::Sandbox;
use tunekey_tests::server::{run, use_encrypted_files};

/// How many processes are killed in all.
const KILLS: usize = 1_000;

/// What a profile consists of, whatever its store is.
const KEPT: [&str; 5] = ["avatars", "keychain-name.json", "ledger.json", "ledger.lock", "locks"];

/// All of them.
const WHOLE: usize = 1;
/// The part of them that is killed where each takes longer: one in so many.
const PART: usize = 5;

/// The accounts that renew side by side on one profile and one keychain.
const ACCOUNTS: [Account; 4] = [
    Account { uid: "10001", bytes: 1_200, kills: 400 },
    // Larger than any real one: these take longer.
    Account { uid: "10002", bytes: 5_000, kills: 200 },
    Account { uid: "10003", bytes: 200, kills: 350 },
    Account { uid: "10004", bytes: 15_000, kills: 50 },
];

/// An account, how large its credential is, and how many of its processes are killed.
struct Account {
    uid: &'static str,
    bytes: usize,
    kills: usize,
}

/// How many renewals are timed to know how long one takes here and now.
const TIMED: u64 = 3;

/// Beyond this, something hangs.
const LIMIT: Duration = Duration::from_secs(600);

/// How often the keyring daemon may end by itself: it does so now and then when its clients are killed.
const ATTEMPTS: usize = 3;

#[tokio::test]
async fn a_thousand_processes_killed_while_they_renew_lose_no_credential_and_no_ledger() {
    for _ in 0..ATTEMPTS {
        if a_thousand_kills().await {
            return;
        }
    }
    panic!("the keyring itself ended in each of {ATTEMPTS} attempts");
}

/// Whether they could be made: not when the keyring daemon itself ends meanwhile, which says nothing about us.
async fn a_thousand_kills() -> bool {
    let seed: u64 = rand::random();
    let mut sandbox = Sandbox::new().expect("a new home");
    let bus = Bus::start(&mut sandbox).expect("a session bus");
    let keyring = Keyring::start(&sandbox, &bus).await.expect("a keyring");

    let lanes = all_lanes(&sandbox, seed, WHOLE);
    if lanes.iter().any(Result::is_err) && !keyring.is_running() {
        return false;
    }
    ensure_nothing_lost(&sandbox, lanes, (seed, WHOLE), &KEPT);
    true
}

#[test]
fn as_many_killed_processes_lose_nothing_that_is_in_encrypted_files() {
    let seed: u64 = rand::random();
    let sandbox = Sandbox::new().expect("a new home");
    use_encrypted_files(&sandbox).expect("the command line is built");
    let lanes = all_lanes(&sandbox, seed, WHOLE);
    ensure_nothing_lost(&sandbox, lanes, (seed, WHOLE), &[&KEPT[..], &["secrets", "store.json"]].concat());
    // Whoever uses the files next removes what the last ones have left.
    run(&sandbox, &["store", "show"]).expect("they can be used");
    let files = std::fs::read_dir(sandbox.profile().join("secrets")).expect("it is there").flatten();
    let names = files.map(|entry| entry.file_name().into_string().expect("it is ASCII"));
    let litter: Vec<_> = names.filter(|name| name != "lock" && !is_slot(name)).collect();
    assert_eq!(litter, [""; 0], "killed processes leave no litter");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_processes_lose_nothing_that_is_in_a_database() {
    let seed: u64 = rand::random();
    let postgres = Postgres::start().await.expect("a database");
    let sandbox = Sandbox::new().expect("a new home");
    write_password(&sandbox, PASSWORD).expect("a password");
    run(&sandbox, &["store", "identity"]).expect("an identity");
    let url = postgres.plain_url(postgres.port());
    run(&sandbox, &["--store", &url, "accounts"]).expect("the database can be used");
    let lanes = all_lanes(&sandbox, seed, PART);
    ensure_nothing_lost(&sandbox, lanes, (seed, PART), &[&KEPT[..], &["store.json"]].concat());
    let left = postgres.sql("SELECT count(*) FROM tunekey_account WHERE generation_a + generation_b = 0");
    assert_eq!(left.expect("it answers"), "0", "every account is there");
}

/// Whether a file is one of an account's two slots.
fn is_slot(name: &str) -> bool {
    let slots = ACCOUNTS.iter().flat_map(|account| ["a", "b"].map(|side| (account.uid, side)));
    slots.map(|(uid, side)| format!("v1.qqmusic.{uid}.{side}.age")).any(|slot| slot == name)
}

/// Kills one in `part` of all accounts' shares of the processes side by side.
fn all_lanes(sandbox: &Sandbox, seed: u64, part: usize) -> Vec<std::thread::Result<u64>> {
    assert_eq!(
        ACCOUNTS.iter().map(|account| account.kills).sum::<usize>(),
        KILLS,
        "the shares make the whole"
    );
    let began = Instant::now();
    std::thread::scope(|scope| {
        let lanes: Vec<_> = ACCOUNTS
            .iter()
            .zip(seed..)
            .map(|(account, seed)| {
                scope.spawn(move || kill_again_and_again(sandbox, account, (seed, part), began))
            })
            .collect();
        lanes.into_iter().map(ScopedJoinHandle::join).collect()
    })
}

/// Makes sure that all that was promised is there, and nothing but what a profile consists of.
fn ensure_nothing_lost(
    sandbox: &Sandbox,
    lanes: Vec<std::thread::Result<u64>>,
    (seed, part): (u64, usize),
    kept: &[&str],
) {
    let renewals: u64 =
        lanes.into_iter().map(|lane| lane.unwrap_or_else(|_| panic!("the seed was {seed}"))).sum();
    assert!(
        renewals > (KILLS / part) as u64 / 4,
        "only {renewals} renewals were made: most were killed too early"
    );

    let profile = Profile::at(sandbox.profile()).expect("it is there");
    let (ledger, notice) = LedgerFile::open(&profile).expect("it opens");
    assert_eq!(notice, None, "the ledger was never damaged");
    assert_eq!(ledger.read().expect("it can be read").accounts.len(), ACCOUNTS.len(), "no account is lost");
    let files = std::fs::read_dir(profile.dir()).expect("it is there").flatten();
    let mut names: Vec<_> =
        files.map(|entry| entry.file_name().into_string().expect("it is ASCII")).collect();
    names.sort();
    assert_eq!(names, kept, "killed processes leave no litter");
}

/// Kills this account's share of the processes and returns how many renewals they made.
fn kill_again_and_again(
    sandbox: &Sandbox,
    account: &Account,
    (seed, part): (u64, usize),
    began: Instant,
) -> u64 {
    let mut random = StdRng::seed_from_u64(seed);
    let (mut promised, renewal) = time_renewals(sandbox, account);
    for kill in 0..account.kills / part {
        let context = || format!("account {}, kill {kill}, seed {seed}", account.uid);
        let mut process = Renewing::start(sandbox, account);
        let loaded =
            process.number_after("loaded ").unwrap_or_else(|| panic!("it does not start: {}", context()));
        // It may have been killed between the save and the promise: then there is one more.
        assert!(
            (promised..=promised + 1).contains(&loaded),
            "{promised} was promised and {loaded} is there: {}",
            context()
        );
        std::thread::sleep(renewal.mul_f64(random.random_range(0.0..1.5)));
        promised = process.killed(&context()).unwrap_or(loaded);
        assert!(began.elapsed() < LIMIT, "this takes too long: {}", context());
    }
    let last = Renewing::start(sandbox, account).number_after("loaded ");
    assert!(
        last.is_some_and(|loaded| (promised..=promised + 1).contains(&loaded)),
        "{promised} was promised and {last:?} is there at the end: account {}, seed {seed}",
        account.uid
    );
    promised - TIMED
}

/// Makes a few renewals in peace. What was promised last, and how long one takes.
fn time_renewals(sandbox: &Sandbox, account: &Account) -> (u64, Duration) {
    let mut process = Renewing::start(sandbox, account);
    assert_eq!(process.number_after("loaded "), Some(0), "the store is new");
    let began = Instant::now();
    for number in 1..=TIMED {
        assert_eq!(process.number_after("saved "), Some(number), "nobody kills it");
    }
    let took = began.elapsed();
    (process.killed("the timed one").unwrap_or(TIMED), took.div_f64(TIMED as f64))
}

/// A process that renews.
struct Renewing {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Renewing {
    fn start(sandbox: &Sandbox, account: &Account) -> Self {
        let mut command = sandbox.command(env!("CARGO_BIN_EXE_renews-until-killed"));
        command.arg(sandbox.profile()).arg(account.uid).arg(account.bytes.to_string()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("it was built");
        let output = BufReader::new(child.stdout.take().expect("it is piped"));
        Self { child, output }
    }

    /// The number in its next line, which begins with this word; `None` when there is no such line.
    fn number_after(&mut self, word: &str) -> Option<u64> {
        let mut line = String::new();
        self.output.read_line(&mut line).ok()?;
        // A line that was cut off by the kill was not said.
        line.strip_prefix(word)?.strip_suffix('\n')?.parse().ok()
    }

    /// Kills it. The last save that it has promised, if it lived long enough for one.
    fn killed(mut self, context: &str) -> Option<u64> {
        if let Some(status) = self.child.try_wait().expect("it is our child") {
            panic!("it gave up by itself with {status}: {context}");
        }
        self.child.kill().expect("it is our child");
        let mut promised = None;
        while let Some(number) = self.number_after("saved ") {
            promised = Some(number);
        }
        promised
    }
}

impl Drop for Renewing {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
