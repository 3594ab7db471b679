//! Deliveries of a core with a keychain that can be broken: what is delivered when, in which order, and what of it is
//! kept.

use std::path::PathBuf;
use std::time::Duration;

use jiff::SignedDuration;
use tunekey_services::{
    Clock, Credential, Fields, Grant, Inspection, Limits, Method, SystemClock, netease, qqmusic, registry,
};

use super::*;
use crate::account::RenewalTrigger;
use crate::commit::Record;
use crate::delivery::{
    DeliveryOutcome, DeliveryScope, DeliveryState, FileContent, FileTarget, Replace, Target,
};
use crate::export::Format;
use crate::ledger::AccountRecord;
use crate::profile::Profile;
use crate::sign_in::{Scanner, SignInHost as _};
use crate::store::keychain::sim::SimKeychain;
use crate::store::{Interaction, StoreError};
use crate::tunekey::{Event, Setup};
use crate::vault::Generation;

#[cfg(unix)]
mod commands;

/// How soon a new key has to be there.
const SOON: Duration = Duration::from_secs(10);

/// A profile with one account.
struct Home {
    tunekey: TuneKey,
    keychain: Arc<SimKeychain>,
    dir: tempfile::TempDir,
}

impl Home {
    async fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let keychain = Arc::new(SimKeychain::default());
        let home = Self { tunekey: open(&dir, &keychain), keychain, dir };
        home.commit(&home.tunekey, "one").await;
        home
    }

    /// As another process would see it.
    fn another(&self) -> TuneKey {
        open(&self.dir, &self.keychain)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// Makes a key current, as a renewal does.
    async fn commit(&self, tunekey: &TuneKey, session: &str) -> Generation {
        self.commit_credential(tunekey, credential(session)).await
    }

    async fn commit_credential(&self, tunekey: &TuneKey, credential: Credential) -> Generation {
        let id = credential.account.clone();
        let service = registry::by_id(id.service).expect("a service");
        let kept = tunekey.0.vault.load(&id, Interaction::Allowed).await.expect("it can be read");
        let replaced = kept.map(|kept| kept.generation);
        let first = Some(AccountRecord::new(id, Method::AppScan, SystemClock.now()));
        let record = Record { first, change: |_: &mut AccountRecord| () };
        let (commits, accounts) = (&tunekey.0.commits, &tunekey.0.accounts);
        let committed =
            commits.commit(accounts, service, &credential, replaced, Interaction::Allowed, record);
        committed.await.expect("it is saved")
    }

    fn file(&self, name: &str, scope: DeliveryScope) -> DeliveryDraft {
        let target = FileTarget {
            path: self.path(name),
            content: FileContent::Whole,
            replace: Replace::Atomic,
            mode: None,
            owner: None,
            group: None,
            then: None,
        };
        draft(Target::File(target), scope)
    }

    async fn add(&self, draft: DeliveryDraft) -> DeliveryId {
        self.tunekey.add_delivery(&account(), draft, BTreeMap::new()).await.expect("it is added").id
    }
}

fn open(dir: &tempfile::TempDir, keychain: &Arc<SimKeychain>) -> TuneKey {
    open_with(dir, keychain, Arc::new(SystemClock))
}

fn open_with(dir: &tempfile::TempDir, keychain: &Arc<SimKeychain>, clock: Arc<dyn Clock>) -> TuneKey {
    let setup = Setup {
        profile: Profile::at(dir.path().join("profile")).expect("a profile"),
        store: keychain.store(),
        passphrase: None,
        clock,
        limits: Limits::default(),
        shows_pages: false,
    };
    TuneKey::open(setup).expect("it opens")
}

fn account() -> AccountId {
    AccountId::new(netease::ID, "90001")
}

fn credential(session: &str) -> Credential {
    let fields: Fields = [("MUSIC_U", session), ("__csrf", "c")].into_iter().collect();
    Credential { account: account(), issued_at: SystemClock.now(), expires_at: None, fields }
}

fn draft(target: Target, scope: DeliveryScope) -> DeliveryDraft {
    DeliveryDraft {
        preset: "test".to_owned(),
        answers: BTreeMap::new(),
        label: None,
        target,
        format: Format::Header,
        scope,
    }
}

/// Waits until a delivery is as it should be.
async fn until(tunekey: &TuneKey, id: &DeliveryId, is_right: impl Fn(&Delivery) -> bool) -> Delivery {
    let mut events = tunekey.events();
    let waiting = async {
        loop {
            let delivery = tunekey.0.accounts.delivery(id).expect("it is there");
            if is_right(&delivery) {
                return delivery;
            }
            while !matches!(events.recv().await, Ok(Event::Deliveries { .. }) | Err(_)) {}
        }
    };
    tokio::time::timeout(SOON, waiting).await.expect("it comes in time")
}

fn has(generation: Generation) -> impl Fn(&Delivery) -> bool {
    move |delivery| delivery.delivered.is_some_and(|key| key.generation == generation)
}

#[tokio::test]
async fn a_new_key_is_delivered_by_the_process_that_runs_the_schedule_whoever_has_saved_it() {
    let home = Home::new().await;
    let id = home.add(home.file("cookie", DeliveryScope::PlayingOnly)).await;
    let runner = home.tunekey.clone();
    let running = tokio::spawn(async move { runner.run_schedule().await });
    until(&home.tunekey, &id, has(Generation::new(1))).await;
    assert_eq!(home.text("cookie"), "MUSIC_U=one; __csrf=c");
    let second = home.commit(&home.tunekey, "two").await;
    until(&home.tunekey, &id, has(second)).await;
    assert_eq!(home.text("cookie"), "MUSIC_U=two; __csrf=c");
    let other = home.another();
    let third = home.commit(&other, "three").await;
    let delivery = until(&home.tunekey, &id, has(third)).await;
    assert_eq!(home.text("cookie"), "MUSIC_U=three; __csrf=c");
    assert_eq!(delivery.last.expect("it is noted").outcome, DeliveryOutcome::Confirmed);
    running.abort();
}

#[tokio::test]
async fn a_process_that_does_not_run_the_schedule_delivers_nothing_by_itself() {
    let home = Home::new().await;
    home.add(home.file("cookie", DeliveryScope::PlayingOnly)).await;
    assert!(home.tunekey.due_deliveries().is_empty(), "it has no lease");
    home.tunekey.lease().request();
    assert!(home.tunekey.lease().try_hold());
    assert_eq!(home.tunekey.due_deliveries().len(), 1);
    let other = home.another();
    other.lease().request();
    assert!(!other.lease().try_hold() && other.due_deliveries().is_empty());
    home.tunekey.drain().await;
    assert!(home.tunekey.due_deliveries().is_empty(), "nothing begins in a process that is about to end");
}

#[tokio::test]
async fn what_fails_is_tried_again_later_and_a_newer_key_does_not_wait_for_it() {
    let home = Home::new().await;
    let folder = home.path("folder");
    std::fs::create_dir(&folder).expect("a folder stands in the way");
    let id = home.add(home.file("folder", DeliveryScope::PlayingOnly)).await;
    let record = || home.tunekey.0.accounts.record(&account()).expect("it is there");
    let due = |after: i64| {
        let delivery = home.tunekey.0.accounts.delivery(&id).expect("it is there");
        is_due(&delivery, &record(), SystemClock.now() + SignedDuration::from_secs(after))
    };
    assert!(due(0));
    for failures in 1..=3 {
        let record =
            home.tunekey.deliver(&id, Purpose::Queue).await.expect("it is noted").expect("it was tried");
        assert_eq!(record.outcome, DeliveryOutcome::Failed);
        assert!(record.problem.is_some_and(|problem| problem.words.is_some()), "it says why");
        assert_eq!(home.tunekey.0.accounts.delivery(&id).expect("it is there").failures, failures);
    }
    assert!(!due(0) && due(30 * 60), "and not at once");
    home.commit(&home.tunekey, "two").await;
    assert!(due(0), "it is another key");
    std::fs::remove_dir(&folder).expect("it is empty");
    home.tunekey.deliver(&id, Purpose::Queue).await.expect("it works").expect("it was tried");
    assert_eq!(home.text("folder"), "MUSIC_U=two; __csrf=c");
    assert!(!due(0) && !due(1_000_000), "it is done");
    home.tunekey.switch_delivery(&id, false).await.expect("it is switched off");
    home.commit(&home.tunekey, "three").await;
    assert!(!due(0), "it is switched off");
}

/// A credential of which a cookie header holds what renews it.
fn renewable(key: &str) -> Credential {
    let fields = [("musickey", key), ("openid", "o"), ("access_token", "a"), ("refresh_token", "refresh-it")];
    let account = AccountId::new(qqmusic::ID, "10001");
    let issued_at = SystemClock.now();
    Credential { account, issued_at, expires_at: None, fields: fields.into_iter().collect() }
}

#[tokio::test]
async fn a_credential_that_is_handed_over_is_not_renewed_here_until_a_new_sign_in() {
    let home = Home::new().await;
    let account = renewable("Q_H_L_first").account;
    home.commit_credential(&home.tunekey, renewable("Q_H_L_first")).await;
    let draft = home.file("cookie", DeliveryScope::Renewable);
    let id = home.tunekey.add_delivery(&account, draft, BTreeMap::new()).await.expect("it is added").id;
    home.tunekey.test_delivery(&id).await.expect("it works");
    assert!(home.text("cookie").contains("Q_H_L_first") && !home.text("cookie").contains("refresh-it"));
    let record = || home.tunekey.0.accounts.record(&account).expect("it is there");
    assert_eq!(record().handed_over_at, None, "a test hands nothing over");
    let delivery = home.tunekey.0.accounts.delivery(&id).expect("it is there");
    assert!(is_due(&delivery, &record(), SystemClock.now()), "and does not stand for the hand-over");
    home.tunekey.send_delivery(&id).await.expect("it works");
    assert!(home.text("cookie").contains("refresh-it") && record().handed_over_at.is_some());
    assert_eq!(states(&home.tunekey), [DeliveryState::HandedOver]);

    let problem = home.tunekey.renew(&account, RenewalTrigger::Manual).await.expect_err("it is handed over");
    assert_eq!(problem.code, ProblemCode::NotRenewable);
    assert!(problem.words.is_some_and(|words| words.english.contains("handed over")));
    let shown = home.tunekey.0.accounts.view(&account).expect("it is there");
    assert!(shown.handed_over_at.is_some() && shown.life.renew_at.is_none(), "and fronts say so");

    let grant = Grant { credential: renewable("Q_H_L_second"), inspection: Inspection::default() };
    home.tunekey.save(&grant, Method::QqScan, &Scanner::default()).await.expect("it is saved");
    assert_eq!(record().handed_over_at, None, "it is TuneKey's own again");
    let delivery = home.tunekey.0.accounts.delivery(&id).expect("it is there");
    assert!(!is_due(&delivery, &record(), SystemClock.now()), "and is not handed over by itself");
    assert_eq!(states(&home.tunekey), [DeliveryState::TakenBack]);
}

#[tokio::test]
async fn what_has_certainly_not_arrived_or_renews_nothing_is_not_handed_over() {
    let home = Home::new().await;
    home.commit_credential(&home.tunekey, renewable("Q_H_L_first")).await;
    std::fs::create_dir(home.path("cookie")).expect("a folder stands in the way");
    // The header of the first account holds nothing that renews it.
    for account in [renewable("").account, account()] {
        let draft = home.file("cookie", DeliveryScope::Renewable);
        let id = home.tunekey.add_delivery(&account, draft, BTreeMap::new()).await.expect("it is added").id;
        let record = home.tunekey.send_delivery(&id).await.expect("it is noted");
        assert_eq!(record.outcome, DeliveryOutcome::Failed);
        let record = home.tunekey.0.accounts.record(&account).expect("it is there");
        assert_eq!(record.handed_over_at, None, "{account}");
    }
}

/// A webhook with a secret, on a port on which nobody listens.
fn webhook() -> (DeliveryDraft, BTreeMap<String, Secret>) {
    let answers = [("url", "https://127.0.0.1:9/hook")];
    let answers = answers.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let preset = crate::delivery::Preset::by_name("webhook").expect("there is one");
    let draft = preset.draft(&answers, DeliveryScope::PlayingOnly).expect("it is complete");
    (draft, [("signing".to_owned(), Secret::new("whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"))].into())
}

#[tokio::test]
async fn the_secrets_of_a_target_stand_in_the_store_alone_and_go_with_it() {
    let home = Home::new().await;
    let items = || home.keychain.names().len();
    let before = items();
    let (draft, secrets) = webhook();
    let missing = home.tunekey.add_delivery(&account(), draft.clone(), BTreeMap::new()).await;
    assert_eq!(missing.expect_err("it cannot sign").code, ProblemCode::InvalidInput);
    let add = async || {
        home.tunekey.add_delivery(&account(), draft.clone(), secrets.clone()).await.expect("it is added")
    };
    let delivery = add().await;
    assert_eq!(items(), before + 1);
    assert!(!home.text("profile/ledger.json").contains("MDEyMzQ1"), "the ledger is not secret");
    let preview = home.tunekey.preview_delivery(&delivery.id).await.expect("it can be shown");
    assert!(
        preview.contains("MUSIC_U=***") && !preview.contains("one") && !preview.contains("MDEy"),
        "{preview}"
    );
    let record = home.tunekey.send_delivery(&delivery.id).await.expect("it is noted");
    assert_eq!(record.outcome, DeliveryOutcome::Failed, "nobody listens there");
    home.tunekey.remove_delivery(&delivery.id).await.expect("it is removed");
    assert_eq!((items(), home.tunekey.deliveries().len()), (before, 0));
    add().await;
    home.tunekey.forget(&account()).await.expect("it is removed");
    assert_eq!((items(), home.tunekey.deliveries().len()), (0, 0), "they go with their account");
}

#[tokio::test]
async fn a_delivery_that_is_changed_keeps_the_secrets_that_it_still_needs_and_delivers_anew() {
    let home = Home::new().await;
    let items = || home.keychain.names().len();
    let before = items();
    let (hook, secrets) = webhook();
    let id = home.tunekey.add_delivery(&account(), hook.clone(), secrets).await.expect("it is added").id;
    home.tunekey.change_delivery(&id, hook, BTreeMap::new()).await.expect("its secret is here already");
    assert_eq!(items(), before + 1);
    let file = home.file("cookie", DeliveryScope::PlayingOnly);
    let changed = home.tunekey.change_delivery(&id, file, BTreeMap::new()).await.expect("it is changed");
    assert_eq!((items(), changed.id), (before, id.clone()), "nothing needs the secret any more");
    home.tunekey.deliver(&id, Purpose::Queue).await.expect("it works").expect("it is due");
    assert_eq!(home.text("cookie"), "MUSIC_U=one; __csrf=c");
    let (hook, _) = webhook();
    let missing = home.tunekey.change_delivery(&id, hook, BTreeMap::new()).await;
    assert_eq!(missing.expect_err("it cannot sign").code, ProblemCode::InvalidInput);
}

#[tokio::test]
async fn a_locked_keychain_is_said_and_what_waits_for_it_is_tried_again() {
    let home = Home::new().await;
    let id = home.add(home.file("cookie", DeliveryScope::PlayingOnly)).await;
    home.keychain.refuse(StoreError::Locked);
    let record = home.tunekey.send_delivery(&id).await.expect("it is noted");
    assert_eq!(record.problem.map(|problem| problem.code), Some(ProblemCode::KeychainLocked));
    home.keychain.heal();
    home.tunekey.send_delivery(&id).await.expect("it is noted");
    assert_eq!(home.text("cookie"), "MUSIC_U=one; __csrf=c");
}

#[tokio::test]
async fn a_delivery_is_found_by_its_id_by_a_unique_beginning_or_by_its_label() {
    let home = Home::new().await;
    let id = home.add(home.file("cookie", DeliveryScope::PlayingOnly)).await;
    home.tunekey.set_delivery_label(&id, " my tool ").await.expect("it is named");
    for name in [id.as_str(), &id.as_str()[..4], "my tool"] {
        assert_eq!(home.tunekey.find_delivery(name).expect(name).id, id);
    }
    for name in ["", "other", &format!("{id}x")] {
        assert_eq!(home.tunekey.find_delivery(name).expect_err("it is none").code, ProblemCode::NotFound);
    }
}

/// How the deliveries stand that a front sees.
fn states(tunekey: &TuneKey) -> Vec<DeliveryState> {
    tunekey.snapshot().deliveries.iter().map(|delivery| delivery.state).collect()
}

#[tokio::test]
async fn fronts_see_how_each_delivery_stands_and_hear_when_that_changes() {
    let home = Home::new().await;
    let id = home.add(home.file("cookie", DeliveryScope::PlayingOnly)).await;
    assert_eq!(states(&home.tunekey), [DeliveryState::Waiting]);
    home.tunekey.send_delivery(&id).await.expect("it is delivered");
    assert_eq!(states(&home.tunekey), [DeliveryState::Delivered]);
    let mut events = home.tunekey.events();
    home.commit(&home.tunekey, "two").await;
    assert_eq!(states(&home.tunekey), [DeliveryState::Waiting], "there is a new key");
    let mut told = None;
    while let Ok(event) = events.try_recv() {
        if let Event::Deliveries { deliveries, revision } = event {
            assert!(told.is_none_or(|(before, _)| before < revision), "later ones have larger numbers");
            told = Some((revision, deliveries[0].state));
        }
    }
    let (revision, state) = told.expect("it is told");
    assert_eq!(state, DeliveryState::Waiting);
    assert!(revision <= home.tunekey.snapshot().revision, "the snapshot is not older");
    home.tunekey.switch_delivery(&id, false).await.expect("it is switched off");
    assert_eq!(states(&home.tunekey), [DeliveryState::Off]);
    home.tunekey.remove_delivery(&id).await.expect("it is removed");
    assert_eq!(states(&home.tunekey), []);
}

#[tokio::test]
async fn a_delivery_that_did_not_work_is_failing_until_it_works_and_what_went_before_is_kept() {
    let home = Home::new().await;
    let id = home.add(home.file("cookie", DeliveryScope::PlayingOnly)).await;
    std::fs::create_dir(home.path("cookie")).expect("a folder in its place");
    home.tunekey.send_delivery(&id).await.expect("it is tried");
    assert_eq!(states(&home.tunekey), [DeliveryState::Failing]);
    let failing = &home.tunekey.snapshot().deliveries[0];
    assert_eq!(failing.retry_at, failing.delivery.next_try_at, "it is tried again by itself");
    std::fs::remove_dir(home.path("cookie")).expect("it is gone");
    for _ in 0..30 {
        home.tunekey.send_delivery(&id).await.expect("it is tried");
    }
    assert_eq!(states(&home.tunekey), [DeliveryState::Delivered]);
    let delivery = home.tunekey.0.accounts.delivery(&id).expect("it is there");
    assert_eq!(delivery.earlier.len(), 20, "the oldest are forgotten");
    home.tunekey.set_delivery_label(&id, "NAS").await.expect("it is named");
    let draft = home.file("elsewhere", DeliveryScope::PlayingOnly);
    let changed = home.tunekey.change_delivery(&id, draft, BTreeMap::new()).await.expect("it is changed");
    assert_eq!((changed.label.as_deref(), changed.last, changed.earlier.len()), (Some("NAS"), None, 0));
}
