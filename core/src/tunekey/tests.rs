//! The facade on a profile of its own, with a keychain that can be broken and no network.

use jiff::{SignedDuration, Timestamp};
use tunekey_services::{Credential, Fields, Grant, Input, Inspection, Secret, netease, qqmusic};

use super::*;
use crate::account::{Busy, Health, RenewalTrigger};
use crate::ledger::AccountRecord;
use crate::sign_in::{Scanner, SignInStep};
use crate::store::StoreError;
use crate::store::keychain::sim::SimKeychain;

mod schedule;

/// A core with these accounts, each with a credential in the keychain.
struct Home {
    tunekey: TuneKey,
    keychain: Arc<SimKeychain>,
    dir: tempfile::TempDir,
}

const ACCOUNTS: [(ServiceId, &str, &str); 4] = [
    (qqmusic::ID, "10001", "小满"),
    (qqmusic::ID, "10002", "林间有风"),
    (netease::ID, "90001", "小满"),
    (netease::ID, "1152921504606847123", "夜航星"),
];

impl Home {
    async fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let keychain = Arc::new(SimKeychain::default());
        let tunekey = open(&dir, keychain.clone());
        // Nothing listens on port 9 of this machine: every request fails at once.
        tunekey.set_setting("proxy", "http://127.0.0.1:9").await.expect("the proxy is set");
        for (service, uid, nickname) in ACCOUNTS {
            let id = AccountId::new(service, uid);
            let fields: Fields = [("musickey", "key"), ("MUSIC_U", "key")].into_iter().collect();
            let now = SystemClock.now();
            let credential = Credential { account: id.clone(), issued_at: now, expires_at: None, fields };
            let generation =
                tunekey.0.vault.save(&credential, None, Interaction::Allowed).await.expect("it saves");
            let first = Some(AccountRecord::new(id.clone(), Method::QqScan, now));
            let change = move |record: &mut AccountRecord| {
                record.nickname = nickname.to_owned();
                record.generation = generation;
            };
            tunekey.0.accounts.update_or_add(&id, first, change).await.expect("it is added");
        }
        Self { tunekey, keychain, dir }
    }

    fn restarted(&self) -> TuneKey {
        open(&self.dir, self.keychain.clone())
    }
}

/// A snapshot without what counts within one process only.
fn what_is_kept(tunekey: &TuneKey) -> Snapshot {
    let mut snapshot = tunekey.snapshot();
    snapshot.revision = 0;
    snapshot.accounts.iter_mut().for_each(|account| account.revision = 0);
    snapshot
}

fn open(dir: &tempfile::TempDir, keychain: Arc<SimKeychain>) -> TuneKey {
    open_with(dir, keychain, Arc::new(SystemClock))
}

fn open_with(dir: &tempfile::TempDir, keychain: Arc<SimKeychain>, clock: Arc<dyn Clock>) -> TuneKey {
    let profile = Profile::at(dir.path().join("profile")).expect("a profile");
    let setup = Setup {
        profile,
        store: keychain.store(),
        passphrase: None,
        clock,
        limits: Limits::default(),
        shows_pages: false,
    };
    TuneKey::open(setup).expect("it opens")
}

fn first() -> AccountId {
    AccountId::new(qqmusic::ID, "10001")
}

#[tokio::test]
async fn an_account_is_found_by_its_id_by_a_unique_beginning_or_by_its_nickname() {
    let home = Home::new().await;
    for (name, id) in [
        ("qqmusic:10001", "qqmusic:10001"),
        ("10002", "qqmusic:10002"),
        ("netease:9", "netease:90001"),
        ("115292150460", "netease:1152921504606847123"),
        ("夜航星", "netease:1152921504606847123"),
    ] {
        assert_eq!(home.tunekey.find(name).expect(name).to_string(), id);
    }
}

#[tokio::test]
async fn a_name_that_could_be_several_accounts_is_refused_with_their_ids() {
    let home = Home::new().await;
    for name in ["小满", "qqmusic", "qqmusic:1000", "1"] {
        let problem = home.tunekey.find(name).expect_err("it could be several");
        assert_eq!(problem.code, ProblemCode::InvalidInput);
        assert!(problem.detail.is_some_and(|detail| detail.contains(" or ")), "the candidates are listed");
    }
    for name in ["", "10003", "nobody", "qqmusic:10001 "] {
        let problem = home.tunekey.find(name).expect_err("it is nobody");
        assert_eq!(problem.code, ProblemCode::NotFound);
    }
}

#[tokio::test]
async fn a_nickname_never_stands_in_for_an_id_or_a_number() {
    let home = Home::new().await;
    let called = async |uid: &str, nickname: &'static str| {
        let id = AccountId::new(qqmusic::ID, uid);
        let named = home.tunekey.0.accounts.update(&id, |record| record.nickname = nickname.to_owned());
        named.await.expect("it is named");
    };
    // The names of an account that wants to be taken for the others.
    for (nickname, name, id) in [
        ("netease:90001", "netease:90001", "netease:90001"),
        ("90001", "90001", "netease:90001"),
        ("9000", "9000", "netease:90001"),
        ("netease:9", "netease:9", "netease:90001"),
    ] {
        called("10002", nickname).await;
        assert_eq!(home.tunekey.find(name).expect(name).to_string(), id, "and not the one that is called so");
    }
    // Nor for one that is not here any more.
    called("10002", "1569097443").await;
    let problem = home.tunekey.find("1569097443").expect_err("no account has that number");
    assert_eq!(problem.code, ProblemCode::NotFound);
    called("10002", "netease:1569097443").await;
    home.tunekey.find("netease:1569097443").expect_err("no account has that id");
    // One that is called as others begin is asked about.
    called("10002", "netease:").await;
    home.tunekey.find("netease:").expect_err("two begin so");
    called("10001", "qqm").await;
    home.tunekey.find("qqm").expect_err("two begin so");
    home.tunekey.forget(&AccountId::new(netease::ID, "90001")).await.expect("it is removed");
    called("10002", "netease").await;
    let problem = home.tunekey.find("netease").expect_err("one begins so, another is called so");
    assert_eq!(problem.code, ProblemCode::InvalidInput);
}

#[tokio::test]
async fn a_number_that_two_services_know_is_asked_about() {
    let home = Home::new().await;
    let id = AccountId::new(netease::ID, "10001");
    let first = Some(AccountRecord::new(id.clone(), Method::AppScan, SystemClock.now()));
    home.tunekey.0.accounts.update_or_add(&id, first, |_| ()).await.expect("it is added");
    let problem = home.tunekey.find("10001").expect_err("it could be both");
    assert_eq!(problem.code, ProblemCode::InvalidInput);
    assert_eq!(home.tunekey.find("netease:10001"), Ok(id));
}

#[tokio::test]
async fn who_is_meant_is_asked_in_words_of_the_persons_language() {
    use crate::problem::Language::{Chinese, English};

    let home = Home::new().await;
    let problem = home.tunekey.find("小满").expect_err("it could be two");
    let two = "qqmusic:10001 (小满), netease:90001 (小满)";
    assert_eq!(
        problem.message(English),
        format!("Two accounts match “小满”: {two}. Name one by its number.")
    );
    assert_eq!(problem.message(Chinese), format!("有 2 个账号与「小满」匹配：{two}。请用账号编号指明一个。"));
    let problem = home.tunekey.find("nob\u{1b}ody\u{202e}").expect_err("it is nobody");
    assert!(problem.message(English).starts_with("No account “nobody”. Yours: qqmusic:10001 (小满), "));
    assert!(problem.message(Chinese).starts_with("没有账号「nobody」。已有账号：qqmusic:10001 (小满), "));
}

#[tokio::test]
async fn an_account_names_its_picture_by_what_is_in_it() {
    let home = Home::new().await;
    let named = |tunekey: &TuneKey| {
        let account = tunekey.snapshot().accounts.into_iter().find(|account| account.id == first());
        account.expect("it is here").picture
    };
    assert_eq!((named(&home.tunekey), home.tunekey.picture(&first())), (None, None), "there is none yet");

    let (one, other) = (b"\x89PNG\r\n\x1a\none".to_vec(), b"\x89PNG\r\n\x1a\nother".to_vec());
    home.tunekey.0.accounts.save_avatar(&first(), one.clone()).await;
    let name = named(&home.tunekey);
    assert!(name.is_some(), "it has a name now");
    assert_eq!(home.tunekey.picture(&first()), Some(one.clone()));
    let restarted = home.restarted();
    assert_eq!((named(&restarted), restarted.picture(&first())), (name.clone(), Some(one)), "it is kept");

    home.tunekey.0.accounts.save_avatar(&first(), other.clone()).await;
    assert!(named(&home.tunekey).is_some_and(|now| Some(now) != name), "another picture has another name");
    assert_eq!(home.tunekey.picture(&first()), Some(other));
    home.tunekey.forget(&first()).await.expect("it is forgotten");
    assert_eq!(home.tunekey.picture(&first()), None, "it goes with the account");
}

#[tokio::test]
async fn a_restart_finds_everything_as_it_was() {
    let home = Home::new().await;
    let mut events = home.tunekey.events();
    home.tunekey.set_format(&first(), Format::Env).await.expect("it exists for QQ Music");
    assert!(matches!(events.try_recv(), Ok(Event::Account { .. })), "the fronts hear of it");
    assert_eq!(what_is_kept(&home.restarted()), what_is_kept(&home.tunekey));
}

#[tokio::test]
async fn a_format_that_the_service_lacks_is_refused() {
    let home = Home::new().await;
    let id = AccountId::new(netease::ID, "90001");
    let format = Format::Own(qqmusic::API_FORMAT);
    let problem = home.tunekey.set_format(&id, format).await.expect_err("NetEase has none");
    assert_eq!(problem.code, ProblemCode::InvalidInput);
    home.tunekey.set_setting("format", "qqmusicapi").await.expect("as the shared default it is fine");
    assert_eq!(home.tunekey.cookie(&id, None).await.expect("it copies").format, Format::Header);
}

#[tokio::test]
async fn forgetting_removes_the_credential_and_the_account_and_nothing_else() {
    let home = Home::new().await;
    home.tunekey.forget(&first()).await.expect("it forgets");
    assert!(
        !home.keychain.names().iter().any(|name| name.contains("qqmusic:10001")),
        "gone from the keychain"
    );
    assert_eq!(home.tunekey.snapshot().accounts.len(), ACCOUNTS.len() - 1);
    let problem = home.tunekey.forget(&first()).await.expect_err("it is gone");
    assert_eq!(problem.code, ProblemCode::NotFound);
}

#[tokio::test]
async fn a_sign_out_that_the_service_does_not_hear_of_is_said_to_be_unconfirmed() {
    let home = Home::new().await;
    let done = home.tunekey.sign_out(&first()).await.expect("it is removed here");
    assert!(!done.confirmed, "nobody answered");
    assert!(home.tunekey.find("10001").is_err());
}

#[tokio::test]
async fn a_sign_out_that_was_cut_off_is_finished_at_the_next_start() {
    let home = Home::new().await;
    home.tunekey
        .0
        .accounts
        .update(&first(), |record| record.signing_out = true)
        .await
        .expect("the person has decided");
    let restarted = home.restarted();
    restarted.finish_removals().await;
    assert!(restarted.find("10001").is_err(), "the account is gone");
    assert!(!home.keychain.names().iter().any(|name| name.contains("qqmusic:10001")), "the credential, too");
}

#[tokio::test]
async fn a_keychain_that_refuses_removes_nothing() {
    let home = Home::new().await;
    home.keychain.refuse(StoreError::Locked);
    let problem = home.tunekey.forget(&first()).await.expect_err("it is locked");
    assert_eq!(problem.code, ProblemCode::KeychainLocked);
    assert_eq!(home.tunekey.snapshot().store, StoreState::Locked, "the fronts see why");
    assert!(home.tunekey.find("10001").is_ok(), "the account is still there");
    home.keychain.heal();
    home.tunekey.cookie(&first(), None).await.expect("and so is its credential");
    assert_eq!(home.tunekey.snapshot().store, StoreState::Ready);
}

#[tokio::test]
async fn no_network_means_unknown_and_never_signed_out() {
    let home = Home::new().await;
    let problem = home.tunekey.check(&first()).await.expect_err("nobody answers");
    assert_eq!(problem.code, ProblemCode::ProxyUnreachable);
    let account = home.tunekey.0.accounts.view(&first()).expect("it is there");
    assert!(!matches!(account.health, Health::NeedsSignIn { .. }), "silence proves nothing");
    assert_eq!(
        account.last_error.map(|last_error| last_error.code),
        Some(ProblemCode::ProxyUnreachable),
        "but it is said"
    );
}

#[tokio::test]
async fn an_extra_authority_is_shown_by_the_name_that_was_chosen_and_does_without_that_file() {
    let home = Home::new().await;
    let key = rcgen::KeyPair::generate().expect("a key");
    let pem = rcgen::CertificateParams::default().self_signed(&key).expect("a certificate").pem();
    let file = home.dir.path().join("ca.pem");
    crate::disk::replace(&file, pem.as_bytes()).expect("it is written");
    home.tunekey.set_setting("extra-ca", &file.to_string_lossy()).await.expect("it can be used");
    std::fs::remove_file(&file).expect("it is ours");

    let later = home.restarted();
    assert_eq!(later.settings().extra_ca, Some(file));
    let used = later.extra_ca_file().expect("there is a copy").expect("one is set");
    assert_eq!(std::fs::read_to_string(&used).ok(), Some(pem));
    let problem = later.check(&first()).await.expect_err("nobody answers");
    assert_eq!(problem.code, ProblemCode::ProxyUnreachable, "the authority is not what is missing");
    later.set_setting("extra-ca", "").await.expect("it can be removed");
    assert!(!used.exists(), "and its copy with it");
    assert_eq!(later.extra_ca_file(), Ok(None));
}

#[tokio::test]
async fn an_extra_authority_that_is_gone_is_said_wherever_it_stands_in_the_way() {
    let home = Home::new().await;
    let file = home.dir.path().join("ca.pem");
    // Set by a version that copied nothing.
    let name = file.to_string_lossy().into_owned();
    home.tunekey
        .0
        .accounts
        .update_settings(move |settings| settings.set("extra-ca", &name))
        .await
        .expect("it is set");

    let later = home.restarted();
    let problem = later.renew(&first(), RenewalTrigger::Automatic).await.expect_err("there is no way");
    assert_eq!(problem.code, ProblemCode::ExtraCaUnusable);
    let account = later.0.accounts.view(&first()).expect("it is there");
    assert_eq!(account.last_error.map(|last_error| last_error.code), Some(ProblemCode::ExtraCaUnusable));
    assert!(!matches!(account.health, Health::NeedsSignIn { .. }), "it proves nothing");
    let reaches = later.reach().await;
    let codes: Vec<_> = reaches.into_iter().filter_map(|reach| Some(reach.problem?.code)).collect();
    assert_eq!(codes, [ProblemCode::ExtraCaUnusable; 2]);
    let refused = later.set_setting("extra-ca", &file.to_string_lossy()).await.expect_err("it is gone");
    assert_eq!(refused.code, ProblemCode::ExtraCaUnusable);
    later.set_setting("extra-ca", "").await.expect("it can be removed");
}

#[tokio::test]
async fn what_another_process_changes_is_seen_and_told() {
    let home = Home::new().await;
    let other = home.restarted();
    let mut events = home.tunekey.events();
    other.forget(&first()).await.expect("the other process forgets it");
    other.set_setting("clipboard-seconds", "60").await.expect("and changes a setting");
    home.tunekey.reload().await;
    assert_eq!(what_is_kept(&home.tunekey), what_is_kept(&other));
    let told: Vec<_> = std::iter::from_fn(|| events.try_recv().ok()).collect();
    let gone = |event: &Event| matches!(event, Event::AccountGone { id, .. } if *id == first());
    assert!(told.iter().any(gone) && told.len() == 2, "both, once: {told:?}");
}

#[tokio::test]
async fn a_keychain_that_deletes_nothing_leaves_the_account_as_it_was_for_this_and_the_next_start() {
    let home = Home::new().await;
    home.keychain.keep_what_is_deleted();
    let problem = home.tunekey.forget(&first()).await.expect_err("it is still there");
    assert_eq!(problem.code, ProblemCode::KeychainUnavailable);
    home.keychain.heal();
    let restarted = home.restarted();
    restarted.finish_removals().await;
    for tunekey in [&home.tunekey, &restarted] {
        tunekey.cookie(&first(), None).await.expect("what was said to be there is there");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_folder_that_cannot_be_written_is_found_out_before_anything_is_deleted() {
    let home = Home::new().await;
    // A folder in the ledger's place cannot be replaced by a file, whoever asks.
    let ledger = home.dir.path().join("profile").join("ledger.json");
    let contents = std::fs::read(&ledger).expect("it is there");
    std::fs::remove_file(&ledger).expect("it can be removed");
    std::fs::create_dir(&ledger).expect("a folder in its place");
    for problem in [
        home.tunekey.forget(&first()).await.expect_err("nothing can be written"),
        home.tunekey.sign_out(&first()).await.expect_err("nothing can be written"),
    ] {
        assert_eq!(problem.code, ProblemCode::ProfileUnreadable);
    }
    std::fs::remove_dir(&ledger).expect("the folder goes");
    crate::disk::replace(&ledger, &contents).expect("the ledger is back");
    home.restarted().cookie(&first(), None).await.expect("nothing was deleted");
}

#[tokio::test]
async fn a_missing_item_is_said_of_the_keychain_and_not_of_the_service() {
    let home = Home::new().await;
    for name in home.keychain.names() {
        home.keychain.take(&name);
    }
    for problem in [
        home.tunekey.cookie(&first(), None).await.expect_err("there is none"),
        home.tunekey.check(&first()).await.expect_err("there is none"),
        home.tunekey.renew(&first(), RenewalTrigger::Manual).await.expect_err("there is none"),
    ] {
        assert_eq!(problem.code, ProblemCode::CredentialMissing);
    }
    let account = home.tunekey.0.accounts.view(&first()).expect("it is there");
    assert!(!account.health.needs_sign_in(), "one look proves nothing: {:?}", account.health);
}

#[tokio::test]
async fn the_last_word_on_an_account_is_that_nothing_is_being_done_with_it() {
    let home = Home::new().await;
    let mut events = home.tunekey.events();
    home.tunekey.check(&first()).await.expect_err("nobody answers");
    let states: Vec<_> = std::iter::from_fn(|| events.try_recv().ok())
        .filter_map(|event| match event {
            Event::Account { account } => Some((account.revision, account.busy)),
            _ => None,
        })
        .collect();
    assert!(states.iter().any(|(_, busy)| *busy == Some(Busy::Checking)), "{states:?}");
    assert_eq!(states.last().map(|(_, busy)| *busy), Some(None), "{states:?}");
    assert!(states.is_sorted_by(|a, b| a.0 < b.0), "each state is newer than the one before: {states:?}");
}

#[tokio::test]
async fn a_refused_setting_does_not_hide_what_another_process_has_changed() {
    let home = Home::new().await;
    let other = home.restarted();
    other.set_setting("clipboard-seconds", "60").await.expect("the other process changes a setting");
    home.tunekey
        .0
        .accounts
        .update_settings(|_| Err(Problem::new(ProblemCode::InvalidInput)))
        .await
        .expect_err("refused");
    assert_eq!(home.tunekey.settings().clipboard_seconds, 60);
}

#[tokio::test]
async fn every_front_sees_a_sign_in_and_can_answer_it() {
    let home = Home::new().await;
    let window = home.tunekey.clone();
    let mut command =
        home.tunekey.start_sign_in(netease::ID, Method::Paste, None).expect("it is a service of ours");
    let id = command.id();
    let mut steps = window.watch_sign_in(id).expect("it is under way");
    while !matches!(steps.next().await.expect("it goes on"), SignInStep::AskPaste { .. }) {}
    let [status] = &window.sign_ins()[..] else { panic!("one is under way") };
    assert_eq!((status.id, status.method, status.step.waits_for_answer()), (id, Method::Paste, true));
    let text = "MUSIC_U=".to_owned() + &"a".repeat(128) + "; __csrf=0123456789abcdef0123456789abcdef";
    assert!(window.answer_sign_in(id, UserInput::Answer(Input::Text(text.into()))), "it is under way");
    while !matches!(command.next().await.expect("it goes on"), SignInStep::AskToGoOn { .. }) {}
    drop(command);
    while steps.next().await.is_some() {}
    assert!(window.sign_ins().is_empty() && window.watch_sign_in(id).is_none(), "it ended for all");
}

#[tokio::test]
async fn a_process_that_is_about_to_end_waits_for_no_sign_in_that_can_be_cancelled() {
    let home = Home::new().await;
    let mut sign_in =
        home.tunekey.start_sign_in(netease::ID, Method::Paste, None).expect("it is a service of ours");
    while !matches!(sign_in.next().await.expect("it goes on"), SignInStep::AskPaste { .. }) {}
    let drained = tokio::time::timeout(Duration::from_secs(60), home.tunekey.drain()).await;
    assert!(drained.is_ok() && sign_in.next().await.is_none(), "it is over");
}

/// What is kept after a credential with these fields was pasted over the first account's.
async fn after_pasting(fields: &[(&str, &str)]) -> Vec<(String, Secret)> {
    let home = Home::new().await;
    let credential = Credential {
        account: first(),
        issued_at: SystemClock.now(),
        expires_at: None,
        fields: fields.iter().copied().collect(),
    };
    let grant = Grant { credential, inspection: Inspection::default() };
    let scanner = Scanner::default();
    SignInHost::save(&home.tunekey, &grant, Method::Paste, &scanner).await.expect("it saves");
    let kept = home
        .tunekey
        .0
        .vault
        .load(&first(), Interaction::Allowed)
        .await
        .expect("it loads")
        .expect("it is there");
    kept.credential.fields.iter().map(|(name, value)| (name.to_owned(), value.clone())).collect()
}

#[tokio::test]
async fn two_sessions_of_one_account_are_never_mixed() {
    let kept = after_pasting(&[("musickey", "another session")]).await;
    assert_eq!(kept, [("musickey".to_owned(), "another session".into())], "nothing of the old session");
}

#[tokio::test]
async fn what_renews_a_session_stays_when_the_same_session_is_pasted_without_it() {
    let kept = after_pasting(&[("musickey", "key"), ("nick", "x")]).await;
    assert!(kept.contains(&("MUSIC_U".to_owned(), "key".into())), "what was here of the same session");
}

#[tokio::test]
async fn when_a_session_ends_is_still_known_when_the_same_session_is_pasted() {
    let home = Home::new().await;
    let load = async || {
        home.tunekey
            .0
            .vault
            .load(&first(), Interaction::Allowed)
            .await
            .expect("it loads")
            .expect("it is there")
    };
    let mut kept = load().await;
    let end = kept.credential.issued_at + SignedDuration::from_hours(72);
    kept.credential.expires_at = Some(end);
    let saved =
        home.tunekey.0.vault.save(&kept.credential, Some(kept.generation), Interaction::Allowed).await;
    saved.expect("it saves");
    let began = load().await.credential.issued_at;
    let pasted = Credential {
        issued_at: began + SignedDuration::from_hours(1),
        expires_at: None,
        ..kept.credential.clone()
    };
    let grant = Grant { credential: pasted, inspection: Inspection::default() };
    let scanner = Scanner::default();
    SignInHost::save(&home.tunekey, &grant, Method::Paste, &scanner).await.expect("it saves");
    let now = load().await.credential;
    assert_eq!((now.issued_at, now.expires_at), (began, Some(end)));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_profile_that_can_only_be_read_lists_its_accounts_and_gives_their_cookies() {
    use std::os::unix::fs::PermissionsExt as _;

    let home = Home::new().await;
    let id = first();
    for name in home.keychain.names().iter().filter(|name| name.contains("10002")) {
        home.keychain.take(name);
    }
    let folder = home.dir.path().join("profile");
    let mode = |path: &std::path::Path, bits| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(bits)).expect("it is ours");
    };
    mode(home.dir.path(), 0o755);
    mode(&folder.join("ledger.json"), 0o444);
    mode(&folder, 0o555);
    // To root every folder is writable: these threads give that up.
    let become_nobody = || {
        nix::unistd::setfsuid(nix::unistd::Uid::from_raw(65_534));
    };
    let as_nobody = || {
        become_nobody();
        let runtime = tokio::runtime::Builder::new_current_thread().on_thread_start(become_nobody).build();
        let reader = home.restarted();
        let tried = runtime.expect("a runtime").block_on(async {
            let copied = reader.cookie(&id, None).await;
            let gone = reader.cookie(&AccountId::new(qqmusic::ID, "10002"), None).await;
            (copied, gone, reader.set_setting("clipboard-seconds", "60").await)
        });
        (reader, tried)
    };
    let (reader, (copied, gone, changed)) =
        std::thread::scope(|scope| scope.spawn(as_nobody).join()).expect("nothing panics");
    mode(&folder, 0o755);

    assert_eq!(reader.snapshot().accounts.len(), ACCOUNTS.len());
    assert_eq!(reader.snapshot().notice.map(|notice| notice.code), Some(ProblemCode::ProfileReadOnly));
    copied.map(drop).expect("reading writes nothing");
    let gone = gone.map(drop).expect_err("there is no such item");
    assert_ne!(gone.code, ProblemCode::ProfileReadOnly, "what cannot be recorded is not what went wrong");
    assert_eq!(changed.expect_err("it cannot be written").code, ProblemCode::ProfileReadOnly);
}

#[tokio::test]
async fn while_another_process_holds_the_ledger_everything_else_goes_on() {
    let home = Home::new().await;
    let lock = home.tunekey.0.profile.ledger_lock();
    let held = disk::FileLock::try_acquire(&lock).expect("it can be opened").expect("it is free");
    // One thread runs both: if the first one waited on it for the lock, the second one would never let go.
    let id = first();
    let (labelled, ()) = tokio::join!(home.tunekey.set_label(&id, "main"), async { drop(held) });
    labelled.expect("it waited until the other process had finished");
}
