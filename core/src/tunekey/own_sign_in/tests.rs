//! A sign-in for one delivery: it goes there and nowhere else, and the account's own stays as it is.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use tunekey_services::{Clock as _, Credential, Inspection, Limits, SystemClock, qqmusic};

use super::*;
use crate::delivery::{
    DeliveryDraft, DeliveryOutcome, DeliveryState, FileContent, FileTarget, Purpose, Replace, Target,
};
use crate::export::Format;
use crate::profile::Profile;
use crate::store::Interaction;
use crate::store::keychain::sim::SimKeychain;
use crate::tunekey::Setup;
use crate::vault::Generation;

/// A profile with one account and a delivery with a sign-in of its own.
struct Home {
    tunekey: TuneKey,
    keychain: Arc<SimKeychain>,
    dir: tempfile::TempDir,
    delivery: DeliveryId,
}

impl Home {
    async fn new() -> Self {
        let (dir, keychain) = (tempfile::tempdir().expect("a folder"), Arc::new(SimKeychain::default()));
        let tunekey = open(&dir, &keychain);
        let scanner = Scanner::default();
        tunekey.save(&grant("Q_H_L_main"), Method::QqScan, &scanner).await.expect("it is signed in");
        let target = FileTarget {
            path: dir.path().join("tool"),
            content: FileContent::Whole,
            replace: Replace::Atomic,
            mode: None,
            owner: None,
            group: None,
            then: None,
        };
        let draft = DeliveryDraft {
            preset: "file".to_owned(),
            answers: BTreeMap::new(),
            label: None,
            target: Target::File(target),
            format: Format::Header,
            scope: DeliveryScope::OwnSignIn,
        };
        let delivery =
            tunekey.add_delivery(&account(), draft, BTreeMap::new()).await.expect("it is added").id;
        Self { tunekey, keychain, dir, delivery }
    }

    fn host(&self) -> OwnSignIn {
        let (delivery, account) = (self.delivery.clone(), account());
        OwnSignIn { tunekey: self.tunekey.clone(), delivery, account }
    }

    async fn sign_in(&self, key: &str) {
        let saved = self.host().save(&grant(key), Method::QqScan, &Scanner::default()).await;
        let (shown, known) = saved.expect("it is saved");
        assert!(known && shown.id == account(), "it is the same account");
    }

    async fn deliver(&self) -> Option<DeliveryOutcome> {
        let delivered = self.tunekey.deliver(&self.delivery, Purpose::Queue).await.expect("it is tried");
        delivered.map(|record| record.outcome)
    }

    fn state(&self) -> DeliveryState {
        self.tunekey.snapshot().deliveries[0].state
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("tool")
    }

    fn text(&self) -> String {
        std::fs::read_to_string(self.path()).unwrap_or_default()
    }

    /// How many items the keychain has of sign-ins for deliveries.
    fn kept(&self) -> usize {
        self.keychain.names().iter().filter(|name| name.contains("own-sign-in")).count()
    }
}

fn open(dir: &tempfile::TempDir, keychain: &Arc<SimKeychain>) -> TuneKey {
    let setup = Setup {
        profile: Profile::at(dir.path().join("profile")).expect("a profile"),
        store: keychain.store(),
        passphrase: None,
        clock: Arc::new(SystemClock),
        limits: Limits::default(),
        shows_pages: false,
    };
    TuneKey::open(setup).expect("it opens")
}

fn account() -> AccountId {
    AccountId::new(qqmusic::ID, "10001")
}

fn grant(key: &str) -> Grant {
    let refresh = format!("refresh-{key}");
    let fields = [("musickey", key), ("openid", "o"), ("access_token", "a"), ("refresh_token", &refresh)];
    let fields = fields.into_iter().collect();
    let credential =
        Credential { account: account(), issued_at: SystemClock.now(), expires_at: None, fields };
    Grant { credential, inspection: Inspection::default() }
}

#[tokio::test]
async fn a_tool_gets_all_of_its_own_sign_in_and_the_accounts_own_stays_what_it_was() {
    let home = Home::new().await;
    assert_eq!(home.state(), DeliveryState::NeedsSignIn);
    assert_eq!(home.deliver().await, None, "there is nothing to send yet");
    home.sign_in("Q_H_L_tool").await;
    assert_eq!((home.state(), home.kept()), (DeliveryState::Waiting, 1));
    assert_eq!(home.deliver().await, Some(DeliveryOutcome::Confirmed));
    assert!(home.text().contains("Q_H_L_tool") && home.text().contains("refresh-Q_H_L_tool"));
    assert_eq!((home.state(), home.kept()), (DeliveryState::HandedOver, 0), "TuneKey keeps no copy");

    let record = home.tunekey.0.accounts.record(&account()).expect("it is there");
    assert_eq!((record.handed_over_at, record.generation.number()), (None, 1), "TuneKey renews its own");
    let own = home.tunekey.cookie(&account(), None).await.expect("it is there");
    assert!(exposed(&own.text).contains("Q_H_L_main"), "a second sign-in replaces nothing");
    assert_eq!(home.tunekey.snapshot().accounts.len(), 1, "and is no second account");
}

#[tokio::test]
async fn a_new_key_of_the_account_goes_nowhere_near_a_tool_with_a_sign_in_of_its_own() {
    let home = Home::new().await;
    home.sign_in("Q_H_L_tool").await;
    home.deliver().await;
    home.tunekey.save(&grant("Q_H_L_again"), Method::QqScan, &Scanner::default()).await.expect("it is saved");
    assert_eq!(home.state(), DeliveryState::HandedOver, "signing in again takes nothing back");
    assert!(home.text().contains("Q_H_L_tool"));
    for refused in [
        home.tunekey.send_delivery(&home.delivery).await.map(drop),
        home.tunekey.test_delivery(&home.delivery).await.map(drop),
        home.tunekey.preview_delivery(&home.delivery).await.map(drop),
    ] {
        let problem = refused.expect_err("there is nothing to send");
        assert_eq!(problem.code, ProblemCode::InvalidInput, "the store is not at fault");
        assert!(problem.words.is_some_and(|words| words.english.contains("keeps no copy")));
        assert_eq!(home.state(), DeliveryState::HandedOver, "what was delivered has not failed");
    }
    assert!(home.text().contains("Q_H_L_tool"), "least of all the account's own");
}

#[tokio::test]
async fn a_test_sends_what_plays_of_the_tools_own_sign_in_and_keeps_it_for_the_delivery() {
    let home = Home::new().await;
    home.sign_in("Q_H_L_tool").await;
    let tested = home.tunekey.test_delivery(&home.delivery).await.expect("it is tried");
    assert_eq!(tested.outcome, DeliveryOutcome::Confirmed);
    assert!(home.text().contains("Q_H_L_tool") && !home.text().contains("refresh-"), "{}", home.text());
    assert_eq!((home.state(), home.kept()), (DeliveryState::Waiting, 1));
    home.deliver().await;
    assert!(home.text().contains("refresh-Q_H_L_tool"));
}

#[tokio::test]
async fn signing_in_once_more_for_a_tool_replaces_what_it_has_and_what_did_not_arrive_is_kept() {
    let home = Home::new().await;
    std::fs::create_dir(home.path()).expect("a folder stands in the way");
    home.sign_in("Q_H_L_one").await;
    assert_eq!(home.deliver().await, Some(DeliveryOutcome::Failed));
    assert_eq!((home.state(), home.kept()), (DeliveryState::Failing, 1));
    std::fs::remove_dir(home.path()).expect("it is gone");
    home.sign_in("Q_H_L_two").await;
    assert_eq!(home.deliver().await, Some(DeliveryOutcome::Confirmed), "a new one does not wait");
    home.sign_in("Q_H_L_three").await;
    assert_eq!(home.state(), DeliveryState::Waiting);
    home.deliver().await;
    assert!(home.text().contains("Q_H_L_three"));
    assert_eq!((home.state(), home.kept()), (DeliveryState::HandedOver, 0));
}

#[tokio::test]
async fn what_a_crash_has_kept_from_the_ledger_is_delivered_and_what_it_left_behind_is_deleted() {
    let home = Home::new().await;
    let slot = home.delivery.own_slot();
    let save = async |key| {
        let (vault, generation) = (&home.tunekey.0.vault, Generation::new(7));
        let credential = grant(key).credential;
        vault.save_own(&slot, &credential, generation, Interaction::Allowed).await.expect("it is saved");
    };
    save("Q_H_L_unknown").await;
    assert_eq!(home.state(), DeliveryState::NeedsSignIn, "the ledger has not heard of it");
    assert_eq!(home.deliver().await, Some(DeliveryOutcome::Confirmed));
    assert_eq!((home.state(), home.kept()), (DeliveryState::HandedOver, 0));
    save("Q_H_L_unknown").await;
    home.tunekey.forget_delivered_sign_ins().await;
    assert_eq!(home.kept(), 0, "the next process deletes it");
}

#[tokio::test]
async fn a_sign_in_that_was_not_delivered_goes_with_its_delivery_and_with_its_account() {
    for how in ["remove", "forget", "change"] {
        let home = Home::new().await;
        home.sign_in("Q_H_L_tool").await;
        assert_eq!(home.kept(), 1);
        match how {
            "remove" => home.tunekey.remove_delivery(&home.delivery).await.expect("it is removed"),
            "forget" => home.tunekey.forget(&account()).await.expect("it is removed"),
            _ => {
                let delivery = home.tunekey.0.accounts.delivery(&home.delivery).expect("it is there");
                let draft = DeliveryDraft {
                    preset: delivery.preset,
                    answers: delivery.answers,
                    label: None,
                    target: delivery.target,
                    format: delivery.format,
                    scope: DeliveryScope::PlayingOnly,
                };
                let changed = home.tunekey.change_delivery(&home.delivery, draft, BTreeMap::new()).await;
                changed.map(drop).expect("it is changed");
            }
        }
        assert_eq!(home.kept(), 0, "{how}");
    }
}

#[tokio::test]
async fn only_the_account_of_the_delivery_is_taken_and_only_by_a_new_sign_in() {
    let home = Home::new().await;
    let mut other = grant("Q_H_L_other");
    other.credential.account = AccountId::new(qqmusic::ID, "10002");
    let problem = home.host().accepts(&other, Method::QqScan).await.expect_err("it is somebody else's");
    assert_eq!(problem.code, ProblemCode::OtherAccount);
    home.host().accepts(&grant("Q_H_L_tool"), Method::QqScan).await.expect("it is the one");
    let pasted = home.tunekey.start_own_sign_in(&home.delivery, Method::Paste);
    assert_eq!(pasted.map(drop).expect_err("it is no new one").code, ProblemCode::InvalidInput);
    let draft = home.tunekey.0.accounts.delivery(&home.delivery).expect("it is there");
    home.tunekey
        .0
        .accounts
        .update_delivery(&draft.id, |one| one.scope = DeliveryScope::PlayingOnly)
        .await
        .expect("it is");
    let none = home.tunekey.start_own_sign_in(&home.delivery, Method::QqScan);
    assert_eq!(none.map(drop).expect_err("it has none of its own").code, ProblemCode::InvalidInput);
}

#[test]
fn the_service_sees_another_device_that_stays_the_same() {
    let device = Device { id: "0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123".into() };
    let ids: [DeliveryId; 2] = ["abcdefghij", "0123456789"].map(|id| id.parse().expect("an id"));
    let own = |id| exposed(&own_device(&device, id).id).to_owned();
    assert_eq!(own(&ids[0]), own(&ids[0]));
    assert!(own(&ids[0]) != own(&ids[1]) && own(&ids[0]) != exposed(&device.id));
    assert!(own(&ids[0]).len() == DEVICE_DIGITS && own(&ids[0]).bytes().all(|byte| byte.is_ascii_hexdigit()));
}
