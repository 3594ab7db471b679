use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::json;
use tunekey_services::{Proxy, netease};

use super::*;
use crate::account::{ProvingCall, RenewalOutcome, RenewalTrigger};
use crate::attempts::Budget;
use crate::problem::Language;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("it is a time")
}

fn record(uid: &str) -> Arc<AccountRecord> {
    AccountRecord::new(AccountId::new(netease::ID, uid), Method::AppScan, at(1_790_000_000)).into()
}

fn open(scratch: &tempfile::TempDir) -> (LedgerFile, Option<Problem>) {
    let profile = Profile::at(scratch.path()).expect("it can be made");
    LedgerFile::open(&profile).expect("it can be opened")
}

/// The files of the profile, without those that a crash may leave.
fn files(scratch: &tempfile::TempDir) -> BTreeSet<String> {
    let entries = std::fs::read_dir(scratch.path()).expect("the directory is there");
    entries
        .map(|entry| entry.expect("it can be listed").file_name().into_string().expect("it is ASCII"))
        .collect()
}

fn put(scratch: &tempfile::TempDir, bytes: &[u8]) {
    disk::replace(&scratch.path().join("ledger.json"), bytes).expect("it can be written");
}

#[test]
fn a_new_profile_starts_with_an_identity_of_its_own_and_keeps_it() {
    let (one, two) = (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
    let (file, notice) = open(&one);
    assert_eq!(notice, None, "there is nothing to say");
    let ledger = file.read().expect("it has just been made");
    assert_eq!(ledger.device_id.len(), 52);
    assert!(ledger.device_id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F')), "upper-case hex");
    assert_eq!(
        open(&one).0.read().expect("it is there").device_id,
        ledger.device_id,
        "a device is made once"
    );
    assert_ne!(open(&two).0.read().expect("it is there").device_id, ledger.device_id, "two are two");
}

#[test]
fn everything_in_the_ledger_is_read_back() {
    let scratch = tempfile::tempdir().expect("a directory");
    let (file, _) = open(&scratch);
    let mut full = AccountRecord::clone(&record("42"));
    full.nickname = "名字 🎵".to_owned();
    full.health = Health::NeedsSignIn { since: at(5), reason: crate::account::SignInReason::Rejected };
    full.life.renew_at = Some(at(6));
    full.checked_at = Some(at(7));
    full.renewals = vec![RenewalRecord {
        at: at(8),
        outcome: RenewalOutcome::Failed,
        trigger: RenewalTrigger::Automatic,
        unchanged: None,
        problem: Some(Problem::new(ProblemCode::Offline).with_detail("renewing: no route")),
    }];
    full.format = Some(Format::Netscape);
    full.generation = Generation::new(9);
    full.next_attempt_at = Some(at(10));
    full.failures = 11;
    full.attempts.note(Budget::Schedule, at(12));
    full.proofs.key_works(ProvingCall::Check, Generation::new(9), at(13));
    full.evidence = Some(Evidence {
        at: at(14),
        boot_ms: Some(15),
        again_at: Some(at(16)),
        generation: Generation::new(9),
        reason: crate::account::SignInReason::Rejected,
    });
    full.signing_out = true;
    let written = file
        .update(|ledger| {
            ledger.accounts.push(full.into());
            ledger.settings.proxy = Proxy::Manual("http://127.0.0.1:7890".to_owned());
            ledger.clone()
        })
        .expect("it can be written");
    assert_eq!(*open(&scratch).0.read().expect("it is there"), written);
}

#[test]
fn a_change_is_seen_by_another_process_and_says_so() {
    let scratch = tempfile::tempdir().expect("a directory");
    let (ours, _) = open(&scratch);
    let (theirs, _) = open(&scratch);
    ours.read().expect("it is there");
    assert!(!ours.changed_since_last_read(), "nobody has touched it");
    theirs.update(|ledger| ledger.accounts.push(record("42"))).expect("it can be written");
    assert!(ours.changed_since_last_read(), "somebody has");
    assert!(!theirs.changed_since_last_read(), "and knows");
    assert_eq!(ours.read().expect("it is there").accounts, [record("42")]);
    assert!(!ours.changed_since_last_read(), "now so do we");
}

#[test]
fn a_change_of_one_account_leaves_the_text_of_every_other_as_it_stands() {
    let scratch = tempfile::tempdir().expect("a directory");
    let (file, _) = open(&scratch);
    let lines = || -> Vec<String> {
        let text = std::fs::read_to_string(scratch.path().join("ledger.json")).expect("it can be read");
        text.lines().map(str::to_owned).collect()
    };
    file.update(|ledger| ledger.accounts.extend(["1", "2", "3"].map(record))).expect("it can be written");
    let before = lines();
    for label in [Some("two"), None, Some("again")] {
        let name = |ledger: &mut Ledger| {
            ledger.record_mut(&record("2").id).expect("it is there").label = label.map(str::to_owned);
        };
        file.update(name).expect("it can be written");
        let (read, _) = open(&scratch);
        let labels: Vec<_> =
            read.read().expect("it is there").accounts.iter().map(|one| one.label.clone()).collect();
        assert_eq!(labels, [None, label.map(str::to_owned), None], "another process reads the same");
    }
    let differing = lines().iter().zip(&before).filter(|(now, then)| now != then).count();
    assert_eq!(differing, 1, "one line for each account");
    file.update(|ledger| ledger.accounts.remove(0)).expect("it can be written");
    let left: Vec<_> =
        open(&scratch).0.read().expect("it is there").accounts.iter().map(|one| one.id.clone()).collect();
    assert_eq!(left, ["2", "3"].map(|uid| record(uid).id.clone()), "each text is that of its own account");
}

#[test]
fn what_an_update_does_not_change_is_shared_with_whoever_has_read_it_before() {
    let scratch = tempfile::tempdir().expect("a directory");
    let (file, _) = open(&scratch);
    file.update(|ledger| ledger.accounts.extend(["1", "2"].map(record))).expect("it can be written");
    let before = file.read().expect("it is there");
    let fail = |ledger: &mut Ledger| ledger.record_mut(&record("2").id).expect("it is there").failures = 1;
    let ((), after) = file.update_and_read(fail).expect("it can be written");
    let is_shared = |place: usize| Arc::ptr_eq(&before.accounts[place], &after.accounts[place]);
    assert!(is_shared(0) && !is_shared(1));
    assert_eq!((before.accounts[1].failures, after.accounts[1].failures), (0, 1));
    assert!(
        Arc::ptr_eq(&after, &file.read().expect("it is there")),
        "the same bytes are not understood twice"
    );
}

#[test]
fn an_update_that_changes_nothing_writes_nothing() {
    let scratch = tempfile::tempdir().expect("a directory");
    let (ours, _) = open(&scratch);
    let (theirs, _) = open(&scratch);
    ours.read().expect("it is there");
    let (passed_on, read) = theirs.update_and_read(|ledger| ledger.accounts.len()).expect("it can be read");
    assert_eq!(passed_on, 0, "what the change returns comes back");
    assert_eq!(read, ours.read().expect("it is there"), "with what the file says");
    assert!(!ours.changed_since_last_read(), "the file is the same one");
}

#[test]
fn no_change_is_lost_when_many_write_at_once() {
    let scratch = Arc::new(tempfile::tempdir().expect("a directory"));
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let scratch = Arc::clone(&scratch);
            std::thread::spawn(move || {
                let (file, _) = open(&scratch);
                for number in 0..10 {
                    let record = record(&format!("{writer}{number}"));
                    file.update(|ledger| ledger.accounts.push(record)).expect("it gets its turn");
                }
            })
        })
        .collect();
    for writer in writers {
        writer.join().expect("no writer fails");
    }
    let ledger = open(&scratch).0.read().expect("it is there");
    assert_eq!(ledger.accounts.len(), 80, "plain read-modify-write would have lost some");
}

#[test]
fn a_damaged_ledger_is_set_aside_and_said() {
    let good = {
        let scratch = tempfile::tempdir().expect("a directory");
        open(&scratch).0.update(|ledger| ledger.accounts.push(record("42"))).expect("it can be written");
        std::fs::read(scratch.path().join("ledger.json")).expect("it is there")
    };
    let text = String::from_utf8(good.clone()).expect("it is JSON");
    let twice = text.replacen("\"accounts\": [", &format!("\"accounts\": [{},", account_json(&text)), 1);
    let damaged: [(&str, Vec<u8>); 8] = [
        ("empty", Vec::new()),
        ("all NUL", vec![0; good.len()]),
        ("cut short", good[..good.len() / 2].to_vec()),
        ("NUL at the end", [&good[..good.len() - 40], &[0; 40]].concat()),
        ("another file", b"<html>".to_vec()),
        ("no ledger", b"{}".to_vec()),
        ("a device id that is none", text.replace("\"device_id\": \"", "\"device_id\": \"zz").into_bytes()),
        ("one account twice", twice.into_bytes()),
    ];
    for (what, bytes) in damaged {
        let scratch = tempfile::tempdir().expect("a directory");
        put(&scratch, &bytes);
        let (file, notice) = open(&scratch);
        let notice = notice.unwrap_or_else(|| panic!("{what}: the person has to know"));
        assert_eq!(notice.code, ProblemCode::LedgerSetAside, "{what}");
        assert_eq!(file.read().expect("a new one was started").accounts, [], "{what}");
        let aside = files(&scratch).into_iter().find(|name| name.starts_with("ledger.json.corrupt-"));
        let aside = aside.unwrap_or_else(|| panic!("{what}: it is kept"));
        for language in [Language::English, Language::Chinese] {
            assert!(notice.message(language).contains(&aside), "{what}: and found");
        }
        assert_eq!(
            std::fs::read(scratch.path().join(aside)).expect("it is there"),
            bytes,
            "{what}: as it was"
        );
        assert_eq!(open(&scratch).1, None, "{what}: once is enough");
    }
}

/// The text of the one account in a ledger.
fn account_json(ledger: &str) -> String {
    let ledger: serde_json::Value = serde_json::from_str(ledger).expect("it is JSON");
    ledger["accounts"][0].to_string()
}

#[test]
fn every_damaged_ledger_is_kept_however_fast_they_come() {
    let scratch = tempfile::tempdir().expect("a directory");
    for damage in ["one", "two", "three"] {
        put(&scratch, damage.as_bytes());
        open(&scratch).1.expect("it was damaged");
    }
    let aside = files(&scratch).into_iter().filter(|name| name.contains(".corrupt-")).count();
    assert_eq!(aside, 3, "none replaces another");
}

#[test]
fn a_ledger_with_a_byte_order_mark_is_read_as_if_it_had_none() {
    let scratch = tempfile::tempdir().expect("a directory");
    let written = open(&scratch).0.read().expect("it has just been made");
    let bytes = std::fs::read(scratch.path().join("ledger.json")).expect("it is there");
    put(&scratch, &[b"\xef\xbb\xbf", bytes.as_slice()].concat());
    let (file, notice) = open(&scratch);
    assert_eq!((file.read(), notice), (Ok(written), None), "nothing in it is damaged");
}

#[test]
fn a_ledger_of_a_newer_version_is_left_alone() {
    let scratch = tempfile::tempdir().expect("a directory");
    let newer = br#"{"version":2,"everything":"new"}"#;
    put(&scratch, newer);
    let profile = Profile::at(scratch.path()).expect("it can be made");
    let problem = LedgerFile::open(&profile).expect_err("we cannot know what it says");
    assert_eq!(problem.code, ProblemCode::LedgerNewer);
    assert!(problem.detail.is_some_and(|detail| detail.contains("newer version")), "it says why");
    assert_eq!(std::fs::read(scratch.path().join("ledger.json")).expect("it is there"), newer);
}

/// A ledger with two accounts, as a newer version has written it.
fn from_the_future(scratch: &tempfile::TempDir, change: impl Fn(&mut serde_json::Value)) -> LedgerFile {
    let (file, _) = open(scratch);
    file.update(|ledger| ledger.accounts.extend(["1", "2"].map(record))).expect("it can be written");
    let mut document = document(scratch);
    change(&mut document);
    put(scratch, document.to_string().as_bytes());
    file
}

fn document(scratch: &tempfile::TempDir) -> serde_json::Value {
    let bytes = std::fs::read(scratch.path().join("ledger.json")).expect("it is there");
    serde_json::from_slice(&bytes).expect("it is JSON")
}

#[test]
fn what_a_newer_version_has_written_besides_survives_every_change() {
    let scratch = tempfile::tempdir().expect("a directory");
    let file = from_the_future(&scratch, |document| {
        document["deliveries"] = json!([{ "to": "file" }]);
        document["settings"]["quiet_hours"] = json!([22, 7]);
        document["accounts"][1]["incident"] = json!({ "since": 1 });
        document["accounts"][1]["life"]["proven_at"] = json!(7);
        document["sections"]["deliveries"] = json!(3);
    });
    file.update(|ledger| ledger.settings.auto_renew = false).expect("a setting is changed");
    let name = |ledger: &mut Ledger| {
        ledger.record_mut(&record("2").id).expect("it is there").label = Some("mine".to_owned());
    };
    file.update(name).expect("an account is named");
    file.update(|ledger| drop(ledger.accounts.remove(0))).expect("an account is removed");
    file.update(|ledger| ledger.accounts.push(record("3"))).expect("an account is added");
    file.update(|ledger| assert!(ledger.started.try_take(netease::ID, at(1)))).expect("a sign-in is counted");
    let document = document(&scratch);
    assert_eq!(document["deliveries"], json!([{ "to": "file" }]));
    assert_eq!(document["settings"]["quiet_hours"], json!([22, 7]));
    let kept = &document["accounts"][0];
    assert_eq!((&kept["label"], &kept["incident"]), (&json!("mine"), &json!({ "since": 1 })));
    assert_eq!(kept["life"]["proven_at"], json!(7));
    assert_eq!(document["accounts"][1].get("incident"), None, "another account has none of it");
    assert_eq!(
        document["sections"],
        json!({ "accounts": 2, "settings": 1, "started": 1, "deliveries": 3, "notifications": 1 })
    );
}

#[test]
fn a_section_of_a_newer_version_is_left_as_it_is_and_the_rest_works() {
    let scratch = tempfile::tempdir().expect("a directory");
    let newer = json!([{ "id": { "service": "qqmusic", "of": "the future" } }]);
    let file = from_the_future(&scratch, |document| {
        document["accounts"] = newer.clone();
        document["sections"]["accounts"] = json!(3);
    });
    let profile = Profile::at(scratch.path()).expect("it can be made");
    let notice = LedgerFile::open(&profile).expect("it can be opened").1.expect("the person is told");
    assert_eq!(notice.code, ProblemCode::LedgerNewer);
    assert!(notice.message(Language::English).contains("account list"), "{notice}");
    file.update(|ledger| ledger.settings.auto_renew = false).expect("the settings can be changed");
    let refused = file.update(|ledger| ledger.accounts.push(record("3"))).expect_err("nobody knows how");
    assert_eq!(refused.code, ProblemCode::LedgerNewer);
    let document = document(&scratch);
    assert_eq!((&document["accounts"], &document["sections"]["accounts"]), (&newer, &json!(3)));
    assert_eq!(document["settings"]["auto_renew"], json!(false));
}

#[test]
fn a_ledger_that_is_damaged_while_open_is_not_overwritten() {
    let scratch = tempfile::tempdir().expect("a directory");
    let (file, _) = open(&scratch);
    put(&scratch, b"damage");
    let problem = file.update(|ledger| ledger.accounts.push(record("42"))).expect_err("it cannot be read");
    assert_eq!(problem.code, ProblemCode::LedgerDamaged);
    assert_eq!(std::fs::read(scratch.path().join("ledger.json")).expect("it is there"), b"damage");
}

#[test]
fn what_a_crash_left_beside_the_ledger_is_gone_after_the_next_start() {
    let scratch = tempfile::tempdir().expect("a directory");
    drop(open(&scratch));
    let before = files(&scratch);
    disk::replace(&scratch.path().join(".ledger.json.aB3xYz"), b"half").expect("it can be written");
    drop(open(&scratch));
    assert_eq!(files(&scratch), before);
}

#[test]
fn renewals_are_kept_for_thirty_days_and_five_hundred_of_them_at_most() {
    let scratch = tempfile::tempdir().expect("a directory");
    let (file, _) = open(&scratch);
    let renewal = |second: i64| RenewalRecord {
        at: at(second),
        outcome: RenewalOutcome::Renewed,
        trigger: RenewalTrigger::Automatic,
        unchanged: None,
        problem: None,
    };
    const DAY: i64 = 24 * 60 * 60;
    file.update(|ledger| {
        let (mut old, mut many) = (record("1"), record("2"));
        Arc::make_mut(&mut old).renewals = (0..40).map(|day| renewal(day * DAY)).collect();
        Arc::make_mut(&mut many).renewals = (0..600).map(renewal).collect();
        ledger.accounts = vec![old, many];
    })
    .expect("it can be written");
    let accounts = &file.read().expect("it is there").accounts;
    assert_eq!(accounts[0].renewals.len(), 31, "from today to thirty days ago");
    assert_eq!(accounts[0].renewals[0], renewal(39 * DAY), "the newest is first");
    assert_eq!(accounts[1].renewals.len(), 500);
    assert_eq!(accounts[1].renewals[0], renewal(599), "the oldest were dropped");
}

#[test]
fn a_ledger_can_be_printed_without_the_device_identity() {
    let scratch = tempfile::tempdir().expect("a directory");
    let ledger = open(&scratch).0.read().expect("it is there");
    assert!(!format!("{ledger:?}").contains(&ledger.device_id), "logs do not need it");
}

#[cfg(unix)]
#[test]
fn the_ledger_is_for_this_user_only() {
    use std::os::unix::fs::PermissionsExt as _;

    let scratch = tempfile::tempdir().expect("a directory");
    drop(open(&scratch));
    for name in ["ledger.json", "ledger.lock"] {
        let mode = std::fs::metadata(scratch.path().join(name)).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn names_and_messages_that_were_written_before_they_were_cleaned_are_cleaned_when_read() {
    let scratch = tempfile::tempdir().expect("a directory");
    let evil = "A\u{1b}]52;c;ZXZpbA==\u{7}\r\nqqmusic:1\u{202e}";
    let (file, _) = open(&scratch);
    file.update(|ledger| {
        let mut one = AccountRecord::clone(&record("42"));
        one.nickname = format!("{evil}{}", "x".repeat(3000));
        let problem = Problem {
            service_message: Some(evil.to_owned()),
            ..Problem::new(ProblemCode::Offline).with_detail(evil)
        };
        one.renewals = vec![RenewalRecord {
            at: at(8),
            outcome: RenewalOutcome::Failed,
            trigger: RenewalTrigger::Automatic,
            unchanged: None,
            problem: Some(problem),
        }];
        ledger.accounts.push(one.into());
    })
    .expect("it can be written");
    let ledger = open(&scratch).0.read().expect("it is there");
    let account = &ledger.accounts[0];
    let problem = account.renewals[0].problem.clone().expect("it failed");
    for text in [
        account.nickname.as_str(),
        &problem.detail.unwrap_or_default(),
        &problem.service_message.unwrap_or_default(),
    ] {
        assert!(text.starts_with("A]52;c;ZXZpbA== qqmusic:1"), "{text:?}");
        assert!(!text.contains(|c: char| c.is_control() || c == '\u{202e}'), "{text:?}");
    }
    assert!(account.nickname.chars().count() <= 64, "and cut");
}

#[test]
fn a_ledger_whose_lock_cannot_be_had_is_read_and_says_why_it_is_not_changed() {
    let scratch = tempfile::tempdir().expect("a directory");
    open(&scratch).0.update(|ledger| ledger.accounts.push(record("42"))).expect("it can be written");
    let lock = scratch.path().join("ledger.lock");
    std::fs::remove_file(&lock).expect("nobody holds it");
    std::fs::create_dir(&lock).expect("something stands in its place");
    let (file, notice) = open(&scratch);
    assert_eq!(notice.map(|notice| notice.code), Some(disk::NO_LOCK_BUT_A_FOLDER));
    assert_eq!(file.read().expect("reading needs no lock").accounts, [record("42")]);
    let problem = file.update(|ledger| ledger.accounts.clear()).expect_err("it cannot be locked");
    assert_eq!(problem.code, disk::NO_LOCK_BUT_A_FOLDER);
    assert_eq!(file.read().expect("it is there").accounts, [record("42")], "nothing was changed");

    // What is damaged can then neither be set aside nor be read.
    put(&scratch, b"damage");
    let profile = Profile::at(scratch.path()).expect("it is there");
    assert_eq!(
        LedgerFile::open(&profile).map(drop).expect_err("it is damaged").code,
        ProblemCode::LedgerDamaged
    );
    assert_eq!(std::fs::read(scratch.path().join("ledger.json")).expect("it is there"), b"damage");
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_cannot_be_written_is_read_and_says_so() {
    use std::os::unix::fs::PermissionsExt as _;

    let scratch = tempfile::tempdir().expect("a directory");
    open(&scratch).0.update(|ledger| ledger.accounts.push(record("42"))).expect("it can be written");
    // As in a profile that somebody copied: without its smaller folders.
    std::fs::remove_dir(scratch.path().join("locks")).expect("it is empty");
    let mode = |name: &str, mode| {
        let path = scratch.path().join(name);
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("it is ours");
    };
    for (name, bits) in [("ledger.json", 0o444), ("ledger.lock", 0o444), ("", 0o555)] {
        mode(name, bits);
    }
    // To root every folder is writable: this thread gives that up for as long as it looks.
    let before = nix::unistd::setfsuid(nix::unistd::Uid::from_raw(65_534));
    let profile = Profile::at(scratch.path());
    let opened = profile.as_ref().map_err(Clone::clone).and_then(LedgerFile::open);
    let changed = opened.as_ref().map(|(file, _)| file.update(|ledger| ledger.accounts.clear()));
    let read = opened.as_ref().map(|(file, _)| file.read());
    let fresh = Profile::at(scratch.path().join("new"));
    nix::unistd::setfsuid(before);
    mode("", 0o755);

    assert_eq!(read.expect("it opens").expect("it can be read").accounts, [record("42")]);
    let problem = changed.expect("it opens").expect_err("it cannot be written");
    assert_eq!(problem.code, ProblemCode::ProfileReadOnly);
    let notice = opened.expect("it opens").1;
    assert_eq!(notice.map(|notice| notice.code), Some(ProblemCode::ProfileReadOnly), "the person is told");
    assert_eq!(fresh.expect_err("it cannot be made").code, ProblemCode::ProfileReadOnly);
}

#[test]
fn every_cause_has_words_of_its_own_in_both_languages() {
    let codes = [
        ProblemCode::ProfileUnreadable,
        ProblemCode::LedgerDamaged,
        ProblemCode::LedgerSetAside,
        ProblemCode::LedgerNewer,
        ProblemCode::ProfileBusy,
        ProblemCode::LocksUnusable,
        ProblemCode::ProfileReadOnly,
        ProblemCode::ProfileNotPrivate,
        ProblemCode::DiskFull,
    ];
    for language in [Language::English, Language::Chinese] {
        let said: BTreeSet<_> = codes.iter().map(|code| Problem::new(*code).message(language)).collect();
        assert_eq!(said.len(), codes.len(), "two of them say the same: {said:#?}");
    }
}

mod fuzz {
    use tunekey_fuzz::fuzz;

    use super::super::{Contents, Document, Ledger, understand};

    #[test]
    fn a_ledger() {
        let whole = Ledger { device_id: "A".repeat(52), ..Ledger::default() };
        let whole = serde_json::to_vec(&whole).expect("a ledger is JSON");
        let account = br#"{"version":1,"device_id":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","accounts":[{"id":"qqmusic:1","nickname":"n","method":"qq_scan","added_at":"2026-11-21T12:00:00Z","health":{"state":"healthy"},"life":{"issued_at":"2026-11-21T12:00:00Z"}}]}"#.to_vec();
        fuzz!([whole.clone(), account.clone()], |input: &[u8]| {
            if let Ok(Contents::Good(document)) = understand(input.to_vec()) {
                let ledger = document.ledger();
                assert_eq!(ledger.device_id.len(), 52);
                if ledger.newer.is_empty() {
                    let again = document.changed_to(Ledger::clone(ledger)).expect("it has a text");
                    let again = Document::read(again.bytes().to_vec()).expect("it can be read again");
                    assert_eq!(*again.ledger(), *ledger, "what is written says what was read");
                }
            }
        });
    }
}
